"""The settings of the inventory service."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from lib.services.inventory.service import inventory
from lib.services.inventory.settings import InventorySettings

PAGE_SIZES = ("default_page_size", "max_page_size")


@pytest.mark.parametrize("name", [field.name for field in fields(InventorySettings)])
def test_options_must_not_be_none(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^inventory\.{name} must be \S.*, got None\.$"):
        InventorySettings(**{name: None})  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 51, 2.5, True])
@pytest.mark.parametrize("name", PAGE_SIZES)
def test_page_size_is_limited_to_fifty_items(name: str, size: Any) -> None:
    with pytest.raises(ValueError, match=rf"^inventory\.{name} must be an integer from 1 to 50 items, got {size}\.$"):
        InventorySettings(**{name: size})


@pytest.mark.parametrize("size", [1, 50])
def test_default_page_size_can_be_the_maximum(size: int) -> None:
    settings = InventorySettings(default_page_size=size, max_page_size=size)
    assert (settings.default_page_size, settings.max_page_size) == (size, size)


@pytest.mark.parametrize("sizes", [{"default_page_size": 31, "max_page_size": 30}, {"max_page_size": 19}])
def test_default_page_size_is_at_most_the_maximum(sizes: dict[str, int]) -> None:
    default, maximum = sizes.get("default_page_size", 20), sizes["max_page_size"]
    message = rf"^inventory\.default_page_size must be at most max_page_size, {maximum}, got {default}\.$"
    with pytest.raises(ValueError, match=message):
        InventorySettings(**sizes)  # type: ignore[arg-type]


def test_page_sizes_are_part_of_the_description_of_the_parameter() -> None:
    (function,) = inventory(InventorySettings(default_page_size=5, max_page_size=30)).functions
    paged = [route.query["page_size"] for route in function.routes if "page_size" in route.query]
    description = "Maximum number of entries on the page. Values above 30 are reduced to 30. Default: 5."
    assert paged == [{"type": "integer", "minimum": 1, "description": description}] * 2
