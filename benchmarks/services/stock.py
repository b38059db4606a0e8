"""Requests of the stock service."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from lib.services.stock.handler import levels, reservations
from lib.services.stock.handler.levels import Level
from lib.services.stock.handler.reservations import Line
from lib.services.stock.service import SERVICE

from ..candidates import BOTOCORE, POWERTOOLS
from ..deployment import Deployment, Session
from ..events import Event, event
from ..measure import Measurement, Requests, repeat

CART = 5
PAGE = 25
HOUR_SECONDS = 3600
PLENTY = 900_000_000
"""Enough units that no alert is sent and no request is rejected."""
PRODUCT = "/inventory/{productId}"
WAREHOUSE = "main"
LAMP = "LAMP-7"
"""The product of the timed requests."""
LISTING = event("GET", "/inventory")


def read(product: str, **query: str) -> Event:
    """Return a request for the levels of a product."""
    return event("GET", PRODUCT, {"productId": product}, query=query)


def reserve(product: str, reservation: str | None = None) -> Event:
    """Return a request that reserves one unit, by default under a new id."""
    body = {"reservationId": reservation or _new_id(), "quantity": 1}
    return event("POST", f"{PRODUCT}/reserve", {"productId": product}, body=json.dumps(body))


def schedule(name: str) -> Event:
    """Return the event of a schedule."""
    return {"schedule": name}


def put_level(deployment: Deployment, level: Level) -> None:
    """Store a level."""
    deployment.put("management", levels.to_item(level))


def _new_id() -> str:
    return uuid.uuid4().hex


def _new_product() -> str:
    return f"LAMP-{uuid.uuid4().hex[:8]}"


def _create(product: str, stock_count: int = PLENTY) -> Event:
    body = {"product_id": product, "stock_count": stock_count, "category": "lighting"}
    return event("POST", "/inventory", body=json.dumps(body))


def _update(product: str, **fields: Any) -> Event:
    return event("PUT", PRODUCT, {"productId": product}, body=json.dumps(fields))


def _reserve_cart(products: Iterable[str], reservation: str) -> Event:
    lines = [{"product_id": product, "quantity": 1} for product in products]
    return event("POST", "/inventory/reserve", body=json.dumps({"reservationId": reservation, "lines": lines}))


def _release(product: str, reservation: str) -> Event:
    path = {"productId": product, "reservationId": reservation}
    return event("DELETE", f"{PRODUCT}/reserve/{{reservationId}}", path)


def _fulfill(product: str, **fields: Any) -> Event:
    return event("POST", f"{PRODUCT}/fulfill", {"productId": product}, body=json.dumps(fields))


def _created(session: Session, stock_count: int = PLENTY) -> str:
    """Create a product and return its id."""
    product = _new_product()
    session.worker.send(_create(product, stock_count))
    return product


def _reserved(session: Session) -> tuple[str, str]:
    """Create a product, reserve one unit of it, and return both ids."""
    product, reservation = _created(session), _new_id()
    session.worker.send(reserve(product, reservation))
    return product, reservation


def _cart(session: Session) -> list[str]:
    return [_created(session) for _ in range(CART)]


def _fulfill_reservation(session: Session) -> Event:
    product, reservation = _reserved(session)
    return _fulfill(product, reservationId=reservation)


def _fulfill_cart(session: Session) -> Event:
    reservation = _new_id()
    session.worker.send(_reserve_cart(_cart(session), reservation))
    return event("POST", "/inventory/fulfill", body=json.dumps({"reservationId": reservation}))


def _expire(session: Session) -> Event:
    """Return the event of the expiry schedule, for which one expired reservation is stored."""
    end = int(time.time()) - HOUR_SECONDS
    at = levels.format_timestamp(end - HOUR_SECONDS)
    level = levels.new_level((_new_product(), WAREHOUSE), PLENTY, 10, "lighting", at)
    put_level(session.deployment, levels.add_hold(level, units=1, end=end, at=at))
    line = Line(_new_id(), 0, *level.key, 1, reservations.HELD, at, end, "anonymous", "0" * 32)
    session.deployment.put("reservations", reservations.to_item(line))
    return schedule("stock-expiry")


def _movements(session: Session) -> Event:
    """Return a request for the movements of a product that has a page of them."""
    product = _created(session)
    for number in range(PAGE - 1):
        session.worker.send(_update(product, threshold_level=number))
    return event("GET", f"{PRODUCT}/movements", {"productId": product})


def _prepare(session: Session) -> None:
    session.worker.send(_create(LAMP))
    for _ in range(PAGE):
        _created(session)
    session.worker.send(LISTING)


def _in_pairs(second: Callable[[str], Event]) -> Requests:
    """Return reservations of one unit, each followed by a second request about the same reservation."""

    def requests(_: Session, count: int) -> list[Event]:
        ids = [_new_id() for _ in range(count // 2)]
        return [request for each in ids for request in (reserve(LAMP, each), second(each))]

    return requests


MEASUREMENT = Measurement(
    service=SERVICE,
    prepare=_prepare,
    requests={
        "create": lambda _: _create(_new_product()),
        "read": lambda session: read(_created(session)),
        "read, in a warehouse": lambda session: read(_created(session), warehouse_id=WAREHOUSE),
        "update": lambda session: _update(_created(session), stock_count=40),
        "update of the category": lambda session: _update(_created(session), category="furniture"),
        "reserve": lambda session: reserve(_created(session)),
        "reserve, crossing a threshold": lambda session: reserve(_created(session, 11)),
        f"reserve, cart of {CART}": lambda session: _reserve_cart(_cart(session), _new_id()),
        "release": lambda session: _release(*_reserved(session)),
        "fulfil": _fulfill_reservation,
        f"fulfil, cart of {CART}": _fulfill_cart,
        "fulfil free units": lambda session: _fulfill(_created(session), quantity=1),
        "expiry sweep, one hold": _expire,
        f"list of {PAGE}": lambda _: LISTING,
        f"movements, {PAGE}": _movements,
    },
    round_trips={"read": 1, "create": 1, "reserve": 2, f"reserve, cart of {CART}": 2, "release": 3, "fulfil": 3},
    timed={
        "read": repeat(lambda _: read(LAMP)),
        "read, in a warehouse": repeat(lambda _: read(LAMP, warehouse_id=WAREHOUSE)),
        "reserve": lambda _, count: [reserve(LAMP) for _ in range(count)],
        "reserve, release": _in_pairs(lambda reservation: _release(LAMP, reservation)),
        "reserve, fulfil": _in_pairs(lambda reservation: _fulfill(LAMP, reservationId=reservation)),
    },
    cold=("read", "reserve"),
    peers={BOTOCORE: "stock_bare_botocore.py", POWERTOOLS: "stock_powertools.py"},
)
