"""Routes that create, read, list and update levels."""

from __future__ import annotations

from typing import Any

import pytest

from lib.services.stock.handler import operations

from ...support.worker import assert_error
from .conftest import PRODUCT, Shop
from .consistency import check

MAIN = {
    "product_id": "lamp",
    "warehouse_id": "main",
    "stock_count": 10,
    "reserved_count": 0,
    "available": 10,
    "threshold_level": 10,
    "status": "LOW_STOCK",
    "last_updated": "2027-01-15T08:00:00.000000Z",
    "version": 1,
}


def test_create_returns_the_level(shop: Shop) -> None:
    body = {"product_id": "lamp", "stock_count": 10}
    response = shop.api("POST", "/inventory", body)
    assert (response.status, response.body, response.headers["Location"]) == (201, MAIN, "inventory/lamp")
    assert shop.read(warehouse_id="main") == MAIN
    assert shop.read() == {**{k: v for k, v in MAIN.items() if k != "warehouse_id"}, "warehouses": [MAIN]}
    check(shop)


def test_existing_level_is_not_created_again(shop: Shop) -> None:
    shop.create()
    response = shop.api("POST", "/inventory", {"product_id": "lamp", "stock_count": 99})
    assert_error(response, 409, "CONFLICT", "Product 'lamp' already exists in warehouse 'main'")
    assert shop.read(warehouse_id="main") == MAIN
    assert shop.create(warehouse_id="north")["warehouse_id"] == "north"
    check(shop)


def test_path_segments_of_other_routes_are_reserved_product_ids(shop: Shop) -> None:
    reserved = ("availability", "batch", "fulfill", "movements", "reservations", "reserve", "return", "transfer")
    for product_id in (*reserved, "warehouses"):
        response = shop.api("POST", "/inventory", {"product_id": product_id, "stock_count": 1})
        assert_error(response, 400, "INVALID_REQUEST", f"got '{product_id}'")


@pytest.mark.parametrize(("path", "warehouse"), [("chair", {}), ("lamp", {"warehouse_id": "north"})])
def test_missing_product_is_not_found(shop: Shop, path: str, warehouse: dict[str, Any]) -> None:
    shop.create()
    assert_error(shop.api("GET", PRODUCT, keys=(path,), query=warehouse), 404, "NOT_FOUND", f"Product '{path}'")
    assert_error(shop.update(path, stock_count=1, **warehouse), 404, "NOT_FOUND", f"Product '{path}'")
    assert_error(shop.reserve("r", 1, path, **warehouse), 404, "NOT_FOUND", f"Product '{path}'")
    assert_error(shop.fulfill(path, quantity=1, **warehouse), 404, "NOT_FOUND", f"Product '{path}'")


def test_product_is_the_sum_of_its_warehouses(shop: Shop) -> None:
    shop.create(warehouse_id="north", stock_count=3, threshold_level=2)
    shop.clock.now += 1
    south = shop.create(warehouse_id="south", stock_count=0, threshold_level=2)
    shop.reserve("r", 2)
    product = shop.read()
    assert {name: product[name] for name in ("stock_count", "reserved_count", "available", "threshold_level")} == {
        "stock_count": 3,
        "reserved_count": 2,
        "available": 1,
        "threshold_level": 4,
    }
    assert (product["status"], product["last_updated"]) == ("LOW_STOCK", south["last_updated"])
    assert "version" not in product, "several levels have no common version"
    assert [level["version"] for level in product["warehouses"]] == [1, 1]
    assert [level["status"] for level in product["warehouses"]] == ["LOW_STOCK", "OUT_OF_STOCK"]
    assert [level["warehouse_id"] for level in product["warehouses"]] == ["north", "south"]


