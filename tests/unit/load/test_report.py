"""Outcomes of requests and the report of the load test."""

from __future__ import annotations

import json

import pytest
from locust.stats import RequestStats

from lib.client.smoke_test import CallResult
from lib.load import report
from lib.model import Call

CREATE, READ = "POST /items", "GET /items/{ItemId}"


def emulator_error(message: str) -> str:
    """Return the response of the emulator if a function raises an exception."""
    return json.dumps({"message": json.dumps({"errorMessage": message, "errorType": "Runtime.HandlerError"})})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"code": "NOT_FOUND", "error": "no"}', "NOT_FOUND"),
        ('{"__type": "TooManyRequestsException", "Reason": "LimitExceeded"}', "LimitExceeded"),
        (emulator_error("NoResponse: TimeoutError: timed out"), "NoResponse"),
        (emulator_error("Task timed out after 5.00 seconds"), "Task timed out"),
        ('{"message": "Internal server error"}', "no code"),
        ("[]", "no code"),
        ("<html>", "no code"),
    ],
)
def test_error_code_is_from_the_service_lambda_or_the_emulator(body: str, code: str) -> None:
    assert report.error_code(body) == code


@pytest.mark.parametrize(
    ("status", "body", "outcome", "name"),
    [
        (201, "{}", report.SUCCESS, CREATE),
        (200, "{}", report.FAILURE, f"200 no code: {CREATE}"),
        (404, '{"code": "NOT_FOUND"}', report.FAILURE, f"404 NOT_FOUND: {CREATE}"),
        (429, "", report.FAILURE, f"429 no code: {CREATE}"),
        (429, '{"code": "QUOTA_EXCEEDED"}', report.EXPECTED_ERROR, "429 QUOTA_EXCEEDED: exceeds quota_per_month"),
        (0, "", report.FAILURE, f"no response ConnectionRefusedError: {CREATE}"),
    ],
)
def test_outcome_is_success_expected_error_or_failure(status: int, body: str, outcome: str, name: str) -> None:
    error = None if status else ConnectionRefusedError()
    result = CallResult(Call(method="POST", path="/items", status=201), status, 0, body)
    assert report.classify(result, error, CREATE) == (outcome, name)


def test_other_media_type_is_a_failure() -> None:
    call = Call(method="GET", path="/logo", status=200, content_type="image/png")
    assert report.classify(CallResult(call, 200, 0, "", "image/png"), None, READ) == (report.SUCCESS, READ)
    assert report.classify(CallResult(call, 200, 0, "", "text/html"), None, READ) == (
        report.FAILURE,
        f"{READ}: text/html",
    )
    assert report.classify(CallResult(call, 200, 0, ""), None, READ) == (report.FAILURE, f"{READ}: no content type")


def stats(*requests: tuple[str, str, float]) -> RequestStats:
    """Return the statistics of requests with an outcome, a name and a response time in milliseconds."""
    statistics = RequestStats()
    for outcome, name, milliseconds in requests:
        statistics.log_request(outcome, name, milliseconds, 0)  # type: ignore[arg-type]  # Locust passes floats, too
    return statistics


def test_rows_are_sorted_by_outcome_and_path() -> None:
    rows = report.rows(
        stats(
            (report.FAILURE, "500 INTERNAL: GET /items", 1),
            (report.EXPECTED_ERROR, "429 THROTTLED", 1),
            (report.SUCCESS, READ, 1),
            (report.SUCCESS, CREATE, 1),
        )
    )
    assert [row.name for row in rows] == [CREATE, READ, "429 THROTTLED", "500 INTERNAL: GET /items"]


def test_row_has_the_percentiles_of_its_requests() -> None:
    times = [10.0] * 120 + [20.0] * 64 + [30.0] * 10 + [40.0] * 5 + [50.0]
    statistics = stats(*((report.SUCCESS, READ, time) for time in times), (report.EXPECTED_ERROR, "429 THROTTLED", 1))
    statistics.total.start_time = (statistics.last_request_timestamp or 0) - 10
    row = report.rows(statistics)[0]
    percentiles = {"p50": 10, "p90": 20, "p95": 30, "p99": 40, "max": 50}
    assert row == report.Row(report.SUCCESS, READ, 200, 20.0, percentiles)
    assert report.table([row])[1:] == [[report.SUCCESS, READ, "200", "20.0", "10", "20", "30", "40", "50"]]


def test_outcome_without_requests_has_no_row() -> None:
    statistics = RequestStats()
    statistics.get("total", report.SUCCESS)
    assert not report.rows(statistics)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], False),
        ([report.SUCCESS], True),
        ([report.EXPECTED_ERROR], False),
        ([report.SUCCESS, report.EXPECTED_ERROR], True),
        ([report.SUCCESS, report.FAILURE], False),
    ],
)
def test_load_test_passes_with_successes_and_without_failures(outcomes: list[str], expected: bool) -> None:
    assert report.has_passed(report.rows(stats(*((outcome, "name", 1) for outcome in outcomes)))) == expected
