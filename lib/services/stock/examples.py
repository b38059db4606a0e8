"""Calls that show what the stock API does."""

from __future__ import annotations

from typing import Any

from ...model import Call

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
