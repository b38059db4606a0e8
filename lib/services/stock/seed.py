"""Demo data for a deployed stock service, sent through its API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from ...local.callers import Shown
from ...local.terminal import Terminal
from ...local.tour import Answer, send
from ...service import Call

CATEGORIES = {
    "lighting": ("LAMP", "BULB", "LANTERN", "SPOT"),
    "furniture": ("DESK", "CHAIR", "SHELF", "STOOL"),
    "kitchen": ("PAN", "KNIFE", "BOWL", "KETTLE"),
    "garden": ("SPADE", "HOSE", "POT", "BENCH"),
    "stationery": ("PEN", "INK", "PAPER", "CLIP"),
}
PRODUCTS = 200
SIDE_BY_SIDE = 8
ATTEMPTS = 5
BAR = 30


class SeedError(Exception):
    """The data could not be made; the message says what to do."""


class Product(NamedTuple):
    """A product of the demo, and the calls that make it and what happened to it."""

    product_id: str
    calls: list[Call]


def products(count: int) -> Iterator[Product]:
    """Products of several categories: most well stocked, some low or sold out, of the first one the last unit."""
    kinds = [(category, kind) for category, kinds in CATEGORIES.items() for kind in kinds]
    for number in range(count):
        category, kind = kinds[number % len(kinds)]
        product_id = f"{kind}-{100 + number}"
        path, threshold = f"/inventory/{product_id}", 3 + number % 8
        sales = [3 + (number * 7 + step * 5) % 9 for step in range(number % 7)]
        left = (40, 0, 90, 25, 2, 60, 250, threshold, 33, 140, 18)[number % 11] if number else 1
        holds = min(left, number % 3)
        new = {
            "product_id": product_id,
            "stock_count": left + sum(sales) + 2,
            "threshold_level": threshold,
            "category": category,
        }
        calls = [Call(method="POST", path="/inventory", status=201, body=new)]
        for step, units in enumerate(sales):
            sold = {"quantity": units, "reference": f"order {1000 + number * 10 + step}"}
            calls.append(Call(method="POST", path=f"{path}/fulfill", status=200, body=sold))
        adjusted = {"adjustment": -2, "reason": "damaged in the warehouse"}
        calls.append(Call(method="PUT", path=path, status=200, body=adjusted))
        if holds:
            held = {"reservationId": f"demo-{number}", "quantity": holds, "lifetime_minutes": 60}
            calls.append(Call(method="POST", path=f"{path}/reserve", status=201, body=held))
        yield Product(product_id, calls)


def seed(api_url: str, by: Shown, count: int, terminal: Terminal) -> int:
    """Make what is not there yet, and return how many products that was; raises `SeedError`."""
    made = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        for done, is_new in enumerate(threads.map(lambda p: _make(api_url, by, p), products(count)), 1):
            made += is_new
            filled = BAR * done // count
            terminal.passing(f"  [{'#' * filled}{' ' * (BAR - filled)}] {done} of {count} products")
    return made


def _make(api_url: str, by: Shown, product: Product) -> bool:
    for number, call in enumerate(product.calls):
        answer = _sent(api_url, by, call)
        if number == 0 and answer.status == 409:
            return False
        if not answer.as_expected:
            raise SeedError(f"{call.method} {call.path} was answered {answer.status}: {answer.body}")
    return True


def _sent(api_url: str, by: Shown, call: Call) -> Answer:
    """The answer to a call that is sent again while the service is too busy for it."""
    for attempt in range(ATTEMPTS):
        answer = send(api_url, call, by)
        if answer.status != 429:
            break
        time.sleep(0.1 * 2**attempt)
    return answer
