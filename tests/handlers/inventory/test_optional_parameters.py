"""Optional parameters and fields: SKU, price and page size."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.worker import HandlerResponse, assert_error
from .conftest import CONFIG, HISTORY, ITEM, Shop
from .test_settings import put


def send(shop: Shop, method: str, item: Any, **query: str) -> HandlerResponse:
    return shop.api(method, ITEM, keys=(item["itemId"],), query=query)


def test_item_can_be_read_and_deleted_with_its_sku(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    assert send(shop, "GET", item, sku="D-1").body == item
    assert send(shop, "GET", item, sku="D-1", version="1").body == item
    assert send(shop, "DELETE", item, sku="D-1").status == 200


def test_item_with_another_sku_is_not_found(shop: Shop) -> None:
    shop.create(sku="D-2")
    for item in (shop.create(sku="D-1"), shop.create()):
        message = f"Item '{item['itemId']}' with the SKU 'D-2' not found."
        for method in ("GET", "DELETE"):
            assert_error(send(shop, method, item, sku="D-2"), 404, "NOT_FOUND", message)
        assert shop.read(item).body == item


def test_read_compares_the_sku_of_the_latest_version(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    shop.change(item, sku="D-2")
    assert send(shop, "GET", item, sku="D-2", version="1").body == item
    assert_error(send(shop, "GET", item, sku="D-1", version="1"), 404, "NOT_FOUND", "with the SKU 'D-1'")


def test_default_price_is_0(shop: Shop) -> None:
    desk = {"name": "Desk", "category": "furniture", "quantity": 40}
    item = shop.api("POST", "/items", desk).body
    assert item["price"] == 0
    assert shop.read(item).body == item
    (result,) = shop.api("POST", "/items/batch", {"items": [desk]}).body["results"]
    assert (result["status"], result["item"]["price"]) == (201, 0)


def test_page_size_above_the_maximum_is_limited(shop: Shop, config: str) -> None:
    put(shop, config, default_page_size=2, max_page_size=3)
    item = shop.create()
    for quantity in range(4):
        shop.change(item, quantity=quantity)
        shop.create()
    for size in ("3", "4", "9" * 30):
        assert len(shop.api("GET", "/items", query={"page_size": size}).body["items"]) == 3
        assert len(shop.api("GET", HISTORY, keys=(item["itemId"],), query={"page_size": size}).body["versions"]) == 3
    assert len(shop.api("GET", "/items").body["items"]) == 2


@pytest.mark.slow
def test_maximum_page_size_in_parameter_store_is_limited(shop: Shop, config: str) -> None:
    items = [{"name": "Desk", "category": "furniture", "quantity": 40}] * 25
    for _ in range(3):
        shop.api("POST", "/items/batch", {"items": items})
    for maximum, expected in ((1000, 50), (0, 1), (-1, 1)):
        put(shop, config, max_page_size=maximum)
        shop.restart()
        assert shop.api("GET", "/items", query={"page_size": "60"}).body["count"] == expected
        assert shop.api("GET", "/items").body["count"] == min(expected, CONFIG["default_page_size"])


def test_pages_have_the_number_of_their_entries(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    shop.create()
    shop.create()

    def count(**query: str) -> Any:
        return shop.api("GET", "/items", query=query).body["count"]

    assert (count(), count(page_size="2"), count(sku="D-1"), count(sku="D-2")) == (3, 2, 1, 0)
    assert shop.api("GET", HISTORY, keys=(item["itemId"],)).body["count"] == 1
