"""Values in service definitions, compared with the SDK and the Service Authorization Reference of AWS."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Callable
from typing import Any, get_args

import botocore.session
import pytest

from lib.model import (
    Comparison,
    Grant,
    Index,
    Key,
    KeyType,
    Parameter,
    Projection,
    Service,
    Statistic,
    StreamView,
    Topic,
    iam_actions,
)
from lib.settings.function import RUNTIMES
from tests.support.builders import a_function, a_grant, a_route, a_service, a_table, an_alarm

RESOURCES = {
    "table": ("dynamodb", "table"),
    "index": ("dynamodb", "index"),
    "topic": ("sns", "topic"),
    "parameter": ("ssm", "parameter"),
}
"""Prefix of the service and resource type, by kind."""
UNKNOWN_TYPE: Any = "T"
UNKNOWN_PROJECTION: Any = "SOME"
BLOCKED_RUNTIMES = {"python2.7", "python3.6", "python3.7", "python3.8"}
"""Runtimes in the SDK for which Lambda creates no functions."""


def enum(service: str, shape: str) -> set[str]:
    """Return the values of a shape in the SDK."""
    return {*botocore.session.get_session().get_service_model(service).shape_for(shape).enum}


def test_runtimes_are_those_of_lambda_that_the_library_supports() -> None:
    python = {name for name in enum("lambda", "Runtime") if name.startswith("python")}
    assert {*RUNTIMES} == python - BLOCKED_RUNTIMES


@pytest.mark.parametrize(
    ("choices", "service", "shape", "unsupported"),
    [
        (KeyType, "dynamodb", "ScalarAttributeType", set()),
        (Projection, "dynamodb", "ProjectionType", set()),
        (StreamView, "dynamodb", "StreamViewType", set()),
    ],
)
def test_choices_are_those_of_dynamodb(choices: Any, service: str, shape: str, unsupported: set[str]) -> None:
    assert {*get_args(choices)} == enum(service, shape) - unsupported


def test_choices_of_alarms_are_those_of_cloudwatch() -> None:
    assert {*get_args(Statistic)} - {"p90"} == enum("cloudwatch", "Statistic")
    assert {*get_args(Comparison)} <= enum("cloudwatch", "ComparisonOperator")


@pytest.mark.parametrize("kind", RESOURCES)
def test_actions_are_those_of_the_authorization_reference(kind: str) -> None:
    prefix, resource_type = RESOURCES[kind]
    text = importlib.resources.files("parliament").joinpath("iam_definition.json").read_text(encoding="utf-8")
    (service,) = [service for service in json.loads(text) if service["prefix"] == prefix]
    published = {
        privilege["privilege"]
        for privilege in service["privileges"]
        if resource_type in {one["resource_type"].rstrip("*") for one in privilege["resource_types"]}
    }
    assert {*iam_actions.ACTIONS[kind]} == published


@pytest.mark.parametrize(
    ("action", "kind", "remedy"),
    [
        ("dynamodb:PutItem", "table", "Use PutItem."),
        ("PutItm", "table", "Did you mean PutItem?"),
        ("putitem", "table", "Did you mean PutItem?"),
        (
            "TransactWriteItems",
            "table",
            "TransactWriteItems is permitted by PutItem, UpdateItem, DeleteItem, ConditionCheckItem: use those that "
            "the function needs.",
        ),
        ("sns:PublishBatch", "topic", "PublishBatch is permitted by Publish: use those that the function needs."),
        ("PublishBatch", "table", "See the Service Authorization Reference of AWS."),
        ("*", "table", "See the Service Authorization Reference of AWS."),
    ],
)
def test_remedy_names_an_action_that_exists(action: str, kind: str, remedy: str) -> None:
    assert iam_actions.remedy(action, kind) == remedy


@pytest.mark.parametrize(
    ("describe", "message"),
    [
        (lambda: Key("id", UNKNOWN_TYPE), r"^key 'id' type must be one of S, N, B, got 'T'\.$"),
        (
            lambda: Index(name="by-id", hash_key=Key("id"), projection=UNKNOWN_PROJECTION),
            r"^index 'by-id' projection must be one of ALL, KEYS_ONLY, INCLUDE, got 'SOME'\.$",
        ),
        (
            lambda: a_table(stream="NEW"),
            r"^table 'parcels' stream must be one of NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY, got 'NEW'\.$",
        ),
        (
            lambda: a_table(indexes=(Index(name="by-id", hash_key=Key("id", "N")),)),
            r"^table 'parcels' key 'id' must have one type in the table and its indexes, got 'S' and 'N'\. Use",
        ),
        (
            lambda: an_alarm(name="errors", statistic="p99.9"),
            "^alarm 'errors' statistic must be one of Average, .*, got 'p99.9'",
        ),
        (
            lambda: an_alarm(name="errors", comparison=">"),
            "^alarm 'errors' comparison must be one of GreaterThan.*, got '>'",
        ),
        (
            lambda: an_alarm(name="errors", missing="ok"),
            "^alarm 'errors' missing must be one of breaching, .*, got 'ok'",
        ),
        (
            lambda: granting(a_grant("parcels", "PutItm")),
            r"^service 'parcels': function 'desk' grant on 'parcels' actions must be IAM actions for a resource of "
            r"type table, without a prefix, got 'PutItm'\. Did you mean PutItem\?$",
        ),
        (
            lambda: granting(a_grant("parcels", "GetItem", "dynamodb:PutItem")),
            r"type table, without a prefix, got 'dynamodb:PutItem'\. Use PutItem\.$",
        ),
        (
            lambda: granting(a_grant("parcels", "GetItem", indexes=("by-owner",))),
            "type index, without a prefix, got 'GetItem'",
        ),
        (lambda: granting(a_grant("parcels", "Get*")), r"type table, without a prefix, got 'Get\*'\. See the Service"),
        (lambda: granting(a_grant("parcels", "ListTables")), "type table, without a prefix, got 'ListTables'"),
        (lambda: granting(a_grant("lost", "PutItem")), "type topic, without a prefix, got 'PutItem'"),
        (lambda: granting(a_grant("config", "ReadParameter")), r"type parameter, .*'\. Did you mean GetParameter\?$"),
    ],
)
def test_value_that_aws_does_not_publish_is_rejected(describe: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        describe()


def granting(grant: Grant) -> Service:
    """Return a service with a table, a topic and a parameter, and a route with a grant."""
    return a_service(
        tables=(a_table(indexes=(Index(name="by-owner", hash_key=Key("owner")),)),),
        topics=(Topic(name="lost", variable="LOST_TOPIC"),),
        parameters=(Parameter(name="config", value={"limit": 7}),),
        functions=(a_function(a_route(grants=(grant,))),),
    )


@pytest.mark.parametrize(
    "grant",
    [
        a_grant("parcels", "GetItem", "PutItem", "ConditionCheckItem", "DescribeTable"),
        a_grant("parcels", "Query", "Scan", indexes=("by-owner",)),
        a_grant("parcels", "GetItem", keys=("lost#*",)),
        a_grant("lost", "Publish"),
        a_grant("config", "GetParameter", "PutParameter"),
    ],
)
def test_published_actions_are_accepted(grant: Grant) -> None:
    assert granting(grant).grants() == [grant]
