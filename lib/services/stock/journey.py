"""Requests of the load test for the stock service."""

from __future__ import annotations

from ...model import Call
from ...model.journey import Journey

UNITS = 1_000_000
"""Stock of each product: more than a client reserves, so no reservation fails and no alert is sent."""
PRODUCT = {"product_id": "LOAD-{client}", "stock_count": UNITS, "threshold_level": 5, "category": "load"}
FULFILLED = {"reservationId": "{iteration}-fulfilled"}
RELEASED = {"reservationId": "{iteration}-released"}

JOURNEY = Journey(
    setup=(Call(method="POST", path="/inventory", status=201, body=PRODUCT),),
    steps=(
        Call(method="GET", path="/inventory/LOAD-{client}", status=200),
        Call(method="GET", path="/inventory?category=load&page_size=10", status=200),
        Call(method="GET", path="/inventory/LOAD-{client}", status=200),
        Call(method="POST", path="/inventory/LOAD-{client}/reserve", status=201, body={**FULFILLED, "quantity": 1}),
        Call(method="POST", path="/inventory/LOAD-{client}/reserve", status=201, body={**RELEASED, "quantity": 1}),
        Call(method="GET", path="/inventory/LOAD-{client}", status=200),
        Call(method="DELETE", path="/inventory/reserve/{iteration}-released", status=204),
        Call(method="POST", path="/inventory/LOAD-{client}/fulfill", status=200, body=FULFILLED),
    ),
)
