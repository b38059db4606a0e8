"""Requests of the inventory's routes."""

from __future__ import annotations

import json
from typing import Any

from ..contenders import Worker
from ..events import Event, event

DESK: dict[str, Any] = {
    "name": "Walnut desk, 140 cm",
    "description": "Solid walnut, oiled; two drawers, a cable tray, and legs that can be taken off.",
    "category": "furniture",
    "price": 349.95,
    "quantity": 40,
}
"""A small item of which there is plenty: no alert is sent."""
ITEM = "/items/{itemId}"


def create(key: str = "", **fields: Any) -> Event:
    """A new desk; `key` is its `Idempotency-Key`."""
    return event("POST", "/items", body=json.dumps({**DESK, **fields}), headers=_keyed(key))


def read(item: str) -> Event:
    """An item as it is."""
    return event("GET", ITEM, {"itemId": item})


def update(item: str, **fields: Any) -> Event:
    """A change of an item."""
    return event("PUT", ITEM, {"itemId": item}, body=json.dumps(fields))


def delete(item: str) -> Event:
    """An item's end."""
    return event("DELETE", ITEM, {"itemId": item})


def listing(**query: str) -> Event:
    """A page of items."""
    return event("GET", "/items", query=query)


def history(item: str) -> Event:
    """A page of an item's versions."""
    return event("GET", f"{ITEM}/history", {"itemId": item})


def batch(count: int, key: str = "") -> Event:
    """So many new desks."""
    return event("POST", "/items/batch", body=json.dumps({"items": [DESK] * count}), headers=_keyed(key))


def _keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


def made(process: Worker, **fields: Any) -> str:
    """The id of an item that was just created."""
    return str(asked(process, create(**fields))["itemId"])


def asked(process: Worker, request: Event) -> Any:
    """What a request is answered, which must be with success."""
    answer = process.serve(request).answer
    if answer["statusCode"] >= 300:
        raise RuntimeError(f"{request['httpMethod']} {request['path']} is answered {answer}")
    return json.loads(answer["body"])
