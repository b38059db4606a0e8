"""Local deployment: deploys services to an emulator, runs their smoke tests and serves with hot reload."""

from __future__ import annotations

import secrets
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from ..assets import npm
from ..client import auth, smoke_test
from ..client import outputs_file as files
from ..console import Terminal, signals_handled
from ..program import project
from ..services import SERVICES
from . import aws_config
from .emulator import WORKERS, Emulator, RegionalEmulator
from .engine import Engine, deploy
from .function_logs import FunctionLogs
from .hot_reload import Watcher
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
    services: Sequence[str],
    environment: str,
    terminal: Terminal,
    *,
    port: int = 0,
    workers: int = WORKERS,
    check: bool = False,
    pairs: Sequence[str] = (),
    folder: Path = files.FOLDER,
) -> bool:
    """Deploy services, write their outputs to `folder` and run their smoke tests. Return whether all tests passed.

    Without `check`, then serve requests until the process is stopped. Port 0 selects a free port.
    """
    pulumi_project = project.read(Path())
    overrides = project.parse_config_pairs(pulumi_project, pairs)
    configs = [project.config(pulumi_project, environment, service) | overrides for service in services]
    with Emulator(port, workers, log_functions=True) as emulator:
        terminal.step(f"emulator started at {emulator.url}")
        npm.build([SERVICES[name] for name in services], terminal)
        archives: dict[tuple[RegionalEmulator, str], Any] = {}
        stacks = {
            f"{config['service']}-{environment}": _deploy(pulumi_project, config, emulator, archives, terminal)
            for config in configs
        }
        files.write(stacks, folder)
        credentials = aws_config.write(emulator, folder)
        terminal.step(f"outputs written to {folder / files.ALL} and {folder / files.FLAT}")
        logs = FunctionLogs(emulator.function_log)
        with_url = [outputs for outputs in stacks.values() if not outputs.keys().isdisjoint(files.URL_OUTPUTS)]
        passed = [_run_smoke_test(outputs, emulator, logs, terminal) for outputs in with_url]
        if not check:
            _print_endpoints(stacks, emulator, terminal)
            terminal.print_line(f"  credentials: AWS_CONFIG_FILE={credentials} AWS_PROFILE={aws_config.PROFILE}\n")
            _serve(emulator, Watcher(archives, terminal.print_line), logs, terminal)
        return all(passed)


def _deploy(
    pulumi_project: project.Project,
    config: Mapping[str, str],
    emulator: Emulator,
    archives: dict[tuple[RegionalEmulator, str], Any],
    terminal: Terminal,
) -> dict[str, Any]:
    service, created = config["service"], 0

    def progress(type_: str, name: str) -> None:
        nonlocal created
        created += 1
        terminal.show_transient(f"  {service}: {created} resources, {type_.rsplit(':', 1)[-1]} {name}")

    engine = Engine(emulator, progress)
    outputs = deploy_with(engine, pulumi_project, config, terminal)
    archives.update(engine.archives)
    terminal.step(f"{service} deployed: {created} resources")
    for type_, count in Counter(type_ for type_, _ in engine.not_emulated).items():
        terminal.print_line(f"  not emulated: {count} of {type_} ({NOT_EMULATED[type_]})")
    return outputs


def deploy_with(
    engine: Engine, pulumi_project: project.Project, config: Mapping[str, str], terminal: Terminal
) -> dict[str, Any]:
    """Deploy the service and environment of `config` with an engine, and return the stack outputs."""
    stack = f"{config['service']}-{config['environment']}"
    return deploy(
        pulumi_project.program,
        engine,
        project=pulumi_project.name,
        stack=stack,
        config=config,
        report=terminal.print_line,
    )


def _run_smoke_test(outputs: dict[str, Any], emulator: Emulator, logs: FunctionLogs, terminal: Terminal) -> bool:
    service = SERVICES[outputs["service"]]
    results = smoke_test.run(
        service,
        outputs,
        lambda result: terminal.show_transient(smoke_test.progress_line(result)),
        auth.authorization_of(outputs, emulator),
    )
    for line in logs.new_lines(errors_only=True):
        terminal.print_line(line)
    terminal.step(f"smoke test of {service.name}:")
    terminal.table(smoke_test.table(service, results), "llrrl")
    for line in smoke_test.unexpected_bodies(results):
        terminal.print_line(line)
    return smoke_test.has_passed(service, results)


def _print_endpoints(stacks: dict[str, Any], emulator: Emulator, terminal: Terminal) -> None:
    terminal.print_line("")
    for outputs in stacks.values():
        if outputs.keys().isdisjoint(files.URL_OUTPUTS):
            functions = ", ".join(outputs["function_names"].values())
            terminal.print_line(f"  {outputs['service']:11} no API; functions: {functions}")
            continue
        for line in _endpoint_lines(outputs):
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


def _endpoint_lines(outputs: dict[str, Any]) -> Iterator[str]:
    """Yield a line with the URL of the first route of each endpoint."""
    service = SERVICES[outputs["service"]]
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


def _serve(emulator: Emulator, watcher: Watcher, logs: FunctionLogs, terminal: Terminal) -> NoReturn:
    terminal.step("ready: changes to Lambda code are deployed when you save them; press Ctrl-C to stop")
    # Python ignores errors in finalizers, such as those of connections that an update of a function has closed.
    while not _RECEIVED_SIGNALS:
        emulator.check()
        watcher.poll()
        for line in logs.new_lines():
            terminal.print_line(line)
        time.sleep(POLL_SECONDS)
    raise KeyboardInterrupt
