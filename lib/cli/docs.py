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
    help="Service whose documents are generated in the current folder. Can be repeated.",
)
@click.option("--check", is_flag=True, help="Write no file; exit with 1 if one is outdated.")
@options.reported()
def docs(service: Sequence[str], check: bool) -> int:
    """Generate the documents of the services and the settings."""
    root = Path.cwd() if service else generate.ROOT
    found = generate.outdated(root, (*BUILT_IN, *service) if root == generate.ROOT else service)
    if root == generate.ROOT and (text := reference.page(tap)) != generate.read(root / PAGE):
        found[root / PAGE] = text
    for path in found:
        click.echo(f"{path.relative_to(root)}: {'outdated, run make docs' if check else 'written'}")
    if not check:
        generate.write(found)
    return int(check and bool(found))
