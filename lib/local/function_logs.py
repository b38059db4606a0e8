"""Log of the functions in an emulator, formatted for a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..assets.handler_packages import source_path

CODE_FILE = re.compile(r"/[^\s\"]*/ministack-lambda-[^/]+/code/([^\s\"]*)")
"""Path of a code file in the folder of a Lambda worker, as it appears in tracebacks."""
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
HIDDEN_FIELDS = {"level", "message", "_aws", "FunctionName"}
TRACEBACK = "Traceback (most recent call last):"


class _Line(NamedTuple):
    content: str
    level: str = ""
    """Log level of a structured log event. Empty for other lines."""
    trace: str = ""
    """Traceback that contains the line."""


class FunctionLogs:
    """Reader of the file to which the server appends the log of every invocation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._traces: set[str] = set()

    def new_lines(self, *, errors_only: bool = False) -> Iterator[str]:
        """Yield the lines that were written since the last call, prefixed with the function name.

        With `errors_only`, yield only structured errors, and unstructured lines of failed invocations. Repeated
        tracebacks are omitted.
        """
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._position)
            # The last line can be incomplete.
            complete = file.read().rpartition(b"\n")[0]
        self._position += len(complete) + bool(complete)
        for record in complete.splitlines():
            invocation = json.loads(record)
            log = CODE_FILE.sub(_source, invocation["log"])
            lines = self._errors(log, failed=invocation["failed"]) if errors_only else _lines(log)
            for line in lines:
                yield f"{invocation['function']} | {CONTROL.sub(_escape, line.content)}"

    def _errors(self, log: str, *, failed: bool) -> Iterator[_Line]:
        for line in _lines(log):
            if line.trace and line.trace in self._traces:
                continue
            if line.level == "ERROR" or (failed and not line.level):
                yield line
        self._traces.update(line.trace for line in _lines(log))


def _source(match: re.Match[str]) -> str:
    path = source_path(match[1])
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()


def _escape(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


def _lines(log: str) -> Iterator[_Line]:
    has_trace = False
    for line in log.splitlines():
        event = _event(line)
        if event is None:
            # The emulator appends the traceback of an error that the function has already logged.
            if has_trace and line == TRACEBACK:
                return
            yield _Line(line)
            continue
        trace = str(event.pop("trace", ""))
        has_trace = has_trace or bool(trace)
        level = str(event["level"])
        yield _Line(_one_line(event), level)
        yield from (_Line(trace_line, level, trace) for trace_line in trace.splitlines())


def _event(line: str) -> dict[str, Any] | None:
    """Return the fields of a structured log event, or None."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) and {"level", "message"} <= fields.keys() else None


def _one_line(event: dict[str, Any]) -> str:
    """Return level, message and fields, without the metadata of embedded metrics."""
    fields = [f"{name}={json.dumps(value)}" for name, value in event.items() if name not in HIDDEN_FIELDS]
    return " ".join([str(event["level"]), str(event["message"]), *fields])
