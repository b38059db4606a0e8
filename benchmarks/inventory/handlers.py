"""The inventory's Lambda code beside peers that write and read the same rows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from lib.local.emulator import Emulator
from lib.services.inventory.service import SERVICE

from ..contenders import FLOOR, OURS, POWERTOOLS, Worker, contenders
from ..events import Answer, Event, faults, headers_of
from ..race import METHOD, Race, Task, Times, compared
from ..tables import Target, section
from ..workloads import timed
from . import calls
from .stage import set_up

PEERS = {FLOOR: "inventory_bare_botocore.py", POWERTOOLS: "inventory_powertools.py"}
PAGE = 20
LIMITS = {FLOOR: 1.25, POWERTOOLS: 0.5}
OPERATIONS = ("create", "read, audited", "update", f"list of {PAGE}, audited")
TITLE = (
    "inventory, handlers: every read audited, every write a transaction of three rows; "
    f"processor time of the function's process, medians\n{METHOD}\n"
    "ours checks whole schemas, reads its settings when it starts, and signs page tokens; the peers do not"
)


def report() -> str:
    """Measure everyone against one emulator, in one run."""
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        environment = set_up(emulator, emulator.url).environment
        race = Race(contenders(Path(folder), SERVICE, PEERS), environment, _tasks)
        # Creates come last, for in the emulator a list takes as long as there are items.
        found = {what: (race.warm(what), race.cold(what)) for what in reversed(OPERATIONS)}
    warm = {what: found[what][0] for what in OPERATIONS}
    cold = {f"cold {what}": found[what][1] for what in OPERATIONS}
    times = timed(SERVICE.name, warm, {what: found[what][1] for what in OPERATIONS})
    return section(TITLE, compared(cold, "ms"), compared(warm, "us"), times, targets=_targets({**cold, **warm}))


def _tasks(process: Worker) -> dict[str, Task]:
    process.serve(calls.create(), count=PAGE + 1)
    item = calls.made(process)
    return {
        f"list of {PAGE}, audited": Task([calls.listing(page_size=str(PAGE))], _list_faults),
        "read, audited": Task([calls.read(item)], _item_faults),
        # A change that makes no difference would not be written.
        "update": Task([calls.update(item, quantity=quantity) for quantity in (41, 42)], _item_faults),
        "create": Task([calls.create()], _item_faults),
    }


def _item_faults(asked: Event, answer: Answer) -> list[str]:
    item = json.loads(answer["body"], parse_float=Decimal)
    wrong = {
        "item": not _is_desk(item, json.loads(asked["body"] or "{}", parse_float=Decimal)),
        "id": asked["pathParameters"] not in (None, {"itemId": item.get("itemId")}),
        "etag": headers_of(answer).get("etag") != f'"{item.get("version")}"',
    }
    if asked["httpMethod"] == "POST":
        return faults(answer, 201, "location", **wrong, first=item.get("version") != 1)
    return faults(answer, 200, **wrong)


def _list_faults(_: Event, answer: Answer) -> list[str]:
    page = json.loads(answer["body"], parse_float=Decimal)
    items = page["items"]
    in_order = sorted(items, key=lambda item: str(item["createdAt"]), reverse=True)
    return faults(
        answer,
        200,
        page=page.keys() != {"items", "count", "next_page_token"} or not isinstance(page["next_page_token"], str),
        items=len(items) != PAGE or items != in_order or not all(_is_desk(item, {}) for item in items),
    )


def _is_desk(item: dict[str, Any], changes: dict[str, Any]) -> bool:
    """Whether it is the whole item, whatever its quantity if that was not asked."""
    wanted = {**json.loads(json.dumps(calls.DESK), parse_float=Decimal), "status": "available", **changes}
    own = {"itemId", "version", "createdAt", "lastUpdated"}
    changing = set() if "quantity" in changes else {"quantity"}
    same = all(item.get(name) == value for name, value in wanted.items() if name not in changing)
    return same and item.keys() == wanted.keys() | own


def _targets(times: Mapping[str, Times]) -> list[Target]:
    return [
        Target(what=f"{what}, of {name}", limit=limit, measured=found[OURS] / found[name])
        for name, limit in LIMITS.items()
        for what, found in times.items()
    ]
