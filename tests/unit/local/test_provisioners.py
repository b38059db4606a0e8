"""Parameters of AWS operations, derived from resource inputs."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import boto3
import pytest

from lib.local.emulator import RegionalEmulator
from lib.local.provisioners.base import PROVISIONERS, call, token

Params = dict[str, Any]


@cache
def client(service: str) -> Any:
    """Return a client for access to its service model."""
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="key")


class Echo:
    """Fake emulator with operations that return their parameters and additional values."""

    region = "eu-west-3"

    def __init__(self, **response: Any) -> None:
        self._response = response

    def client(self, service: str) -> Any:
        echo = type("Client", (), {"meta": client(service).meta, "__getattr__": lambda _, operation: self._operation})
        return echo()

    def _operation(self, **params: Any) -> Params:
        return {**params, **self._response}


def emulator(**response: Any) -> RegionalEmulator:
    return cast("RegionalEmulator", Echo(**response))


TAGS = [{"Key": "a", "Value": "b"}]


@pytest.mark.parametrize(
    ("service", "operation", "names", "inputs", "params"),
    [
        ("wafv2", "associate_web_acl", "", {"webAclArn": "w", "other": 1}, {"WebACLArn": "w"}),
        ("wafv2", "associate_web_acl", "", {"webAclArn": None}, {}),
        ("iam", "create_role", "RoleName=name", {"name": "r", "tags": {"a": "b"}}, {"RoleName": "r", "Tags": TAGS}),
        ("ssm", "put_parameter", "Value=valueWo", {"value": "v", "valueWo": None}, {"Value": "v"}),
        ("ssm", "put_parameter", "Value=valueWo", {"value": "v", "valueWo": "w"}, {"Value": "w"}),
        ("kms", "create_key", "", {"tags": {"a": "b"}}, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        ("iam", "create_role", "", {"tags": [{"key": "a", "value": "b"}]}, {"Tags": TAGS}),
        ("lambda", "create_function", "", {"tags": {"a": "b"}}, {"Tags": {"a": "b"}}),
        (
            "apigatewayv2",
            "create_stage",
            "",
            {"routeSettings": {"GET /a": {"throttlingBurstLimit": 2, "routeKey": "GET /a"}, "GET /b": None}},
            {"RouteSettings": {"GET /a": {"ThrottlingBurstLimit": 2}}},
        ),
        ("lambda", "create_function", "", {"tags": ["a"], "vpcConfig": "v", "role": ["r"]}, {}),
        ("apigateway", "create_authorizer", "", {"providerArns": "arn"}, {"providerARNs": ["arn"]}),
        (
            "backup",
            "create_backup_selection",
            "BackupSelection=. SelectionName=name",
            {"name": "s", "resources": ["t"], "conditions": [{}]},
            {"BackupSelection": {"SelectionName": "s", "Resources": ["t"]}},
        ),
        ("backup", "create_backup_selection", "BackupSelection=.", {"planId": "p"}, {}),
        (
            "cloudfront",
            "create_distribution",
            "DistributionConfig=.",
            {"aliases": ["a", "b"]},
            {"DistributionConfig": {"Aliases": {"Quantity": 2, "Items": ["a", "b"]}}},
        ),
    ],
)
def test_parameters_are_derived_from_inputs(
    service: str, operation: str, names: str, inputs: Params, params: Params
) -> None:
    assert call(emulator(), service, operation, inputs, names) == params


def test_outputs_are_filled_from_inputs_and_response() -> None:
    aws = emulator(id="a1", rootResourceId="r1")
    created = PROVISIONERS[token("apigateway.RestApi")](aws, {"name": "shop", "disableExecuteApiEndpoint": True})
    assert created.id == "a1"
    assert created.outputs == {
        "arn": "arn:aws:apigateway:eu-west-3::/restapis/a1",
        "executionArn": "arn:aws:execute-api:eu-west-3:000000000000:a1",
        "rootResourceId": "r1",
        "disableExecuteApiEndpoint": False,
    }
