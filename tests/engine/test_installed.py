"""The library as pip installs it, under its other import name, in a project of its own."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from . import wire
from .conftest import REQUIRED
from .ledger import Ledger
from .programs import tap_stack
from .stack import Engine

ROOT = Path(__file__).parents[2]
FUNCTION = "aws:lambda/function:Function"
PROGRAM = """
import pulumi
from tap_stack.tap_stack import TapStack, TapStackArgs

stack = TapStack("tap", TapStackArgs())
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


def install(folder: Path) -> Path:
    """Install the library of this checkout with pip, and return where; skip the tests if pip needs a network."""
    source, target = folder / "source", folder / "site-packages"
    for name in ("pyproject.toml", "README.md"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "lib", source / "lib", ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(target), str(source)]
    # This part of setuptools is what a build without a network needs; it came with version 70.1.
    isolation = [] if find_spec("setuptools.command.bdist_wheel") is None else ["--no-build-isolation"]
    done = subprocess.run([*command, *isolation], capture_output=True, text=True, check=False)
    if done.returncode and not os.environ.get(REQUIRED):
        pytest.skip(f"pip could not install the library: {done.stderr}")
    assert not done.returncode, done.stderr
    return target


@pytest.fixture(name="project")
def project_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a project in whose environment the library is installed."""
    monkeypatch.syspath_prepend(str(install(tmp_path)))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    monkeypatch.chdir(folder)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "tap_stack"]:
        del sys.modules[name]


def files(ledger: Ledger, package: str) -> dict[str, str]:
    """Return the texts in the archive of the only function by path, each without the name of the package."""
    (function,) = ledger.find(FUNCTION)
    assets = wire.plain(function.inputs["code"])["assets"]
    name = re.compile(rf"\b{package}\b(?=[./])")
    return {name.sub("*", path): name.sub("*", asset["text"]) for path, asset in assets.items()}


def test_installed_library_deploys_the_same_function_code(engine: Engine, project: Path) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack())
    expected = files(stack.ledger, "lib")

    def program() -> None:
        runpy.run_path(str(project / "__main__.py"))

    deployed = stack.deploy(program)
    assert {(event.operation, event.token) for event in deployed.events} == {("update", FUNCTION)}
    assert files(stack.ledger, "tap_stack") == expected
    assert any(path.startswith("*/runtime/") for path in expected)
