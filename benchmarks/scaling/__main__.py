"""Writes the tables of docs/scaling.md anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lib.scaling.report import sections

PAGE = Path("docs", "scaling.md")


def filled(text: str, generated: Mapping[str, str]) -> str:
    """Return `text` with each part between markers replaced by the generated one of that name."""
    for name, section in generated.items():
        before, start, rest = text.partition(f"<!-- generated:{name} -->")
        _, end, after = rest.partition(f"<!-- /generated:{name} -->")
        text = f"{before}{start}\n{section}\n{end}{after}" if end else text
    return text


def main() -> None:
    """Write the page, and print the tables."""
    generated = sections()
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), generated), encoding="utf-8")
    print("\n\n".join(f"{name}\n{text}" for name, text in generated.items()))


if __name__ == "__main__":
    main()
