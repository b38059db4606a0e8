"""The service against a model of it in a few lines: whatever is done in whatever order, both agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from ...support.worker import Answer
from .conftest import RECONCILE, Shop
from .consistency import alerts as alerts_raised
from .consistency import check
from .test_faults import emptied

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

PRODUCTS = ("a", "b")
IDS = st.sampled_from(["r1", "r2", "r3"])
PRODUCT = st.sampled_from(PRODUCTS)
UNITS = st.integers(1, 8)
MINUTES = st.integers(1, 3)
BRIEFLY = settings(
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=8,
    stateful_step_count=25,
    suppress_health_check=[*HealthCheck],
)


@dataclass
class Held:
    """A reservation as the model knows it."""

    lines: dict[str, int]
    minutes: int
    end: float
    states: dict[str, str]
    """Of each product."""

    def live(self, now: float) -> list[str]:
        """The products of which units are held."""
        return [name for name, state in self.states.items() if state == "HELD" and self.end > now]


class Model(RuleBasedStateMachine):
    """Does the same to the service and to the model."""

    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        emptied(self.shop)
        self.shop.forget()
        self.stock: dict[str, int] = {}
        self.held: dict[str, Held] = {}
        self.told: Counter[tuple[str, int]] = Counter()

    def teardown(self) -> None:
        """Every alert was sent once."""
        self.tell()
        assert self.told == Counter((product, sequence) for product, _, sequence, _ in alerts_raised(self.shop))

    def available(self, product: str) -> int:
        """What anybody may have."""
        now = self.shop.clock.now
        return self.stock[product] - sum(h.lines[product] for h in self.held.values() if product in h.live(now))

    @initialize(counts=st.tuples(st.integers(0, 20), st.integers(0, 20)))
    def begin(self, counts: tuple[int, int]) -> None:
        """Some stock."""
        for product, count in zip(PRODUCTS, counts, strict=True):
            assert self.shop.create(product, stock_count=count, threshold_level=4)["available"] == count
            self.stock[product] = count

    @rule(product=PRODUCT)
    def create(self, product: str) -> None:
        """It is there already."""
        assert self.shop.api("POST", "/inventory", {"product_id": product, "stock_count": 1}).status == 409

    @rule(product=PRODUCT, count=st.integers(0, 20), by=st.booleans())
    def update(self, product: str, count: int, by: bool) -> None:
        """Set or adjusted; what is held stays."""
        change = {"adjustment": count - self.stock[product], "reason": "x"} if by else {"stock_count": count}
        answer = self.shop.update(product, **change)
        if count < self.stock[product] and count < self.stock[product] - self.available(product):
            assert (answer.status, answer.body["code"]) == (409, "BELOW_RESERVED")
        else:
            assert answer.status == 200
            self.stock[product] = count

    @rule(name=IDS, product=PRODUCT, units=UNITS, minutes=MINUTES)
    def reserve(self, name: str, product: str, units: int, minutes: int) -> None:
        """One product."""
        answer = self.shop.reserve(name, units, product, lifetime_minutes=minutes)
        self._reserved(name, {product: units}, minutes, answer)

    @rule(name=IDS, units=st.tuples(UNITS, UNITS), minutes=MINUTES)
    def reserve_cart(self, name: str, units: tuple[int, int], minutes: int) -> None:
        """All products."""
        lines = dict(zip(PRODUCTS, units, strict=True))
        told = [{"product_id": product, "quantity": quantity} for product, quantity in lines.items()]
        self._reserved(name, lines, minutes, self.shop.reserve_cart(name, *told, lifetime_minutes=minutes))

    def _reserved(self, name: str, lines: dict[str, int], minutes: int, answer: Answer) -> None:
        now, old = self.shop.clock.now, self.held.get(name)
        if old and "SOLD" in old.states.values():
            assert (answer.status, answer.body["code"]) == (409, "RESERVATION_FULFILLED")
        elif old and old.live(now):
            if (old.live(now), old.lines, old.minutes) == (list(old.states), lines, minutes):
                assert answer.status == 201
            else:
                assert (answer.status, answer.body["code"]) == (409, "RESERVATION_CONFLICT")
        elif any(self.available(product) < units for product, units in lines.items()):
            assert (answer.status, answer.body["code"]) == (409, "INSUFFICIENT_STOCK")
        else:
            assert answer.status == 201, answer.text
            step = {1: 3, 2: 6, 3: 6}[minutes]
            end = -(-(now + minutes * 60) // step) * step
            self.held[name] = Held(lines, minutes, end, dict.fromkeys(lines, "HELD"))

    @rule(name=IDS, product=st.none() | PRODUCT)
    def release(self, name: str, product: str | None) -> None:
        """A product's, or all."""
        answer = self.shop.release(name, product) if product else self.shop.release_cart(name)
        mine = self._mine(name, product)
        assert answer.status == (204 if mine else 404)
        for released in mine:
            self.held[name].states[released] = "RELEASED"

    @rule(name=IDS, product=st.none() | PRODUCT)
    def fulfil(self, name: str, product: str | None) -> None:
        """A product's, or all."""
        fields = {"reservationId": name}
        answer = self.shop.fulfill(product, **fields) if product else self.shop.fulfill_cart(**fields)  # type: ignore[arg-type]
        mine = self._mine(name, product)
        if mine:
            assert answer.status == 200
            assert {(line["product_id"], line["quantity"]) for line in answer.body["lines"]} == {
                (sold, self.held[name].lines[sold]) for sold in mine
            }
            for sold in mine:
                self.held[name].states[sold] = "SOLD"
                self.stock[sold] -= self.held[name].lines[sold]
            return
        states = {s for p, s in self.held[name].states.items() if product in (None, p)} if name in self.held else set()
        assert answer.status == (200 if "SOLD" in states else 409 if "HELD" in states else 404)

    @rule(product=PRODUCT, units=UNITS)
    def sell(self, product: str, units: int) -> None:
        """Free ones."""
        answer = self.shop.fulfill(product, quantity=units)
        if units > self.available(product):
            assert (answer.status, answer.body["code"]) == (409, "INSUFFICIENT_STOCK")
        else:
            assert answer.status == 200
            self.stock[product] -= units

    def _mine(self, name: str, product: str | None) -> list[str]:
        live = self.held[name].live(self.shop.clock.now) if name in self.held else []
        return [there for there in live if product in (None, there)]

    @rule(seconds=st.sampled_from([1, 30, 60, 90, 901]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.shop.clock.now += seconds

    @rule()
    def expire(self) -> None:
        """The sweep gives back what has ended."""
        self.shop.expire()
        assert all(min(map(int, row["holds"])) > self.shop.clock.now for row in self._rows() if row["holds"])

    @rule()
    def tell(self) -> None:
        """The sweep tells of what is due."""
        self.told.update((message["product_id"], message["sequence"]) for message in self.shop.told())

    @precondition(lambda self: self.stock)
    @rule(product=PRODUCT, repair=st.booleans())
    def reconcile(self, product: str, repair: bool) -> None:
        """There is nothing to find."""
        answer = self.shop.api("POST", RECONCILE, {"repair": repair}, keys=(product,))
        assert answer.body == {"product_id": product, "repaired": False, "drifts": []}

    def _rows(self) -> list[dict[str, Any]]:
        return [row for row in self.shop.rows("management") if row["warehouse_id"] == "main"]

    @invariant()
    def agrees(self) -> None:
        """Everybody is told what is so, and the tables say the same."""
        check(self.shop)
        now = self.shop.clock.now
        for product, on_hand in self.stock.items():
            found = self.shop.read(product)
            assert (found["stock_count"], found["available"]) == (on_hand, self.available(product))
            held = {(hold["reservationId"], hold["quantity"]) for hold in self.shop.held(product)}
            assert held == {(name, h.lines[product]) for name, h in self.held.items() if product in h.live(now)}


def test_the_service_agrees_with_the_model(shop: Shop) -> None:
    class OfShop(Model):
        """With a shop."""

    OfShop.shop = shop
    run_machine(OfShop, settings=BRIEFLY)
