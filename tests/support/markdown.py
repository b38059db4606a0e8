"""Markdown files, and Markdown of generated pages."""

from __future__ import annotations

import re
from pathlib import Path

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.M | re.S)
"""A fenced block of code: language and content."""


def cells(table: str) -> list[list[str]]:
    """Return the rows of a table without its header."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def prose(page: Path) -> str:
    """Return the content of a file without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def python_blocks(page: Path) -> list[str]:
    """Return the Python code in a file, by block."""
    return [code for language, code in FENCE.findall(page.read_text(encoding="utf-8")) if language == "python"]


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a file."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
