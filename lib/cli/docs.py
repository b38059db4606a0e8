"""`tap docs`."""

from __future__ import annotations

import click

from ..docgen import generate


@click.command
@click.option("--check", is_flag=True, help="Write no file; exit with 1 if one is outdated.")
def docs(check: bool) -> int:
    """Generate the documents of the services and the settings."""
    found = generate.outdated()
    for path in found:
        click.echo(f"{path.relative_to(generate.ROOT)}: {'outdated, run make docs' if check else 'written'}")
    if not check:
        generate.write(found)
    return int(check and bool(found))
