"""What the load test says, and what its clients ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.load.journeys import JOURNEYS
from benchmarks.load.report import Answers, Found, Order, code_of, percentile, report, unexpected
from lib.documents.openapi import answering
from lib.services import SERVICES

ORDER = Order(service="items", url="http://127.0.0.1", headers={}, clients=1000, seconds=10)
READ = "GET /items/{ItemId}"
CAP = "ConcurrentInvocationLimitExceeded"


def answers(status: int = 200, code: str = "", times: Sequence[float] = (1.0,), route: str = READ) -> Answers:
    return Answers(route=route, status=status, code=code, milliseconds=times)


def died(of: str) -> str:
    """What the emulator answers for a function that raises."""
    return json.dumps({"message": json.dumps({"errorMessage": of, "errorType": "Runtime.HandlerError"})})


def rows(*found: Answers, waits: tuple[float, ...] = ()) -> dict[str, list[str]]:
    """The cells of the report's lines, by the first of each."""
    lines = report(ORDER, Found(answers=found, waits=waits)).splitlines()
    return {cells[0]: cells[1:] for cells in (line.strip().split("  ") for line in lines) if cells[0]}


def cells(line: list[str]) -> list[str]:
    return [cell.strip() for cell in line if cell.strip()]


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (90, 9), (91, 10), (99, 10), (100, 10), (1, 1)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    assert percentile([*map(float, range(1, 11))], percent) == value


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (204, "", ""),
        (404, '{"code": "NOT_FOUND", "error": "no"}', "NOT_FOUND"),
        (429, f'{{"__type": "TooManyRequestsException", "Reason": "{CAP}"}}', CAP),
        (502, died("NoAnswer: TimeoutError: timed out"), "NoAnswer"),
        (502, died("Task timed out after 5.00 seconds"), "Task timed out"),
        (502, '{"message": "Internal server error"}', "no code"),
        (503, "[]", "no code"),
        (503, "<html>", "no code"),
    ],
)
def test_a_refusal_is_known_by_its_code(status: int, body: str, code: str) -> None:
    assert code_of(status, body, None) == code


def test_an_answer_that_never_came_is_known_by_what_broke() -> None:
    assert code_of(0, "", ConnectionRefusedError()) == "ConnectionRefusedError"


def test_times_are_of_successes_and_refusals_are_counted_apart() -> None:
    found = rows(answers(200, "", [10.0] * 99 + [500.0]), answers(429, CAP, [1.0] * 40), waits=(70.0, 80.0))
    assert cells(found[READ]) == ["100", "10.0", "10", "10", "10", "10", "500", "40"]
    assert cells(found["every route"]) == cells(found[READ])
    assert cells(found["with refusals and pauses"]) == ["70", "80", "80", "80", "80"]
    assert cells(found[f"429 {CAP}: over WORKERS, the emulator's cap of executions at once"]) == ["40", "1"]


def test_refusals_are_counted_over_all_routes_by_status_and_code() -> None:
    found = rows(
        answers(), answers(404, "NOT_FOUND"), answers(404, "NOT_FOUND", route="PUT /items"), answers(0, "Gone")
    )
    assert cells(found["404 NOT_FOUND: UNEXPECTED"]) == ["2", "1"]
    assert cells(found["no answer Gone: UNEXPECTED"]) == ["1", "1"]


def test_a_route_that_never_succeeded_has_no_times() -> None:
    assert cells(rows(answers(502, "Boom"))[READ]) == ["0", "0.0", "-", "-", "-", "-", "-", "1"]


def test_successes_alone_make_one_table() -> None:
    assert "others  number" not in report(ORDER, Found(answers=[answers()], waits=[]))


@pytest.mark.parametrize(
    ("found", "number"),
    [
        ([answers(), answers(201, "", [1, 2])], 0),
        ([answers(), answers(429, "THROTTLED", [1, 2]), answers(429, CAP)], 0),
        ([answers(), answers(503, "SERVICE_UNAVAILABLE")], 0),
        ([answers(), answers(429, "no code", [1, 2])], 2),
        ([answers(), answers(500, "INTERNAL"), answers(0, "TimeoutError", [1, 2])], 3),
        ([answers(), answers(404, "NOT_FOUND")], 1),
        ([answers(429, "THROTTLED", [1, 2])], 2),
        ([], 1),
    ],
)
def test_what_was_not_to_be_reckoned_with_is_unexpected(found: list[Answers], number: int) -> None:
    assert unexpected(found) == number


def test_what_was_found_survives_being_written() -> None:
    found = Found(answers=[answers(429, CAP, [1.5])], waits=[2.5])
    assert report(ORDER, Found.read(found.written())) == report(ORDER, found)


def test_every_service_has_a_journey_and_every_call_a_route_that_answers_so() -> None:
    assert JOURNEYS.keys() == SERVICES.keys()
    for name, journey in JOURNEYS.items():
        for call in (*journey.first, *journey.rounds):
            route: Any = answering(SERVICES[name], call)
            assert call.status in route.responses, f"{name}: {call.method} {call.path}"
