"""A worker that dies between any two calls of AWS, and answers that are lost, leave everything whole."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from lib.runtime import dynamodb
from lib.runtime.http_client import AwsError

from ...support.fake_aws import Asked, FakeAws
from ...support.lambda_context import SPENT_SECONDS
from ...support.worker import Answer, refused
from .conftest import FULFILL, PRODUCT, RECONCILE, RESERVE, Shop
from .consistency import check
from .test_reservations import counts, line

pytestmark = pytest.mark.slow

THROTTLED = (400, {"__type": "ProvisionedThroughputExceededException"})
KEY = {"Idempotency-Key": "k"}
ADJUSTMENT = {"adjustment": 1, "reason": "x", "expected_version": 1}
DIES = ["lose", "hang up"]
"""The worker ends as soon as AWS has executed a call."""
FAULTY = ("create", "update", "reserve an ended id", "release", "fulfil held", "fulfil free", "expire")


class Deed(NamedTuple):
    """An operation, and what the same again is told once it was carried out."""

    do: Callable[[Shop], Answer | None]
    first: int
    again: int


def swept(shop: Shop, schedule: str) -> None:
    """Let a schedule come round."""
    shop.run(schedule)


CART = (line("a", 2), line("b"))
DEEDS: dict[str, Deed] = {
    "create": Deed(
        lambda shop: shop.api("POST", "/inventory", {"product_id": "new", "stock_count": 5}, headers=KEY), 201, 201
    ),
    "update": Deed(lambda shop: shop.update("a", stock_count=13, expected_version=1), 200, 409),
    "adjust with a key": Deed(lambda shop: shop.api("PUT", PRODUCT, ADJUSTMENT, keys=("a",), headers=KEY), 200, 200),
    "reserve": Deed(lambda shop: shop.reserve("r", 2, "a"), 201, 201),
    "reserve with a key": Deed(
        lambda shop: shop.api("POST", RESERVE, {"reservationId": "r", "quantity": 2}, keys=("a",), headers=KEY),
        201,
        201,
    ),
    "reserve a cart": Deed(lambda shop: shop.reserve_cart("r", *CART), 201, 201),
    "reserve an ended id": Deed(lambda shop: shop.reserve_cart("ended", *CART), 201, 201),
    "reserve all": Deed(lambda shop: shop.reserve("r", 8, "a"), 201, 201),
    "release": Deed(lambda shop: shop.release_cart("held"), 204, 404),
    "fulfil held": Deed(lambda shop: shop.fulfill_cart(reservationId="held"), 200, 200),
    "fulfil free": Deed(lambda shop: shop.api("POST", FULFILL, {"quantity": 2}, keys=("a",), headers=KEY), 200, 200),
    "reconcile": Deed(lambda shop: shop.api("POST", RECONCILE, {"repair": True}, keys=("a",)), 200, 200),
    "expire": Deed(lambda shop: swept(shop, "stock-expiry"), 0, 0),
    "tell": Deed(lambda shop: swept(shop, "stock-thresholds"), 0, 0),
    "list": Deed(lambda shop: shop.api("GET", "/inventory", query={"page_size": "1"}), 200, 200),
}


def stocked(shop: Shop) -> None:
    """A shop with a bit of everything: 8 of a are free, as 2 that were held have ended."""
    shop.create("a", stock_count=12, threshold_level=8)
    shop.create("b", stock_count=5)
    shop.reserve_cart("ended", line("a", 2), line("b"), lifetime_minutes=1)
    shop.reserve_cart("held", line("a", 4), line("b"), lifetime_minutes=9)
    shop.clock.now += 60


def emptied(shop: Shop) -> None:
    """Nothing is there any more."""
    keys = {
        "management": ("product_id", "warehouse_id"),
        "reservations": ("reservation_id", "line"),
        "movements": ("product_id", "movement_id"),
    }
    for table, names in keys.items():
        shop.erase_all(table, [{name: row[name] for name in names} for row in shop.rows(table)])


def cut(shop: Shop, wire: FakeAws, script: list[Any], deed: Deed) -> bool:
    """Let the script's first calls through, then end; whether the operation came to its own end all the same."""
    wire.script = script
    calls = script.count("pass")
    before = len(wire.asked)
    shop.forget(pauses=())
    with contextlib.suppress(AwsError):  # of a schedule
        deed.do(shop)
    wire.script = ["pass"]
    shop.forget()
    return len(wire.asked) - before <= calls


def states(shop: Shop) -> Iterator[Any]:
    """All that was done so far, without when."""
    for row in sorted(shop.rows("movements"), key=lambda row: (row["product_id"], row["sequence"])):
        yield row["product_id"], row["type"], row["quantity"], row.get("reservationId")


