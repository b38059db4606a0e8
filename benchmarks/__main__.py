"""Run the sections that the command line names, or all sections."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NoReturn

from . import local, program
from .measure import handlers, units
from .scenarios import conflicts, growth, load, scheduled_jobs
from .services import inventory, items, stock

SECTIONS: Mapping[str, Sequence[Callable[[], str]]] = {
    "handlers": (partial(handlers, items.MEASUREMENT), partial(units, items.MEASUREMENT)),
    "inventory": (
        partial(units, inventory.AUDITED, inventory.UNAUDITED),
        partial(handlers, inventory.AUDITED),
        growth.report,
    ),
    "stock": (
        partial(units, stock.MEASUREMENT),
        partial(handlers, stock.MEASUREMENT),
        conflicts.report,
        load.report,
        scheduled_jobs.report,
    ),
    "program": (program.report,),
    "local": (local.report,),
}


def main() -> None:
    """Print each section as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    names = parser.parse_args().sections or list(SECTIONS)
    if unknown := [name for name in names if name not in SECTIONS]:
        parser.error(f"section must be one of {', '.join(SECTIONS)}, got {', '.join(unknown)}.")
    signal.signal(signal.SIGTERM, _exit)
    for name in names:
        for report in SECTIONS[name]:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            print(report(), end="\n\n", flush=True)


def _exit(*_: object) -> NoReturn:
    """Raise `SystemExit`, so that context managers terminate child processes."""
    sys.exit(1)


if __name__ == "__main__":
    main()
