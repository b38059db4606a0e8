"""Comparison of recorded AWS calls with the grants of a service definition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from lib.model import Grant

from .fake_aws import RecordedCall

TRANSACTION_ACTIONS = {"Put": "PutItem", "Update": "UpdateItem"}


class Use(NamedTuple):
    """A permission that a call used."""

    on: str
    action: str
    on_index: str
    key: str
    """Value of the partition key. Empty if the call does not address an item."""


def uses(call: RecordedCall, tables: Mapping[str, str], partition_keys: Iterable[str], topic: str) -> Iterator[Use]:
    """Yield the permissions that a call requires. `tables` are names of tables by physical name."""

    def use(action: str, table: str, item: dict[str, Any], index: str = "") -> Use:
        key: str = next((item[name].get("S", "") for name in partition_keys if name in item), "")
        return Use(tables[table], action, index, key)

    if b"Action=Publish" in call.body:
        yield Use(topic, "Publish", "", "")
        return
    request = json.loads(call.body)
    action = call.headers["x-amz-target"].partition(".")[2]
    if action == "GetParameter":
        yield Use("config", action, "", "")
    elif action == "TransactWriteItems":
        for part in request["TransactItems"]:
            ((kind, inner),) = part.items()
            yield use(TRANSACTION_ACTIONS[kind], inner["TableName"], inner.get("Key") or inner["Item"])
    elif action == "BatchGetItem":
        for table, entry in request["RequestItems"].items():
            yield from (use(action, table, key) for key in entry["Keys"])
    else:
        item = request.get("Key") or request.get("Item") or {}
        yield use(action, request["TableName"], item, request.get("IndexName", ""))


def check_grants(granted: Mapping[str, Iterable[Grant]], used: Mapping[str, set[Use]]) -> None:
    """Assert that each operation uses only permissions that its grants allow, and every permission of its grants."""
    for operation, grants in granted.items():
        denied = [use for use in used[operation] if not any(_allows(grant, use) for grant in grants)]
        assert not denied, f"{operation} is not granted {denied}"
        for grant in grants:
            for action in grant.actions:
                matching = [use for use in used[operation] if use.action == action and _allows(grant, use)]
                assert matching, f"{operation} does not need {action} on {grant.on}"
                assert {use.on_index for use in matching} == set(grant.indexes or [""])
                unused = [key for key in grant.keys if not any(fnmatchcase(use.key, key) for use in matching)]
                assert not unused, f"{operation} does not need {action} on items {unused}"


def _allows(grant: Grant, use: Use) -> bool:
    allows_index = use.on_index in grant.indexes if grant.indexes else not use.on_index
    allows_key = not grant.keys or any(fnmatchcase(use.key, key) for key in grant.keys)
    return grant.on == use.on and use.action in grant.actions and allows_index and allows_key