@pytest.mark.parametrize("name", [name for name in DEEDS if name not in ("reserve", "list")])
def test_a_crash_between_any_two_calls_leaves_everything_whole(shop: Shop, wire: FakeAws, name: str) -> None:
    deed = DEEDS[name]
    stocked(shop)
    before = [*states(shop)]
    deed.do(shop)
    wanted = [*states(shop)]
    emptied(shop)
    calls, finished = 0, False
    while not finished:
        shop.clock.now -= 60
        stocked(shop)
        finished = cut(shop, wire, [*["pass"] * calls, *DIES], deed)
        with shop.snapshot():
            check(shop)
            done = [*states(shop)] == wanted
        answer = deed.do(shop)
        if answer:
            assert answer.status == (deed.again if done and before != wanted else deed.first)
        with shop.snapshot():
            if name == "reserve all":
                assert {*states(shop)} == {*wanted}
            else:
                assert [*states(shop)] == wanted, "repeated, it is done once"
            check(shop)
            emptied(shop)
        calls += 1
    assert calls >= 2


@pytest.mark.parametrize("name", FAULTY)
@pytest.mark.untraced
def test_a_lost_response_does_not_change_the_outcome(shop: Shop, wire: FakeAws, name: str) -> None:
    stocked(shop)
    before = len(wire.asked)
    first = DEEDS[name].do(shop)
    wanted = [*states(shop)]
    emptied(shop)
    for at in range(len(wire.asked) - before):
        shop.clock.now -= 60
        stocked(shop)
        wire.script = [*["pass"] * at, "lose", "pass"]
        again = DEEDS[name].do(shop)
        assert (again and again.status) == (first and first.status)
        with shop.snapshot():
            assert [*states(shop)] == wanted
            check(shop)
            emptied(shop)


@pytest.mark.parametrize("calls", range(6))
def test_an_alert_is_never_lost(shop: Shop, wire: FakeAws, calls: int) -> None:
    stocked(shop)
    cut(shop, wire, [*["pass"] * calls, *DIES], DEEDS["tell"])
    shop.clock.now += 60
    told = [(message["product_id"], message["sequence"]) for message in shop.told()]
    assert set(told) == {("a", 3), ("b", 1)}
    # A batch whose response is lost is sent again as a whole.
    assert max(Counter(told).values()) <= 2
    assert shop.told() == []
    check(shop)


def test_a_table_that_is_too_busy_asks_for_patience(shop: Shop, wire: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "BACKOFF_SECONDS", ())
    stocked(shop)
    shop.api.seconds = SPENT_SECONDS
    wire.script = [THROTTLED]
    for name in ("create", "update", "reserve", "release", "fulfil held", "fulfil free", "list"):
        answer = DEEDS[name].do(shop)
        assert answer
        refused(answer, 429, "THROTTLED", "DynamoDB throttles requests")
    wire.script = ["pass"]
    check(shop)


def test_a_level_that_others_keep_changing_asks_for_patience(shop: Shop, wire: FakeAws) -> None:
    stocked(shop)
    stale = shop.raw("a")
    shop.update("a", stock_count=11)
    wire.script = [lambda asked: (200, {"Items": [stale]}) if b"product_id = :value" in asked.body else "pass"]
    answer = shop.update("a", stock_count=10)
    assert (answer.status, answer.body["stock_count"]) == (200, 10), "what is read in vain is told by the refusal"

    def always(asked: Asked) -> object:
        if "TransactWriteItems" not in asked.headers["x-amz-target"]:
            return "pass"
        lost = {"Code": "ConditionalCheckFailed", "Item": stale}
        return (400, {"__type": "TransactionCanceledException", "CancellationReasons": [lost, {"Code": "None"}]})

    wire.script = [always]
    shop.api.seconds = SPENT_SECONDS
    refused(shop.update("a", stock_count=9), 429, "THROTTLED", "a: changed by too many at once")
    wire.script = ["pass"]
    check(shop)


@pytest.mark.parametrize("name", ["reserve", "release", "fulfil held"])
def test_a_reservation_that_others_keep_changing_asks_for_patience(shop: Shop, wire: FakeAws, name: str) -> None:
    stocked(shop)

    def always(asked: Asked) -> object:
        if "TransactWriteItems" not in asked.headers["x-amz-target"]:
            return "pass"
        tables = [next(iter(action.values()))["TableName"] for action in json.loads(asked.body)["TransactItems"]]
        codes = ["ConditionalCheckFailed" if name == shop.api.tables["reservations"] else "None" for name in tables]
        return (
            400,
            {"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": code} for code in codes]},
        )

    wire.script = [always]
    shop.api.seconds = SPENT_SECONDS
    answer = DEEDS[name].do(shop)
    assert answer
    refused(answer, 429, "THROTTLED", "reservation ")
    wire.script = ["pass"]
    check(shop)


def overtaken_by(wire: FakeAws, other: Callable[[], Answer | None]) -> None:
    """Let somebody else come in between what is read and what is written."""

    def overtake(asked: Asked) -> str:
        if "TransactWriteItems" in asked.headers["x-amz-target"]:
            wire.script = ["pass"]
            answer = other()
            assert answer is None or answer.status < 300, answer.text
        return "pass"

    wire.script = [overtake]


