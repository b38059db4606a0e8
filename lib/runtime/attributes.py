"""Lossless conversion between JSON values and DynamoDB attribute values."""

from __future__ import annotations

from base64 import b64decode
from decimal import Context, Decimal, DecimalException, Inexact, Overflow, Subnormal
from json.encoder import encode_basestring
from typing import Any, Callable

from .errors import BadRequest

Attribute = dict[str, Any]
"""A DynamoDB attribute value, such as `{"S": "text"}` or `{"N": "12.50"}`."""
Item = dict[str, Attribute]

MAX_NAME_BYTES = 65_535
MAX_DEPTH = 32
"""Maximum nesting of lists and maps in DynamoDB."""
_NUMBER_CONTEXT = Context(prec=38, Emin=-130, Emax=125, traps=[Inexact, Overflow, Subnormal])
_MAX_INTEGER = 10**38
MAX_PLAIN_EXPONENT = 38
"""Numbers with at least this exponent are formatted in scientific notation."""


def to_item(document: dict[str, Any]) -> Item:
    """Return a JSON object as a DynamoDB item. Raise `BadRequest` for an attribute that DynamoDB cannot store."""
    return {_check_name(name, name): to_attribute(value, name) for name, value in document.items()}


def to_attribute(value: Any, path: str, depth: int = 1) -> Attribute:
    """Return a JSON value as a DynamoDB attribute value. Error messages contain `path`."""
    if isinstance(value, str):
        return {"S": check_unicode(value, path)}
    if isinstance(value, bool) or value is None:
        return {"NULL": True} if value is None else {"BOOL": value}
    if isinstance(value, (int, Decimal)):
        return {"N": _format_number(value, path)}
    if depth > MAX_DEPTH:
        name = path.partition("[")[0].partition(".")[0]
        raise BadRequest(f"{name} must have at most {MAX_DEPTH} levels of lists and objects, the limit of DynamoDB.")
    if isinstance(value, list):
        return {"L": [to_attribute(element, f"{path}[{i}]", depth + 1) for i, element in enumerate(value)]}
    return {"M": {_check_name(k, path): to_attribute(v, f"{path}.{k}", depth + 1) for k, v in value.items()}}


def check_unicode(value: str, path: str) -> str:
    """Return the string. Raise `BadRequest` if it contains an unpaired surrogate, which UTF-8 cannot represent."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as exc:
            raise BadRequest(f"{path} must be valid Unicode, got an unpaired surrogate.") from exc
    return value


def _check_name(name: str, path: str) -> str:
    size = len(check_unicode(name, path[:80]).encode())
    if not 1 <= size <= MAX_NAME_BYTES:
        location = path[:80] or "body"
        raise BadRequest(f"Attribute names must have 1 to {MAX_NAME_BYTES} bytes, got {size} bytes at {location!r}.")
    return name


def _format_number(value: Any, path: str) -> str:
    if isinstance(value, int) and -_MAX_INTEGER < value < _MAX_INTEGER:
        return str(value)
    try:
        exact = _NUMBER_CONTEXT.create_decimal(value)
    except (DecimalException, ValueError) as exc:
        raise BadRequest(
            f"{path} must be a number with at most 38 significant digits and a magnitude from 1E-130 to 9.99E+125, "
            f"got {value!s:.50}."
        ) from exc
    if not exact:
        return "0"
    normalized = exact.normalize(_NUMBER_CONTEXT)
    return format(normalized, "f") if abs(normalized.adjusted()) < MAX_PLAIN_EXPONENT else str(normalized)


def to_json(item: Item) -> str:
    """Return a DynamoDB item as a JSON object. Numbers keep all digits."""
    return _format_object(item)


def _format_object(attributes: Item) -> str:
    members = [f"{encode_basestring(name)}:{_format_value(value)}" for name, value in attributes.items()]
    return f"{{{','.join(members)}}}"


def _format_value(attribute: Attribute) -> str:
    ((attribute_type, value),) = attribute.items()
    return _FORMATTERS[attribute_type](value)


def _format_array(values: list[Attribute]) -> str:
    return f"[{','.join([_format_value(value) for value in values])}]"


def _format_strings(values: list[str]) -> str:
    return _format_array([{"S": value} for value in values])


def to_python(item: Item) -> dict[str, Any]:
    """Return a DynamoDB item as Python values: numbers as `int` or `Decimal`, binary values as `bytes`."""
    return {name: _to_value(attribute) for name, attribute in item.items()}


def _to_value(attribute: Attribute) -> Any:
    ((attribute_type, value),) = attribute.items()
    convert = _CONVERTERS.get(attribute_type)
    return convert(value) if convert else value


def _to_number(text: str) -> Any:
    return int(text) if text.lstrip("-").isdecimal() else Decimal(text)


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "N": _to_number,
    "M": to_python,
    "L": lambda values: [_to_value(value) for value in values],
    "NULL": lambda _: None,
    "B": b64decode,
    "SS": set,
    "NS": lambda values: {_to_number(value) for value in values},
    "BS": lambda values: {b64decode(value) for value in values},
}
"""Conversion of each attribute type to Python. Strings and Booleans stay unchanged."""
_FORMATTERS: dict[str, Callable[[Any], str]] = {
    "S": encode_basestring,
    "N": str,
    "M": _format_object,
    "L": _format_array,
    "BOOL": lambda value: "true" if value else "false",
    "NULL": lambda _: "null",
    "B": encode_basestring,
    "SS": _format_strings,
    "BS": _format_strings,
    "NS": lambda values: _format_array([{"N": number} for number in values]),
}
"""JSON format of each attribute type. Sets become arrays, and binary values Base64 strings."""
