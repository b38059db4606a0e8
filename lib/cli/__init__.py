"""The command `tap`, and `python -m` of this package: a command per task, each loaded when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.exceptions import NoArgsIsHelpError

from .. import __version__

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""
EXTRAS: Mapping[str, str] = {
    **dict.fromkeys(("boto3", "botocore", "cryptography", "ministack", "yaml"), "local"),
    **dict.fromkeys(("gevent", "locust"), "load"),
}
"""Optional dependencies by the name of their package, and the extra that installs them."""


class Lazy(NamedTuple):
    """A command that is not imported yet: the module that defines it under its name, and its summary."""

    module: str
    summary: str


COMMANDS: Mapping[str, Lazy] = {
    "local": Lazy("local", "Deploy into an emulator on this machine, send the demo calls and serve."),
    "smoke": Lazy("local", "Send the demo calls of services to a deployment."),
    "seed": Lazy("local", "Create demo data in a deployed service."),
    "site": Lazy("local", "Build the web pages of services."),
    "preview": Lazy("deploy", "Show the changes that a deployment to AWS would make."),
    "up": Lazy("deploy", "Deploy to AWS, write the outputs and shift the aliases."),
    "destroy": Lazy("deploy", "Delete the resources on AWS, except tables that the environment retains."),
    "outputs": Lazy("deploy", "Write the outputs of a deployment on AWS to cfn-outputs/."),
    "rollout": Lazy("rollout", "Shift the aliases of deployed functions to the newest versions."),
    "rollback": Lazy("rollout", "Put the aliases of deployed functions at the previous versions."),
    "prune": Lazy("rollout", "Delete the function versions that no alias calls."),
    "restore": Lazy("recovery", "Restore a table next to the live one and compare them."),
    "failover": Lazy(
        "recovery", "Deploy a service in a region with replicas of its tables, and point its domain there."
    ),
    "audit": Lazy("audit", "Evaluate the resources of deployments against security controls."),
    "cost": Lazy("cost", "Estimate the monthly cost on AWS."),
    "scaling": Lazy("scaling", "Calculate the request rates that deployments support."),
    "load": Lazy("load", "Send requests of many concurrent clients to a service."),
    "docs": Lazy("docs", "Generate the documents of the services and the settings."),
}


class CommandLine(click.Group):
    """Group of `Lazy` commands that reports an error in one line."""

    def __init__(self, commands: Mapping[str, Lazy], **options: Any) -> None:
        stubs = {name: click.Command(name, short_help=lazy.summary) for name, lazy in commands.items()}
        super().__init__(commands=stubs, **options)
        self._lazy = commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the declaration."""
        return [*self.commands]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name, imported, and the remaining arguments."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, self._load(name) if name and stub else None, rest

    def _load(self, name: str) -> click.Command:
        try:
            module = import_module(f".{self._lazy[name].module}", __package__)
        except ModuleNotFoundError as exc:
            extra = EXTRAS.get(exc.name or "")
            if extra is None:
                raise
            remedy = f"run make install, or pip install 'tap-stack[{extra}]'"
            raise click.ClickException(f"{exc.name} is missing: {remedy}") from exc
        command: click.Command = getattr(module, name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the arguments name. Add it to usage errors for which click sets no context."""
        try:
            return super().invoke(ctx)
        except click.UsageError as exc:
            exc.ctx = exc.ctx or click.Context(self, ctx, ctx.invoked_subcommand)
            raise

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a command; exit with its exit code, or return it if `standalone_mode` is off."""
        run: Callable[..., int | None] = super().main
        try:
            code = run(*args, standalone_mode=False, **extra) or 0
        except NoArgsIsHelpError as exc:
            exc.show()
            code = exc.exit_code
        except click.UsageError as exc:
            command = exc.ctx.command_path if exc.ctx else self.name
            message = exc.format_message()
            end = "" if message.endswith((".", "?", "?)")) else "."
            click.echo(f"error: {message}{end} Run '{command} --help' for help.", err=True)
            code = exc.exit_code
        except click.ClickException as exc:
            click.echo(f"error: {exc.format_message()}", err=True)
            code = exc.exit_code
        except OSError as exc:
            click.echo(f"error: {exc}", err=True)
            code = 1
        except click.Abort:
            code = INTERRUPTED
        return sys.exit(code) if standalone_mode else code


tap = CommandLine(
    COMMANDS,
    name="tap",
    help="Run, check and deploy serverless APIs.",
    epilog="Exit codes: 0 success, 1 a check or the command failed, 2 wrong usage.",
    no_args_is_help=True,
    context_settings={"show_default": True, "max_content_width": 110, "help_option_names": ["-h", "--help"]},
)
click.version_option(__version__, message="tap-stack %(version)s")(tap)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `tap` with arguments, by default those of the process, and return the exit code."""
    return int(tap.main(arguments, standalone_mode=False))
