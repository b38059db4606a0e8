"""The policy pack: violations of its policies, and its responses to the Pulumi engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from lib.audit.controls import CONTROLS
from lib.audit.evaluate import audit
from lib.audit.graph import graph_of
from lib.audit.policy_pack import policies
from lib.program.recorder import RegisteredResource

from ...support.analyzer import policy_pack_server
from ...support.recordings import deployment

pytestmark = pytest.mark.slow

OPTIONS = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
PACK = {policy.name: policy for policy in policies()}
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUCKET, BLOCK = "aws:s3/bucket:Bucket", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
QUEUE, PERMISSION = "aws:sqs/queue:Queue", "aws:lambda/permission:Permission"
FUNCTION = "aws:lambda/function:Function"
BLOCKED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
Reported = list[tuple[str, str | None]]
"""Messages and URNs of violations."""


def policy_resource(type_: str, name: str, props: Mapping[str, Any], urn: str = "") -> PolicyResource:
    """Return a resource in the form that a stack policy receives from the SDK."""
    urn = urn or f"urn:pulumi:s::p::{type_}::{name}"
    return PolicyResource(type_, unknown_checking_proxy(dict(props)), urn, name, OPTIONS, None, None, [], {})


def reporter(reported: Reported) -> ReportViolation:
    """Return a function that appends violations to a list."""

    def report(message: str, urn: str | None = None) -> None:
        reported.append((message, urn))

    return report


def resource_violations(
    name: str, type_: str, props: Mapping[str, Any], urn: str = "urn:pulumi:s::p::x:y:z::it"
) -> Reported:
    """Return the violations that a resource policy reports for a resource."""
    policy, reported = PACK[name], Reported()
    assert isinstance(policy, ResourceValidationPolicy)
    args = ResourceValidationArgs(type_, unknown_checking_proxy(dict(props)), urn, "it", OPTIONS, None)
    policy.validate(args, reporter(reported))
    return reported


def stack_violations(name: str, *resources: PolicyResource) -> Reported:
    """Return the violations that a stack policy reports for resources."""
    reported = Reported()
    validate(PACK[name], [*resources], reported)
    return reported


def validate(policy: Policy, resources: list[PolicyResource], reported: Reported) -> None:
    """Append the violations of a stack policy to a list."""
    assert isinstance(policy, StackValidationPolicy)
    policy.validate(StackValidationArgs(resources), reporter(reported))


def policy_resources(
    registered: list[RegisteredResource], outputs: Mapping[str, Mapping[str, Any]]
) -> list[PolicyResource]:
    """Return the resources of a recorded deployment in the form that a stack policy receives from the SDK."""
    resources = {
        resource.urn: policy_resource(
            resource.urn.split("::")[2].rpartition("$")[2],
            resource.name,
            {
                **{key: value for key, value in resource.inputs.items() if key != "code"},
                **outputs.get(resource.urn, {}),
            },
            resource.urn,
        )
        for resource in registered
    }
    for resource in registered:
        resources[resource.urn].parent = resources.get(resource.parent)
        resources[resource.urn].property_dependencies = {
            key: [resources[urn] for urn in urns if urn in resources] for key, urns in resource.sources.items()
        }
    return [*resources.values()]


def test_every_control_has_a_policy_with_its_title_and_remediation() -> None:
    controls = {control.name: control for controls in CONTROLS.values() for control in controls}
    assert PACK.keys() == controls.keys()
    queue = PACK["SQS.1"]
    assert (queue.description, queue.tags) == (
        "SQS queues should be encrypted at rest.",
        ["SQS.1", "CKV_AWS_27", "SEC08-BP02"],
    )
    assert queue.remediation_steps == controls["SQS.1"].remediation


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("CKV_AWS_272", EnforcementLevel.ADVISORY),
        ("SQS.1", EnforcementLevel.ADVISORY),
        ("S3.8", EnforcementLevel.MANDATORY),
        ("Lambda.1", EnforcementLevel.MANDATORY),
    ],
)
def test_policies_of_high_severity_are_mandatory(name: str, level: EnforcementLevel) -> None:
    assert PACK[name].enforcement_level == level


def test_resource_is_evaluated_when_it_is_registered() -> None:
    assert not resource_violations("SQS.1", QUEUE, {"sqsManagedSseEnabled": True})
    assert not resource_violations("SQS.1", BUCKET, {})
    assert resource_violations("SQS.1", QUEUE, {}) == [
        ("it: Set `sqsManagedSseEnabled` of the `sqs.Queue` to true.", "urn:pulumi:s::p::x:y:z::it")
    ]


def test_waived_resource_of_the_library_is_not_reported() -> None:
    urn = "urn:pulumi:s::p::tap:aws:Function$aws:lambda/function:Function::it"
    assert not resource_violations("CKV_AWS_272", "aws:lambda/function:Function", {}, urn)
    assert resource_violations("CKV_AWS_272", "aws:lambda/function:Function", {})


def test_unknown_arn_of_a_new_key_counts_as_a_key() -> None:
    assert not resource_violations("SNS.4", "aws:sns/topic:Topic", {})
    topic = policy_resource("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": UNKNOWN_STRING_VALUE})
    topic.property_dependencies = {"kmsMasterKeyId": [policy_resource("aws:kms/key:Key", "k", {})]}
    assert not stack_violations("SNS.1", topic)


def test_unknown_value_of_one_resource_does_not_hide_failures_of_others() -> None:
    buckets = [policy_resource(BUCKET, name, {}) for name in ("first", "other", "second")]
    first, second = (policy_resource(BUCKET_POLICY, name, {"policy": UNKNOWN_STRING_VALUE}) for name in ("p", "q"))
    first.property_dependencies = {"bucket": [buckets[0]]}
    second.property_dependencies = {"bucket": [buckets[2]]}
    reported = Reported()
    with pytest.raises(UnknownValueError) as raised:
        validate(PACK["S3.5"], [*buckets, first, second], reported)
    assert [urn for _, urn in reported] == [buckets[1].urn]
    assert raised.value.message == (
        "S3.5 is not evaluated for first (unknown: policy), second (unknown: policy). "
        "`pulumi up` evaluates it once every value is known."
    )


def test_unknown_value_that_decides_a_failure_is_not_a_failure() -> None:
    with pytest.raises(UnknownValueError):
        resource_violations("EC2.15", "aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": UNKNOWN_STRING_VALUE})


def test_unknown_value_that_the_provider_sets_does_not_count_as_set() -> None:
    vault = policy_resource("aws:backup/vault:Vault", "vault", {"kmsKeyArn": UNKNOWN_STRING_VALUE})
    with pytest.raises(UnknownValueError) as raised:
        stack_violations("CKV_AWS_166", vault)
    assert raised.value.props == ["kmsKeyArn"]


def test_unknown_value_of_a_waived_resource_is_not_reported() -> None:
    urn = "urn:pulumi:s::p::tap:aws:Backup$aws:backup/vault:Vault::vault"
    assert not stack_violations(
        "CKV_AWS_166", policy_resource("aws:backup/vault:Vault", "vault", {"kmsKeyArn": UNKNOWN_STRING_VALUE}, urn)
    )


def test_names_of_variables_are_evaluated_if_values_are_unknown() -> None:
    variables = {"TABLE_NAME": UNKNOWN_STRING_VALUE, "DATABASE_PASSWORD": "hunter2"}
    function = policy_resource(FUNCTION, "f", {"environment": {"variables": variables}})
    assert [urn for _, urn in stack_violations("CKV_AWS_45", function)] == [function.urn]


def test_unknown_value_of_a_variable_named_like_a_secret_fails() -> None:
    function = policy_resource(
        FUNCTION, "f", {"environment": {"variables": {"DATABASE_PASSWORD": UNKNOWN_STRING_VALUE}}}
    )
    assert [urn for _, urn in stack_violations("CKV_AWS_45", function)] == [function.urn]


def test_unknown_value_of_a_function_that_uses_a_secret_is_not_evaluated() -> None:
    secret = policy_resource("aws:secretsmanager/secret:Secret", "token", {"name": "shop/dev/token"})
    function = policy_resource(FUNCTION, "f", {"environment": {"variables": {"TOKEN_SECRET": UNKNOWN_STRING_VALUE}}})
    function.property_dependencies = {"environment": [secret]}
    with pytest.raises(UnknownValueError) as raised:
        stack_violations("CKV_AWS_45", secret, function)
    assert raised.value.props == ["environment", "variables", "TOKEN_SECRET"]


def test_number_of_unknown_subnets_is_known() -> None:
    assert not resource_violations("Lambda.5", FUNCTION, {"vpcConfig": {"subnetIds": [UNKNOWN_STRING_VALUE] * 2}})
    assert resource_violations("Lambda.5", FUNCTION, {"vpcConfig": {"subnetIds": [UNKNOWN_STRING_VALUE]}})


def test_control_with_related_resources_is_evaluated_for_the_stack() -> None:
    bucket, block = policy_resource(BUCKET, "b", {}), policy_resource(BLOCK, "block", BLOCKED)
    assert [urn for _, urn in stack_violations("S3.8", bucket, block)] == [bucket.urn]
    block.property_dependencies = {"bucket": [bucket]}
    assert not stack_violations("S3.8", bucket, block)


@pytest.mark.parametrize("prefix", ["tap:", "custom:"])
@pytest.mark.untraced
def test_pack_reports_the_failed_findings_of_the_audit(prefix: str) -> None:
    recorded = deployment("inventory", "prod")
    renamed = [
        resource._replace(
            urn=resource.urn.replace("tap:", prefix),
            parent=resource.parent.replace("tap:", prefix),
            sources={key: [urn.replace("tap:", prefix) for urn in urns] for key, urns in resource.sources.items()},
        )
        for resource in recorded.registered
    ]
    outputs = {urn.replace("tap:", prefix): values for urn, values in recorded.outputs.items()}
    failed = {
        (finding.control.name, finding.resource.urn)
        for finding in audit(graph_of(recorded._replace(registered=renamed, outputs=outputs)))
        if finding.state == "failed"
    }
    stack = policy_resources(renamed, outputs)
    assert {(name, urn) for name in PACK for urn in failed_urns(name, stack)} == failed
    assert bool(failed) is (prefix == "custom:")


def failed_urns(name: str, stack: list[PolicyResource]) -> set[str | None]:
    """Return the URNs of the violations that a policy reports for a stack."""
    reported = Reported()
    policy = PACK[name]
    if isinstance(policy, StackValidationPolicy):
        validate(policy, stack, reported)
        return {urn for _, urn in reported}
    return {urn for r in stack for _, urn in resource_violations(name, r.resource_type, r.props, r.urn)}


@pytest.fixture(scope="module", name="pack")
def served_pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Run a server of the policy pack."""
    with policy_pack_server(tmp_path_factory.mktemp("installed")) as analyzer:
        yield analyzer


