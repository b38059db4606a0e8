"""Runs the sections named on the command line, all of them when none is."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from . import handlers, inventory, local, program, stock, units

SECTIONS: Mapping[str, Sequence[Callable[[], str]]] = {
    "handlers": (handlers.report, units.report),
    "inventory": inventory.REPORTS,
    "stock": stock.REPORTS,
    "program": (program.report,),
    "local": (local.report,),
}


def main() -> None:
    """Print each section as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    chosen = parser.parse_args().sections or list(SECTIONS)
    if unknown := [name for name in chosen if name not in SECTIONS]:
        parser.error(f"no section {', '.join(unknown)}: give some of {', '.join(SECTIONS)}")
    signal.signal(signal.SIGTERM, _leave)
    for name in chosen:
        for report in SECTIONS[name]:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            print(report(), end="\n\n", flush=True)


def _leave(*_: object) -> NoReturn:
    """An exit that still ends the processes begun here."""
    sys.exit(1)


if __name__ == "__main__":
    main()
