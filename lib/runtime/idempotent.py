"""Idempotent operations: a repeated request gets the recorded response, and the operation runs once.

A record with the idempotency key is written before the operation, and its response is added afterwards. If the function
stops in between, the record expires when the invocation would have timed out, and the next request runs the operation.
An operation that changes only DynamoDB items can avoid that case: `idempotency.Idempotency` writes the record in the
transaction of the change.
"""

from __future__ import annotations

import functools
import json
import math
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Callable

from . import logging
from .attributes import Attribute, Item
from .dynamodb import ConditionFailed, DynamoDB
from .errors import ApiError, Conflict, RequestInProgress
from .event_handler import Request, Response
from .http_client import DEADLINE, AwsError
from .idempotency import LIFETIME_SECONDS, Idempotency, key_reused
from .reserved_keys import EXPIRES
from .response import check_response

CLOCK_SKEW_SECONDS = 2
"""Time after the timeout of an invocation until another one can run its operation."""
MAX_INVOCATION_SECONDS = 900
"""Maximum timeout of a function."""
MAX_RESPONSE_BYTES = 350_000
"""Maximum size of a recorded response. An item of DynamoDB has at most 400 KB."""

Operation = Callable[[Request], Response]

_NAMES = {"#owner": "owner", "#digest": "digest", "#lease": "lease", "#response": "response", "#expires": EXPIRES}
_CLAIMABLE = (
    "attribute_not_exists(#digest) OR #expires < :now "
    "OR (attribute_not_exists(#response) AND #lease < :now AND #digest = :digest)"
)
"""Condition of the claim: there is no record, or it has expired, or the invocation that wrote it has timed out."""


def idempotent(
    variable: str,
    key_attribute: str = "id",
    *,
    header: str = "Idempotency-Key",
    compares_requests: bool = True,
    now: Callable[[], float] = time.time,
) -> Callable[[Operation], Operation]:
    """Return a decorator of operations that makes requests with a key in a header idempotent.

    `variable` is the environment variable with the name of the table of the records, and `key_attribute` its partition
    key, a string. The operation needs the permissions that `idempotency_grant` of the model lists. A request without
    the header runs the operation every time. A decorated operation raises

    - `IdempotencyConflict` if the key was used with another request, unless `compares_requests` is False,
    - `RequestInProgress` while an earlier request with the key is running,
    - `Conflict` if the response of the earlier request was too large to be recorded.

    Responses with a status of at least 400 and errors are not recorded: the next request runs the operation.
    """

    def decorate(operation: Operation) -> Operation:
        @functools.wraps(operation, updated=())
        def run(request: Request) -> Response:
            key = request.headers.get(header.lower())
            if key is None:
                return operation(request)
            content = _content(request) if compares_requests else ""
            to_primary_key = functools.partial(_primary_key, key_attribute)
            scope = f"{request.route} {request.caller}"
            idempotency = Idempotency(key, scope, {"request": {"S": content}}, to_primary_key, header=header)
            record = _Record(store(), os.environ[variable], request, idempotency, now=now)
            return record.claim() or record.complete(operation)

        return run

    return decorate


def _content(request: Request) -> str:
    """Return the parts of a request that must be the same if its key is used again."""
    body = request.raw_body.hex() if request.body is None else request.body
    return json.dumps([request.path, request.query, body], sort_keys=True, default=repr)


def _primary_key(attribute: str, name: str) -> Item:
    return {attribute: {"S": name}}


@functools.lru_cache(maxsize=1)
def store() -> DynamoDB:
    """Return the client of this execution environment."""
    return DynamoDB()


