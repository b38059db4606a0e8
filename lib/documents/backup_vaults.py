"""Selection of the backup vault for new recovery points, and of previous vaults to retain.

The encryption key of a vault cannot change, and deleting a vault deletes its recovery points. A different key therefore
requires a new vault, and the previous vault is retained until its last recovery point has expired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

AWS_MANAGED = "aws_managed"
CREATED = "create"
"""Labels of the AWS managed key and of the key that the stack creates. The label of an existing key is its ARN."""
FORMER = "former"
"""Label of a key that the stack created and has removed. No new vault uses it."""


@dataclass(frozen=True)
class Vaults:
    """Vaults of one `Backup`, by number. The name of vault 1 has no number."""

    current: int = 1
    keys: Mapping[str, str] = field(default_factory=lambda: {"1": AWS_MANAGED})
    """Key label of each vault, by number as a string. It is stored in the state for the next deployment."""
    older: Mapping[int, str | None] = field(default_factory=dict)
    """Key ARNs of previous vaults that are not empty, by number. None: AWS managed key."""


def name_suffix(number: int) -> str:
    """Return the suffix of the name of a vault."""
    return "" if number == 1 else f"-{number}"


def plan(
    key: str,
    previous_keys: Mapping[str, str],
    previous: Mapping[int, Mapping[str, Any]],
    is_empty: Callable[[str], bool],
) -> Vaults:
    """Return the vaults for a key label.

    `previous_keys` and `previous` are the key labels and the outputs of the previous deployment's vaults, by number.
    `is_empty` returns whether the vault with a name has no recovery points.
    """
    labels = {number: previous_keys[str(number)] for number in previous}
    current = next((number for number, label in labels.items() if label == key), max(labels, default=0) + 1)
    older = {
        number: label
        for number, label in labels.items()
        if number != current and not is_empty(previous[number]["name"])
    }
    older_labels = {number: FORMER if label == CREATED else label for number, label in older.items()}
    return Vaults(
        current,
        {str(number): label for number, label in sorted({**older_labels, current: key}.items())},
        {
            number: None if label == AWS_MANAGED else previous[number].get("kmsKeyArn")
            for number, label in older_labels.items()
        },
    )
