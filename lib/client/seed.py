"""Create demo data through the API of a deployed service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..model import Call
from .auth import Authorization
from .smoke_test import CallResult, send

WORKERS = 8
ATTEMPTS = 5


class SeedError(Exception):
    """The data could not be created. The message contains the response."""


def seed(
    api_url: str, authenticate: Authorization, units: Iterable[Sequence[Call]], advance: Callable[[], None]
) -> int:
    """Create the units of data that do not exist yet, and return their number. Raise `SeedError` if a call fails.

    `advance` is called after each unit.
    """
    created = 0
    with ThreadPoolExecutor(WORKERS) as threads:
        for is_new in threads.map(lambda calls: _create(api_url, authenticate, calls), units):
            created += is_new
            advance()
    return created


def _create(api_url: str, authenticate: Authorization, calls: Sequence[Call]) -> bool:
    for number, call in enumerate(calls):
        result = _send(api_url, authenticate, call)
        if number == 0 and result.status == 409:
            return False
        if not result.is_expected:
            raise SeedError(f"{call.method} {call.path} failed with status {result.status}: {result.body}")
    return True


def _send(api_url: str, authenticate: Authorization, call: Call) -> CallResult:
    """Send a call and retry it while the status is 429."""
    for attempt in range(ATTEMPTS):
        result = send(api_url, call, authenticate)
        if result.status != 429:
            break
        time.sleep(0.1 * 2**attempt)
    return result
