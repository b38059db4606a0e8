"""Request bodies: their bytes, their media type, and strict JSON."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Callable, NoReturn

from .errors import BadRequest, PayloadTooLarge, UnsupportedMediaType

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
SURROGATE_ESCAPES = (r"\ud", r"\uD")
"""Prefixes of the JSON escapes of surrogates."""
MAX_INTEGER_CHARACTERS = 127
"""Length of the longest integer that DynamoDB can store, with its sign. Python parses much longer integers slowly."""

MAX_EXPONENT = 1_000
"""Maximum magnitude of the exponent of a number. DynamoDB stores smaller ones, and arithmetic with larger ones can take
minutes."""


def raw_body(event: Mapping[str, Any]) -> bytes:
    """Return the bytes of the body of a request. Empty if the request has no body."""
    body = event.get("body") or ""
    # Lambda passes an unpaired surrogate of the payload as one, so the body can be invalid Unicode.
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")


def text_body(event: Mapping[str, Any]) -> str:
    """Return the body of a request as a string. Raise `BadRequest` unless it is UTF-8."""
    try:
        return raw_body(event).decode()
    except UnicodeDecodeError as exc:
        raise BadRequest("The body must be valid UTF-8.") from exc


def check_size(event: Mapping[str, Any], maximum: int) -> None:
    """Raise `PayloadTooLarge` for a body with more bytes than the maximum."""
    if (size := len(raw_body(event))) > maximum:
        raise PayloadTooLarge(f"The body must have at most {maximum} bytes, got {size}.")


def check_media_type(headers: Mapping[str, Any], accepted: tuple[str, ...]) -> str:
    """Return the lowercase media type of a request without parameters. Default: JSON, as in API Gateway.

    Raise `UnsupportedMediaType` unless it matches one of `accepted`.
    """
    sent: str = headers.get("content-type", JSON).split(";")[0].strip().lower()
    if sent in accepted or "*/*" in accepted or f"{sent.partition('/')[0]}/*" in accepted:
        return sent
    raise UnsupportedMediaType(f"Content-Type must be {' or '.join(accepted)}, got {sent!r}.")


def parse_json(event: Mapping[str, Any], entries: str = "") -> Any:
    """Return the parsed body. Raise `BadRequest` for errors that a JSON Schema cannot detect.

    `entries` is the name of the array of a batch, whose entries are not checked for unpaired surrogates.
    """
    try:
        raw = event.get("body") or ""
        if event.get("isBase64Encoded"):
            raw = base64.b64decode(raw).decode()
        raw.encode()
        body = _decode_batch(raw) if entries else decode_json(raw)
        if any(escape in raw for escape in SURROGATE_ESCAPES):
            is_batch = entries and isinstance(body, dict)
            check_characters({name: value for name, value in body.items() if name != entries} if is_batch else body)
        return body
    except UnicodeEncodeError as exc:
        raise BadRequest("The body must be valid Unicode, got an unpaired surrogate.") from exc
    except ArithmeticError as exc:
        raise BadRequest("Numbers in the body must have a magnitude from 1E-130 to 9.99E+125.") from exc
    except (ValueError, RecursionError) as exc:
        raise BadRequest(f"The body is not valid JSON: {exc}.") from exc


def check_characters(value: Any) -> None:
    """Raise `UnicodeEncodeError` for an unpaired surrogate, which JSON can escape but UTF-8 cannot represent."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list):
        for element in value:
            check_characters(element)
    elif isinstance(value, dict):
        for name, member in value.items():
            check_characters(name)
            check_characters(member)


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _parse_integer(value: str) -> int:
    if len(value) > MAX_INTEGER_CHARACTERS:
        raise OverflowError(f"an integer of {len(value)} characters")
    return int(value)


def _parse_number(value: str) -> Decimal:
    number = Decimal(value)
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise OverflowError(f"a number with the exponent {number.adjusted()}")
    return number


def _to_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raise `BadRequest` for a duplicate name, because it would discard a value."""
    parsed = dict(members)
    if len(parsed) < len(members):
        repeated = Counter(name for name, _ in members).most_common(1)[0][0]
        raise BadRequest(f"JSON objects must have unique names, got {repeated[:80]!r} more than once.")
    return parsed


def _parse_integer_of_batch(value: str) -> int | Decimal:
    """Return an integer, or a `Decimal` if it is too long: the validator of the entry rejects a `Decimal`."""
    return int(value) if len(value) <= MAX_INTEGER_CHARACTERS else Decimal(value)


def _decoder(parse_int: Callable[[str], int | Decimal]) -> Callable[[str], Any]:
    return json.JSONDecoder(
        object_pairs_hook=_to_object, parse_float=_parse_number, parse_int=parse_int, parse_constant=_reject_constant
    ).decode


decode_json, _decode_batch = _decoder(_parse_integer), _decoder(_parse_integer_of_batch)
