"""`tap docs`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ..docgen import generate
from ..services import BUILT_IN
from . import options, reference, tap

PAGE = Path("docs", "reference", "cli.md")


@click.command
@click.option(
    "--service",
    type=options.SERVICE,
    multiple=True,
    show_default="the built-in services",
    help="Service to document in the current folder. Can be repeated.",
)
@click.option("--check", is_flag=True, help="Do not write files. Exit with 1 if a file is outdated.")
@options.report_errors()
def docs(service: Sequence[str], check: bool) -> int:
    """Generate the documentation of services and settings."""
    root = Path.cwd() if service else generate.ROOT
    outdated = generate.outdated(root, (*BUILT_IN, *service) if root == generate.ROOT else service)
    if root == generate.ROOT and (text := reference.page(tap)) != generate.read(root / PAGE):
        outdated[root / PAGE] = text
    for path in outdated:
        click.echo(f"{path.relative_to(root)}: {'outdated. Run make docs.' if check else 'written'}")
    if not check:
        generate.write(outdated)
    return int(check and bool(outdated))
