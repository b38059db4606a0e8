"""Property values in the protocol between the Pulumi engine and a provider: dicts with signature keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

SIGNATURE: str = rpc._special_sig_key  # pylint: disable=protected-access  # the constant has no public name
SECRET: str = rpc._special_secret_sig  # pylint: disable=protected-access  # the constant has no public name
UNKNOWN: str = rpc.UNKNOWN

Properties = dict[str, Any]


def read(properties: Struct) -> Properties:
    """Return the properties of a request."""
    values: Properties = json_format.MessageToDict(properties)
    return values


def write(properties: Mapping[str, Any]) -> Struct:
    """Return properties as a protobuf message."""
    return json_format.ParseDict(dict(properties), Struct())


def secret(value: Any) -> Any:
    """Return a value marked as secret."""
    return value if is_secret(value) else {SIGNATURE: SECRET, "value": value}


def is_secret(value: Any) -> bool:
    """Return whether a value is marked as secret at its top level."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def plain(value: Any) -> Any:
    """Return a value with unwrapped secrets, and with integers for whole floats."""
    if is_secret(value):
        return plain(value["value"])
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def unknown_paths(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of unknown values."""
    if value == UNKNOWN:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from unknown_paths(item, f"{path}.{key}".strip("."))
    elif isinstance(value, list):
        for item in value:
            yield from unknown_paths(item, path)


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def value_at(value: Any, path: str) -> Any:
    """Return the value at a dotted path, or None. Of a list, the first element is used."""
    for part in path.split("."):
        while isinstance(value, list):
            value = value[0] if value else None
        value = value.get(part) if isinstance(value, dict) else None
    return value


def values_at(value: Any, path: str) -> list[Any]:
    """Return every value at a dotted path, including all elements of lists."""
    values = [value]
    for part in path.split("."):
        items = [item for value in values for item in (value if isinstance(value, list) else [value])]
        values = [item[part] for item in map(plain, items) if isinstance(item, dict) and part in item]
    return values


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a template, or nested templates, with the value of each `{path}`. An absent value is an empty string.

    `{path:n}` is the name in part n of an ARN: `{tableArn:5}` is `a` if the ARN ends in `:table/a`.
    """
    if isinstance(template, str):
        return re.sub(
            r"\{([\w.]+)(?::(\d))?\}", lambda match: _part(_to_string(value_at(values, match[1])), match[2]), template
        )
    if isinstance(template, dict):
        return {key: fill(item, values) for key, item in template.items()}
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    return template


def keep(path: str, old: Any, new: Any) -> Any:
    """Return `new` with the value of `old` at a dotted path, if `new` has the parent of the path, but no value."""
    head, _, rest = path.partition(".")
    if not (isinstance(old, dict) and isinstance(new, dict) and head in old):
        return new
    if rest:
        return {**new, head: keep(rest, old[head], new[head])} if head in new else new
    return {**new, head: old[head]} if is_absent(new.get(head)) else new


def _part(value: str, number: str | None) -> str:
    return value.split(":")[int(number)].rpartition("/")[2] if number and ":" in value else value


def _to_string(value: Any) -> str:
    return "" if value is None else str(value)


def changes(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield the paths, without list indexes, at which two values differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            yield from changes(old.get(key), new.get(key), f"{path}.{key}".strip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from changes(before, after, path)
    elif not (old == new or (is_absent(old) and is_absent(new))):
        yield path


def is_absent(value: Any) -> bool:
    """Return whether a property has no value."""
    return value is None or value in ([], {}, "")
