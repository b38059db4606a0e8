"""Validation and merging of tags."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from .base import is_output

if TYPE_CHECKING:
    import pulumi

MAX_TAGS = 50
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 256
CHARACTERS = "letters, digits, spaces or + - = . _ : / @"
RESERVED_PREFIX = "aws:"

_V = TypeVar("_V")


def merge_tags(base: Mapping[str, _V], overrides: Mapping[str, _V]) -> dict[str, _V]:
    """Return `base` with `overrides`, which also replace tags whose keys differ only in case.

    IAM regards such keys as the same and rejects a role that has both.
    """
    keys = {key.lower(): key for key in overrides}
    renamed = {keys.get(key.lower(), key): value for key, value in base.items()}
    return {**renamed, **overrides}


def check_tags(tags: Mapping[str, pulumi.Input[str]], field: str = "tags", *, with_name: bool = False) -> None:
    """Raise `ValueError` for tags that AWS would reject. Values that are Outputs are not checked.

    With `with_name`, some resources also have the tag `Name`.
    """
    if (count := len({*tags, *(["Name"] if with_name else [])})) > MAX_TAGS:
        others = "the default tags and Name" if with_name else "the default tags"
        raise ValueError(f"{field} must have at most {MAX_TAGS} tags together with {others}, got {count}. Remove some.")
    for key, value in tags.items():
        if not key or not _is_valid(key, MAX_KEY_LENGTH):
            raise ValueError(f"{field} keys must be 1 to {MAX_KEY_LENGTH} {CHARACTERS}, got {key!r}.")
        if not is_output(value) and not _is_valid(value, MAX_VALUE_LENGTH):
            raise ValueError(f"{field}[{key!r}] must be at most {MAX_VALUE_LENGTH} {CHARACTERS}, got {value!r}.")
        for part in (key, value):
            if isinstance(part, str) and part.lower().startswith(RESERVED_PREFIX):
                raise ValueError(
                    f"{field} must not have keys or values that begin with {RESERVED_PREFIX!r}, got {part!r}. AWS "
                    "reserves this prefix: choose another."
                )
    keys: dict[str, str] = {}
    for key in tags:
        other = keys.setdefault(key.lower(), key)
        if other != key:
            raise ValueError(
                f"{field} must not have keys that differ only in case, got {other!r} and {key!r}. IAM regards them as "
                "the same key: remove one."
            )


def _is_valid(part: object, max_length: int) -> bool:
    return (
        isinstance(part, str)
        and len(part) <= max_length
        and all(char in "+-=._:/@" or unicodedata.category(char)[0] in "LNZ" for char in part)
    )
