"""Reserved concurrency of functions within the quota of an account."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.aws_limits import UNRESERVED_CONCURRENCY

UNRESERVED = int(UNRESERVED_CONCURRENCY.value)
MINIMUM = 10
"""Smallest reservation of a stack. If the quota allows less, as in new accounts, the stack reserves none."""
NONE = -1
"""Value of `reserved_concurrency` for no reservation."""


def within_quota(reserved: Mapping[str, int], quota: int) -> dict[str, int]:
    """Return the reserved concurrency of each function, reduced in proportion to fit a quota.

    Functions without a reservation, and those that a reservation of 0 stops, stay unchanged.
    """
    requested = {name: number for name, number in reserved.items() if number > 0}
    total, available = sum(requested.values()), quota - UNRESERVED
    if total <= available:
        return dict(reserved)
    if available < max(MINIMUM, len(requested)):
        return {**reserved, **dict.fromkeys(requested, NONE)}
    # Reserve one execution for each function, and distribute the rest in proportion to the requested numbers.
    rest, excess = available - len(requested), total - len(requested)
    return {**reserved, **{name: 1 + (number - 1) * rest // excess for name, number in requested.items()}}
