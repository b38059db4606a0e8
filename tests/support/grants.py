"""What was asked of AWS, against what is granted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from lib.model import Grant

from .fake_aws import Asked

TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem"}


class Use(NamedTuple):
    """One thing that was asked for."""

    on: str
    action: str
    on_index: str
    key: str
    """The partition key's value, where it is a row that is asked for."""


def uses(sent: Asked, tables: Mapping[str, str], partition_keys: Iterable[str], topic: str) -> Iterator[Use]:
    """The permissions that a call of AWS needs; `tables` has the name of each table by its physical name."""

    def use(action: str, table: str, row: dict[str, Any], index: str = "") -> Use:
        key: str = next((row[name].get("S", "") for name in partition_keys if name in row), "")
        return Use(tables[table], action, index, key)

    if b"Action=Publish" in sent.body:
        yield Use(topic, "Publish", "", "")
        return
    request = json.loads(sent.body)
    action = sent.headers["x-amz-target"].partition(".")[2]
    if action == "GetParameter":
        yield Use("config", action, "", "")
    elif action == "TransactWriteItems":
        for part in request["TransactItems"]:
            ((kind, inner),) = part.items()
            yield use(TRANSACTED[kind], inner["TableName"], inner.get("Key") or inner["Item"])
    elif action == "BatchGetItem":
        for table, entry in request["RequestItems"].items():
            yield from (use(action, table, key) for key in entry["Keys"])
    else:
        row = request.get("Key") or request.get("Item") or {}
        yield use(action, request["TableName"], row, request.get("IndexName", ""))


def check_grants(granted: Mapping[str, Iterable[Grant]], used: Mapping[str, set[Use]]) -> None:
    """Raise AssertionError unless everybody keeps to what is granted and needs each part of it."""
    for who, grants in granted.items():
        denied = [use for use in used[who] if not any(_allows(grant, use) for grant in grants)]
        assert not denied, f"{who} is not granted {denied}"
        for grant in grants:
            for action in grant.actions:
                mine = [use for use in used[who] if use.action == action and _allows(grant, use)]
                assert mine, f"{who} does not need {action} on {grant.on}"
                assert {use.on_index for use in mine} == set(grant.indexes or [""])
                unused = [key for key in grant.keys if not any(fnmatchcase(use.key, key) for use in mine)]
                assert not unused, f"{who} does not need {action} on rows {unused}"


def _allows(grant: Grant, use: Use) -> bool:
    on_part = use.on_index in grant.indexes if grant.indexes else not use.on_index
    on_rows = not grant.keys or any(fnmatchcase(use.key, key) for key in grant.keys)
    return grant.on == use.on and use.action in grant.actions and on_part and on_rows
