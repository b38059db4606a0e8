"""What watches a service where its environment asks for it: recommended alarms, one over all, a dashboard."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lib.components.monitoring.composite_alarm import Composite, CompositeArgs
from lib.program.recorder import Deployment, record
from lib.settings import AlarmSettings, ObservationSettings, Settings
from lib.tap_stack import TapStackArgs

from ..support.programs import YARD, stacked

WATCHED = {"alarms": AlarmSettings(recommended=True, runbook_url="https://wiki.example.com/yard")}


def deployed(**args: Any) -> Deployment:
    return record(stacked(**{**YARD, **args}))


@pytest.fixture(scope="module", name="watched")
def watched_yard() -> Deployment:
    return deployed(**WATCHED)


def alarm(made: Deployment, name: str) -> dict[str, Any]:
    (found,) = (a for a in made.inputs("cloudwatch.MetricAlarm").values() if a["name"] == name)
    return found


def test_nothing_of_it_is_made_unasked(yard: Deployment) -> None:
    assert not yard.of("cloudwatch.CompositeAlarm")
    assert not yard.of("cloudwatch.Dashboard")
    assert not [name for name in yard.of("cloudwatch.MetricAlarm") if "throttles-alarm" in name]


def test_5xx_responses_are_watched_in_every_environment(yard: Deployment) -> None:
    found = alarm(yard, "yard-api-server-errors-dev")
    assert (found["namespace"], found["metricName"], found["threshold"]) == ("AWS/ApiGateway", "5XXError", 0.05)
    assert found["dimensions"] == {"ApiName": "yard-api-dev", "Stage": "dev"}


def test_a_service_that_turns_recommended_alarms_off_has_no_more_than_its_own() -> None:
    closed = replace(YARD["service"], settings=Settings(alarms=AlarmSettings(recommended=False)))
    assert not TapStackArgs(service=closed).recommended_alarms()
    assert TapStackArgs(service=closed, alarms=AlarmSettings(recommended=True)).recommended_alarms()


def test_percentile_is_an_extended_statistic(watched: Deployment) -> None:
    found = alarm(watched, "yard-api-latency-dev")
    assert (found["extendedStatistic"], found.get("statistic")) == ("p90", None)
    assert (found["namespace"], found["metricName"]) == ("AWS/ApiGateway", "Latency")
    assert found["dimensions"] == {"ApiName": "yard-api-dev", "Stage": "dev"}


def test_function_is_watched_by_lambdas_own_metrics(watched: Deployment) -> None:
    found = alarm(watched, "yard-watch-iterator-age-dev")
    assert (found["namespace"], found["dimensions"]) == ("AWS/Lambda", {"FunctionName": "yard-watch-dev"})


def test_index_is_watched_beside_its_table(parcels: Deployment) -> None:
    found = alarm(parcels, "parcels-parcels-by-state-write-throttles-prod")
    assert found["dimensions"] == {"TableName": "parcels-parcels-prod", "GlobalSecondaryIndexName": "by-state"}
    assert found["alarmDescription"].startswith("parcels-parcels-prod's by-state refuses writes")


def test_errors_of_operations_are_added_up(watched: Deployment) -> None:
    found = alarm(watched, "yard-notes-system-errors-dev")
    total, *counted = found["metricQueries"]
    assert total == {
        "id": "sum",
        "expression": "FILL(m0, 0) + FILL(m1, 0)",
        "label": "SystemErrors",
        "returnData": True,
    }
    assert [one["metric"]["dimensions"]["Operation"] for one in counted] == ["TransactWriteItems", "PutItem"]
    assert {one["metric"]["dimensions"]["TableName"] for one in counted} == {"yard-notes-dev"}
    assert "metricName" not in found


def test_every_alarm_names_its_part_of_the_runbook(watched: Deployment) -> None:
    for found in watched.inputs("cloudwatch.MetricAlarm").values():
        assert "; see https://wiki.example.com/yard#" in found["alarmDescription"]
    assert alarm(watched, "yard-desk-errors-dev")["alarmDescription"].endswith("/yard#errors")


def test_one_alarm_is_on_as_long_as_any_is(watched: Deployment) -> None:
    over_all = watched.only("cloudwatch.CompositeAlarm").inputs
    names = {found["name"] for found in watched.inputs("cloudwatch.MetricAlarm").values()}
    assert set(over_all["alarmRule"].split(" OR ")) == {f'ALARM("{name}")' for name in names}
    assert over_all["alarmActions"] == over_all["okActions"] == ["arn:post-alarms-topic"]
    assert watched.stack_outputs()["health_alarm_name"] == over_all["alarmName"] == "yard-service-health-dev"


def test_more_alarms_than_one_can_be_over_are_taken_together_in_parts() -> None:
    args = CompositeArgs(name="all", description="", alarms=[f"a{n}" for n in range(150)], topic_arn="arn:topic")
    made = {
        one["alarmName"]: one
        for one in record(lambda: Composite("c", args)).inputs("cloudwatch.CompositeAlarm").values()
    }
    assert made["all"]["alarmRule"] == 'ALARM("all-1") OR ALARM("all-2")'
    assert [made[name]["alarmRule"].count("ALARM") for name in ("all-1", "all-2")] == [100, 50]
    assert not made["all-1"]["alarmActions"]


def test_dashboard_is_made_of_what_was_made(production: Deployment) -> None:
    made = production.only("cloudwatch.Dashboard").inputs
    assert made["dashboardName"] == production.stack_outputs()["dashboard_name"] == "yard-dashboard-prod"
    first, *others = json.loads(made["dashboardBody"])["widgets"]
    assert first["properties"]["alarms"][0] == "arn:post-health-any"
    assert {one["properties"]["region"] for one in others} == {"region:post-api-api"}
    assert '"yard-failures-prod"' in made["dashboardBody"]


def test_dashboard_without_alarms_of_its_own_shows_those_of_functions() -> None:
    made = deployed(service="items", observation=ObservationSettings(dashboard=True))
    first, *_ = json.loads(made.only("cloudwatch.Dashboard").inputs["dashboardBody"])["widgets"]
    assert len(first["properties"]["alarms"]) == 3
