"""Plain-text reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """A measured value and its maximum."""

    label: str
    limit: float
    measured: float

    def row(self) -> list[str]:
        """Return the table row of the target."""
        result = "met" if self.measured <= self.limit else "MISSED"
        return [self.label, f"<= {self.limit:.2f}", f"{self.measured:.2f}", result]


def section(title: str, *tables: Sequence[Sequence[str]], targets: Sequence[Target] = ()) -> str:
    """Return a section of the report with tables and targets."""
    results = [["target", "", "measured", ""], *(target.row() for target in targets)]
    sections = [*tables, *([results] if targets else [])]
    return "\n".join([title, *(line for table in sections for line in ("", *_aligned(table)))])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table. The first column is left-aligned, the others are right-aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]
