"""Programs in `examples/`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples"
PROGRAMS = {
    **{path.stem: path for path in sorted(FOLDER.glob("[!_]*.py"))},
    **{path.parent.name: path for path in sorted(FOLDER.glob("*/__main__.py"))},
}
"""Paths of the programs by the name of the example."""
