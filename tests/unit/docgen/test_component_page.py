"""The reference of the components."""

from __future__ import annotations

from lib.components.data.table import Table, TableArgs
from lib.docgen.component_page import FOLDER, HEADINGS, component_classes, components


def test_every_component_is_listed_with_its_arguments() -> None:
    page = components()
    for part in (Table, TableArgs):
        assert f"\n::: tap_stack.components.data.table.{part.__name__}\n" in page
    names = {name for module in FOLDER.glob("*/*.py") for name in component_classes(module)}
    assert all(f".{name}\n" in page and f".{name}Args\n" in page for name in names)


def test_every_folder_with_components_has_a_heading() -> None:
    folders = {module.parent.name for module in FOLDER.glob("*/*.py") if component_classes(module)}
    assert folders == {*HEADINGS}
