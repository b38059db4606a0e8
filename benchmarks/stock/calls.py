"""Requests of the stock service's routes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from ..contenders import Worker
from ..events import Event, event
from .stage import PLENTY

PRODUCT = "/inventory/{productId}"
WAREHOUSE = "main"


def create(product: str, **fields: Any) -> Event:
    """A product of which there is plenty."""
    body = {"product_id": product, "stock_count": PLENTY, "category": "lighting", **fields}
    return event("POST", "/inventory", body=json.dumps(body))


def read(product: str, **query: str) -> Event:
    """What there is of a product."""
    return event("GET", PRODUCT, {"productId": product}, query=query)


def update(product: str, **fields: Any) -> Event:
    """A change of a level."""
    return event("PUT", PRODUCT, {"productId": product}, body=json.dumps(fields))


def listing(**query: str) -> Event:
    """A page of levels."""
    return event("GET", "/inventory", query=query)


def movements(product: str, **query: str) -> Event:
    """A page of a product's movements."""
    return event("GET", f"{PRODUCT}/movements", {"productId": product}, query=query)


def reserve(product: str, reservation: str | None = None, **fields: Any) -> Event:
    """A unit held, under an id of its own if none is given."""
    body = {"reservationId": reservation or uuid.uuid4().hex, "quantity": 1, **fields}
    return event("POST", f"{PRODUCT}/reserve", {"productId": product}, body=json.dumps(body))


def reserve_cart(products: Iterable[str], reservation: str) -> Event:
    """A unit of each product held."""
    lines = [{"product_id": product, "quantity": 1} for product in products]
    return event("POST", "/inventory/reserve", body=json.dumps({"reservationId": reservation, "lines": lines}))


def release(product: str, reservation: str) -> Event:
    """What a reservation holds of a product, given back."""
    return event("DELETE", f"{PRODUCT}/reserve/{{reservationId}}", {"productId": product, "reservationId": reservation})


def fulfill(product: str, **fields: Any) -> Event:
    """What a reservation holds of a product, or free units, sold."""
    return event("POST", f"{PRODUCT}/fulfill", {"productId": product}, body=json.dumps(fields))


def fulfill_cart(reservation: str) -> Event:
    """All a reservation holds, sold."""
    return event("POST", "/inventory/fulfill", body=json.dumps({"reservationId": reservation}))


def schedule(name: str) -> Event:
    """The clock's call."""
    return {"schedule": name}


def asked(process: Worker, request: Event) -> Any:
    """What a request is answered, which must be with success."""
    answer = process.serve(request).answer
    if answer.get("statusCode", 200) >= 300:
        raise RuntimeError(f"{request['httpMethod']} {request['path']} is answered {answer}")
    return json.loads(answer.get("body") or "null")
