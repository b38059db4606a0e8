"""Commands for a service that another distribution registers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGE = """
from dataclasses import dataclass, replace
from typing import ClassVar

from examples.notes.service import SERVICE
from tap_stack.model import Operation, ServiceFactory, Workload
from tap_stack.settings import SettingsGroup, between, setting


@dataclass(frozen=True, kw_only=True)
class NotesSettings(SettingsGroup):
    retention_days: int = setting(between(1, 365, "days"), default=30)
    \"\"\"Days for which notes are stored.\"\"\"

    SECTION: ClassVar[str] = "notes"


FACTORY = ServiceFactory(
    name="notes",
    settings=NotesSettings,
    build=lambda settings: replace(SERVICE, description=f"Stores notes for {settings.retention_days} days."),
    workload=WORKLOAD,
)
"""
WORKLOAD = 'Workload(reads=(Operation(name="read", trigger="GET /notes/{name}", read_units=1, processor_ms=0.3),))'
Tap = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(name="tap")
def tap_fixture(tmp_path: Path) -> Tap:
    """Return a function that runs `tap` with an installed distribution that registers the service `notes`."""
    info = tmp_path / "installed" / "notes-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: notes\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[tap_stack.services]\nnotes = notes:FACTORY\n", encoding="utf-8")
    (info.parent / "notes.py").write_text(PACKAGE.replace("WORKLOAD", WORKLOAD), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (info.parent, ROOT)))}

    def tap(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lib", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return tap


def test_service_is_audited(tap: Tap) -> None:
    result = tap("audit", "--service", "notes", "--env", "dev", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert {finding["deployment"] for finding in json.loads(result.stdout)} == {"notes-dev"}


def test_costs_of_the_service_are_estimated(tap: Tap) -> None:
    result = tap("cost", "--service", "notes", "--env", "dev", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    units = {item["label"]: item["amount"] for item in json.loads(result.stdout)["notes"]["dev"]["items"]}
    assert (units["requests"], units["invocations"], units["reads"]) == (1_000_000, 1_000_000, 1_000_000)


def test_costs_of_a_service_without_a_workload_are_derived(tap: Tap, tmp_path: Path) -> None:
    (tmp_path / "installed" / "notes.py").write_text(PACKAGE.replace("WORKLOAD", "None"), encoding="utf-8")
    result = tap("cost", "--service", "notes", "--env", "dev", "--json")
    assert result.returncode == 0
    assert result.stderr == (
        "notes has no workload, so its variable costs are derived from its routes, schedules, consumers and grants. "
        "Set workload=Workload(...) in its ServiceFactory for measured values: see docs/guides/own-service.md.\n"
    )
    units = {item["label"]: item["amount"] for item in json.loads(result.stdout)["notes"]["dev"]["items"]}
    assert (units["reads"], units["writes"]) == (700_000, 300_000)
    result = tap("scaling", "--service", "notes")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("notes has no workload. Set workload=Workload(...) in its ServiceFactory")


def test_scaling_is_calculated_for_the_service(tap: Tap) -> None:
    result = tap("scaling", "--service", "notes", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert [row["request"] for row in json.loads(result.stdout)["times"]] == ["notes: read"]


def test_service_is_deployed_and_its_demo_calls_succeed(tap: Tap, tmp_path: Path) -> None:
    arguments = ("--service", "notes", "--config", "notes_retention_days=7", "--outputs", str(tmp_path))
    result = tap("local", "--check", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert "smoke test passed" in result.stdout


def test_config_keys_of_the_service_are_checked_and_documented(tap: Tap, tmp_path: Path) -> None:
    result = tap("audit", "--service", "notes", "--env", "dev", "--config", "notes_retention_days=400")
    assert result.returncode == 1
    message = "config notes_retention_days must be an integer from 1 to 365 days, got '400'."
    assert re.search(rf"error: tap\.py:\d+: {re.escape(message)}\n$", result.stderr)
    result = tap("audit", "--service", "notes", "--env", "dev", "--config", "notes_retention_day=7")
    assert (result.returncode, "Did you mean 'notes_retention_days'?" in result.stderr) == (2, True)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nconfig:\n  # generated:config\n", encoding="utf-8")
    result = tap("docs", "--service", "notes", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert {"Pulumi.yaml: written", "docs/services/notes/openapi.json: written"} <= {*result.stdout.splitlines()}
    page = (tmp_path / "docs" / "services" / "notes" / "settings.md").read_text(encoding="utf-8")
    assert "## `notes_retention_days`\n\nnotes: Days for which notes are stored. (`notes.retention_days`)\n" in page
    assert not (tmp_path / "docs" / "reference").exists()
    assert "  notes_retention_days:\n    type: integer\n" in (tmp_path / "Pulumi.yaml").read_text(encoding="utf-8")
    assert tap("docs", "--service", "notes", "--check", folder=tmp_path).returncode == 0


@pytest.mark.parametrize("arguments", [("outputs",), ("preview",), ("site", "build"), ("smoke",)])
def test_misspelled_service_suggests_the_registered_service(tap: Tap, arguments: tuple[str, ...]) -> None:
    option = () if "build" in arguments else ("--service",)
    result = tap(*arguments, *option, "note")
    assert result.returncode == 2
    assert "is not one of 'items', 'inventory', 'stock', 'notes'. Did you mean 'notes'?" in result.stderr
