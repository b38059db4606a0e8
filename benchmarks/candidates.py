"""Candidates of a comparison (this library and its peers) and the processes that run them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lib.assets.lambda_archive import sources
from lib.model import Function, Service

from .events import Event, Response

LIBRARY = "this library"
BOTOCORE = "bare botocore"
POWERTOOLS = "Powertools + boto3.resource"
FASTAPI = "FastAPI + Mangum + boto3.resource"
_HERE = Path(__file__).parent

Code = Mapping[str, str]
"""Source files of a function by path."""


class Reply(NamedTuple):
    """Processor time of a batch of events, and response to the last event."""

    seconds: float
    response: Response


class Worker:
    """A process that represents a Lambda execution environment."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def handle(self, *events: Event) -> Reply:
        """Handle events in sequence. The first call includes the import of the code."""
        process = self._process
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(events) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"A worker process exited with status {process.wait()}. See its error output above.")
        return Reply(**json.loads(line))

    def send(self, event: Event) -> Any:
        """Handle one event and return the body of its response. Raise `RuntimeError` for an error response."""
        response = self.handle(event).response
        if response.get("statusCode", 200) >= 300:
            raise RuntimeError(f"{event['httpMethod']} {event['path']} returned {response}.")
        return json.loads(response.get("body") or "null")


def library(service: Service, function: Function | None = None) -> Code:
    """Return the deployed code of a function. Default: the first function of the service."""
    return sources(service, function or service.functions[0], "*")


def peer(file: str) -> Code:
    """Return the code of a peer."""
    return {"index.py": (_HERE / "peers" / file).read_text("utf-8")}


@contextmanager
def start_worker(code: Code, environment: Mapping[str, str]) -> Iterator[Worker]:
    """Start a process that runs `code` until the block exits.

    The process is isolated: it imports only its code and installed packages. Like in Lambda, it writes no bytecode.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for path, content in code.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        command = [sys.executable, "-I", "-B", str(_HERE / "worker.py"), folder]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, text=True, encoding="utf-8"
        ) as process:
            try:
                yield Worker(process)
            finally:
                process.kill()
