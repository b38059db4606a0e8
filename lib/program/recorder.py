"""Runs a program against a recorder instead of AWS, and keeps what it registered: the graph of its resources."""

from __future__ import annotations

import logging
import runpy
import sys
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
from .runner import run

PROJECT = "tap"
"""Default name of the Pulumi project that a recorded program belongs to."""
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
"""Properties that AWS decides; the recorder answers `<property>:<logical name>`."""
CALLS: dict[str, dict[str, Any]] = {
    "getAvailabilityZones": {"names": [f"zone-{letter}" for letter in "abc"]},
    "getCallerIdentity": {"accountId": "123456789012"},
    "getRegion": {"region": "us-east-1"},
    "getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
}
"""What a program may ask AWS, and the recorder's answer."""
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
"""Data sources that find nothing unless a recording sets a result."""
Call = Mapping[str, Any] | Callable[[Mapping[str, Any]], Any]
"""Result of a data source, or a function from its arguments to what `pulumi.runtime.Mocks.call` returns."""
PROOF = ("resourceRecordName", "resourceRecordType", "resourceRecordValue")
"""What a certificate asks for."""
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


class Registered(NamedTuple):
    """A resource as a program registered it."""

    kind: str
    """`dynamodb.Table` for `aws:dynamodb/table:Table`."""
    name: str
    inputs: dict[str, Any]
    """In the clear."""
    urn: str
    custom: bool
    """Whether a provider makes it, and it is no component."""
    parent: str
    depends_on: list[str]
    """Logical names."""
    provider: str
    """Empty for the default one."""
    retained: bool
    ignored: list[str]
    sources: dict[str, list[str]]
    """The URNs of the resources whose outputs an input is made of."""
    import_id: str = ""
    """Id of the existing resource that it imports; empty: it is created."""
    told: Mapping[str, Any] = MappingProxyType({})
    """The inputs as Pulumi tells and keeps them: `[secret]` for what is one."""
    options: Mapping[str, Any] = MappingProxyType({})
    """Options that the engine receives, by their names in `OPTIONS`; unset and empty options are missing."""


class Deployment(NamedTuple):
    """What came of a program."""

    registered: list[Registered]
    """In order."""
    outputs: dict[str, dict[str, Any]]
    """What each component registered, by its URN; secrets still wrapped."""
    exports: dict[str, Any]
    warnings: list[str]
    notes: list[str]
    """What it said besides."""

    def of(self, kind: str) -> dict[str, Registered]:
        """Every resource of a kind by its logical name."""
        return {resource.name: resource for resource in self.registered if resource.kind == kind}

    def only(self, kind: str) -> Registered:
        """The one resource of a kind."""
        (resource,) = self.of(kind).values()
        return resource

    def inputs(self, kind: str) -> dict[str, dict[str, Any]]:
        """The inputs of every resource of a kind, by its logical name."""
        return {name: resource.inputs for name, resource in self.of(kind).items()}

    def stack_outputs(self) -> dict[str, Any]:
        """What the one TapStack registered."""
        return self.outputs[self.only("stack.TapStack").urn]

    def paths(self) -> dict[str, str]:
        """The paths of the API by the ids of their resources."""
        found = {f"rootResourceId:{name}": "" for name in self.of("apigateway.RestApi")}
        for name, resource in self.inputs("apigateway.Resource").items():
            found[f"{name}-id"] = f"{found[resource['parentId']]}/{resource['pathPart']}"
        return found

    def endpoints(self) -> dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]]:
        """The inputs of every method of the API and of its integration, by method and path."""
        paths = self.paths()
        integrations = {_at(i, paths): i for i in self.inputs("apigateway.Integration").values()}
        return {_at(m, paths): (m, integrations[_at(m, paths)]) for m in self.inputs("apigateway.Method").values()}


def _at(inputs: Mapping[str, Any], paths: Mapping[str, str]) -> tuple[str, str]:
    return inputs["httpMethod"], paths[inputs["resourceId"]]


def kind_of(token: str) -> str:
    """A short name for a type token."""
    _, _, path = token.partition(":")  # of a component of somebody's own it may be empty
    module, _, name = path.rpartition(":")
    return f"{module.split('/')[0]}.{name}"


