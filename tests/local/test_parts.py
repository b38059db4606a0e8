"""The emulator's process, the project's config, the outputs' files, the tour, the terminal, the watcher."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.client import auth, outputs_file, smoke_test
from lib.components.compute.code_archive import code_archive
from lib.local import emulator as emulators
from lib.local.emulator import (
    READ_TIMEOUT_SECONDS,
    Emulator,
    EmulatorError,
    RegionalEmulator,
    free_port,
    is_port_in_use,
)
from lib.local.hot_reload import Watcher
from lib.local.provisioners.lambda_ import archive_bytes
from lib.model import Call
from lib.program import project
from lib.runtime import http_client

from ..support.builders import a_function, a_route, a_service
from ..support.fake_aws import FakeAws, serving

PROJECT = """
name: shop
main: program.py
config:
  aws:region: eu-west-1
  colour: {type: string, default: red}
  size: {type: integer, default: 0}
  undecided: {type: string}
"""


def pid(running: Emulator) -> int:
    assert running._process is not None  # pylint: disable=protected-access  # to end it from outside
    return running._process.pid  # pylint: disable=protected-access  # to end it from outside


def test_an_emulator_leaves_nothing_behind() -> None:
    with Emulator() as running:
        folder = running._log.parent  # pylint: disable=protected-access  # to end it from outside
        assert folder.is_dir()
        assert is_port_in_use(running.port)
        process = pid(running)
        running.check()
    assert not folder.exists()
    assert not is_port_in_use(running.port)
    with pytest.raises(ProcessLookupError):
        os.killpg(process, 0)


def test_an_emulator_that_dies_is_noticed() -> None:
    with Emulator() as running:
        os.kill(pid(running), signal.SIGKILL)
        os.waitid(os.P_PID, pid(running), os.WEXITED | os.WNOWAIT)
        with pytest.raises(EmulatorError, match="the emulator has died: its log is empty"):
            running.check()


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing() -> None:
    with Emulator() as first, pytest.raises(EmulatorError, match=f"port {first.port} is taken"):
        Emulator(first.port).__enter__()  # pylint: disable=unnecessary-dunder-call  # it must not get in


def test_another_port_is_used_if_the_free_one_was_taken_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = [other.getsockname()[1], free_port()]
        monkeypatch.setattr(emulators, "free_port", iter(ports).__next__)
        with Emulator() as running:
            assert running.url == f"http://127.0.0.1:{ports[1]}"
            running.check()


def test_search_for_a_free_port_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(emulators, "free_port", lambda: port)
        with pytest.raises(EmulatorError, match=f"port {port} is taken"):
            Emulator().__enter__()  # pylint: disable=unnecessary-dunder-call  # it must not get in


def test_an_emulator_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulators, "COMMAND", ["-c", "raise SystemExit('no emulator here')"])
    with pytest.raises(EmulatorError, match=r"did not start on port .*: no emulator here"):
        Emulator().__enter__()  # pylint: disable=unnecessary-dunder-call  # it must not get in


def test_free_ports_are_free() -> None:
    assert not is_port_in_use(free_port())


def test_config_is_the_projects_then_the_stacks(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "Pulumi.items-prod.yaml").write_text("config: {'aws:region': x, 'shop:colour': blue}", encoding="utf-8")
    here = project.read(tmp_path)
    assert here.program == tmp_path / "program.py"
    assert project.config(here, "prod", "items") == {
        "colour": "blue",
        "size": "0",
        "environment": "prod",
        "service": "items",
    }
    assert project.config(here, "pr-7", "items")["colour"] == "red"
    assert project.config(here, "prod", "stock")["colour"] == "red"


def test_objects_and_switches_reach_the_program_as_the_cli_hands_them_on(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "Pulumi.items-dev.yaml").write_text(
        "config: {'shop:tags': {Owner: me}, 'shop:on': true}", encoding="utf-8"
    )
    found = project.config(project.read(tmp_path), "dev", "items")
    assert (found["tags"], found["on"]) == ('{"Owner": "me"}', "true")


def test_secrets_in_objects_have_a_stand_in_and_other_secret_keys_their_default(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    stack = "config: {'shop:secrets': {token: {secure: v1:x}, seal: open}, 'shop:colour': {secure: v1:y}}"
    (tmp_path / "Pulumi.items-dev.yaml").write_text(stack, encoding="utf-8")
    found = project.config(project.read(tmp_path), "dev", "items")
    assert json.loads(found["secrets"]) == {"token": project.STAND_IN, "seal": "open"}
    assert found["colour"] == "red"


def test_empty_stack_file_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "Pulumi.items-dev.yaml").write_text("", encoding="utf-8")
    assert project.config(project.read(tmp_path), "dev", "items")["colour"] == "red"


def written(folder: Path, stacks: dict[str, Any]) -> tuple[Any, Any]:
    outputs_file.write(stacks, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["all-outputs.json", "flat-outputs.json"]
    return json.loads((folder / outputs_file.ALL).read_text()), json.loads((folder / outputs_file.FLAT).read_text())


def test_the_outputs_of_one_stack_are_flat_both_bare_and_with_their_service(tmp_path: Path) -> None:
    stacks = {"dev": {"service": "stock", "api_url": "u"}}
    assert written(tmp_path / "new", stacks) == (
        stacks,
        {"service": "stock", "api_url": "u", "stock_service": "stock", "stock_api_url": "u"},
    )


def test_the_outputs_of_several_stacks_carry_their_service(tmp_path: Path) -> None:
    stacks = {"a": {"service": "items", "api_url": "1"}, "b": {"service": "stock", "api_url": "2"}}
    assert written(tmp_path, stacks)[1] == {
        "service": "items",
        "api_url": "1",
        "items_service": "items",
        "items_api_url": "1",
        "stock_service": "stock",
        "stock_api_url": "2",
    }


def test_outputs_of_a_deployment_on_aws_are_kept_without_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outputs_file.write_stack("items-prod", {"service": "items", "api_url": "u", "api_key": "[secret]"})
    assert json.loads((tmp_path / "cfn-outputs" / outputs_file.ALL).read_text()) == {
        "items-prod": {"service": "items", "api_url": "u"}
    }


@pytest.mark.parametrize(
    ("told", "given", "headers"),
    [
        ({}, None, {}),
        ({"items_api_key": "told"}, None, {"x-api-key": "told"}),
        ({"items_api_key": "told"}, "given", {"x-api-key": "given"}),
    ],
)
def test_outputs_tell_where_a_service_is_and_its_key(
    tmp_path: Path, told: dict[str, str], given: str | None, headers: dict[str, str]
) -> None:
    path = tmp_path / outputs_file.FLAT
    path.write_text(json.dumps({"items_api_url": "https://example.com", **told}), encoding="utf-8")
    url, authorization = smoke_test.endpoint(path, "items", given)
    assert (url, authorization("GET", url, None)) == ("https://example.com", headers)


@pytest.mark.parametrize("text", ['{"stock_api_url": "https://example.com"}', "no JSON"])
def test_outputs_that_tell_of_another_service_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / outputs_file.FLAT).write_text(text, encoding="utf-8")
    with pytest.raises(outputs_file.OutputsError, match="make local or make up"):
        outputs_file.read_service(tmp_path / outputs_file.FLAT, "items")


ACCEPT = Call(method="POST", path="/parcels", status=201, body={"to": "Ada"}, keeps={"first": "id", "state": "state"})


def toured(api: FakeAws, *demo: Call) -> list[smoke_test.Answer]:
    return smoke_test.run(a_service(demo=demo), {"api_url": api.url}, lambda answer: None)


@pytest.fixture(name="api")
def api_fixture() -> Iterator[FakeAws]:
    """An API that answers as it is told to."""
    with serving() as api:
        yield api


def test_a_call_says_what_an_earlier_answer_said(api: FakeAws) -> None:
    api.script = [(201, {"id": "a/b ü", "state": 7}), (200, {})]
    body = {"parts": ["of {first}", {"state": "{state}"}, 1], "none": None}
    answers = toured(api, ACCEPT, Call(method="POST", path="/parcels/{first}?by={state}", status=200, body=body))
    assert [answer.as_expected for answer in answers] == [True, True]
    assert api.asked[1].path == "/parcels/a%2Fb%20%C3%BC?by=7"
    assert json.loads(api.asked[1].body) == {"parts": ["of a/b ü", {"state": "7"}, 1], "none": None}


def test_what_an_answer_said_is_known_to_every_later_call(api: FakeAws) -> None:
    api.script = [(201, {"id": "a", "state": "due"}), (200, {}), (200, {})]
    look = Call(method="GET", path="/parcels/{first}", status=200)
    toured(api, ACCEPT, look, look)
    assert [asked.path for asked in api.asked] == ["/parcels", "/parcels/a", "/parcels/a"]


@pytest.mark.parametrize(
    "answer",
    [(502, b"Internal Server Error"), (400, {"error": "no"}), (201, ["a"]), (204, b"")],
    ids=["no JSON", "other members", "no object", "nothing"],
)
def test_what_no_answer_said_is_sent_as_it_stands(api: FakeAws, answer: tuple[int, Any]) -> None:
    api.script = [answer, (404, {"error": "no"})]
    toured(api, ACCEPT, Call(method="POST", path="/parcels/{first}", status=200, body={"of": "{first}"}))
    assert api.asked[1].path == "/parcels/{first}"
    assert json.loads(api.asked[1].body) == {"of": "{first}"}


def test_a_call_is_sent_with_its_headers_and_the_key(api: FakeAws) -> None:
    api.script = [(200, {})]
    call = Call(method="POST", path="/parcels/1", status=200, headers={"If-Match": '"2"'})
    smoke_test.send(api.url, call, auth.bearing({"x-api-key": "secret"}))
    sent = api.asked[0].headers
    assert (sent["if-match"], sent["x-api-key"], sent["content-type"]) == ('"2"', "secret", "application/json")


def test_a_call_of_a_fixed_path_shows_nothing_of_the_parameter_beside_it() -> None:
    service = a_service(functions=(a_function(a_route(path="/parcels/{id}"), a_route(path="/parcels/lost")),))
    answers = [smoke_test.Answer(Call(method="GET", path="/parcels/lost", status=200), 200, 1.0, "")]
    assert smoke_test.table(service, answers)[1:] == [
        ["  GET", "/parcels/{id}", "-", "-", "nothing in the demo calls it"],
        ["  GET", "/parcels/lost", "200", "1.0", ""],
    ]
    assert not smoke_test.complete(service, answers)


class Deployed:
    """A function in the emulator, made from files in the working folder, and the watcher of them."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        files = {"shop/app.py": "def handler(event, context):\n    return 1\n", "shop/__init__.py": "", "index.py": "#"}
        for path, text in files.items():
            Path(path).parent.mkdir(exist_ok=True)
            Path(path).write_text(text or "more here than in the archive", encoding="utf-8")
        self.told: list[str] = []
        self._lambda = emulator.client("lambda")
        archive = code_archive(files)
        self.watcher = Watcher({(RegionalEmulator(emulator), name): archive}, self.told.append)
        self.name = name
        emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        self._lambda.create_function(
            FunctionName=name,
            Role=f"arn:aws:iam::000000000000:role/{name}",
            Runtime="python3.13",
            Handler="shop.app.handler",
            Code={"ZipFile": archive_bytes(archive)},
        )

    def answer(self, **asked: str) -> Any:
        return json.load(self._lambda.invoke(FunctionName=self.name, **asked)["Payload"])

    def alias(self) -> str:
        """Put the code as it is behind an alias, and return its name."""
        version = self._lambda.publish_version(FunctionName=self.name)["Version"]
        made = self._lambda.create_alias(FunctionName=self.name, Name="live", FunctionVersion=version)
        return str(made["Name"])


