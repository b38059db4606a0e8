"""Deployments of this project to the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy
from lib.program import project


def deploy_service(
    emulator: Emulator, service: str, environment: str, engine: Engine | None = None, /, **config: str
) -> dict[str, Any]:
    """Deploy a service with the program of this project. Return the stack outputs."""
    pulumi_project = project.read(Path())
    return deploy(
        pulumi_project.program,
        engine or Engine(emulator, lambda type_, name: None),
        project=pulumi_project.name,
        stack=f"{service}-{environment}",
        config=project.config(pulumi_project, environment, service) | config,
        report=lambda line: None,
    )
