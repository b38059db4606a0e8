"""Local deployment: deploys services to an emulator, runs their smoke tests and serves with hot reload."""

from __future__ import annotations

import secrets
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from ..assets import npm
from ..client import auth, smoke_test
from ..client import outputs_file as files
from ..console import Terminal, signals_handled
from ..program.runs import ProgramRun
from ..program.stacks import DeployedStack, by_label
from ..services import SERVICES
from . import aws_config
from .emulator import WORKERS, Emulator, RegionalEmulator
from .engine import Engine, deploy
from .function_logs import FunctionLogs
from .hot_reload import DefinitionWatcher, Watcher
from .provisioners import NOT_EMULATED

POLL_SECONDS = 0.5
USER_NAME = "demo@example.com"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that stop the emulator: Ctrl-C, `kill` and a closed terminal."""


_RECEIVED_SIGNALS: list[int] = []
"""Stop signals of the current `stoppable` block."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `KeyboardInterrupt` in the block for every signal in `STOP_SIGNALS`."""
    _RECEIVED_SIGNALS.clear()
    with signals_handled(STOP_SIGNALS, _stop):
        yield


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    _RECEIVED_SIGNALS.append(number)
    raise KeyboardInterrupt


def run(
    program_runs: Sequence[ProgramRun],
    terminal: Terminal,
    *,
    port: int = 0,
    workers: int = WORKERS,
    check: bool = False,
    folder: Path = files.FOLDER,
) -> bool | None:
    """Deploy programs, write the outputs of their stacks to `folder` and run their smoke tests.

    Return whether all tests passed, or None if no stack has an endpoint. Without `check`, then serve requests until the
    process is stopped. Port 0 selects a free port.
    """
    with Emulator(port, workers, log_functions=True) as emulator:
        terminal.step(f"emulator started at {emulator.url}")
        selected = [program_run.service for program_run in program_runs]
        npm.build([SERVICES[name] for name in selected if name and name in SERVICES], terminal)
        archives: dict[tuple[RegionalEmulator, str], Any] = {}
        stacks: dict[str, DeployedStack] = {}
        for program_run in program_runs:
            stacks |= _deploy(program_run, emulator, archives, terminal)
        files.write({name: stack.outputs for name, stack in stacks.items()}, folder)
        credentials = aws_config.write(emulator, folder)
        terminal.step(f"outputs written to {folder / files.ALL} and {folder / files.FLAT}")
        logs = FunctionLogs(emulator.function_log)
        with_url = [stack for stack in stacks.values() if not stack.outputs.keys().isdisjoint(files.URL_OUTPUTS)]
        passed = [_run_smoke_test(stack, emulator, logs, terminal) for stack in with_url]
        if not check:
            _print_endpoints([*stacks.values()], emulator, terminal)
            terminal.print_line(f"  credentials: AWS_CONFIG_FILE={credentials} AWS_PROFILE={aws_config.PROFILE}\n")
            watcher = Watcher(archives, terminal.print_line)
            programs = [program_run.program for program_run in program_runs]
            definitions = DefinitionWatcher(programs, watcher.sources(), terminal.print_line)
            _serve(emulator, [watcher, definitions], logs, terminal)
        return all(passed) if passed else None


def _deploy(
    program_run: ProgramRun,
    emulator: Emulator,
    archives: dict[tuple[RegionalEmulator, str], Any],
    terminal: Terminal,
) -> dict[str, DeployedStack]:
    """Run a program, and return the selected stacks by the name of their outputs."""
    label, created = program_run.label, 0

    def progress(type_: str, name: str) -> None:
        nonlocal created
        created += 1
        terminal.show_transient(f"  {label}: {created} resources, {type_.rsplit(':', 1)[-1]} {name}")

    engine = Engine(emulator, progress)
    stacks = deploy_with(engine, program_run, terminal)
    archives.update(engine.archives)
    terminal.step(f"{label} deployed: {created} resources")
    for type_, count in Counter(type_ for type_, _ in engine.not_emulated).items():
        terminal.print_line(f"  not emulated: {count} of {type_} ({NOT_EMULATED[type_]})")
    return {f"{name}-{stack.environment}": stack for name, stack in by_label(stacks).items()}


