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
    """Demo data that is not defined or could not be created."""


def seed(
    api_url: str, authorization: Authorization, objects: Iterable[Sequence[Call]], advance: Callable[[], None]
) -> int:
    """Create the demo objects that do not exist yet, and return their number. Raise `SeedError` if a call fails.

    Each object is a sequence of calls. The first call returns 409 if the object exists. `advance` is called after each
    object.
    """
    created = 0
    with ThreadPoolExecutor(WORKERS) as threads:
        for is_new in threads.map(lambda calls: _create(api_url, authorization, calls), objects):
            created += is_new
            advance()
    return created


def _create(api_url: str, authorization: Authorization, calls: Sequence[Call]) -> bool:
    for number, call in enumerate(calls):
        result = _send(api_url, authorization, call)
        if number == 0 and result.status == 409:
            return False
        if not result.is_expected:
            raise SeedError(f"{call.method} {call.path} must return {call.status}, got {result.status}: {result.body}")
    return True


def _send(api_url: str, authorization: Authorization, call: Call) -> CallResult:
    """Send a call and retry it if it is throttled."""
    for attempt in range(ATTEMPTS):
        result = send(api_url, call, authorization)
        if result.status != 429:
            break
        time.sleep(0.1 * 2**attempt)
    return result
