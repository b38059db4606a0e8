"""`tap load`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from ..client import auth, smoke_test
from ..client import outputs_file as files
from ..client.smoke_test import Endpoint
from ..console import Terminal
from ..load import client, report
from ..load.deployment import LoadError, local_deployment, raise_file_limit
from ..local.emulator import EmulatorError
from ..local.engine import DeployError
from ..local.run import stoppable
from ..services import load as load_service
from . import options
from .local import api_key_option


@click.command
@options.service(default="stock")
@options.env(default="dev")
@click.option("--clients", type=click.IntRange(1), default=1000, help="Number of concurrent clients.")
@click.option("--seconds", type=click.IntRange(1), default=30, help="Duration of the test in seconds.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    show_default="4 per processor",
    help="Maximum concurrent Lambda invocations of the local deployment.",
)
@click.option("--url", show_default="a local deployment", help="URL of the API to test.")
@click.option(
    "--outputs",
    "path",
    type=options.PATH,
    show_default="a local deployment",
    help="Outputs file of the deployment to test.",
)
@api_key_option
@options.config
@options.as_json
@options.report_errors(
    LoadError, files.OutputsError, EmulatorError, DeployError, BotoCoreError, ClientError, ValueError
)
def load(*, service: str, clients: int, seconds: int, as_json: bool, **deployment: Any) -> int:
    """Run a load test with many concurrent clients.

    By default, the command deploys the service to a local AWS emulator. Errors of an overloaded service, such as
    throttling, are expected. The exit code is 1 if another error occurs or no request succeeds.
    """
    terminal, factory = Terminal(sys.stderr if as_json else None), load_service(service)
    if factory.journey is None:
        raise LoadError(f"{service} has no journey. Set journey=Journey(...) in its ServiceFactory.")
    raise_file_limit(clients)
    with stoppable(), _endpoint(service, terminal, **deployment) as endpoint:
        terminal.step(f"{clients} clients send requests to {service} at {endpoint.url} for {seconds} s")
        results = client.run(
            factory.default,
            factory.journey,
            endpoint,
            clients=clients,
            seconds=seconds,
            on_progress=terminal.show_transient,
        )
    has_passed = report.has_passed(results)
    if as_json:
        document = {
            "service": service,
            "url": endpoint.url,
            "clients": clients,
            "seconds": seconds,
            "passed": has_passed,
            "rows": [result._asdict() for result in results],
        }
        click.echo(json.dumps(document, indent=2))
    else:
        terminal.table(report.table(results), "llr")
    terminal.step("load test passed" if has_passed else "load test failed: unexpected errors or no success, see above")
    return int(not has_passed)


def _endpoint(
    service: str,
    terminal: Terminal,
    *,
    environment: str,
    workers: int | None,
    url: str | None,
    path: Path | None,
    api_key: str | None,
    pairs: Sequence[str],
) -> AbstractContextManager[Endpoint]:
    """Return the API at `url` or in the outputs file at `path`, or deploy the service locally."""
    if url and path:
        raise click.UsageError("--url and --outputs cannot be combined. Use one of them to select a deployment.")
    if (url or path) and (workers or pairs):
        raise click.UsageError(
            "--workers and --config configure a local deployment and cannot be combined with --url or --outputs."
        )
    if url:
        if not re.match(r"https?://[^/]", url):
            raise click.UsageError(f"--url must be an HTTP URL, e.g. https://api.example.com, got {url!r}.")
        headers = {"x-api-key": api_key} if api_key else {}
        return nullcontext(Endpoint(url.rstrip("/"), auth.static_headers(headers)))
    if path:
        return nullcontext(smoke_test.endpoint(path, service, api_key))
    return local_deployment(service, environment, terminal, workers=workers, pairs=pairs)
