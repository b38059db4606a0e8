"""The policy pack in previews and updates, run by the analyzer server of the policy SDK."""

from __future__ import annotations

import importlib
import inspect
import json
import keyword
import runpy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import register_resource_transform
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.deserialize import SPECIAL_ASSET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from lib.program import recorder

from ..support.analyzer import policy_pack_server

Unknown = set[tuple[str, str]]
"""Pairs of a control and a resource for which it is not evaluated."""

ROLE_POLICY = ("IAM.1", "IAM.21", "CKV_AWS_355", "KMS.2")
QUEUE_POLICY = ("SQS.3", "CKV_AWS_72", "SEC09-BP02")
BUCKET_POLICY = ("CKV_AWS_70", "S3.5")
STOCK_FUNCTIONS = (
    *("get-level", "list-levels", "create-level", "update-level", "reserve", "release", "fulfill"),
    *("list-movements", "list-reservations", "expire-reservations", "reconcile", "check-thresholds"),
)
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [ALL]})


def unknown_for(*functions: str, policies: Sequence[str] = ("policy", "log-policy")) -> Unknown:
    """Return the controls that a preview does not evaluate for functions and the inline policies of their roles."""
    names = [f"tap-{function}-{policy}" for function in functions for policy in policies]
    unknown = {(control, name) for name in names for control in ROLE_POLICY}
    return unknown | {("CKV_AWS_45", f"tap-{function}-function") for function in functions}


UNKNOWN: dict[str, Unknown] = {
    "items": unknown_for("lambda", policies=["policy"]),
    "inventory": unknown_for("api-lambda"),
    "stock": {
        *unknown_for(*STOCK_FUNCTIONS),
        *((control, "tap-stock-dead-letters-policy") for control in QUEUE_POLICY),
        *((control, "tap-stock-site-files-bucket") for control in BUCKET_POLICY),
    },
}
"""Controls that a preview of each service does not evaluate."""


class Report(NamedTuple):
    """The diagnostics of a preview or an update."""

    violations: set[tuple[str, str, bool]]
    """Failed control, name of the resource, and whether the violation blocks the deployment."""
    unknown: Unknown


@cache
def provider_outputs(type_: str) -> list[str]:
    """Return the output properties that the provider always sets for a resource type."""
    package, _, path = type_.partition(":")
    module, _, name = path.partition(":")
    if package != "aws":
        return []
    module = module.partition("/")[0]
    resource = getattr(importlib.import_module(f"pulumi_aws.{module}{'_' * keyword.iskeyword(module)}"), name)
    getters = (member.fget for member in vars(resource).values() if isinstance(member, property))
    return [
        getattr(getter, "_pulumi_name", getter.__name__)
        for getter in getters
        if getter and "Optional" not in str(inspect.get_annotations(getter)["return"])
    ]


def is_asset(fields: Mapping[str, struct_pb2.Value]) -> bool:
    """Return whether properties represent an asset."""
    return SPECIAL_SIG_KEY in fields and fields[SPECIAL_SIG_KEY].string_value == SPECIAL_ASSET_SIG


def without_empty_assets(properties: struct_pb2.Struct) -> struct_pb2.Struct:
    """Remove the content of empty string assets, like the engine does when it forwards properties."""
    fields = properties.fields
    if is_asset(fields) and not fields["text"].string_value:
        del fields["text"]
    for value in fields.values():
        if value.HasField("struct_value"):
            without_empty_assets(value.struct_value)
    return properties


