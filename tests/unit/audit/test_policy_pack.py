"""The controls as a policy pack: what each policy reports, and what the pack answers Pulumi's engine."""

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
CLOSED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
Reported = list[tuple[str, str | None]]
"""Messages, and the URNs they are of."""


def told(type_: str, name: str, props: Mapping[str, Any], urn: str = "") -> PolicyResource:
    """A resource as the SDK hands it to a policy of the stack."""
    urn = urn or f"urn:pulumi:s::p::{type_}::{name}"
    return PolicyResource(type_, unknown_checking_proxy(dict(props)), urn, name, OPTIONS, None, None, [], {})


def noting(reported: Reported) -> ReportViolation:
    """What a policy is given to report with."""

    def report(message: str, urn: str | None = None) -> None:
        reported.append((message, urn))

    return report


def alone(name: str, type_: str, props: Mapping[str, Any], urn: str = "urn:pulumi:s::p::x:y:z::it") -> Reported:
    """What a policy of resources reports of one."""
    policy, reported = PACK[name], Reported()
    assert isinstance(policy, ResourceValidationPolicy)
    args = ResourceValidationArgs(type_, unknown_checking_proxy(dict(props)), urn, "it", OPTIONS, None)
    policy.validate(args, noting(reported))
    return reported


def together(name: str, *resources: PolicyResource) -> Reported:
    """What a policy of the stack reports of some resources."""
    reported = Reported()
    validate(PACK[name], [*resources], reported)
    return reported


def validate(policy: Policy, resources: list[PolicyResource], reported: Reported) -> None:
    """Have a policy of the stack report."""
    assert isinstance(policy, StackValidationPolicy)
    policy.validate(StackValidationArgs(resources), noting(reported))


def stack_of(registered: list[RegisteredResource], outputs: Mapping[str, Mapping[str, Any]]) -> list[PolicyResource]:
    """A recorded deployment as the SDK tells of it."""
    made = {
        one.urn: told(
            one.urn.split("::")[2].rpartition("$")[2],
            one.name,
            {**{key: value for key, value in one.inputs.items() if key != "code"}, **outputs.get(one.urn, {})},
            one.urn,
        )
        for one in registered
    }
    for one in registered:
        made[one.urn].parent = made.get(one.parent)
        made[one.urn].property_dependencies = {
            key: [made[urn] for urn in urns if urn in made] for key, urns in one.sources.items()
        }
    return [*made.values()]


def test_there_is_a_policy_for_each_control_that_says_what_it_is() -> None:
    controls = {control.name: control for controls in CONTROLS.values() for control in controls}
    assert PACK.keys() == controls.keys()
    queue = PACK["SQS.1"]
    assert (queue.description, queue.tags) == ("A queue is encrypted.", ["SQS.1", "CKV_AWS_27", "SEC08-BP02"])
    assert queue.remediation_steps == controls["SQS.1"].remedy


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("CKV_AWS_272", EnforcementLevel.ADVISORY),
        ("SQS.1", EnforcementLevel.ADVISORY),
        ("S3.8", EnforcementLevel.MANDATORY),
        ("Lambda.1", EnforcementLevel.MANDATORY),
    ],
)
def test_what_is_bad_does_not_go_up_and_of_the_rest_one_is_told(name: str, level: EnforcementLevel) -> None:
    assert PACK[name].enforcement_level == level


def test_a_resource_is_judged_as_soon_as_it_is_registered() -> None:
    assert not alone("SQS.1", QUEUE, {"sqsManagedSseEnabled": True})
    assert not alone("SQS.1", BUCKET, {})
    assert alone("SQS.1", QUEUE, {}) == [
        ("it: Set `sqsManagedSseEnabled` of `sqs.Queue`.", "urn:pulumi:s::p::x:y:z::it")
    ]


def test_what_is_waived_of_this_library_is_not_reported() -> None:
    ours = "urn:pulumi:s::p::tap:aws:Function$aws:lambda/function:Function::it"
    assert not alone("CKV_AWS_272", "aws:lambda/function:Function", {}, ours)
    assert alone("CKV_AWS_272", "aws:lambda/function:Function", {})


def test_a_key_that_is_yet_to_be_made_is_a_key() -> None:
    assert not alone("SNS.4", "aws:sns/topic:Topic", {})
    topic = told("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": UNKNOWN_STRING_VALUE})
    topic.property_dependencies = {"kmsMasterKeyId": [told("aws:kms/key:Key", "k", {})]}
    assert not together("SNS.1", topic)


def test_unknown_value_of_one_resource_does_not_hide_failures_of_others() -> None:
    buckets = [told(BUCKET, name, {}) for name in ("first", "bare", "second")]
    first, second = (told(BUCKET_POLICY, name, {"policy": UNKNOWN_STRING_VALUE}) for name in ("p", "q"))
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
        alone("EC2.15", "aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": UNKNOWN_STRING_VALUE})


def test_unknown_value_that_the_provider_sets_does_not_count_as_set() -> None:
    vault = told("aws:backup/vault:Vault", "vault", {"kmsKeyArn": UNKNOWN_STRING_VALUE})
    with pytest.raises(UnknownValueError) as raised:
        together("CKV_AWS_166", vault)
    assert raised.value.props == ["kmsKeyArn"]


