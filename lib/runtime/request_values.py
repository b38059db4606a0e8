"""Values of path parameters, query parameters, headers and form fields, converted by the types of their schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Union
from urllib.parse import unquote

from .body import decode_json
from .errors import BadRequest

ParameterType = Union[str, "tuple[str, ...]"]
"""JSON Schema type of a value; a tuple with the type of the items for an array."""


def parse_path(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the path parameters, which API Gateway passes percent-encoded."""
    return {name: _decode_path(name, value) for name, value in parameters.items()}


def _decode_path(name: str, raw: str) -> str:
    try:
        value = unquote(raw, errors="strict")
        value.encode()
        return value
    except UnicodeError as exc:
        raise BadRequest(f"{name} must be percent-encoded UTF-8, got {raw!r}.") from exc


def parse_values(
    values: Iterable[tuple[str, Sequence[str]]], types: Mapping[str, ParameterType], *, allows_repeated: bool = False
) -> dict[str, Any]:
    """Return query parameters or form fields by name. `types` has the types of those that are not strings.

    A name can be repeated only if it is an array. With `allows_repeated`, the last value of names that are not in
    `types` is used.
    """
    return {name: _parse(name, raw, types.get(name), allows_repeated) for name, raw in values}


def _parse(name: str, raw: Sequence[str], kind: ParameterType | None, allows_repeated: bool) -> Any:
    if isinstance(kind, tuple):
        return [_convert(name, value, kind[0]) for value in raw]
    if len(raw) > 1 and (kind is not None or not allows_repeated):
        raise BadRequest(f"{name} must be specified once, got {len(raw)} values.")
    return _convert(name, raw[-1], kind or "string")


def parse_headers(event: Mapping[str, Any], types: Mapping[str, ParameterType]) -> dict[str, Any]:
    """Return the headers in `types` that the request has, by lowercase name.

    An array has the elements of comma-separated lists, and of repeated headers.
    """
    headers: dict[str, Any] = {}
    for name, kind in types.items():
        raw = header_values(event, name)
        if isinstance(kind, tuple):
            raw = [element for value in raw for part in value.split(",") if (element := part.strip())]
        if raw:
            headers[name] = _parse(name, raw, kind, allows_repeated=False)
    return headers


def header_values(event: Mapping[str, Any], name: str) -> list[str]:
    """Return all values of a header, by its lowercase name."""
    repeated: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    values = [value for header, sent in repeated.items() if header.lower() == name for value in sent]
    single: Mapping[str, str] = event.get("headers") or {}
    return values or [value for header, value in single.items() if header.lower() == name]


def _convert(name: str, raw: str, kind: str) -> Any:
    """Return the value of a string. If it has another type, return the string, which the validator rejects."""
    try:
        raw.encode()
    except UnicodeEncodeError as exc:
        raise BadRequest(f"{name} must be percent-encoded UTF-8, got {raw!r}.") from exc
    if kind == "string":
        return raw
    try:
        return decode_json(raw)
    except (ValueError, ArithmeticError, RecursionError):
        return raw
