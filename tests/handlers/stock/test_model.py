"""Stateful test: random sequences of requests against the service and a simple model of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from ...support.worker import HandlerResponse
from .conftest import RECONCILE, Shop
from .consistency import check, expected_alerts
from .test_faults import clear

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

PRODUCTS = ("a", "b")
IDS = st.sampled_from(["r1", "r2", "r3"])
PRODUCT = st.sampled_from(PRODUCTS)
UNITS = st.integers(1, 8)
MINUTES = st.integers(1, 3)
MODEL_SETTINGS = settings(
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=8,
    stateful_step_count=25,
    suppress_health_check=[*HealthCheck],
)


@dataclass
class Reservation:
    """Reservation in the model."""

    lines: dict[str, int]
    minutes: int
    expiry: float
    states: dict[str, str]
    """State of each product."""

    def active_products(self, now: float) -> list[str]:
        """Return the products with reserved units."""
        return [name for name, state in self.states.items() if state == "HELD" and self.expiry > now]


class Model(RuleBasedStateMachine):
    """State machine that sends each request to the service and applies it to the model."""

    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        clear(self.shop)
        self.shop.start_environment()
        self.stock: dict[str, int] = {}
        self.reservations: dict[str, Reservation] = {}
        self.sent: Counter[tuple[str, int]] = Counter()

    def teardown(self) -> None:
        """Check that every alert was sent once."""
        self.send_alerts()
        assert self.sent == Counter((product, sequence) for product, _, sequence, _ in expected_alerts(self.shop))

    def available(self, product: str) -> int:
        now = self.shop.clock.now
        active = (r.lines[product] for r in self.reservations.values() if product in r.active_products(now))
        return self.stock[product] - sum(active)

    @initialize(counts=st.tuples(st.integers(0, 20), st.integers(0, 20)))
    def create_levels(self, counts: tuple[int, int]) -> None:
        for product, count in zip(PRODUCTS, counts, strict=True):
            assert self.shop.create(product, stock_count=count, threshold_level=4)["available"] == count
            self.stock[product] = count

    @rule(product=PRODUCT)
    def create(self, product: str) -> None:
        """Create an existing level, which is rejected."""
        assert self.shop.api("POST", "/inventory", {"product_id": product, "stock_count": 1}).status == 409

    @rule(product=PRODUCT, count=st.integers(0, 20), is_adjustment=st.booleans())
    def update(self, product: str, count: int, is_adjustment: bool) -> None:
        """Set or adjust the stock count, which is rejected below the reserved units."""
        change = {"adjustment": count - self.stock[product], "reason": "x"} if is_adjustment else {"stock_count": count}
        response = self.shop.update(product, **change)
        if count < self.stock[product] and count < self.stock[product] - self.available(product):
            assert (response.status, response.body["code"]) == (409, "BELOW_RESERVED")
        else:
            assert response.status == 200
            self.stock[product] = count

    @rule(name=IDS, product=PRODUCT, units=UNITS, minutes=MINUTES)
    def reserve(self, name: str, product: str, units: int, minutes: int) -> None:
        response = self.shop.reserve(name, units, product, lifetime_minutes=minutes)
        self._check_reservation(name, {product: units}, minutes, response)

    @rule(name=IDS, units=st.tuples(UNITS, UNITS), minutes=MINUTES)
    def reserve_cart(self, name: str, units: tuple[int, int], minutes: int) -> None:
        lines = dict(zip(PRODUCTS, units, strict=True))
        cart = [{"product_id": product, "quantity": quantity} for product, quantity in lines.items()]
        self._check_reservation(name, lines, minutes, self.shop.reserve_cart(name, *cart, lifetime_minutes=minutes))

    def _check_reservation(self, name: str, lines: dict[str, int], minutes: int, response: HandlerResponse) -> None:
        now, old = self.shop.clock.now, self.reservations.get(name)
        if old and "SOLD" in old.states.values():
            assert (response.status, response.body["code"]) == (409, "RESERVATION_FULFILLED")
        elif old and old.active_products(now):
            if (old.active_products(now), old.lines, old.minutes) == (list(old.states), lines, minutes):
                assert response.status == 201
            else:
                assert (response.status, response.body["code"]) == (409, "RESERVATION_CONFLICT")
        elif any(self.available(product) < units for product, units in lines.items()):
            assert (response.status, response.body["code"]) == (409, "INSUFFICIENT_STOCK")
        else:
            assert response.status == 201, response.text
            step = {1: 3, 2: 6, 3: 6}[minutes]
            end = -(-(now + minutes * 60) // step) * step
            self.reservations[name] = Reservation(lines, minutes, end, dict.fromkeys(lines, "HELD"))

    @rule(name=IDS, product=st.none() | PRODUCT)
    def release(self, name: str, product: str | None) -> None:
        response = self.shop.release(name, product) if product else self.shop.release_cart(name)
        active = self._active_products(name, product)
        assert response.status == (204 if active else 404)
        for released in active:
            self.reservations[name].states[released] = "RELEASED"

    @rule(name=IDS, product=st.none() | PRODUCT)
    def fulfill(self, name: str, product: str | None) -> None:
        """Sell one product or the whole reservation."""
        fields = {"reservationId": name}
        response = self.shop.fulfill(product, **fields) if product else self.shop.fulfill_cart(**fields)  # type: ignore[arg-type]
        active = self._active_products(name, product)
        if active:
            assert response.status == 200
            assert {(line["product_id"], line["quantity"]) for line in response.body["lines"]} == {
                (sold, self.reservations[name].lines[sold]) for sold in active
            }
            for sold in active:
                self.reservations[name].states[sold] = "SOLD"
                self.stock[sold] -= self.reservations[name].lines[sold]
            return
        all_states = self.reservations[name].states if name in self.reservations else {}
        states = {state for sold, state in all_states.items() if product in (None, sold)}
        assert response.status == (200 if "SOLD" in states else 409 if "HELD" in states else 404)

    @rule(product=PRODUCT, units=UNITS)
    def sell(self, product: str, units: int) -> None:
        response = self.shop.fulfill(product, quantity=units)
        if units > self.available(product):
            assert (response.status, response.body["code"]) == (409, "INSUFFICIENT_STOCK")
        else:
            assert response.status == 200
            self.stock[product] -= units

    def _active_products(self, name: str, product: str | None) -> list[str]:
        reservation = self.reservations.get(name)
        active = reservation.active_products(self.shop.clock.now) if reservation else []
        return [reserved for reserved in active if product in (None, reserved)]

    @rule(seconds=st.sampled_from([1, 30, 60, 90, 901]))
    def wait(self, seconds: int) -> None:
        self.shop.clock.now += seconds

    @rule()
    def expire(self) -> None:
        self.shop.run_expiry()
        assert all(min(map(int, item["holds"])) > self.shop.clock.now for item in self._level_items() if item["holds"])

    @rule()
    def send_alerts(self) -> None:
        self.sent.update((message["product_id"], message["sequence"]) for message in self.shop.sent_alerts())

    @precondition(lambda self: self.stock)
    @rule(product=PRODUCT, repair=st.booleans())
    def reconcile(self, product: str, repair: bool) -> None:
        """Reconcile a product, which finds no drifts."""
        response = self.shop.api("POST", RECONCILE, {"repair": repair}, keys=(product,))
        assert response.body == {"product_id": product, "repaired": False, "drifts": []}

    def _level_items(self) -> list[dict[str, Any]]:
        return [item for item in self.shop.items("management") if item["warehouse_id"] == "main"]

    @invariant()
    def agrees(self) -> None:
        """Check that the responses match the model, and that the tables are consistent."""
        check(self.shop)
        now = self.shop.clock.now
        for product, on_hand in self.stock.items():
            level = self.shop.read(product)
            assert (level["stock_count"], level["available"]) == (on_hand, self.available(product))
            listed = {(line["reservationId"], line["quantity"]) for line in self.shop.list_reservations(product)}
            active = ((name, r) for name, r in self.reservations.items() if product in r.active_products(now))
            assert listed == {(name, reservation.lines[product]) for name, reservation in active}


def test_service_matches_the_model(shop: Shop) -> None:
    class ShopModel(Model):
        """State machine with the client of the test."""

    ShopModel.shop = shop
    run_machine(ShopModel, settings=MODEL_SETTINGS)
