"""The site's own tests and its linter, which need no browser."""

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
def test_the_scripts_are_as_they_should_be(script: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm to run them with")
    assert build([SERVICES["stock"]], Terminal())
    ran = subprocess.run([npm, "run", script], cwd=SITE, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
