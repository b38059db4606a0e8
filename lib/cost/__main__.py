"""`python -m lib.cost`: what a month costs in every environment, and of what that is made up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from ..environments import ENVIRONMENTS
from ..local import project
from ..local.terminal import Terminal
from ..services import SERVICES
from . import report
from .bill import Bill, bill
from .month import Month, recorded
from .traffic import Traffic
from .work import WORK


def main(argv: Sequence[str] | None = None) -> int:
    """Print the bills, and return the exit code: 1 where something has no price, too."""
    given = vars(_parser().parse_args(argv))
    services, environments = given.pop("service") or [*SERVICES], given.pop("env") or [*ENVIRONMENTS]
    try:
        bills = _bills(services, environments, Traffic(**given))
    except (ValueError, OSError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    print("\n".join([*report.aligned(report.totals(bills)), ""]))
    service, environment = services[0], environments[-1]
    shown = bills[service][environment]
    print("\n".join([f"{service} in {environment}:", *report.aligned(report.items(shown), left=2), ""]))
    print("\n".join([*report.remarks(shown), *report.BASIS]))
    return int(any(one.unpriced for row in bills.values() for one in row.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.cost", description=__doc__)
    parser.add_argument("--service", action="append", choices=[*SERVICES], help="one service (default: every one)")
    parser.add_argument("--env", action="append", help=f"environment suffix (default: {', '.join(ENVIRONMENTS)})")
    for field in fields(Traffic):
        wanted = Traffic.CHECKS[field.name][1].removeprefix("give ")
        default = "measured" if field.default is None else f"{field.default:g}"
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(
            option, type=float, default=field.default, metavar="N", help=f"{wanted} (default {default})"
        )
    return parser


def _bills(services: Sequence[str], environments: Sequence[str], traffic: Traffic) -> Mapping[str, Mapping[str, Bill]]:
    terminal = Terminal(sys.stderr)
    here = project.read(Path())

    def of(service: str, environment: str) -> Bill:
        terminal.passing(f"  {service} in {environment} ...")
        made = recorded(here.program, project.config(here, environment, service))
        return bill(Month(made, traffic, WORK[service]))

    bills = {service: {environment: of(service, environment) for environment in environments} for service in services}
    terminal.passing("")
    return bills


if __name__ == "__main__":
    sys.exit(main())
