"""The two import names of the package: `tap_stack` when installed, and `lib` in a clone."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

import lib
from lib import settings
from lib.assets.lambda_archive import sources, zip_files
from lib.console import Terminal
from lib.program.recorder import record
from lib.services import SERVICES
from lib.tap_stack import TapStack, TapStackArgs

ROOT = Path(__file__).parents[2]
IMPORTS = {
    "lib": "from lib.tap_stack import TapStack, TapStackArgs\nimport tap_stack",
    "tap_stack": "from tap_stack import TapStack, TapStackArgs\nimport lib.tap_stack",
}
IDENTITY_CHECKS = r"""
import importlib, pickle, sys
import lib, lib.console, lib.services.items.handler.operations as operations, tap_stack
from lib.settings import ApiSettings

assert lib is tap_stack is sys.modules["lib"]
assert lib.tap_stack is importlib.import_module("tap_stack.tap_stack")
assert TapStack is lib.TapStack is tap_stack.TapStack is lib.tap_stack.TapStack
assert TapStackArgs is tap_stack.TapStackArgs is tap_stack.tap_stack.TapStackArgs
assert importlib.import_module("tap_stack.services.items.handler.operations") is operations
assert pickle.loads(pickle.dumps(ApiSettings())) == ApiSettings()
assert pickle.loads(b"clib.settings.api\nApiSettings\n.") is ApiSettings
names = {name.removeprefix("lib.") for name in sys.modules if name.startswith("lib.")}
assert all(sys.modules[f"lib.{name}"] is sys.modules[f"tap_stack.{name}"] for name in names) and names
assert importlib.reload(lib.console) is tap_stack.console
assert importlib.reload(tap_stack) is lib
from lib.cost import bill
from tap_stack import cost
assert cost.bill is bill
"""
ARCHIVE = """
import sys
from {name}.assets.lambda_archive import sources, zip_files
from {name}.services import SERVICES
service = SERVICES["items"]
sys.stdout.buffer.write(zip_files(sources(service, service.functions[0])))
"""


@pytest.fixture(name="installed")
def installed_fixture(tmp_path: Path) -> dict[str, str]:
    """Environment variables of a process that can import both names."""
    (tmp_path / "tap_stack").symlink_to(ROOT / "lib")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run Python in an empty folder."""
    folder = environment["PYTHONPATH"].partition(os.pathsep)[0]
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("first", IMPORTS)
def test_both_names_import_the_same_modules_in_any_order(installed: dict[str, str], first: str) -> None:
    assert run(installed, "-c", IMPORTS[first] + IDENTITY_CHECKS).stderr == b""


def test_programs_and_tests_use_the_same_classes() -> None:
    stacks: list[object] = []
    record(lambda: stacks.append(runpy.run_path("tap.py")["stack"]))
    assert isinstance(stacks[0], TapStack)
    assert {lib.TapStack, lib.TapStackArgs} == {TapStack, TapStackArgs}
    assert TapStack.__module__ == "tap_stack.tap_stack"


def test_patches_apply_to_both_names() -> None:
    with mock.patch("tap_stack.console.Terminal") as patched:
        assert import_module("lib.console").Terminal is patched
    with mock.patch("lib.console.Terminal") as patched:
        assert import_module("tap_stack.console").Terminal is patched
    assert import_module("tap_stack.console").Terminal is Terminal


def test_public_names_are_the_stack_and_all_settings_classes() -> None:
    classes = {name for name in vars(settings) if name.endswith("Settings")}
    assert {*lib.__all__} == {*classes, "TapStack", "TapStackArgs", "__version__"}
    assert all(getattr(lib, name) is getattr(settings, name) for name in classes)
    assert {*lib.__all__} < {*dir(lib)}


def test_error_for_an_unknown_name_contains_the_module() -> None:
    with pytest.raises(AttributeError, match="module 'tap_stack' has no attribute 'TapStak'"):
        getattr(lib, "TapStak")  # noqa: B009  # mypy reports the missing attribute
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'lib\.settinks'"):
        import_module("lib.settinks")


def test_import_loads_neither_pulumi_nor_boto3(installed: dict[str, str]) -> None:
    program = (
        "import sys, tap_stack, lib; tap_stack.ApiSettings; "
        "sys.exit(bool({'pulumi', 'pulumi_aws', 'boto3'} & {*sys.modules}))"
    )
    assert run(installed, "-c", program).returncode == 0


@pytest.mark.parametrize("name", ["lib", "tap_stack"])
def test_package_can_be_run_by_either_name(installed: dict[str, str], name: str) -> None:
    result = run(installed, "-m", name, "costs")
    assert result.returncode == 2
    assert result.stderr.decode().endswith(f"Did you mean 'cost'? Run 'python -m {name} --help' for help.\n")


def test_import_of_another_copy_is_rejected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "__init__.py"
    other.touch()
    monkeypatch.setitem(sys.modules, "tap_stack", SimpleNamespace(__file__=str(other)))
    monkeypatch.delitem(sys.modules, "lib")
    with pytest.raises(ImportError, match=rf"lib must be the folder of tap_stack, .*{other}.* `make install`"):
        import_module("lib")


@pytest.mark.parametrize("name", ["lib", "tap_stack"])
def test_archive_does_not_depend_on_the_import_name(installed: dict[str, str], name: str) -> None:
    service = SERVICES["items"]
    (function,) = service.functions
    assert function.handler == "tap_stack.services.items.handler.operations"
    archive = zip_files(sources(service, function))
    assert run(installed, "-c", ARCHIVE.format(name=name)).stdout == archive
    renamed = replace(function, handler=function.handler.replace("tap_stack", name))
    assert zip_files(sources(service, renamed)) == archive
