"""Who is measured: the archive this library deploys, and the peers; each in worker processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lib.assets.lambda_archive import sources
from lib.local.emulator import REGION, Emulator
from lib.model import Service

from .events import Event

OURS = "this library"
FLOOR = "bare botocore"
POWERTOOLS = "Powertools + boto3.resource"
_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A function's code in a folder that holds nothing else, nor bytecode."""

    name: str
    folder: Path


class Reply(NamedTuple):
    """The processor time of an order, and the answer to its last event."""

    seconds: float
    answer: dict[str, Any]


class Worker:
    """A fresh process that serves events to one contender."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def serve(self, *events: Event, count: int = 1) -> Reply:
        """Serve `count` requests, `events` in turn; the first call includes the import."""
        process = self._process
        assert process.stdin
        assert process.stdout
        order = {"events": [json.dumps(event) for event in events], "count": count}
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker died (exit status {process.wait()}); its error is above")
        return Reply(**json.loads(line))


def contenders(folder: Path, service: Service, peers: Mapping[str, str]) -> list[Contender]:
    """Everyone, ours first, their files written below `folder`; `peers` have a file of `peers/` each."""
    code = {OURS: sources(service, service.functions[0], "*")}
    code.update({name: {"index.py": (_HERE / "peers" / file).read_text("utf-8")} for name, file in peers.items()})
    return [_written(name, files, folder / str(place)) for place, (name, files) in enumerate(code.items())]


@contextmanager
def worker(contender: Contender, environment: Mapping[str, str]) -> Iterator[Worker]:
    """A worker that ends with the block.

    Isolated, it sees its own folder and the installed packages, and not this repository; it writes no bytecode, as
    in Lambda, where a function's folder is read-only.
    """
    command = [sys.executable, "-I", "-B", str(_HERE / "worker.py"), str(contender.folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=contender.folder, env=environment, stdin=pipe, stdout=pipe, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


def lambda_environment(emulator: Emulator, endpoint: str = "") -> dict[str, str]:
    """Return the environment of a function in an emulator, which it calls at `endpoint` if that is set."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": endpoint or emulator.url,
        "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_ACCESS_KEY_ID": emulator.key_id,
        "AWS_SECRET_ACCESS_KEY": emulator.secret_key,
    }


def _written(name: str, files: Mapping[str, str], folder: Path) -> Contender:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Contender(name=name, folder=folder)
