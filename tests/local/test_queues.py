"""A deployed service whose functions consume queues and a topic."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from lib.local.emulator import Emulator

from ..support.deployments import importable_handler
from ..support.markdown import FENCE
from .conftest import Run
from .test_streams import wait_for

HANDLER = """
import json
import os
import time
from tap_stack.runtime.dynamodb import DynamoDB
from tap_stack.runtime.event_handler import Response
from tap_stack.runtime.sqs import Sqs

TABLES, QUEUES = DynamoDB(), Sqs()


def place(request):
    identifier = QUEUES.send(os.environ["ORDERS_QUEUE"], json.dumps(request.body), attributes={"kind": "order"})
    return Response(202, json.dumps({"message": identifier}))


def note(identifier, **values):
    item = {"id": {"S": identifier}, "at": {"N": str(time.monotonic_ns())}}
    item.update({name: {"S": str(value)} for name, value in values.items()})
    TABLES.call("PutItem", TableName=os.environ["NOTES_TABLE"], Item=item)


def fulfill(message):
    order = message.json()
    if order["item"] == "poison":
        raise ValueError("cannot be fulfilled")
    note(f"order {order['item']}", kind=message.attributes["kind"], message=message.id)


def step(message):
    if message.body == "a2" and message.receives == 1:
        raise ValueError("not yet")
    note(f"step {message.body}", group=message.group_id)


def announce(notification):
    note(f"news {notification.body}", kind=notification.attributes.get("kind", ""), topic=notification.topic_arn)
"""
PROGRAM = """
from tap_stack.model import *
from tap_stack.settings import FunctionSettings
from tap_stack.tap_stack import TapStack, TapStackArgs

note = Grant(on="notes", actions=("PutItem",))
quick = FunctionSettings(timeout_seconds=3)
service = Service(
    name="shop", description="A shop.",
    tables=(Table(name="notes", variable="NOTES_TABLE", hash_key=Key("id")),),
    topics=(Topic(name="news", variable="NEWS_TOPIC"),),
    queues=(
        Queue(name="orders", variable="ORDERS_QUEUE", visibility_timeout_seconds=3, max_receives=2),
        Queue(name="steps", variable="STEPS_QUEUE", fifo=True, deduplicate_by_content=True,
              visibility_timeout_seconds=3),
    ),
    schemas={"Order": {"type": "object", "required": ["item"], "properties": {"item": {"type": "string"}}}},
    functions=(
        Function(
            name="front", handler="shop.desk.operations",
            routes=(Route(method="POST", path="/orders", operation="place", body="Order", responses={202: None},
                          grants=(Grant(on="orders", actions=("SendMessage",)),)),),
        ),
        Function(
            name="worker", handler="shop.desk.operations", settings=quick,
            consumers=(
                QueueConsumer(name="fulfillment", queue="orders", operation="fulfill", max_concurrency=2,
                              grants=(note,)),
                QueueConsumer(name="progress", queue="steps", operation="step", grants=(note,)),
                TopicConsumer(name="announcements", topic="news", operation="announce",
                              filter_policy={"kind": ["public"]}, grants=(note,)),
            ),
        ),
    ),
)
for name, value in TapStack("shop", TapStackArgs(service=service)).outputs.items():
    pulumi.export(name, value)
