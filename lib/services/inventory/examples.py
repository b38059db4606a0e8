"""Example requests of the inventory API."""

from __future__ import annotations

from typing import Any

from ...model import Call

DESK: dict[str, Any] = {
    "name": "Walnut desk",
    "category": "furniture",
    "quantity": 40,
    "price": 349.95,
    "sku": "DESK-140",
}
LAMPS: list[dict[str, Any]] = [
    {"name": "Desk lamp", "category": "lighting", "quantity": 25, "price": 59, "sku": "LAMP-7"},
    {"name": "Floor lamp", "category": "lighting", "quantity": 4, "price": 129.50, "reorderThreshold": 5},
]
DEMO = (
    Call(method="POST", path="/items", status=201, body=DESK, captures={"desk": "itemId"}),
    Call(method="POST", path="/items", status=409, body=DESK),
    Call(method="POST", path="/items", status=201, body={**DESK, "name": "Oak desk", "sku": "DESK-160"}),
    Call(method="POST", path="/items/batch", status=200, body={"items": LAMPS}),
    Call(method="POST", path="/items/batch", status=200, body={"items": [{"itemId": "{desk}", "price": 329.95}]}),
    Call(method="GET", path="/items?category=lighting&status=available&page_size=10", status=200),
    Call(method="GET", path="/items?sku=DESK-140", status=200),
    Call(method="PUT", path="/items/{desk}", status=200, body={"quantity": 8}, headers={"If-Match": '"2"'}),
    Call(method="PUT", path="/items/{desk}", status=412, body={"quantity": 7}, headers={"If-Match": '"2"'}),
    Call(method="PUT", path="/items/{desk}", status=200, body={"quantity": 60, "expectedVersion": 3}),
    Call(method="GET", path="/items/{desk}?version=1", status=200),
    Call(method="GET", path="/items/{desk}", status=200),
    Call(method="DELETE", path="/items/{desk}?sku=DESK-140", status=200),
    Call(method="GET", path="/items/{desk}/history", status=200),
)
