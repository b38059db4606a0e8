"""Recommended alarms, the composite alarm over all alarms, and the dashboard."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lib.components.monitoring.composite_alarm import CompositeAlarm, CompositeAlarmArgs
from lib.program.recorder import Deployment, record
from lib.settings import AlarmSettings, ObservationSettings, Settings
from lib.tap_stack import TapStackArgs

from ..support.programs import FULL_SERVICE, stacked


@pytest.fixture(scope="module", name="monitored")
def monitored_fixture() -> Deployment:
    """Record a service in dev with recommended alarms and a runbook."""
    alarms = AlarmSettings(recommended=True, runbook_url="https://wiki.example.com/yard")
    return record(stacked(**FULL_SERVICE, alarms=alarms))


def alarm(deployment: Deployment, name: str) -> dict[str, Any]:
    (inputs,) = (a for a in deployment.inputs("cloudwatch.MetricAlarm").values() if a["name"] == name)
    return inputs


def test_service_can_disable_recommended_alarms_and_a_stack_can_enable_them() -> None:
    service = replace(FULL_SERVICE["service"], settings=Settings(alarms=AlarmSettings(recommended=False)))
    assert not TapStackArgs(service=service).recommended_alarms()
    assert TapStackArgs(service=service, alarms=AlarmSettings(recommended=True)).recommended_alarms()


def test_every_alarm_links_to_its_section_of_the_runbook(monitored: Deployment) -> None:
    for inputs in monitored.inputs("cloudwatch.MetricAlarm").values():
        assert "; see https://wiki.example.com/yard#" in inputs["alarmDescription"]
    assert alarm(monitored, "yard-desk-errors-dev")["alarmDescription"].endswith("/yard#errors")


def test_composite_alarm_includes_every_alarm(monitored: Deployment) -> None:
    composite = monitored.single("cloudwatch.CompositeAlarm").inputs
    names = {inputs["name"] for inputs in monitored.inputs("cloudwatch.MetricAlarm").values()}
    assert set(composite["alarmRule"].split(" OR ")) == {f'ALARM("{name}")' for name in names}


def test_composite_alarm_over_too_many_alarms_is_divided() -> None:
    args = CompositeAlarmArgs(name="all", description="", alarms=[f"a{n}" for n in range(150)], topic_arn="arn:topic")
    alarms = record(lambda: CompositeAlarm("c", args)).inputs("cloudwatch.CompositeAlarm").values()
    created = {inputs["alarmName"]: inputs for inputs in alarms}
    assert created["all"]["alarmRule"] == 'ALARM("all-1") OR ALARM("all-2")'
    assert [created[name]["alarmRule"].count("ALARM") for name in ("all-1", "all-2")] == [100, 50]
    assert not created["all-1"]["alarmActions"]


def test_dashboard_without_recommended_alarms_shows_the_alarms_of_functions() -> None:
    created = record(stacked(service="items", observation=ObservationSettings(dashboard=True)))
    first, *_ = json.loads(created.single("cloudwatch.Dashboard").inputs["dashboardBody"])["widgets"]
    assert len(first["properties"]["alarms"]) == 3
