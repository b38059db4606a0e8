"""Integration tests that run against the outputs of a deployment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.client import outputs_file
from lib.local import aws_config
from lib.local.emulator import Emulator

from ..support.deployments import deploy_service


def integration_tests(path: Path) -> subprocess.CompletedProcess[str]:
    """Run one file of the integration tests against the deployment of an outputs file."""
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
def test_integration_tests_run_against_an_outputs_file(emulator: Emulator, tmp_path: Path) -> None:
    outputs_file.write({"items-either": deploy_service(emulator, "items", "either")}, tmp_path)
    aws_config.write(emulator, tmp_path)
    result = integration_tests(tmp_path / outputs_file.ALL)
    assert result.returncode == 0, result.stdout
    assert "passed" in result.stdout
    assert "skipped" not in result.stdout


@pytest.mark.slow
def test_file_without_outputs_fails_the_integration_tests(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"name": "tap"}), encoding="utf-8")
    result = integration_tests(path)
    assert result.returncode != 0
    assert "TAP_OUTPUTS must be all-outputs.json or flat-outputs.json of a deployment, got" in result.stdout
