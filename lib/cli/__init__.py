"""The program `tap`, also run by `python -m`. Each command is imported when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple
from urllib.error import URLError

import click
from click.exceptions import NoArgsIsHelpError

from .. import __version__

UNREACHABLE = (
    "The API is not reachable: {}. Start it with make local, or select the outputs of a deployment with --outputs."
)
INTERRUPTED = 130
"""Exit code after Ctrl-C, the same as in shells."""
EXTRAS: Mapping[str, str] = {
    **dict.fromkeys(("boto3", "botocore", "cryptography", "ministack", "yaml"), "local"),
    **dict.fromkeys(("gevent", "locust"), "load"),
}
"""Extra that installs each optional package."""


class LazyCommand(NamedTuple):
    """A command that is imported when it is called: the module that defines it, and its summary."""

    module: str
    summary: str


COMMANDS: Mapping[str, LazyCommand] = {
    "local": LazyCommand("local", "Deploy to a local AWS emulator, run the smoke test and serve requests."),
    "smoke": LazyCommand("local", "Run the smoke test of services against a deployment."),
    "seed": LazyCommand("local", "Create demo data in a deployed service."),
    "site": LazyCommand("local", "Build the web pages of services."),
    "lock": LazyCommand("lock", "Pin the packages of functions in lock files."),
    "preview": LazyCommand("deploy", "Show the changes that a deployment to AWS would make."),
    "up": LazyCommand("deploy", "Deploy to AWS, write the outputs and shift the function aliases."),
    "destroy": LazyCommand("deploy", "Delete the resources on AWS, except tables that the environment retains."),
    "outputs": LazyCommand("deploy", "Write the outputs of a deployment on AWS to cfn-outputs/."),
    "rollout": LazyCommand("rollout", "Shift the aliases of deployed functions to the newest versions."),
    "rollback": LazyCommand("rollout", "Move the aliases of deployed functions to the previous versions."),
    "prune": LazyCommand("rollout", "Delete the function versions that no alias uses."),
    "restore": LazyCommand("recovery", "Restore a table next to the live table and compare them."),
    "failover": LazyCommand("recovery", "Deploy a service in a region with replicas of its tables, or fail back."),
    "audit": LazyCommand("audit", "Evaluate the resources of deployments against security controls."),
    "cost": LazyCommand("cost", "Estimate the monthly cost on AWS."),
    "scaling": LazyCommand("scaling", "Calculate the supported request rates."),
    "load": LazyCommand("load", "Run a load test with many concurrent clients."),
    "reference": LazyCommand("python_api", "Describe a class, function or module of the Python API."),
    "docs": LazyCommand("docs", "Generate the documentation of services and settings."),
}


class CommandLine(click.Group):
    """Group of lazy commands that reports an error in one line."""

    def __init__(self, commands: Mapping[str, LazyCommand], **options: Any) -> None:
        stubs = {name: click.Command(name, short_help=lazy.summary) for name, lazy in commands.items()}
        super().__init__(commands=stubs, **options)
        self._lazy = commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of their declaration."""
        return [*self.commands]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the specified command. Return its name, the command and the remaining arguments."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, self._load(name) if name and stub else None, rest

    def _load(self, name: str) -> click.Command:
        try:
            module = import_module(f".{self._lazy[name].module}", __package__)
        except ModuleNotFoundError as exc:
            extra = EXTRAS.get(exc.name or "")
            if extra is None:
                raise
            remedy = f"Install it with make install, or pip install '.[{extra}]' in a clone."
            raise click.ClickException(f"Package {exc.name} is not installed. {remedy}") from exc
        command: click.Command = getattr(module, name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the specified command. Add its context to usage errors that have none."""
        try:
            return super().invoke(ctx)
        except click.UsageError as exc:
            exc.ctx = exc.ctx or click.Context(self, ctx, ctx.invoked_subcommand)
            raise

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a command and exit with its exit code. If `standalone_mode` is False, return the exit code instead."""
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
        except URLError as exc:
            click.echo(f"error: {UNREACHABLE.format(exc.reason)}", err=True)
            code = 1
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
    epilog="Exit codes: 0 success, 1 failed command or check, 2 invalid usage, 130 interrupted.",
    no_args_is_help=True,
    context_settings={"show_default": True, "max_content_width": 110, "help_option_names": ["-h", "--help"]},
)
click.version_option(__version__, message="tap-stack %(version)s")(tap)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `tap` and return its exit code. Default: the command-line arguments of the process."""
    return int(tap.main(arguments, standalone_mode=False))
