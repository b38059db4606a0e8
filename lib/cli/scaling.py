"""`tap scaling`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from ..console import Terminal
from ..scaling import report
from ..services import BUILT_IN, load
from . import options

NO_WORKLOAD = (
    "{} has no workload. Set workload=Workload(...) in its ServiceFactory, as described in docs/guides/own-service.md."
)


@click.command
@click.option(
    "--service",
    type=options.SERVICE,
    multiple=True,
    show_default="the built-in services",
    help="Name of the service. Can be repeated.",
)
@options.as_json
@options.report_errors()
def scaling(service: Sequence[str], as_json: bool) -> int:
    """Calculate the supported request rates.

    The calculation uses measurements of the services and AWS quotas.
    """
    for name in service:
        if not load(name).workload:
            click.echo(NO_WORKLOAD.format(name), err=True)
    operations = report.measured_operations(service or BUILT_IN)
    if not operations:
        return 1
    tables = report.tables(operations)
    if as_json:
        data = {name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in tables.items()}
        click.echo(json.dumps(data, indent=2))
    else:
        output = Terminal()
        for name, rows in tables.items():
            output.print_line(f"{name}:")
            output.table(rows)
            output.print_line("")
    return 0
