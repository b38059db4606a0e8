"""`tap local`, `tap smoke`, `tap seed` and `tap site`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from ..assets import npm
from ..client import outputs_file as files
from ..client import smoke_test
from ..client.seed import SeedError
from ..client.seed import seed as create
from ..console import Terminal
from ..local.emulator import WORKERS, EmulatorError
from ..local.engine import DeployError
from ..local.run import run, stoppable
from ..program.runs import program_runs
from ..services import SERVICES, load
from . import INTERRUPTED, options

FLAT = files.FOLDER / files.FLAT
SMOKE_TEST_RESULTS = {
    True: "smoke test passed",
    False: "smoke test failed: unexpected responses or missing demo calls, see above",
    None: "no smoke test: only services with routes have one",
}
"""Final message by the result of the smoke tests."""
api_key_option = click.option(
    "--api-key",
    envvar="API_KEY",
    show_envvar=True,
    show_default="from the outputs or AWS",
    help="API key of the requests.",
)


@click.command
@options.service(of_program=True)
@options.env(default="dev")
@click.option(
    "--port", type=click.IntRange(1024, 65535), show_default="a free port", help="Port of the emulator on 127.0.0.1."
)
@click.option("--workers", type=click.IntRange(1), default=WORKERS, help="Maximum concurrent Lambda invocations.")
@click.option("--check", is_flag=True, help="Exit after the smoke test, with 1 if it fails.")
@options.config
@options.outputs(files.FOLDER, "Folder to which the outputs are written.")
@options.report_errors(EmulatorError, DeployError, npm.SiteError, ValueError)
def local(
    *,
    service: str | None,
    environment: str,
    port: int | None,
    workers: int,
    check: bool,
    pairs: Sequence[str],
    path: Path,
) -> int:
    """Deploy to a local AWS emulator, run the smoke test and serve requests."""
    terminal = Terminal()
    runs = program_runs([service] if service else [], [environment], pairs)
    try:
        with stoppable():
            has_passed = run(runs, terminal, port=port or 0, workers=workers, check=check, folder=path)
    except KeyboardInterrupt:
        terminal.step("stopped")
        return INTERRUPTED if check else 0
    terminal.step(SMOKE_TEST_RESULTS[has_passed])
    return int(has_passed is False)


@click.command
@options.service()
@options.outputs(FLAT)
@api_key_option
@options.as_json
@options.report_errors(files.OutputsError, BotoCoreError, ClientError)
def smoke(service: str | None, path: Path, api_key: str | None, as_json: bool) -> int:
    """Run the smoke test of services against a deployment.

    The test creates items with fixed IDs, so it requires tables on which it has not run before. The exit code is 1 if
    a response is not as expected.
    """
    terminal = Terminal(sys.stderr if as_json else None)
    selected = [service] if service else [name for name in files.services(path) if name in SERVICES]
    results = smoke_test.run_deployed(
        selected, path, api_key, lambda result: terminal.show_transient(smoke_test.progress_line(result))
    )
    terminal.show_transient("")
    if as_json:
        click.echo(json.dumps({name: smoke_test.to_json(calls) for name, calls in results.items()}, indent=2))
    else:
        for name, calls in results.items():
            terminal.print_line(f"{name}:")
            terminal.table(smoke_test.table(SERVICES[name], calls), "llrrl")
            for line in smoke_test.unexpected_bodies(calls):
                terminal.print_line(line)
    return int(not all(smoke_test.has_passed(SERVICES[name], calls) for name, calls in results.items()))


@click.command
@options.service(default="stock")
@options.env(show_default="any")
@click.option("--count", type=click.IntRange(1), show_default="set by the service", help="Number of demo objects.")
@options.outputs(FLAT)
@api_key_option
@options.report_errors(SeedError, files.OutputsError, BotoCoreError, ClientError)
def seed(service: str, environment: str | None, count: int | None, path: Path, api_key: str | None) -> None:
    """Create demo data in a deployed service."""
    data = load(service).seed
    if data is None:
        raise SeedError(f"{service} has no demo data. Set seed=SeedData(...) in its ServiceFactory.")
    terminal, count = Terminal(), count or data.count
    deployed = smoke_test.endpoint(path, service, api_key, environment)
    terminal.step(f"creating {count} {data.label} at {deployed.url}")
    with terminal.progress(data.label, count) as advance:
        created = create(deployed.url, deployed.authorization, data.calls(count), advance)
    terminal.step(f"{data.label} created: {created}, existing: {count - created}")


@click.group(no_args_is_help=True)
def site() -> None:
    """Build the web pages of services."""


@site.command
@click.argument("services", nargs=-1, type=options.SERVICE, metavar="[SERVICE]...")
@options.report_errors(npm.SiteError)
def build(services: Sequence[str]) -> int:
    """Build the web pages of services whose sources have changed.

    The default is every service. The command requires Node.js.
    """
    return int(not npm.build([SERVICES[name] for name in services or SERVICES], Terminal()))
