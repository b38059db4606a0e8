"""`tap restore` and `tap failover`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ..client import outputs_file
from ..console import Terminal
from ..operations import OperationError
from ..operations import failover as service_failover
from ..operations import restore as table_restore
from ..operations.aws import AWS_ERRORS
from ..operations.pulumi_cli import CliError
from ..operations.table_copy import parse_timestamp
from ..services import names
from . import options

ERRORS = (OperationError, CliError, outputs_file.OutputsError, ValueError, *AWS_ERRORS)


def _parse_time(ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    try:
        return parse_timestamp(value) if value else None
    except OperationError as exc:
        raise click.UsageError(str(exc), ctx) from exc


@click.command
@click.option("--stack", required=True, help="Name of the stack, e.g. items-prod.")
@click.option("--table", default="", help="Name of the table in the service or in AWS.")
@click.option("--at", callback=_parse_time, help="Time to which the table is restored, e.g. 2026-11-20T10:00:00Z.")
@click.option("--from", "source", help="ARN of a backup or recovery point, or the name of an existing restored table.")
@click.option("--apply", is_flag=True, help="Write the differences back to the live table.")
@click.option("--exact", is_flag=True, help="With --apply, also delete the items that exist only in the live table.")
@options.outputs(outputs_file.FOLDER / outputs_file.ALL)
@options.report_errors(*ERRORS)
def restore(
    *, stack: str, table: str, at: datetime | None, source: str | None, apply: bool, exact: bool, path: Path
) -> int:
    """Restore a table next to the live table and compare them.

    Exactly one of --at and --from is required. The exit code is 1 if an item was skipped, e.g. because it changed
    during the command.
    """
    if (at and source) or not (at or source):
        raise click.UsageError("Exactly one of --at and --from is required.", click.get_current_context())
    live = table_restore.find_live_table(path, stack, table)
    is_complete = table_restore.restore(live, at or source or "", Terminal(), apply=apply, exact=exact)
    return 0 if is_complete else 1


@click.command
@click.option("--service", required=True, help="Name of the service.", shell_complete=options.complete(names()))
@options.env(required=True)
@click.option(
    "--to", "region", required=True, help="Target region, e.g. us-west-2. Specify the primary region to fail back."
)
@click.option(
    "--health",
    default="",
    show_default="a listing of the service",
    help="Path of the health check, which must respond to GET.",
)
@click.option("--dry", is_flag=True, help="Print the steps without running them.")
@options.report_errors(*ERRORS)
def failover(service: str, environment: str, region: str, health: str, dry: bool) -> None:
    """Deploy a service in a region with replicas of its tables, or fail back.

    The command disables the functions in other regions, because only one region is allowed to write to the tables. It
    then deploys the service and points its domain to the region.
    """
    service_failover.failover(service, environment, region, Terminal(), health=health, dry=dry)
