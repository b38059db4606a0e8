"""`tap audit`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ..audit import report, sarif
from ..audit.deployments import audit_program, audit_services
from ..console import Terminal
from ..program.runs import ProgramError, program_run, program_runs
from ..settings.environments import ENVIRONMENTS
from . import options


@click.command
@options.service(of_program=True)
@options.env()
@click.option(
    "--program",
    type=click.Path(exists=True, path_type=Path),
    help="Custom Pulumi program to audit instead of the services of this project.",
)
@options.config
@click.option(
    "--sarif",
    "sarif_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Additional output file for the findings, as SARIF 2.1.0. A missing folder is created.",
)
@options.as_json
@options.report_errors(ProgramError)
def audit(
    *,
    service: str | None,
    environment: str | None,
    program: Path | None,
    pairs: Sequence[str],
    sarif_file: Path | None,
    as_json: bool,
) -> int:
    """Evaluate the resources of deployments against security controls.

    The command runs the Pulumi program without an AWS account. The exit code is 1 if a control fails.
    """
    terminal = Terminal(sys.stderr)
    if sarif_file:
        sarif_file.parent.mkdir(parents=True, exist_ok=True)
    if program:
        result = audit_program(program_run(program, service, environment, pairs))
    else:
        environments = [environment] if environment else [*ENVIRONMENTS]
        runs = program_runs([service] if service else [], environments, pairs)
        program = runs[0].program.path
        result = audit_services(runs, terminal)
    if sarif_file:
        document = sarif.document(result, program)
        sarif_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if as_json:
        click.echo(json.dumps(report.data(result), indent=2))
    else:
        output = Terminal()
        output.table(report.counts(result), "llr")
        for line in report.lines(result):
            output.print_line(line)
    return int(report.has_failed(result))
