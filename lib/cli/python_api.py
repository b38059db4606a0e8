"""`tap reference`."""

from __future__ import annotations

import click

from ..docgen import python_api
from . import options


@click.command
@click.argument("name", required=False)
@options.report_errors(ValueError)
def reference(name: str | None) -> None:
    """Describe a class, function or module of the Python API.

    NAME is a name such as Route, or a dotted path such as tap_stack.runtime.errors. Without it, the command lists all
    names.
    """
    click.echo("\n\n".join(python_api.describe(name)) if name else "\n\n".join(python_api.overview()))
