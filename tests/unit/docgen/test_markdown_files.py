"""Links, anchors, code blocks and navigation of every Markdown file."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from lib import model
from lib.program.recorder import record

from ...support.markdown import FENCE, anchors, prose

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])
PARSERS: dict[str, Callable[[str], object]] = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}
RUNTIME_IMPORT = re.compile(r"^from tap_stack\.runtime\.(\w+) import ([\w, ]+)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)")


class Block(NamedTuple):
    """A fenced block of code."""

    page: str
    number: int
    language: str
    code: str

    @property
    def name(self) -> str:
        """Page and number of the block."""
        return f"{self.page}:{self.number}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        for number, (language, code) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")), start=1):
            yield Block(name, number, language, code)


BLOCKS = [*blocks()]
PROGRAMS = [
    block
    for block in BLOCKS
    # Services with a handler in another file are deployed in `tests/local`, and that of another block in
    # `tests/component`.
    if block.language == "python"
    and re.search(r"\bTapStack\(", block.code)
    and "handler=" not in block.code
    and "from shop." not in block.code
]


def pages_of(nav: Any) -> Iterator[str]:
    """Return the pages in a part of the navigation."""
    if isinstance(nav, str):
        yield nav
    else:
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from pages_of(part)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_name_existing_files_and_headings(page: Path) -> None:
    for target, anchor in LINK.findall(prose(page)):
        linked = (page.parent / target).resolve() if target else page
        assert linked.exists(), target
        assert not anchor or linked.suffix != ".md" or anchor in anchors(linked), f"{target}#{anchor}"


def test_navigation_has_every_page_once() -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").replace("!!python/name:", "")
    nav = yaml.safe_load(config)["nav"]
    assert sorted(pages_of(nav)) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.glob("**/*.md"))


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"], ids=lambda b: b.name)
def test_python_blocks_compile(block: Block) -> None:
    compile(block.code, block.name, "exec")


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language in PARSERS], ids=lambda b: b.name)
def test_data_blocks_parse(block: Block) -> None:
    assert PARSERS[block.language](block.code)


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.name)
def test_programs_register_an_api(block: Block, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(block.code, encoding="utf-8")
    deployment = record(lambda: runpy.run_path(str(program)))
    assert deployment.by_kind("apigateway.RestApi")


def test_python_reference_has_every_part_of_a_definition() -> None:
    page = (DOCS / "reference/python.md").read_text(encoding="utf-8")
    parts = {name for name in model.__all__ if isinstance(getattr(model, name), type) and name != "Resource"}
    documented = set(re.findall(r"^::: tap_stack\.model\.(\w+)$", page, re.MULTILINE))
    assert {name for name in parts if is_dataclass(getattr(model, name))} <= documented


def test_python_reference_has_every_part_of_the_runtime_that_handlers_import() -> None:
    page = (DOCS / "reference/python.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^::: tap_stack\.runtime\.(\S+)$", page, re.MULTILINE))
    sources = [block.code for block in BLOCKS if block.language == "python"]
    sources += [path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("*/handler/*.py")]
    imports = {match for source in sources for match in RUNTIME_IMPORT.findall(source)}
    imported = {(module, name.strip()) for module, names in imports for name in names.split(",")}
    assert ("dynamodb", "DynamoDB") in imported
    missing = {f"{module}.{name}" for module, name in imported if not {module, f"{module}.{name}"} & documented}
    assert missing == {"authorizers.Decision", "reserved_keys.EXPIRES"}


def test_pages_have_programs() -> None:
    assert {"README.md", "docs/guides/components.md"} <= {block.page for block in PROGRAMS}
