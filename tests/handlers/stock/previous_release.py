"""DynamoDB client that writes like the previous release."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from lib.runtime.dynamodb import DynamoDB

NEW_ATTRIBUTES = {"management": ("alerted",), "reservations": ("owner", "reference")}


class PreviousDynamoDB(DynamoDB):
    """DynamoDB client that omits the attributes and items that the previous release does not support."""

    def __init__(self, names: dict[str, str]) -> None:
        super().__init__()
        self._unsupported = {names[table]: attributes for table, attributes in NEW_ATTRIBUTES.items()}

    def transact(self, actions: Sequence[dict[str, Any]], *, retries_conflicts: bool = True) -> None:
        """Write a transaction without sale records and without updates of unsold lines."""
        super().transact([*self._supported(actions)], retries_conflicts=retries_conflicts)

    def _supported(self, actions: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for action in copy.deepcopy(actions):
            if put := action.get("Put"):
                if put["Item"].get("product_id", {"S": ""})["S"].startswith("tap#sale#"):
                    continue
                for name in self._unsupported.get(put["TableName"], ()):
                    put["Item"].pop(name, None)
            elif "#state" not in action["Update"]["ConditionExpression"]:
                continue
            yield action
