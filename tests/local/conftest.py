"""Deployment of small Pulumi programs."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.local.engine import Engine

from ..support.deployments import deploy_file


class Run:
    """Deploys programs to the emulator, and records created resources and messages."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self._emulator = emulator
        self._folder = folder
        self.engine = Engine(emulator, lambda type_, name: self.created.append(name))
        self.created: list[str] = []
        self.messages: list[str] = []

    def __call__(self, program: str, **config: str) -> dict[str, Any]:
        """Deploy a program from its source code, with `pulumi` and `aws` imported."""
        path = self._folder / "program.py"
        head = "import pulumi\nimport pulumi_aws as aws\n"
        path.write_text(head + textwrap.dedent(program), encoding="utf-8")
        return deploy_file(path, self.engine, project="test", stack="dev", config=config, report=self.messages.append)


@pytest.fixture
def run(emulator: Emulator, tmp_path: Path) -> Run:
    """Function that deploys programs."""
    return Run(emulator, tmp_path)
