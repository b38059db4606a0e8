"""`tap rollout`, `tap rollback` and `tap prune`: the versions of deployed functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from ..client.outputs_file import FOLDER, OutputsError
from ..operations.rollout import Log, Selection, prune_stacks, roll_back_stacks, shift_stacks
from ..services import names
from . import options


def _selection(command: options.F) -> options.F:
    """Add the options that select stacks."""
    service = click.option(
        "--service", show_default="any", help="Service of the stacks.", shell_complete=options.complete(names())
    )
    return service(options.env(otherwise="any")(command))


@click.command
@_selection
def rollout(service: str | None, environment: str | None) -> int:
    """Shift the aliases of deployed functions to the newest versions.

    CodeDeploy shifts the functions of the stacks in cfn-outputs/. The exit code is 1 if it rolls one back.
    """
    return shift(Selection(service, environment))


@click.command
@_selection
def rollback(service: str | None, environment: str | None) -> int:
    """Put the aliases of deployed functions at the previous versions.

    The exit code is 1 if no function of the stacks in cfn-outputs/ has a previous version.
    """
    return _run(roll_back_stacks, Selection(service, environment))


@click.command
@_selection
def prune(service: str | None, environment: str | None) -> int:
    """Delete the function versions that no alias calls.

    The newest version of each function of the stacks in cfn-outputs/ is retained.
    """
    return _run(prune_stacks, Selection(service, environment))


def shift(selection: Selection) -> int:
    """Shift the aliases of stacks, and return the exit code."""
    return _run(shift_stacks, selection)


@options.reported(OutputsError)
def _run(action: Callable[[Path, Selection, Log], list[str]], selection: Selection) -> int:
    failed = action(FOLDER, selection, click.echo)
    for message in failed:
        click.echo(f"error: {message}", err=True)
    return int(bool(failed))
