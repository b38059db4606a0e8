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
from ..cost.bill import Bill, bills, workload_of
from ..cost.traffic import Traffic
from ..program.runs import ProgramError
from ..settings import docs_of
from ..settings.environments import ENVIRONMENTS
from . import options


def _traffic_options(command: options.F) -> options.F:
    """Add an option for each field of `Traffic`."""
    docs = docs_of(Traffic)
    for name, value in reversed(asdict(Traffic()).items()):
        option = click.option(
            report.option_name(name),
            type=float,
            default=value,
            show_default=value is not None or "measured",
            metavar="N",
            help=docs[name],
        )
        command = option(command)
    return command


@click.command
@options.service(multiple=True, of_program=True)
@options.env(multiple=True)
@options.config
@_traffic_options
@options.as_json
@options.report_errors(ProgramError)
def cost(
    service: Sequence[str], environment: Sequence[str], pairs: Sequence[str], as_json: bool, **traffic: Any
) -> int:
    """Estimate the monthly cost on AWS.

    Print the total cost of each service in each environment, and the bill of the first service in the last environment.
    The exit code is 1 if the price of a resource is unknown.
    """
    environments = environment or [*ENVIRONMENTS]
    try:
        monthly_traffic = Traffic(**traffic)
    except ValueError as exc:
        raise click.UsageError(str(exc), click.get_current_context()) from exc
    terminal = Terminal(sys.stderr)
    bills_by_service = bills(service, environments, pairs, monthly_traffic, terminal)
    for name in bills_by_service:
        if not workload_of(name):
            terminal.print_line(report.DERIVED.format(service=name))
    if as_json:
        data = {
            name: {suffix: bill.data() for suffix, bill in by_environment.items()}
            for name, by_environment in bills_by_service.items()
        }
        click.echo(json.dumps(data, indent=2))
    else:
        _print(bills_by_service, next(iter(bills_by_service)), environments[-1])
    every_bill = (bill for by_environment in bills_by_service.values() for bill in by_environment.values())
    return int(any(bill.unpriced for bill in every_bill))


def _print(bills_by_service: Mapping[str, Mapping[str, Bill]], service: str, environment: str) -> None:
    output, bill = Terminal(), bills_by_service[service][environment]
    output.table(report.totals(bills_by_service))
    output.print_line(f"\n{service} in {environment}:")
    output.table(report.items(bill), "llr")
    output.print_line("")
    for line in (*report.remarks(bill), *report.BASIS):
        output.print_line(line)
