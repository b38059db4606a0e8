"""Rows as DynamoDB writes them, told apart by digests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

Row = Mapping[str, Mapping[str, Any]]

SETS = ("SS", "NS", "BS")
MOST_COMPARED = 150
"""Attributes that one condition can compare: DynamoDB takes 300 operators in an expression."""


def digest(row: Row) -> bytes:
    """The same for rows that are equal."""
    text = json.dumps(_ordered({"M": row}), sort_keys=True, separators=(",", ":"), default=bytes.hex)
    return blake2b(text.encode(), digest_size=16).digest()


def _ordered(value: Mapping[str, Any]) -> Any:
    """A value with its sets in order."""
    ((kind, inside),) = value.items()
    if kind == "M":
        return {kind: {name: _ordered(one) for name, one in inside.items()}}
    if kind == "L":
        return {kind: [_ordered(one) for one in inside]}
    return {kind: sorted(inside) if kind in SETS else inside}


def key_text(row: Row, keys: Sequence[str]) -> str:
    """The key of a row, as text."""
    return json.dumps({name: row[name] for name in keys}, default=bytes.hex)


def key_from(text: str) -> dict[str, dict[str, Any]]:
    """The key that was made a text."""
    found = json.loads(text)
    return {
        name: {kind: bytes.fromhex(value) if kind == "B" else value for kind, value in one.items()}
        for name, one in found.items()
    }


def unchanged(live: Row, wanted: Row, keys: Sequence[str]) -> dict[str, Any] | None:
    """The condition of a write that the row is as it was read, with nothing that `wanted` alone has.

    An empty `live` is no row.  None for a row too wide for one condition.
    """
    known = [name for name in {**live, **wanted} if name not in keys] if live else []
    if len(known) > MOST_COMPARED:
        return None
    names = {"#key": keys[0], **{f"#{number}": name for number, name in enumerate(known)}}
    values = {f":{number}": live[name] for number, name in enumerate(known) if name in live}
    there = f"attribute_{'' if live else 'not_'}exists(#key)"
    same = (f"#{n} = :{n}" if f":{n}" in values else f"attribute_not_exists(#{n})" for n in range(len(known)))
    condition = {"ConditionExpression": " AND ".join([there, *same]), "ExpressionAttributeNames": names}
    return {**condition, "ExpressionAttributeValues": values} if values else condition
