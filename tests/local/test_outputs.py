"""Both formats of the outputs of a deployment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lib.client import outputs_file
from lib.local import aws_config
from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy
from lib.program import project

STACKS: dict[str, dict[str, Any]] = {
    "items-dev": {"service": "items", "api_url": "http://a", "table_names": {"table": "t"}},
    "stock-dev": {"service": "stock", "api_url": "http://b", "api_key": "k"},
}


@pytest.mark.parametrize("name", [outputs_file.ALL, outputs_file.FLAT])
def test_both_files_have_the_same_flat_outputs(tmp_path: Path, name: str) -> None:
    outputs_file.write(STACKS, tmp_path)
    found = outputs_file.read(tmp_path / name)
    assert found == outputs_file.flat(STACKS)
    assert outputs_file.read_service(tmp_path / name, "stock") == STACKS["stock-dev"]


def test_two_stacks_of_one_service_are_ambiguous(tmp_path: Path) -> None:
    outputs_file.write({**STACKS, "items-prod": STACKS["items-dev"]}, tmp_path)
    path = tmp_path / outputs_file.ALL
    with pytest.raises(outputs_file.OutputsError) as error:
        outputs_file.read(path)
    assert str(error.value) == (
        f"{path} must have one stack of the items service, got items-dev, items-prod. Remove the others."
    )


def integration_tests(path: Path) -> subprocess.CompletedProcess[str]:
    """Run one file of the integration tests against the deployment whose outputs are in a file."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "tests/integration/items/test_resources.py"],
        env={**os.environ, "TAP_OUTPUTS": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.untraced
def test_integration_tests_run_against_either_file(emulator: Emulator, tmp_path: Path) -> None:
    here = project.read(Path())
    engine = Engine(emulator, lambda type_, name: None)
    config = project.config(here, "either", "items")
    stack = deploy(here.program, engine, project=here.name, stack="either", config=config, report=lambda line: None)
    outputs_file.write({"items-either": stack}, tmp_path)
    aws_config.write(emulator, tmp_path)
    for name in (outputs_file.ALL, outputs_file.FLAT):
        done = integration_tests(tmp_path / name)
        assert done.returncode == 0, done.stdout
        assert "passed" in done.stdout
        assert "skipped" not in done.stdout


@pytest.mark.slow
def test_a_file_without_outputs_fails_the_integration_tests(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"name": "tap"}), encoding="utf-8")
    done = integration_tests(path)
    assert done.returncode != 0
    assert "TAP_OUTPUTS must be all-outputs.json or flat-outputs.json of a deployment, got" in done.stdout
