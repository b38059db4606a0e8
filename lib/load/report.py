"""Outcomes of requests, and a table of how many there were and how long they took."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from locust.stats import RequestStats

SUCCESS, EXPECTED_ERROR, FAILURE = "success", "expected error", "failure"
OUTCOMES = (SUCCESS, EXPECTED_ERROR, FAILURE)
EXPECTED_ERRORS: Mapping[tuple[int, str], str] = {
    (429, "THROTTLED"): "over the throttle of the API or of a table",
    (429, "QUOTA_EXCEEDED"): "over quota_per_month",
    (429, "ConcurrentInvocationLimitExceeded"): "over --workers of the emulator",
    (429, "ReservedFunctionConcurrentInvocationLimitExceeded"): "over lambda_reserved_concurrency; 5xx on AWS",
    (503, "SERVICE_UNAVAILABLE"): "the emulator did not respond to its function in time",
    (502, "Task timed out"): "the emulator's function had no processor time",
}
"""Error responses of a busy service or emulator, by status and code, with their cause."""
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}


class Row(NamedTuple):
    """Number and response times of the requests with one outcome."""

    outcome: str
    name: str
    """Route, or status and code of the error response."""
    requests: int
    per_second: float
    milliseconds: Mapping[str, int]
    """Percentiles of the response time. Above 100 ms they have two significant digits."""


def classify(expected: int, status: int, body: str, error: BaseException | None, route: str) -> tuple[str, str]:
    """Return the outcome of a request, and the name of its row in the report. Status 0 is a connection error."""
    if status == expected:
        return SUCCESS, route
    code = error_code(body) if status else type(error).__name__
    cause = EXPECTED_ERRORS.get((status, code))
    return EXPECTED_ERROR if cause else FAILURE, f"{status or 'no response'} {code}: {cause or route}"


def error_code(body: str) -> str:
    """Return the `code` of an error response, or the reason of Lambda or of the emulator."""
    document = _object(body)
    failure = str(_object(document.get("message")).get("errorMessage", ""))
    return str(document.get("code") or document.get("Reason") or re.split(": | after ", failure)[0] or "no code")


def _object(text: object) -> dict[str, Any]:
    """Parse a JSON object. Return an empty one for anything else."""
    try:
        document = json.loads(str(text))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def rows(stats: RequestStats) -> list[Row]:
    """Return the statistics of requests whose type is their outcome: first the successes, by path."""
    entries = [entry for entry in stats.entries.values() if entry.num_requests]
    entries.sort(key=lambda entry: (OUTCOMES.index(entry.method), entry.name.split()[::-1]))
    return [
        Row(
            entry.method,
            entry.name,
            entry.num_requests,
            round(entry.total_rps, 1),
            {name: entry.get_response_time_percentile(share) for name, share in PERCENTILES.items()},
        )
        for entry in entries
    ]


def passed(report: Sequence[Row]) -> bool:
    """Whether requests succeeded and none failed with an unexpected error."""
    outcomes = {row.outcome for row in report}
    return SUCCESS in outcomes and FAILURE not in outcomes


def table(report: Sequence[Row]) -> list[Sequence[str]]:
    """Return the cells of a table with a heading."""
    cells: list[Sequence[str]] = [["", "", "requests", "a second", *(f"{name} ms" for name in PERCENTILES)]]
    for row in report:
        times = map(str, row.milliseconds.values())
        cells.append([row.outcome, row.name, str(row.requests), f"{row.per_second:.1f}", *times])
    return cells
