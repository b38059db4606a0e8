"""The resources in the AWS accounts of the provider double, and the operations that AWS would reject."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from . import wire
from .resource_type import TYPES, ResourceType
from .wire import Properties

ACCOUNT = "123456789012"
ALWAYS = {"account": ACCOUNT, "partition": "aws"}
GLOBAL_SCOPES = {"global": "", "account": ""}


class AwsError(Exception):
    """An operation that AWS rejects."""


class Event(NamedTuple):
    """An operation that created, changed, deleted or read a resource."""

    operation: str
    """`create`, `update`, `delete` or `read`."""
    token: str
    name: str
    """Logical name."""
    id: str


@dataclass
class Entry:
    """An existing resource."""

    token: str
    region: str
    id: str
    urn: str
    inputs: Properties
    outputs: Properties
    writers: int = 1
    """Number of Pulumi resources that created it. More than one if a creation overwrote it."""
    contents: int = 0
    """Number of recovery points in a vault. A vault with contents cannot be deleted."""
    names: set[str] = field(default_factory=set)
    """Values by which other resources refer to it."""


def resource_type(token: str) -> ResourceType:
    """Return the definition of a resource type. Raise `AwsError` for an undefined type."""
    if token not in TYPES:
        raise AwsError(f"{token} has no entry in tests/engine/resource_types. Add one.")
    return TYPES[token]


class Ledger:
    """All resources of the double, and all rejected operations."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str, str], Entry] = {}
        self.events: list[Event] = []
        self.rejections: list[str] = []
        self.lock = threading.RLock()
        self.fail: Callable[[str, str, str], str | None] = lambda operation, token, name: None
        """Function that returns an error message if an operation must fail."""
        self._overwritten: dict[tuple[str, str, str], Entry] = {}
        """Resources that overwrote another one with another ID, by the key of the overwritten resource."""
        self._unique = itertools.count(1)

    def find(self, token: str) -> list[Entry]:
        """Return the existing resources of a type."""
        return [entry for entry in self.entries.values() if entry.token == token]

    def look_up(self, token: str, region: str, id_: str) -> Entry | None:
        """Return an existing resource, or None."""
        return self.entries.get((token, region, id_))

    def create(self, urn: str, token: str, region: str, inputs: Properties) -> Entry:
        """Create a resource."""
        with self.lock:
            self._check("create", token, urn, inputs)
            kind = resource_type(token)
            outputs = self.provision(token, region, inputs)
            entry = Entry(token, region, outputs["id"], urn, inputs, outputs, names=_names(outputs))
            existing = self._existing(kind, entry)
            if existing and not (kind.upsert or _overwrites(inputs)):
                raise self.reject(f"create {token} {name_of(urn)}: {identity(kind, outputs)} already exists")
            if existing:
                entry.writers = existing.writers + 1
                del self.entries[existing.token, existing.region, existing.id]
                if existing.id != entry.id:
                    self._overwritten[token, region, existing.id] = entry
            self._record("create", entry)
            self.entries[token, region, entry.id] = entry
            return entry

    def provision(self, token: str, region: str, inputs: Properties) -> Properties:
        """Return the outputs of a new resource, including its ID."""
        return complete(resource_type(token), inputs, region, self.unique())

    def unique(self) -> str:
        return f"{next(self._unique):010x}"

    def update(self, urn: str, token: str, region: str, id_: str, inputs: Properties) -> Entry:
        """Update a resource in place."""
        with self.lock:
            self._check("update", token, urn, inputs)
            entry = self.entries.get((token, region, id_))
            if entry is None:
                raise self.reject(f"update {token} {name_of(urn)}: {id_} does not exist")
            kind = resource_type(token)
            inputs = with_sticky(kind, entry.inputs, inputs)
            fresh = complete(kind, inputs, region, self.unique(), id_)
            volatile = kind.volatile if publishes(entry.inputs, inputs) else frozenset()
            if "{unique" not in kind.id and fresh["id"] != id_:
                raise self.reject(f"update {token} {name_of(urn)}: the id would change from {id_} to {fresh['id']}")
            for path in wire.changes(wire.plain(entry.inputs), wire.plain(inputs)):
                if path in kind.locked and (users := self._users(entry, kind.locked[path])):
                    user = name_of(users[0].urn)
                    raise self.reject(f"update {token} {name_of(urn)}: {path} cannot change while {user} exists")
            names = {*kind.computed, kind.auto_name} - volatile - inputs.keys()
            stable = {name: value for name, value in entry.outputs.items() if name in names}
            entry.urn, entry.inputs, entry.outputs = urn, inputs, {**fresh, **stable, "id": id_}
            self._record("update", entry)
            return entry

    def delete(self, urn: str, token: str, region: str, id_: str, inputs: Properties) -> None:
        """Delete a resource."""
        with self.lock:
            self._check("delete", token, urn, {})
            key, kind = (token, region, id_), resource_type(token)
            entry = self.entries.get(key) or self._overwritten.pop(key, None)
            if entry is None:
                return
            if entry.writers > 1:
                entry.writers -= 1
                raise self.reject(f"delete {token} {name_of(urn)}: this would delete its replacement {entry.id}")
            if not kind.deletable:
                del self.entries[key]
                return
            if wire.plain(entry.inputs.get(kind.protection)) in (True, "ACTIVE"):
                raise self.reject(f"delete {token} {name_of(urn)}: deletion protection is active for {id_}")
            if entry.contents and not wire.plain(inputs.get("forceDestroy")):
                raise self.reject(f"delete {token} {name_of(urn)}: {id_} is not empty")
            for other in self._referring(entry):
                raise self.reject(
                    f"delete {token} {name_of(urn)}: {id_} is in use by {other.token} {name_of(other.urn)}"
                )
            self._record("delete", entry)
            del self.entries[token, region, id_]

    def reject(self, message: str) -> AwsError:
        """Record a rejection and return its error."""
        self.rejections.append(message)
        return AwsError(message)

    def _record(self, operation: str, entry: Entry) -> None:
        self.events.append(Event(operation, entry.token, name_of(entry.urn), entry.id))

    def _check(self, operation: str, token: str, urn: str, inputs: Properties) -> None:
        if message := self.fail(operation, token, name_of(urn)):
            raise AwsError(message)
        if unknown := sorted(wire.unknown_paths(inputs)):
            raise self.reject(f"{operation} {token} {name_of(urn)}: unknown values in {', '.join(unknown)}")

    def _existing(self, kind: ResourceType, entry: Entry) -> Entry | None:
        """Return the existing resource with the identity of a new one, or None."""
        if (existing := self.entries.get((entry.token, entry.region, entry.id))) is not None:
            return existing
        identifier = identity(kind, entry.outputs)
        others = (
            other for other in self.find(entry.token) if kind.scope in GLOBAL_SCOPES or other.region == entry.region
        )
        return next((other for other in others if identifier and identity(kind, other.outputs) == identifier), None)

    def _users(self, entry: Entry, token: str) -> list[Entry]:
        """Return the resources of a type, in any region, with the ARN of an entry in their inputs."""
        return [user for user in self.find(token) if entry.outputs["arn"] in wire.strings(wire.plain(user.inputs))]

    def _referring(self, entry: Entry) -> Iterator[Entry]:
        for other in self.entries.values():
            kind = resource_type(other.token)
            for path, target in kind.references.items():
                local = other.region == entry.region or resource_type(entry.token).scope in GLOBAL_SCOPES
                if target == entry.token and other is not entry and local:
                    values = list(wire.strings(wire.plain(wire.values_at(other.inputs, path))))
                    if any(_refers(value, name) for name in entry.names for value in values):
                        yield other


