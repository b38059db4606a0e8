"""Levels: made, read, summed, listed, changed."""

from __future__ import annotations

from typing import Any

import pytest

from lib.services.stock.handler import operations

from ...support.worker import refused
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


def test_a_level_is_answered_as_it_is_made(shop: Shop) -> None:
    body = {"product_id": "lamp", "stock_count": 10}
    answer = shop.api("POST", "/inventory", body)
    assert (answer.status, answer.body, answer.headers["Location"]) == (201, MAIN, "inventory/lamp")
    assert shop.read(warehouse_id="main") == MAIN
    assert shop.read() == {**{k: v for k, v in MAIN.items() if k != "warehouse_id"}, "warehouses": [MAIN]}
    check(shop)


def test_a_level_is_made_once(shop: Shop) -> None:
    shop.create()
    again = shop.api("POST", "/inventory", {"product_id": "lamp", "stock_count": 99})
    refused(again, 409, "CONFLICT", "lamp is in main already")
    assert shop.read(warehouse_id="main") == MAIN
    assert shop.create(warehouse_id="north")["warehouse_id"] == "north"
    check(shop)


def test_what_paths_have_another_use_for_is_no_product(shop: Shop) -> None:
    reserved = ("availability", "batch", "fulfill", "movements", "reservations", "reserve", "return", "transfer")
    for product_id in (*reserved, "warehouses"):
        answer = shop.api("POST", "/inventory", {"product_id": product_id, "stock_count": 1})
        refused(answer, 400, "INVALID_REQUEST", f"product_id '{product_id}'")


@pytest.mark.parametrize(("path", "warehouse"), [("chair", {}), ("lamp", {"warehouse_id": "north"})])
def test_what_is_not_there_is_not_found(shop: Shop, path: str, warehouse: dict[str, Any]) -> None:
    shop.create()
    refused(shop.api("GET", PRODUCT, keys=(path,), query=warehouse), 404, "NOT_FOUND", f"no product '{path}'")
    refused(shop.update(path, stock_count=1, **warehouse), 404, "NOT_FOUND", f"no product '{path}'")
    refused(shop.reserve("r", 1, path, **warehouse), 404, "NOT_FOUND", f"no product '{path}'")
    refused(shop.fulfill(path, quantity=1, **warehouse), 404, "NOT_FOUND", f"no product '{path}'")


def test_a_product_is_the_sum_of_its_warehouses(shop: Shop) -> None:
    shop.create(warehouse_id="north", stock_count=3, threshold_level=2)
    shop.clock.now += 1
    south = shop.create(warehouse_id="south", stock_count=0, threshold_level=2)
    shop.reserve("r", 2)
    found = shop.read()
    assert {name: found[name] for name in ("stock_count", "reserved_count", "available", "threshold_level")} == {
        "stock_count": 3,
        "reserved_count": 2,
        "available": 1,
        "threshold_level": 4,
    }
    assert (found["status"], found["last_updated"]) == ("LOW_STOCK", south["last_updated"])
    assert "version" not in found, "a sum of versions would guard nothing"
    assert [level["version"] for level in found["warehouses"]] == [1, 1]
    assert [level["status"] for level in found["warehouses"]] == ["LOW_STOCK", "OUT_OF_STOCK"]
    assert [level["warehouse_id"] for level in found["warehouses"]] == ["north", "south"]


