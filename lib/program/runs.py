"""Runs of Pulumi programs by the commands that do not call the Pulumi CLI.

If `Pulumi.yaml` declares the config key `service`, as the one of this library does, config selects the service, and the
program runs once for each service. Any other program decides itself which services it deploys, and runs once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..services import REFERENCED, names
from ..settings.error_location import located
from . import project, service_program
from .project import Project, ProjectError
from .recorder import Deployment, record_program
from .runner import Program
from .stacks import DeployedStack

DEFAULT_PROGRAM = Program(Path(service_program.__file__), Path(), service_program.create_stack)
"""Program for services of projects without a program."""


class ProgramError(Exception):
    """Failure of a program. The message contains the location in the program and the reason."""


class ProgramRun(NamedTuple):
    """A run of a Pulumi program in one environment."""

    program: Program
    project: str
    """Name of the Pulumi project."""
    stack: str
    """Name of the Pulumi stack."""
    config: Mapping[str, str]
    environment: str | None
    """Environment that every `TapStack` must have; None accepts any."""
    service: str | None
    """Service that the command selects; None for all services of the program."""

    @property
    def label(self) -> str:
        """Name of the service, or of the project if the program decides which services it deploys."""
        return self.service or self.project

    def record(self) -> Deployment:
        """Run the program with mocks and return its recording. Raise `ProgramError` if it fails."""
        try:
            return record_program(self.program, self.config, project=self.project, stack=self.stack)
        except Exception as exc:  # pylint: disable=broad-exception-caught  # programs can raise any exception
            raise ProgramError(located(exc, f"{self.program.path}: ")) from exc

    def select(self, stacks: Sequence[DeployedStack]) -> list[DeployedStack]:
        """Return the stacks of the selected service among those that the program created.

        Raise `ProjectError` if there are none, or if a stack has another environment.
        """
        if not stacks:
            raise ProjectError(f"{self.program.path} must create a TapStack, got none. Create one.")
        self.check_environment(stacks)
        selected = [stack for stack in stacks if self.service in (None, stack.service.name)]
        if not selected:
            created = ", ".join(sorted({stack.service.name for stack in stacks}))
            expected = f"one of the services of {self.program.path} ({created})"
            raise ProjectError(f"service must be {expected}, got {self.service!r}. Select one of them.")
        return selected

    def check_environment(self, stacks: Sequence[DeployedStack]) -> None:
        """Raise `ProjectError` if a stack has another environment."""
        for stack in stacks:
            if self.environment not in (None, stack.environment):
                raise ProjectError(
                    f"environment of TapStack {stack.name!r} must be {self.environment!r} (--env), got "
                    f"{stack.environment!r}. Pass args_from_config(service=...) or "
                    "TapStackArgs(environment_suffix=pulumi.get_stack(), ...) to it, or select "
                    f"--env {stack.environment}."
                )


def program_runs(services: Sequence[str], environments: Sequence[str], pairs: Sequence[str]) -> list[ProgramRun]:
    """Return the runs of the program in the working directory for each service in each environment.

    `pairs` are additional config values in the form `key=value`. Without services, use all services of the program.
    """
    can_use_default = services and not Path("Pulumi.yaml").exists()
    pulumi_project = project.read_if_exists(Path()) if can_use_default else project.read(Path())
    overrides = project.parse_config_pairs(pulumi_project, pairs)
    selected = services or (names() if pulumi_project.selects_service else [""])
    return [
        _run(_program(pulumi_project, service), pulumi_project, service, environment, overrides)
        for service in selected
        for environment in environments
    ]


def program_run(path: Path, service: str | None, environment: str | None, pairs: Sequence[str]) -> ProgramRun:
    """Return the run of the program at `path` with the config of a stack of the project in its folder.

    Without an environment, the stack is that of `dev`, and each `TapStack` can have any environment.
    """
    pulumi_project = project.read_if_exists(path.parent)
    overrides = project.parse_config_pairs(pulumi_project, pairs)
    default = "items" if pulumi_project.selects_service else ""
    run = _run(Program.from_file(path), pulumi_project, service or default, environment or "dev", overrides)
    return run._replace(environment=environment)


def _run(
    program: Program, pulumi_project: Project, service: str, environment: str, overrides: Mapping[str, str]
) -> ProgramRun:
    names_service = pulumi_project.selects_service
    stack = f"{service}-{environment}" if names_service else _existing_stack(pulumi_project, service, environment)
    config = {**project.config(pulumi_project, environment, service, stack), **overrides}
    if program == DEFAULT_PROGRAM:
        config = {key: value for key, value in config.items() if key in {*project.IDENTITY, *project.known_keys()}}
    return ProgramRun(program, pulumi_project.name, stack, config, environment, service or None)


def _program(pulumi_project: Project, service: str) -> Program:
    """Return the program that deploys a service: the default for a service that is specified by its definition, or in a
    folder without a project; otherwise the program of the project. Raise `ProjectError` if it does not exist."""
    has_project = (pulumi_project.folder / "Pulumi.yaml").exists()
    if not pulumi_project.selects_service and (service in REFERENCED or not has_project):
        return DEFAULT_PROGRAM
    if not pulumi_project.program.exists():
        raise ProjectError(
            f"{pulumi_project.program} must exist. Create the program, or select a service with "
            "--service MODULE:ATTRIBUTE, which needs no program."
        )
    return Program.from_file(pulumi_project.program)


def _existing_stack(pulumi_project: Project, service: str, environment: str) -> str:
    """Return the name of the stack with a config file: `<environment>`, or one that also has the name of the service or
    of the project; `<environment>` if none has a file."""
    candidates = [environment, f"{service}-{environment}", f"{pulumi_project.name}-{environment}"]
    files = (name for name in candidates if project.stack_file(pulumi_project.folder, name).exists())
    return next(files, environment)
