"""The controls as a policy pack: what each policy reports, and what the pack answers Pulumi's engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
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
from lib.audit.judgement import audit
from lib.audit.pack import policies
from lib.audit.recorded import graph_of
from lib.recorder import Registered

from .recordings import deployment

OPTIONS = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
PACK = {policy.name: policy for policy in policies()}
BUCKET, BLOCK = "aws:s3/bucket:Bucket", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
QUEUE, PERMISSION = "aws:sqs/queue:Queue", "aws:lambda/permission:Permission"
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


def stack_of(registered: list[Registered], outputs: Mapping[str, Mapping[str, Any]]) -> list[PolicyResource]:
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
        ("it: Give the `sqs.Queue` `sqsManagedSseEnabled`.", "urn:pulumi:s::p::x:y:z::it")
    ]


def test_what_is_waived_of_this_library_is_not_reported() -> None:
    ours = "urn:pulumi:s::p::tap:aws:Function$aws:lambda/function:Function::it"
    assert not alone("CKV_AWS_272", "aws:lambda/function:Function", {}, ours)
    assert alone("CKV_AWS_272", "aws:lambda/function:Function", {})


def test_a_key_that_is_yet_to_be_made_is_a_key() -> None:
    assert not alone("SNS.4", "aws:sns/topic:Topic", {})
    assert not together("SNS.1", told("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": UNKNOWN_STRING_VALUE}))


def test_what_cannot_be_known_yet_is_said_once_the_rest_is_judged() -> None:
    bucket = [told(BUCKET, name, {}) for name in ("unknown", "bare")]
    policy = told("aws:s3/bucketPolicy:BucketPolicy", "p", {"policy": UNKNOWN_STRING_VALUE})
    policy.property_dependencies = {"bucket": [bucket[0]]}
    reported = Reported()
    with pytest.raises(UnknownValueError):
        validate(PACK["S3.5"], [*bucket, policy], reported)
    assert [urn for _, urn in reported] == [bucket[1].urn]


def test_what_another_resource_tells_is_judged_with_the_stack() -> None:
    bucket, block = told(BUCKET, "b", {}), told(BLOCK, "block", CLOSED)
    assert [urn for _, urn in together("S3.8", bucket, block)] == [bucket.urn]
    block.property_dependencies = {"bucket": [bucket]}
    assert not together("S3.8", bucket, block)


@pytest.mark.parametrize("prefix", ["tap:", "theirs:"])
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
    """The pack of this repository as Pulumi's engine runs it, where the library is installed."""
    installed = tmp_path_factory.mktemp("installed")
    (installed / "tap_stack").symlink_to(Path("lib").resolve())
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "policy"]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            port = running.stdout.readline().strip()
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            running.kill()


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
