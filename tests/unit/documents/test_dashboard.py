"""Dashboard bodies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lib.documents.dashboard import DeployedNames, body
from lib.model import Metric, Service
from lib.services import SERVICES

from ...support.builders import (
    DESK,
    PARCELS,
    SWEEP,
    a_function,
    a_route,
    a_service,
    a_worker,
    full_service,
    queue_service,
    service_with_apis,
)


def deployed_names(service: Service, **changes: Any) -> DeployedNames:
    """Return a different name for each resource of a service."""
    defaults = {
        "region": "eu-west-1",
        "apis": {
            name: {"ApiName" if api.protocol == "REST" else "ApiId": f"the-{name}", "Stage": "dev"}
            for name, api in service.used_apis().items()
        },
        "functions": {function.name: f"fn-{function.name}" for function in service.functions},
        "tables": {table.name: f"tb-{table.name}" for table in service.tables},
        "queue": "the-queue" if service.dead_letters else "",
        "queues": {name: f"qu-{name}" for queue in service.queues for name in (queue.name, queue.dead_letters)},
    }
    return DeployedNames(**{**defaults, **changes})


def graphs(service: Service, **changes: Any) -> dict[str, list[list[Any]]]:
    """Return the metrics of each graph by title."""
    widgets = body(service, deployed_names(service, **changes))["widgets"]
    return {
        widget["properties"]["title"]: widget["properties"]["metrics"]
        for widget in widgets
        if widget["type"] == "metric"
    }


@pytest.mark.parametrize(
    "service",
    [*SERVICES.values(), PARCELS, full_service(), queue_service(), service_with_apis()],
    ids=lambda service: service.name,
)
def test_widgets_do_not_overlap_and_fit_the_width(service: Service) -> None:
    occupied: set[tuple[int, int]] = set()
    for widget in body(service, deployed_names(service, alarms=["arn:a"]))["widgets"]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert not cells & occupied
        assert max(columns) < 24
        occupied |= cells


def test_api_graphs_show_requests_errors_and_latency_percentiles() -> None:
    graphs_by_title = graphs(a_service())
    dimensions = ["ApiName", "the-api", "Stage", "dev"]
    names = ("Count", "4XXError", "5XXError")
    assert [line[1:6] for line in graphs_by_title["Requests"]] == [[name, *dimensions] for name in names]
    assert [line[-1]["stat"] for line in graphs_by_title["Latency (ms)"]] == ["p50", "p90", "p99"]


def test_graphs_of_several_apis_and_of_urls_have_their_own_metrics() -> None:
    graphs_by_title = graphs(service_with_apis())
    assert graphs_by_title["api: Requests"][0][1:4] == ["Count", "ApiName", "the-api"]
    http = ["ApiId", "the-admin-api", "Stage", "dev"]
    assert [line[1:6] for line in graphs_by_title["admin-api: Requests"]] == [
        [name, *http] for name in ("Count", "4xx", "5xx")
    ]
    assert graphs_by_title["URL requests"] == [
        ["AWS/Lambda", "UrlRequestCount", "FunctionName", "fn-hooks", {"stat": "Sum", "label": "hooks"}]
    ]


def test_function_graphs_have_a_line_per_function() -> None:
    graphs_by_title = graphs(PARCELS)
    for title in ("Invocations", "Duration p90 (ms)", "Errors", "Concurrent executions", "Throttled invocations"):
        assert [line[3] for line in graphs_by_title[title]] == ["fn-desk", "fn-sweep"]


def test_each_queue_has_graphs_of_its_messages_and_their_age() -> None:
    graphs_by_title = graphs(queue_service())
    for queue in ("orders", "steps"):
        sent, deleted = graphs_by_title[f"{queue}: messages per minute"]
        assert (sent[1], deleted[1], sent[3]) == ("NumberOfMessagesSent", "NumberOfMessagesDeleted", f"qu-{queue}")
        assert [line[1] for line in graphs_by_title[f"{queue}: age (s)"]] == ["ApproximateAgeOfOldestMessage"]
        assert [line[-1]["label"] for line in graphs_by_title[f"{queue}: depth"]] == ["waiting", "in flight"]


def test_all_dead_letter_queues_are_in_one_graph() -> None:
    lines = graphs(queue_service())["Dead-letter queue depth"]
    assert [line[3] for line in lines] == ["the-queue", "qu-orders-dead-letters", "qu-steps-dead-letters"]


def test_failed_records_have_a_line_per_function_with_consumers_of_single_records() -> None:
    (line,) = graphs(queue_service())["Failed records"]
    assert line[:4] == ["TapStack", "FailedRecords", "FunctionName", "fn-worker"]
    assert "Stream iterator age (ms)" not in graphs(queue_service())
    assert "Failed records" not in graphs(PARCELS)


def test_table_graphs_have_a_line_per_index() -> None:
    lines = graphs(PARCELS)["parcels: consumed read units per minute"]
    assert [line[4:6] for line in lines[1:]] == [
        ["GlobalSecondaryIndexName", "by-state"],
        ["GlobalSecondaryIndexName", "by-owner"],
    ]
    assert {line[3] for line in lines} == {"tb-parcels"}


def test_custom_metrics_have_a_graph_per_unit() -> None:
    route = a_route(metrics=(Metric("ParcelsTaken", "Count", ""), Metric("Waited", "Seconds", "")))
    graphs_by_title = graphs(a_service(functions=(a_function(route),)))
    (count,), (duration,) = graphs_by_title["Parcels (count)"], graphs_by_title["Parcels (seconds)"]
    assert count == ["TapStack", "ParcelsTaken", "FunctionName", "fn-desk", {"stat": "Sum", "label": "ParcelsTaken"}]
    assert duration[-1]["stat"] == "Maximum"


def test_labels_of_custom_metrics_distinguish_functions() -> None:
    function = replace(DESK, routes=(a_route(metrics=(Metric("ParcelsTaken", "Count", ""),)),))
    ((line,)) = graphs(replace(PARCELS, functions=(function, SWEEP)))["Parcels (count)"]
    assert line[-1]["label"] == "ParcelsTaken (desk)"


def test_queue_depth_and_iterator_age_require_a_queue_and_consumers() -> None:
    graphs_by_title = graphs(full_service())
    assert graphs_by_title["Dead-letter queue depth"][0][2:4] == ["QueueName", "the-queue"]
    assert [line[3] for line in graphs_by_title["Stream iterator age (ms)"]] == ["fn-watch"]
    assert not {"Dead-letter queue depth", "Stream iterator age (ms)"} & graphs(a_service()).keys()


def test_errors_are_queried_from_the_logs_of_all_functions() -> None:
    *_, last = body(PARCELS, deployed_names(PARCELS))["widgets"]
    assert last["properties"]["query"].startswith(
        "SOURCE '/aws/lambda/fn-desk' | SOURCE '/aws/lambda/fn-sweep' | fields"
    )


def test_alarms_are_at_the_top() -> None:
    first, second, *_ = body(a_service(), deployed_names(a_service(), alarms=["arn:a", "arn:b"]))["widgets"]
    assert first["properties"]["alarms"] == ["arn:a", "arn:b"]
    assert second["y"] == first["height"]


def test_service_without_an_api_has_no_graphs_of_requests() -> None:
    assert [*graphs(a_worker(), apis={})][:2] == ["Invocations", "Duration p90 (ms)"]
