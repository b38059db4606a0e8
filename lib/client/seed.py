"""Create demo data through the API of a deployed service."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..model import Call, SeedData
from .auth import Shown
from .smoke_test import Answer, send

WORKERS = 8
ATTEMPTS = 5
BAR_WIDTH = 30


class SeedError(Exception):
    """The data could not be created. The message says what the API responded."""


def seed(api_url: str, authenticate: Shown, data: SeedData, count: int, report: Callable[[str], None]) -> int:
    """Create the data that does not exist yet, and return the number of new units. Raise `SeedError` if a call fails.

    `report` gets a progress bar after each unit.
    """
    created, units = 0, data.calls(count)
    with ThreadPoolExecutor(WORKERS) as threads:
        for done, is_new in enumerate(threads.map(lambda calls: _create(api_url, authenticate, calls), units), 1):
            created += is_new
            filled = BAR_WIDTH * done // count
            report(f"  [{'#' * filled}{' ' * (BAR_WIDTH - filled)}] {done} of {count} {data.label}")
    return created


def _create(api_url: str, authenticate: Shown, calls: Sequence[Call]) -> bool:
    for number, call in enumerate(calls):
        answer = _send(api_url, authenticate, call)
        if number == 0 and answer.status == 409:
            return False
        if not answer.as_expected:
            raise SeedError(f"{call.method} {call.path} was answered {answer.status}: {answer.body}")
    return True


def _send(api_url: str, authenticate: Shown, call: Call) -> Answer:
    """Return the response to a call, which is repeated while the response is 429."""
    for attempt in range(ATTEMPTS):
        answer = send(api_url, call, authenticate)
        if answer.status != 429:
            break
        time.sleep(0.1 * 2**attempt)
    return answer
