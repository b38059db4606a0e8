"""Owners of reservations: no other caller can repeat, release or fulfill them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.worker import HandlerResponse, assert_error
from .conftest import CART_RELEASE, CART_RESERVE, FULFILL, RELEASE, RELEASE_ANY, RESERVE, Shop
from .consistency import check
from .test_reservations import counts, line

ROLE = "arn:aws:sts::123456789012:assumed-role/shop"
Context = dict[str, Any]
USERS: list[tuple[Context, Context]] = [
    ({"authorizer": {"claims": {"sub": "alice"}}}, {"authorizer": {"claims": {"sub": "bob"}}}),
    ({"authorizer": {"claims": {"client_id": "shop"}}}, {"authorizer": {"claims": {"client_id": "kiosk"}}}),
    ({"authorizer": {"principalId": "alice"}}, {"authorizer": {"principalId": "bob"}}),
    ({"identity": {"userArn": f"{ROLE}/1"}}, {"identity": {"userArn": f"{ROLE}-kiosk/1"}}),
]
KEYS: tuple[Context, Context] = ({"identity": {"apiKeyId": "key-1"}}, {"identity": {"apiKeyId": "key-2"}})


def call_as(shop: Shop, caller: Context, method: str, path: str, *keys: str, **body: Any) -> HandlerResponse:
    """Send a request with the identity of a caller."""
    context = {"requestId": "request-1", **caller}
    return shop.api(method, path, body or None, keys=keys, requestContext=context)


@pytest.mark.parametrize(("alice", "bob"), USERS)
def test_only_the_owner_can_use_a_reservation(shop: Shop, alice: Context, bob: Context) -> None:
    shop.create()
    booking = {"reservationId": "r", "quantity": 2}
    first = call_as(shop, alice, "POST", RESERVE, "lamp", **booking)
    assert first.status == 201
    assert_error(
        call_as(shop, bob, "POST", RESERVE, "lamp", **booking), 409, "RESERVATION_CONFLICT", "to another caller"
    )
    assert_error(call_as(shop, bob, "DELETE", RELEASE, "lamp", "r"), 404, "NOT_FOUND", "Reservation 'r'")
    assert_error(call_as(shop, bob, "DELETE", CART_RELEASE, "r"), 404, "NOT_FOUND", "Reservation 'r'")
    assert_error(call_as(shop, bob, "POST", FULFILL, "lamp", reservationId="r"), 404, "NOT_FOUND", "Reservation 'r'")
    assert call_as(shop, alice, "POST", RESERVE, "lamp", **booking).text == first.text
    assert call_as(shop, alice, "POST", FULFILL, "lamp", reservationId="r").status == 200
    assert_error(call_as(shop, bob, "POST", FULFILL, "lamp", reservationId="r"), 404, "NOT_FOUND", "Reservation 'r'")
    assert_error(call_as(shop, bob, "POST", RESERVE, "lamp", **booking), 409, "RESERVATION_FULFILLED", "'r'")
    assert counts(shop) == (8, 0, 8)
    check(shop)


def test_sessions_of_a_role_are_the_same_owner(shop: Shop) -> None:
    shop.create()
    sessions: list[Context] = [{"identity": {"userArn": f"{ROLE}/{number}"}} for number in range(2)]
    assert call_as(shop, sessions[0], "POST", RESERVE, "lamp", reservationId="r", quantity=2).status == 201
    assert call_as(shop, sessions[1], "DELETE", RELEASE, "lamp", "r").status == 204


def test_reservation_of_an_api_key_can_be_used_with_any_api_key(shop: Shop) -> None:
    shop.create()
    old, new = KEYS
    assert call_as(shop, old, "POST", RESERVE, "lamp", reservationId="r", quantity=2).status == 201
    assert call_as(shop, new, "POST", FULFILL, "lamp", reservationId="r").status == 200
    check(shop)


def test_any_caller_can_use_a_reservation_without_an_owner(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 2)
    assert "owner" not in shop.items("reservations")[0]
    assert call_as(shop, USERS[0][1], "POST", FULFILL, "lamp", reservationId="r").status == 200


def test_administrator_releases_reservations_of_any_caller(shop: Shop) -> None:
    alice, bob = USERS[0]
    shop.create()
    shop.create("desk")
    call_as(shop, alice, "POST", CART_RESERVE, reservationId="cart", lines=[line("lamp", 2), line("desk", 3)])
    assert call_as(shop, bob, "DELETE", RELEASE_ANY, "lamp", "cart").status == 204
    assert_error(call_as(shop, bob, "DELETE", RELEASE_ANY, "lamp", "cart"), 404, "NOT_FOUND", "Reservation 'cart'")
    assert (counts(shop), counts(shop, "desk")) == ((10, 0, 10), (10, 3, 7))
    assert shop.list_movements()[-1]["actor"] == "bob"
    check(shop)


def test_released_id_can_be_used_by_another_owner(shop: Shop) -> None:
    alice, bob = USERS[0]
    shop.create()
    call_as(shop, alice, "POST", RESERVE, "lamp", reservationId="r", quantity=2)
    assert call_as(shop, alice, "DELETE", CART_RELEASE, "r").status == 204
    assert call_as(shop, bob, "POST", RESERVE, "lamp", reservationId="r", quantity=3).status == 201
    assert_error(call_as(shop, alice, "DELETE", CART_RELEASE, "r"), 404, "NOT_FOUND", "Reservation 'r'")
    assert_error(call_as(shop, alice, "POST", FULFILL, "lamp", reservationId="r"), 404, "NOT_FOUND", "Reservation 'r'")
    assert counts(shop) == (10, 3, 7)
    check(shop)


def test_default_id_cannot_be_guessed(shop: Shop) -> None:
    shop.create()
    shop.create("desk")
    ids = {shop.api("POST", RESERVE, {"quantity": 1}, keys=("lamp",)).body["reservationId"] for _ in range(3)}
    assert {len(name) for name in ids} == {32}
    keyed = [
        shop.api("POST", CART_RESERVE, {"lines": [line("desk", 2)]}, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert keyed[0].text == keyed[1].text
    assert counts(shop, "desk") == (10, 2, 8)
    assert shop.release_cart(keyed[0].body["reservationId"]).status == 204
    assert len(ids) == 3
    check(shop)


def test_reservation_has_one_reference(shop: Shop) -> None:
    shop.create()
    first = shop.reserve("r", 2, reference="order 1")
    assert first.body["reference"] == "order 1"
    assert shop.list_reservations()[0]["reference"] == "order 1"
    assert shop.reserve("r", 2, reference="order 1").text == shop.reserve("r", 2).text == first.text
    assert_error(shop.reserve("r", 2, reference="order 2"), 409, "RESERVATION_CONFLICT", "the reference 'order 2'")
    assert_error(shop.fulfill(reservationId="r", reference="order 2"), 409, "RESERVATION_CONFLICT", "'order 2'")
    sold = shop.fulfill(reservationId="r", reference="order 1")
    assert sold.status == 200
    assert_error(shop.fulfill(reservationId="r", reference="order 2"), 409, "RESERVATION_CONFLICT", "'order 2'")
    assert shop.fulfill(reservationId="r", reference="order 1").text == sold.text
    check(shop)


def test_movements_contain_the_reference_of_the_reservation(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 2, reference="order 1")
    shop.fulfill(reservationId="r")
    assert [move.get("reference") for move in shop.list_movements()] == [None, "order 1", "order 1"]


def test_reference_cannot_be_added_to_a_reservation(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 2)
    assert_error(shop.reserve("r", 2, reference="order 1"), 409, "RESERVATION_CONFLICT", "does not have the reference")
    assert shop.fulfill(reservationId="r").status == 200
    assert_error(
        shop.fulfill(reservationId="r", reference="order 1"),
        409,
        "RESERVATION_CONFLICT",
        "fulfilled without this reference",
    )


def test_concurrent_sales_of_a_reservation_have_one_reference(shop: Shop, wire: FakeAws) -> None:
    for product in ("a", "b", "c"):
        shop.create(product)
    shop.reserve_cart("r", line("a"), line("b"), line("c"))

    def run_concurrently(call: RecordedCall) -> str:
        if "TransactWriteItems" in call.headers["x-amz-target"]:
            wire.script = ["pass"]
            assert shop.fulfill("b", reservationId="r", reference="order 1").status == 200
        return "pass"

    wire.script = [run_concurrently]
    assert_error(shop.fulfill("c", reservationId="r", reference="order 2"), 409, "RESERVATION_CONFLICT", "'order 2'")
    check(shop)


def test_line_0_of_a_partly_sold_reservation_is_retained_with_the_sale(shop: Shop) -> None:
    for product in ("a", "b"):
        shop.create(product)
    shop.reserve_cart("r", line("a"), line("b"))
    shop.fulfill("b", reservationId="r")
    shop.release("r", "a")
    retention = {item["line"]: item["reservation_expiry"] - shop.clock.now for item in shop.items("reservations")}
    assert retention == {0: 400 * 24 * 3600, 1: 400 * 24 * 3600}


def test_reservation_without_line_0_can_be_sold(shop: Shop) -> None:
    for product in ("a", "b"):
        shop.create(product)
    shop.reserve_cart("r", line("a"), line("b"))
    shop.delete_item("reservations", reservation_id="r", line=0)
    assert shop.fulfill("b", reservationId="r", reference="order 1").status == 200


def reserved_at(time: str | None) -> dict[str, Any]:
    return {"reserved_at": time} if time else {}


ACTIONS: dict[str, Callable[[Shop, str | None], HandlerResponse]] = {
    "release": lambda shop, time: shop.api("DELETE", RELEASE, keys=("lamp", "r"), query=reserved_at(time)),
    "release a cart": lambda shop, time: shop.api("DELETE", CART_RELEASE, keys=("r",), query=reserved_at(time)),
    "fulfill": lambda shop, time: shop.fulfill(reservationId="r", **reserved_at(time)),
    "fulfill a cart": lambda shop, time: shop.fulfill_cart(reservationId="r", **reserved_at(time)),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_late_retry_does_not_apply_to_a_later_reservation(shop: Shop, name: str) -> None:
    shop.create()
    earlier = shop.reserve("r", 2).body["reserved_at"]
    shop.release("r")
    later = shop.reserve("r", 3).body["reserved_at"]
    code = (404, "NOT_FOUND") if name.startswith("release") else (409, "RESERVATION_EXPIRED")
    assert_error(ACTIONS[name](shop, earlier), *code, "'r'")
    assert counts(shop) == (10, 3, 7)
    assert_error(ACTIONS[name](shop, "yesterday"), 400, "INVALID_REQUEST", "reserved_at must be a timestamp such as")
    assert ACTIONS[name](shop, later.replace("Z", "+00:00")).status in (200, 204)
    check(shop)


@pytest.mark.parametrize("name", ACTIONS)
def test_delayed_request_does_not_apply_to_a_later_reservation(shop: Shop, wire: FakeAws, name: str) -> None:
    shop.create()
    shop.reserve("r", 2)

    def replace_reservation(call: RecordedCall) -> str:
        if "TransactWriteItems" in call.headers["x-amz-target"]:
            wire.script = ["pass"]
            assert shop.release("r").status == 204
            assert shop.reserve("r", 3).status == 201
        return "pass"

    wire.script = [replace_reservation]
    assert ACTIONS[name](shop, None).status == (404 if name.startswith("release") else 409)
    assert counts(shop) == (10, 3, 7)
    check(shop)


def test_release_with_an_idempotency_key_is_executed_once(shop: Shop) -> None:
    shop.create()
    shop.reserve("r", 2)
    key = {"Idempotency-Key": "k"}
    assert shop.api("DELETE", RELEASE, keys=("lamp", "r"), headers=key).status == 204
    shop.reserve("r", 3)
    assert shop.api("DELETE", RELEASE, keys=("lamp", "r"), headers=key).status == 204
    assert counts(shop) == (10, 3, 7)
    other = {"reserved_at": "2027-01-15T08:00:00Z"}
    assert_error(
        shop.api("DELETE", RELEASE, keys=("lamp", "r"), headers=key, query=other),
        409,
        "IDEMPOTENCY_CONFLICT",
        "new key",
    )
    check(shop)


def test_reserved_at_requires_reservation_id(shop: Shop) -> None:
    shop.create()
    response = shop.fulfill(quantity=1, reserved_at="2027-01-15T08:00:00Z")
    assert_error(response, 400, "INVALID_REQUEST", "reserved_at requires reservationId")
