"""Small Pulumi projects, and runs of the command."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy


class Run:
    """A program deployed into the emulator."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self._emulator = emulator
        self._folder = folder
        self.engine = Engine(emulator, lambda type_, name: self.made.append(name))
        self.made: list[str] = []
        self.told: list[str] = []

    def __call__(self, program: str, **config: str) -> dict[str, Any]:
        """Deploy the text of a program; `pulumi` and `aws` are imported for it."""
        path = self._folder / "program.py"
        head = "import pulumi\nimport pulumi_aws as aws\n"
        path.write_text(head + textwrap.dedent(program), encoding="utf-8")
        return deploy(path, self.engine, project="test", stack="dev", config=config, report=self.told.append)


@pytest.fixture
def run(emulator: Emulator, tmp_path: Path) -> Run:
    """Deploys programs."""
    return Run(emulator, tmp_path)
