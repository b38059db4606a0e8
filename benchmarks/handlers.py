"""The items service's Lambda code beside peers that do the same work on the same table."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from lib.local.emulator import Emulator
from lib.services.items.service import SERVICE

from .contenders import FLOOR, OURS, POWERTOOLS, Worker, contenders, lambda_environment
from .events import Answer, Event, event, faults
from .race import METHOD, Race, Task, Times, compared
from .stage import create_table
from .tables import Target, section
from .workloads import timed

FASTAPI = "FastAPI + Mangum + boto3.resource"
PEERS = {FLOOR: "bare_botocore.py", POWERTOOLS: "powertools.py", FASTAPI: "fastapi_mangum.py"}
TABLE_NAME = "benchmark-items-table"
TITLE = f"handlers: a small item created and read; processor time of the function's process, medians\n{METHOD}"
ITEM_TEXT = (
    '{"name":"Walnut desk, 140 cm","category":"furniture","price":349.95,"quantity":12,"active":true,'
    '"dimensions":{"width":140.5,"depth":70,"finish":{"wood":"walnut","coats":3}}}'
)
KEYS = ("ItemId", "CreatedAt")


def report() -> str:
    """Measure everyone against one emulator, in one run."""
    with Emulator() as emulator, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        create_table(emulator, SERVICE.tables[0], TABLE_NAME)
        environment = {**lambda_environment(emulator), SERVICE.tables[0].variable: TABLE_NAME}
        race = Race(contenders(Path(folder), SERVICE, PEERS), environment, _tasks)
        cold = {"cold": race.cold("create")}
        warm = {what: race.warm(what) for what in ("create", "read")}
    times = timed(SERVICE.name, warm, {"create": cold["cold"]})
    return section(TITLE, compared(cold, "ms"), compared(warm, "us"), times, targets=_targets({**cold, **warm}))


def _tasks(process: Worker) -> dict[str, Task]:
    create = event("POST", "/items", body=ITEM_TEXT)
    item = json.loads(process.serve(create).answer["body"])
    read = event("GET", "/items/{ItemId}/{CreatedAt}", {name: item[name] for name in KEYS})
    return {"create": Task([create], _faults), "read": Task([read], _faults)}


def _faults(asked: Event, answer: Answer) -> list[str]:
    """Every contender owes the whole item, and where it is once it is created."""
    item = json.loads(answer["body"], parse_float=Decimal)
    keys = {name: item.pop(name, None) for name in KEYS}
    wrong = {
        "keys": not all(keys.values()) or asked["pathParameters"] not in (None, keys),
        "item": item != json.loads(ITEM_TEXT, parse_float=Decimal),
    }
    if asked["httpMethod"] == "POST":
        return faults(answer, 201, "location", **wrong)
    return faults(answer, 200, **wrong)


def _targets(times: Mapping[str, Times]) -> list[Target]:
    limits = [("cold", FLOOR, 1.05), ("create", FLOOR, 1.15), ("read", FLOOR, 1.15)]
    limits += [(what, name, 0.6) for name in (POWERTOOLS, FASTAPI) for what in ("create", "read")]
    return [
        Target(what=f"{what}, of {name}", limit=limit, measured=times[what][OURS] / times[what][name])
        for what, name, limit in limits
    ]
