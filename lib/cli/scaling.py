"""`tap scaling`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from ..console import Terminal
from ..docgen import generate
from ..scaling import report
from ..services import BUILT_IN, load
from . import options

PAGE = generate.ROOT / "docs" / "production" / "scaling.md"
NO_WORKLOAD = "{} has no workload. Set workload=Workload(...) in its ServiceFactory, as described in CONTRIBUTING.md."


@click.command
@click.option(
    "--service",
    type=options.SERVICE,
    multiple=True,
    show_default="the built-in services",
    help="Service for which the rates are only printed. Can be repeated.",
)
@click.option("--check", is_flag=True, help="Do not write the page. Exit with 1 if it is outdated.")
@options.as_json
@options.report_errors()
def scaling(service: Sequence[str], check: bool, as_json: bool) -> int:
    """Calculate the supported request rates and write docs/production/scaling.md.

    The calculation uses measurements of the services and AWS quotas.
    """
    if check and (service or as_json):
        raise click.UsageError("--check cannot be combined with --service or --json.", click.get_current_context())
    if check:
        if is_outdated := bool(_updated_page()):
            click.echo("docs/production/scaling.md: outdated. Run make scaling.")
        return int(is_outdated)
    if not service and (content := _updated_page()):
        PAGE.write_text(content, encoding="utf-8")
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


def _updated_page() -> str:
    """Return the new content of the page, or an empty string if it is up to date."""
    current = PAGE.read_text(encoding="utf-8")
    updated = generate.filled(current, report.sections())
    return "" if updated == current else updated
