"""Run a Pulumi program with mocks instead of AWS, and record the resources that it registers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks, rpc

from ..components.lookup.previous_state import INVOKE
from .monitor import STACK_TYPE, Monitor, plain
from .runner import Program, module_search_path, run
from .stacks import DeployedStack

PROJECT = "tap"
"""Default name of the Pulumi project of a recorded program."""
STACK = "test"
"""Default name of the Pulumi stack of a recorded program."""
COMPUTED = (
    "arn",
    "bucket",
    "bucketRegionalDomainName",
    "clientSecret",
    "customDomain",
    "dashboardArn",
    "domainName",
    "executionArn",
    "invokeArn",
    "invokeUrl",
    "ownerId",
    "prefixListId",
    "publicIp",
    "region",
    "regionalDomainName",
    "regionalZoneId",
    "rootResourceId",
    "streamArn",
    "url",
    "value",
    "version",
    "websiteEndpoint",
)
"""Properties that AWS computes. The mock returns `<property>:<logical name>`."""
CALLS: dict[str, dict[str, Any]] = {
    "getAvailabilityZones": {"names": [f"zone-{letter}" for letter in "abc"]},
    "getCallerIdentity": {"accountId": "123456789012"},
    "getRegion": {"region": "us-east-1"},
    "getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
}
"""Results of the data sources that every program can use."""
LOOK_UPS = (
    "getFunction",
    "getKey",
    "getParameter",
    "getSecret",
    "getServiceQuota",
    "getTable",
    "getUserPools",
    "getVault",
)
"""Data sources that return an empty result by default."""
Call = Mapping[str, Any] | Callable[[Mapping[str, Any]], Any]
"""Result of a data source, or a function from its arguments to its result as `pulumi.runtime.Mocks.call` returns it."""
VALIDATION_RECORD = ("resourceRecordName", "resourceRecordType", "resourceRecordValue")
"""Properties of the DNS record that validates a certificate."""
OPTIONS = (
    "additionalSecretOutputs",
    "aliasURNs",
    "aliases",
    "customTimeouts",
    "deleteBeforeReplace",
    "deleteBeforeReplaceDefined",
    "deletedWith",
    "dependencies",
    "envVarMappings",
    "hideDiffs",
    "hooks",
    "ignoreChanges",
    "importId",
    "propertyDependencies",
    "protect",
    "provider",
    "providers",
    "replaceOnChanges",
    "replaceWith",
    "replacementTrigger",
    "retainOnDelete",
)
"""Fields of a registration request that the options of a resource set. The other fields identify the resource, contain
its inputs, or describe the SDK."""


class RegisteredResource(NamedTuple):
    """A resource that a program registered."""

    kind: str
    """Short form of the type token, e.g. `dynamodb.Table` for `aws:dynamodb/table:Table`."""
    name: str
    inputs: dict[str, Any]
    """Inputs with secrets in plain text."""
    urn: str
    custom: bool
    """Whether a provider creates the resource. False for components."""
    parent: str
    depends_on: list[str]
    """Logical names of the dependencies."""
    provider: str
    """Reference to the explicit provider. Empty for the default provider."""
    retain_on_delete: bool
    ignore_changes: list[str]
    sources: dict[str, list[str]]
    """URNs of the resources on whose outputs an input depends, by name of the input."""
    import_id: str = ""
    """ID of the existing resource to import. Empty for a resource that is created."""
    serialized_inputs: Mapping[str, Any] = MappingProxyType({})
    """Inputs as Pulumi displays and stores them, with `[secret]` for secrets."""
    options: Mapping[str, Any] = MappingProxyType({})
    """Resource options that are set, by their names in `OPTIONS`."""


class Deployment(NamedTuple):
    """The recording of a program."""

    registered: list[RegisteredResource]
    """Resources in the order of their registration."""
    outputs: dict[str, dict[str, Any]]
    """Outputs of each component by URN. Secrets are wrapped."""
    exports: dict[str, Any]
    warnings: list[str]
    info_messages: list[str]
    stacks: tuple[DeployedStack, ...] = ()
    """The `TapStack` components."""

    def resources_of(self, stack: DeployedStack) -> list[RegisteredResource]:
        """Return the resources of one `TapStack`: the component, its children and their descendants."""
        urns, resources = {stack.urn}, []
        for resource in self.registered:  # parents first
            if resource.urn in urns or resource.parent in urns:
                urns.add(resource.urn)
                resources.append(resource)
        return resources

    def by_kind(self, kind: str) -> dict[str, RegisteredResource]:
        """Return the resources of a kind by logical name."""
        return {resource.name: resource for resource in self.registered if resource.kind == kind}

    def single(self, kind: str) -> RegisteredResource:
        """Return the only resource of a kind."""
        (resource,) = self.by_kind(kind).values()
        return resource

    def inputs(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the inputs of the resources of a kind, by logical name."""
        return {name: resource.inputs for name, resource in self.by_kind(kind).items()}

    def stack_outputs(self) -> dict[str, Any]:
        """Return the outputs of the only TapStack."""
        return self.outputs[self.single("stack.TapStack").urn]

    def paths(self) -> dict[str, str]:
        """Return the paths of the API by the IDs of their resources."""
        paths = {f"rootResourceId:{name}": "" for name in self.by_kind("apigateway.RestApi")}
        for name, resource in self.inputs("apigateway.Resource").items():
            paths[f"{name}-id"] = f"{paths[resource['parentId']]}/{resource['pathPart']}"
        return paths

    def endpoints(self) -> dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]]:
        """Return the inputs of every API method and of its integration, by HTTP method and path."""
        paths = self.paths()
        integrations = {_endpoint(i, paths): i for i in self.inputs("apigateway.Integration").values()}
        methods = {_endpoint(m, paths): m for m in self.inputs("apigateway.Method").values()}
        return {endpoint: (method, integrations[endpoint]) for endpoint, method in methods.items()}


