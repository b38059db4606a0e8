"""A test double of the Pulumi AWS provider: a gRPC server with a ledger of resources instead of AWS."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from importlib.metadata import version
from types import TracebackType
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi._types import resource_types
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from . import wire
from .ledger import ACCOUNT, AwsError, Entry, Ledger, name_of, publishes, resource_type, with_sticky
from .resource_type import ResourceType
from .wire import Properties

VERSION = version("pulumi-aws")
HOME_REGION = "us-east-1"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"
USER_POOL = "aws:cognito/userPool:UserPool"
DEFAULTS = "__defaults"
"""Input in which the Terraform bridge lists the properties that it has set."""
INVOKES: Mapping[str, Callable[[str, Properties], Properties]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda region, args: {"accountId": ACCOUNT, "id": ACCOUNT},
    "aws:index/getRegion:getRegion": lambda region, args: {"region": region, "name": region, "id": region},
    "aws:index/getPartition:getPartition": lambda region, args: {
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "id": "aws",
    },
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda region, args: {
        "names": [f"{region}{letter}" for letter in "abc"],
        "id": region,
    },
    "aws:servicequotas/getServiceQuota:getServiceQuota": lambda region, args: {"id": args["quotaCode"], "value": 1000},
    "aws:kms/getKey:getKey": lambda region, args: {
        "id": "aws-managed",
        "arn": f"arn:aws:kms:{region}:{ACCOUNT}:key/{args['keyId'].replace('/', '-')}",
    },
}
LOOK_UPS = {
    "aws:dynamodb/getTable:getTable": ("aws:dynamodb/table:Table", "name"),
    "aws:backup/getVault:getVault": ("aws:backup/vault:Vault", "name"),
    "aws:lambda/getFunction:getFunction": ("aws:lambda/function:Function", "functionName"),
    "aws:ssm/getParameter:getParameter": ("aws:ssm/parameter:Parameter", "name"),
    "aws:secretsmanager/getSecret:getSecret": ("aws:secretsmanager/secret:Secret", "name"),
}
"""Resource type and name argument of the data sources that look up an existing resource by its name."""


@cache
def declared(token: str) -> frozenset[str]:
    """Return the output properties that the Python class of a resource type declares."""
    _, module, name = token.split(":")
    package = module.partition("/")[0]
    cls = getattr(import_module(f"pulumi_aws.{'lambda_' if package == 'lambda' else package}"), name)
    return frozenset(resource_types(cls))


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The RPCs of a resource provider. Each connection has a configured region."""

    # The protocol defines the names of the methods.
    # pylint: disable=invalid-name,unused-argument

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._regions: dict[str, str] = {}

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """Return the version of the provider that the double replaces."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse()

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Return the changes of the configuration. A changed region replaces the provider."""
        changed = sorted(set(wire.changes(wire.read(request.olds), wire.read(request.news))))
        return provider_pb2.DiffResponse(
            changes=_changes(changed), diffs=changed, replaces=[name for name in changed if name == "region"]
        )

    def Configure(self, request: Any, context: Any) -> Any:
        """Save the region of this connection."""
        args = wire.plain(wire.read(request.args))
        self._regions[context.peer()] = args.get("region") or request.variables.get("aws:config:region") or HOME_REGION
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=False
        )

    def Cancel(self, request: Any, context: Any) -> Any:
        """Return immediately, because operations take no time."""
        return Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """Call a data source."""
        args = wire.plain(wire.read(request.args))
        region = args.get("region") or self._region(context)
        with _aws_errors(context):
            if request.tok in INVOKES:
                result = INVOKES[request.tok](region, args)
            elif request.tok == "aws:cognito/getUserPools:getUserPools":
                pools = [pool for pool in self.ledger.find(USER_POOL) if pool.region == region]
                ids = [pool.id for pool in pools if wire.plain(pool.outputs["name"]) == args["name"]]
                result = {"id": args["name"], "ids": ids}
            elif request.tok in LOOK_UPS:
                result = self._look_up(*LOOK_UPS[request.tok], region, args)
            else:
                raise AwsError(f"{request.tok} is not supported by the double. Add it to INVOKES or LOOK_UPS.")
        return provider_pb2.InvokeResponse(**{"return": wire.write(result)})

    def _look_up(self, token: str, argument: str, region: str, args: Properties) -> Properties:
        entries = (entry for entry in self.ledger.find(token) if entry.region == region)
        entry = next((entry for entry in entries if args[argument] in entry.names), None)
        if entry is None:
            raise AwsError(f"{token} {args[argument]}: ResourceNotFoundException")
        return {**wire.plain(entry.outputs), "recoveryPoints": entry.contents, "replicas": self._replicas(entry)}

    def _replicas(self, table: Entry) -> list[Properties]:
        replicas = [entry for entry in self.ledger.find(REPLICA) if entry.inputs["globalTableArn"] in table.names]
        return [
            {"regionName": replica.region, "kmsKeyArn": wire.plain(replica.inputs.get("kmsKeyArn"))}
            for replica in replicas
        ]

    def Check(self, request: Any, context: Any) -> Any:
        """Add generated names and the region of the provider, unless the program sets them."""
        with _aws_errors(context):
            kind = resource_type(request.type)
        olds, inputs = wire.read(request.olds), wire.read(request.news)
        defaults = []
        if "region" not in inputs and "region" in declared(request.type):
            inputs["region"] = self._region(context)
            defaults.append("region")
        if kind.auto_name and kind.auto_name not in inputs and not inputs.get(kind.name_prefix):
            inputs[kind.auto_name] = olds.get(kind.auto_name) or _auto_name(request)
            defaults.append(kind.auto_name)
        return provider_pb2.CheckResponse(inputs=wire.write({**inputs, DEFAULTS: sorted(defaults)}))

    def Diff(self, request: Any, context: Any) -> Any:
        """Return the changes, those that replace the resource, and whether the old resource must be deleted first."""
        with _aws_errors(context):
            kind = resource_type(request.type)
        olds, news = _inputs(request.old_inputs), _inputs(request.news)
        changed = sorted(set(wire.changes(wire.plain(olds), wire.plain(with_sticky(kind, olds, news)))))
        replacing = [path for path in changed if _replaces(kind, path)]
        return provider_pb2.DiffResponse(
            changes=_changes(changed),
            diffs=[path.partition(".")[0] for path in changed],
            replaces=[path.partition(".")[0] for path in replacing],
            deleteBeforeReplace=bool(replacing)
            and _deletes_before_replace(kind, wire.read(request.old_inputs), wire.read(request.news)),
        )

    def Create(self, request: Any, context: Any) -> Any:
        """Create a resource, or return its known outputs in a preview."""
        inputs = _inputs(request.properties)
        region = wire.plain(inputs.get("region")) or self._region(context)
        with _aws_errors(context):
            if request.preview:
                planned = self._planned(request.type, inputs)
                return provider_pb2.CreateResponse(id="", properties=wire.write(planned))
            entry = self.create(request.urn, request.type, region, inputs)
        return provider_pb2.CreateResponse(id=entry.id, properties=wire.write(self._state(entry)))

    def create(self, urn: str, token: str, region: str, inputs: Properties) -> Entry:
        """Create a resource in the ledger."""
        return self.ledger.create(urn, token, region, inputs)

    def Read(self, request: Any, context: Any) -> Any:
        """Return the current state of a resource, or an empty ID if it does not exist."""
        inputs = wire.read(request.inputs)
        region = wire.plain(inputs.get("region")) or self._region(context)
        id_, _, imported_from = request.id.partition("@")
        entry = self.ledger.look_up(request.type, imported_from or region, id_)
        if entry is None:
            return provider_pb2.ReadResponse(id="")
        # A refresh request contains the inputs of the program. An import has only the properties that AWS returns.
        hidden = frozenset() if inputs else resource_type(request.type).unreadable
        state = {name: value for name, value in self._state(entry).items() if name not in hidden}
        readable = {name: value for name, value in entry.inputs.items() if name not in hidden}
        return provider_pb2.ReadResponse(
            id=entry.id, properties=wire.write(state), inputs=wire.write({**readable, DEFAULTS: []})
        )

    def Update(self, request: Any, context: Any) -> Any:
        """Update a resource in place, or return its known outputs in a preview."""
        inputs = _inputs(request.news)
        region = wire.plain(inputs.get("region")) or self._region(context)
        with _aws_errors(context):
            if request.preview:
                reset = _reset(resource_type(request.type), _inputs(request.old_inputs), inputs)
                planned = self._planned(request.type, inputs, {**wire.read(request.olds), **reset})
                return provider_pb2.UpdateResponse(properties=wire.write(planned))
            entry = self.ledger.update(request.urn, request.type, region, request.id, inputs)
        return provider_pb2.UpdateResponse(properties=wire.write(self._state(entry)))

    def Delete(self, request: Any, context: Any) -> Any:
        """Delete a resource."""
        inputs = wire.read(request.old_inputs)
        region = wire.plain(inputs.get("region")) or self._region(context)
        with _aws_errors(context):
            self.ledger.delete(request.urn, request.type, region, request.id, inputs)
        return Empty()

    def _region(self, context: Any) -> str:
        return self._regions.get(context.peer(), HOME_REGION)

    def _planned(self, token: str, inputs: Properties, olds: Properties | None = None) -> Properties:
        """Return the outputs in a preview: properties that are set, and unknown values for computed properties."""
        kind = resource_type(token)
        volatile = kind.volatile if olds is not None and publishes(olds, {**olds, **inputs}) else frozenset()
        stable = {} if olds is None else {name: value for name, value in olds.items() if name not in volatile}
        names = (*kind.defaults, *kind.computed, kind.auto_name, "id")
        computed = {name: stable.get(name, wire.UNKNOWN) for name in names if name in declared(token)}
        return {**computed, **inputs}

    def _state(self, entry: Entry) -> Properties:
        """Return outputs like the bridge does: the declared properties that have a value."""
        names = {*declared(entry.token), "id"}
        return {name: value for name, value in entry.outputs.items() if name in names and value not in (None, [], {})}


