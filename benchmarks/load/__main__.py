"""`python -m benchmarks.load`: concurrent clients of a service, in a local run or deployed."""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from lib.client import outputs_file as files
from lib.client.smoke_test import endpoint
from lib.console import Terminal

from ..local import ready, running
from .journeys import JOURNEYS
from .report import Found, Order, report, unexpected

WORKERS = 4 * (os.cpu_count() or 1)
"""Executions at once in a local run: what its processors can work at, for each function has so many processes."""
OTHER_FILES = 256
"""Open files of a process besides its clients' connections."""
WIDER = "give fewer, or raise `ulimit -Hn`"


class LoadError(Exception):
    """Nothing could be driven; the message says what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Drive, report, and return the exit code: 0 only if nothing unexpected came back."""
    options = _options(argv)
    terminal = Terminal()
    try:
        _let_open(options.clients + OTHER_FILES)
        with _reached(options, terminal) as (url, headers):
            order = Order(
                service=options.service, url=url, headers=headers, clients=options.clients, seconds=options.seconds
            )
            terminal.step(f"{order.clients} clients drive {order.service} at {url} for {order.seconds} s")
            found = driven(order)
    except (LoadError, files.OutputsError, RuntimeError) as exc:
        terminal.say(f"error: {exc}")
        return 1
    except KeyboardInterrupt:
        terminal.step("stopped")
        return 130
    terminal.say(f"\n{report(order, found)}\n")
    wrong = unexpected(found.answers)
    terminal.step(f"UNEXPECTED: {wrong} answers, or none at all" if wrong else "nothing unexpected came back")
    return 1 if wrong else 0


def driven(order: Order) -> Found:
    """What the clients were answered, who run in a process of their own; raises `LoadError`."""
    command = [sys.executable, "-m", f"{__package__}.clients"]
    done = subprocess.run(command, input=json.dumps(asdict(order)), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise LoadError(f"the clients ended with exit code {done.returncode}: what they said is above")
    return Found.read(done.stdout)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--service", choices=[*JOURNEYS], default="stock", help="default %(default)s")
    parser.add_argument("--clients", type=_count, default=1000, help="at once (default %(default)s)")
    parser.add_argument("--seconds", type=_count, default=30, help="default %(default)s")
    parser.add_argument("--env", default="dev", help="of the local run (default %(default)s)")
    parser.add_argument(
        "--workers", type=_count, default=WORKERS, help="its Lambda executions at once (default %(default)s)"
    )
    parser.add_argument("--config", action="append", default=[], metavar="KEY=VALUE", help="of its project's config")
    standing = parser.add_mutually_exclusive_group()
    standing.add_argument("--url", help="of a deployed API, instead of a local run")
    standing.add_argument("--outputs", type=Path, help="flat outputs of a deployment that stands, likewise")
    parser.add_argument(
        "--api-key", default=os.environ.get("API_KEY"), help="default: API_KEY, or what the outputs say"
    )
    return parser.parse_args(argv)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number, 1 or more")
    return int(text)


def _let_open(wanted: int) -> None:
    """Let this process and those it starts open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    except ValueError as exc:
        raise LoadError(f"so many clients take {wanted} open files, of which there may be {hard}: {WIDER}") from exc


@contextmanager
def _reached(options: argparse.Namespace, terminal: Terminal) -> Iterator[tuple[str, dict[str, str]]]:
    """The URL of what is driven, and the headers of who drives; it goes with the block if it came with it."""
    if options.url:
        yield options.url.rstrip("/"), {"x-api-key": options.api_key} if options.api_key else {}
    elif options.outputs:
        yield _endpoint(options.outputs, options.service, options.api_key)
    else:
        more = ["--env", options.env, "--workers", str(options.workers)]
        more += [word for pair in options.config for word in ("--config", pair)]
        with tempfile.TemporaryDirectory() as folder, running(folder, options.service, *more) as said:
            terminal.passing(f"  deploying {options.service} in {options.env}")
            ready(said)
            yield _endpoint(Path(folder, files.FLAT), options.service)


def _endpoint(path: Path, service: str, api_key: str | None = None) -> tuple[str, dict[str, str]]:
    url, authorization = endpoint(path, service, api_key)
    return url, dict(authorization("GET", url, None))


def _leave(*_: object) -> NoReturn:
    """An end that still ends the processes begun here."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    sys.exit(main())
