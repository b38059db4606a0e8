"""The examples, deployed and used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from examples.notes.service import SERVICE as NOTES
from lib.local import tour
from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy


def deployed(program: str, emulator: Emulator) -> dict[str, Any]:
    engine = Engine(emulator, lambda type_, name: None)
    path = Path("examples", program)
    return deploy(path, engine, project="tap", stack="dev", config={"environment": "eg"}, tell=lambda line: None)


def test_a_service_of_ones_own_answers(emulator: Emulator) -> None:
    outputs = deployed("own_service.py", emulator)
    answers = tour.run(NOTES, outputs, lambda answer: None)
    assert tour.complete(NOTES, answers), answers
    assert '"text":"two litres"' in answers[-1].body


def test_figures_transforms_and_reached_resources_arrive(emulator: Emulator) -> None:
    deployed("customize.py", emulator)
    kept = {
        region: emulator.client("logs", region).describe_log_groups(logGroupNamePrefix="/aws/lambda/pr-123-")
        for region in ("us-east-1", "us-west-2")
    }
    days = {region: [group["retentionInDays"] for group in found["logGroups"]] for region, found in kept.items()}
    assert days == {"us-east-1": [365], "us-west-2": [14]}
    (alarm,) = emulator.client("cloudwatch").describe_alarms(AlarmNamePrefix="busy")["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "TableName", "Value": "pr-123-items-table"}]
