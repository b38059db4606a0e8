"""How many units of a product one caller can hold."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lib.services.stock.handler.commands import Commands

from ...support.worker import refused
from .conftest import CART_RESERVE, RESERVE, Shop
from .consistency import check
from .test_owners import Context, call
from .test_races import at_once, release, reserve
from .test_reservations import counts, line

ALICE: Context = {"authorizer": {"claims": {"sub": "alice"}}}
BOB: Context = {"authorizer": {"claims": {"sub": "bob"}}}


@pytest.fixture(name="limited")
def limited_fixture(shop: Shop, worker_environment: pytest.MonkeyPatch) -> Shop:
    """A shop in which a caller can hold five units of a product."""
    worker_environment.setenv("MAX_HELD_UNITS", "5")
    shop.create(stock_count=20)
    shop.create("desk", stock_count=20)
    return shop


def quotas(shop: Shop) -> list[dict[str, Any]]:
    """The rows of what callers hold."""
    return [row for row in shop.rows("management") if row["product_id"].startswith("tap#held#")]


def test_a_caller_holds_so_many_units_and_another_as_many(limited: Shop) -> None:
    for caller in (ALICE, BOB):
        name = caller["authorizer"]["claims"]["sub"]
        assert call(limited, caller, "POST", RESERVE, "lamp", reservationId=f"{name}-1", quantity=3).status == 201
        answer = call(limited, caller, "POST", RESERVE, "lamp", reservationId=f"{name}-2", quantity=3)
        refused(answer, 409, "HOLD_LIMIT", "3 of lamp are requested, and the caller holds 3 of at most 5")
        assert answer.body["details"] == ["product_id lamp", "held 3", "limit 5"]
        assert call(limited, caller, "POST", RESERVE, "lamp", reservationId=f"{name}-2", quantity=2).status == 201
        assert call(limited, caller, "POST", RESERVE, "desk", reservationId=f"{name}-3", quantity=5).status == 201
    assert counts(limited) == (20, 10, 10)
    check(limited)


@pytest.mark.parametrize("ending", ["released", "sold", "expired"])
def test_what_is_no_longer_held_does_not_count(limited: Shop, ending: str) -> None:
    limited.reserve("r", 5, lifetime_minutes=1)
    refused(limited.reserve("r2", 1), 409, "HOLD_LIMIT", "holds 5 of at most 5")
    if ending == "released":
        assert limited.release("r").status == 204
    elif ending == "sold":
        assert limited.fulfill(reservationId="r").status == 200
    else:
        limited.clock.now += 60
    assert limited.reserve("r2", 5).status == 201
    check(limited)


def test_a_repetition_is_counted_once(limited: Shop) -> None:
    for _ in range(3):
        assert limited.reserve("r", 5).status == 201
    check(limited)


def test_a_cart_counts_for_each_of_its_products(limited: Shop) -> None:
    limited.create(warehouse_id="north")
    cart = (line("lamp", 2, "main"), line("lamp", 3, "north"), line("desk", 5))
    assert limited.reserve_cart("cart", *cart).status == 201
    refused(limited.reserve_cart("more", line("desk", 1)), 409, "HOLD_LIMIT", "1 of desk")
    assert limited.release("cart", "lamp").status == 204
    refused(limited.reserve_cart("more", line("lamp", 1), line("desk", 1)), 409, "HOLD_LIMIT", "1 of desk")
    assert limited.reserve_cart("more", line("lamp", 5)).status == 201
    assert len(quotas(limited)) == 2
    check(limited)


def test_a_limited_cart_has_up_to_24_lines(limited: Shop) -> None:
    cart = []
    for number in range(25):
        limited.create(f"p{number}")
        cart.append(line(f"p{number}"))
    refused(limited.reserve_cart("cart", *cart), 400, "INVALID_REQUEST", "lines: at most 24")
    headers = {"Idempotency-Key": "k"}
    answer = limited.api("POST", CART_RESERVE, {"reservationId": "cart", "lines": cart[:24]}, headers=headers)
    assert answer.status == 201
    assert limited.fulfill_cart(reservationId="cart").status == 200
    check(limited)


def test_what_was_held_without_a_limit_is_neither_counted_nor_freed(
    shop: Shop, worker_environment: pytest.MonkeyPatch
) -> None:
    shop.create(stock_count=20)
    shop.reserve("before", 9)
    worker_environment.setenv("MAX_HELD_UNITS", "5")
    assert shop.reserve("r", 5).status == 201
    assert shop.release("before").status == 204
    refused(shop.reserve("r2", 1), 409, "HOLD_LIMIT", "holds 5 of at most 5")
    assert quotas(shop)[0]["tap#expires"] == shop.clock.now + 1800
    check(shop)


def test_what_was_counted_is_freed_without_a_limit_too(limited: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    limited.reserve("r", 5)
    worker_environment.setenv("MAX_HELD_UNITS", "0")
    assert limited.release("r").status == 204
    assert [row["holds"] for row in quotas(limited)] == [{}]
    worker_environment.setenv("MAX_HELD_UNITS", "5")
    assert limited.reserve("r", 5).status == 201


def test_a_shop_without_a_limit_counts_nothing(shop: Shop) -> None:
    shop.create(stock_count=1000)
    assert shop.reserve("r", 1000).status == 201
    assert quotas(shop) == []


@pytest.mark.slow
def test_a_caller_who_reserves_at_once_holds_no_more(limited: Shop, workers: list[Commands]) -> None:
    for turn in range(2):
        names = [f"{turn}-{number}" for number in range(6)]
        products = ("lamp", "desk")
        ended = Counter(at_once(workers, *(reserve(name, (products[n % 2], 2)) for n, name in enumerate(names))))
        assert ended == {"done": 4, "HOLD_LIMIT": 2}
        check(limited)
        at_once(workers, *(release(name) for name in names))
    assert [row["holds"] for row in quotas(limited)] == [{}, {}]
