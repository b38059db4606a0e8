"""`tap lock`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ..assets import lock_file
from ..assets.uv import UvError
from ..console import Terminal
from ..settings.function import RUNTIMES
from . import options


@click.command
@click.argument("requirements", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1, required=True)
@click.option("--upgrade", is_flag=True, help="Select the newest versions, even if the lock file has other ones.")
@click.option(
    "--python",
    type=options.NearestChoice([runtime.removeprefix("python") for runtime in RUNTIMES]),
    default=lock_file.MINIMUM_PYTHON,
    help="Oldest Python version that the lock file covers: that of the functions or of your environment.",
)
@options.report_errors(UvError, ValueError)
def lock(requirements: Sequence[Path], upgrade: bool, python: str) -> None:
    """Pin the packages of functions in lock files.

    For each requirements file, write a file with the suffix .lock that contains the version and the hashes of every
    package. Commit it. Existing versions stay unless the requirements exclude them.
    """
    terminal = Terminal(sys.stderr)
    for path in requirements:
        terminal.step(f"{lock_file.lock(path, python=python, upgrade=upgrade)} written")
