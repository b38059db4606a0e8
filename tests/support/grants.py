"""What was asked of AWS, against what is granted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from lib.model import Grant


class Use(NamedTuple):
    """One thing that was asked for."""

    on: str
    action: str
    on_index: str
    key: str
    """The partition key's value, where it is a row that is asked for."""


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
