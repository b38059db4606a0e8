"""`python -m lib.local`: deploy into an emulator, show every route answering, serve until told to stop."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from .. import outputs as files
from ..services import SERVICES
from . import aws_config, callers, project, sites, tour
from .emulator import WORKERS, Emulator, EmulatorError, Place
from .engine import DeployError, Engine, deploy
from .function_logs import FunctionLogs
from .makers import NOT_EMULATED
from .terminal import Terminal
from .watch import Watcher

POLL_SECONDS = 0.5
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks the run to end: Ctrl-C, `kill`, a closed terminal."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run, and return the exit code."""
    options = _options(argv)
    terminal = Terminal()
    before = {ending: signal.signal(ending, _stop) for ending in ENDINGS}
    try:
        return _run(options, terminal)
    except (EmulatorError, DeployError, sites.SiteError, ValueError) as exc:
        terminal.say(f"error: {exc}")
        return 1
    except KeyboardInterrupt:
        terminal.step("stopped")
        return 130 if options.check else 0
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lib.local", description=__doc__)
    environment = os.environ.get("ENVIRONMENT_SUFFIX") or "dev"
    parser.add_argument("--env", default=environment, help="environment suffix (default %(default)s)")
    parser.add_argument("--service", choices=[*SERVICES], help="one service (default: every one)")
    parser.add_argument("--port", type=_port, default=0, help="port of loopback (default: a free one)")
    parser.add_argument(
        "--workers", type=_workers, default=WORKERS, help="most Lambda executions at once (default %(default)s)"
    )
    parser.add_argument(
        "--check", action="store_true", help="end after the tour: 0 if every route answered as it should"
    )
    project.takes_config(parser)
    parser.add_argument("--outputs", type=Path, default=files.FOLDER, help="where the outputs go (default %(default)s)")
    return parser.parse_args(argv)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"PORT {text!r}: give a number from 1024 to 65535, or none for a free port")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"WORKERS {text!r}: give a whole number, 1 or more")
    return int(text)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _run(options: argparse.Namespace, terminal: Terminal) -> int:
    names = [options.service] if options.service else [*SERVICES]
    with Emulator(options.port, options.workers, log_functions=True) as emulator:
        terminal.step(f"the emulator is up at {emulator.url}")
        sites.build([SERVICES[name] for name in names], terminal)
        archives: dict[tuple[Place, str], Any] = {}
        stacks = {f"{name}-{options.env}": _deploy(name, options, emulator, archives, terminal) for name in names}
        files.write(stacks, options.outputs)
        credentials = aws_config.write(emulator, options.outputs)
        terminal.step(f"outputs are in {options.outputs / files.ALL} and {options.outputs / files.FLAT}")
        logs = FunctionLogs(emulator.function_log)
        good = [_tour(outputs, emulator, logs, terminal) for outputs in stacks.values()]
        if not options.check:
            _announce(stacks, emulator, terminal)
            terminal.say(f"  credentials of this run: AWS_CONFIG_FILE={credentials} AWS_PROFILE={aws_config.PROFILE}\n")
            _serve(emulator, Watcher(archives, terminal.say), logs, terminal)
        terminal.step("every route answered as it should" if all(good) else "not every route answered as it should")
        return 0 if all(good) else 1


def _deploy(
    service: str,
    options: argparse.Namespace,
    emulator: Emulator,
    archives: dict[tuple[Place, str], Any],
    terminal: Terminal,
) -> dict[str, Any]:
    made: list[str] = []

    def progress(type_: str, name: str) -> None:
        made.append(name)
        terminal.passing(f"  {service}: {len(made)} resources, {type_.rsplit(':', 1)[-1]} {name}")

    engine = Engine(emulator, progress)
    here = project.read(Path())
    stack = f"{service}-{options.env}"
    config = project.config(here, options.env, service) | project.said(here, options.config)
    outputs = deploy(here.program, engine, project=here.name, stack=stack, config=config, tell=terminal.say)
    archives.update(engine.archives)
    terminal.step(f"{service} is deployed: {len(made)} resources")
    for type_, count in Counter(type_ for type_, _ in engine.not_emulated).items():
        terminal.say(f"  not emulated: {count} of {type_}, as {NOT_EMULATED[type_]}")
    return outputs


def _tour(outputs: dict[str, Any], emulator: Emulator, logs: FunctionLogs, terminal: Terminal) -> bool:
    service = SERVICES[outputs["service"]]
    answers = tour.run(
        service,
        outputs,
        lambda a: terminal.passing(f"  {a.call.method} {a.call.path}: {a.status}, {a.milliseconds:.0f} ms"),
        callers.shown(outputs, emulator),
    )
    for line in logs.new_lines(errors_only=True):
        terminal.say(line)
    terminal.step(f"{service.name} answers:")
    for line in tour.table(service, answers):
        terminal.say(line)
    return tour.complete(service, answers)


def _announce(stacks: dict[str, Any], emulator: Emulator, terminal: Terminal) -> None:
    terminal.say("")
    for outputs in stacks.values():
        terminal.say(f"  {outputs['service']:12}{outputs['api_url']}{SERVICES[outputs['service']].routes()[0][1].path}")
        if "api_key" in outputs:
            terminal.say(f"  {'':12}send it as x-api-key: {outputs['api_key']}")
        if outputs["authorization"] == "AWS_IAM":
            terminal.say(f"  {'':12}sign requests with the credentials of this run")
        if "user_pool_id" in outputs:
            name, password = callers.person(emulator, outputs["user_pool_id"])
            terminal.say(f"  {'':12}people sign in as {name} with {password}, programs as docs/authorization.md says")
        if "site_url" in outputs:
            terminal.say(f"  {'':12}its pages are at {outputs['site_url']}/")
    terminal.say("")


def _serve(emulator: Emulator, watcher: Watcher, logs: FunctionLogs, terminal: Terminal) -> NoReturn:
    terminal.step("ready: saved changes to Lambda code go live at once; Ctrl-C ends it")
    while True:
        emulator.check()
        watcher.poll()
        for line in logs.new_lines():
            terminal.say(line)
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
