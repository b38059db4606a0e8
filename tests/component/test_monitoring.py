"""Recommended alarms, the composite alarm over all, and the dashboard."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lib.components.monitoring.composite_alarm import CompositeAlarm, CompositeAlarmArgs
from lib.program.recorder import Deployment, record
from lib.settings import AlarmSettings, ObservationSettings, Settings
from lib.tap_stack import TapStackArgs

from ..support.programs import YARD, stacked


@pytest.fixture(scope="module", name="watched")
def watched_yard() -> Deployment:
    """The yard service in dev with recommended alarms and a runbook."""
    alarms = AlarmSettings(recommended=True, runbook_url="https://wiki.example.com/yard")
    return record(stacked(**YARD, alarms=alarms))


def alarm(deployment: Deployment, name: str) -> dict[str, Any]:
    (found,) = (a for a in deployment.inputs("cloudwatch.MetricAlarm").values() if a["name"] == name)
    return found


def test_a_service_that_turns_recommended_alarms_off_has_no_more_than_its_own() -> None:
    closed = replace(YARD["service"], settings=Settings(alarms=AlarmSettings(recommended=False)))
    assert not TapStackArgs(service=closed).recommended_alarms()
    assert TapStackArgs(service=closed, alarms=AlarmSettings(recommended=True)).recommended_alarms()


def test_every_alarm_names_its_part_of_the_runbook(watched: Deployment) -> None:
    for found in watched.inputs("cloudwatch.MetricAlarm").values():
        assert "; see https://wiki.example.com/yard#" in found["alarmDescription"]
    assert alarm(watched, "yard-desk-errors-dev")["alarmDescription"].endswith("/yard#errors")


def test_composite_alarm_is_on_while_any_alarm_is(watched: Deployment) -> None:
    composite = watched.single("cloudwatch.CompositeAlarm").inputs
    names = {found["name"] for found in watched.inputs("cloudwatch.MetricAlarm").values()}
    assert set(composite["alarmRule"].split(" OR ")) == {f'ALARM("{name}")' for name in names}


def test_composite_alarm_over_too_many_alarms_is_divided() -> None:
    args = CompositeAlarmArgs(name="all", description="", alarms=[f"a{n}" for n in range(150)], topic_arn="arn:topic")
    alarms = record(lambda: CompositeAlarm("c", args)).inputs("cloudwatch.CompositeAlarm").values()
    created = {one["alarmName"]: one for one in alarms}
    assert created["all"]["alarmRule"] == 'ALARM("all-1") OR ALARM("all-2")'
    assert [created[name]["alarmRule"].count("ALARM") for name in ("all-1", "all-2")] == [100, 50]
    assert not created["all-1"]["alarmActions"]


def test_dashboard_without_recommended_alarms_shows_those_of_functions() -> None:
    created = record(stacked(service="items", observation=ObservationSettings(dashboard=True)))
    first, *_ = json.loads(created.single("cloudwatch.Dashboard").inputs["dashboardBody"])["widgets"]
    assert len(first["properties"]["alarms"]) == 3
