"""`python -m lib.recovery restore` and `failover`: what they take, `--help` says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from ..local.terminal import Terminal
from . import RecoveryError

COMMANDS = {
    "restore": "restore a table beside the live one, compare the two, and write back what differs",
    "failover": "bring a service up in a region that holds replicas of its tables, and point its domain there",
}
"""A module each."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry one command out, and return the exit code."""
    terminal = Terminal()
    try:
        modules = {name: import_module(f"{__package__}.{name}") for name in COMMANDS}
        refusals = import_module(f"{__package__}.aws").REFUSALS
        cli_error = import_module("..pulumi_cli", __package__).CliError
    except ModuleNotFoundError as exc:
        terminal.say(f"error: {exc.name} is missing: run make install, or pip install 'tap-stack[local]'")
        return 1
    parser = argparse.ArgumentParser(prog="python -m lib.recovery")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in modules.items():
        module.arguments(commands.add_parser(name, description=COMMANDS[name], help=COMMANDS[name]))
    options = parser.parse_args(argv)
    try:
        return int(modules[options.command].run(options, terminal))
    except (RecoveryError, cli_error, *refusals) as exc:
        terminal.say(f"error: {exc}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
