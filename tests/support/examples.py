"""The programs in `examples/`: files, and packages with a module `__main__`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES: Mapping[str, Path] = {
    **{path.stem: path for path in sorted(FOLDER.glob("[!_]*.py"))},
    **{path.parent.name: path for path in sorted(FOLDER.glob("*/__main__.py"))},
}
"""Path of each program by its name."""
