"""Command-line options that several commands share, and error handling."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from ..model.names import check_environment_suffix
from ..program import project
from ..services import ServiceError, load, load_reference, names
from ..settings.environments import ENVIRONMENTS, matching_profile

F = TypeVar("F", bound=Callable[..., Any])


class NearestChoice(click.Choice[str]):
    """A choice whose error message suggests the nearest value."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        nearest = difflib.get_close_matches(str(value), self.choices, 1)
        return super().get_invalid_choice_message(value, ctx) + (f" Did you mean {nearest[0]!r}?" if nearest else "")


class ServiceChoice(NearestChoice):
    """A choice of a service by its name, or by its definition as `module:attribute`. The service is loaded."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Load the service and return its name. Raise `ClickException` if it cannot be loaded."""
        try:
            if ":" in str(value):
                return load_reference(str(value)).name
            name = super().convert(value, param, ctx)
            load(name)
        except ServiceError as exc:
            raise click.ClickException(str(exc)) from exc
        return name


class ProgramServiceChoice(ServiceChoice):
    """A choice of a service of the program in the working directory.

    A program that decides which services it deploys can have services that are not registered.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name of the service. Raise `ClickException` if a registered service cannot be loaded."""
        if ":" not in str(value) and Path("Pulumi.yaml").exists() and not project.read(Path()).selects_service:
            return str(value)
        return super().convert(value, param, ctx)


def complete(values: Iterable[str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return a shell completion with `values` for an option that also accepts other values."""
    known = tuple(values)
    return lambda _ctx, _param, incomplete: [value for value in known if value.startswith(incomplete)]


PATH = click.Path(path_type=Path)
SERVICE = ServiceChoice(names())
PROGRAM_SERVICE = ProgramServiceChoice(names())


def service(*, default: str | None = None, multiple: bool = False, of_program: bool = False) -> Callable[[F], F]:
    """Add `--service`. With `of_program`, the program in the working directory can define the service."""
    description = "Name of the service, or its definition as MODULE:ATTRIBUTE." + (" Can be repeated." * multiple)
    options = _default(default, "every service", description)
    return click.option("--service", type=PROGRAM_SERVICE if of_program else SERVICE, multiple=multiple, **options)


def env(
    *,
    default: str | None = None,
    show_default: str = "every environment profile",
    multiple: bool = False,
    required: bool = False,
) -> Callable[[F], F]:
    """Add `--env`. The environment variable ENVIRONMENT_SUFFIX overrides `default`."""
    description = "Environment suffix, e.g. dev." + (" Can be repeated." if multiple else "")
    options = {"help": description} if required else _default(default, show_default, description)
    options |= {"shell_complete": complete(ENVIRONMENTS)}
    if default:
        options |= {"envvar": "ENVIRONMENT_SUFFIX", "show_envvar": True}
    return click.option("--env", "environment", multiple=multiple, required=required, callback=_check_suffix, **options)


def outputs(default: Path, description: str = "Outputs file of the deployment.") -> Callable[[F], F]:
    """Add `--outputs`, which sets the parameter `path`."""
    return click.option("--outputs", "path", type=PATH, default=default, help=description)


def _default(value: str | None, show_default: str, description: str) -> dict[str, Any]:
    return {"default": value, "help": description} if value else {"show_default": show_default, "help": description}


def _check_suffix(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
    try:
        for suffix in [value] if isinstance(value, str) else value or ():
            matching_profile(check_environment_suffix(suffix))
    except ValueError as exc:
        raise click.UsageError(str(exc), ctx) from exc
    return value


config = click.option(
    "--config",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="Config that overrides the config file of the stack. Can be repeated.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def report_errors(*errors: type[Exception]) -> Iterator[None]:
    """Convert errors of the project, of services and of the types `errors` to click exceptions.

    Invalid `--config` is a usage error with exit code 2. All other errors have exit code 1.
    """
    handled: tuple[type[Exception], ...] = (project.ProjectError, ServiceError, *errors)
    try:
        yield
    except project.ConfigError as exc:
        raise click.UsageError(str(exc), click.get_current_context()) from exc
    except handled as exc:
        raise click.ClickException(str(exc)) from exc
