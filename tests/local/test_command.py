"""`tap local` and `tap smoke`."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from lib.cli import main
from lib.client import auth, smoke_test
from lib.local.emulator import Emulator, free_port
from lib.local.hot_reload import Watcher
from lib.model import Call, Site
from lib.services import SERVICES

from ..support.builders import PAGES
from ..support.fake_aws import serving

ITEMS = SERVICES["items"]


def answered(call: Call, status: int) -> smoke_test.Answer:
    return smoke_test.Answer(call, status, 1.0, "what it said")


def test_a_check_ends_well_when_every_route_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--check", "--service", "items", "--outputs", str(tmp_path), "--port", str(free_port())]) == 0
    said = capsys.readouterr().out
    assert re.search(r"items is deployed: \d+ resources", said)
    assert "smoke test passed" in said
    for _, route in ITEMS.routes():
        assert re.search(rf"{route.method} +{re.escape(route.path)} +20\d +\d", said)
    assert json.loads((tmp_path / "all-outputs.json").read_text())["items-dev"]["environment"] == "dev"


@pytest.mark.untraced
def test_an_environment_with_keys_is_toured_with_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--check", "--env", "prod", "--outputs", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "flat-outputs.json").read_text())
    assert found["dynamodb_table_name"] == "prod-items-table"
    assert found["api_key"] not in capsys.readouterr().out


def test_config_can_be_said_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = ("rollout=AllAtOnce", "lambda_snap_start=true", "lambda_runtime=python3.13")
    pairs = [word for pair in said for word in ("--config", pair)]
    arguments = ["local", "--check", "--service", "items", "--outputs", str(tmp_path), "--workers", "2", *pairs]
    assert main(arguments) == 0
    assert "smoke test passed" in capsys.readouterr().out
    assert json.loads((tmp_path / "flat-outputs.json").read_text())["alias_arns"]["lambda"].endswith(":live")


@pytest.mark.parametrize("pair", ["rolout=AllAtOnce", "rollout", "rollout="])
def test_config_that_nothing_reads_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], pair: str) -> None:
    assert main(["local", "--check", "--service", "items", "--outputs", str(tmp_path), "--config", pair]) == 2
    message = f"error: config must be KEY=VALUE with a key of Pulumi.yaml, got {pair!r}."
    assert capsys.readouterr().err.startswith(message)


def test_what_the_emulator_lacks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"{{name: tap, main: {Path('tap.py').absolute()}}}", encoding="utf-8")
    for service in SERVICES:
        config = "config: {'tap:dynamodb_billing_mode': PROVISIONED}"
        (tmp_path / f"Pulumi.{service}-big.yaml").write_text(config, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["local", "--check", "--env", "big"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "not emulated" in line]
    assert lines == [
        f"  not emulated: {count} of aws:appautoscaling/{kind}, as the emulator has no Application Auto Scaling"
        # read and write: the table of items; two tables and four indexes of the inventory, three and seven of the stock
        for count in (2, 12, 20)
        for kind in ("target:Target", "policy:Policy")
    ]


def test_a_route_that_answers_otherwise_ends_the_check_badly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Call(method="GET", path="/items/nobody", status=200)
    monkeypatch.setitem(SERVICES, "items", dataclasses.replace(ITEMS, demo=(*ITEMS.demo, wrong)))
    assert main(["local", "--check", "--service", "items", "--outputs", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert re.search(r"404 +[\d.]+  should be 200\n", said)
    assert re.search(r'  GET /items/nobody: 404, \d+ ms: \{.*"code": ?"NOT_FOUND"', said)
    assert "smoke test failed: unexpected responses, see above" in said


def test_a_route_nobody_calls_is_no_success() -> None:
    answers = [answered(call, call.status) for call in ITEMS.demo if call.method != "PUT"]
    assert not smoke_test.complete(ITEMS, answers)
    assert any("nothing in the demo calls it" in row for row in smoke_test.table(ITEMS, answers))


def test_the_demo_calls_every_route_of_every_service() -> None:
    for service in SERVICES.values():
        for _, route in service.routes():
            assert any(call.calls(route) for call in service.demo), f"{service.name}: {route.method} {route.path}"


def test_a_taken_port_is_one_clear_line(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--port", str(emulator.port)]) == 1
    assert capsys.readouterr().err == (
        f"error: port {emulator.port} is taken: give another as PORT=..., or none for a free one\n"
    )


def test_a_suffix_that_cannot_be_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--env", "no spaces", "--outputs", str(tmp_path)]) == 2
    assert "error: environment_suffix 'no spaces': AWS names take letters" in capsys.readouterr().err


@contextmanager
def interrupted(ending: signal.Signals, when: Callable[[], bool]) -> Iterator[None]:
    """Send this process a signal once something is so."""
    done = threading.Event()

    def wait() -> None:
        while not done.wait(0.05):
            if when():
                os.kill(os.getpid(), ending)
                return

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serving_ends_cleanly_when_told_to(
    ending: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[int] = []
    monkeypatch.setattr(Watcher, "poll", lambda _: served.append(items_at(tmp_path)))
    before = signal.getsignal(ending)
    with interrupted(ending, lambda: bool(served)):
        assert main(["local", "--env", "staging", "--service", "items", "--outputs", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    found = json.loads((tmp_path / "flat-outputs.json").read_text())
    assert served[0] == 200
    assert f"{found['api_url']}/items" in said
    assert f"send it as x-api-key: {found['api_key']}" in said
    assert said.endswith("s] stopped\n")
    assert signal.getsignal(ending) == before


def test_serving_says_where_the_pages_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[bool] = []
    monkeypatch.setattr(Watcher, "poll", lambda _: served.append(True))
    monkeypatch.setitem(SERVICES, "items", dataclasses.replace(ITEMS, site=Site(folder=PAGES)))
    with interrupted(signal.SIGINT, lambda: bool(served)):
        assert main(["local", "--service", "items", "--outputs", str(tmp_path)]) == 0
    url = json.loads((tmp_path / "flat-outputs.json").read_text())["site_url"]
    assert f"its pages are at {url}/\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("authorization", "said"),
    [
        ("COGNITO_USER_POOLS", "people sign in as demo@example.com with "),
        ("AWS_IAM", "sign requests with the credentials of this run\n"),
    ],
)
def test_serving_says_as_whom_to_call(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    authorization: str,
    said: str,
) -> None:
    served: list[bool] = []
    monkeypatch.setattr(Watcher, "poll", lambda _: served.append(True))
    config = ["--config", f"authorization={authorization}"]
    with interrupted(signal.SIGINT, lambda: bool(served)):
        assert main(["local", "--service", "items", "--outputs", str(tmp_path), *config]) == 0
    assert said in capsys.readouterr().out


def test_pages_that_cannot_be_built_end_the_run_with_what_npm_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no space left\nexit 1\n", encoding="utf-8")
    npm.chmod(0o755)
    (tmp_path / "package.json").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setitem(SERVICES, "items", dataclasses.replace(ITEMS, site=Site(folder=tmp_path / "dist")))
    assert main(["local", "--service", "items", "--outputs", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"error: npm run build failed in {tmp_path}: put right what it says, then run make site" in said
    assert said.endswith("\nno space left\n")


def items_at(folder: Path) -> int:
    found = json.loads((folder / "flat-outputs.json").read_text())
    request = urllib.request.Request(f"{found['api_url']}/items", headers={"x-api-key": found["api_key"]})
    with auth.OPENER.open(request) as answer:
        return int(answer.status)


# An interrupt can come after a socket was opened and before the code that closes it.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_check_cut_short_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with interrupted(signal.SIGTERM, (tmp_path / "flat-outputs.json").exists):
        code = main(["local", "--check", "--service", "items", "--outputs", str(tmp_path)])
    assert code == 130, capsys.readouterr().out


def test_an_emulator_that_dies_while_serving_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def kill(watcher: Any) -> None:
        place, _ = next(iter(watcher._deployed))  # pylint: disable=protected-access  # to end it from outside
        process = place.emulator._process  # pylint: disable=protected-access  # to end it from outside
        process.kill()
        process.wait()

    monkeypatch.setattr(Watcher, "poll", kill)
    assert main(["local", "--service", "items", "--outputs", str(tmp_path)]) == 1
    assert "error: the emulator has died" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["99999", "80", "-5", "http"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--port", port]) == 2
    assert "error: Invalid value for '--port': " in capsys.readouterr().err


def test_no_workers_at_all_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--workers", "0"]) == 2
    assert "error: Invalid value for '--workers': 0 is not in the range x>=1." in capsys.readouterr().err


def test_two_runs_started_at_once_do_not_meet(tmp_path: Path) -> None:
    check = [sys.executable, "-m", "lib", "local", "--check", "--outputs"]
    with ThreadPoolExecutor(2) as both:
        ended = list(both.map(lambda name: subprocess.call([*check, str(tmp_path / name)]), ("one", "two")))
    assert ended == [0, 0]


def smoke(folder: Path, *arguments: str) -> int:
    return main(["smoke", "--outputs", str(folder / "flat-outputs.json"), *arguments])


def test_smoke_sends_the_demo_calls_to_what_an_outputs_file_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as fake:
        fake.script = [(call.status, {}) for call in ITEMS.demo]
        write(tmp_path, fake.url)
        assert smoke(tmp_path) == 0
        assert [asked.headers["x-api-key"] for asked in fake.asked] == ["a key"] * len(ITEMS.demo)
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "items:"
        assert all(re.search(r" 20\d +\d", line) for line in lines[2:])
        assert smoke(tmp_path, "--api-key", "another") == 1
        assert fake.asked[-1].headers["x-api-key"] == "another"
    assert "should be" in capsys.readouterr().out


def write(folder: Path, api_url: str, **outputs: str) -> None:
    """Write an outputs file of the items service."""
    content = {"items_api_url": api_url, "items_api_key": "a key", **outputs}
    (folder / "flat-outputs.json").write_text(json.dumps(content), encoding="utf-8")


def test_smoke_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as fake:
        fake.script = [(503, {"error": "busy"})]
        write(tmp_path, fake.url)
        assert smoke(tmp_path, "--service", "items", "--json") == 1
    first = json.loads(capsys.readouterr().out)["items"][0]
    assert first.pop("milliseconds") > 0
    assert first == {
        "method": "POST",
        "path": "/items",
        "expected_status": 201,
        "status": 503,
        "body": '{"error": "busy"}',
    }


IAM = {"items_authorization": "AWS_IAM", "items_api_execution_arn": "arn:aws:execute-api:eu-west-1:1:api"}


def test_smoke_signs_the_calls_of_an_api_that_requires_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "AKIA"), ("SECRET_ACCESS_KEY", "secret"), ("SESSION_TOKEN", "token")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with serving() as fake:
        fake.script = [(call.status, {}) for call in ITEMS.demo]
        write(tmp_path, fake.url, **IAM)
        assert smoke(tmp_path) == 0
        headers = fake.asked[0].headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIA/")
    assert "/eu-west-1/execute-api/" in headers["authorization"]
    assert headers["x-amz-security-token"] == "token"


def test_smoke_without_credentials_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda _: None)
    write(tmp_path, "http://127.0.0.1:1", **IAM)
    assert smoke(tmp_path) == 1
    message = "error: The API requires signed requests. Set AWS_PROFILE to a profile with credentials.\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize("content", [None, "no JSON", '{"name": "tap"}'])
def test_smoke_without_outputs_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    path = tmp_path / "flat-outputs.json"
    if content:
        path.write_text(content, encoding="utf-8")
    assert smoke(tmp_path) == 1
    assert capsys.readouterr().err == (
        f"error: {path} must contain the outputs of a service. Run make local or make up, which write it.\n"
    )
