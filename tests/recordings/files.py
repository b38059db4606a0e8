"""The files with the recordings: one per program, JSON with sorted keys and one value per line, compressed by gzip.

Uncompressed, they would have 9 MB and a quarter of a million lines, which would clutter every search in the repository.
Compressed, they have half a megabyte. Git shows their differences by line after

    git config diff.gzip.textconv "gzip -cd"
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from .recording import Recording

FOLDER = Path(__file__).parent / "data"
SUFFIX = ".json.gz"


def names() -> set[str]:
    """Return the names of the existing recordings."""
    return {path.name.removesuffix(SUFFIX) for path in FOLDER.glob(f"*{SUFFIX}")}


def read(name: str) -> Recording:
    """Return a recording."""
    recording: Recording = json.loads(gzip.decompress(_path(name).read_bytes()))
    return recording


def write(name: str, recording: Recording) -> None:
    """Write a recording. The file is reproducible: it does not contain a timestamp."""
    content = json.dumps(recording, indent=1, sort_keys=True, ensure_ascii=False)
    FOLDER.mkdir(exist_ok=True)
    _path(name).write_bytes(gzip.compress(f"{content}\n".encode(), mtime=0))


def remove(name: str) -> None:
    """Delete a recording."""
    _path(name).unlink()


def _path(name: str) -> Path:
    return FOLDER / f"{name}{SUFFIX}"