def _inputs(properties: Any) -> Properties:
    """Return inputs without `DEFAULTS`, which the bridge adds."""
    return {name: value for name, value in wire.read(properties).items() if name != DEFAULTS}


def _reset(kind: ResourceType, olds: Properties, news: Properties) -> Properties:
    """Return the defaults of removed properties. A default that depends on other values is unknown."""
    removed = {name: value for name, value in kind.defaults.items() if name in olds and name not in news}
    return {name: wire.UNKNOWN if "{" in str(value) else value for name, value in removed.items()}


def _changes(changed: list[str]) -> Any:
    return provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE


def _replaces(kind: ResourceType, path: str) -> bool:
    """Return whether a change at `path`, inside of it or around it replaces the resource."""
    forcing = (*kind.force_new, "region")
    return any(path == name or path.startswith(f"{name}.") or name.startswith(f"{path}.") for name in forcing)


def _deletes_before_replace(kind: ResourceType, olds: Properties, news: Properties) -> bool:
    """Return whether the bridge deletes the old resource first, e.g. because the program sets an unchanged name."""
    name = kind.auto_name
    return kind.delete_before_replace or (
        bool(name) and name not in news.get(DEFAULTS, ()) and name in news and olds.get(name) == news.get(name)
    )


def _auto_name(request: Any) -> str:
    seed = bytes(request.randomSeed) or request.urn.encode()
    return f"{name_of(request.urn)}-{hashlib.sha256(seed).hexdigest()[:7]}"


class _aws_errors:  # pylint: disable=invalid-name  # a context manager that reads like a function
    """Convert an `AwsError` to an error of the RPC."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, AwsError):
            self._context.abort(grpc.StatusCode.UNKNOWN, str(error))


class Server:
    """A context manager that runs the double on a free port of the loopback interface."""

    def __init__(self, provider: Provider) -> None:
        self._server = grpc.server(
            ThreadPoolExecutor(64),
            options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Server:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(None).wait()
