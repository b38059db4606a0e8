"""The operations that are counted and billed: what each finds, and the request itself."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lib.local.emulator import Emulator
from lib.services.stock.handler import levels, reservations
from lib.services.stock.handler.reservations import Line

from ..contenders import Worker, contenders, worker
from ..events import Event
from ..recorder import Asked, recording
from ..stock import calls
from ..stock.stage import PLENTY, Stage, put_level, set_up, whole

CART = 5
PAGE = 25
HOUR_SECONDS = 3600


class Shop(NamedTuple):
    """A worker and what it works on."""

    emulator: Emulator
    stage: Stage
    process: Worker
    asked: list[Asked]
    """What it asked of AWS."""

    def product(self, number: int = 1) -> list[str]:
        """Products that are new."""
        made = [f"LAMP-{uuid.uuid4().hex[:8]}" for _ in range(number)]
        for product in made:
            calls.asked(self.process, calls.create(product))
        return made

    def held(self) -> tuple[str, str]:
        """A product, and a reservation that holds a unit of it."""
        (product,) = self.product()
        reservation = uuid.uuid4().hex
        calls.asked(self.process, calls.reserve(product, reservation))
        return product, reservation


def _reserve_last(shop: Shop) -> Event:
    product = f"LAMP-{uuid.uuid4().hex[:8]}"
    calls.asked(shop.process, calls.create(product, stock_count=11))
    return calls.reserve(product)


def _release(shop: Shop) -> Event:
    return calls.release(*shop.held())


def _fulfill(shop: Shop) -> Event:
    product, reservation = shop.held()
    return calls.fulfill(product, reservationId=reservation)


def _fulfill_cart(shop: Shop) -> Event:
    reservation = uuid.uuid4().hex
    calls.asked(shop.process, calls.reserve_cart(shop.product(CART), reservation))
    return calls.fulfill_cart(reservation)


def _expire(shop: Shop) -> Event:
    """The sweep that finds one hold that has ended."""
    end = int(time.time()) - HOUR_SECONDS
    at = levels.format_timestamp(end - HOUR_SECONDS)
    level = levels.created((f"LAMP-{uuid.uuid4().hex[:8]}", calls.WAREHOUSE), PLENTY, 10, "lighting", at)
    put_level(shop.emulator, shop.stage, levels.held(level, units=1, end=end, at=at))
    line = Line(uuid.uuid4().hex, 0, *level.place, 1, reservations.HELD, at, end, "anonymous", "0" * 32)
    held = reservations.row(line)
    shop.emulator.client("dynamodb").put_item(TableName=shop.stage.names["reservations"], Item=held)
    return calls.schedule("stock-expiry")


def _movements(shop: Shop) -> Event:
    """Of a product that has had 25."""
    (product,) = shop.product()
    for number in range(PAGE - 1):
        calls.asked(shop.process, calls.update(product, threshold_level=number))
    return calls.movements(product)


PLAN: Mapping[str, Callable[[Shop], Event]] = {
    "create": lambda shop: calls.create(f"LAMP-{uuid.uuid4().hex[:8]}"),
    "read": lambda shop: calls.read(*shop.product()),
    "read, in a warehouse": lambda shop: calls.read(*shop.product(), warehouse_id=calls.WAREHOUSE),
    "update": lambda shop: calls.update(*shop.product(), stock_count=40),
    "update of the category": lambda shop: calls.update(*shop.product(), category="furniture"),
    "reserve": lambda shop: calls.reserve(*shop.product()),
    "reserve, crossing a threshold": _reserve_last,
    f"reserve, cart of {CART}": lambda shop: calls.reserve_cart(shop.product(CART), uuid.uuid4().hex),
    "release": _release,
    "fulfil": _fulfill,
    f"fulfil, cart of {CART}": _fulfill_cart,
    "fulfil free units": lambda shop: calls.fulfill(*shop.product(), quantity=1),
    "expiry sweep, one hold": _expire,
    f"list of {PAGE}": lambda shop: calls.listing(),
    f"movements, {PAGE}": _movements,
}


@contextmanager
def opened() -> Iterator[Shop]:
    """A shop with a page full of products, that has signed a page token."""
    with (
        Emulator() as emulator,
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        recording(emulator.url) as (endpoint, heard),
    ):
        stage = set_up(emulator, endpoint)
        with worker(contenders(Path(folder), whole(), {})[0], stage.environment) as process:
            shop = Shop(emulator, stage, process, heard)
            shop.product(PAGE + 1)
            calls.asked(process, calls.listing())
            yield shop