def test_the_service_has_a_threshold_of_its_own(shop: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    worker_environment.setenv("LOW_STOCK_THRESHOLD", "3")
    assert shop.create()["threshold_level"] == 3
    assert shop.create("desk", threshold_level=0)["threshold_level"] == 0


def test_levels_are_listed_in_the_products_order_page_after_page(shop: Shop) -> None:
    for number in (3, 1, 2, 0):
        for warehouse in ("a", "b"):
            shop.create(f"p{number}", warehouse_id=warehouse)
    wanted = [(f"p{number}", warehouse) for number in range(4) for warehouse in ("a", "b")]
    for size in ("1", "3", "8", "100"):
        found = [(level["product_id"], level["warehouse_id"]) for level in shop.listed(page_size=size)]
        assert sorted(found) == wanted
        assert [product for product, _ in found] == [product for product, _ in wanted]


def test_a_page_has_25_levels_and_at_most_the_maximum(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(26):
        shop.create(f"p{number:02}")
    page = shop.api("GET", "/inventory").body
    assert len(page["levels"]) == 25
    last = shop.api("GET", "/inventory", query={"page_token": page["next_page_token"]}).body
    assert [level["product_id"] for level in last["levels"]] == ["p25"]
    assert last["next_page_token"] is None
    monkeypatch.setattr(operations, "MAX_PAGE_SIZE", 10)
    assert shop.api("GET", "/inventory", query={"page_size": "9" * 30}).body["count"] == 10


def test_levels_are_narrowed(shop: Shop) -> None:
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
            assert [level["product_id"] for level in shop.listed(**query, page_size=size)] == products, query


def test_a_listing_says_what_is_so_now(shop: Shop) -> None:
    shop.create(stock_count=11)
    shop.reserve("r", 11, lifetime_minutes=1)
    assert len(shop.listed(status="OUT_OF_STOCK")) == 1
    shop.clock.now += 60
    assert shop.listed(status="OUT_OF_STOCK") == [], "it is in stock, although nothing was given back yet"
    assert [level["available"] for level in shop.listed()] == [11]
    shop.expire()
    assert len(shop.listed(status="IN_STOCK")) == 1


def test_a_token_is_good_for_its_own_listing(shop: Shop) -> None:
    for number in range(3):
        shop.create(f"p{number}", category="a")
        shop.reserve(f"r{number}", 1, "p0")
    asked: list[tuple[str, tuple[str, ...], dict[str, str]]] = [
        ("/inventory", (), {}),
        ("/inventory", (), {"category": "a"}),
        ("/inventory", (), {"search": "p"}),
        (f"{PRODUCT}/movements", ("p0",), {}),
        (f"{PRODUCT}/movements", ("p0",), {"warehouse_id": "main"}),
        (f"{PRODUCT}/reservations", ("p0",), {}),
    ]
    tokens = [
        shop.api("GET", path, keys=keys, query={**query, "page_size": "1"}).body["next_page_token"]
        for path, keys, query in asked
    ]
    assert None not in tokens
    for mine, (path, keys, query) in enumerate(asked):
        for number, token in enumerate(tokens):
            answer = shop.api("GET", path, keys=keys, query={**query, "page_token": token})
            if number == mine:
                assert answer.status == 200
            else:
                refused(answer, 400, "INVALID_REQUEST", "page_token")


def test_a_change_is_a_movement_and_a_version(shop: Shop) -> None:
    made = shop.create(category="light")
    shop.clock.now += 2
    answer = shop.update(stock_count=25, threshold_level=3, reason="counted")
    assert answer.status == 200
    assert answer.body == {
        **made,
        "stock_count": 25,
        "available": 25,
        "threshold_level": 3,
        "status": "IN_STOCK",
        "version": 2,
        "last_updated": "2027-01-15T08:00:02.000000Z",
    }
    assert shop.read(warehouse_id="main") == answer.body
    last = shop.moved()[-1]
    assert (last["type"], last["quantity"], last["reason"], last["sequence"]) == ("UPDATED", 15, "counted", 2)
    check(shop)


def test_an_adjustment_is_added_and_says_why(shop: Shop) -> None:
    shop.create()
    assert shop.update(adjustment=-3, reason="broken").body["stock_count"] == 7
    assert shop.update(adjustment=5, reason="found", threshold_level=1).body["stock_count"] == 12
    assert [(m["type"], m["quantity"], m["reason"]) for m in shop.moved()[1:]] == [
        ("ADJUSTED", -3, "broken"),
        ("ADJUSTED", 5, "found"),
    ]
    check(shop)


def test_contradictory_and_empty_changes_are_rejected(shop: Shop) -> None:
    shop.create()
    refused(shop.update(adjustment=1, stock_count=1, reason="x"), 400, "INVALID_REQUEST", "adjustment")
    refused(shop.update(adjustment=1), 400, "INVALID_REQUEST", "reason")
    for answer in (shop.update(), shop.update(expected_version=1), shop.update(reason="x")):
        refused(answer, 400, "INVALID_REQUEST", "nothing to change")


def test_what_makes_no_difference_is_no_movement(shop: Shop) -> None:
    made = shop.create()
    shop.clock.now += 1
    same = shop.update(stock_count=10)
    not_adjusted = shop.update(adjustment=0, reason="x")
    not_removed = shop.update(threshold_level=10, category=None)
    assert same.body == not_adjusted.body == not_removed.body == made
    assert len(shop.moved()) == 1


def test_a_category_comes_and_goes(shop: Shop) -> None:
    shop.create()
    assert shop.update(category="light").body["category"] == "light"
    assert len(shop.listed(category="light")) == 1
    check(shop)
    assert "category" not in shop.update(category=None).body
    assert shop.listed(category="light") == []
    check(shop)


def test_a_change_in_one_of_several_warehouses_says_which(shop: Shop) -> None:
    shop.create(warehouse_id="north")
    assert shop.update(stock_count=9).body["warehouse_id"] == "north", "there is but one"
    shop.create(warehouse_id="south")
    refused(shop.update(stock_count=3), 400, "INVALID_REQUEST", "north, south")
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
NO_TIMES = (
    *("yesterday", "2027-01-15", "2027-01-15T08:00:00", "2027-13-15T08:00:00Z"),
    *("2027-01-15T08:00:00+25:00", "0001-01-01T00:00:00+01:00"),
)


def test_a_change_with_the_expected_version_or_time_is_made(shop: Shop) -> None:
    for number, expected in enumerate(MATCHING):
        shop.create(f"p{number}")
        assert shop.update(f"p{number}", stock_count=5, **expected).status == 200, expected


def test_a_change_with_another_expected_version_or_time_is_rejected(shop: Shop) -> None:
    shop.create()
    for expected in STALE:
        answer = shop.update(stock_count=5, **expected)
        refused(answer, 409, "VERSION_CONFLICT", "read it again")
        last_updated = f"last_updated {MAIN['last_updated']}"
        assert answer.body["details"] == ["version 1", last_updated, "stock_count 10", "threshold_level 10"]
    for text in NO_TIMES:
        message = f"expected_last_updated must be a time such as 2027-01-15T08:00:00Z, got '{text}'"
        refused(shop.update(stock_count=5, expected_last_updated=text), 400, "INVALID_REQUEST", message)
    assert shop.read(warehouse_id="main") == MAIN


def test_holding_units_is_no_change_of_a_level(shop: Shop) -> None:
    made = shop.create()
    shop.clock.now += 1
    shop.reserve("r", 2)
    shop.release("r")
    assert shop.read(warehouse_id="main") == made
    assert shop.update(stock_count=9, expected_last_updated=made["last_updated"]).status == 200


@pytest.mark.parametrize("changes", [{"stock_count": 3}, {"adjustment": -7, "reason": "x"}])
def test_what_is_held_is_not_taken_away(shop: Shop, changes: dict[str, Any]) -> None:
    shop.create()
    shop.reserve("r", 4)
    answer = shop.update(**changes)
    refused(answer, 409, "BELOW_RESERVED", "stock_count 3: 4 are held")
    assert answer.body["details"] == ["reserved_count 4"]
    assert shop.update(stock_count=4).body["status"] == "OUT_OF_STOCK"
    check(shop)


def test_there_is_never_less_than_nothing(shop: Shop) -> None:
    shop.create()
    answer = shop.update(adjustment=-11, reason="x")
    refused(answer, 409, "INSUFFICIENT_STOCK", "adjustment -11 exceeds the 10 units on hand")
    assert answer.body["details"] == ["stock_count 10"]
    shop.reserve("r", 4)
    refused(shop.update(adjustment=-11, reason="x"), 409, "INSUFFICIENT_STOCK", "exceeds the 10 units on hand")
    refused(shop.update(adjustment=-7, reason="x"), 409, "BELOW_RESERVED", "stock_count 3: 4 are held")
    check(shop)


def test_an_adjustment_stays_within_what_a_count_can_be(shop: Shop) -> None:
    shop.create(stock_count=999_999_990)
    answer = shop.update(adjustment=10, reason="found")
    refused(answer, 400, "INVALID_REQUEST", "adjustment must leave a stock_count of at most 999999999, got 10")
    assert shop.update(adjustment=9, reason="found").body["stock_count"] == 999_999_999
    check(shop)


def test_what_has_ended_is_not_in_the_way_of_a_change(shop: Shop) -> None:
    shop.create()
    shop.reserve("ended", 4, lifetime_minutes=1)
    shop.reserve("held", 2, lifetime_minutes=5)
    shop.clock.now += 60
    refused(shop.update(stock_count=1), 409, "BELOW_RESERVED", "stock_count 1: 2 are held")
    answer = shop.update(stock_count=2)
    assert (answer.status, answer.body["reserved_count"], answer.body["available"]) == (200, 2, 0)
    assert [move["type"] for move in shop.moved()][-2:] == ["EXPIRED", "UPDATED"]
    check(shop)


def test_a_movement_is_later_than_the_one_before_whatever_the_clock_says(shop: Shop) -> None:
    shop.create()
    shop.clock.now -= 100
    shop.update(stock_count=9)
    shop.reserve("r")
    assert [move["at"][-9:] for move in shop.moved()] == ["0.000000Z", "0.000001Z", "0.000002Z"]
    check(shop)
