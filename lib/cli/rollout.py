"""`tap rollout`, `tap rollback` and `tap prune`: the versions of deployed functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from ..outputs import FOLDER, OutputsError
from ..rollout import Log, prune_stacks, roll_back_stacks, shift_stacks
from . import options


@click.command
def rollout() -> int:
    """Shift the aliases of deployed functions to the newest versions.

    CodeDeploy shifts the functions of the stacks in cfn-outputs/. The exit code is 1 if it rolls one back.
    """
    return shift()


@click.command
def rollback() -> int:
    """Put the aliases of deployed functions at the previous versions.

    The exit code is 1 if no function of the stacks in cfn-outputs/ has a previous version.
    """
    return _run(roll_back_stacks)


@click.command
def prune() -> int:
    """Delete the function versions that no alias calls.

    The newest version of each function of the stacks in cfn-outputs/ is retained.
    """
    return _run(prune_stacks)


def shift() -> int:
    """Shift the aliases, and return the exit code."""
    return _run(shift_stacks)


@options.reported(OutputsError)
def _run(action: Callable[[Path, Log], list[str]]) -> int:
    failed = action(FOLDER, click.echo)
    for message in failed:
        click.echo(f"error: {message}", err=True)
    return int(bool(failed))
