"""Update recordings after an intended change: `python -m tests.recordings.write [NAME ...]`.

Without names, update the recordings of all programs and delete recordings of programs that no longer exist. Print the
differences from the previous recordings.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from . import files
from .programs import DEPLOYMENTS
from .recording import differences, recording
from .report import report


def main(names: Sequence[str]) -> int:
    """Update the recordings with these names, or all of them. Return the exit code of the command."""
    if unknown := sorted({*names} - DEPLOYMENTS.keys()):
        print(f"error: names must be among {', '.join(DEPLOYMENTS)}, got {', '.join(unknown)}.", file=sys.stderr)
        return 2
    existing = files.names()
    for name in names or DEPLOYMENTS:
        registered = recording(DEPLOYMENTS[name]())
        changes = differences(files.read(name), registered) if name in existing else None
        if changes is None or changes:
            files.write(name, registered)
            print(report(name, changes) if changes else f"{name}: new recording")
    for name in [] if names else sorted(existing - DEPLOYMENTS.keys()):
        files.remove(name)
        print(f"{name}: deleted, because no program has this name")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