@pytest.fixture(name="deployed")
def deployed_fixture(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """A function whose code can be changed."""
    monkeypatch.chdir(tmp_path)
    return Deployed(emulator, f"watched-{time.monotonic_ns()}")


def test_nothing_saved_changes_nothing(deployed: Deployed) -> None:
    deployed.watcher.poll()
    assert deployed.told == []


def test_functions_wait_longer_for_the_emulator_than_for_dynamodb(deployed: Deployed) -> None:
    Path("shop/app.py").write_text(
        "import os\ndef handler(event, context):\n    return os.environ['TAP_READ_TIMEOUT_SECONDS']\n", encoding="utf-8"
    )
    deployed.watcher.poll()
    assert float(deployed.answer()) == READ_TIMEOUT_SECONDS > http_client.READ_TIMEOUT_SECONDS


def test_a_saved_change_is_live(deployed: Deployed) -> None:
    assert deployed.answer() == 1
    Path("shop/app.py").write_text(
        "from .new import two\ndef handler(event, context):\n    return two\n", encoding="utf-8"
    )
    Path("shop/new.py").write_text("two = 2\n", encoding="utf-8")
    deployed.watcher.poll()
    assert deployed.answer() == 2
    assert "shop/app.py, shop/new.py" in deployed.told[0]
    deployed.watcher.poll()
    assert len(deployed.told) == 1


def test_saved_change_of_the_library_is_live_in_any_folder(deployed: Deployed, emulator: Emulator) -> None:
    archive = code_archive({"tap_stack/runtime/errors.py": "#"})
    messages: list[str] = []
    Watcher({(RegionalEmulator(emulator), deployed.name): archive}, messages.append).poll()
    assert messages[0].startswith(f"{deployed.name}: live with ")
    assert "tap_stack/runtime/errors.py" in messages[0]


def test_a_file_taken_away_leaves_the_function_as_it_was(deployed: Deployed) -> None:
    Path("shop/app.py").unlink()
    deployed.watcher.poll()
    assert deployed.told == []


def test_code_that_does_not_compile_is_told_once_and_not_put_in(deployed: Deployed) -> None:
    Path("shop/app.py").write_text("def (", encoding="utf-8")
    deployed.watcher.poll()
    deployed.watcher.poll()
    assert len(deployed.told) == 1
    assert deployed.told[0].startswith("shop/app.py: not live, invalid syntax")
    assert deployed.answer() == 1


def test_a_file_that_is_no_text_is_told_once_and_the_run_goes_on(deployed: Deployed) -> None:
    Path("shop/app.py").write_bytes(b"\xff")
    deployed.watcher.poll()
    deployed.watcher.poll()
    assert len(deployed.told) == 1
    assert "not live, 'utf-8' codec" in deployed.told[0]
    Path("shop/app.py").write_text("def handler(event, context):\n    return 3\n", encoding="utf-8")
    deployed.watcher.poll()
    assert deployed.answer() == 3


def test_a_function_that_is_gone_is_told_once(deployed: Deployed, emulator: Emulator) -> None:
    emulator.client("lambda").delete_function(FunctionName=deployed.name)
    Path("shop/app.py").write_text("def handler(event, context):\n    return 3\n", encoding="utf-8")
    deployed.watcher.poll()
    deployed.watcher.poll()
    assert len(deployed.told) == 1
    assert deployed.told[0].startswith(f"{deployed.name}: not live, ")


def test_a_saved_change_is_live_behind_an_alias(deployed: Deployed) -> None:
    alias = deployed.alias()
    Path("shop/app.py").write_text("def handler(event, context):\n    return 3\n", encoding="utf-8")
    deployed.watcher.poll()
    assert deployed.answer(Qualifier=alias) == 3
