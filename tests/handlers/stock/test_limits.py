"""Limit of the units of a product that one caller can reserve."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lib.services.stock.handler.commands import Commands

from ...support.worker import assert_error
from .conftest import CART_RESERVE, RESERVE, Shop
from .consistency import check
from .test_owners import Context, call_as
from .test_races import release, reserve, run_concurrently
from .test_reservations import counts, line

ALICE: Context = {"authorizer": {"claims": {"sub": "alice"}}}
BOB: Context = {"authorizer": {"claims": {"sub": "bob"}}}


@pytest.fixture(name="limited")
def limited_fixture(shop: Shop, worker_environment: pytest.MonkeyPatch) -> Shop:
    """Return a client of a service with a limit of five units per caller and product."""
    worker_environment.setenv("MAX_HELD_UNITS", "5")
    shop.create(stock_count=20)
    shop.create("desk", stock_count=20)
    return shop


def quotas(shop: Shop) -> list[dict[str, Any]]:
    return [item for item in shop.items("management") if item["product_id"].startswith("tap#held#")]


def test_limit_applies_per_caller_and_product(limited: Shop) -> None:
    for caller in (ALICE, BOB):
        name = caller["authorizer"]["claims"]["sub"]
        assert call_as(limited, caller, "POST", RESERVE, "lamp", reservationId=f"{name}-1", quantity=3).status == 201
        response = call_as(limited, caller, "POST", RESERVE, "lamp", reservationId=f"{name}-2", quantity=3)
        assert_error(
            response, 409, "HOLD_LIMIT", "of 5 reserved units of lamp exceeded: 3 requested, 3 already reserved"
        )
        assert response.body["details"] == ["product_id lamp", "held 3", "limit 5"]
        assert call_as(limited, caller, "POST", RESERVE, "lamp", reservationId=f"{name}-2", quantity=2).status == 201
        assert call_as(limited, caller, "POST", RESERVE, "desk", reservationId=f"{name}-3", quantity=5).status == 201
    assert counts(limited) == (20, 10, 10)
    check(limited)


@pytest.mark.parametrize("ending", ["released", "sold", "expired"])
def test_released_sold_and_expired_units_do_not_count(limited: Shop, ending: str) -> None:
    limited.reserve("r", 5, lifetime_minutes=1)
    assert_error(limited.reserve("r2", 1), 409, "HOLD_LIMIT", "5 already reserved")
    if ending == "released":
        assert limited.release("r").status == 204
    elif ending == "sold":
        assert limited.fulfill(reservationId="r").status == 200
    else:
        limited.clock.now += 60
    assert limited.reserve("r2", 5).status == 201
    check(limited)


def test_repeated_request_counts_once(limited: Shop) -> None:
    for _ in range(3):
        assert limited.reserve("r", 5).status == 201
    check(limited)


def test_cart_counts_for_each_product(limited: Shop) -> None:
    limited.create(warehouse_id="north")
    cart = (line("lamp", 2, "main"), line("lamp", 3, "north"), line("desk", 5))
    assert limited.reserve_cart("cart", *cart).status == 201
    assert_error(limited.reserve_cart("more", line("desk", 1)), 409, "HOLD_LIMIT", "units of desk")
    assert limited.release("cart", "lamp").status == 204
    assert_error(limited.reserve_cart("more", line("lamp", 1), line("desk", 1)), 409, "HOLD_LIMIT", "units of desk")
    assert limited.reserve_cart("more", line("lamp", 5)).status == 201
    assert len(quotas(limited)) == 2
    check(limited)


def test_limit_reduces_carts_to_24_lines(limited: Shop) -> None:
    cart = []
    for number in range(25):
        limited.create(f"p{number}")
        cart.append(line(f"p{number}"))
    assert_error(limited.reserve_cart("cart", *cart), 400, "INVALID_REQUEST", "lines must have at most 24 entries")
    headers = {"Idempotency-Key": "k"}
    response = limited.api("POST", CART_RESERVE, {"reservationId": "cart", "lines": cart[:24]}, headers=headers)
    assert response.status == 201
    assert limited.fulfill_cart(reservationId="cart").status == 200
    check(limited)


def test_reservation_created_without_a_limit_does_not_count(shop: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    shop.create(stock_count=20)
    shop.reserve("before", 9)
    worker_environment.setenv("MAX_HELD_UNITS", "5")
    assert shop.reserve("r", 5).status == 201
    assert shop.release("before").status == 204
    assert_error(shop.reserve("r2", 1), 409, "HOLD_LIMIT", "5 already reserved")
    assert quotas(shop)[0]["tap#expires"] == shop.clock.now + 1800
    check(shop)


def test_release_without_a_limit_reduces_the_quota(limited: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    limited.reserve("r", 5)
    worker_environment.setenv("MAX_HELD_UNITS", "0")
    assert limited.release("r").status == 204
    assert [item["holds"] for item in quotas(limited)] == [{}]
    worker_environment.setenv("MAX_HELD_UNITS", "5")
    assert limited.reserve("r", 5).status == 201


def test_no_quota_is_written_without_a_limit(shop: Shop) -> None:
    shop.create(stock_count=1000)
    assert shop.reserve("r", 1000).status == 201
    assert quotas(shop) == []


@pytest.mark.slow
def test_concurrent_reservations_of_a_caller_do_not_exceed_the_limit(
    limited: Shop, environments: list[Commands]
) -> None:
    for turn in range(2):
        names = [f"{turn}-{number}" for number in range(6)]
        products = ("lamp", "desk")
        calls = (reserve(name, (products[n % 2], 2)) for n, name in enumerate(names))
        assert Counter(run_concurrently(environments, *calls)) == {"done": 4, "HOLD_LIMIT": 2}
        check(limited)
        run_concurrently(environments, *(release(name) for name in names))
    assert [item["holds"] for item in quotas(limited)] == [{}, {}]
