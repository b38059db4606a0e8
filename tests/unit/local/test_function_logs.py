"""Function logs in the terminal of a local deployment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lib.local.function_logs import FunctionLogs
from lib.local.server.functions import with_log

REQUEST = {
    "level": "INFO",
    "message": "request",
    "route": "GET /items",
    "status": 200,
    "_aws": {"CloudWatchMetrics": []},
    "FunctionName": "desk",
    "Sold": 2,
}
TRACEBACK = "Traceback (most recent call last):\n  File \"index.py\", line 2, in handler\nKeyError: 'a'"
ERROR = {"level": "ERROR", "message": "unhandled", "error": "KeyError", "trace": TRACEBACK}


def write_logs(folder: Path, *logs: Any, failed: bool = False) -> FunctionLogs:
    """Append one invocation per log, and return a reader. A list contains structured log events."""
    path = folder / "functions.log"
    with path.open("a", encoding="utf-8") as file:
        for log in logs:
            content = log if isinstance(log, str) else "\n".join(map(json.dumps, log))
            file.write(json.dumps({"function": "desk-dev", "failed": failed, "log": content}) + "\n")
    return FunctionLogs(path)


def test_lines_name_their_function_and_are_read_once(tmp_path: Path) -> None:
    logs = write_logs(tmp_path, [REQUEST], "printed\nby a function")
    assert list(logs.new_lines()) == [
        'desk-dev | INFO request route="GET /items" status=200 Sold=2',
        "desk-dev | printed",
        "desk-dev | by a function",
    ]
    assert not list(logs.new_lines())
    write_logs(tmp_path, "later")
    assert list(logs.new_lines()) == ["desk-dev | later"]


def test_incomplete_line_is_read_when_it_is_complete(tmp_path: Path) -> None:
    logs = write_logs(tmp_path, "first")
    path = tmp_path / "functions.log"
    record = json.dumps({"function": "desk-dev", "failed": False, "log": "second"}).encode() + b"\n"
    with path.open("ab", buffering=0) as file:
        file.write(record[:20])
        assert list(logs.new_lines()) == ["desk-dev | first"]
        assert not list(logs.new_lines())
        file.write(record[20:])
    assert list(logs.new_lines()) == ["desk-dev | second"]


def test_missing_log_has_no_lines(tmp_path: Path) -> None:
    assert not list(FunctionLogs(tmp_path / "functions.log").new_lines())


def test_traceback_of_an_error_is_printed_once(tmp_path: Path) -> None:
    logged = "\n".join([json.dumps(ERROR), json.dumps(REQUEST), TRACEBACK])
    logs = write_logs(tmp_path, logged, TRACEBACK, failed=True)
    trace = [f"desk-dev | {line}" for line in TRACEBACK.splitlines()]
    assert list(logs.new_lines()) == [
        'desk-dev | ERROR unhandled error="KeyError"',
        *trace,
        'desk-dev | INFO request route="GET /items" status=200 Sold=2',
        *trace,
    ]


def test_errors_only_prints_errors_and_output_of_failed_invocations(tmp_path: Path) -> None:
    logs = write_logs(tmp_path, [REQUEST], "printed", [REQUEST, {"level": "ERROR", "message": "not published"}])
    write_logs(tmp_path, [REQUEST, ERROR], [ERROR], TRACEBACK, failed=True)
    trace = [f"desk-dev | {line}" for line in TRACEBACK.splitlines()]
    assert list(logs.new_lines(errors_only=True)) == [
        "desk-dev | ERROR not published",
        'desk-dev | ERROR unhandled error="KeyError"',
        *trace,
        'desk-dev | ERROR unhandled error="KeyError"',
        *trace,
    ]
    write_logs(tmp_path, [ERROR], failed=True)
    assert list(logs.new_lines(errors_only=True)) == ['desk-dev | ERROR unhandled error="KeyError"']


def test_paths_in_tracebacks_are_relative_to_the_project(tmp_path: Path) -> None:
    logs = write_logs(
        tmp_path, 'File "/tmp/tap-local-x/ministack-lambda-desk-dev-y/code/tap_stack/runtime/event_handler.py", line 2'
    )
    assert list(logs.new_lines()) == ['desk-dev | File "lib/runtime/event_handler.py", line 2']
    write_logs(tmp_path, 'File "/tmp/tap-local-x/ministack-lambda-desk-dev-y/code/index.py", line 3')
    assert list(logs.new_lines()) == ['desk-dev | File "index.py", line 3']


@pytest.mark.parametrize("line", ["[1]", '"text"', '{"message": "no level"}', "{", "7"])
def test_other_json_is_printed_unchanged(tmp_path: Path, line: str) -> None:
    assert list(write_logs(tmp_path, line).new_lines()) == [f"desk-dev | {line}"]


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    assert list(write_logs(tmp_path, "a\x1b[2Jb\tc\x9b\u00fc").new_lines()) == ["desk-dev | a\\x1b[2Jb\tc\\x9b\u00fc"]


def test_every_invocation_with_a_log_is_written(tmp_path: Path) -> None:
    path = tmp_path / "functions.log"
    results = [
        {"body": 1, "log": "a"},
        {"body": 1, "log": ""},
        {"body": {"errorMessage": "no module named 'x'", "errorType": "E"}, "error": True, "log": ""},
        {"body": {"errorMessage": "no"}, "error": True, "log": "trace"},
    ]
    received: list[Any] = []

    def invoke(*arguments: Any) -> Any:
        received.append(arguments)
        return results[len(received) - 1]

    invoke_and_log = with_log(invoke, str(path))
    config = {"FunctionName": "desk-dev"}
    assert [invoke_and_log("function", config, {"a": 1}, "id") for _ in results] == results
    assert set(map(len, received)) == {4}
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert records == [
        {"function": "desk-dev", "failed": False, "log": "a"},
        {"function": "desk-dev", "failed": True, "log": "no module named 'x'"},
        {"function": "desk-dev", "failed": True, "log": "trace"},
    ]
    assert path.stat().st_mode & 0o777 == 0o600
