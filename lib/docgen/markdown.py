"""Markdown of generated pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

Row = Sequence[str]
QUOTED_MARKER = re.compile(r"'([_*])'")
"""A quoted character that Markdown would interpret as emphasis."""


def page(title: str, *parts: str) -> str:
    """Return a page of paragraphs, tables and headings."""
    return "\n\n".join([f"# {title}", *parts]) + "\n"


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return a table."""
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in (head, ["---"] * len(head), *rows))


def code(values: str | Iterable[str]) -> str:
    """Return a value, or several separated by commas, as code."""
    return ", ".join(f"`{value}`" for value in ([values] if isinstance(values, str) else values))


def plain(text: str) -> str:
    """Return a text in which quoted emphasis characters are code."""
    return QUOTED_MARKER.sub(r"`\1`", text)


def _cell(text: str) -> str:
    return plain(text).replace("|", r"\|")
