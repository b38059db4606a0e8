"""Requests of the inventory service.

It is not compared with peers: their results are similar to those of the other services.
"""

from __future__ import annotations

import json
from typing import Any

from lib.services.inventory.service import SERVICE, inventory
from lib.services.inventory.settings import InventorySettings

from ..deployment import Session
from ..events import Event, event
from ..measure import Measurement, repeat

PAGE = 20
BATCH = 25
DESK: dict[str, Any] = {
    "name": "Walnut desk, 140 cm",
    "description": "Solid walnut, oiled; two drawers, a cable tray, and legs that can be taken off.",
    "category": "furniture",
    "price": 349.95,
    "quantity": 40,
}
"""A small item whose stock is above the alert threshold."""
ITEM = "/items/{itemId}"


def listing(**query: str) -> Event:
    """Return a request for a page of items."""
    return event("GET", "/items", query=query or {"page_size": str(PAGE)})


def _create(key: str = "", **fields: Any) -> Event:
    headers = {"Idempotency-Key": key} if key else {}
    return event("POST", "/items", body=json.dumps({**DESK, **fields}), headers=headers)


def _batch(key: str = "") -> Event:
    headers = {"Idempotency-Key": key} if key else {}
    return event("POST", "/items/batch", body=json.dumps({"items": [DESK] * BATCH}), headers=headers)


def _create_item(session: Session, **fields: Any) -> str:
    return str(session.worker.send(_create(**fields))["itemId"])


def _read(session: Session) -> Event:
    return event("GET", ITEM, {"itemId": _create_item(session)})


def _update(item: str, **fields: Any) -> Event:
    return event("PUT", ITEM, {"itemId": item}, body=json.dumps(fields))


def _delete(session: Session, **fields: Any) -> Event:
    return event("DELETE", ITEM, {"itemId": _create_item(session, **fields)})


def _history(session: Session) -> Event:
    item = _create_item(session)
    session.worker.send(_update(item, quantity=41))
    return event("GET", f"{ITEM}/history", {"itemId": item})


def _updates(session: Session, count: int) -> list[Event]:
    """Return updates that alternate between two quantities: an update without changes writes no version."""
    item = _create_item(session)
    return [_update(item, quantity=41 + number % 2) for number in range(count)]


def _prepare(session: Session) -> None:
    session.worker.send(_batch())
    session.worker.send(listing())


AUDITED = Measurement(
    service=SERVICE,
    prepare=_prepare,
    requests={
        "create": lambda _: _create(),
        "create, with a sku": lambda _: _create(sku="DESK-140"),
        "create, with an Idempotency-Key": lambda _: _create(key="once"),
        "update that changes nothing": lambda session: _update(_create_item(session), quantity=40),
        "update": lambda session: _update(_create_item(session), quantity=41),
        "update of the category": lambda session: _update(_create_item(session), category="office"),
        "delete": _delete,
        "delete, with a sku": lambda session: _delete(session, sku="DESK-160"),
        "read, audited": _read,
        f"list of {PAGE}, audited": lambda _: listing(),
        "find by sku, audited": lambda _: listing(sku="DESK-140"),
        "history of two versions, audited": _history,
        f"batch of {BATCH} new": lambda _: _batch(),
        f"batch of {BATCH} new, with an Idempotency-Key": lambda _: _batch(key="delivery"),
    },
    round_trips={"create": 1, "read, audited": 1},
    # In the emulator, the time of a list request grows with the number of items.
    timed={
        f"list of {PAGE}, audited": repeat(lambda _: listing()),
        "read, audited": repeat(_read),
        "update": _updates,
        "create": repeat(lambda _: _create()),
    },
    cold=(f"list of {PAGE}, audited", "read, audited", "update", "create"),
)
UNAUDITED = Measurement(
    service=inventory(InventorySettings(audit_reads=False)),
    prepare=_prepare,
    requests={
        "read": _read,
        f"list of {PAGE}": lambda _: listing(),
        "history of two versions": _history,
    },
    round_trips={"read": 1},
)
