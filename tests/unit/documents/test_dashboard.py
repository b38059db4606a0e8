"""What a dashboard shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lib.documents.dashboard import Made, body
from lib.model import Metric, Service
from lib.services import SERVICES

from ...support.builders import DESK, PARCELS, SWEEP, a_function, a_route, a_service, a_yard


def made(service: Service, **changes: Any) -> Made:
    """Everything under its own name."""
    defaults = {
        "region": "eu-west-1",
        "api": "the-api",
        "stage": "dev",
        "functions": {function.name: f"fn-{function.name}" for function in service.functions},
        "tables": {table.name: f"tb-{table.name}" for table in service.tables},
        "queue": "the-queue" if service.dead_letters else "",
    }
    return Made(**{**defaults, **changes})


def graphs(service: Service, **changes: Any) -> dict[str, list[list[Any]]]:
    """The lines of each graph by its title."""
    found = body(service, made(service, **changes))["widgets"]
    return {one["properties"]["title"]: one["properties"]["metrics"] for one in found if one["type"] == "metric"}


@pytest.mark.parametrize("service", [*SERVICES.values(), PARCELS, a_yard()], ids=lambda service: service.name)
def test_nothing_overlaps_and_nothing_is_beyond_the_edge(service: Service) -> None:
    taken: set[tuple[int, int]] = set()
    for one in body(service, made(service, alarms=["arn:a"]))["widgets"]:
        cells = {
            (x, y) for x in range(one["x"], one["x"] + one["width"]) for y in range(one["y"], one["y"] + one["height"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_callers_see_requests_errors_and_percentiles() -> None:
    found = graphs(a_service())
    at = ["ApiName", "the-api", "Stage", "dev"]
    assert [line[1:6] for line in found["Requests"]] == [[name, *at] for name in ("Count", "4XXError", "5XXError")]
    assert [line[-1]["stat"] for line in found["Latency, ms"]] == ["p50", "p90", "p99"]


def test_every_function_is_a_line() -> None:
    found = graphs(PARCELS)
    for title in ("Invocations", "Duration p90, ms", "Errors", "Executions at once", "Executions refused"):
        assert [line[3] for line in found[title]] == ["fn-desk", "fn-sweep"]


def test_every_index_is_a_line_beside_its_table() -> None:
    lines = graphs(PARCELS)["parcels: read units a minute"]
    assert [line[4:6] for line in lines[1:]] == [
        ["GlobalSecondaryIndexName", "by-state"],
        ["GlobalSecondaryIndexName", "by-owner"],
    ]
    assert {line[3] for line in lines} == {"tb-parcels"}


def test_services_own_figures_are_shown_by_their_units() -> None:
    counted = a_route(metrics=(Metric("ParcelsTaken", "Count", ""), Metric("Waited", "Seconds", "")))
    found = graphs(a_service(functions=(a_function(counted),)))
    (taken,), (waited,) = found["Parcels, count"], found["Parcels, seconds"]
    assert taken == ["TapStack", "ParcelsTaken", "FunctionName", "fn-desk", {"stat": "Sum", "label": "ParcelsTaken"}]
    assert waited[-1]["stat"] == "Maximum"


def test_figures_of_several_functions_are_told_apart() -> None:
    counted = replace(DESK, routes=(a_route(metrics=(Metric("ParcelsTaken", "Count", ""),)),))
    ((line,)) = graphs(replace(PARCELS, functions=(counted, SWEEP)))["Parcels, count"]
    assert line[-1]["label"] == "ParcelsTaken (desk)"


def test_what_failed_and_what_is_told_late_is_shown_where_there_is_such() -> None:
    found = graphs(a_yard())
    assert found["What failed for good"][0][2:4] == ["QueueName", "the-queue"]
    assert [line[3] for line in found["Age of changes told, ms"]] == ["fn-watch"]
    assert not {"What failed for good", "Age of changes told, ms"} & graphs(a_service()).keys()


def test_errors_are_read_from_every_functions_log() -> None:
    *_, last = body(PARCELS, made(PARCELS))["widgets"]
    assert last["properties"]["query"].startswith(
        "SOURCE '/aws/lambda/fn-desk' | SOURCE '/aws/lambda/fn-sweep' | fields"
    )


def test_alarms_are_on_top_where_there_are_any() -> None:
    first, second, *_ = body(a_service(), made(a_service(), alarms=["arn:a", "arn:b"]))["widgets"]
    assert first["properties"]["alarms"] == ["arn:a", "arn:b"]
    assert second["y"] == first["height"]
