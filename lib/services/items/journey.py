"""Requests of the load test."""

from __future__ import annotations

from ...model import Call
from ...model.journey import Journey

ITEM = {"ItemId": "load-{iteration}", "name": "Walnut desk, 140 cm", "price": 349.95, "quantity": 12}
JOURNEY = Journey(
    steps=(
        Call(method="POST", path="/items", status=201, body=ITEM, captures={"created": "CreatedAt"}),
        Call(method="GET", path="/items/load-{iteration}/{created}", status=200),
        Call(method="GET", path="/items/load-{iteration}", status=200),
        Call(method="PUT", path="/items/load-{iteration}/{created}", status=200, body={"quantity": 11}),
        Call(method="GET", path="/items/load-{iteration}/{created}", status=200),
        Call(method="GET", path="/items?page_size=20", status=200),
        Call(method="DELETE", path="/items/load-{iteration}/{created}", status=204),
    ),
)
