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
    show_default="the built-in services, in a clone",
    help="Service to document in the current folder. Can be repeated.",
)
@click.option("--check", is_flag=True, help="Do not write files. Exit with 1 if a file is outdated.")
@options.report_errors()
def docs(service: Sequence[str], check: bool) -> int:
    """Generate the documentation of services and settings.

    In a clone of TapStack, write every page of its documentation. In another folder, write the pages of the services:
    their API, architecture, permissions and settings, and the config section of Pulumi.yaml.
    """
    root = Path.cwd()
    is_clone = root == generate.ROOT
    if not is_clone and not service:
        raise click.UsageError("--service must be set outside a clone of TapStack.", click.get_current_context())
    outdated = generate.outdated(root, (*BUILT_IN, *service) if is_clone else service, has_reference=is_clone)
    if is_clone and (text := reference.page(tap)) != generate.read(root / PAGE):
        outdated[root / PAGE] = text
    remedy = "Run make docs." if is_clone else "Run tap docs with the same services and without --check."
    for path in outdated:
        click.echo(f"{path.relative_to(root)}: {f'outdated. {remedy}' if check else 'written'}")
    if not check:
        generate.write(outdated)
    return int(check and bool(outdated))