"""


class Shop:
    """The deployed service."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.client = emulator.client
        self.outputs = outputs

    def post(self, path: str, body: dict[str, Any]) -> int:
        """Send a request to the API and return the status of the response."""
        request = urllib.request.Request(
            f"{self.outputs['api_url']}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:
            return int(response.status)

    def note(self, identifier: str) -> dict[str, str]:
        """Wait for an item that a consumer writes, and return its strings and numbers."""
        key = {"TableName": self.outputs["table_names"]["notes"], "Key": {"id": {"S": identifier}}}
        item = wait_for(lambda: self.client("dynamodb").get_item(**key).get("Item"))
        return {name: next(iter(value.values())) for name, value in item.items()}

    def attributes(self, url: str) -> dict[str, str]:
        """Return the attributes of a queue."""
        response = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return dict(response["Attributes"])


@pytest.fixture(scope="module", name="shop")
def shop_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Service with a route that sends messages, and a function that consumes two queues and a topic."""
    folder = tmp_path_factory.mktemp("sources")
    with importable_handler(folder, "shop.desk.operations", HANDLER):
        return Shop(emulator, Run(emulator, folder)(PROGRAM))


def test_only_the_failed_message_moves_to_the_dead_letter_queue(shop: Shop) -> None:
    for item in ("pen", "poison", "ink"):
        assert shop.post("/orders", {"item": item}) == 202
    for item in ("pen", "ink"):
        assert shop.note(f"order {item}")["kind"] == "order"
    dead_letters = shop.outputs["orders_queue_dead_letter_url"]
    received = wait_for(lambda: shop.client("sqs").receive_message(QueueUrl=dead_letters).get("Messages"))
    assert [json.loads(message["Body"]) for message in received] == [{"item": "poison"}]
    remaining = shop.attributes(shop.outputs["orders_queue_url"])
    assert (remaining["ApproximateNumberOfMessages"], remaining["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_messages_of_a_group_stay_in_order_after_a_failure(shop: Shop) -> None:
    bodies = ("a1", "a2", "a3", "b1")
    entries = [{"Id": body, "MessageBody": body, "MessageGroupId": body[0]} for body in bodies]
    shop.client("sqs").send_message_batch(QueueUrl=shop.outputs["queue_urls"]["steps"], Entries=entries)
    notes = {body: shop.note(f"step {body}") for body in bodies}
    assert sorted(bodies, key=lambda body: int(notes[body]["at"])) == ["a1", "b1", "a2", "a3"]
    assert {note["group"] for note in notes.values()} == {"a", "b"}


def test_topic_invokes_the_function_for_messages_that_match_the_filter_policy(shop: Shop) -> None:
    topic = shop.outputs["news_topic_arn"]
    for kind in ("internal", "public"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        shop.client("sns").publish(TopicArn=topic, Message=kind, MessageAttributes=attributes)
    note = shop.note("news public")
    assert (note["kind"], note["topic"]) == ("public", topic)
    key = {"TableName": shop.outputs["table_names"]["notes"], "Key": {"id": {"S": "news internal"}}}
    assert "Item" not in shop.client("dynamodb").get_item(**key)


def test_queues_have_their_attributes(shop: Shop) -> None:
    orders = shop.attributes(shop.outputs["orders_queue_url"])
    dead_letters = shop.attributes(shop.outputs["orders_queue_dead_letter_url"])
    assert json.loads(orders["RedrivePolicy"]) == {
        "deadLetterTargetArn": dead_letters["QueueArn"],
        "maxReceiveCount": 2,
    }
    sources = {"redrivePermission": "byQueue", "sourceQueueArns": [orders["QueueArn"]]}
    assert json.loads(dead_letters["RedriveAllowPolicy"]) == sources
    assert (orders["VisibilityTimeout"], orders["MessageRetentionPeriod"]) == ("3", "345600")
    steps = shop.attributes(shop.outputs["queue_urls"]["steps"])
    assert (steps["FifoQueue"], steps["ContentBasedDeduplication"]) == ("true", "true")
    assert shop.outputs["queue_arns"]["steps"].endswith(":shop-steps-dev.fifo")


def test_event_source_mapping_reports_failures_and_limits_concurrency(shop: Shop) -> None:
    mappings = shop.client("lambda").list_event_source_mappings(EventSourceArn=shop.outputs["orders_queue_arn"])
    (mapping,) = mappings["EventSourceMappings"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (10, {"MaximumConcurrency": 2})


def test_subscription_has_its_filter_policy_and_dead_letter_queue(shop: Shop) -> None:
    topic = shop.outputs["news_topic_arn"]
    (subscription,) = shop.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    arn = subscription["SubscriptionArn"]
    attributes = shop.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(attributes["FilterPolicy"]) == {"kind": ["public"]}
    assert attributes["FilterPolicyScope"] == "MessageAttributes"
    dead_letters = {"deadLetterTargetArn": shop.outputs["dead_letter_queue_arn"]}
    assert json.loads(attributes["RedrivePolicy"]) == dead_letters


def test_example_of_the_guide_adds_the_price_of_a_stored_order(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = Path("docs/guides/queues-and-streams.md").read_text(encoding="utf-8")
    service, program, operations, *_ = (code for language, code in FENCE.findall(guide) if language == "python")
    package = tmp_path / "sources" / "bookshop" / "handler"
    package.mkdir(parents=True)
    (package / "operations.py").write_text(operations, encoding="utf-8")
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package.parent / "service.py").write_text(service.replace('"shop', '"bookshop'), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "sources"))
    exports = "for name, value in stack.outputs.items():\n    pulumi.export(name, value)\n"
    program = program.replace("shop", "bookshop").replace("TapStack(", "stack = TapStack(", 1)
    shop = Shop(emulator, Run(emulator, tmp_path)(program + exports))
    for price in (1, 2):
        assert shop.post("/orders", {"customer": "ann", "price": price}) == 202
    key = {"TableName": shop.outputs["table_names"]["totals"], "Key": {"id": {"S": "customer#ann"}}}

    def has_total() -> bool:
        total = shop.client("dynamodb").get_item(**key).get("Item", {}).get("price")
        return bool(total == {"N": "3"})

    assert wait_for(has_total)
