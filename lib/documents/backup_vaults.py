"""Which backup vault of a stack takes new recovery points, and which older ones stay.

AWS encrypts a vault with one key for its whole life, and a vault that is deleted takes its recovery points with it.  So
another key means another vault, and the old one stays until its last recovery point has expired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

AWS_MANAGED = "aws_managed"
CREATED = "create"
"""Labels of keys: AWS Backup's own, and the one that the stack creates.  The label of an existing key is its ARN."""
FORMER = "former"
"""Label of a created key that the stack no longer has: no vault is encrypted with it again."""


@dataclass(frozen=True)
class Vaults:
    """The vaults of one `Backup`, by number; the first has no number in its name."""

    current: int = 1
    keys: Mapping[str, str] = field(default_factory=lambda: {"1": AWS_MANAGED})
    """Label of the key of each vault, by its number as text; stored in the state for the next deployment."""
    older: Mapping[int, str | None] = field(default_factory=dict)
    """Vaults that stay because they are not empty, with the ARN of their key; None: AWS Backup's own."""


def name_suffix(number: int) -> str:
    """Return what distinguishes the name of a vault."""
    return "" if number == 1 else f"-{number}"


def plan(
    key: str,
    previous_keys: Mapping[str, str],
    previous: Mapping[int, Mapping[str, Any]],
    is_empty: Callable[[str], bool],
) -> Vaults:
    """Return the vaults for a key.

    `previous_keys` are the labels of the previous deployment and `previous` the outputs of its vaults, both by number;
    `is_empty` tells whether the vault of a name can be deleted without loss.
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
