"""All services in prod with all features: they deploy, respond, and have least-privilege policies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import parliament
import pytest
from pulumi.runtime import mocks

from lib.client import smoke_test
from lib.documents.iam import allow_vpc_access
from lib.local.emulator import Emulator
from lib.local.engine import Engine
from lib.program.monitor import plain
from lib.services import SERVICES

from ..support.deployments import deploy_service

ALL_FEATURES = {
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
FALSE_POSITIVES = {
    (
        "RESOURCE_MISMATCH",
        "logs:DescribeLogGroups",
    ): "the linter lists no resource type; the AWS documentation of flow logs does",
    (
        "RESOURCE_MISMATCH",
        "dynamodb:ListStreams",
    ): "the linter lists no resource type; AWS SAM grants it on table streams",
    (
        "RESOURCE_STAR",
        "ec2:CreateNetworkInterface",
    ): "Lambda requires it on all resources; function code is denied it",
    ("RESOURCE_STAR", "kms:"): "in a key policy, * is the key itself; roles have a separate test",
    ("MISMATCHED_TYPE", "ArnLike"): "the AWS documentation of log group encryption uses ArnLike for this context",
}
"""Accepted findings of the linter with the reason, by issue and part of the detail."""


class Resource(NamedTuple):
    """A resource that was created in the emulator."""

    type: str
    name: str
    inputs: dict[str, Any]


class RecordingEngine(Engine):
    """Engine that records the resources it creates, with the ARNs of the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator, lambda type_, name: None)
        self.created: list[Resource] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Create and record a resource."""
        result = super().new_resource(args)
        if args.custom:
            self.created.append(Resource(args.typ, args.name, plain(args.inputs)))
        return result


class Production(NamedTuple):
    """A service in prod with all features."""

    outputs: dict[str, Any]
    created: list[Resource]
    not_emulated: set[str]
    """Types of skipped resources."""


def deploy_in_production(emulator: Emulator, service: str) -> Production:
    """Deploy a service in prod with all features."""
    engine = RecordingEngine(emulator)
    outputs = deploy_service(emulator, service, "prod", engine, **ALL_FEATURES)
    return Production(outputs, engine.created, {type_ for type_, _ in engine.not_emulated})


@pytest.fixture(scope="module", name="stacks")
def stacks_fixture() -> Iterator[dict[str, Production]]:
    """All services in one account, in which names must be unique."""
    with Emulator() as emulator:
        yield {name: deploy_in_production(emulator, name) for name in SERVICES}


@pytest.fixture(name="stack", params=list(SERVICES))
def stack_fixture(stacks: dict[str, Production], request: pytest.FixtureRequest) -> Production:
    return stacks[request.param]


def policies(stack: Production) -> Iterator[tuple[str, str, str]]:
    """Yield type, name and JSON of every policy. The linter does not support the timestamp in stream ARNs."""
    for resource in stack.created:
        if isinstance(policy := resource.inputs.get("policy"), str):
            yield resource.type, resource.name, re.sub(r"(/stream/)[^\"]+", r"\1label", policy)


def test_all_resources_are_created_except_unsupported_types(stack: Production) -> None:
    assert stack.not_emulated - SCALED == NOT_EMULATED


@pytest.mark.untraced
def test_service_passes_its_smoke_test(stack: Production) -> None:
    service = SERVICES[stack.outputs["service"]]
    results = smoke_test.run(service, stack.outputs, lambda result: None)
    assert smoke_test.has_passed(service, results), [(r.call.method, r.call.path, r.status, r.body) for r in results]


def test_outputs_contain_the_created_resources(stack: Production) -> None:
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


def test_alarm_names_are_unique_in_an_account(stacks: dict[str, Production]) -> None:
    alarms = [name for stack in stacks.values() for name in stack.outputs["alarm_names"].values()]
    assert len(alarms) == len(set(alarms))


def test_linter_accepts_every_policy(stack: Production) -> None:
    findings = [
        (kind, name, finding.issue, str(finding.detail))
        for kind, name, policy in policies(stack)
        for finding in parliament.analyze_policy_string(policy).findings
    ]
    assert not [
        (kind, name, issue, detail)
        for kind, name, issue, detail in findings
        if not any(issue == accepted and part in detail for accepted, part in FALSE_POSITIVES)
    ]


def test_linter_rejects_an_unknown_action() -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItems", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert [finding.issue for finding in parliament.analyze_policy_string(policy).findings] == ["UNKNOWN_ACTION"]


def test_only_aws_services_can_assume_roles(stack: Production) -> None:
    for resource in stack.created:
        if resource.type == "aws:iam/role:Role":
            (statement,) = json.loads(resource.inputs["assumeRolePolicy"])["Statement"]
            assert (statement["Action"], list(statement["Principal"])) == ("sts:AssumeRole", ["Service"]), resource.name


def allow_statements(policy: str) -> list[dict[str, Any]]:
    return [statement for statement in json.loads(policy)["Statement"] if statement["Effect"] == "Allow"]


def test_no_policy_allows_public_access(stack: Production) -> None:
    for kind, name, policy in policies(stack):
        # Endpoint policies only limit principals that are already in the VPC.
        if kind != "aws:ec2/vpcEndpoint:VpcEndpoint":
            assert not [each for each in allow_statements(policy) if PUBLIC.search(json.dumps(each))], name
    for resource in stack.created:
        if resource.type == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":
            assert all(resource.inputs[name] for name in ("blockPublicAcls", "blockPublicPolicy")), resource.name


def test_no_role_allows_wildcard_actions_or_resources(stack: Production) -> None:
    for kind, name, policy in policies(stack):
        if kind == "aws:iam/rolePolicy:RolePolicy":
            # Lambda requires the VPC actions on all resources; function code is denied them.
            for statement in [each for each in allow_statements(policy) if each != allow_vpc_access()]:
                assert "*" not in (statement["Resource"], statement["Action"]), name
                assert not [action for action in statement["Action"] if action.endswith(":*")], name