class WireRecorder(recorder.Recorder):
    """A recorder that also stores each resource, with secrets and unknown values, as a request to a policy pack."""

    def __init__(self, cloud: recorder.MockCloud, preview: bool) -> None:
        super().__init__(cloud, preview)
        self.preview = preview
        self.requests: dict[str, analyzer_pb2.AnalyzeRequest] = {}
        self.stack: dict[str, analyzer_pb2.AnalyzerResource] = {}

    def Invoke(self, request: Any) -> Any:
        """Return the result of a data source, which is also known in a preview."""
        response = super().Invoke(request)
        response.unknown = False
        return response

    def RegisterResource(self, request: Any) -> Any:
        """Register a resource with its inputs, and with its outputs if a provider creates it."""
        response = super().RegisterResource(request)
        common = {"type": request.type, "name": request.name, "urn": response.urn}
        inputs = without_empty_assets(request.object)
        outputs = struct_pb2.Struct()
        if self.preview and request.custom:
            outputs.update(dict.fromkeys(provider_outputs(request.type), UNKNOWN_STRING_VALUE))
        outputs.MergeFrom(response.object)
        outputs.MergeFrom(inputs)
        self.requests[response.urn] = analyzer_pb2.AnalyzeRequest(properties=inputs, **common)
        self.stack[response.urn] = analyzer_pb2.AnalyzerResource(
            properties=outputs,
            parent=request.parent,
            propertyDependencies={
                name: analyzer_pb2.AnalyzerPropertyDependencies(urns=dependencies.urns)
                for name, dependencies in request.propertyDependencies.items()
            },
            **common,
        )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:
        """Register the outputs of a component."""
        self.stack[request.urn].properties.CopyFrom(request.outputs)
        return super().RegisterResourceOutputs(request)


class PolicyPack:
    """A client that applies the policy pack to programs."""

    def __init__(self, analyzer: analyzer_pb2_grpc.AnalyzerStub, monkeypatch: pytest.MonkeyPatch) -> None:
        self._analyzer = analyzer
        self._monkeypatch = monkeypatch

    def preview(self, program: Callable[[], object], **config: str) -> Report:
        """Analyze a program like `pulumi preview`: outputs of resources are unknown."""
        return self._analyze(program, preview=True, config=config)

    def update(self, program: Callable[[], object], **config: str) -> Report:
        """Analyze a program like `pulumi up`: all values are known."""
        return self._analyze(program, preview=False, config=config)

    def _analyze(self, program: Callable[[], object], preview: bool, config: dict[str, str]) -> Report:
        recorders: list[WireRecorder] = []

        def create_recorder(cloud: recorder.MockCloud, preview: bool) -> WireRecorder:
            recorders.append(WireRecorder(cloud, preview))
            return recorders[-1]

        self._monkeypatch.setattr(recorder, "Recorder", create_recorder)
        recorder.record(program, preview=preview, config=config)
        recorded = recorders[-1]
        diagnostics = [d for request in recorded.requests.values() for d in self._analyzer.Analyze(request).diagnostics]
        request = analyzer_pb2.AnalyzeStackRequest(resources=recorded.stack.values())
        return report([*diagnostics, *self._analyzer.AnalyzeStack(request).diagnostics])


def report(diagnostics: list[analyzer_pb2.AnalyzeDiagnostic]) -> Report:
    """Separate violations from controls that are not evaluated."""
    violations, unknown = set(), set()
    for diagnostic in diagnostics:
        blocks = diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
        _, unknown_values, rest = diagnostic.message.partition(f"{diagnostic.policyName} is not evaluated for ")
        if not unknown_values:
            violations.add((diagnostic.policyName, diagnostic.urn.rpartition("::")[2], blocks))
            continue
        assert not blocks
        resources, _, remedy = rest.partition(". ")
        assert remedy == "`pulumi up` evaluates it once every value is known."
        unknown |= {(diagnostic.policyName, resource.partition(" ")[0]) for resource in resources.split(", ")}
    return Report(violations, unknown)


