"""The operations of the inventory service."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from ....runtime import logging
from ....runtime.attributes import Attribute, Item, to_attribute, to_item, to_json
from ....runtime.errors import ApiError, BadRequest, NotFound, TooManyRequests, Unavailable
from ....runtime.event_handler import Request, Response
from ....runtime.http_client import DEADLINE, AwsError, is_retryable
from ....runtime.idempotency import Idempotency
from . import items
from .repository import CONFIG_PARAMETER, Guard, Page, inventory

SIDE_BY_SIDE = 8
"""How many items of a batch are written at once."""


def start() -> None:
    """Make what every request needs, and read the settings of functions that go by them."""
    store = inventory()
    if CONFIG_PARAMETER in os.environ:
        store.config()


def create_item(request: Request) -> Response:
    """Add an item."""
    fields = to_item(request.body)
    item = inventory().create(fields, request.actor, _idempotency(request, fields))
    return _item(item, 201, {"Location": f"items/{item['itemId']['S']}"})


def get_item(request: Request) -> Response:
    """An item as it is, or as it was at a version."""
    query = request.query
    return _item(inventory().read(_id(request), request.actor, query.get("version"), query.get("sku")))


def list_items(request: Request) -> Response:
    """A page of items, newest first."""
    narrowed: dict[str, str] = {n: request.query[n] for n in ("category", "status") if n in request.query}
    size, token = _page_size(request), request.query.get("page_token")
    if "sku" in request.query:
        if token:
            raise BadRequest("page_token: there is no second page of one sku; take it out")
        wanted = {name: {"S": value} for name, value in narrowed.items()}
        found = inventory().find(request.actor, request.query["sku"])
        page = Page([item for item in found if wanted.items() <= item.items()], None)
    else:
        page = inventory().page(request.actor, narrowed, size, token)
    return _page("items", [to_json(items.item_of(row)) for row in page.rows], page.token)


def update_item(request: Request) -> Response:
    """Change fields of an item; those not named stay."""
    return _item(inventory().change(_id(request), _changes(request.body), _guard(request), request.actor))


def delete_item(request: Request) -> Response:
    """Take an item away; its history stays."""
    item = inventory().delete(_id(request), _guard(request), request.actor)
    told = {"message": {"S": f"item {item['itemId']['S']} is deleted; its history stays"}}
    return Response(200, to_json({**told, "itemId": item["itemId"], "version": item["version"]}), _etag(item))


def get_history(request: Request) -> Response:
    """A page of an item's versions, newest first."""
    page = inventory().history(_id(request), request.actor, _page_size(request), request.query.get("page_token"))
    return _page("versions", [to_json(items.version_shown(row)) for row in page.rows], page.token)


def batch_items(request: Request) -> Response:
    """Create or change items, each by itself; those of one item in their order."""
    # Takes milliseconds to load, and most workers never need it.
    from concurrent.futures import ThreadPoolExecutor  # pylint: disable=import-outside-toplevel

    entries = request.body["items"]
    key = _idempotency(request, {"items": {"L": [_stored_form(entry) for entry in entries]}})
    if key:
        inventory().claim(key)
    apart: dict[str, list[int]] = {}
    for number, entry in enumerate(entries):
        item_id = None if number in request.invalid else entry.get("itemId")
        apart.setdefault(item_id or f"new {number}", []).append(number)
    results = [""] * len(entries)

    def carry_out(numbers: list[int]) -> None:
        for number in numbers:
            results[number] = _result(request, number, key.part(number) if key else None)

    with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(apart))) as threads:
        list(threads.map(carry_out, apart.values()))
    return Response(200, f'{{"results":[{",".join(results)}]}}')


def send_alerts() -> None:
    """Send the alerts that could not be sent when they arose."""
    inventory().send_alerts()


