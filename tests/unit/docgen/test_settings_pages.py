"""Reference of the config keys."""

from __future__ import annotations

import re

import pytest

from lib.cost.prices import PRICES
from lib.docgen import settings_pages
from lib.docgen.settings_notes import NOTES
from lib.docgen.settings_pages import overview, pages
from lib.services import loadable
from lib.settings import docs_of
from lib.stack.config import OTHER_KEYS, config_keys
from lib.stack.outputs import ServiceOutputs, declarations

from ...support.markdown import cells

KEYS = config_keys(loadable())
PAGES = pages(KEYS)


def known_outputs() -> dict[str, object]:
    return {**declarations(), **docs_of(ServiceOutputs)}


def section(page: str, key: str) -> str:
    return PAGES[page].partition(f"## `{key}`\n\n")[2].partition("\n\n## ")[0].strip()


def test_every_config_key_is_listed_with_its_allowed_values() -> None:
    rows = {row[0].partition("`")[2].partition("`")[0]: row for row in cells(overview(KEYS))}
    assert set(rows) == {*OTHER_KEYS, *KEYS}
    link, description, allowed = rows["lambda_memory_size"]
    assert link == "[`lambda_memory_size`](settings/function.md#lambda_memory_size)"
    assert description.endswith("(`function.memory_mb`)")
    assert allowed == "Integer from 128 to 10240 MB. Default: set by service or environment."
    assert rows["secrets"][0] == "[`secrets`](settings/stack.md#secrets)"


def test_every_config_key_has_notes() -> None:
    assert set(NOTES) == {*OTHER_KEYS, *KEYS}
    for name, note in NOTES.items():
        assert all(note), name


@pytest.mark.parametrize("name", NOTES)
def test_notes_name_existing_outputs_and_prices(name: str) -> None:
    note = NOTES[name]
    outputs = re.findall(r"outputs? ((?:`\w+`(?:, | and )?)+)", f"{note.verify} {note.later}")
    assert {output for listed in outputs for output in re.findall(r"`(\w+)`", listed)} <= known_outputs().keys()
    assert {*re.findall(r"`([a-z0-9]+\.[a-z0-9-]+)`", note.cost)} <= PRICES.keys()


@pytest.mark.parametrize("name", KEYS)
def test_example_of_a_key_is_accepted(name: str) -> None:
    key = KEYS[name]
    assert key.group(**{key.field: key.parse(NOTES[name].example)})


def test_section_has_defaults_example_cost_verification_and_later_changes() -> None:
    lines = section("settings/function.md", "lambda_memory_size").splitlines()
    assert lines[2:5] == [
        "| Environment | dev | test | staging | prod |",
        "| --- | --- | --- | --- | --- |",
        "| Default | 128 | 128 | 256 | 512 |",
    ]
    labels = [line.partition(":**")[0] for line in lines if line.startswith("- ")]
    assert labels == ["- **Values", "- **Set it", "- **Cost", "- **Verify", "- **Later changes"]
    example = "`pulumi config set lambda_memory_size 512` or `TapStackArgs(function=FunctionSettings(memory_mb=512))`"
    assert f"- **Set it:** {example}" in lines


def test_key_of_several_services_is_on_the_page_of_each() -> None:
    assert "`InventorySettings(low_stock_threshold=5)`" in section("settings/inventory.md", "low_stock_threshold")
    assert "`StockSettings(low_stock_threshold=5)`" in section("settings/stock.md", "low_stock_threshold")


def test_keys_without_a_settings_class_have_a_complete_command() -> None:
    assert "- **Set it:** `pulumi config set --path tags.Owner web-team`\n" in section("settings/stack.md", "tags")


def test_keys_of_other_packages_have_no_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_pages, "NOTES", {})
    page = pages(KEYS)["settings/table.md"]
    assert "- **Values:**" in page
    assert "- **Set it:**" not in page
