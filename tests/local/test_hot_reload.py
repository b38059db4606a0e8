"""Hot reload of function code."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lib.components.compute.code_archive import code_archive
from lib.local.emulator import READ_TIMEOUT_SECONDS, Emulator, RegionalEmulator
from lib.local.hot_reload import DefinitionWatcher, Watcher
from lib.local.provisioners.lambda_ import archive_bytes
from lib.program.runner import Program
from lib.runtime import http_client

APP = Path("shop/app.py")


class Deployed:
    """A function in the emulator, created from files in the working directory, and its watcher."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        files = {"shop/app.py": "def handler(event, context):\n    return 1\n", "shop/__init__.py": "", "index.py": "#"}
        for path, source in files.items():
            Path(path).parent.mkdir(exist_ok=True)
            Path(path).write_text(source or "has content only in the project", encoding="utf-8")
        self.messages: list[str] = []
        self._lambda = emulator.client("lambda")
        archive = code_archive(files)
        self._watcher = Watcher({(RegionalEmulator(emulator), name): archive}, self.messages.append)
        self.name = name
        emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        self._lambda.create_function(
            FunctionName=name,
            Role=f"arn:aws:iam::000000000000:role/{name}",
            Runtime="python3.13",
            Handler="shop.app.handler",
            Code={"ZipFile": archive_bytes(archive)},
        )

    def sources(self) -> set[Path]:
        return self._watcher.sources()

    def save(self, result: str, imports: str = "") -> None:
        """Save a handler that returns the value of an expression, and poll twice."""
        APP.write_text(f"{imports}\ndef handler(event, context):\n    return {result}\n", encoding="utf-8")
        self.poll()

    def poll(self) -> None:
        """Poll twice, because messages must not be repeated."""
        self._watcher.poll()
        self._watcher.poll()

    def invoke(self, **parameters: str) -> Any:
        """Return the response of the function."""
        return json.load(self._lambda.invoke(FunctionName=self.name, **parameters)["Payload"])

    def create_alias(self) -> str:
        """Create an alias of the current code, and return its name."""
        version = self._lambda.publish_version(FunctionName=self.name)["Version"]
        alias = self._lambda.create_alias(FunctionName=self.name, Name="live", FunctionVersion=version)
        return str(alias["Name"])


@pytest.fixture(name="deployed")
def deployed_fixture(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """Function with code that can be changed."""
    monkeypatch.chdir(tmp_path)
    return Deployed(emulator, f"watched-{time.monotonic_ns()}")


def test_saved_change_updates_the_function_and_its_alias(deployed: Deployed) -> None:
    alias = deployed.create_alias()
    deployed.poll()
    assert deployed.messages == []
    assert deployed.invoke() == 1
    Path("shop/new.py").write_text("two = 2\n", encoding="utf-8")
    deployed.save("two", "from .new import two")
    assert deployed.invoke() == deployed.invoke(Qualifier=alias) == 2
    assert len(deployed.messages) == 1
    assert "shop/app.py, shop/new.py" in deployed.messages[0]


def test_changed_library_file_updates_functions_in_any_folder(deployed: Deployed, emulator: Emulator) -> None:
    archive = code_archive({"tap_stack/runtime/errors.py": "#"})
    messages: list[str] = []
    Watcher({(RegionalEmulator(emulator), deployed.name): archive}, messages.append).poll()
    assert messages[0].startswith(f"{deployed.name}: updated with ")
    assert "tap_stack/runtime/errors.py" in messages[0]


def test_changed_definition_is_reported_once(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [Path(name) for name in ("program.py", "definition.py", "site-packages/installed.py")]
    for path in files:
        path.parent.mkdir(exist_ok=True)
        path.write_text("A = 1\n", encoding="utf-8")
    for path in (*files[1:], APP):
        name = f"module_of_{path.stem}"
        module = ModuleType(name)
        module.__file__ = str(path.resolve())
        monkeypatch.setitem(sys.modules, name, module)
    messages: list[str] = []
    program = Program.from_file(Path("program.py"))
    watcher = DefinitionWatcher([program], deployed.sources(), messages.append)
    watcher.poll()
    for path in (files[2], APP):
        path.write_text("A = 2\n", encoding="utf-8")
    watcher.poll()
    assert not messages
    for path in files[:2]:
        path.write_text("A = 2\n", encoding="utf-8")
    watcher.poll()
    watcher.poll()
    assert messages == ["definition changed in definition.py, program.py: restart tap local to deploy it"]
    monkeypatch.chdir("site-packages")
    (tmp_path / "program.py").unlink()
    watcher.poll()
    assert messages[1:] == [f"definition changed in {tmp_path}/program.py: restart tap local to deploy it"]


def test_functions_have_a_longer_read_timeout_for_the_emulator(deployed: Deployed) -> None:
    deployed.save("os.environ['TAP_READ_TIMEOUT_SECONDS']", "import os")
    assert float(deployed.invoke()) == READ_TIMEOUT_SECONDS > http_client.READ_TIMEOUT_SECONDS


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"def (", "shop/app.py: not deployed: invalid syntax"), (b"\xff", "shop/app.py: not deployed: "), (None, "")],
    ids=["syntax error", "not UTF-8", "deleted"],
)
def test_invalid_file_is_reported_once_and_not_deployed(
    deployed: Deployed, content: bytes | None, message: str
) -> None:
    APP.unlink()
    if content:
        APP.write_bytes(content)
    deployed.poll()
    assert len(deployed.messages) == (1 if message else 0)
    assert message in "".join(deployed.messages)
    assert deployed.invoke() == 1
    deployed.save("3")
    assert deployed.invoke() == 3


def test_deleted_function_is_reported_once(deployed: Deployed, emulator: Emulator) -> None:
    emulator.client("lambda").delete_function(FunctionName=deployed.name)
    deployed.save("3")
    assert len(deployed.messages) == 1
    assert deployed.messages[0].startswith(f"{deployed.name}: not updated: ")
