"""Custom metrics of the stock service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.services.stock.handler import reconcile
from lib.services.stock.service import SERVICE

from ...support.metric_assertions import check_metrics, summed
from ...support.worker import HandlerResponse
from .conftest import PRODUCT, RELEASE_ANY, RESERVE, Shop
from .test_reservations import line

KEY = {"Idempotency-Key": "once"}


def fill(shop: Shop) -> None:
    """Create levels with low, empty and sufficient stock, and with expired and active reservations."""
    for name, count in {"low": 5, "out": 0, "plenty": 99, "few": 5}.items():
        shop.create(name, stock_count=count)
    shop.reserve("all", 5, "few")
    for name in ("updated", "reserved", "released", "released-any", "sold", "expired"):
        shop.create(name, stock_count=15, threshold_level=14)
        shop.reserve(f"expired-{name}", 14, name, lifetime_minutes=1)
        shop.reserve(f"active-{name}", 1, name)
    shop.clock.now += 60


def test_operations_emit_exactly_their_declared_metrics(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    fill(shop)
    for count in (5, 0):
        shop.update("plenty", stock_count=count)
    shop.update("updated", category="x")
    shop.reserve("one", 1, "reserved")
    shop.release("active-released", "released")
    shop.api("DELETE", RELEASE_ANY, keys=("released-any", "active-released-any"))
    shop.release("all", "few")
    shop.fulfill("sold", quantity=14)
    shop.fulfill("few", quantity=4)
    shop.fulfill("few", quantity=2)
    shop.run_expiry()
    shop.sent_alerts()
    for name in ("low", "out"):
        shop.set_attributes(name, stock_count=50, status="IN_STOCK")
    shop.run_schedule("stock-reconciliation")
    shop.clock.now += reconcile.QUIET_SECONDS + 1
    for name in ("low", "out"):
        assert shop.reconcile(name, repair=True)["repaired"]
    assert shop.reserve("over", 9, "out").status == 409
    shop.list_levels()
    shop.list_reservations("few")
    shop.list_movements("few")
    shop.read("few")
    check_metrics(SERVICE, capsys.readouterr().out)


def keyed(shop: Shop, method: str, path: str, **body: Any) -> Any:
    """Send a request for the lamp with an idempotency key."""
    return shop.api(method, path, body, keys=("lamp",), headers=KEY)


ACTIONS: dict[str, tuple[Callable[[Shop], Any], dict[str, int]]] = {
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
    "reserve a cart": (
        lambda shop: shop.reserve_cart("cart", line("lamp", 2), line("desk", 3)),
        {"ReservationsMade": 1, "UnitsReserved": 5},
    ),
    "release a cart": (lambda shop: shop.release_cart("active"), {"ReservationsReleased": 1}),
    "release the first of a cart": (lambda shop: shop.release("active"), {"ReservationsReleased": 1}),
    "release another of a cart": (lambda shop: shop.release("active", "desk"), {}),
    "fulfill a cart": (lambda shop: shop.fulfill_cart(reservationId="active"), {"Fulfilments": 1, "UnitsSold": 5}),
    "fulfill available units": (
        lambda shop: shop.fulfill(headers=KEY, quantity=18),
        {"Fulfilments": 1, "UnitsSold": 18, "OutOfStock": 1},
    ),
    "expire": (lambda shop: _after_expiry(shop).run_expiry(), {"ReservationsExpired": 1, "SweepAge": 60}),
}


def _after_expiry(shop: Shop) -> Shop:
    shop.clock.now = max(shop.clock.now, 1_800_000_000.0 + 31 * 60)
    return shop


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.untraced
@pytest.mark.slow
def test_repeated_request_is_counted_once(shop: Shop, capsys: pytest.CaptureFixture[str], name: str) -> None:
    action, expected = ACTIONS[name]
    for product in ("lamp", "desk"):
        shop.create(product, stock_count=20)
    assert shop.reserve_cart("active", line("lamp", 2), line("desk", 3)).status == 201
    capsys.readouterr()
    for _ in range(2):
        action(shop)
    assert summed(capsys.readouterr().out) == expected


def test_each_rejected_oversell_is_counted(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for product in ("lamp", "desk"):
        shop.create(product, stock_count=5)
    shop.reserve("expired", 1, lifetime_minutes=1)
    shop.clock.now += 60
    requests: list[Callable[[], HandlerResponse]] = [
        lambda: shop.reserve("r", 9),
        lambda: shop.reserve_cart("r", line("lamp", 1), line("desk", 9)),
        lambda: shop.fulfill(quantity=9),
        lambda: shop.fulfill(headers=KEY, quantity=9),
    ]
    for request in requests:
        capsys.readouterr()
        assert [request().body["code"] for _ in range(2)] == ["INSUFFICIENT_STOCK"] * 2
        assert summed(capsys.readouterr().out)["OversellsRefused"] == 2


def test_other_errors_are_not_counted_as_oversells(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create()
    shop.reserve("r", 1)
    capsys.readouterr()
    assert shop.reserve("r", 2).body["code"] == "RESERVATION_CONFLICT"
    assert shop.update(stock_count=0).body["code"] == "BELOW_RESERVED"
    assert shop.reserve("none", 1, "none").status == 404
    assert summed(capsys.readouterr().out) == {}
