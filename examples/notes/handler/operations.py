"""Operations of the service."""

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
STORE, TABLE = DynamoDB(), os.environ["NOTES_TABLE"]


def write_note(request: Request) -> Response:
    """Store a note under its name, replacing a previous one."""
    item = to_item({"text": request.body["text"], "name": request.path["name"]})
    STORE.call("PutItem", TableName=TABLE, Item={**item, "seal": {"S": _seal(item)}})
    return Response(200, to_json(item))


def read_note(request: Request) -> Response:
    """Return the note with a name, and whether its seal is valid."""
    item = STORE.call("GetItem", TableName=TABLE, Key=to_item(request.path)).get("Item")
    if item is None:
        raise NotFound(f"Note {json.dumps(request.path['name'])} not found.")
    is_genuine = hmac.compare_digest(item.pop("seal")["S"], _seal(item))
    return Response(200, to_json({**item, "genuine": {"BOOL": is_genuine}}))


def _seal(item: Item) -> str:
    message = f"{item['name']['S']}\n{item['text']['S']}"
    return hmac.new(SEAL.value().encode(), message.encode(), "sha256").hexdigest()
