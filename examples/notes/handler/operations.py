"""The Lambda code: a function per operation."""

from __future__ import annotations

import hmac
import json
import os

from tap_stack.runtime.attributes import Item, to_item, to_json
from tap_stack.runtime.dynamodb import DynamoDB
from tap_stack.runtime.errors import NotFound
from tap_stack.runtime.event_handler import Request, Response
from tap_stack.runtime.secrets import Secret

SEAL = Secret("NOTES_SEAL")
TABLE = os.environ.get("NOTES_TABLE", "")
STORE: list[DynamoDB] = []


def start() -> None:
    """Make the client while the worker starts."""
    STORE.append(DynamoDB())


def write_note(request: Request) -> Response:
    """Keep a note under its name, in the place of an older one."""
    item = to_item({"text": request.body["text"], "name": request.path["name"]})
    STORE[0].call("PutItem", TableName=TABLE, Item={**item, "seal": {"S": _seal(item)}})
    return Response(200, to_json(item))


def read_note(request: Request) -> Response:
    """The note of a name, and whether it is as it was written here."""
    found = STORE[0].call("GetItem", TableName=TABLE, Key=to_item(request.path)).get("Item")
    if found is None:
        raise NotFound(f"no note {json.dumps(request.path['name'])}")
    genuine = hmac.compare_digest(found.pop("seal")["S"], _seal(found))
    return Response(200, to_json({**found, "genuine": {"BOOL": genuine}}))


def _seal(item: Item) -> str:
    text = f"{item['name']['S']}\n{item['text']['S']}"
    return hmac.new(SEAL.value().encode(), text.encode(), "sha256").hexdigest()
