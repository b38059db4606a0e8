"""`tap rollout`, `tap rollback` and `tap prune`: the versions of deployed functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from ..client.outputs_file import FOLDER, OutputsError
from ..operations.rollout import Log, Selection, prune_stacks, roll_back_stacks, shift_stacks
from ..services import names
from . import options


def _selection_options(command: options.F) -> options.F:
    service = click.option(
        "--service", show_default="any", help="Name of the service.", shell_complete=options.complete(names())
    )
    return service(options.env(show_default="any")(command))


@click.command
@_selection_options
def rollout(service: str | None, environment: str | None) -> int:
    """Shift the aliases of deployed functions to the newest versions.

    The command applies to the stacks in cfn-outputs/ with rollout enabled. The exit code is 1 if CodeDeploy does not
    complete a shift.
    """
    return shift(Selection(service, environment))


@click.command
@_selection_options
def rollback(service: str | None, environment: str | None) -> int:
    """Move the aliases of deployed functions to the previous versions.

    The exit code is 1 if no function of the stacks in cfn-outputs/ has a previous version.
    """
    return _run(roll_back_stacks, Selection(service, environment))


@click.command
@_selection_options
def prune(service: str | None, environment: str | None) -> int:
    """Delete the function versions that no alias uses.

    The command applies to the stacks in cfn-outputs/, and retains the newest version of each function.
    """
    return _run(prune_stacks, Selection(service, environment))


def shift(selection: Selection) -> int:
    """Shift the aliases of the selected stacks, and return the exit code."""
    return _run(shift_stacks, selection)


@options.report_errors(OutputsError)
def _run(action: Callable[[Path, Selection, Log], list[str]], selection: Selection) -> int:
    errors = action(FOLDER, selection, click.echo)
    for error in errors:
        click.echo(f"error: {error}", err=True)
    return int(bool(errors))
