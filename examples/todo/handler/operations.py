"""Operations of the service."""

from __future__ import annotations

import hashlib
import hmac
import os
import uuid

from tap_stack.runtime.attributes import to_item, to_python
from tap_stack.runtime.dynamodb import ConditionFailed, DynamoDB
from tap_stack.runtime.errors import Conflict, Unauthorized
from tap_stack.runtime.event_handler import Request, Response

from . import tokens

STORE = DynamoDB()
# With a function for each operation, a function has only the variables of the tables that it accesses.
USERS, TODOS = os.environ.get("USERS_TABLE"), os.environ.get("TODOS_TABLE")


def sign_up(request: Request) -> Response:
    """Create a user and return a token."""
    salt = os.urandom(16).hex()
    user = {"name": request.body["name"], "salt": salt, "hash": _hash(request.body["password"], salt)}
    try:
        STORE.call(
            "PutItem",
            TableName=USERS,
            Item=to_item(user),
            ConditionExpression="attribute_not_exists(#name)",
            ExpressionAttributeNames={"#name": "name"},
        )
    except ConditionFailed as exc:
        raise Conflict(f"The user {user['name']!r} exists.") from exc
    return _with_token(201, user["name"])


def sign_in(request: Request) -> Response:
    """Return a token for a name and a password."""
    user = STORE.call("GetItem", TableName=USERS, Key=to_item({"name": request.body["name"]})).get("Item")
    if not user or not hmac.compare_digest(user["hash"]["S"], _hash(request.body["password"], user["salt"]["S"])):
        raise Unauthorized("The name or the password is wrong.")
    return _with_token(200, request.body["name"])


def add_todo(request: Request) -> Response:
    """Store a task of the caller."""
    todo = {"owner": request.owner, "id": uuid.uuid4().hex, "text": request.body["text"]}
    STORE.call("PutItem", TableName=TODOS, Item=to_item(todo))
    return Response.json(todo, 201)


def list_todos(request: Request) -> Response:
    """Return the tasks of the caller."""
    found = STORE.call(
        "Query",
        TableName=TODOS,
        KeyConditionExpression="#owner = :owner",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":owner": {"S": request.owner}},
    )
    return Response.json({"todos": [to_python(item) for item in found["Items"]]})


def count_users(_request: Request) -> Response:
    """Return the number of users, for administrators."""
    return Response.json({"users": STORE.call("Scan", TableName=USERS, Select="COUNT")["Count"]})


def greet(request: Request) -> Response:
    """Greet the caller, who can be anonymous."""
    return Response.json({"hello": request.actor, "owner": request.owner, "claims": {**request.claims}})


def _with_token(status: int, name: str) -> Response:
    token = tokens.issue({"sub": name, "scope": "todos"}, tokens.KEY.value())
    return Response.json({"token": token}, status)


def _hash(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()
