"""Programs in Python that tests put on the path in place of real ones."""

from __future__ import annotations

import sys
from pathlib import Path

# The kernel splits a #! line at spaces, which the folder of the virtual environment may have.
START = f"""#!/bin/sh
'''exec' "{sys.executable}" "$0" "$@"
' '''
"""


def write_program(path: Path, text: str) -> None:
    """Write an executable file that runs `text` with the Python of the tests."""
    path.write_text(START + text, encoding="utf-8")
    path.chmod(0o755)
