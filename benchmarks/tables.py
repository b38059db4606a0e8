"""Reports as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """A measured value and its largest allowed value."""

    label: str
    limit: float
    measured: float

    def row(self) -> list[str]:
        """Return the cells of the target in a table."""
        verdict = "met" if self.measured <= self.limit else "MISSED"
        return [self.label, f"<= {self.limit:.2f}", f"{self.measured:.2f}", verdict]


def section(title: str, *tables: Sequence[Sequence[str]], targets: Sequence[Target] = ()) -> str:
    """Return a section of the report: its tables, then its targets."""
    verdicts = [["target", "", "measured", ""], *(target.row() for target in targets)]
    shown = [*tables, *([verdicts] if targets else [])]
    return "\n".join([title, *(line for table in shown for line in ("", *_aligned(table)))])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with the first column aligned to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]).rstrip()
        for row in rows
    ]