def _refers(value: str, name: str) -> bool:
    """Return whether a value is a name, a path such as `integrations/<name>`, or an alarm rule with the quoted name."""
    return value == name or value.endswith(f"/{name}") or f'"{name}"' in value


def publishes(before: Properties, after: Properties) -> bool:
    """Return whether an update changes more than tags, so that Lambda publishes another version."""
    return any(not path.startswith("tags") for path in wire.changes(wire.plain(before), wire.plain(after)))


def with_sticky(kind: ResourceType, olds: Properties, news: Properties) -> Properties:
    """Return new inputs with the values that the provider retains if the program removes them."""
    for path in kind.sticky:
        news = wire.keep(path, wire.plain(olds), news)
    return news


def _overwrites(inputs: Properties) -> bool:
    """Return whether the inputs allow the creation to overwrite an existing resource."""
    return any(wire.plain(inputs.get(name)) is True for name in ("overwrite", "allowOverwrite"))


def name_of(urn: str) -> str:
    """Return the logical name in a URN."""
    return urn.rpartition("::")[2]


def identity(kind: ResourceType, outputs: Properties) -> str:
    """Return the value that AWS requires to be unique."""
    return str(wire.fill(kind.identity, wire.plain(outputs)))


def complete(kind: ResourceType, inputs: Properties, region: str, unique: str, id_: str = "") -> Properties:
    """Return the outputs of a resource: its inputs, defaults and computed values."""
    values: Properties = {**ALWAYS, "region": region, "unique": unique, **wire.plain(inputs)}
    outputs: Properties = {"region": region, **inputs}
    if kind.auto_name and kind.auto_name not in inputs:
        outputs[kind.auto_name] = values[kind.auto_name] = f"{wire.plain(inputs.get(kind.name_prefix)) or ''}{unique}"
    values["id"] = outputs["id"] = id_ or wire.fill(kind.id, values)
    for name, template in {**kind.defaults, **kind.computed}.items():
        if wire.is_absent(outputs.get(name)):
            outputs[name] = values[name] = wire.fill(template, values)
    if "tags" in inputs:
        outputs["tagsAll"] = inputs["tags"]
    for name in kind.secret & outputs.keys():
        outputs[name] = wire.secret(outputs[name])
    return outputs


def _names(outputs: Properties) -> set[str]:
    values = (wire.plain(outputs.get(name)) for name in ("id", "arn", "name", "bucket"))
    return {value for value in values if isinstance(value, str) and value}
