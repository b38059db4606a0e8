"""Options that several commands have, and the errors that users can fix."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from ..model.names import check_environment_suffix
from ..program import project
from ..services import ServiceError, load, names
from ..settings.environments import ENVIRONMENTS, matching_profile

F = TypeVar("F", bound=Callable[..., Any])


class NearestChoice(click.Choice[str]):
    """A choice that names the nearest value in the error."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return the error."""
        nearest = difflib.get_close_matches(str(value), self.choices, 1)
        return super().get_invalid_choice_message(value, ctx) + (f" Did you mean {nearest[0]!r}?" if nearest else "")


class ServiceChoice(NearestChoice):
    """The name of a service that can be loaded."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; report a service that cannot be loaded."""
        name = super().convert(value, param, ctx)
        try:
            load(name)
        except ServiceError as exc:
            raise click.ClickException(str(exc)) from exc
        return name


def complete(values: Iterable[str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return the shell completion of an option that also accepts other values."""
    known = tuple(values)
    return lambda _ctx, _param, incomplete: [value for value in known if value.startswith(incomplete)]


PATH = click.Path(path_type=Path)
SERVICE = ServiceChoice(names())


def service(*, default: str | None = None, many: bool = False) -> Callable[[F], F]:
    """Add `--service`."""
    text = "Service. Can be repeated." if many else "Service."
    return click.option("--service", type=SERVICE, multiple=many, **_default(default, "every service", text))


def env(
    *,
    default: str | None = None,
    otherwise: str = "every environment profile",
    many: bool = False,
    required: bool = False,
) -> Callable[[F], F]:
    """Add `--env`; with a default, the variable ENVIRONMENT_SUFFIX overrides that."""
    text = "Environment suffix. Can be repeated." if many else "Environment suffix."
    options = {"help": text} if required else _default(default, otherwise, text)
    options |= {"shell_complete": complete(ENVIRONMENTS)}
    if default:
        options |= {"envvar": "ENVIRONMENT_SUFFIX", "show_envvar": True}
    return click.option("--env", "environment", multiple=many, required=required, callback=_checked_suffix, **options)


def outputs(default: Path, text: str = "Outputs of the deployment.") -> Callable[[F], F]:
    """Add `--outputs`, the parameter `path`."""
    return click.option("--outputs", "path", type=PATH, default=default, help=text)


def _default(value: str | None, otherwise: str, text: str) -> dict[str, Any]:
    return {"default": value, "help": text} if value else {"show_default": otherwise, "help": text}


def _checked_suffix(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
    try:
        for suffix in [value] if isinstance(value, str) else value or ():
            matching_profile(check_environment_suffix(suffix))
    except ValueError as exc:
        raise click.UsageError(str(exc), ctx) from exc
    return value


config = click.option(
    "--config", "pairs", multiple=True, metavar="KEY=VALUE", help="Config key that overrides the stack's config file."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def reported(*errors: type[Exception]) -> Iterator[None]:
    """Report errors, and those of every project and service, with exit code 1; with 2 if `--config` is wrong."""
    handled: tuple[type[Exception], ...] = (project.ProjectError, ServiceError, *errors)
    try:
        yield
    except project.ConfigError as exc:
        raise click.UsageError(str(exc), click.get_current_context()) from exc
    except handled as exc:
        raise click.ClickException(str(exc)) from exc