def _result(request: Request, number: int, idempotency: Idempotency | None) -> str:
    """What an entry of a batch is answered; the others' answers must not be lost with it."""
    try:
        if number in request.invalid:
            raise request.invalid[number]
        if DEADLINE.is_exceeded():
            raise TooManyRequests("the time of this request is used up; send the rest of it again")
        status, item = _carried_out(request, number, idempotency)
    except ApiError as exc:
        error = exc
    except AwsError as exc:
        logging.write("ERROR", "unhandled", requestId=request.id, entry=number, error=str(exc))
        error = Unavailable() if is_retryable(exc) else ApiError("something went wrong on our side; try again")
    else:
        return f'{{"status":{status},"item":{to_json(item)}}}'
    return f'{{"status":{error.status},"error":{json.dumps(error.document(request.id))}}}'


def _carried_out(request: Request, number: int, idempotency: Idempotency | None) -> tuple[int, Item]:
    entry = request.body["items"][number]
    changes = _changes(entry)
    if "itemId" in entry:
        version = entry.get("version")
        guard = Guard(expected=entry.get("expectedVersion"), version=version, read_only=_read_only(entry))
        return 200, inventory().change(entry["itemId"], changes, guard, request.actor, idempotency)
    fields = {name: value for name, value in changes.items() if value is not None}
    if missing := [name for name in items.REQUIRED if name not in fields]:
        needed = [f"items[{number}] must contain {', '.join(missing)}"]
        raise BadRequest("a new item lacks something; to change one, give its itemId", needed)
    for name in ("expectedVersion", "version", *items.READ_ONLY):
        if name in entry:
            raise BadRequest(f"{name}: a new item has none; set the itemId of the item to change")
    return 201, inventory().create(fields, request.actor, idempotency)


def _id(request: Request) -> str:
    """The id in the path; one that this service never made is nobody's."""
    item_id = request.path["itemId"]
    if not re.fullmatch("[0-9a-f]{32}", item_id):
        raise NotFound(f"no item {item_id!r}")
    return item_id


def _changes(body: dict[str, Any]) -> items.Changes:
    given = {name: body[name] for name in items.FIELDS if name in body}
    return {name: None if value is None else to_attribute(value, name) for name, value in given.items()}


def _guard(request: Request) -> Guard:
    text = request.headers.get("if-match", "*").strip()
    if text != "*" and not re.fullmatch(r'"[1-9][0-9]{0,11}"', text):
        raise BadRequest(f'If-Match {text!r}: give the ETag of a version, such as "3" with its quotes, or *')
    body = request.body or {}
    if_match = None if text == "*" else int(text.strip('"'))
    expected, version = body.get("expectedVersion"), body.get("version")
    return Guard(if_match, expected, request.query.get("sku"), version, _read_only(body))


def _read_only(body: dict[str, Any]) -> dict[str, str]:
    return {name: body[name] for name in items.READ_ONLY if name in body}


def _idempotency(request: Request, contents: Item) -> Idempotency | None:
    key = request.headers.get("idempotency-key")
    return None if key is None else Idempotency(key, f"{request.route} {request.caller}", contents, items.own_row)


def _stored_form(entry: Any) -> Attribute:
    """Return an entry as DynamoDB stores it. All that it cannot store are the same: none of them has an effect."""
    try:
        return to_attribute(entry, "entry", depth=2)
    except BadRequest:
        return {"NULL": True}


def _page_size(request: Request) -> int:
    config = inventory().config()
    return int(min(request.query.get("page_size", config.default_page_size), config.max_page_size))


def _item(item: Item, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, to_json(item), {**_etag(item), **(headers or {})})


def _etag(item: Item) -> dict[str, str]:
    return {"ETag": f'"{items.version_of(item)}"'}


def _page(name: str, entries: list[str], token: str | None) -> Response:
    page = f'"{name}":[{",".join(entries)}],"count":{len(entries)},"next_page_token":{json.dumps(token)}'
    return Response(200, f"{{{page}}}")
