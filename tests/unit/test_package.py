"""The wheel and the console script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lib
from lib.assets.lambda_archive import sources
from lib.services import SERVICES

ARCHIVE = """
import json
from tap_stack import TapStackArgs
from tap_stack.assets.lambda_archive import sources

service = TapStackArgs().service_definition()
print(json.dumps(sources(service, service.functions[0])))
"""
TAP = Path(sys.executable).with_name("tap")


@pytest.fixture(scope="module", name="wheel")
def wheel_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel of this project with web pages."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(name, source)
    shutil.copytree("lib", source / "lib", ignore=shutil.ignore_patterns("__pycache__", "node_modules", "dist"))
    dist = source / "lib/services/stock/site/dist"
    dist.mkdir()
    (dist / "index.html").touch()
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(source)], check=True, capture_output=True)
    return next(target.iterdir())


@pytest.mark.slow
def test_wheel_contains_every_module_and_the_files_that_code_reads(wheel: Path) -> None:
    modules = {f"tap_stack/{path.relative_to('lib').as_posix()}" for path in Path("lib").rglob("*.py")}
    modules = {path for path in modules if "/node_modules/" not in path}
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    files = {name for name in names if not name.startswith("tap_stack-")}
    requirements = ("authorizers/jwt/requirements.txt", "authorizers/jwt/requirements.lock")
    data = ("py.typed", *requirements, "services/stock/site/dist/index.html")
    assert files == {*modules, *(f"tap_stack/{path}" for path in data)}
    assert wheel.name == f"tap_stack-{lib.__version__}-py3-none-any.whl"


@pytest.mark.slow
def test_wheel_creates_the_archives_of_the_clone(wheel: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(wheel, tmp_path, "zip")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {ARCHIVE}"]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    service = SERVICES["items"]
    assert json.loads(output) == sources(service, service.functions[0])


def run_tap(folder: Path, *arguments: str) -> str:
    """Run the console script in a folder, and return its output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(TAP), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_console_script_prints_its_version_in_any_folder(tmp_path: Path) -> None:
    assert run_tap(tmp_path, "--version") == f"tap-stack {lib.__version__}\n"


def test_console_script_lists_its_commands_in_any_folder(tmp_path: Path) -> None:
    output = run_tap(tmp_path, "--help")
    assert output.startswith("Usage: tap [OPTIONS] COMMAND [ARGS]...\n")
    assert "  rollback   Move the aliases of deployed functions to the previous versions.\n" in output
    assert not list(tmp_path.iterdir())
