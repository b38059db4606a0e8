"""Requests of the load test."""

from __future__ import annotations

from ...model import Call
from ...model.journey import Journey

ITEM = {"name": "Walnut desk", "category": "load-{client}", "quantity": 40, "price": 349.95}
JOURNEY = Journey(
    steps=(
        Call(method="POST", path="/items", status=201, body=ITEM, captures={"item": "itemId"}),
        Call(method="GET", path="/items/{item}", status=200),
        Call(method="GET", path="/items?category=load-{client}&page_size=20", status=200),
        Call(method="GET", path="/items/{item}", status=200),
        Call(method="PUT", path="/items/{item}", status=200, body={"quantity": 39}),
        Call(method="GET", path="/items/{item}", status=200),
        Call(method="GET", path="/items/{item}/history", status=200),
        Call(method="DELETE", path="/items/{item}", status=200),
    ),
)
