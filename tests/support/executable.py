"""Executable Python files that replace other programs in tests."""

from __future__ import annotations

import sys
from pathlib import Path

# The kernel splits a #! line at spaces, which the path of the virtual environment can contain.
START = f"""#!/bin/sh
'''exec' "{sys.executable}" "$0" "$@"
' '''
"""


def write_program(path: Path, source: str) -> None:
    """Write an executable file that runs `source` with the Python interpreter of the tests."""
    path.write_text(START + source, encoding="utf-8")
    path.chmod(0o755)
