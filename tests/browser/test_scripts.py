"""Unit tests and linter of the web pages, which require no browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lib.assets.npm import build
from lib.console import Terminal
from lib.services import SERVICES

SITE = Path("lib/services/stock/site")


@pytest.mark.parametrize("script", ["test", "lint"])
def test_script_succeeds(script: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    assert build([SERVICES["stock"]], Terminal())
    process = subprocess.run([npm, "run", script], cwd=SITE, capture_output=True, text=True, timeout=120, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
