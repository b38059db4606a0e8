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
AMPLE_STOCK = 900_000_000
"""Number of units at which no alert is sent and no request is rejected."""
PRODUCT = "/inventory/{productId}"
WAREHOUSE = "main"
LAMP = "LAMP-7"
"""The product of the timed requests."""
LISTING = event("GET", "/inventory")


def read(product: str, **query: str) -> Event:
    """Return a request for the levels of a product."""
    return event("GET", PRODUCT, {"productId": product}, query=query)


def reserve(product: str, reservation: str | None = None) -> Event:
    """Return a request that reserves one unit. Default: a new reservation ID."""
    body = {"reservationId": reservation or _new_id(), "quantity": 1}
    return event("POST", f"{PRODUCT}/reserve", {"productId": product}, body=json.dumps(body))


def schedule(name: str) -> Event:
    """Return the event of a schedule."""
    return {"schedule": name}


def put_level(deployment: Deployment, level: Level) -> None:
    deployment.put("management", levels.to_item(level))


def _new_id() -> str:
    return uuid.uuid4().hex


def _new_product() -> str:
    return f"LAMP-{uuid.uuid4().hex[:8]}"


def _create(product: str, stock_count: int = AMPLE_STOCK) -> Event:
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


def _create_product(session: Session, stock_count: int = AMPLE_STOCK) -> str:
    product = _new_product()
    session.worker.send(_create(product, stock_count))
    return product


def _create_reservation(session: Session) -> tuple[str, str]:
    product, reservation = _create_product(session), _new_id()
    session.worker.send(reserve(product, reservation))
    return product, reservation


def _create_products(session: Session) -> list[str]:
    return [_create_product(session) for _ in range(CART)]


def _fulfill_reservation(session: Session) -> Event:
    product, reservation = _create_reservation(session)
    return _fulfill(product, reservationId=reservation)


def _fulfill_cart(session: Session) -> Event:
    reservation = _new_id()
    session.worker.send(_reserve_cart(_create_products(session), reservation))
    return event("POST", "/inventory/fulfill", body=json.dumps({"reservationId": reservation}))


def _expire(session: Session) -> Event:
    """Store an expired reservation, and return the event of the expiry schedule."""
    end = int(time.time()) - HOUR_SECONDS
    at = levels.format_timestamp(end - HOUR_SECONDS)
    level = levels.new_level((_new_product(), WAREHOUSE), AMPLE_STOCK, 10, "lighting", at)
    put_level(session.deployment, levels.add_hold(level, units=1, expiry=end, at=at))
    line = Line(_new_id(), 0, *level.key, 1, reservations.HELD, at, end, "anonymous", "0" * 32)
    session.deployment.put("reservations", reservations.to_item(line))
    return schedule("stock-expiry")


def _movements(session: Session) -> Event:
    """Create a product with a full page of movements, and return a request for them."""
    product = _create_product(session)
    for number in range(PAGE - 1):
        session.worker.send(_update(product, threshold_level=number))
    return event("GET", f"{PRODUCT}/movements", {"productId": product})


def _prepare(session: Session) -> None:
    session.worker.send(_create(LAMP))
    for _ in range(PAGE):
        _create_product(session)
    session.worker.send(LISTING)


def _with_reservations(second: Callable[[str], Event]) -> Requests:
    """Return requests that reserve one unit, each followed by a second request for the same reservation."""

    def requests(_: Session, count: int) -> list[Event]:
        ids = [_new_id() for _ in range(count // 2)]
        return [request for reservation in ids for request in (reserve(LAMP, reservation), second(reservation))]

    return requests


MEASUREMENT = Measurement(
    service=SERVICE,
    prepare=_prepare,
    requests={
        "create": lambda _: _create(_new_product()),
        "read": lambda session: read(_create_product(session)),
        "read, in a warehouse": lambda session: read(_create_product(session), warehouse_id=WAREHOUSE),
        "update": lambda session: _update(_create_product(session), stock_count=40),
        "update of the category": lambda session: _update(_create_product(session), category="furniture"),
        "reserve": lambda session: reserve(_create_product(session)),
        "reserve, crossing a threshold": lambda session: reserve(_create_product(session, 11)),
        f"reserve, cart of {CART}": lambda session: _reserve_cart(_create_products(session), _new_id()),
        "release": lambda session: _release(*_create_reservation(session)),
        "fulfill": _fulfill_reservation,
        f"fulfill, cart of {CART}": _fulfill_cart,
        "fulfill available units": lambda session: _fulfill(_create_product(session), quantity=1),
        "expiry job, one reservation": _expire,
        f"list of {PAGE}": lambda _: LISTING,
        f"movements, {PAGE}": _movements,
    },
    round_trips={"read": 1, "create": 1, "reserve": 2, f"reserve, cart of {CART}": 2, "release": 3, "fulfill": 3},
    timed={
        "read": repeat(lambda _: read(LAMP)),
        "read, in a warehouse": repeat(lambda _: read(LAMP, warehouse_id=WAREHOUSE)),
        "reserve": lambda _, count: [reserve(LAMP) for _ in range(count)],
        "reserve, release": _with_reservations(lambda reservation: _release(LAMP, reservation)),
        "reserve, fulfill": _with_reservations(lambda reservation: _fulfill(LAMP, reservationId=reservation)),
    },
    cold=("read", "reserve"),
    peers={BOTOCORE: "stock_bare_botocore.py", POWERTOOLS: "stock_powertools.py"},
)
