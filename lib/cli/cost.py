"""`tap cost`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from ..console import Terminal
from ..cost import report
from ..cost.bill import Bill, bills
from ..cost.traffic import Traffic
from ..services import load, names
from ..settings import docs_of
from ..settings.environments import ENVIRONMENTS
from . import options


def _traffic(command: options.F) -> options.F:
    """Add an option for each field of the traffic."""
    texts = docs_of(Traffic)
    for name, value in reversed(asdict(Traffic()).items()):
        option = click.option(
            report.option(name),
            type=float,
            default=value,
            show_default=value is not None or "measured",
            metavar="N",
            help=texts[name],
        )
        command = option(command)
    return command


@click.command
@options.service(many=True)
@options.env(many=True)
@options.config
@_traffic
@options.as_json
@options.reported(ValueError)
def cost(
    service: Sequence[str], environment: Sequence[str], pairs: Sequence[str], as_json: bool, **traffic: Any
) -> int:
    """Estimate the monthly cost on AWS.

    Print the totals of each service and environment, and one bill in detail. The exit code is 1 if a resource has
    no price.
    """
    services, environments = service or [*names()], environment or [*ENVIRONMENTS]
    try:
        month = Traffic(**traffic)
    except ValueError as exc:
        raise click.UsageError(str(exc), click.get_current_context()) from exc
    terminal = Terminal(sys.stderr)
    found = bills(services, environments, pairs, month, terminal)
    for name in services:
        if not load(name).workload:
            terminal.say(report.FIXED_ONLY.format(service=name))
    if as_json:
        data = {name: {suffix: bill.data() for suffix, bill in row.items()} for name, row in found.items()}
        click.echo(json.dumps(data, indent=2))
    else:
        _print(found, services[0], environments[-1])
    return int(any(bill.unpriced for row in found.values() for bill in row.values()))


def _print(found: Mapping[str, Mapping[str, Bill]], service: str, environment: str) -> None:
    output, bill = Terminal(), found[service][environment]
    output.table(report.totals(found))
    output.say(f"\n{service} in {environment}:")
    output.table(report.items(bill), "llr")
    output.say("")
    for line in (*report.remarks(bill), *report.BASIS):
        output.say(line)
