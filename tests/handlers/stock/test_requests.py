"""Validation of requests, and repeated requests with an idempotency key."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ...support.worker import HandlerResponse, assert_error
from .conftest import CART_FULFILL, CART_RESERVE, FULFILL, MOVEMENTS, PRODUCT, RECONCILE, RESERVATIONS, RESERVE, Shop
from .consistency import check
from .test_reservations import counts, line

LEVEL = {"product_id": "desk", "stock_count": 1}
HOLD = {"reservationId": "r", "quantity": 1}
CART = {"reservationId": "r", "lines": [line("lamp")]}
INVALID_BODIES: list[tuple[str, str, dict[str, Any], str, list[Any]]] = [
    ("POST", "/inventory", LEVEL, "product_id", ["a b", None, ".."]),
    ("POST", "/inventory", LEVEL, "warehouse_id", ["#"]),
    ("POST", "/inventory", LEVEL, "stock_count", [-1, "5", 1.5, 1.0, True, 10**9]),
    ("POST", "/inventory", LEVEL, "threshold_level", [-1]),
    ("POST", "/inventory", LEVEL, "category", ["", "a#b", " "]),
    ("POST", "/inventory", LEVEL, "reserved_count", [1]),
    ("PUT", PRODUCT, {}, "stock_count", [-1, None]),
    ("PUT", PRODUCT, {}, "threshold_level", ["many", 0.5]),
    ("PUT", PRODUCT, {}, "category", [1, "", "a#b"]),
    ("PUT", PRODUCT, {"reason": "x"}, "adjustment", [1.5, "1"]),
    ("PUT", PRODUCT, {"adjustment": 1}, "reason", [""]),
    ("PUT", PRODUCT, {"stock_count": 1}, "expected_version", [0, "1"]),
    ("PUT", PRODUCT, {"stock_count": 1}, "expected_last_updated", [5]),
    ("POST", RESERVE, HOLD, "quantity", [0, -1, 1.5, "1"]),
    ("POST", RESERVE, HOLD, "reservationId", ["a/b", ""]),
    ("POST", RESERVE, HOLD, "lifetime_minutes", [0, 1441]),
    ("POST", RESERVE, HOLD, "warehouse_id", [""]),
    ("POST", RESERVE, HOLD, "ttl", [5]),
    ("POST", CART_RESERVE, CART, "lines", [[], [{"product_id": "lamp"}], [line("lamp", 0)]]),
    ("POST", CART_RESERVE, CART, "quantity", [1]),
    ("POST", FULFILL, {"quantity": 1}, "quantity", [0]),
    ("POST", FULFILL, {"quantity": 1}, "reference", [""]),
    ("POST", FULFILL, {"quantity": 1}, "lines", [[line("lamp")]]),
    ("POST", CART_FULFILL, CART, "warehouse_id", ["main"]),
    ("POST", RECONCILE, {}, "repair", ["yes"]),
]
INVALID_QUERIES = [
    ("/inventory", {"status": "GONE"}, "status"),
    ("/inventory", {"category": "a#b"}, "category"),
    ("/inventory", {"search": "a b"}, "search"),
    ("/inventory", {"page_size": "0"}, "page_size"),
    ("/inventory", {"page_size": "many"}, "page_size"),
    ("/inventory", {"page_token": "nonsense"}, "page_token"),
    ("/inventory", {"sort": "up"}, "sort"),
    (PRODUCT, {"warehouse_id": "a b"}, "warehouse_id"),
    (MOVEMENTS, {"warehouse_id": "a b"}, "warehouse_id"),
    (RESERVATIONS, {"page_size": "1.5"}, "page_size"),
]


@pytest.mark.slow
def test_invalid_body_is_rejected_with_the_field_name(shop: Shop) -> None:
    shop.create()
    for method, path, valid, field, values in INVALID_BODIES:
        keys = ("lamp",) if "{" in path else ()
        for value in values:
            assert_error(shop.api(method, path, {**valid, field: value}, keys=keys), 400, "INVALID_REQUEST", field)
    assert_error(shop.api("POST", "/inventory", {"stock_count": 1}), 400, "INVALID_REQUEST", "product_id")
    assert counts(shop) == (10, 0, 10)


def test_invalid_query_is_rejected_with_the_parameter_name(shop: Shop) -> None:
    for path, query, name in INVALID_QUERIES:
        keys = ("lamp",) if "{" in path else ()
        assert_error(shop.api("GET", path, keys=keys, query=query), 400, "INVALID_REQUEST", name)


KEYED: dict[str, tuple[str, str, Callable[[int], dict[str, Any]]]] = {
    "create": ("POST", "/inventory", lambda n: {"product_id": "desk", "stock_count": n}),
    "reserve": ("POST", RESERVE, lambda n: {"reservationId": "r", "quantity": n}),
    "reserve a cart": ("POST", CART_RESERVE, lambda n: {"reservationId": "r", "lines": [line("lamp", n)]}),
    "fulfill reserved": ("POST", FULFILL, lambda n: {"reservationId": "active", "reference": f"order {n}"}),
    "fulfill available": ("POST", FULFILL, lambda n: {"quantity": n}),
    "fulfill a cart": ("POST", CART_FULFILL, lambda n: {"lines": [line("lamp", n)]}),
    "set": ("PUT", PRODUCT, lambda n: {"stock_count": 10 + n}),
    "adjust": ("PUT", PRODUCT, lambda n: {"adjustment": n, "reason": "found"}),
    "adjust a version": ("PUT", PRODUCT, lambda n: {"adjustment": n, "reason": "found", "expected_version": 1}),
}
"""Method, path and body of requests that accept an idempotency key. The body depends on a number."""


def send(shop: Shop, name: str, headers: dict[str, str], number: int) -> HandlerResponse:
    """Send a request of `KEYED` with headers and the number of its body."""
    method, path, body = KEYED[name]
    return shop.api(method, path, body(number), keys=("lamp",) if "{" in path else (), headers=headers)


@pytest.mark.parametrize("name", KEYED)
def test_repeated_idempotency_key_receives_the_first_response(shop: Shop, name: str) -> None:
    shop.create()
    shop.reserve("active", 2)
    key = {"Idempotency-Key": "k"}
    first = send(shop, name, key, 1)
    assert first.status in (200, 201)
    shop.clock.now += 23 * 3600
    movements = len(shop.items("movements"))
    repeated = send(shop, name, key, 1)
    assert (repeated.status, repeated.text) == (first.status, first.text)
    assert len(shop.items("movements")) == movements
    assert_error(send(shop, name, key, 2), 409, "IDEMPOTENCY_CONFLICT", "with a different request")
    check(shop)


def test_idempotency_key_is_scoped_to_caller_and_route(shop: Shop) -> None:
    shop.create()
    key = {"Idempotency-Key": "k"}
    for actor in ("ann", "bob"):
        context = {"requestId": "request-1", "identity": {"apiKeyId": actor}}
        response = shop.api("POST", FULFILL, {"quantity": 1}, keys=("lamp",), headers=key, requestContext=context)
        assert response.status == 200
    assert send(shop, "fulfill a cart", key, 1).status == 200
    assert counts(shop) == (7, 0, 7)
    assert [move["actor"] for move in shop.list_movements()] == ["anonymous", "ann", "bob", "anonymous"]


def test_rejected_request_can_be_repeated_with_its_idempotency_key(shop: Shop) -> None:
    shop.create(stock_count=0)
    key = {"Idempotency-Key": "k"}
    assert_error(send(shop, "fulfill available", key, 5), 409, "INSUFFICIENT_STOCK", "0 available")
    shop.update(stock_count=5)
    assert send(shop, "fulfill available", key, 5).status == 200


KEY = {"Idempotency-Key": "k"}


def test_repeated_update_without_changes_changes_nothing_later(shop: Shop) -> None:
    shop.create()
    first = send(shop, "set", KEY, 0)
    shop.fulfill(quantity=3)
    repeated = send(shop, "set", KEY, 0)
    assert (repeated.status, repeated.text) == (200, first.text)
    assert counts(shop) == (7, 0, 7)
    assert_error(send(shop, "set", KEY, 5), 409, "IDEMPOTENCY_CONFLICT", "with a different request")
    check(shop)


@pytest.mark.parametrize("name", ["reserve", "reserve a cart"])
@pytest.mark.parametrize("stock_count", [10, 2], ids=["enough", "all reserved"])
def test_repeated_reservation_with_a_key_reserves_nothing_later(shop: Shop, name: str, stock_count: int) -> None:
    shop.create(stock_count=stock_count)
    first = send(shop, name, {}, 2)
    assert send(shop, name, KEY, 2).text == first.text
    shop.release_cart("r")
    repeated = send(shop, name, KEY, 2)
    assert (repeated.status, repeated.text) == (201, first.text)
    assert counts(shop) == (stock_count, 0, stock_count)
    check(shop)


def test_repeated_fulfillment_with_a_key_is_recorded(shop: Shop) -> None:
    shop.create()
    shop.reserve("active", 2)
    first = send(shop, "fulfill reserved", {}, 1)
    assert send(shop, "fulfill reserved", KEY, 1).text == first.text
    assert_error(send(shop, "fulfill reserved", KEY, 2), 409, "IDEMPOTENCY_CONFLICT", "with a different request")
    check(shop)


def test_concurrent_requests_without_changes_receive_one_response(shop: Shop) -> None:
    shop.create()
    with ThreadPoolExecutor(6) as threads:
        responses = {*threads.map(lambda _: send(shop, "set", KEY, 0).text, range(6))}
    assert len(responses) == 1
    check(shop)


def test_movements_are_listed_newest_first(shop: Shop) -> None:
    shop.create(stock_count=20)
    shop.create(warehouse_id="north")
    shop.reserve("r", 2, warehouse_id="main")
    shop.release("r")
    movements = shop.api.paged(MOVEMENTS, "movements", "lamp", page_size="1")
    assert [move["type"] for move in movements] == ["RELEASED", "RESERVED", "CREATED", "CREATED"]
    assert movements[1] == {
        "product_id": "lamp",
        "warehouse_id": "main",
        "sequence": 2,
        "type": "RESERVED",
        "quantity": 2,
        "reservationId": "r",
        "actor": "anonymous",
        "correlationId": "request-1",
        "at": "2027-01-15T08:00:00.000001Z",
        "stock_count": 20,
        "reserved_count": 2,
        "available": 18,
        "threshold_level": 10,
        "status": "IN_STOCK",
    }
    north = shop.api.paged(MOVEMENTS, "movements", "lamp", page_size="1", warehouse_id="north")
    assert [move["warehouse_id"] for move in north] == ["north"]


def test_movements_of_a_missing_product_are_not_found(shop: Shop) -> None:
    shop.create()
    assert_error(shop.api("GET", MOVEMENTS, keys=("desk",)), 404, "NOT_FOUND", "Product 'desk'")
    north = {"warehouse_id": "north"}
    assert_error(shop.api("GET", MOVEMENTS, keys=("lamp",), query=north), 404, "NOT_FOUND", "in warehouse 'north'")
    assert_error(shop.api("POST", RECONCILE, {}, keys=("desk",)), 404, "NOT_FOUND", "Product 'desk'")


def test_page_contains_the_number_of_its_entries(shop: Shop) -> None:
    for product in ("bed", "lamp"):
        shop.create(product)
    shop.reserve("r", 2)
    assert shop.api("GET", "/inventory").body["count"] == 2
    assert shop.api("GET", "/inventory", query={"search": "x"}).body["count"] == 0
    assert shop.api("GET", MOVEMENTS, keys=("lamp",)).body["count"] == 2
    assert shop.api("GET", RESERVATIONS, keys=("lamp",)).body["count"] == 1
