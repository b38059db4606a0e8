"""The runbook, which alarms link to."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.model import STANDARD_ALARMS
from lib.services import SERVICES
from lib.settings.environments import ENVIRONMENTS
from lib.tap_stack import TapStackArgs

from ...support.markdown import anchors

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("split", [False, True])
def test_runbook_has_a_section_for_every_alarm(service: str, split: bool) -> None:
    args = TapStackArgs(service=service, environment_suffix="prod", split_functions=split)
    alarms = {alarm.name for alarm in (*args.service_definition().alarms, *args.recommended_alarms())}
    runbook = ROOT / (ENVIRONMENTS["prod"].alarms.runbook_url or "")
    assert {*alarms, *map(str.lower, STANDARD_ALARMS), "health"} <= anchors(runbook)
