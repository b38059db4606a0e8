"""A worker that consumes a queue, a topic and an event bus of another stack, and writes to its bucket."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lib.local.emulator import Emulator

from ..support.deployments import importable_handler
from .conftest import Run
from .test_streams import wait_for

HANDLER = """
import os
import boto3


def keep(record):
    body = getattr(record, "body", None) or record.detail["text"]
    boto3.client("s3").put_object(Bucket=os.environ["FILES_BUCKET"], Key=f"in/{body}", Body=b"")
    if body == "queued":
        boto3.client("sqs").send_message(QueueUrl=os.environ["ORDERS_QUEUE"], MessageBody="sent again")


def send():
    pass
"""
PROGRAM = """
from tap_stack.model import *
from tap_stack.tap_stack import TapStack, TapStackArgs

idle = Function(name="idle", handler="shore.desk.operations", schedules=(
    Schedule(name="rare", rate="rate(1 day)", operation="send"),
))
shop = TapStack("shop", TapStackArgs(service=Service(
    name="shore",
    queues=(Queue(name="orders", variable="ORDERS_QUEUE"),),
    topics=(Topic(name="news", variable="NEWS_TOPIC"),),
    buckets=(Bucket(name="files", variable="FILES_BUCKET"),),
    event_buses=(EventBus(name="bus", variable="BUS"),),
    functions=(idle,),
)))
keep = {"operation": "keep", "grants": (
    Grant(on="files", actions=("PutObject",), keys=("in/*",)), Grant(on="orders", actions=("SendMessage",)),
)}
worker = TapStack("worker", TapStackArgs(
    service=Service(
        name="harbor",
        queues=(Queue(name="orders", variable="ORDERS_QUEUE", existing=True),),
        topics=(Topic(name="news", variable="NEWS_TOPIC", existing=True),),
        buckets=(Bucket(name="files", variable="FILES_BUCKET", existing=True),),
        event_buses=(EventBus(name="bus", variable="BUS", existing=True),),
        functions=(Function(name="worker", handler="shore.desk.operations", consumers=(
            QueueConsumer(name="from-queue", queue="orders", **keep),
            TopicConsumer(name="from-topic", topic="news", **keep),
            EventConsumer(name="from-bus", bus="bus", pattern={"source": ["test"]}, **keep),
        )),),
    ),
    existing={
        "orders": shop.queues["orders"].arn, "news": shop.topics["news"].arn,
        "files": shop.buckets["files"].arn, "bus": shop.event_buses["bus"].arn,
    },
))
for name, value in shop.outputs.items():
    pulumi.export(name, value)
"""


class Shore:
    """The deployed stacks."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.client, self.outputs = emulator.client, outputs

    def has(self, key: str) -> Callable[[], bool]:
        """Return a function that returns whether the bucket contains an object."""
        objects = self.client("s3").list_objects_v2
        return lambda: key in [o["Key"] for o in objects(Bucket=self.outputs["files_bucket_name"]).get("Contents", ())]


@pytest.fixture(scope="module", name="shore")
def shore_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Shore:
    """Stack with the resources, and stack of a worker that uses them."""
    folder = tmp_path_factory.mktemp("sources")
    with importable_handler(folder, "shore.desk.operations", HANDLER):
        return Shore(emulator, Run(emulator, Path(folder))(PROGRAM))


def test_messages_of_an_existing_queue_are_consumed_and_sent(shore: Shore) -> None:
    shore.client("sqs").send_message(QueueUrl=shore.outputs["orders_queue_url"], MessageBody="queued")
    assert wait_for(shore.has("in/queued"))
    assert wait_for(shore.has("in/sent again"))


def test_messages_of_an_existing_topic_are_consumed(shore: Shore) -> None:
    shore.client("sns").publish(TopicArn=shore.outputs["news_topic_arn"], Message="published")
    assert wait_for(shore.has("in/published"))


@pytest.mark.parametrize("text", ["put", 'the "best" <one> \\ $1 {x}', "two\tparts\u00fc\u2028"])
def test_events_of_an_existing_bus_are_consumed(shore: Shore, text: str) -> None:
    entry = {"Source": "test", "DetailType": "t", "Detail": json.dumps({"text": text})}
    shore.client("events").put_events(Entries=[{**entry, "EventBusName": shore.outputs["bus_event_bus_name"]}])
    assert wait_for(shore.has(f"in/{text}"))
