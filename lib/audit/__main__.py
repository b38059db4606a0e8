"""`python -m lib.audit`: judge the resources of deployments by every control; exit 1 if any fails."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..environments import ENVIRONMENTS
from ..local import project
from ..local.terminal import Terminal
from ..recorder import PROJECT, recorded
from ..services import SERVICES
from . import report, sarif
from .judgement import Finding, audit
from .recorded import graph_of

PROGRAM = Path("tap.py")
NOT_AUDITED = 2
"""The exit code where there is nothing to judge."""


def main(argv: Sequence[str] | None = None) -> int:
    """Audit, and return the exit code."""
    options = _options(argv)
    program: Path = options.program or PROGRAM
    terminal = Terminal()
    audited: dict[str, list[Finding]] = {}
    try:
        here = _project(program)
        for name, config in _planned(options, here):
            terminal.passing(f"  {name} ...")
            audited[name] = list(audit(graph_of(recorded(program, config, here.name))))
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
    project.takes_config(parser)
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="also write what was found as SARIF 2.1.0")
    return parser.parse_args(argv)


def _planned(options: argparse.Namespace, here: project.Project) -> Iterator[tuple[str, dict[str, str]]]:
    """The name and the config of each deployment: every service in every row; of a program of one's own, one."""
    own = options.program is not None
    said = project.said(here, options.config)
    for service in [options.service] if options.service else ["items"] if own else SERVICES:
        for environment in [options.env] if options.env else ["dev"] if own else ENVIRONMENTS:
            config = project.config(here, environment, service) | said
            yield options.program.as_posix() if own else f"{service}-{environment}", config


def _project(program: Path) -> project.Project:
    """That of the program's folder, if any is there."""
    folder = program.parent
    return project.read(folder) if (folder / "Pulumi.yaml").exists() else project.Project(PROJECT, folder, program, {})


if __name__ == "__main__":
    sys.exit(main())