def _endpoint(inputs: Mapping[str, Any], paths: Mapping[str, str]) -> tuple[str, str]:
    return inputs["httpMethod"], paths[inputs["resourceId"]] or "/"


def kind_of(token: str) -> str:
    """Return the short form of a type token."""
    _, _, path = token.partition(":")  # can be empty for a custom component
    module, _, name = path.rpartition(":")
    return f"{module.split('/')[0]}.{name}"


class MockCloud(mocks.Mocks):
    """A mock of AWS. The outputs of a resource are its inputs and `COMPUTED`; in a preview, it has no outputs."""

    def __init__(self, preview: bool, calls: Mapping[str, Call]) -> None:
        self._preview = preview
        self._calls: dict[str, Call] = {**CALLS, **{name: {} for name in LOOK_UPS}, **calls}

    @property
    def keeps_state(self) -> bool:
        """Whether a program can read the state of a previous deployment."""
        return INVOKE.rpartition(":")[2] in self._calls

    def call(self, args: mocks.MockCallArgs) -> Any:
        """Return the result of a data source. Raise `AssertionError` if the recorder has no result for it."""
        name = args.token.rpartition(":")[2]
        if name not in self._calls:
            raise AssertionError(f"The recorder has no result for {args.token}. Pass it in calls as {name}.")
        result = self._calls[name]
        return result(args.args) if callable(result) else result

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Return the ID and the outputs of a new resource, or of an existing resource that a program reads."""
        if self._preview:
            return "", {}
        outputs: dict[str, Any] = {key: f"{key}:{args.name}" for key in COMPUTED}
        outputs["domainValidationOptions"] = [{key: f"{key}:{args.name}" for key in VALIDATION_RECORD}]
        outputs["name"] = args.resource_id or f"{args.inputs.get('namePrefix', f'{args.name}-')}made"
        return args.resource_id or f"{args.name}-id", {**outputs, **args.inputs}


class Recorder(Monitor):
    """A monitor that records each resource after applying the transforms."""

    def __init__(self, cloud: MockCloud, preview: bool) -> None:
        super().__init__(cloud)
        self.keeps_state = cloud.keeps_state
        self._preview = preview
        self.registered: list[RegisteredResource] = []
        self.outputs: dict[str, dict[str, Any]] = {}

    def Invoke(self, request: Any) -> Any:  # pylint: disable=invalid-name  # the RPC's name
        """Return the result of a data source, which is unknown in a preview."""
        response = super().Invoke(request)  # type: ignore[no-untyped-call]  # Pulumi's mocks are
        response.unknown = self._preview
        return response

    def RegisterResource(self, request: Any) -> Any:
        """Register and record a resource."""
        response = super().RegisterResource(request)
        if request.type != STACK_TYPE:
            message = MessageToDict(request)
            self.registered.append(
                RegisteredResource(
                    kind=kind_of(request.type),
                    name=request.name,
                    inputs=plain(rpc.deserialize_properties(request.object, keep_unknowns=True)),
                    urn=response.urn,
                    custom=request.custom,
                    parent=request.parent,
                    depends_on=[urn.split("::")[-1] for urn in request.dependencies],
                    provider=request.provider,
                    retain_on_delete=request.retainOnDelete,
                    ignore_changes=list(request.ignoreChanges),
                    sources={name: list(each.urns) for name, each in request.propertyDependencies.items() if each.urns},
                    import_id=request.importId,
                    serialized_inputs=_serialize(message.get("object", {})),
                    options={name: message[name] for name in OPTIONS if message.get(name)},
                )
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:
        """Record the outputs of a component."""
        self.outputs[request.urn] = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
        return super().RegisterResourceOutputs(request)


def _serialize(value: Any) -> Any:
    """Return a serialized value with `[secret]` for each secret.

    The deserialization of the SDK marks a whole list or object as secret if it contains a secret.
    """
    if isinstance(value, dict):
        signature = value.get(rpc._special_sig_key)  # pylint: disable=protected-access  # has no public name
        is_secret = signature == rpc._special_secret_sig  # pylint: disable=protected-access  # has no public name
        return "[secret]" if is_secret else {name: _serialize(inner) for name, inner in value.items()}
    return [_serialize(inner) for inner in value] if isinstance(value, list) else value


def record_file(program: Path, config: Mapping[str, str], project: str = PROJECT) -> Deployment:
    """Run the Pulumi program in a file and return its recording, as `record_program` does."""
    return record_program(Program.from_file(program), config, project=project)


def record_program(
    program: Program, config: Mapping[str, str], *, project: str = PROJECT, stack: str = STACK
) -> Deployment:
    """Run a Pulumi program in its folder, as the Pulumi CLI does, and return its recording.

    The keys of `config` are in the namespace of the project.
    """
    folder = program.folder.resolve()
    with module_search_path(folder), chdir(folder):
        return record(program.execute, config=config, project=project, stack=stack)


def record(
    program: Callable[[], object],
    *,
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    project: str = PROJECT,
    stack: str = STACK,
    calls: Mapping[str, Call] | None = None,
) -> Deployment:
    """Run `program` and return its recording, or raise its first error. In a preview, every output is unknown.

    `project` is the name of the Pulumi project, which is the namespace of `config`, and `stack` the name of the Pulumi
    stack. `calls` are results of data sources by name, e.g. `{"getTable": {"id": "orders", ...}}`.
    """
    # A new thread has no state of a failed program, and a short call stack, which Pulumi records with every resource.
    with ThreadPoolExecutor(1) as thread:
        recording = partial(_record, program, MockCloud(preview, calls or {}), preview)
        return thread.submit(recording, project=project, stack=stack, config=config or {}).result()


def _record(
    program: Callable[[], object],
    cloud: MockCloud,
    preview: bool,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
) -> Deployment:
    warnings: list[str] = []
    info_messages: list[str] = []

    def log(level: int, message: str) -> None:
        (warnings if level >= logging.WARNING else info_messages).append(message)

    monitor = Recorder(cloud, preview)
    run(program, monitor, project=project, stack=stack, config=config, log=log, preview=preview)
    return Deployment(
        monitor.registered, monitor.outputs, monitor.exports, warnings, info_messages, tuple(monitor.stacks())
    )
