"""`tap preview`, `tap up`, `tap destroy` and `tap outputs`: deployments to AWS with the Pulumi CLI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ..console import Terminal
from ..operations import pulumi_cli
from ..operations.rollout import Selection
from ..program import project
from . import options, rollout

ERRORS = (pulumi_cli.CliError, ValueError)
yes_option = click.option("--yes", is_flag=True, help="Confirm the changes without a prompt.")


def _stack_options(command: options.F) -> options.F:
    return options.service(default="items")(options.env(default="dev")(command))


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
