"""The table client of the previous release."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from lib.runtime.dynamodb import DynamoDB

NEW_ATTRIBUTES = {"management": ("alerted",), "reservations": ("owner", "reference")}


class PreviousDynamoDB(DynamoDB):
    """Writes what the previous release writes: whole rows without the attributes that it does not know."""

    def __init__(self, names: dict[str, str]) -> None:
        super().__init__()
        self._unknown = {names[table]: attributes for table, attributes in NEW_ATTRIBUTES.items()}

    def transact(self, actions: Sequence[dict[str, Any]], *, retries_conflicts: bool = True) -> None:
        """Without records of sales, and without updates of lines that are not sold."""
        super().transact([*self._known(actions)], retries_conflicts=retries_conflicts)

    def _known(self, actions: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for action in copy.deepcopy(actions):
            if put := action.get("Put"):
                if put["Item"].get("product_id", {"S": ""})["S"].startswith("tap#sale#"):
                    continue
                for name in self._unknown.get(put["TableName"], ()):
                    put["Item"].pop(name, None)
            elif "#state" not in action["Update"]["ConditionExpression"]:
                continue
            yield action
