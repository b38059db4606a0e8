"""`python -m lib.cost`: what a month costs in every environment, and of what that is made up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from .. import documented
from ..environments import ENVIRONMENTS
from ..local import project
from ..local.terminal import Terminal
from ..recorder import recorded
from ..services import SERVICES
from . import report
from .bill import Bill, bill
from .month import Month
from .traffic import Traffic
from .work import WORK


def main(argv: Sequence[str] | None = None) -> int:
    """Print the bills, and return the exit code: 1 where something has no price, too."""
    given = vars(_parser().parse_args(argv))
    services, environments = given.pop("service") or [*SERVICES], given.pop("env") or [*ENVIRONMENTS]
    try:
        bills = _bills(services, environments, given.pop("config"), Traffic(**given))
    except (ValueError, OSError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    service, environment = services[0], environments[-1]
    shown = bills[service][environment]
    detail = [f"{service} in {environment}:", *report.aligned(report.items(shown), left=2)]
    sections = [report.aligned(report.totals(bills)), detail, [*report.remarks(shown), *report.BASIS]]
    print("\n\n".join("\n".join(lines) for lines in sections))
    return int(any(one.unpriced for row in bills.values() for one in row.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.cost", description=__doc__)
    parser.add_argument("--service", action="append", choices=[*SERVICES], help="one service (default: every one)")
    parser.add_argument("--env", action="append", help=f"environment suffix (default: {', '.join(ENVIRONMENTS)})")
    project.takes_config(parser)
    texts = documented.fields(Traffic)
    for name, value in asdict(Traffic()).items():
        said = f"{texts[name]} (default: {report.default(value)})".replace("%", "%%")
        parser.add_argument(report.option(name), type=float, default=value, metavar="N", help=said)
    return parser


def _bills(
    services: Sequence[str], environments: Sequence[str], pairs: Sequence[str], traffic: Traffic
) -> Mapping[str, Mapping[str, Bill]]:
    terminal = Terminal(sys.stderr)
    here = project.read(Path())
    said = project.said(here, pairs)

    def of(service: str, environment: str) -> Bill:
        terminal.passing(f"  {service} in {environment} ...")
        made = recorded(here.program, project.config(here, environment, service) | said, here.name)
        return bill(Month(made, traffic, WORK[service], SERVICES[service]))

    bills = {service: {environment: of(service, environment) for environment in environments} for service in services}
    terminal.passing("")
    return bills


if __name__ == "__main__":
    sys.exit(main())
