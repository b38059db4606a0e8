"""Markdown of generated documents."""

from __future__ import annotations


def cells(table: str) -> list[list[str]]:
    """Return the rows of a table without its header."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
