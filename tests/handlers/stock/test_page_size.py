"""The size of pages."""

from __future__ import annotations

import pytest

from .conftest import MOVEMENTS, RESERVATIONS, Shop


@pytest.mark.slow
@pytest.mark.parametrize("size", ["101", "9" * 30])
def test_a_page_size_above_the_maximum_is_reduced_to_it(shop: Shop, size: str) -> None:
    shop.create()
    for count in range(101):
        shop.update("lamp", stock_count=count + 2)
    page = shop.api("GET", MOVEMENTS, keys=("lamp",), query={"page_size": size}).body
    assert (len(page["movements"]), page["count"]) == (100, 100)
    assert page["next_page_token"]


def test_every_page_has_the_number_of_its_entries(shop: Shop) -> None:
    for product in ("bed", "lamp"):
        shop.create(product)
    shop.reserve("r", 2)
    assert shop.api("GET", "/inventory").body["count"] == 2
    assert shop.api("GET", "/inventory", query={"search": "x"}).body["count"] == 0
    assert shop.api("GET", MOVEMENTS, keys=("lamp",)).body["count"] == 2
    assert shop.api("GET", RESERVATIONS, keys=("lamp",)).body["count"] == 1