class Cloud(mocks.Mocks):
    """An AWS that gives back what it gets, and decides nothing in a preview."""

    def __init__(self, preview: bool, calls: Mapping[str, Call]) -> None:
        self._preview = preview
        self._calls: dict[str, Call] = {**CALLS, **{name: {} for name in LOOK_UPS}, **calls}

    @property
    def keeps_state(self) -> bool:
        """Return whether a program can read the state of a previous deployment."""
        return INVOKE.rpartition(":")[2] in self._calls

    def call(self, args: mocks.MockCallArgs) -> Any:
        """Say where the program is, and in which zones; no program here asks AWS anything else."""
        name = args.token.rpartition(":")[2]
        if name not in self._calls:
            raise AssertionError(f"{args.token} was called")
        found = self._calls[name]
        return found(args.args) if callable(found) else found

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Answer a registration, or what a program reads that stands already."""
        if self._preview:
            return "", {}
        made: dict[str, Any] = {key: f"{key}:{args.name}" for key in COMPUTED}
        made["domainValidationOptions"] = [{key: f"{key}:{args.name}" for key in PROOF}]
        made["name"] = args.resource_id or f"{args.inputs.get('namePrefix', f'{args.name}-')}made"
        return args.resource_id or f"{args.name}-id", {**made, **args.inputs}


class Recorder(Monitor):
    """Notes each request once it was transformed and answered."""

    def __init__(self, cloud: Cloud, preview: bool) -> None:
        super().__init__(cloud)
        self.keeps_state = cloud.keeps_state
        self._preview = preview
        self.registered: list[Registered] = []
        self.outputs: dict[str, dict[str, Any]] = {}

    def Invoke(self, request: Any) -> Any:  # pylint: disable=invalid-name  # the RPC's name
        """Answer what the program asks AWS; in a preview nothing is known."""
        answer = super().Invoke(request)  # type: ignore[no-untyped-call]  # Pulumi's mocks are
        answer.unknown = self._preview
        return answer

    def RegisterResource(self, request: Any) -> Any:
        """Register one resource."""
        answer = super().RegisterResource(request)
        if request.type != STACK_TYPE:
            message = MessageToDict(request)
            self.registered.append(
                Registered(
                    kind=kind_of(request.type),
                    name=request.name,
                    inputs=plain(rpc.deserialize_properties(request.object, keep_unknowns=True)),
                    urn=answer.urn,
                    custom=request.custom,
                    parent=request.parent,
                    depends_on=[urn.split("::")[-1] for urn in request.dependencies],
                    provider=request.provider,
                    retained=request.retainOnDelete,
                    ignored=list(request.ignoreChanges),
                    sources={name: list(of.urns) for name, of in request.propertyDependencies.items() if of.urns},
                    import_id=request.importId,
                    told=_told(message.get("object", {})),
                    options={name: message[name] for name in OPTIONS if message.get(name)},
                )
            )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:
        """Keep the outputs of one component."""
        self.outputs[request.urn] = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
        return super().RegisterResourceOutputs(request)


def _told(value: Any) -> Any:
    """A value as it goes to the engine, with `[secret]` in the place of each secret; the SDK would take all that holds
    one for a secret."""
    if isinstance(value, dict):
        sign = value.get(rpc._special_sig_key)  # pylint: disable=protected-access  # the wire's, which has no other name
        secret = sign == rpc._special_secret_sig  # pylint: disable=protected-access  # likewise
        return "[secret]" if secret else {name: _told(one) for name, one in value.items()}
    return [_told(one) for one in value] if isinstance(value, list) else value


def recorded(program: Path, config: Mapping[str, str], project: str = PROJECT) -> Deployment:
    """What a Pulumi program registers under `config` of its project, run in its folder as the Pulumi CLI runs it."""
    script = program.resolve()
    path = [*sys.path]
    sys.path.insert(0, str(script.parent))
    try:
        with chdir(script.parent):
            return record(partial(runpy.run_path, str(script), run_name="__main__"), config=config, project=project)
    finally:
        sys.path[:] = path


def record(
    program: Callable[[], object],
    *,
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    project: str = PROJECT,
    calls: Mapping[str, Call] | None = None,
) -> Deployment:
    """Run `program` to its end, or raise what it raised.  In a preview every output is unknown.

    `project` is the name of the Pulumi project, the namespace of `config`.
    `calls` are results of data sources by name, e.g. `{"getTable": {"id": "orders", ...}}`.
    """
    # In a thread of its own: nothing of a failed program is left to the next, and the stack, which Pulumi notes with
    # every resource, is short.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_record, program, preview, config or {}, project, calls or {}).result()


def _record(
    program: Callable[[], object],
    preview: bool,
    config: Mapping[str, str],
    project: str,
    calls: Mapping[str, Call],
) -> Deployment:
    warnings: list[str] = []
    notes: list[str] = []

    def log(level: int, message: str) -> None:
        (warnings if level >= logging.WARNING else notes).append(message)

    monitor = Recorder(Cloud(preview, calls), preview)
    run(program, monitor, project=project, stack="test", config=config, log=log, preview=preview)
    return Deployment(monitor.registered, monitor.outputs, monitor.exports, warnings, notes)
