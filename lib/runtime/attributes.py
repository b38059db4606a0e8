"""JSON values and DynamoDB's attribute values, each way, without losing a digit."""

from __future__ import annotations

from decimal import Context, Decimal, DecimalException, Inexact, Overflow, Subnormal
from json.encoder import encode_basestring
from typing import Any, Callable

from .errors import BadRequest

Attribute = dict[str, Any]
"""One typed value as DynamoDB writes it: `{"S": "text"}`, `{"N": "12.50"}`, ..."""
Item = dict[str, Attribute]

MAX_NAME_BYTES = 65_535
MAX_DEPTH = 32
"""How deep DynamoDB nests lists and maps."""
_NUMBERS = Context(prec=38, Emin=-130, Emax=125, traps=[Inexact, Overflow, Subnormal])
_SAFE_INTEGER = 10**38
PLAIN_DIGITS = 38
"""How far from the decimal point a number is still written without an exponent."""


def to_item(document: dict[str, Any]) -> Item:
    """The attributes of a JSON object; `BadRequest` names the one that DynamoDB cannot hold."""
    return {_name(name, name): to_attribute(value, name) for name, value in document.items()}


def to_attribute(value: Any, where: str, depth: int = 1) -> Attribute:
    """One JSON value as an attribute."""
    if isinstance(value, str):
        return {"S": checked_text(value, where)}
    if isinstance(value, bool) or value is None:
        return {"NULL": True} if value is None else {"BOOL": value}
    if isinstance(value, (int, Decimal)):
        return {"N": _number(value, where)}
    if depth > MAX_DEPTH:
        name = where.partition("[")[0].partition(".")[0]
        raise BadRequest(f"{name}: nested more than {MAX_DEPTH} levels deep, which DynamoDB cannot store")
    if isinstance(value, list):
        return {"L": [to_attribute(inner, f"{where}[{i}]", depth + 1) for i, inner in enumerate(value)]}
    return {"M": {_name(k, where): to_attribute(v, f"{where}.{k}", depth + 1) for k, v in value.items()}}


def checked_text(text: str, where: str) -> str:
    """`text`, if it can be written as UTF-8: half of a surrogate pair cannot."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise BadRequest(f"{where}: holds half of a surrogate pair, which is not Unicode text") from exc
    return text


def _name(name: str, where: str) -> str:
    if not 1 <= len(checked_text(name, where[:80]).encode()) <= MAX_NAME_BYTES:
        raise BadRequest(f"{where[:80] or 'the body'}: an attribute's name is empty or over {MAX_NAME_BYTES} bytes")
    return name


def _number(value: Any, where: str) -> str:
    if isinstance(value, int) and -_SAFE_INTEGER < value < _SAFE_INTEGER:
        return str(value)
    try:
        exact = _NUMBERS.create_decimal(value)
    except (DecimalException, ValueError) as exc:
        raise BadRequest(
            f"{where}: a number DynamoDB cannot store; give at most 38 significant digits, and 1E-130 to 9.99E+125"
        ) from exc
    if not exact:
        return "0"
    plain = exact.normalize(_NUMBERS)
    return format(plain, "f") if abs(plain.adjusted()) < PLAIN_DIGITS else str(plain)


def to_json(item: Item) -> str:
    """The JSON object of an item: numbers digit for digit as DynamoDB holds them."""
    return _object(item)


def _object(attributes: Item) -> str:
    members = [f"{encode_basestring(name)}:{_json(value)}" for name, value in attributes.items()]
    return f"{{{','.join(members)}}}"


def _json(attribute: Attribute) -> str:
    ((kind, value),) = attribute.items()
    return _WRITERS[kind](value)


def _array(values: list[Attribute]) -> str:
    return f"[{','.join([_json(value) for value in values])}]"


def _texts(values: list[str]) -> str:
    return _array([{"S": text} for text in values])


_WRITERS: dict[str, Callable[[Any], str]] = {
    "S": encode_basestring,
    "N": str,
    "M": _object,
    "L": _array,
    "BOOL": lambda value: "true" if value else "false",
    "NULL": lambda _: "null",
    "B": encode_basestring,
    "SS": _texts,
    "BS": _texts,
    "NS": lambda values: _array([{"N": number} for number in values]),
}
"""How each type reads as JSON.  Sets, which JSON has not, are lists; binary is its base64 text."""