def deploy_with(engine: Engine, program_run: ProgramRun, terminal: Terminal) -> list[DeployedStack]:
    """Run a program with an engine, and return the selected stacks.

    The exports of a program with one stack are added to the outputs of the stack, which override them.
    """
    deployed = deploy(
        program_run.program,
        engine,
        project=program_run.project,
        stack=program_run.stack,
        config=program_run.config,
        report=terminal.print_line,
    )
    stacks = deployed.stacks()
    exports = deployed.exports if len(stacks) == 1 else {}
    return [stack._replace(outputs={**exports, **stack.outputs}) for stack in program_run.select(stacks)]


def _run_smoke_test(stack: DeployedStack, emulator: Emulator, logs: FunctionLogs, terminal: Terminal) -> bool:
    service = stack.service
    if not service.demo:
        terminal.step(
            f"no smoke test of {service.name}: the service has no demo calls. Add a Call for each route to demo."
        )
        return False
    results = smoke_test.run(
        service,
        stack.outputs,
        lambda result: terminal.show_transient(smoke_test.progress_line(result)),
        auth.authorization_of(stack.outputs, emulator),
    )
    for line in logs.new_lines(errors_only=True):
        terminal.print_line(line)
    terminal.step(f"smoke test of {service.name}:")
    terminal.table(smoke_test.table(service, results), "llrrl")
    for line in smoke_test.unexpected_bodies(results):
        terminal.print_line(line)
    return smoke_test.has_passed(service, results)


def _print_endpoints(stacks: Sequence[DeployedStack], emulator: Emulator, terminal: Terminal) -> None:
    terminal.print_line("")
    for stack in stacks:
        outputs = stack.outputs
        if outputs.keys().isdisjoint(files.URL_OUTPUTS):
            functions = ", ".join(outputs["function_names"].values())
            terminal.print_line(f"  {stack.service.name:11} no API; functions: {functions}")
            continue
        for line in _endpoint_lines(stack):
            terminal.print_line(line)
        if "api_key" in outputs:
            terminal.print_line(f"  {'':12}API key (x-api-key): {outputs['api_key']}")
        if outputs.get("authorization") == "AWS_IAM" or "function_url_policies" in outputs:
            terminal.print_line(f"  {'':12}requests must be signed with the credentials below")
        if "user_pool_id" in outputs:
            name, password = create_user(emulator, outputs["user_pool_id"])
            terminal.print_line(
                f"  {'':12}user {name}, password {password}; for clients see docs/production/authorization.md"
            )
        if "site_url" in outputs:
            terminal.print_line(f"  {'':12}site: {outputs['site_url']}/")
    terminal.print_line("")


def _endpoint_lines(stack: DeployedStack) -> Iterator[str]:
    """Yield a line with the URL of the first route of each endpoint."""
    service, outputs = stack.service, stack.outputs
    all_urls = {service.api_type: outputs.get("api_url"), **files.urls(outputs)}
    urls = {name: url for name, url in all_urls.items() if url}
    for number, (name, url) in enumerate(urls.items()):
        label = f"{name}: " if len(urls) > 1 else ""
        path = service.routes_of(name)[0].path
        yield f"  {'' if number else service.name:11} {label}{url}{path}"


def create_user(emulator: Emulator, user_pool_id: str) -> tuple[str, str]:
    """Create a user in a user pool, and return the name and the password."""
    client, password = emulator.client("cognito-idp", user_pool_id.split("_")[0]), f"aA1-{secrets.token_hex(6)}"
    client.admin_create_user(UserPoolId=user_pool_id, Username=USER_NAME, MessageAction="SUPPRESS")
    client.admin_set_user_password(UserPoolId=user_pool_id, Username=USER_NAME, Password=password, Permanent=True)
    return USER_NAME, password


def _serve(
    emulator: Emulator, watchers: Sequence[Watcher | DefinitionWatcher], logs: FunctionLogs, terminal: Terminal
) -> NoReturn:
    terminal.step("ready: changes to Lambda code are deployed when you save them; press Ctrl-C to stop")
    # Python ignores errors in finalizers, such as those of connections that an update of a function has closed.
    while not _RECEIVED_SIGNALS:
        emulator.check()
        for watcher in watchers:
            watcher.poll()
        for line in logs.new_lines():
            terminal.print_line(line)
        time.sleep(POLL_SECONDS)
    raise KeyboardInterrupt
