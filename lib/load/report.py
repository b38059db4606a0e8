"""Outcomes of requests, and a table of their numbers and response times."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from locust.stats import RequestStats

    from ..client.smoke_test import CallResult

SUCCESS, EXPECTED_ERROR, FAILURE = "success", "expected error", "failure"
OUTCOMES = (SUCCESS, EXPECTED_ERROR, FAILURE)
EXPECTED_ERRORS: Mapping[tuple[int, str], str] = {
    (429, "THROTTLED"): "throttled by the API or a table",
    (429, "QUOTA_EXCEEDED"): "exceeds quota_per_month",
    (429, "ConcurrentInvocationLimitExceeded"): "exceeds --workers of the emulator",
    (429, "ReservedFunctionConcurrentInvocationLimitExceeded"): "exceeds lambda_reserved_concurrency; 5xx on AWS",
    (503, "SERVICE_UNAVAILABLE"): "the emulator did not respond to the function in time",
    (502, "Task timed out"): "the function waited for a processor",
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


def classify(result: CallResult, error: BaseException | None, route: str) -> tuple[str, str]:
    """Return the outcome of a request and its row name in the report. Status 0 means a connection error."""
    status = result.status
    if result.is_expected:
        return SUCCESS, route
    if status == result.call.status:
        return FAILURE, f"{route}: {result.content_type or 'no content type'}"
    code = error_code(result.body) if status else type(error).__name__
    cause = EXPECTED_ERRORS.get((status, code))
    return EXPECTED_ERROR if cause else FAILURE, f"{status or 'no response'} {code}: {cause or route}"


def error_code(body: str) -> str:
    """Return the `code` of an error response, or the failure reason from Lambda or the emulator."""
    document = _object(body)
    failure = str(_object(document.get("message")).get("errorMessage", ""))
    return str(document.get("code") or document.get("Reason") or re.split(": | after ", failure)[0] or "no code")


def _object(value: object) -> dict[str, Any]:
    """Parse a JSON object. Return an empty dictionary for any other value."""
    try:
        document = json.loads(str(value))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def rows(stats: RequestStats) -> list[Row]:
    """Return the report rows. Locust's request type is the outcome; successes come first, sorted by path."""
    entries = [entry for entry in stats.entries.values() if entry.num_requests]
    entries.sort(key=lambda entry: (OUTCOMES.index(entry.method), entry.name.split()[::-1]))
    return [
        Row(
            entry.method,
            entry.name,
            entry.num_requests,
            round(entry.total_rps, 1),
            {name: entry.get_response_time_percentile(fraction) for name, fraction in PERCENTILES.items()},
        )
        for entry in entries
    ]


def has_passed(report: Sequence[Row]) -> bool:
    """Return whether at least one request succeeded and none failed with an unexpected error."""
    outcomes = {row.outcome for row in report}
    return SUCCESS in outcomes and FAILURE not in outcomes


def table(report: Sequence[Row]) -> list[Sequence[str]]:
    """Return the cells of a table with a heading."""
    cells: list[Sequence[str]] = [["", "", "requests", "per second", *(f"{name} ms" for name in PERCENTILES)]]
    for row in report:
        times = map(str, row.milliseconds.values())
        cells.append([row.outcome, row.name, str(row.requests), f"{row.per_second:.1f}", *times])
    return cells
