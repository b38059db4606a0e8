"""Demo data of the stock service, as calls of its API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...model import Call

CATEGORIES = {
    "lighting": ("LAMP", "BULB", "LANTERN", "SPOT"),
    "furniture": ("DESK", "CHAIR", "SHELF", "STOOL"),
    "kitchen": ("PAN", "KNIFE", "BOWL", "KETTLE"),
    "garden": ("SPADE", "HOSE", "POT", "BENCH"),
    "stationery": ("PEN", "INK", "PAPER", "CLIP"),
}
PRODUCTS = 200


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