def test_threshold_defaults_to_the_service_setting(shop: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    worker_environment.setenv("LOW_STOCK_THRESHOLD", "3")
    assert shop.create()["threshold_level"] == 3
    assert shop.create("desk", threshold_level=0)["threshold_level"] == 0


def test_levels_are_listed_by_product_id_on_all_pages(shop: Shop) -> None:
    for number in (3, 1, 2, 0):
        for warehouse in ("a", "b"):
            shop.create(f"p{number}", warehouse_id=warehouse)
    expected = [(f"p{number}", warehouse) for number in range(4) for warehouse in ("a", "b")]
    for size in ("1", "3", "8", "100"):
        keys = [(level["product_id"], level["warehouse_id"]) for level in shop.list_levels(page_size=size)]
        assert sorted(keys) == expected
        assert [product for product, _ in keys] == [product for product, _ in expected]


def test_page_size_defaults_to_25_and_is_limited(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(26):
        shop.create(f"p{number:02}")
    page = shop.api("GET", "/inventory").body
    assert len(page["levels"]) == 25
    last = shop.api("GET", "/inventory", query={"page_token": page["next_page_token"]}).body
    assert [level["product_id"] for level in last["levels"]] == ["p25"]
    assert last["next_page_token"] is None
    monkeypatch.setattr(operations, "MAX_PAGE_SIZE", 10)
    assert shop.api("GET", "/inventory", query={"page_size": "9" * 30}).body["count"] == 10


def test_levels_are_filtered(shop: Shop) -> None:
    shop.create("lamp-1", category="light", stock_count=50)
    shop.create("lamp-2", category="light", stock_count=0)
    shop.create("lump", stock_count=0)
    shop.create("desk", category="wood")
    expected: list[tuple[dict[str, str], list[str]]] = [
        ({}, ["desk", "lamp-1", "lamp-2", "lump"]),
        ({"category": "light"}, ["lamp-1", "lamp-2"]),
        ({"status": "OUT_OF_STOCK"}, ["lamp-2", "lump"]),
        ({"category": "light", "status": "OUT_OF_STOCK"}, ["lamp-2"]),
        ({"search": "lamp"}, ["lamp-1", "lamp-2"]),
        ({"search": "lamp-2", "status": "OUT_OF_STOCK"}, ["lamp-2"]),
        ({"search": "lu", "category": "light"}, []),
        ({"category": "none"}, []),
    ]
    for query, products in expected:
        for size in ("1", "25"):
            assert [level["product_id"] for level in shop.list_levels(**query, page_size=size)] == products, query


def test_listing_excludes_levels_with_an_outdated_status(shop: Shop) -> None:
    shop.create(stock_count=11)
    shop.reserve("r", 11, lifetime_minutes=1)
    assert len(shop.list_levels(status="OUT_OF_STOCK")) == 1
    shop.clock.now += 60
    assert shop.list_levels(status="OUT_OF_STOCK") == [], "the expired units are available before their release"
    assert [level["available"] for level in shop.list_levels()] == [11]
    shop.run_expiry()
    assert len(shop.list_levels(status="IN_STOCK")) == 1


def test_page_token_is_valid_only_for_its_listing(shop: Shop) -> None:
    for number in range(3):
        shop.create(f"p{number}", category="a")
        shop.reserve(f"r{number}", 1, "p0")
    listings: list[tuple[str, tuple[str, ...], dict[str, str]]] = [
        ("/inventory", (), {}),
        ("/inventory", (), {"category": "a"}),
        ("/inventory", (), {"search": "p"}),
        (f"{PRODUCT}/movements", ("p0",), {}),
        (f"{PRODUCT}/movements", ("p0",), {"warehouse_id": "main"}),
        (f"{PRODUCT}/reservations", ("p0",), {}),
    ]
    tokens = [
        shop.api("GET", path, keys=keys, query={**query, "page_size": "1"}).body["next_page_token"]
        for path, keys, query in listings
    ]
    assert None not in tokens
    for listing, (path, keys, query) in enumerate(listings):
        for number, token in enumerate(tokens):
            response = shop.api("GET", path, keys=keys, query={**query, "page_token": token})
            if number == listing:
                assert response.status == 200
            else:
                assert_error(response, 400, "INVALID_REQUEST", "page_token")


def test_update_adds_a_movement_and_increments_the_version(shop: Shop) -> None:
    created = shop.create(category="light")
    shop.clock.now += 2
    response = shop.update(stock_count=25, threshold_level=3, reason="counted")
    assert response.status == 200
    assert response.body == {
        **created,
        "stock_count": 25,
        "available": 25,
        "threshold_level": 3,
        "status": "IN_STOCK",
        "version": 2,
        "last_updated": "2027-01-15T08:00:02.000000Z",
    }
    assert shop.read(warehouse_id="main") == response.body
    last = shop.list_movements()[-1]
    assert (last["type"], last["quantity"], last["reason"], last["sequence"]) == ("UPDATED", 15, "counted", 2)
    check(shop)


def test_adjustment_adds_units_and_records_the_reason(shop: Shop) -> None:
    shop.create()
    assert shop.update(adjustment=-3, reason="broken").body["stock_count"] == 7
    assert shop.update(adjustment=5, reason="found", threshold_level=1).body["stock_count"] == 12
    assert [(m["type"], m["quantity"], m["reason"]) for m in shop.list_movements()[1:]] == [
        ("ADJUSTED", -3, "broken"),
        ("ADJUSTED", 5, "found"),
    ]
    check(shop)


def test_contradictory_and_empty_updates_are_rejected(shop: Shop) -> None:
    shop.create()
    assert_error(shop.update(adjustment=1, stock_count=1, reason="x"), 400, "INVALID_REQUEST", "adjustment")
    assert_error(shop.update(adjustment=1), 400, "INVALID_REQUEST", "reason")
    for response in (shop.update(), shop.update(expected_version=1), shop.update(reason="x")):
        assert_error(response, 400, "INVALID_REQUEST", "at least one of stock_count")


def test_update_without_changes_adds_no_movement(shop: Shop) -> None:
    created = shop.create()
    shop.clock.now += 1
    responses = (
        shop.update(stock_count=10),
        shop.update(adjustment=0, reason="x"),
        shop.update(threshold_level=10, category=None),
    )
    assert [response.body for response in responses] == [created] * 3
    assert len(shop.list_movements()) == 1


def test_category_is_set_and_removed(shop: Shop) -> None:
    shop.create()
    assert shop.update(category="light").body["category"] == "light"
    assert len(shop.list_levels(category="light")) == 1
    check(shop)
    assert "category" not in shop.update(category=None).body
    assert shop.list_levels(category="light") == []
    check(shop)


def test_update_of_one_of_several_warehouses_requires_warehouse_id(shop: Shop) -> None:
    shop.create(warehouse_id="north")
    assert shop.update(stock_count=9).body["warehouse_id"] == "north", "the only warehouse"
    shop.create(warehouse_id="south")
    assert_error(shop.update(stock_count=3), 400, "INVALID_REQUEST", "north, south")
    assert shop.update(warehouse_id="south", stock_count=3).body["stock_count"] == 3
    assert shop.read(warehouse_id="north")["stock_count"] == 9


MATCHING: list[dict[str, Any]] = [
    {"expected_version": 1},
    {"expected_last_updated": MAIN["last_updated"]},
    {"expected_version": 1, "expected_last_updated": MAIN["last_updated"]},
    {"expected_last_updated": "2027-01-15T08:00:00Z"},
    {"expected_last_updated": "2027-01-15T08:00:00.000+00:00"},
    {"expected_last_updated": "2027-01-15T09:30:00.0000000+01:30"},
]
STALE: list[dict[str, Any]] = [
    {"expected_version": 2},
    {"expected_last_updated": "2027-01-15T08:00:00.000001Z"},
    {"expected_last_updated": "2027-01-15T08:00:00+01:00"},
    {"expected_version": 7, "expected_last_updated": MAIN["last_updated"]},
    {"expected_version": 1, "expected_last_updated": "2020-01-01T00:00:00Z"},
]
INVALID_TIMESTAMPS = (
    *("yesterday", "2027-01-15", "2027-01-15T08:00:00", "2027-13-15T08:00:00Z"),
    *("2027-01-15T08:00:00+25:00", "0001-01-01T00:00:00+01:00"),
)


def test_update_with_the_expected_version_or_timestamp_succeeds(shop: Shop) -> None:
    for number, expected in enumerate(MATCHING):
        shop.create(f"p{number}")
        assert shop.update(f"p{number}", stock_count=5, **expected).status == 200, expected


def test_update_with_another_version_or_timestamp_is_rejected(shop: Shop) -> None:
    shop.create()
    for expected in STALE:
        response = shop.update(stock_count=5, **expected)
        assert_error(response, 409, "VERSION_CONFLICT", "Read it and try again")
        last_updated = f"last_updated {MAIN['last_updated']}"
        assert response.body["details"] == ["version 1", last_updated, "stock_count 10", "threshold_level 10"]
    for value in INVALID_TIMESTAMPS:
        message = f"expected_last_updated must be a timestamp such as 2027-01-15T08:00:00Z, got '{value}'."
        assert_error(shop.update(stock_count=5, expected_last_updated=value), 400, "INVALID_REQUEST", message)
    assert shop.read(warehouse_id="main") == MAIN


def test_reservation_does_not_change_version_and_last_updated(shop: Shop) -> None:
    created = shop.create()
    shop.clock.now += 1
    shop.reserve("r", 2)
    shop.release("r")
    assert shop.read(warehouse_id="main") == created
    assert shop.update(stock_count=9, expected_last_updated=created["last_updated"]).status == 200


@pytest.mark.parametrize("changes", [{"stock_count": 3}, {"adjustment": -7, "reason": "x"}])
def test_update_below_the_reserved_units_is_rejected(shop: Shop, changes: dict[str, Any]) -> None:
    shop.create()
    shop.reserve("r", 4)
    response = shop.update(**changes)
    assert_error(response, 409, "BELOW_RESERVED", "stock_count must be at least the 4 reserved units, got 3.")
    assert response.body["details"] == ["reserved_count 4"]
    assert shop.update(stock_count=4).body["status"] == "OUT_OF_STOCK"
    check(shop)


def test_adjustment_below_zero_is_rejected(shop: Shop) -> None:
    shop.create()
    response = shop.update(adjustment=-11, reason="x")
    assert_error(
        response, 409, "INSUFFICIENT_STOCK", "adjustment must not remove more than the 10 units on hand, got -11."
    )
    assert response.body["details"] == ["stock_count 10"]
    shop.reserve("r", 4)
    assert_error(shop.update(adjustment=-11, reason="x"), 409, "INSUFFICIENT_STOCK", "10 units on hand")
    assert_error(shop.update(adjustment=-7, reason="x"), 409, "BELOW_RESERVED", "4 reserved units, got 3.")
    check(shop)


def test_adjustment_above_the_maximum_count_is_rejected(shop: Shop) -> None:
    shop.create(stock_count=999_999_990)
    response = shop.update(adjustment=10, reason="found")
    assert_error(
        response, 400, "INVALID_REQUEST", "adjustment must result in a stock_count of at most 999999999, got 10."
    )
    assert shop.update(adjustment=9, reason="found").body["stock_count"] == 999_999_999
    check(shop)


def test_expired_holds_do_not_block_an_update(shop: Shop) -> None:
    shop.create()
    shop.reserve("expired", 4, lifetime_minutes=1)
    shop.reserve("active", 2, lifetime_minutes=5)
    shop.clock.now += 60
    assert_error(shop.update(stock_count=1), 409, "BELOW_RESERVED", "2 reserved units, got 1.")
    response = shop.update(stock_count=2)
    assert (response.status, response.body["reserved_count"], response.body["available"]) == (200, 2, 0)
    assert [move["type"] for move in shop.list_movements()][-2:] == ["EXPIRED", "UPDATED"]
    check(shop)


def test_movement_timestamps_increase_if_the_clock_goes_back(shop: Shop) -> None:
    shop.create()
    shop.clock.now -= 100
    shop.update(stock_count=9)
    shop.reserve("r")
    assert [move["at"][-9:] for move in shop.list_movements()] == ["0.000000Z", "0.000001Z", "0.000002Z"]
    check(shop)
