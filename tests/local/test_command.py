"""`tap local`."""

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
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lib.assets.npm import SiteError
from lib.cli import local as command
from lib.cli import main
from lib.client import auth
from lib.console import Terminal
from lib.local.emulator import Emulator, free_port
from lib.local.engine import DeployError
from lib.local.hot_reload import Watcher
from lib.local.run import STOP_SIGNALS, stoppable
from lib.model import Site
from lib.services import SERVICES

from ..support.builders import PAGES, a_worker, replace_service

ITEMS = SERVICES["items"]
LOCAL_ITEMS = ("local", "--service", "items", "--outputs")


def flat_outputs(folder: Path) -> dict[str, Any]:
    """Return the outputs of a deployment."""
    outputs: dict[str, Any] = json.loads((folder / "flat-outputs.json").read_text(encoding="utf-8"))
    return outputs


def list_items(folder: Path) -> int:
    """List items with the API key of the outputs. Return the status."""
    outputs = flat_outputs(folder)
    request = urllib.request.Request(f"{outputs['api_url']}/items", headers={"x-api-key": outputs["api_key"]})
    with auth.OPENER.open(request) as response:
        return int(response.status)


def test_check_succeeds_if_every_route_responds_as_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LOCAL_ITEMS, str(tmp_path), "--check", "--port", str(free_port())]) == 0
    output = capsys.readouterr().out
    assert re.search(r"items deployed: \d+ resources", output)
    assert "smoke test passed" in output
    for _, route in ITEMS.routes():
        assert re.search(rf"{route.method} +{re.escape(route.path)} +20\d +\d", output)
    assert json.loads((tmp_path / "all-outputs.json").read_text())["items-dev"]["environment"] == "dev"


@pytest.mark.untraced
def test_options_of_the_command_line_configure_the_deployment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origins = "https://a.example,http://127.0.0.1:1234"
    config = (f"cors_origin={origins}", "rollout=AllAtOnce", "lambda_snap_start=true", "lambda_runtime=python3.13")
    options = ["--env", "prod", "--workers", "2", *(word for pair in config for word in ("--config", pair))]
    assert main([*LOCAL_ITEMS, str(tmp_path), "--check", *options]) == 0
    outputs = flat_outputs(tmp_path)
    assert (outputs["dynamodb_table_name"], outputs["cors_origin"]) == ("prod-items-table", origins)
    assert outputs["alias_arns"]["lambda"].endswith(":live")
    assert outputs["api_key"] not in capsys.readouterr().out


def test_every_service_is_deployed_and_resources_that_are_not_emulated_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi_project = f"{{name: tap, main: {Path('tap.py').absolute()}, config: {{service: {{type: string}}}}}}"
    (tmp_path / "Pulumi.yaml").write_text(pulumi_project, encoding="utf-8")
    for service in SERVICES:
        config = "config: {'tap:dynamodb_billing_mode': PROVISIONED}"
        (tmp_path / f"Pulumi.{service}-big.yaml").write_text(config, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["local", "--check", "--env", "big"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "not emulated" in line]
    assert lines == [
        f"  not emulated: {count} of aws:appautoscaling/{kind} (the emulator has no Application Auto Scaling)"
        # Reads and writes of one table of items, two tables and four indexes of inventory, three and seven of stock.
        for count in (2, 12, 20)
        for kind in ("target:Target", "policy:Policy")
    ]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (
            ["--config", "rolout=AllAtOnce"],
            2,
            "config must be KEY=VALUE with a setting or a key of Pulumi.yaml, got 'rolout=",
        ),
        (["--env", "no spaces"], 2, "environment_suffix must be letters, digits, '-' and '_', got 'no spaces'."),
        (["--port", "99999"], 2, "Invalid value for '--port': "),
        (["--port", "80"], 2, "Invalid value for '--port': "),
        (["--workers", "0"], 2, "Invalid value for '--workers': 0 is not in the range x>=1."),
    ],
)
def test_invalid_option_is_a_one_line_error(
    options: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["local", *options]) == code
    assert capsys.readouterr().err.startswith(f"error: {message}")


def test_port_in_use_is_a_one_line_error(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--port", str(emulator.port)]) == 1
    assert capsys.readouterr().err == (
        f"error: Port {emulator.port} is already in use. Set PORT to a free port, or omit it to select one "
        "automatically.\n"
    )


@pytest.mark.parametrize("error", [DeployError, SiteError])
def test_failed_deployment_or_build_is_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error("no space left")

    monkeypatch.setattr(command, "run", fail)
    assert main(["local"]) == 1
    assert capsys.readouterr().err == "error: no space left\n"


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_stop_signals_raise_keyboard_interrupt_and_handlers_are_restored(number: signal.Signals) -> None:
    previous = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), stoppable():
        signal.raise_signal(number)
    assert signal.getsignal(number) == previous


@contextmanager
def interrupted(number: signal.Signals, when: Callable[[], bool]) -> Iterator[None]:
    """Send this process a signal once a condition is true."""
    done = threading.Event()

    def wait() -> None:
        while not done.wait(0.05):
            if when():
                os.kill(os.getpid(), number)
                return

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


# The interrupt can occur between opening a socket and the code that closes it.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_interrupted_check_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with interrupted(signal.SIGTERM, (tmp_path / "flat-outputs.json").exists):
        code = main([*LOCAL_ITEMS, str(tmp_path), "--check"])
    assert code == 130, capsys.readouterr().out


