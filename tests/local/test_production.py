"""Every service in prod with every setting on: it stands, it answers, and its policies say what they mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import parliament
import pytest
from pulumi.runtime import mocks

from lib.client import smoke_test
from lib.documents.iam import vpc_access
from lib.local.emulator import Emulator
from lib.local.engine import Engine
from lib.program.monitor import plain
from lib.services import SERVICES

from ..support.deployments import deploy_service

EVERYTHING = {
    "authorization": "COGNITO_USER_POOLS",
    "backup_retention_days": "35",
    "domain_name": "shop.example.com",
    "encryption_key": "create",
    "firewall_enabled": "true",
    "health_route": "true",
    "lambda_provisioned_concurrency": "1",
    "lambda_runtime": "python3.13",
    "monthly_budget_usd": "100",
    "network_nat_gateways": "one",
    "network_vpc": "create",
    "notification_email": "ops@example.com",
    "recommended_alarms": "true",
    "dashboard": "true",
    "replica_regions": "us-west-2",
    "rollout": "Canary10Percent5Minutes",
    "zone_id": "Z0123456789ABC",
}
NOT_EMULATED = {
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:codedeploy/application:Application",
    "aws:codedeploy/deploymentGroup:DeploymentGroup",
    "aws:route53/record:Record",
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
}
SCALED = {"aws:appautoscaling/target:Target", "aws:appautoscaling/policy:Policy"}
PUBLIC = re.compile(r'"Principal": ?("\*"|{"AWS": ?"\*"})')
KNOWN = {
    ("RESOURCE_MISMATCH", "logs:DescribeLogGroups"): "the linter knows no resource of it; AWS's page of flow logs does",
    (
        "RESOURCE_MISMATCH",
        "dynamodb:ListStreams",
    ): "the linter knows no resource of it; SAM grants it on a table's streams",
    (
        "RESOURCE_STAR",
        "ec2:CreateNetworkInterface",
    ): "Lambda requires it on all; a function's own code is denied it",
    ("RESOURCE_STAR", "kms:"): "in a key's own policy it is that key; roles are looked at below",
    ("MISMATCHED_TYPE", "ArnLike"): "AWS's page of encrypted logs compares that context with ArnLike",
}
"""What the linter says, by its issue and a word of its detail, that is no fault, and why."""


class Resource(NamedTuple):
    """A resource that the emulator was requested to create."""

    type: str
    name: str
    inputs: dict[str, Any]


class RecordingEngine(Engine):
    """An engine that records what it creates, with the ARNs of the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator, lambda type_, name: None)
        self.created: list[Resource] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Create one resource, and record it."""
        result = super().new_resource(args)
        if args.custom:
            self.created.append(Resource(args.typ, args.name, plain(args.inputs)))
        return result


class Production(NamedTuple):
    """A service in prod with everything on."""

    outputs: dict[str, Any]
    created: list[Resource]
    not_emulated: set[str]
    """Types."""


def in_production(emulator: Emulator, service: str) -> Production:
    """Deploy a service."""
    engine = RecordingEngine(emulator)
    outputs = deploy_service(emulator, service, "prod", engine, **EVERYTHING)
    return Production(outputs, engine.created, {type_ for type_, _ in engine.not_emulated})


@pytest.fixture(scope="module", name="stacks")
def stacks_fixture() -> Iterator[dict[str, Production]]:
    """All of them in one account, where no name may be another's."""
    with Emulator() as emulator:
        yield {name: in_production(emulator, name) for name in SERVICES}


@pytest.fixture(name="stack", params=list(SERVICES))
def stack_fixture(stacks: dict[str, Production], request: pytest.FixtureRequest) -> Production:
    """One after the other."""
    return stacks[request.param]


def policies(stack: Production) -> Iterator[tuple[str, str, str]]:
    """Type, name and text of every policy document; the linter trips over the time in a stream's ARN."""
    for resource in stack.created:
        if isinstance(text := resource.inputs.get("policy"), str):
            yield resource.type, resource.name, re.sub(r"(/stream/)[^\"]+", r"\1label", text)


def test_everything_stands_but_what_the_emulator_cannot_hold(stack: Production) -> None:
    assert stack.not_emulated - SCALED == NOT_EMULATED


@pytest.mark.untraced
def test_every_route_answers(stack: Production) -> None:
    service = SERVICES[stack.outputs["service"]]
    answers = smoke_test.run(service, stack.outputs, lambda answer: None)
    assert smoke_test.complete(service, answers), [(a.call.method, a.call.path, a.status, a.body) for a in answers]


def test_outputs_name_what_was_made(stack: Production) -> None:
    assert stack.outputs.keys() >= {
        "api_url",
        "backup_vault_arn",
        "budget_name",
        "certificate_arn",
        "dashboard_name",
        "health_alarm_name",
        "key_arn",
        "rollout_application",
        "user_pool_id",
        "vpc_id",
        "web_acl_arn",
    }


def test_names_of_stacks_in_one_account_are_their_own(stacks: dict[str, Production]) -> None:
    alarms = [name for stack in stacks.values() for name in stack.outputs["alarm_names"].values()]
    assert len(alarms) == len(set(alarms))


def test_linter_finds_no_fault_in_any_policy(stack: Production) -> None:
    found = [
        (kind, name, finding.issue, str(finding.detail))
        for kind, name, text in policies(stack)
        for finding in parliament.analyze_policy_string(text).findings
    ]
    said = [one for one in found if not any(one[2] == issue and word in one[3] for issue, word in KNOWN)]
    assert not said


def test_linter_would_find_one() -> None:
    bad = {"Effect": "Allow", "Action": "dynamodb:GetItems", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [bad]})
    assert [finding.issue for finding in parliament.analyze_policy_string(text).findings] == ["UNKNOWN_ACTION"]


def test_only_services_of_aws_take_roles(stack: Production) -> None:
    for resource in stack.created:
        if resource.type == "aws:iam/role:Role":
            (statement,) = json.loads(resource.inputs["assumeRolePolicy"])["Statement"]
            assert (statement["Action"], list(statement["Principal"])) == ("sts:AssumeRole", ["Service"]), resource.name


def allowing(text: str) -> list[dict[str, Any]]:
    return [one for one in json.loads(text)["Statement"] if one["Effect"] == "Allow"]


def test_nothing_lets_everybody_in(stack: Production) -> None:
    for kind, name, text in policies(stack):
        # An endpoint's policy lets nobody in: it narrows what those in the VPC reach through it.
        if kind != "aws:ec2/vpcEndpoint:VpcEndpoint":
            assert not [one for one in allowing(text) if PUBLIC.search(json.dumps(one))], name
    for resource in stack.created:
        if resource.type == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":
            assert all(resource.inputs[name] for name in ("blockPublicAcls", "blockPublicPolicy")), resource.name


def test_no_role_may_do_a_thing_to_everything(stack: Production) -> None:
    for kind, name, text in policies(stack):
        if kind == "aws:iam/rolePolicy:RolePolicy":
            # What Lambda itself does for a function in a VPC is denied to the function's code.
            for statement in [one for one in allowing(text) if one != vpc_access()]:
                assert "*" not in (statement["Resource"], statement["Action"]), name
                assert not [action for action in statement["Action"] if action.endswith(":*")], name