def test_unknown_value_of_a_waived_resource_is_not_reported() -> None:
    urn = "urn:pulumi:s::p::tap:aws:Backup$aws:backup/vault:Vault::vault"
    assert not together(
        "CKV_AWS_166", told("aws:backup/vault:Vault", "vault", {"kmsKeyArn": UNKNOWN_STRING_VALUE}, urn)
    )


def test_name_of_a_variable_is_evaluated_next_to_unknown_values() -> None:
    variables = {"TABLE_NAME": UNKNOWN_STRING_VALUE, "DATABASE_PASSWORD": "hunter2"}
    function = told(FUNCTION, "f", {"environment": {"variables": variables}})
    assert [urn for _, urn in together("CKV_AWS_45", function)] == [function.urn]


def test_unknown_value_of_a_variable_named_like_a_secret_fails() -> None:
    function = told(FUNCTION, "f", {"environment": {"variables": {"DATABASE_PASSWORD": UNKNOWN_STRING_VALUE}}})
    assert [urn for _, urn in together("CKV_AWS_45", function)] == [function.urn]


def test_unknown_value_of_a_function_that_uses_a_secret_is_not_evaluated() -> None:
    secret = told("aws:secretsmanager/secret:Secret", "token", {"name": "shop/dev/token"})
    function = told(FUNCTION, "f", {"environment": {"variables": {"TOKEN_SECRET": UNKNOWN_STRING_VALUE}}})
    function.property_dependencies = {"environment": [secret]}
    with pytest.raises(UnknownValueError) as raised:
        together("CKV_AWS_45", secret, function)
    assert raised.value.props == ["environment", "variables", "TOKEN_SECRET"]


def test_number_of_unknown_subnets_is_known() -> None:
    assert not alone("Lambda.5", FUNCTION, {"vpcConfig": {"subnetIds": [UNKNOWN_STRING_VALUE] * 2}})
    assert alone("Lambda.5", FUNCTION, {"vpcConfig": {"subnetIds": [UNKNOWN_STRING_VALUE]}})


def test_what_another_resource_tells_is_judged_with_the_stack() -> None:
    bucket, block = told(BUCKET, "b", {}), told(BLOCK, "block", CLOSED)
    assert [urn for _, urn in together("S3.8", bucket, block)] == [bucket.urn]
    block.property_dependencies = {"bucket": [bucket]}
    assert not together("S3.8", bucket, block)


@pytest.mark.parametrize("prefix", ["tap:", "theirs:"])
@pytest.mark.untraced
def test_the_pack_reports_what_the_audit_fails(prefix: str) -> None:
    made = deployment("inventory", "prod")
    renamed = [
        one._replace(
            urn=one.urn.replace("tap:", prefix),
            parent=one.parent.replace("tap:", prefix),
            sources={key: [urn.replace("tap:", prefix) for urn in urns] for key, urns in one.sources.items()},
        )
        for one in made.registered
    ]
    outputs = {urn.replace("tap:", prefix): found for urn, found in made.outputs.items()}
    failed = {
        (finding.control.name, finding.resource.urn)
        for finding in audit(graph_of(made._replace(registered=renamed, outputs=outputs)))
        if finding.state == "failed"
    }
    assert {(name, urn) for name in PACK for urn in reported_of(name, stack_of(renamed, outputs))} == failed
    assert bool(failed) is (prefix == "theirs:")


def reported_of(name: str, stack: list[PolicyResource]) -> set[str | None]:
    """What a policy of either sort reports of a stack."""
    reported = Reported()
    policy = PACK[name]
    if isinstance(policy, StackValidationPolicy):
        validate(policy, stack, reported)
        return {urn for _, urn in reported}
    return {urn for one in stack for _, urn in alone(name, one.resource_type, one.props, one.urn)}


@pytest.fixture(scope="module", name="pack")
def served_pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """A server of the policy pack."""
    with policy_pack_server(tmp_path_factory.mktemp("installed")) as analyzer:
        yield analyzer


def properties(**props: Any) -> struct_pb2.Struct:
    """Properties as the engine sends them."""
    found = struct_pb2.Struct()
    found.update(props)
    return found


def test_the_engine_is_told_of_every_policy(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    known = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert known.name == "tap-stack"
    assert {policy.name for policy in known.policies} == PACK.keys()


def test_the_engine_hears_of_a_violation_and_how_bad_it_is(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    request = analyzer_pb2.AnalyzeRequest(
        type=PERMISSION, urn=told(PERMISSION, "p", {}).urn, name="p", properties=properties(principal="*")
    )
    (found,) = pack.Analyze(request).diagnostics
    assert (found.policyName, found.enforcementLevel) == ("Lambda.1", analyzer_pb2.MANDATORY)


def test_a_policy_config_says_otherwise(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    resources = [
        analyzer_pb2.AnalyzerResource(type=BUCKET, urn=told(BUCKET, "b", {}).urn, name="b", properties=properties())
    ]
    request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
    level = {found.policyName: found.enforcementLevel for found in pack.AnalyzeStack(request).diagnostics}
    assert (level["S3.8"], level["S3.5"]) == (analyzer_pb2.MANDATORY, analyzer_pb2.ADVISORY)
    off = analyzer_pb2.PolicyConfig(enforcementLevel=analyzer_pb2.DISABLED)
    pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"S3.8": off}))
    assert level.keys() - {found.policyName for found in pack.AnalyzeStack(request).diagnostics} == {"S3.8"}