def test_local_deployment_prints_urls_and_requests_until_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[str] = []
    served: list[int] = []
    print_line = Terminal.print_line

    def record(terminal: Terminal, line: str) -> None:
        lines.append(line)
        print_line(terminal, line)

    monkeypatch.setattr(Terminal, "print_line", record)
    monkeypatch.setattr(Watcher, "poll", lambda _: served.append(list_items(tmp_path)))
    replace_service(monkeypatch, dataclasses.replace(ITEMS, site=Site(folder=PAGES)))
    request = ' | INFO request requestId="'
    with interrupted(signal.SIGINT, lambda: any(request in line for line in lines)):
        assert main([*LOCAL_ITEMS, str(tmp_path), "--env", "staging"]) == 0
    before, ready, after = capsys.readouterr().out.partition("ready: ")
    outputs = flat_outputs(tmp_path)
    assert f"{outputs['api_url']}/items" in before
    assert f"API key (x-api-key): {outputs['api_key']}" in before
    assert f"site: {outputs['site_url']}/\n" in before
    assert request not in before
    assert ready
    assert request in after
    assert '"_aws"' not in after
    assert after.endswith("s] stopped\n")
    assert set(served) == {200}


def test_service_without_an_api_is_deployed_without_a_smoke_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    polls: list[bool] = []
    monkeypatch.setattr(Watcher, "poll", lambda _: polls.append(True))
    replace_service(monkeypatch, dataclasses.replace(a_worker(), name="items"))
    with interrupted(signal.SIGINT, lambda: bool(polls)):
        assert main([*LOCAL_ITEMS, str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert "  items       no API; functions: jobs-worker-dev\n" in output
    assert "smoke test" not in output.partition("ready: ")[0]


def test_stop_signal_in_a_finalizer_stops_the_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ignored: list[Any] = []

    class Connection:
        """Object whose finalizer receives a signal. Python ignores the error that the handler raises."""

        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(sys, "unraisablehook", lambda error: ignored.append(error.exc_type))
    monkeypatch.setattr(Watcher, "poll", lambda _: bool(Connection()))
    replace_service(monkeypatch, dataclasses.replace(a_worker(), name="items"))
    monkeypatch.setattr("lib.local.run.POLL_SECONDS", 0.01)
    assert main([*LOCAL_ITEMS, str(tmp_path)]) == 0
    assert ignored == [KeyboardInterrupt]
    assert capsys.readouterr().out.endswith("s] stopped\n")


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("COGNITO_USER_POOLS", "user demo@example.com, password "),
        ("AWS_IAM", "requests must be signed with the credentials below\n"),
    ],
)
def test_demo_calls_are_authorized_and_authorization_is_printed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    authorization: str,
    message: str,
) -> None:
    polls: list[bool] = []
    monkeypatch.setattr(Watcher, "poll", lambda _: polls.append(True))
    options = ["--service", "inventory", "--config", f"authorization={authorization}", "--outputs", str(tmp_path)]
    with interrupted(signal.SIGINT, lambda: bool(polls)):
        assert main(["local", *options]) == 0
    output = capsys.readouterr().out
    assert message in output
    assert re.search(r"POST +/items/batch +200 ", output)
    assert "  expected " not in output


def test_handler_error_is_printed_with_its_traceback_and_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    authorize = auth.authorization_of

    def delete_table(outputs: Mapping[str, Any], emulator: Emulator) -> auth.Authorization:
        emulator.client("dynamodb").delete_table(TableName=outputs["dynamodb_table_name"])
        return authorize(outputs, emulator)

    monkeypatch.setattr(auth, "authorization_of", delete_table)
    assert main([*LOCAL_ITEMS, str(tmp_path), "--check"]) == 1
    printed = capsys.readouterr().out
    function = flat_outputs(tmp_path)["lambda_function_name"]
    lines = [line for line in printed.splitlines() if line.startswith(f"{function} | ")]
    assert lines[0].startswith(f"{function} | ERROR unhandled ")
    assert lines[1] == f"{function} | Traceback (most recent call last):"
    assert any("ResourceNotFoundException" in line for line in lines)
    assert printed.index(lines[0]) < printed.index("smoke test of items:")
    assert re.search(r"POST +/items +502 +[\d.]+  expected 201\n", printed)
    assert re.search(r"  POST /items: 502, \d+ ms: \{", printed)
    assert "smoke test failed: unexpected responses or missing demo calls, see above" in printed


def test_exit_of_the_emulator_stops_the_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def kill(watcher: Any) -> None:
        aws, _ = next(iter(watcher._deployed))  # pylint: disable=protected-access  # to kill the process
        process = aws.emulator._process  # pylint: disable=protected-access  # to kill the process
        process.kill()
        process.wait()

    monkeypatch.setattr(Watcher, "poll", kill)
    assert main([*LOCAL_ITEMS, str(tmp_path)]) == 1
    assert "error: The emulator exited unexpectedly." in capsys.readouterr().err


def test_concurrent_deployments_do_not_conflict(tmp_path: Path) -> None:
    check = [sys.executable, "-m", "lib", *LOCAL_ITEMS]
    with ThreadPoolExecutor(2) as executor:
        codes = list(executor.map(lambda name: subprocess.call([*check, str(tmp_path / name), "--check"]), ("a", "b")))
    assert codes == [0, 0]