class _Record:
    """The record of a request."""

    def __init__(
        self, client: DynamoDB, table: str, request: Request, idempotency: Idempotency, *, now: Callable[[], float]
    ) -> None:
        self._client, self._table, self._request, self._now = client, table, request, now
        self._header = idempotency.header
        self._key = idempotency.primary_key
        self._digest = {"S": idempotency.digest}
        self._owner = {"S": os.urandom(16).hex()}

    def claim(self) -> Response | None:
        """Write the record and return None, or return the response of an earlier request."""
        now = int(self._now())
        lease = now + math.ceil(min(DEADLINE.remaining_seconds(), MAX_INVOCATION_SECONDS)) + CLOCK_SKEW_SECONDS
        item = {
            **self._key,
            "owner": self._owner,
            "digest": self._digest,
            "lease": {"N": str(lease)},
            EXPIRES: {"N": str(now + LIFETIME_SECONDS)},
        }
        try:
            self._client.call(
                "PutItem",
                TableName=self._table,
                Item=item,
                ConditionExpression=_CLAIMABLE,
                ExpressionAttributeNames={
                    name: _NAMES[name] for name in ("#digest", "#lease", "#response", "#expires")
                },
                ExpressionAttributeValues={":now": {"N": str(now)}, ":digest": self._digest},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as exc:
            record = exc.item or {}
            # The condition of a retry also fails if the first attempt was executed and only its response was lost.
            return None if record.get("owner") == self._owner else self._recorded_response(record, now)
        return None

    def complete(self, operation: Operation) -> Response:
        """Run the operation and record its response. Delete the record if there is none to record."""
        try:
            response = operation(self._request)
            check_response(self._request.route, response)
        except BaseException:
            self._release()
            raise
        if response.status >= 400:
            self._release()
            return response
        try:
            self._update("SET #response = :response", {":response": {"M": _to_item(response)}})
        except (ApiError, AwsError, ConditionFailed) as exc:
            # The operation was executed: an error would cause a request that executes it again.
            logging.write("ERROR", "response not recorded", requestId=self._request.id, error=str(exc))
        return response

    def _recorded_response(self, record: Item, now: int) -> Response:
        if record.get("digest") != self._digest:
            raise key_reused(self._header)
        if "response" not in record:
            raise RequestInProgress(max(1, int(record["lease"]["N"]) - now), self._header)
        response = record["response"]["M"]
        if "body" not in response:
            raise Conflict("The request was executed, but its response is too large to be repeated. Read the resource.")
        return _to_response(response)

    def _release(self) -> None:
        """Delete the record, so that the next request runs the operation at once and not after the timeout."""
        try:
            self._call("DeleteItem", {})
        except (ApiError, AwsError, ConditionFailed) as exc:
            logging.write("ERROR", "idempotency record not deleted", requestId=self._request.id, error=str(exc))

    def _update(self, expression: str, values: Item) -> None:
        self._call("UpdateItem", values, UpdateExpression=expression)

    def _call(self, operation: str, values: Item, **parameters: Any) -> None:
        """Change the record if it is still the one of this request."""
        names = {"#owner": "owner", **({"#response": "response"} if values else {})}
        self._client.call(
            operation,
            TableName=self._table,
            Key=self._key,
            ConditionExpression="#owner = :owner",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":owner": self._owner, **values},
            **parameters,
        )


def _to_item(response: Response) -> Item:
    is_text = isinstance(response.body, str)
    body = response.body.encode("utf-8", "surrogatepass") if isinstance(response.body, str) else response.body
    item: Item = {
        "status": {"N": str(response.status)},
        "headers": {"M": {name: _to_attribute(value) for name, value in response.headers.items()}},
        "cookies": _to_attribute(response.cookies),
    }
    if len(body) <= MAX_RESPONSE_BYTES:
        item["body"] = {"S": response.body} if is_text else {"B": b64encode(body).decode()}
    return item


def _to_attribute(value: str | Sequence[str]) -> Attribute:
    return {"S": value} if isinstance(value, str) else {"L": [{"S": element} for element in value]}


def _to_response(item: Item) -> Response:
    body, headers = item["body"], item["headers"]["M"]
    return Response(
        int(item["status"]["N"]),
        body["S"] if "S" in body else b64decode(body["B"]),
        {name: _to_value(value) for name, value in headers.items()},
        tuple(element["S"] for element in item["cookies"]["L"]),
    )


def _to_value(attribute: Attribute) -> str | list[str]:
    return str(attribute["S"]) if "S" in attribute else [element["S"] for element in attribute["L"]]
