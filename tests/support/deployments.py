"""Deployments of this project to the emulator."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy
from lib.program import project
from lib.program.runner import Program


def deploy_file(program: Path, engine: Engine, **options: Any) -> dict[str, Any]:
    """Run the Pulumi program in a file with the options of `deploy`, and return its stack outputs."""
    return deploy(Program.from_file(program), engine, **options).exports


def deploy_service(
    emulator: Emulator, service: str, environment: str, engine: Engine | None = None, /, **config: str
) -> dict[str, Any]:
    """Deploy a service with the program of this project. Return the stack outputs."""
    pulumi_project = project.read(Path())
    return deploy_file(
        pulumi_project.program,
        engine or Engine(emulator, lambda type_, name: None),
        project=pulumi_project.name,
        stack=f"{service}-{environment}",
        config=project.config(pulumi_project, environment, service) | config,
        report=lambda line: None,
    )


@contextmanager
def importable_handler(folder: Path, module: str, source: str) -> Iterator[None]:
    """Write a handler module, such as `shop.desk.operations`, and its packages to a folder that modules are imported
    from."""
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True)
    for package in [*path.relative_to(folder).parents][:-1]:
        (folder / package / "__init__.py").touch()
    path.write_text(source, encoding="utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for imported in [name for name in sys.modules if f"{name}.".startswith(f"{module.partition('.')[0]}.")]:
            monkeypatch.delitem(sys.modules, imported)  # of another test
        monkeypatch.syspath_prepend(str(folder))
        yield
