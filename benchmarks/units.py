"""What DynamoDB bills for each operation of the items service, and how often that calls it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib.local.emulator import Emulator
from lib.services.items.service import SERVICE

from .capacity_units import Bill, bill, item_size
from .contenders import Worker, contenders, lambda_environment, worker
from .events import Event, event
from .handlers import ITEM_TEXT, KEYS
from .recorder import recording, round_trips
from .stage import create_table, snapshot
from .tables import section
from .workloads import billed
from .workloads import trips as compared_trips

TABLE = SERVICE.tables[0]
TABLE_NAME = "benchmark-items-table"
TITLE = "items, units: what was recorded, billed by DynamoDB's published rules"
PAGE = 20


def _made(process: Worker) -> dict[str, str]:
    """The keys of an item that was just created."""
    item = json.loads(_asked(process, _create())["body"])
    return {name: item[name] for name in KEYS}


def _create() -> Event:
    return event("POST", "/items", body=ITEM_TEXT)


PLAN: dict[str, Callable[[Worker], Event]] = {
    "create": lambda process: _create(),
    "read": lambda process: event("GET", "/items/{ItemId}/{CreatedAt}", _made(process)),
    "read the newest": lambda process: event("GET", "/items/{ItemId}", _made(process)),
    "update": lambda process: event("PUT", "/items/{ItemId}/{CreatedAt}", _made(process), body='{"price": 1}'),
    "delete": lambda process: event("DELETE", "/items/{ItemId}/{CreatedAt}", _made(process)),
    f"list of {PAGE}": lambda process: event("GET", "/items", query={"page_size": str(PAGE)}),
}


def report() -> str:
    """Record each operation, and bill it."""
    bills: dict[str, Bill] = {}
    trips: dict[str, int] = {}
    tables = {TABLE_NAME: TABLE}
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        create_table(emulator, TABLE, TABLE_NAME)
        ours = contenders(Path(folder), SERVICE, {})[0]
        with recording(emulator.url) as (endpoint, heard):
            environment = {**lambda_environment(emulator, endpoint), TABLE.variable: TABLE_NAME}
            with worker(ours, environment) as process:
                for _ in range(PAGE + 1):
                    _made(process)
                _asked(process, PLAN[f"list of {PAGE}"](process))  # makes the page tokens' key
                for what, request in PLAN.items():
                    asking = request(process)
                    before = snapshot(emulator, tables)
                    heard.clear()
                    _asked(process, asking)
                    bills[what] = bill(heard, tables, before, snapshot(emulator, tables))
                    trips[what] = round_trips(heard)
            largest = max(item_size(row) for row in snapshot(emulator, tables)[TABLE_NAME].values())
    rows = [[what, str(trips[what]), f"{one.reads:g}", str(one.writes.total())] for what, one in bills.items()]
    table = [["", "round trips", "read", "written"], *rows]
    return section(
        f"{TITLE}; the largest row had {largest} bytes",
        table,
        targets=[*billed(SERVICE.name, bills), *compared_trips(SERVICE.name, trips)],
    )


def _asked(process: Worker, request: Event) -> Any:
    answer = process.serve(request).answer
    if answer["statusCode"] >= 300:
        raise RuntimeError(f"{request['httpMethod']} {request['path']} is answered {answer}")
    return answer
