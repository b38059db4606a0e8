"""What the stock service counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.services.stock.handler import reconcile
from lib.services.stock.service import SERVICE

from ...support.metric_assertions import check_metrics, summed
from ...support.worker import Answer
from .conftest import PRODUCT, RELEASE_ANY, RESERVE, Shop
from .test_reservations import line

KEY = {"Idempotency-Key": "once"}


def stocked(shop: Shop) -> None:
    """Products that are low and out, and some of which holds have ended."""
    for name, count in {"low": 5, "out": 0, "plenty": 99, "few": 5}.items():
        shop.create(name, stock_count=count)
    shop.reserve("all", 5, "few")
    for name in ("updated", "reserved", "released", "freed", "sold", "swept"):
        shop.create(name, stock_count=15, threshold_level=14)
        shop.reserve(f"ended-{name}", 14, name, lifetime_minutes=1)
        shop.reserve(f"held-{name}", 1, name)
    shop.clock.now += 60


def test_operations_emit_what_their_descriptions_say(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    stocked(shop)
    for count in (5, 0):
        shop.update("plenty", stock_count=count)
    shop.update("updated", category="x")
    shop.reserve("one", 1, "reserved")
    shop.release("held-released", "released")
    shop.api("DELETE", RELEASE_ANY, keys=("freed", "held-freed"))
    shop.release("all", "few")
    shop.fulfill("sold", quantity=14)
    shop.fulfill("few", quantity=4)
    shop.fulfill("few", quantity=2)
    shop.expire()
    shop.told()
    for name in ("low", "out"):
        shop.tamper(name, stock_count=50, status="IN_STOCK")
    shop.run("stock-reconciliation")
    shop.clock.now += reconcile.QUIET_SECONDS + 1
    for name in ("low", "out"):
        assert shop.reconcile(name, repair=True)["repaired"]
    assert shop.reserve("over", 9, "out").status == 409
    shop.listed()
    shop.held("few")
    shop.moved("few")
    shop.read("few")
    check_metrics(SERVICE, capsys.readouterr().out)


def cart(shop: Shop) -> Any:
    """A reservation of two products."""
    return shop.reserve_cart("cart", line("lamp", 2), line("desk", 3))


def keyed(shop: Shop, method: str, path: str, **body: Any) -> Any:
    """A request under a key, about the lamp."""
    return shop.api(method, path, body, keys=("lamp",), headers=KEY)


DEEDS: dict[str, tuple[Callable[[Shop], Any], dict[str, int]]] = {
    "create": (
        lambda shop: shop.api("POST", "/inventory", {"product_id": "new", "stock_count": 1}, headers=KEY),
        {"LowStock": 1},
    ),
    "update": (lambda shop: keyed(shop, "PUT", PRODUCT, adjustment=-18, reason="x"), {"OutOfStock": 1}),
    "reserve": (
        lambda shop: shop.reserve("r", 10),
        {"ReservationsMade": 1, "UnitsReserved": 10, "LowStock": 1},
    ),
    "reserve with a key": (
        lambda shop: keyed(shop, "POST", RESERVE, reservationId="r", quantity=1),
        {"ReservationsMade": 1, "UnitsReserved": 1},
    ),
    "reserve a cart": (cart, {"ReservationsMade": 1, "UnitsReserved": 5}),
    "release a cart": (lambda shop: shop.release_cart("held"), {"ReservationsReleased": 1}),
    "release the first of a cart": (lambda shop: shop.release("held"), {"ReservationsReleased": 1}),
    "release another of a cart": (lambda shop: shop.release("held", "desk"), {}),
    "fulfil a cart": (lambda shop: shop.fulfill_cart(reservationId="held"), {"Fulfilments": 1, "UnitsSold": 5}),
    "fulfil free units": (
        lambda shop: shop.fulfill(headers=KEY, quantity=18),
        {"Fulfilments": 1, "UnitsSold": 18, "OutOfStock": 1},
    ),
    "expire": (lambda shop: _later(shop).expire(), {"ReservationsExpired": 1, "SweepAge": 60}),
}


def _later(shop: Shop) -> Shop:
    shop.clock.now = max(shop.clock.now, 1_800_000_000.0 + 31 * 60)
    return shop


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.untraced
@pytest.mark.slow
def test_what_is_done_is_counted_once_however_often_it_is_asked_for(
    shop: Shop, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    do, wanted = DEEDS[name]
    for product in ("lamp", "desk"):
        shop.create(product, stock_count=20)
    assert shop.reserve_cart("held", line("lamp", 2), line("desk", 3)).status == 201
    capsys.readouterr()
    for _ in range(2):
        do(shop)
    assert summed(capsys.readouterr().out) == wanted


def test_each_request_for_more_than_there_is_is_counted(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for product in ("lamp", "desk"):
        shop.create(product, stock_count=5)
    shop.reserve("ended", 1, lifetime_minutes=1)
    shop.clock.now += 60
    requests: list[Callable[[], Answer]] = [
        lambda: shop.reserve("r", 9),
        lambda: shop.reserve_cart("r", line("lamp", 1), line("desk", 9)),
        lambda: shop.fulfill(quantity=9),
        lambda: shop.fulfill(headers=KEY, quantity=9),
    ]
    for request in requests:
        capsys.readouterr()
        assert [request().body["code"] for _ in range(2)] == ["INSUFFICIENT_STOCK"] * 2
        assert summed(capsys.readouterr().out)["OversellsRefused"] == 2


def test_other_refusals_are_no_oversell(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create()
    shop.reserve("r", 1)
    capsys.readouterr()
    assert shop.reserve("r", 2).body["code"] == "RESERVATION_CONFLICT"
    assert shop.update(stock_count=0).body["code"] == "BELOW_RESERVED"
    assert shop.reserve("none", 1, "none").status == 404
    assert summed(capsys.readouterr().out) == {}