@pytest.mark.parametrize(
    ("mine", "other", "status"),
    [
        ("update", lambda shop: shop.reserve("x", 1, "a"), 200),
        ("update", lambda shop: shop.update("a", stock_count=30), 409),
        ("adjust with a key", DEEDS["adjust with a key"].do, 200),
        ("reserve", lambda shop: shop.reserve("r", 2, "a"), 201),
        ("reserve", lambda shop: shop.reserve("r", 1, "a"), 409),
        ("reserve", lambda shop: shop.fulfill("a", quantity=7), 409),
        ("reserve", lambda shop: shop.fulfill("a", quantity=2), 201),
        ("reserve with a key", DEEDS["reserve with a key"].do, 201),
        ("reserve an ended id", Shop.expire, 201),
        ("reserve an ended id", lambda shop: shop.reserve("ended", 1, "b"), 409),
        ("reserve an ended id", lambda shop: shop.reserve_cart("ended", *CART), 201),
        ("release", lambda shop: shop.release_cart("held"), 404),
        ("release", lambda shop: shop.release("held", "a"), 204),
        ("release", lambda shop: shop.fulfill_cart(reservationId="held"), 404),
        ("fulfil held", lambda shop: shop.fulfill_cart(reservationId="held"), 200),
        ("fulfil held", lambda shop: shop.release_cart("held"), 404),
        ("fulfil held", lambda shop: shop.update("b", stock_count=30), 200),
        ("fulfil free", DEEDS["fulfil free"].do, 200),
        ("create", DEEDS["create"].do, 201),
        ("create", lambda shop: shop.api("POST", "/inventory", {"product_id": "new", "stock_count": 1}), 409),
        ("expire", lambda shop: shop.reserve("x", 1, "a"), 0),
    ],
)
def test_who_is_overtaken_goes_by_what_is_so_now(
    shop: Shop, wire: FakeAws, mine: str, other: Callable[[Shop], Answer | None], status: int
) -> None:
    stocked(shop)
    overtaken_by(wire, lambda: other(shop))
    answer = DEEDS[mine].do(shop)
    assert wire.script == ["pass"], "somebody came in between"
    assert (answer.status if answer else 0) == status
    check(shop)


def before_read(wire: FakeAws, number: int, other: Callable[[], object]) -> None:
    """Let another request come in before a read of a reservation; the first read is number 0."""
    reads = iter(range(9))

    def come_in(asked: Asked) -> str:
        if b"reservation_id = :value" in asked.body and next(reads) == number:
            wire.script = ["pass"]
            other()
            wire.script = [come_in]
        return "pass"

    wire.script = [come_in]


def test_what_another_has_reserved_meanwhile_under_an_ended_id_is_not_given_back(shop: Shop, wire: FakeAws) -> None:
    stocked(shop)
    # The first read compares the ended reservation with the request, the second finds the lines to release.
    before_read(wire, 1, lambda: shop.reserve("ended", 3, "b"))
    refused(shop.reserve_cart("ended", *CART), 409, "RESERVATION_CONFLICT", "holds other lines")
    wire.script = ["pass"]
    assert [held["reservationId"] for held in shop.held("b")].count("ended") == 1
    assert counts(shop, "b") == (5, 4, 1)
    check(shop)


def test_what_a_sweep_gives_back_in_part_meanwhile_is_given_back_whole(shop: Shop, wire: FakeAws) -> None:
    stocked(shop)
    before_read(wire, 2, lambda: shop.expire_one("a"))
    assert shop.reserve_cart("ended", *CART).status == 201
    wire.script = ["pass"]
    check(shop)


def test_a_guard_that_dynamodb_has_removed_guards_nothing(shop: Shop) -> None:
    stocked(shop)
    shop.expire()
    shop.erase("reservations", reservation_id="ended", line=0)
    assert shop.reserve_cart("ended", *CART).status == 201
    check(shop)


def test_a_line_that_is_held_is_not_written_over_without_its_guard_either(shop: Shop) -> None:
    stocked(shop)
    shop.erase("reservations", reservation_id="held", line=0)
    refused(shop.reserve_cart("held", *CART), 409, "RESERVATION_CONFLICT", "'held'")
    assert [hold["reservationId"] for hold in shop.held("b")] == ["held"]


def test_a_level_that_vanishes_is_missing(shop: Shop, wire: FakeAws) -> None:
    stocked(shop)
    shop.erase("management", product_id="b", warehouse_id="main")
    refused(shop.release_cart("held"), 404, "NOT_FOUND", "no product 'b' in warehouse 'main'")
    overtaken_by(wire, lambda: shop.erase("management", product_id="a", warehouse_id="main"))
    refused(shop.reserve("x", 1, "a"), 404, "NOT_FOUND", "no product 'a'")
