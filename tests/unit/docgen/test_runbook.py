"""The page that alarms name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lib.model import STANDARD_ALARMS
from lib.services import SERVICES
from lib.settings.environments import ENVIRONMENTS
from lib.tap_stack import TapStackArgs

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])


def headings(page: Path) -> set[str]:
    """What can be named after a `#`."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in found}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("split", [False, True])
def test_every_alarm_has_a_part_that_says_what_to_do(service: str, split: bool) -> None:
    args = TapStackArgs(service=service, environment_suffix="prod", split_functions=split)
    alarms = {alarm.name for alarm in (*args.service_definition().alarms, *args.recommended_alarms())}
    runbook = ROOT / (ENVIRONMENTS["prod"].alarms.runbook_url or "")
    assert {*alarms, *map(str.lower, STANDARD_ALARMS), "health"} <= headings(runbook)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target, part in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
        linked = (page.parent / target).resolve() if target else page
        assert linked.exists(), target
        assert not part or part in headings(linked), f"{target}#{part}"
