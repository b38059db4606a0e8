"""What each function asks of AWS is what it is granted: the action, the table or index, the rows."""

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
from ...support.fake_aws import Asked, FakeAws
from ...support.grants import Use, check_grants
from ...support.lambda_context import SPENT_SECONDS
from .conftest import FULFILL, MOVEMENTS, PRODUCT, RECONCILE, RESERVATIONS, Shop
from .test_faults import DEEDS, stocked
from .test_fulfilments import forget_sale
from .test_reconcile import compare
from .test_reservations import line

GRANTS: dict[str, list[Grant]] = {function.name: function.grants() for function in SERVICE.functions}
pytestmark = pytest.mark.slow

KEYED = {"Idempotency-Key": "once"}


def everything(shop: Shop) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every function, in all the ways that ask for something else."""
    yield "create-level", lambda: [DEEDS["create"].do(shop) for _ in range(2)]
    yield "get-level", lambda: [shop.read("a"), shop.read("a", warehouse_id="main")]
    for query in ({}, {"category": "c"}, {"status": "LOW_STOCK"}, {"category": "c", "status": "LOW_STOCK"}):
        yield "list-levels", lambda query=query: shop.listed(**query, page_size="1")  # type: ignore[misc]
    yield "list-movements", lambda: shop.api("GET", MOVEMENTS, keys=("a",), query={"page_size": "1"})
    yield "list-reservations", lambda: shop.api("GET", RESERVATIONS, keys=("a",), query={"page_size": "1"})
    yield "update-level", lambda: [shop.update("a", warehouse_id="main", stock_count=n) for n in (5, 12)]
    yield "update-level", lambda: shop.update("a", threshold_level=1)
    yield "update-level", lambda: shop.api("PUT", PRODUCT, {"threshold_level": 2}, keys=("a",), headers=KEYED)
    yield "reserve", lambda: [DEEDS["reserve with a key"].do(shop) for _ in range(2)]
    yield "reserve", lambda: shop.reserve("over", 5, "e")
    yield "reserve", lambda: shop.reserve_cart("ended", line("b", 1, "main"))
    yield "release", lambda: shop.release_cart("held")
    yield "release", lambda: shop.release("f-held", "f")
    yield "fulfill", lambda: shop.fulfill("a", reservationId="r")
    forget_sale(shop, "r", 1)
    yield "fulfill", lambda: shop.fulfill("a", reservationId="r")
    yield "fulfill", lambda: shop.api("POST", FULFILL, {"quantity": 1}, keys=("b",), headers=KEYED)
    yield "fulfill", lambda: shop.fulfill("c", quantity=5)
    yield "expire-reservations", shop.expire
    yield "check-thresholds", shop.told
    yield "reconcile", lambda: shop.run("stock-reconciliation")
    yield "reconcile", lambda: shop.api("POST", RECONCILE, {"repair": True}, keys=("d",))


def uses(shop: Shop, asked: Asked) -> Iterator[Use]:
    """The permissions that a call of AWS needs."""
    tables = {aws: name for name, aws in shop.api.tables.items()}
    return grants.uses(asked, tables, ("reservation_id", "product_id"), "stock-alerts")


@pytest.fixture(name="used")
def used_fixture(shop: Shop, wire: FakeAws) -> dict[str, set[Use]]:
    """What each function used."""
    found: dict[str, set[Use]] = {function: set() for function in GRANTS}
    stocked(shop)
    shop.create("c", category="c", stock_count=5)
    shop.reserve("c-ended", 5, "c", lifetime_minutes=1)
    shop.create("e", stock_count=5)
    shop.reserve("over", 5, "e", lifetime_minutes=1)
    shop.create("f", stock_count=15, threshold_level=14)
    shop.reserve("f-ended", 1, "f", lifetime_minutes=1)
    shop.reserve("f-held", 1, "f")
    shop.create("d")
    shop.reserve("d-ended", 1, "d", lifetime_minutes=1)
    shop.clock.now += 60
    shop.tamper("d", status="OUT_OF_STOCK")
    for function, do in everything(shop):
        if function.startswith("list-"):
            shop.erase("management", product_id="tap#page-token-key", warehouse_id="tap#")
            shop.forget()
        if function == "reconcile":
            shop.clock.now += 61
            shop.tamper("d", status="OUT_OF_STOCK")
        before = len(wire.asked)
        do()
        found[function].update(use for asked in wire.asked[before:] for use in uses(shop, asked))
    return found


@pytest.mark.untraced
def test_every_function_keeps_to_its_grants_and_needs_each_part_of_them(used: dict[str, set[Use]]) -> None:
    check_grants(GRANTS, used)


def test_an_interrupted_comparison_keeps_to_the_grants_of_its_own_function(
    shop: Shop, wire: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "MAX_CANDIDATES", 1)
    monkeypatch.setattr(reconcile, "PAGE", 1)
    for product in ("a", "b"):
        shop.create(product)
        shop.tamper(product, stock_count=11)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == reconcile.LOOKS:
            DEADLINE.start(SPENT_SECONDS)

    before = len(wire.asked)
    with pytest.raises(TooManyRequests):
        compare(sleep)
    used = {use for call in wire.asked[before:] for use in uses(shop, call)}
    granted = {function.name: function.grants() for function in SERVICE.split().functions}
    check_grants({"reconcile-all": granted["reconcile-all"]}, {"reconcile-all": used})
