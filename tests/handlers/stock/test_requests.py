"""What requests may say, and what a repeated one is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ...support.fake_aws import Asked, FakeAws
from ...support.worker import Answer, refused
from .conftest import CART_FULFILL, CART_RESERVE, FULFILL, MOVEMENTS, PRODUCT, RECONCILE, RESERVATIONS, RESERVE, Shop
from .consistency import check
from .test_reservations import counts, line

LEVEL = {"product_id": "desk", "stock_count": 1}
HOLD = {"reservationId": "r", "quantity": 1}
CART = {"reservationId": "r", "lines": [line("lamp")]}


@pytest.mark.parametrize(
    ("route", "good", "bad", "field"),
    [
        (("POST", "/inventory"), LEVEL, {"product_id": "a b"}, "product_id"),
        (("POST", "/inventory"), LEVEL, {"product_id": None}, "product_id"),
        (("POST", "/inventory"), LEVEL, {"product_id": ".."}, "product_id"),
        (("POST", "/inventory"), LEVEL, {"warehouse_id": "#"}, "warehouse_id"),
        (("POST", "/inventory"), LEVEL, {"stock_count": -1}, "stock_count"),
        (("POST", "/inventory"), LEVEL, {"stock_count": "5"}, "stock_count"),
        (("POST", "/inventory"), LEVEL, {"stock_count": 1.5}, "stock_count"),
        (("POST", "/inventory"), LEVEL, {"stock_count": 1.0}, "stock_count"),
        (("POST", "/inventory"), LEVEL, {"stock_count": True}, "stock_count"),
        (("POST", "/inventory"), LEVEL, {"stock_count": 10**9}, "stock_count"),
        (("POST", "/inventory"), LEVEL, {"threshold_level": -1}, "threshold_level"),
        (("POST", "/inventory"), LEVEL, {"category": ""}, "category"),
        (("POST", "/inventory"), LEVEL, {"category": "a#b"}, "category"),
        (("POST", "/inventory"), LEVEL, {"category": " "}, "category"),
        (("POST", "/inventory"), LEVEL, {"reserved_count": 1}, "reserved_count"),
        (("PUT", PRODUCT), {"stock_count": 1}, {"stock_count": -1}, "stock_count"),
        (("PUT", PRODUCT), {"stock_count": 1}, {"threshold_level": "many"}, "threshold_level"),
        (("PUT", PRODUCT), {"stock_count": 1}, {"category": 1}, "category"),
        (("PUT", PRODUCT), {"stock_count": 1}, {"expected_version": 0}, "expected_version"),
        (("PUT", PRODUCT), {"stock_count": 1}, {"expected_last_updated": 5}, "expected_last_updated"),
        (("PUT", PRODUCT), {"reason": "x"}, {"adjustment": 1.5}, "adjustment"),
        (("PUT", PRODUCT), {"adjustment": 1}, {"reason": ""}, "reason"),
        (("POST", RESERVE), HOLD, {"quantity": 0}, "quantity"),
        (("POST", RESERVE), HOLD, {"quantity": -1}, "quantity"),
        (("POST", RESERVE), HOLD, {"reservationId": "a/b"}, "reservationId"),
        (("POST", RESERVE), HOLD, {"lifetime_minutes": 0}, "lifetime_minutes"),
        (("POST", RESERVE), HOLD, {"lifetime_minutes": 1441}, "lifetime_minutes"),
        (("POST", RESERVE), HOLD, {"warehouse_id": ""}, "warehouse_id"),
        (("POST", CART_RESERVE), CART, {"lines": []}, "lines"),
        (("POST", CART_RESERVE), CART, {"lines": [{"product_id": "lamp"}]}, "lines[0]"),
        (("POST", CART_RESERVE), CART, {"lines": [line("lamp"), line("lamp", 0)]}, "lines[1].quantity"),
        (("POST", CART_RESERVE), CART, {"quantity": 1}, "quantity"),
        (("POST", FULFILL), {"quantity": 1}, {"quantity": 0}, "quantity"),
        (("POST", FULFILL), {"quantity": 1}, {"reference": ""}, "reference"),
        (("POST", FULFILL), {"quantity": 1}, {"lines": [line("lamp")]}, "lines"),
        (("POST", CART_FULFILL), CART, {"warehouse_id": "main"}, "warehouse_id"),
        (("POST", RECONCILE), {}, {"repair": "yes"}, "repair"),
    ],
)
@pytest.mark.untraced
@pytest.mark.slow
def test_a_body_that_breaks_a_rule_is_told_which_field(
    shop: Shop, route: tuple[str, str], good: dict[str, Any], bad: dict[str, Any], field: str
) -> None:
    shop.create()
    method, path = route
    keys = ("lamp",) if "{" in path else ()
    refused(shop.api(method, path, {**good, **bad}, keys=keys), 400, "INVALID_REQUEST", field)
    for missing in good.keys() & {"product_id", "reservationId"} if path.endswith("y") else ():
        less = {name: value for name, value in good.items() if name != missing}
        refused(shop.api(method, path, less, keys=keys), 400, "INVALID_REQUEST", missing)
    assert counts(shop) == (10, 0, 10)


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
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
    ],
)
def test_a_query_that_breaks_a_rule_is_told_which_parameter(
    shop: Shop, path: str, query: dict[str, str], field: str
) -> None:
    keys = ("lamp",) if "{" in path else ()
    refused(shop.api("GET", path, keys=keys, query=query), 400, "INVALID_REQUEST", field)


Keyed = Callable[[Shop, dict[str, str], int], Answer]
"""A request with headers; the number makes another body."""
KEYED: dict[str, Keyed] = {
    "create": lambda shop, headers, n: shop.api(
        "POST", "/inventory", {"product_id": "desk", "stock_count": n}, headers=headers
    ),
    "reserve": lambda shop, headers, n: shop.api(
        "POST", RESERVE, {"reservationId": "r", "quantity": n}, keys=("lamp",), headers=headers
    ),
    "reserve a cart": lambda shop, headers, n: shop.api(
        "POST", CART_RESERVE, {"reservationId": "r", "lines": [line("lamp", n)]}, headers=headers
    ),
    "fulfil held": lambda shop, headers, n: shop.api(
        "POST", FULFILL, {"reservationId": "held", "reference": f"order {n}"}, keys=("lamp",), headers=headers
    ),
    "fulfil": lambda shop, headers, n: shop.api("POST", FULFILL, {"quantity": n}, keys=("lamp",), headers=headers),
    "set": lambda shop, headers, n: shop.api("PUT", PRODUCT, {"stock_count": 10 + n}, keys=("lamp",), headers=headers),
    "adjust": lambda shop, headers, n: shop.api(
        "PUT", PRODUCT, {"adjustment": n, "reason": "found"}, keys=("lamp",), headers=headers
    ),
    "adjust what was seen": lambda shop, headers, n: shop.api(
        "PUT",
        PRODUCT,
        {"adjustment": n, "reason": "found", "expected_version": 1},
        keys=("lamp",),
        headers=headers,
    ),
    "fulfil a cart": lambda shop, headers, n: shop.api(
        "POST", CART_FULFILL, {"lines": [line("lamp", n)]}, headers=headers
    ),
}


@pytest.mark.parametrize("name", KEYED)
def test_a_repeated_key_gets_the_first_answer(shop: Shop, name: str) -> None:
    shop.create()
    shop.reserve("held", 2)
    send, key = KEYED[name], {"Idempotency-Key": "k"}
    first = send(shop, key, 1)
    assert first.status in (200, 201)
    shop.clock.now += 23 * 3600
    movements = len(shop.rows("movements"))
    again = send(shop, key, 1)
    assert (again.status, again.text) == (first.status, first.text)
    assert len(shop.rows("movements")) == movements
    refused(send(shop, key, 2), 409, "IDEMPOTENCY_CONFLICT", "with another request")
    check(shop)


def test_a_key_is_its_callers_and_its_routes_own(shop: Shop) -> None:
    shop.create()
    key = {"Idempotency-Key": "k"}
    for actor in ("ann", "bob"):
        context = {"requestId": "request-1", "identity": {"apiKeyId": actor}}
        answer = shop.api("POST", FULFILL, {"quantity": 1}, keys=("lamp",), headers=key, requestContext=context)
        assert answer.status == 200
    assert KEYED["fulfil a cart"](shop, key, 1).status == 200
    assert counts(shop) == (7, 0, 7)
    assert [move["actor"] for move in shop.moved()] == ["anonymous", "ann", "bob", "anonymous"]


def test_a_request_that_was_refused_may_be_repeated_under_its_key(shop: Shop) -> None:
    shop.create(stock_count=0)
    key = {"Idempotency-Key": "k"}
    refused(KEYED["fulfil"](shop, key, 5), 409, "INSUFFICIENT_STOCK", "0 are available")
    shop.update(stock_count=5)
    assert KEYED["fulfil"](shop, key, 5).status == 200


KEY = {"Idempotency-Key": "k"}


def test_a_keyed_change_that_made_no_difference_makes_none_later(shop: Shop) -> None:
    shop.create()
    first = KEYED["set"](shop, KEY, 0)
    shop.fulfill(quantity=3)
    again = KEYED["set"](shop, KEY, 0)
    assert (again.status, again.text) == (200, first.text)
    assert counts(shop) == (7, 0, 7)
    refused(KEYED["set"](shop, KEY, 5), 409, "IDEMPOTENCY_CONFLICT", "with another request")
    check(shop)


@pytest.mark.parametrize("name", ["reserve", "reserve a cart"])
@pytest.mark.parametrize("stock_count", [10, 2], ids=["enough", "all reserved"])
def test_a_keyed_repeat_of_an_active_reservation_reserves_nothing_later(
    shop: Shop, name: str, stock_count: int
) -> None:
    shop.create(stock_count=stock_count)
    first = KEYED[name](shop, {}, 2)
    assert KEYED[name](shop, KEY, 2).text == first.text
    shop.release_cart("r")
    again = KEYED[name](shop, KEY, 2)
    assert (again.status, again.text) == (201, first.text)
    assert counts(shop) == (stock_count, 0, stock_count)
    check(shop)


def test_a_keyed_repeat_of_a_fulfillment_is_recorded(shop: Shop) -> None:
    shop.create()
    shop.reserve("held", 2)
    first = KEYED["fulfil held"](shop, {}, 1)
    assert KEYED["fulfil held"](shop, KEY, 1).text == first.text
    refused(KEYED["fulfil held"](shop, KEY, 2), 409, "IDEMPOTENCY_CONFLICT", "with another request")
    check(shop)


@pytest.mark.parametrize("callers", [2, 6])
def test_keyed_requests_without_effect_race_for_one_response(shop: Shop, callers: int) -> None:
    shop.create()
    with ThreadPoolExecutor(callers) as threads:
        answers = {*threads.map(lambda _: KEYED["set"](shop, KEY, 0).text, range(callers))}
    assert len(answers) == 1
    check(shop)


def test_every_movement_is_told_newest_first(shop: Shop) -> None:
    shop.create(stock_count=20)
    shop.create(warehouse_id="north")
    shop.reserve("r", 2, warehouse_id="main")
    shop.release("r")
    found = shop.paged(MOVEMENTS, "movements", "lamp", page_size="1")
    assert [move["type"] for move in found] == ["RELEASED", "RESERVED", "CREATED", "CREATED"]
    assert found[1] == {
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
    north = shop.paged(MOVEMENTS, "movements", "lamp", page_size="1", warehouse_id="north")
    assert [move["warehouse_id"] for move in north] == ["north"]


def test_what_never_moved_is_not_there(shop: Shop) -> None:
    shop.create()
    refused(shop.api("GET", MOVEMENTS, keys=("desk",)), 404, "NOT_FOUND", "no product 'desk'")
    north = {"warehouse_id": "north"}
    refused(shop.api("GET", MOVEMENTS, keys=("lamp",), query=north), 404, "NOT_FOUND", "in warehouse 'north'")
    refused(shop.api("POST", RECONCILE, {}, keys=("desk",)), 404, "NOT_FOUND", "no product 'desk'")


def test_a_repeat_that_overtakes_its_first_is_told_the_same(shop: Shop, wire: FakeAws) -> None:
    shop.create()
    body, key = {"adjustment": 5, "reason": "delivery", "expected_version": 1}, {"Idempotency-Key": "delivery-77"}
    first: list[Answer] = []

    def meanwhile(_: Asked) -> str:
        first.append(shop.api("PUT", PRODUCT, body, keys=("lamp",), headers=key))
        return "pass"

    wire.script = ["pass", meanwhile, "pass"]
    again = shop.api("PUT", PRODUCT, body, keys=("lamp",), headers=key)
    assert (again.status, again.body) == (200, first[0].body)
    assert shop.read()["stock_count"] == 15
    check(shop)


@pytest.mark.parametrize(
    ("method", "path", "keys", "body"),
    [
        ("POST", "/inventory", (), {**LEVEL, "category": "\ud800"}),
        ("PUT", PRODUCT, ("lamp",), {"stock_count": 1, "reason": "\udfff"}),
        ("PUT", PRODUCT, ("lamp",), {"category": "\ud800\ud800"}),
        ("POST", RESERVE, ("lamp",), {**HOLD, "reservationId": "\ud800"}),
        ("POST", FULFILL, ("lamp",), {"quantity": 1, "reference": "\ud800"}),
        ("POST", CART_FULFILL, (), {"lines": [line("lamp")], "reference": "\ud800"}),
    ],
)
def test_half_of_a_surrogate_pair_is_rejected(
    shop: Shop, method: str, path: str, keys: tuple[str, ...], body: dict[str, Any]
) -> None:
    shop.create()
    refused(shop.api(method, path, body, keys=keys), 400, "INVALID_REQUEST", "half of a surrogate pair")
    assert shop.fulfill(quantity=1, reference="\U0001f600").body["reference"] == "\U0001f600"
    check(shop)
