"""Callers at once, over the API: nothing is oversold, and everything happens once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ..conftest import Answer
from .conftest import Shop, counts, in_time, new_id

pytestmark = pytest.mark.untraced

CROWD = 64
CALLERS = 32
FEW = 16
"""Callers of what the crowd does not call, for which the emulator has to start as many processes."""
ROUNDS = 4
LAST_UNITS = 10
AGAIN = (429, 502, 503, 504)
"""After these a caller asks again with the same id or key, which is not done twice."""


def at_once(
    call: Callable[[int], Answer],
    callers: int = CALLERS,
    *,
    first: Callable[[], Answer] | None = None,
    again: Collection[int] = (429,),
) -> list[Answer]:
    """What each caller was answered in the end: who finds no room comes back.

    `first` is asked by all of them before, for functions that have yet to start.
    """
    barrier = Barrier(callers)

    def run(number: int) -> Answer:
        if first:
            in_time(first, AGAIN)
        barrier.wait()
        return in_time(lambda: call(number), again)

    with ThreadPoolExecutor(callers) as threads:
        answers = list(threads.map(run, range(callers)))
    assert [answer.body for answer in answers if answer.status >= 500] == []
    return answers


def statuses(answers: list[Answer]) -> Counter[int]:
    """How many were answered what."""
    return Counter(answer.status for answer in answers)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_a_crowd_as_many_get_the_last_units_as_there_are(shop: Shop, number: int) -> None:
    """4.3, edge: the last item is reserved by one, ten by ten."""
    product = shop.make(LAST_UNITS, threshold_level=number)
    answers = at_once(
        lambda caller: shop.reserve(product, 1, f"{product}-{caller}"),
        CROWD,
        first=None if number else lambda: shop.reserve(new_id()),
        again=AGAIN,
    )
    assert statuses(answers) == {201: LAST_UNITS, 409: CROWD - LAST_UNITS}
    assert {answer.body["code"] for answer in answers if answer.status == 409} == {"INSUFFICIENT_STOCK"}
    assert counts(shop.level(product)) == (LAST_UNITS, LAST_UNITS, 0)
    assert shop.types(product) == ["CREATED", *["RESERVED"] * LAST_UNITS]
    winners = {answer.body["reservationId"] for answer in answers if answer.status == 201}
    assert {hold["reservationId"] for hold in shop.all_of(product, "reservations")} == winners
    shop.balanced(product)


def test_of_buyers_without_a_cart_as_many_get_units_as_there_are(shop: Shop) -> None:
    """FR-5: free units are sold once, too."""
    product = shop.make(LAST_UNITS)
    path = f"/inventory/{product}/fulfill"
    answers = at_once(
        lambda caller: shop.http("POST", path, {"quantity": 3}, Idempotency_Key=f"{product}-{caller}"),
        FEW,
        first=lambda: shop.fulfill(new_id(), quantity=1),
        again=AGAIN,
    )
    assert statuses(answers) == {200: 3, 409: FEW - 3}
    assert counts(shop.level(product)) == (1, 0, 1)
    shop.balanced(product)


def test_units_of_any_warehouse_are_held_to_the_last(shop: Shop) -> None:
    """FR-3: whoever finds one empty looks into the next."""
    product = new_id()
    for warehouse in ("east", "north", "south", "west"):
        shop.make(5, product_id=product, warehouse_id=warehouse)
    answers = at_once(lambda caller: shop.reserve(product, 1, f"{product}-{caller}"), again=AGAIN)
    assert statuses(answers) == {201: 20, 409: CALLERS - 20}
    assert counts(shop.level(product)) == (20, 20, 0)
    shop.balanced(product)


def test_carts_in_either_order_are_held_whole_or_not_at_all(shop: Shop) -> None:
    """4.3: they do not wait for each other for ever."""
    products = [shop.make(20), shop.make(12), shop.make(16)]

    def quantities(number: int) -> dict[str, int]:
        first = number % len(products)
        turned = [*products[first:], *products[:first]]
        return dict.fromkeys(turned if number % 2 else turned[::-1], 1)

    answers = at_once(lambda caller: shop.cart(f"{products[0]}-{caller}", quantities(caller)), again=AGAIN)
    assert statuses(answers) == {201: 12, 409: CALLERS - 12}
    assert [counts(shop.level(product)) for product in products] == [(20, 12, 8), (12, 12, 0), (16, 12, 4)]
    shop.balanced(*products)


def test_one_reservation_of_many_callers_is_held_once(shop: Shop) -> None:
    """4.3: and all are told the same."""
    product, reservation = shop.make(CALLERS * 2), new_id("cart")
    answers = at_once(lambda _: shop.reserve(product, 2, reservation), again=AGAIN)
    assert statuses(answers) == {201: CALLERS}
    assert [answer.body for answer in answers] == [answers[0].body] * CALLERS
    assert counts(shop.level(product)) == (CALLERS * 2, 2, CALLERS * 2 - 2)
    assert shop.types(product) == ["CREATED", "RESERVED"]
    shop.balanced(product)


def test_one_id_for_different_products_is_held_for_one(shop: Shop) -> None:
    """4.3: the others are told that it is taken."""
    products, reservation = [shop.make(5) for _ in range(4)], new_id("cart")
    answers = at_once(lambda caller: shop.reserve(products[caller % 4], 1, reservation), again=AGAIN)
    assert statuses(answers) == {201: CALLERS // 4, 409: CALLERS * 3 // 4}
    assert sum(shop.level(product)["reserved_count"] for product in products) == 1
    shop.balanced(*products)


@pytest.mark.parametrize("over", [False, True], ids=["held", "over"])
def test_a_reservation_ends_once(shop: Shop, over: bool) -> None:
    """4.3, FR-4, FR-5: released, sold, given back by the sweep, asked for again, all at the same moment."""
    product, reservation = shop.make(10), new_id("cart")
    shop.held(product, 4, reservation=reservation)
    if over:
        shop.end(reservation)

    def call(number: int) -> Answer:
        match number % 4:
            case 0:
                return shop.release(reservation, product)
            case 1:
                return shop.fulfill(product, reservationId=reservation)
            case 2:
                return shop.reserve(product, 4, reservation)
        shop.sweep()
        return Answer(0, {}, None)

    answers = at_once(call, FEW)
    released, sold = answers[0::4], answers[1::4]
    assert set(statuses(released)) <= {204, 404}
    assert set(statuses(sold)) <= {200, 404, 409}
    assert set(statuses(answers[2::4])) <= {201, 409}
    happened = Counter(shop.types(product))
    ended = happened["RELEASED"] + happened["FULFILLED"] + happened["EXPIRED"]
    held = shop.level(product)["reserved_count"]
    assert happened["RELEASED"] == statuses(released)[204]
    assert happened["FULFILLED"] == bool(statuses(sold)[200])
    assert happened["RESERVED"] - ended == held // 4
    assert happened["EXPIRED"] <= over
    assert counts(shop.level(product))[0] == 10 - 4 * happened["FULFILLED"]
    shop.balanced(product)


def test_of_two_administrators_with_the_same_token_one_wins(shop: Shop) -> None:
    """4.2, FR-2, edge: and the others are told to look again."""
    product = shop.make(10)
    for token in ("version", "last_updated"):
        seen = {f"expected_{token}": shop.level(product, "main")[token]}
        before = len(shop.types(product))
        answers = at_once(
            lambda number, seen=seen: shop.update(product, stock_count=100 + number, **seen),  # type: ignore[misc]
            FEW,
            first=lambda: shop.update(new_id(), stock_count=1),
        )
        assert statuses(answers) == {200: 1, 409: FEW - 1}
        assert {answer.body["code"] for answer in answers if answer.status == 409} == {"VERSION_CONFLICT"}
        (won,) = [answer.body for answer in answers if answer.status == 200]
        assert shop.level(product, "main") == won
        assert len(shop.types(product)) == before + 1
        shop.update(product, stock_count=10)
    shop.balanced(product)


def test_adjustments_are_all_made(shop: Shop) -> None:
    """FR-2: deliveries at several doors."""
    product = shop.make(0)
    answers = at_once(lambda number: shop.update(product, adjustment=number + 1, reason="delivery"), FEW)
    assert statuses(answers) == {200: FEW}
    assert shop.level(product)["stock_count"] == FEW * (FEW + 1) // 2
    shop.balanced(product)


def test_counts_are_set_while_units_are_held_and_sold(shop: Shop) -> None:
    """FR-2, FR-3, FR-5: no count below what somebody holds."""
    product = shop.make(20)

    def call(number: int) -> Answer:
        match number % 4:
            case 0:
                return shop.update(product, stock_count=10 + number % 8)
            case 1:
                return shop.fulfill(product, quantity=2)
        return shop.reserve(product, 2)

    answers = at_once(call)
    assert set(statuses(answers)) <= {200, 201, 409}
    level = shop.level(product)
    assert level["reserved_count"] == 2 * statuses(answers)[201]
    assert level["available"] >= 0
    shop.balanced(product)


def test_one_sale_with_one_key_is_sold_once(shop: Shop) -> None:
    """FR-5: however often the order service sends it."""
    product, key = shop.make(CALLERS), new_id("key")
    path, body = f"/inventory/{product}/fulfill", {"quantity": 1, "reference": "order 7"}
    answers = at_once(lambda _: shop.http("POST", path, body, Idempotency_Key=key), FEW, again=AGAIN)
    assert statuses(answers) == {200: FEW}
    assert [answer.body for answer in answers] == [answers[0].body] * FEW
    assert counts(shop.level(product)) == (CALLERS - 1, 0, CALLERS - 1)
    shop.balanced(product)


def test_one_cart_is_sold_once(shop: Shop) -> None:
    """FR-5: without a key, too."""
    lamp, desk, reservation = shop.make(10), shop.make(10), new_id("cart")
    shop.cart(reservation, {lamp: 1, desk: 2})
    body = {"reservationId": reservation}
    answers = at_once(lambda _: shop.http("POST", "/inventory/fulfill", body), FEW, again=AGAIN)
    assert statuses(answers) == {200: FEW}
    assert [answer.body for answer in answers] == [answers[0].body] * FEW
    assert [counts(shop.level(product)) for product in (lamp, desk)] == [(9, 0, 9), (8, 0, 8)]
    shop.balanced(lamp, desk)


def test_creators_of_one_product_make_one(shop: Shop) -> None:
    """FR-7: the others are told that it is there."""
    product = new_id()
    shop.make(0, product_id=f"{product}-first")
    taken = {"product_id": f"{product}-first", "stock_count": 0}
    bodies = [{"product_id": product, "stock_count": number} for number in range(FEW)]
    answers = at_once(
        lambda number: shop.http("POST", "/inventory", bodies[number]),
        FEW,
        first=lambda: shop.http("POST", "/inventory", taken),
    )
    assert statuses(answers) == {201: 1, 409: FEW - 1}
    (made,) = [answer.body for answer in answers if answer.status == 201]
    assert shop.level(product, "main") == made
    assert shop.types(product) == ["CREATED"]
    shop.balanced(product)