@pytest.fixture(scope="module", name="analyzer")
def analyzer_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Start a server with the policy pack."""
    with policy_pack_server(tmp_path_factory.mktemp("site-packages")) as analyzer:
        yield analyzer


@pytest.fixture(name="pack")
def pack_fixture(analyzer: analyzer_pb2_grpc.AnalyzerStub, monkeypatch: pytest.MonkeyPatch) -> PolicyPack:
    """Create a client of the policy pack."""
    return PolicyPack(analyzer, monkeypatch)


def tap() -> None:
    """Run the program of this repository."""
    runpy.run_path("tap.py", run_name="__main__")


def tap_with_open_roles() -> None:
    """Run the program with a transform that allows all actions to every role."""

    def open_policy(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:iam/rolePolicy:RolePolicy":
            return None
        return pulumi.ResourceTransformResult({**args.props, "policy": ALLOW_ALL}, args.opts)

    register_resource_transform(open_policy)
    tap()


def tap_with_open_policy(resource: Callable[[aws.iam.Role], pulumi.Input[str]]) -> Callable[[], None]:
    """Return a program that also creates a policy that allows every action on a resource."""

    def program() -> None:
        tap()
        role = aws.iam.Role("role", assume_role_policy='{"Statement": []}')
        document = pulumi.Output.json_dumps({"Statement": [{**ALL, "Resource": resource(role)}]})
        aws.iam.RolePolicy("open", role=role.name, policy=document)

    return program


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("service", UNKNOWN)
def test_preview_reports_controls_that_it_does_not_evaluate(pack: PolicyPack, service: str, environment: str) -> None:
    assert pack.preview(tap, service=service, environment=environment) == Report(set(), UNKNOWN[service])


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("service", UNKNOWN)
def test_update_evaluates_everything(pack: PolicyPack, service: str, environment: str) -> None:
    assert pack.update(tap, service=service, environment=environment) == Report(set(), set())


@pytest.mark.parametrize("service", UNKNOWN)
def test_violation_with_a_known_value_blocks_previews_and_updates(pack: PolicyPack, service: str) -> None:
    roles = {resource for control, resource in UNKNOWN[service] if control == "IAM.1"}
    evaluated = {(control, resource) for resource in roles for control in ROLE_POLICY}
    for analyze in (pack.preview, pack.update):
        result = analyze(tap_with_open_roles, service=service)
        assert {("IAM.1", role, True) for role in roles} < result.violations
        assert not result.unknown & evaluated


def test_violation_with_an_unknown_value_blocks_only_the_update(pack: PolicyPack) -> None:
    program = tap_with_open_policy(lambda role: role.arn)
    assert pack.preview(program) == Report(set(), UNKNOWN["items"] | {(control, "open") for control in ROLE_POLICY})
    assert pack.update(program) == Report({("IAM.1", "open", True)}, set())


def test_secret_value_is_evaluated(pack: PolicyPack) -> None:
    program = tap_with_open_policy(lambda _: pulumi.Output.secret("*"))
    violations = {("IAM.1", "open", True), ("CKV_AWS_355", "open", False), ("KMS.2", "open", False)}
    assert pack.preview(program) == Report(violations, UNKNOWN["items"])
    assert pack.update(program) == Report(violations, set())


def test_stack_policy_reports_failures_next_to_unknown_values(pack: PolicyPack) -> None:
    def program() -> None:
        tap()
        aws.s3.Bucket("bare")

    result = pack.preview(program, service="stock")
    assert {("S3.5", "bare", False), ("S3.8", "bare", True)} < result.violations
    assert {resource for _, resource, _ in result.violations} == {"bare"}
    assert result.unknown == UNKNOWN["stock"]


def test_values_that_only_the_provider_knows_do_not_block_a_preview(pack: PolicyPack) -> None:
    config = {"environment": "prod", "network_vpc": "create", "encryption_key": "create"}
    result = pack.preview(tap, **config)
    assert not result.violations
    assert {("EC2.2", "tap-network-vpc-vpc"), ("IAM.1", "tap-network-refused-writer-policy")} <= result.unknown
    assert pack.update(tap, **config) == Report(set(), set())
