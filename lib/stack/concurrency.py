"""Reserved concurrency of functions within the quota of an account."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.aws_limits import UNRESERVED_CONCURRENCY

UNRESERVED = int(UNRESERVED_CONCURRENCY.value)
MINIMUM = 10
"""Smallest reservation of a stack. If the quota allows less, as in new accounts, nothing is reserved."""
NONE = -1
"""Value of `reserved_concurrency` that reserves nothing."""


def within_quota(reserved: Mapping[str, int], quota: int) -> dict[str, int]:
    """Return the reserved concurrency of each function, reduced in proportion to what a quota allows.

    Functions that reserve nothing, and those that are stopped with 0, stay so.
    """
    requested = {name: number for name, number in reserved.items() if number > 0}
    total, available = sum(requested.values()), quota - UNRESERVED
    if total <= available:
        return dict(reserved)
    if available < max(MINIMUM, len(requested)):
        return {**reserved, **dict.fromkeys(requested, NONE)}
    # One execution for each function, and the rest by what they request beyond it.
    rest, excess = available - len(requested), total - len(requested)
    return {**reserved, **{name: 1 + (number - 1) * rest // excess for name, number in requested.items()}}
