"""`tap docs`."""

from __future__ import annotations

import click

from .. import reference


@click.command
@click.option("--check", is_flag=True, help="Write no file; exit with 1 if one is outdated.")
def docs(check: bool) -> int:
    """Generate the documents of the services and the settings."""
    found = reference.outdated()
    for path in found:
        click.echo(f"{path.relative_to(reference.ROOT)}: {'outdated, run make reference' if check else 'written'}")
    if not check:
        reference.write(found)
    return int(check and bool(found))
