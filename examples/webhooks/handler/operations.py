"""Operations of the service."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tap_stack.runtime.attributes import to_item, to_json
from tap_stack.runtime.dynamodb import DynamoDB, TransactionCanceled, put_action
from tap_stack.runtime.errors import NotFound
from tap_stack.runtime.event_handler import Request, Response
from tap_stack.runtime.eventbridge import EventBridge
from tap_stack.runtime.records import Event
from tap_stack.runtime.secrets import Secret

from .signatures import verify_github, verify_stripe, verify_twilio

EVENTS, TABLES = EventBridge(), DynamoDB()
STRIPE, GITHUB, TWILIO = Secret("STRIPE_SIGNING_SECRET"), Secret("GITHUB_WEBHOOK_SECRET"), Secret("TWILIO_AUTH_TOKEN")
REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response><Message>Thank you! We will reply soon.</Message></Response>'
"""TwiML document: Twilio sends the message to the sender."""
DELIVERY_SECONDS = 7 * 86_400
"""Time for which deliveries of GitHub are known. GitHub can deliver again those of the last three days."""


def receive_stripe(request: Request) -> Response:
    """Publish an event of Stripe."""
    verify_stripe(request, STRIPE)
    event = request.json()
    _publish("stripe", event["type"], event)
    return Response(202)


def receive_github(request: Request) -> Response:
    """Publish an event of a repository or an organization."""
    verify_github(request, GITHUB)
    detail = {"delivery": request.headers["x-github-delivery"], "payload": request.json()}
    _publish("github", request.headers["x-github-event"], detail)
    return Response(202)


def receive_twilio(request: Request) -> Response:
    """Publish a text message and reply to it."""
    verify_twilio(request, TWILIO)
    _publish("twilio", "message", request.form)
    return Response(200, REPLY, {"Content-Type": "text/xml"})


def store_payment(event: Event) -> None:
    """Store a successful payment. A repeated event stores the same item."""
    payment = event.detail["data"]["object"]
    _put("PAYMENTS_TABLE", {name: payment[name] for name in ("id", "amount", "currency")})


def store_message(event: Event) -> None:
    """Store a text message. A repeated event stores the same item."""
    message = event.detail
    _put("MESSAGES_TABLE", {"id": message["MessageSid"], "from": message["From"], "text": message["Body"]})


def count_push(event: Event) -> None:
    """Count a push once, by writing the ID of its delivery in the same transaction."""
    delivery = {"id": event.detail["delivery"], "expires": int(time.time()) + DELIVERY_SECONDS}
    put = put_action(os.environ["DELIVERIES_TABLE"], to_item(delivery), "attribute_not_exists(id)")
    update = {
        "TableName": os.environ["PUSHES_TABLE"],
        "Key": to_item({"id": event.detail["payload"]["repository"]["full_name"]}),
        "UpdateExpression": "ADD pushes :one",
        "ExpressionAttributeValues": to_item({":one": 1}),
    }
    with suppress(TransactionCanceled):  # An earlier delivery of the push has been counted.
        TABLES.transact([put, {"Update": update}])


def read_payment(request: Request) -> Response:
    """Return a successful payment."""
    return _read("PAYMENTS_TABLE", request)


def read_pushes(request: Request) -> Response:
    """Return the number of pushes to a repository."""
    return _read("PUSHES_TABLE", request)


def _publish(source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
    EVENTS.put(os.environ["WEBHOOKS_BUS"], source, detail_type, detail)


def _put(variable: str, item: dict[str, Any]) -> None:
    TABLES.call("PutItem", TableName=os.environ[variable], Item=to_item(item))


def _read(variable: str, request: Request) -> Response:
    item = TABLES.call("GetItem", TableName=os.environ[variable], Key=to_item(request.path)).get("Item")
    if item is None:
        raise NotFound(f"{request.path['id']} not found.")
    return Response(200, to_json(item))
