"""Writes the tables of docs/scaling.md anew."""

from __future__ import annotations

from pathlib import Path

from lib.docgen.generate import filled
from lib.scaling.report import sections

PAGE = Path("docs", "scaling.md")


def main() -> None:
    """Write the page, and print the tables."""
    generated = sections()
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), generated), encoding="utf-8")
    print("\n\n".join(f"{name}\n{text}" for name, text in generated.items()))


if __name__ == "__main__":
    main()
