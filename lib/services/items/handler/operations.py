"""The operations of the items service: create, list, read, update, delete."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import Callable, TypeVar
from urllib.parse import quote

from ....runtime.attributes import Item, check_unicode, to_item, to_json
from ....runtime.errors import BadRequest, NotFound
from ....runtime.event_handler import Request, Response
from ....runtime.idempotency import Idempotency
from ....runtime.payload import MAX_BODY_BYTES, payload_bytes
from ....runtime.reserved_keys import reject_reserved_names
from .repository import KEYS, items, key_of, own_row

KEY_BYTES = {"ItemId": 2048, "CreatedAt": 1024}
"""DynamoDB's limits for a partition key and a sort key."""
DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_CHANGES = 300
"""Maximum number of attributes that one change sets: a limit of DynamoDB's update expressions."""
NEWEST_ATTEMPTS = 5
"""How often a newest record that is deleted before it can be changed is looked for again."""

T = TypeVar("T")


def start() -> None:
    """Make what every request needs."""
    items()


def create_item(request: Request) -> Response:
    """Add a record: its id and time are the caller's, or made here."""
    reject_reserved_names(*request.body)
    given = to_item(request.body)
    item = {"ItemId": {"S": os.urandom(16).hex()}, "CreatedAt": {"S": _now()}, **given}
    for name in KEYS:
        _checked_key(name, item[name]["S"])
    key = request.headers.get("idempotency-key")
    if key is None:
        item = items().create(item)
    else:
        scope = f"{request.route} {request.caller}"
        item = items().create_once(item, Idempotency(key, scope, given, own_row))
    where = "/".join(quote(item[name]["S"], safe=":") for name in KEYS)
    return Response(201, to_json(item), {"Location": f"items/{where}"})


def list_items(request: Request) -> Response:
    """A page of records, in no particular order; never more than Lambda can send."""
    size = min(request.query.get("page_size", DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE)
    page = items().page(size, request.query.get("page_token"))
    texts: list[str] = []
    after, room = page.after, MAX_BODY_BYTES
    for item in page.items:
        text = to_json(item)
        room -= payload_bytes(text) + 1
        if texts and room < 0:
            after = key_of(page.items[len(texts) - 1])
            break
        texts.append(text)
    token = json.dumps(items().token(after) if after else None)
    return Response(200, f'{{"items":[{",".join(texts)}],"count":{len(texts)},"next_page_token":{token}}}')


def read_item(request: Request) -> Response:
    """One record: exactly that, or the newest of an id."""
    key = _key(request)
    return Response(200, to_json(items().read(key) if "CreatedAt" in key else items().newest(key["ItemId"]["S"])))


def update_item(request: Request) -> Response:
    """Set attributes of one record; those not named stay. Keys can be sent back with their stored values."""
    reject_reserved_names(*request.body)
    changes = to_item(request.body)
    sent_keys = {name: changes.pop(name) for name in KEYS if name in changes}
    if len(changes) > MAX_CHANGES:
        raise BadRequest(f"the body must have at most {MAX_CHANGES} attributes besides its keys, got {len(changes)}")

    def update(key: Item) -> Item:
        for name, sent in sent_keys.items():
            if sent != key[name]:
                stored, got = key[name]["S"], f"{request.body[name]!r:.80}"
                raise BadRequest(
                    f"{name}: keys cannot change; it must be {stored!r} or omitted, got {got}. "
                    "To change a key, create another item and delete this one."
                )
        return items().update(key, changes)

    return Response(200, to_json(_on_record(request, update)))


def delete_item(request: Request) -> Response:
    """Remove one record."""
    _on_record(request, items().delete)
    return Response(204)


def _on_record(request: Request, act: Callable[[Item], T]) -> T:
    """Do `act` to the record the path names; the newest of an id may vanish before, then the next is newest."""
    key = _key(request)
    if "CreatedAt" in key:
        return act(key)
    for _ in range(NEWEST_ATTEMPTS):
        newest = items().newest(key["ItemId"]["S"])
        try:
            return act(key_of(newest))
        except NotFound:
            continue
    raise NotFound(f"no item {key['ItemId']['S']!r} that stays")


def _key(request: Request) -> Item:
    return {name: {"S": _checked_key(name, text)} for name, text in request.path.items()}


def _checked_key(name: str, text: str) -> str:
    if not 1 <= len(check_unicode(text, name).encode()) <= KEY_BYTES[name]:
        raise BadRequest(f"{name}: give 1 to {KEY_BYTES[name]} bytes of text, not {len(text.encode())}")
    if text in (".", "..") or any(ord(character) < 32 for character in text):
        raise BadRequest(f"{name} {text!r}: give text without control characters that is neither '.' nor '..'")
    if name == "ItemId":
        reject_reserved_names(text)
    return text


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
