"""`python -m lib.audit`: judge the resources of deployments by every control; exit 1 if any fails."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..environments import ENVIRONMENTS
from ..local import project
from ..local.terminal import Terminal
from ..services import SERVICES
from . import report, sarif
from .deployments import recorded
from .judgement import Finding, audit

PROGRAM = Path("tap.py")
NOT_AUDITED = 2
"""The exit code where there is nothing to judge."""


class Planned(NamedTuple):
    """A deployment to audit."""

    name: str
    config: dict[str, str]


def main(argv: Sequence[str] | None = None) -> int:
    """Audit, and return the exit code."""
    options = _options(argv)
    program: Path = options.program or PROGRAM
    terminal = Terminal()
    audited: dict[str, list[Finding]] = {}
    try:
        for deployment in _planned(options, program):
            terminal.passing(f"  {deployment.name} ...")
            audited[deployment.name] = list(audit(recorded(program, deployment.config)))
    except Exception as exc:  # pylint: disable=broad-exception-caught  # a program may fail as it likes
        terminal.say(f"error: {program}: {exc}")
        return NOT_AUDITED
    for line in report.lines(audited):
        terminal.say(line)
    if options.sarif:
        options.sarif.write_text(json.dumps(sarif.document(audited, program), indent=2) + "\n", encoding="utf-8")
    return int(report.failed(audited))


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lib.audit", description=__doc__)
    parser.add_argument("--service", choices=[*SERVICES], help="one service (default: every one)")
    parser.add_argument("--env", help="one environment suffix (default: every row)")
    parser.add_argument(
        "--program", type=Path, help="a Pulumi program of one's own (default: tap.py, for each of them)"
    )
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="also write what was found as SARIF 2.1.0")
    return parser.parse_args(argv)


def _planned(options: argparse.Namespace, program: Path) -> Iterator[Planned]:
    """Every service in every environment, or those that are asked for; a program of one's own once."""
    once = options.program is not None
    environments = [options.env] if options.env else ["dev"] if once else [*ENVIRONMENTS]
    services = [options.service] if options.service else ["items"] if once else [*SERVICES]
    for service in services:
        for environment in environments:
            name = program.as_posix() if once else f"{service}-{environment}"
            yield Planned(name, _config(program, environment, service))


def _config(program: Path, environment: str, service: str) -> dict[str, str]:
    """What the Pulumi CLI would hand the program: the project's defaults, and the environment's file over them."""
    if (program.parent / "Pulumi.yaml").exists():
        return project.config(project.read(program.parent), environment, service)
    return {"environment": environment, "service": service}


if __name__ == "__main__":
    sys.exit(main())
