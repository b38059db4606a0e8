"""`tap preview`, `tap up`, `tap destroy` and `tap outputs`: deployments to AWS with the Pulumi CLI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..console import Terminal
from ..operations import pulumi_cli
from ..operations.rollout import Selection
from ..program import project
from ..services import names
from . import options, rollout

ERRORS = (pulumi_cli.CliError, ValueError)
yes_option = click.option("--yes", is_flag=True, help="Confirm the changes without a prompt.")


class RegisteredServiceChoice(options.ServiceChoice):
    """A choice of a service by its name. The program, which the Pulumi CLI runs, loads the service by this name."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Load the service and return its name. Raise `ClickException` for a definition as `module:attribute`."""
        if ":" in str(value):
            raise click.ClickException(
                f"service must be the name of a registered service, got {value!r}. Register it as an entry point, or "
                "run pulumi up for a program that creates it."
            )
        return super().convert(value, param, ctx)


SERVICE = RegisteredServiceChoice(names())


def _stack_options(command: options.F) -> options.F:
    service = click.option("--service", type=SERVICE, default="items", help="Name of the service.")
    return service(options.env(default="dev")(command))


def _stack(service: str, environment: str) -> pulumi_cli.Stack:
    return pulumi_cli.Stack(pulumi_project=project.read(Path()), service=service, environment=environment)


@click.command
@_stack_options
@options.config
@options.report_errors(*ERRORS)
def preview(service: str, environment: str, pairs: Sequence[str]) -> int:
    """Show the changes that a deployment to AWS would make."""
    return pulumi_cli.preview(_stack(service, environment), pairs, Terminal())


@click.command
@_stack_options
@options.config
@yes_option
@options.report_errors(*ERRORS)
def up(service: str, environment: str, pairs: Sequence[str], yes: bool) -> int:
    """Deploy to AWS, write the outputs and shift the function aliases.

    The outputs are written to cfn-outputs/. If rollout is enabled, CodeDeploy then shifts the aliases to the new
    versions. If the Pulumi CLI fails, the command exits with its exit code.
    """
    code = pulumi_cli.up(_stack(service, environment), pairs, Terminal(), confirmed=yes)
    return code or rollout.shift(Selection())


@click.command
@_stack_options
@yes_option
@options.report_errors(*ERRORS)
def destroy(service: str, environment: str, yes: bool) -> int:
    """Delete the resources on AWS, except tables that the environment retains."""
    return pulumi_cli.destroy(_stack(service, environment), confirmed=yes)


@click.command
@_stack_options
@options.as_json
@options.report_errors(*ERRORS)
def outputs(service: str, environment: str, as_json: bool) -> None:
    """Write the outputs of a deployment on AWS to cfn-outputs/."""
    values = pulumi_cli.write_outputs(_stack(service, environment))
    if as_json:
        click.echo(json.dumps(values, indent=2, sort_keys=True))