def properties(**props: Any) -> struct_pb2.Struct:
    """Return properties as a message of the engine."""
    message = struct_pb2.Struct()
    message.update(props)
    return message


def test_engine_receives_every_policy(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "tap-stack"
    assert {policy.name for policy in info.policies} == PACK.keys()


def test_engine_receives_a_violation_with_its_enforcement_level(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    request = analyzer_pb2.AnalyzeRequest(
        type=PERMISSION, urn=policy_resource(PERMISSION, "p", {}).urn, name="p", properties=properties(principal="*")
    )
    (violation,) = pack.Analyze(request).diagnostics
    assert (violation.policyName, violation.enforcementLevel) == ("Lambda.1", analyzer_pb2.MANDATORY)


def test_policy_config_disables_a_policy(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    resources = [
        analyzer_pb2.AnalyzerResource(
            type=BUCKET, urn=policy_resource(BUCKET, "b", {}).urn, name="b", properties=properties()
        )
    ]
    request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
    levels = {violation.policyName: violation.enforcementLevel for violation in pack.AnalyzeStack(request).diagnostics}
    assert (levels["S3.8"], levels["S3.5"]) == (analyzer_pb2.MANDATORY, analyzer_pb2.ADVISORY)
    disabled = analyzer_pb2.PolicyConfig(enforcementLevel=analyzer_pb2.DISABLED)
    pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"S3.8": disabled}))
    remaining = {violation.policyName for violation in pack.AnalyzeStack(request).diagnostics}
    assert levels.keys() - remaining == {"S3.8"}
