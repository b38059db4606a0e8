"""Requests of the items service."""

from __future__ import annotations

from lib.services.items.service import SERVICE

from ..candidates import BOTOCORE, FASTAPI, POWERTOOLS
from ..deployment import Session
from ..events import Event, event
from ..measure import Measurement, repeat

PAGE = 20
ITEM = (
    '{"name":"Walnut desk, 140 cm","category":"furniture","price":349.95,"quantity":12,"active":true,'
    '"dimensions":{"width":140.5,"depth":70,"finish":{"wood":"walnut","coats":3}}}'
)
PATH = "/items/{ItemId}/{CreatedAt}"
CREATE = event("POST", "/items", body=ITEM)
LISTING = event("GET", "/items", query={"page_size": str(PAGE)})


def _create_item(session: Session) -> dict[str, str]:
    item = session.worker.send(CREATE)
    return {name: item[name] for name in ("ItemId", "CreatedAt")}


def _create(_: Session) -> Event:
    return CREATE


def _read(session: Session) -> Event:
    return event("GET", PATH, _create_item(session))


def _prepare(session: Session) -> None:
    for _ in range(PAGE + 1):
        session.worker.send(CREATE)
    session.worker.send(LISTING)


MEASUREMENT = Measurement(
    service=SERVICE,
    prepare=_prepare,
    requests={
        "create": _create,
        "read": _read,
        "read the newest": lambda session: event("GET", "/items/{ItemId}", _create_item(session)),
        "update": lambda session: event("PUT", PATH, _create_item(session), body='{"price": 1}'),
        "delete": lambda session: event("DELETE", PATH, _create_item(session)),
        f"list of {PAGE}": lambda _: LISTING,
    },
    timed={"create": repeat(_create), "read": repeat(_read)},
    cold=("create",),
    peers={BOTOCORE: "bare_botocore.py", POWERTOOLS: "powertools.py", FASTAPI: "fastapi_mangum.py"},
)
