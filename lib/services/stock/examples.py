"""Demo calls and demo data of the stock API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...model import Call, SeedData

LAMP: dict[str, Any] = {"product_id": "LAMP-7", "stock_count": 12, "threshold_level": 5, "category": "lighting"}
DESK: dict[str, Any] = {"product_id": "DESK-140", "stock_count": 40, "category": "furniture", "warehouse_id": "north"}
CART: list[dict[str, Any]] = [{"product_id": "LAMP-7", "quantity": 1}, {"product_id": "DESK-140", "quantity": 2}]
DEMO = (
    Call(method="POST", path="/inventory", status=201, body=LAMP),
    Call(method="POST", path="/inventory", status=409, body=LAMP),
    Call(method="POST", path="/inventory", status=201, body=DESK),
    Call(method="GET", path="/inventory?category=lighting&status=IN_STOCK&page_size=10", status=200),
    Call(method="PUT", path="/inventory/LAMP-7", status=200, body={"stock_count": 10, "expected_version": 1}),
    Call(method="PUT", path="/inventory/LAMP-7", status=409, body={"stock_count": 11, "expected_version": 1}),
    Call(method="PUT", path="/inventory/DESK-140", status=200, body={"adjustment": -1, "reason": "scratched"}),
    Call(method="POST", path="/inventory/LAMP-7/reserve", status=201, body={"reservationId": "alice", "quantity": 7}),
    Call(method="POST", path="/inventory/LAMP-7/reserve", status=409, body={"reservationId": "bob", "quantity": 4}),
    Call(method="GET", path="/inventory/LAMP-7/reservations", status=200),
    Call(method="POST", path="/inventory/LAMP-7/fulfill", status=200, body={"reservationId": "alice"}),
    Call(method="POST", path="/inventory/reserve", status=201, body={"reservationId": "carol", "lines": CART}),
    Call(method="DELETE", path="/inventory/LAMP-7/reserve/carol", status=204),
    Call(
        method="POST",
        path="/inventory/fulfill",
        status=200,
        body={"reservationId": "carol", "reference": "order 1001"},
    ),
    Call(method="POST", path="/inventory/reserve", status=201, body={"reservationId": "dave", "lines": CART}),
    Call(method="DELETE", path="/inventory/reserve/dave", status=204),
    Call(method="POST", path="/inventory/LAMP-7/reserve", status=201, body={"reservationId": "erin", "quantity": 1}),
    Call(method="DELETE", path="/inventory/LAMP-7/reservations/erin", status=204),
    Call(method="GET", path="/inventory/LAMP-7/movements?warehouse_id=main", status=200),
    Call(method="POST", path="/inventory/LAMP-7/reconcile", status=200, body={"repair": False}),
    Call(method="GET", path="/inventory/LAMP-7", status=200),
    Call(method="GET", path="/inventory/LAMP-7/level", status=200),
)
CATEGORIES = {
    "lighting": ("LAMP", "BULB", "LANTERN", "SPOT"),
    "furniture": ("DESK", "CHAIR", "SHELF", "STOOL"),
    "kitchen": ("PAN", "KNIFE", "BOWL", "KETTLE"),
    "garden": ("SPADE", "HOSE", "POT", "BENCH"),
    "stationery": ("PEN", "INK", "PAPER", "CLIP"),
}


def _products(count: int) -> Iterator[list[Call]]:
    """Yield the calls that create products of several categories. Most have enough stock, some have low or no stock.
    The first product has one unit.
    """
    kinds = [(category, kind) for category, kinds in CATEGORIES.items() for kind in kinds]
    for number in range(count):
        category, kind = kinds[number % len(kinds)]
        product_id = f"{kind}-{100 + number}"
        path, threshold = f"/inventory/{product_id}", 3 + number % 8
        sales = [3 + (number * 7 + step * 5) % 9 for step in range(number % 7)]
        on_hand = (40, 0, 90, 25, 2, 60, 250, threshold, 33, 140, 18)[number % 11] if number else 1
        held_units = min(on_hand, number % 3)
        new = {
            "product_id": product_id,
            "stock_count": on_hand + sum(sales) + 2,
            "threshold_level": threshold,
            "category": category,
        }
        calls = [Call(method="POST", path="/inventory", status=201, body=new)]
        for step, units in enumerate(sales):
            sold = {"quantity": units, "reference": f"order {1000 + number * 10 + step}"}
            calls.append(Call(method="POST", path=f"{path}/fulfill", status=200, body=sold))
        adjusted = {"adjustment": -2, "reason": "damaged in the warehouse"}
        calls.append(Call(method="PUT", path=path, status=200, body=adjusted))
        if held_units:
            held = {"reservationId": f"demo-{number}", "quantity": held_units, "lifetime_minutes": 60}
            calls.append(Call(method="POST", path=f"{path}/reserve", status=201, body=held))
        yield calls


SEED = SeedData(label="products", count=200, calls=_products)
