"""Text files of a project."""

from __future__ import annotations

from pathlib import Path


def read_text(path: Path) -> str:
    """Return the content of a file without a byte order mark. Raise `ValueError` if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ValueError(f"{path} must be UTF-8 text, got {exc.reason}. Save it as UTF-8.") from exc
