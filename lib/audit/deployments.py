"""Audits of Pulumi programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..console import Terminal
from ..program import project
from ..program.recorder import PROJECT, Deployment, record_file
from ..services import SERVICES
from ..settings.environments import ENVIRONMENTS
from .evaluate import Finding, audit
from .graph import graph_of


class ProgramError(Exception):
    """Failure of an audited program. The message contains the program path and the reason."""


def audit_services(
    pulumi_project: project.Project,
    services: Sequence[str],
    environments: Sequence[str],
    pairs: Sequence[str],
    terminal: Terminal,
) -> dict[str, list[Finding]]:
    """Audit the program of a project for every service in every environment.

    Without services or environments, use all of them. Return the findings by stack.
    """
    overrides = project.parse_config_pairs(pulumi_project, pairs)
    configs = {
        f"{service}-{environment}": project.config(pulumi_project, environment, service) | overrides
        for service in services or SERVICES
        for environment in environments or ENVIRONMENTS
    }
    return dict(_audit_configs(pulumi_project.program, pulumi_project.name, configs, terminal))


def audit_program(
    program: Path, service: str, environment: str, pairs: Sequence[str], terminal: Terminal
) -> dict[str, list[Finding]]:
    """Audit a custom program once, with the config of one stack of its project. Return the findings by program path."""
    pulumi_project = _project(program)
    overrides = project.parse_config_pairs(pulumi_project, pairs)
    config = project.config(pulumi_project, environment, service) | overrides
    return dict(_audit_configs(program, pulumi_project.name, {program.as_posix(): config}, terminal))


def _audit_configs(
    program: Path, project_name: str, configs: Mapping[str, Mapping[str, str]], terminal: Terminal
) -> Iterator[tuple[str, list[Finding]]]:
    for name, config in configs.items():
        terminal.show_transient(f"  {name} ...")
        yield name, list(audit(graph_of(_record(program, config, project_name))))
    terminal.show_transient("")


def _record(program: Path, config: Mapping[str, str], project_name: str) -> Deployment:
    try:
        return record_file(program, config, project_name)
    except Exception as exc:  # pylint: disable=broad-exception-caught  # programs can raise any exception
        raise ProgramError(f"{program}: {' '.join(str(exc).split())}") from exc


def _project(program: Path) -> project.Project:
    """Return the project in the folder of a program, or a project without config if there is none."""
    folder = program.parent
    return project.read(folder) if (folder / "Pulumi.yaml").exists() else project.Project(PROJECT, folder, program, {})
