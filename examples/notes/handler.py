"""The Lambda code: a function per operation."""

from __future__ import annotations

import json
import os

from lib.runtime.api import Request, Response
from lib.runtime.attributes import to_item, to_json
from lib.runtime.dynamodb import DynamoDB
from lib.runtime.errors import NotFound

TABLE = os.environ.get("NOTES_TABLE", "")
STORE: list[DynamoDB] = []


def start() -> None:
    """Make the client while the worker starts."""
    STORE.append(DynamoDB())


def write_note(request: Request) -> Response:
    """Keep a note under its name, in the place of an older one."""
    item = to_item({**request.body, "name": request.path["name"]})
    STORE[0].call("PutItem", TableName=TABLE, Item=item)
    return Response(200, to_json(item))


def read_note(request: Request) -> Response:
    """The note of a name."""
    found = STORE[0].call("GetItem", TableName=TABLE, Key=to_item(request.path)).get("Item")
    if found is None:
        raise NotFound(f"no note {json.dumps(request.path['name'])}")
    return Response(200, to_json(found))
