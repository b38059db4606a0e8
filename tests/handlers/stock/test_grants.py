"""Grants of each function match its AWS calls: action, table or index, and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lib.model import Grant
from lib.runtime.errors import TooManyRequests
from lib.runtime.http_client import DEADLINE
from lib.services.stock.handler import reconcile
from lib.services.stock.service import SERVICE

from ...support import grants
from ...support.fake_aws import FakeAws, RecordedCall
from ...support.grants import Use, check_grants
from ...support.lambda_context import SPENT_SECONDS
from .conftest import FULFILL, MOVEMENTS, PRODUCT, RECONCILE, RESERVATIONS, Shop
from .test_faults import ACTIONS, fill
from .test_fulfillments import remove_sale_attributes
from .test_reconcile import compare
from .test_reservations import line

GRANTS: dict[str, list[Grant]] = {function.name: function.grants() for function in SERVICE.functions}
pytestmark = pytest.mark.slow

IDEMPOTENCY_KEY = {"Idempotency-Key": "once"}


def calls_of_functions(shop: Shop) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield each function with calls that use all of its grants."""
    yield "create-level", lambda: [ACTIONS["create"].run(shop) for _ in range(2)]
    yield "get-level", lambda: [shop.read("a"), shop.read("a", warehouse_id="main")]
    for query in ({}, {"category": "c"}, {"status": "LOW_STOCK"}, {"category": "c", "status": "LOW_STOCK"}):
        yield "list-levels", lambda query=query: shop.list_levels(**query, page_size="1")  # type: ignore[misc]
    yield "list-movements", lambda: shop.api("GET", MOVEMENTS, keys=("a",), query={"page_size": "1"})
    yield "list-reservations", lambda: shop.api("GET", RESERVATIONS, keys=("a",), query={"page_size": "1"})
    yield "update-level", lambda: [shop.update("a", warehouse_id="main", stock_count=n) for n in (5, 12)]
    yield "update-level", lambda: shop.update("a", threshold_level=1)
    yield "update-level", lambda: shop.api("PUT", PRODUCT, {"threshold_level": 2}, keys=("a",), headers=IDEMPOTENCY_KEY)
    yield "reserve", lambda: [ACTIONS["reserve with a key"].run(shop) for _ in range(2)]
    yield "reserve", lambda: shop.reserve("over", 5, "e")
    yield "reserve", lambda: shop.reserve_cart("expired", line("b", 1, "main"))
    yield "release", lambda: shop.release_cart("active")
    yield "release", lambda: shop.release("f-active", "f")
    yield "fulfill", lambda: shop.fulfill("a", reservationId="r")
    remove_sale_attributes(shop, "r", 1)
    yield "fulfill", lambda: shop.fulfill("a", reservationId="r")
    yield "fulfill", lambda: shop.api("POST", FULFILL, {"quantity": 1}, keys=("b",), headers=IDEMPOTENCY_KEY)
    yield "fulfill", lambda: shop.fulfill("c", quantity=5)
    yield "expire-reservations", shop.run_expiry
    yield "check-thresholds", shop.sent_alerts
    yield "reconcile", lambda: shop.run_schedule("stock-reconciliation")
    yield "reconcile", lambda: shop.api("POST", RECONCILE, {"repair": True}, keys=("d",))


def uses(shop: Shop, call: RecordedCall) -> Iterator[Use]:
    """Return the permissions that an AWS call requires."""
    tables = {aws: name for name, aws in shop.api.tables.items()}
    return grants.uses(call, tables, ("reservation_id", "product_id"), "stock-alerts")


@pytest.fixture(name="used")
def used_fixture(shop: Shop, wire: FakeAws) -> dict[str, set[Use]]:
    """Return the permissions that each function used."""
    used: dict[str, set[Use]] = {function: set() for function in GRANTS}
    fill(shop)
    shop.create("c", category="c", stock_count=5)
    shop.reserve("c-expired", 5, "c", lifetime_minutes=1)
    shop.create("e", stock_count=5)
    shop.reserve("over", 5, "e", lifetime_minutes=1)
    shop.create("f", stock_count=15, threshold_level=14)
    shop.reserve("f-expired", 1, "f", lifetime_minutes=1)
    shop.reserve("f-active", 1, "f")
    shop.create("d")
    shop.reserve("d-expired", 1, "d", lifetime_minutes=1)
    shop.clock.now += 60
    shop.set_attributes("d", status="OUT_OF_STOCK")
    for function, run in calls_of_functions(shop):
        if function.startswith("list-"):
            shop.delete_item("management", product_id="tap#page-token-key", warehouse_id="tap#")
            shop.start_environment()
        if function == "reconcile":
            shop.clock.now += 61
            shop.set_attributes("d", status="OUT_OF_STOCK")
        before = len(wire.calls)
        run()
        used[function].update(use for call in wire.calls[before:] for use in uses(shop, call))
    return used


@pytest.mark.untraced
def test_functions_use_exactly_their_grants(used: dict[str, set[Use]]) -> None:
    check_grants(GRANTS, used)


def test_interrupted_comparison_uses_only_the_grants_of_its_function(
    shop: Shop, wire: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "MAX_CANDIDATES", 1)
    monkeypatch.setattr(reconcile, "PAGE", 1)
    for product in ("a", "b"):
        shop.create(product)
        shop.set_attributes(product, stock_count=11)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == reconcile.CONFIRMATIONS:
            DEADLINE.start(SPENT_SECONDS)

    before = len(wire.calls)
    with pytest.raises(TooManyRequests):
        compare(sleep)
    used = {use for call in wire.calls[before:] for use in uses(shop, call)}
    granted = {function.name: function.grants() for function in SERVICE.split().functions}
    check_grants({"reconcile-all": granted["reconcile-all"]}, {"reconcile-all": used})
