"""Operations of the inventory API."""

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
from .repository import CONFIG_PARAMETER, Page, Preconditions, inventory

MAX_CONCURRENT_ITEMS = 8
"""Maximum number of items of a batch that are written concurrently."""


def start() -> None:
    """Create the repository during initialization, and read the settings if the function uses them."""
    repository = inventory()
    if CONFIG_PARAMETER in os.environ:
        repository.config()


def create_item(request: Request) -> Response:
    """Create an item."""
    fields = to_item(request.body)
    item = inventory().create(fields, request.actor, _idempotency(request, fields))
    return _item(item, 201, {"Location": f"items/{item['itemId']['S']}"})


def get_item(request: Request) -> Response:
    """Return an item or one of its versions."""
    query = request.query
    return _item(inventory().read(_id(request), request.actor, query.get("version"), query.get("sku")))


def list_items(request: Request) -> Response:
    """Return a page of items, newest first."""
    filters: dict[str, str] = {n: request.query[n] for n in ("category", "status") if n in request.query}
    size, token = _page_size(request), request.query.get("page_token")
    if "sku" in request.query:
        if token:
            raise BadRequest("page_token must be omitted if sku is set, because the listing has one page.")
        attributes = {name: {"S": value} for name, value in filters.items()}
        matches = inventory().find(request.actor, request.query["sku"])
        page = Page([item for item in matches if attributes.items() <= item.items()], None)
    else:
        page = inventory().page(request.actor, filters, size, token)
    return _page("items", [to_json(items.item_of(row)) for row in page.rows], page.token)


def update_item(request: Request) -> Response:
    """Update the fields of an item that are in the request."""
    return _item(inventory().change(_id(request), _changes(request.body), _preconditions(request), request.actor))


def delete_item(request: Request) -> Response:
    """Delete an item and retain its history."""
    item = inventory().delete(_id(request), _preconditions(request), request.actor)
    message = {"S": f"Item {item['itemId']['S']!r} was deleted. Its history is retained."}
    body = {"message": message, "itemId": item["itemId"], "version": item["version"]}
    return Response(200, to_json(body), _etag(item))


def get_history(request: Request) -> Response:
    """Return a page of the versions of an item, newest first."""
    page = inventory().history(_id(request), request.actor, _page_size(request), request.query.get("page_token"))
    return _page("versions", [to_json(items.to_history_entry(row)) for row in page.rows], page.token)


def batch_items(request: Request) -> Response:
    """Create or update items, each in its own transaction. Execute the changes of an item in order."""
    # The import takes milliseconds, and most execution environments do not need it.
    from concurrent.futures import ThreadPoolExecutor  # pylint: disable=import-outside-toplevel

    entries = request.body["items"]
    key = _idempotency(request, {"items": {"L": [_stored_form(entry) for entry in entries]}})
    if key:
        inventory().claim(key)
    numbers_by_item: dict[str, list[int]] = {}
    for number, entry in enumerate(entries):
        item_id = None if number in request.invalid else entry.get("itemId")
        numbers_by_item.setdefault(item_id or f"new {number}", []).append(number)
    results = [""] * len(entries)

    def execute_in_order(numbers: list[int]) -> None:
        for number in numbers:
            results[number] = _result(request, number, key.part(number) if key else None)

    with ThreadPoolExecutor(min(MAX_CONCURRENT_ITEMS, len(numbers_by_item))) as threads:
        list(threads.map(execute_in_order, numbers_by_item.values()))
    return Response(200, f'{{"results":[{",".join(results)}]}}')


def send_alerts() -> None:
    """Publish the alerts that are due: those that an earlier request stored but could not publish."""
    inventory().send_alerts()


def _result(request: Request, number: int, idempotency: Idempotency | None) -> str:
    """Execute an entry of a batch and return its result as JSON. An error must not affect the other entries."""
    try:
        if number in request.invalid:
            raise request.invalid[number]
        if DEADLINE.is_exceeded():
            raise TooManyRequests("The request timed out before this item. Send the item in another request.")
        status, item = _execute(request, number, idempotency)
    except ApiError as exc:
        error = exc
    except AwsError as exc:
        logging.write("ERROR", "unhandled", requestId=request.id, entry=number, error=str(exc))
        error = Unavailable() if is_retryable(exc) else ApiError("Internal error. Try again later.")
    else:
        return f'{{"status":{status},"item":{to_json(item)}}}'
    return f'{{"status":{error.status},"error":{json.dumps(error.document(request.id))}}}'


def _execute(request: Request, number: int, idempotency: Idempotency | None) -> tuple[int, Item]:
    """Create or update the item of an entry. Return its HTTP status and the item."""
    entry = request.body["items"][number]
    changes = _changes(entry)
    if "itemId" in entry:
        expected, version = entry.get("expectedVersion"), entry.get("version")
        preconditions = Preconditions(expected=expected, version=version, read_only=_read_only(entry))
        return 200, inventory().change(entry["itemId"], changes, preconditions, request.actor, idempotency)
    fields = {name: value for name, value in changes.items() if value is not None}
    if missing := [name for name in items.REQUIRED if name not in fields]:
        details = [f"items[{number}] must contain {', '.join(missing)}"]
        raise BadRequest(
            "New items must have all required fields; see details. To change an existing item, set itemId.", details
        )
    for name in ("expectedVersion", "version", *items.READ_ONLY):
        if name in entry:
            raise BadRequest(f"{name} must be omitted for a new item. To change an existing item, set itemId.")
    return 201, inventory().create(fields, request.actor, idempotency)


def _id(request: Request) -> str:
    """Return the item ID in the path. Raise `NotFound` if it does not have the format of generated IDs."""
    item_id = request.path["itemId"]
    if not re.fullmatch("[0-9a-f]{32}", item_id):
        raise NotFound(f"Item {item_id!r} not found.")
    return item_id


def _changes(body: dict[str, Any]) -> items.Changes:
    fields = {name: body[name] for name in items.FIELDS if name in body}
    return {name: None if value is None else to_attribute(value, name) for name, value in fields.items()}


def _preconditions(request: Request) -> Preconditions:
    header = request.headers.get("if-match", "*").strip()
    if header != "*" and not re.fullmatch(r'"[1-9][0-9]{0,11}"', header):
        raise BadRequest(f'If-Match must be * or the ETag of a version including quotes, such as "3", got {header!r}.')
    body = request.body or {}
    if_match = None if header == "*" else int(header.strip('"'))
    expected, version = body.get("expectedVersion"), body.get("version")
    return Preconditions(if_match, expected, request.query.get("sku"), version, _read_only(body))


def _read_only(body: dict[str, Any]) -> dict[str, str]:
    return {name: body[name] for name in items.READ_ONLY if name in body}


def _idempotency(request: Request, contents: Item) -> Idempotency | None:
    key = request.headers.get("idempotency-key")
    return None if key is None else Idempotency(key, f"{request.route} {request.caller}", contents, items.internal_key)


def _stored_form(entry: Any) -> Attribute:
    """Return an entry as an attribute value for the digest of the batch: null if DynamoDB cannot store it."""
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
