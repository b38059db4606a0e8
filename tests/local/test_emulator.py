"""Process of the emulator."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from lib.local import emulator as emulators
from lib.local.emulator import Emulator, EmulatorError, free_port, is_port_in_use


def pid(running: Emulator) -> int:
    assert running._process is not None  # pylint: disable=protected-access  # to kill the process
    return running._process.pid  # pylint: disable=protected-access  # to kill the process


def test_free_port_is_not_in_use() -> None:
    assert not is_port_in_use(free_port())


def test_stopped_emulator_leaves_no_process_files_or_port() -> None:
    with Emulator() as running:
        folder = running._log.parent  # pylint: disable=protected-access  # to kill the process
        assert folder.is_dir()
        assert is_port_in_use(running.port)
        process = pid(running)
        running.check()
    assert not folder.exists()
    assert not is_port_in_use(running.port)
    with pytest.raises(ProcessLookupError):
        os.killpg(process, 0)


def test_exit_of_the_emulator_is_detected() -> None:
    with Emulator() as running:
        os.kill(pid(running), signal.SIGKILL)
        os.waitid(os.P_PID, pid(running), os.WEXITED | os.WNOWAIT)
        with pytest.raises(EmulatorError, match=r"emulator exited unexpectedly\. Last log line: \(empty log\)"):
            running.check()


def assert_rejected(message: str, port: int = 0) -> None:
    """Assert that an emulator does not start."""
    with pytest.raises(EmulatorError, match=message):
        Emulator(port).__enter__()  # pylint: disable=unnecessary-dunder-call  # raises


def test_port_in_use_is_rejected(emulator: Emulator) -> None:
    assert_rejected(f"Port {emulator.port} is already in use", emulator.port)


def test_another_port_is_selected_if_the_free_port_is_bound_concurrently(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = [other.getsockname()[1], free_port()]
        monkeypatch.setattr(emulators, "free_port", iter(ports).__next__)
        with Emulator() as running:
            assert running.url == f"http://127.0.0.1:{ports[1]}"
            running.check()


def test_search_for_a_free_port_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(emulators, "free_port", lambda: port)
        assert_rejected(f"Port {port} is already in use")


def test_start_error_contains_the_last_log_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulators, "COMMAND", ["-c", "raise SystemExit('no emulator here')"])
    assert_rejected("did not start on port .*: no emulator here")
