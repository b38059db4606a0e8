"""Operations of the items API."""

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
from .repository import KEYS, internal_key, items, key_of

KEY_BYTES = {"ItemId": 2048, "CreatedAt": 1024}
"""DynamoDB's limits for a partition key and a sort key."""
DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_CHANGES = 300
"""Maximum number of attributes that an update sets: a limit of DynamoDB's update expressions."""
NEWEST_ATTEMPTS = 5
"""Maximum number of lookups of the newest item, because concurrent requests can delete each one before the change."""

T = TypeVar("T")


def start() -> None:
    """Create the repository during initialization."""
    items()


def create_item(request: Request) -> Response:
    """Create an item. Generate keys that are not in the request."""
    reject_reserved_names(*request.body)
    attributes = to_item(request.body)
    item = {"ItemId": {"S": os.urandom(16).hex()}, "CreatedAt": {"S": _now()}, **attributes}
    for name in KEYS:
        _check_key(name, item[name]["S"])
    key = request.headers.get("idempotency-key")
    if key is None:
        item = items().create(item)
    else:
        scope = f"{request.route} {request.caller}"
        item = items().create_once(item, Idempotency(key, scope, attributes, internal_key))
    path = "/".join(quote(item[name]["S"], safe=":") for name in KEYS)
    return Response(201, to_json(item), {"Location": f"items/{path}"})


def list_items(request: Request) -> Response:
    """Return a page of items. It is shorter than its size if it would exceed the payload limit of Lambda."""
    size = min(request.query.get("page_size", DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE)
    page = items().page(size, request.query.get("page_token"))
    entries: list[str] = []
    last_key, remaining_bytes = page.last_key, MAX_BODY_BYTES
    for item in page.items:
        entry = to_json(item)
        remaining_bytes -= payload_bytes(entry) + 1
        if entries and remaining_bytes < 0:
            last_key = key_of(page.items[len(entries) - 1])
            break
        entries.append(entry)
    token = json.dumps(items().token(last_key) if last_key else None)
    return Response(200, f'{{"items":[{",".join(entries)}],"count":{len(entries)},"next_page_token":{token}}}')


def read_item(request: Request) -> Response:
    """Return an item. If the path has only an ID, return the newest item of the ID."""
    key = _key(request)
    return Response(200, to_json(items().read(key) if "CreatedAt" in key else items().newest(key["ItemId"]["S"])))


def update_item(request: Request) -> Response:
    """Set attributes of an item. Keys can be in the request if they equal the stored values."""
    reject_reserved_names(*request.body)
    changes = to_item(request.body)
    sent_keys = {name: changes.pop(name) for name in KEYS if name in changes}
    if len(changes) > MAX_CHANGES:
        raise BadRequest(
            f"The body must have at most {MAX_CHANGES} attributes in addition to its keys, got {len(changes)}."
        )

    def update(key: Item) -> Item:
        for name, sent in sent_keys.items():
            if sent != key[name]:
                stored, got = key[name]["S"], f"{request.body[name]!r:.80}"
                raise BadRequest(
                    f"{name} cannot change, so it must be {stored!r} or omitted, got {got}. "
                    "To change a key, create another item and delete this one."
                )
        return items().update(key, changes)

    return Response(200, to_json(_change(request, update)))


def delete_item(request: Request) -> Response:
    """Delete an item."""
    _change(request, items().delete)
    return Response(204)


def _change(request: Request, change: Callable[[Item], T]) -> T:
    """Call `change` with the key of the item. If the path has only an ID, that is the newest item with the ID; if a
    concurrent request deletes it first, continue with the next newest item.
    """
    key = _key(request)
    if "CreatedAt" in key:
        return change(key)
    for _ in range(NEWEST_ATTEMPTS):
        newest = items().newest(key["ItemId"]["S"])
        try:
            return change(key_of(newest))
        except NotFound:
            continue
    raise NotFound(f"Item {key['ItemId']['S']!r} was deleted by concurrent requests.")


def _key(request: Request) -> Item:
    return {name: {"S": _check_key(name, value)} for name, value in request.path.items()}


def _check_key(name: str, value: str) -> str:
    size = len(check_unicode(value, name).encode())
    if not 1 <= size <= KEY_BYTES[name]:
        raise BadRequest(f"{name} must have 1 to {KEY_BYTES[name]} bytes in UTF-8, got {size} bytes.")
    if value in (".", "..") or any(ord(character) < 32 for character in value):
        raise BadRequest(f"{name} must not be '.' or '..' and must not contain control characters, got {value!r}.")
    if name == "ItemId":
        reject_reserved_names(value)
    return value


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
