"""Retries and dead letters of a deployed service whose function fails for every record."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from lib.local.emulator import Emulator

from ..support.deployments import importable_handler
from .conftest import Run
from .test_streams import wait_for

HANDLER = """
def fail(record):
    raise RuntimeError("cannot be processed")
"""
PROGRAM = """
from tap_stack.model import *
from tap_stack.tap_stack import TapStack, TapStackArgs

service = Service(
    name="retries",
    tables=(Table(name="orders", variable="ORDERS_TABLE", hash_key=Key("id"), stream="NEW_IMAGE"),),
    topics=(Topic(name="news", variable="NEWS_TOPIC"),),
    event_buses=(EventBus(name="shop", variable="SHOP_BUS"),),
    functions=(
        Function(
            name="worker",
            handler="retries.handler.operations",
            consumers=(
                StreamConsumer(name="orders", table="orders", operation="fail", max_retries=2),
                TopicConsumer(name="news", topic="news", operation="fail"),
                EventConsumer(name="placed", bus="shop", operation="fail", pattern={"source": ["shop"]}),
            ),
        ),
    ),
)
for name, value in TapStack("retries", TapStackArgs(service=service)).outputs.items():
    pulumi.export(name, value)
"""
LOGGED = {"stream": 3, "topic": 3, "event": 3}
"""Log message of each kind of records, and the expected number of deliveries."""


@pytest.fixture(scope="module", name="outputs")
def outputs_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the outputs of the deployed service."""
    folder = tmp_path_factory.mktemp("sources")
    with importable_handler(folder, "retries.handler.operations", HANDLER):
        return Run(emulator, folder)(PROGRAM)


def test_failed_records_move_to_the_dead_letter_queue_after_their_retries(
    emulator: Emulator, outputs: dict[str, Any]
) -> None:
    item = {"id": {"S": "1"}}
    emulator.client("dynamodb").put_item(TableName=outputs["dynamodb_table_name"], Item=item)
    emulator.client("sns").publish(TopicArn=outputs["news_topic_arn"], Message="{}")
    entry = {"EventBusName": outputs["shop_event_bus_name"], "Source": "shop", "DetailType": "placed", "Detail": "{}"}
    emulator.client("events").put_events(Entries=[entry])

    dead_letters: list[dict[str, Any]] = []

    def receive() -> bool:
        queue = {"QueueUrl": outputs["dead_letter_queue_url"], "MaxNumberOfMessages": 10}
        messages = emulator.client("sqs").receive_message(**queue, MessageAttributeNames=["All"]).get("Messages", ())
        dead_letters.extend(messages)
        return len(dead_letters) >= 3

    assert wait_for(receive)
    bodies = [json.loads(letter["Body"]) for letter in dead_letters]
    # Lambda describes the records of a stream, and sends the event of an asynchronous invocation.
    reasons = [body["requestContext"]["condition"] for body in bodies if "requestContext" in body]
    assert reasons == ["RetryAttemptsExhausted"]
    assert Counter(key for body in bodies for key in body if key in ("Records", "consumer")) == {
        "Records": 1,
        "consumer": 1,
    }
    errors = [letter["MessageAttributes"]["ErrorMessage"] for letter in dead_letters if "MessageAttributes" in letter]
    assert errors == [{"StringValue": "cannot be processed", "DataType": "String"}] * 2
    group = f"/aws/lambda/{outputs['function_names']['worker']}"

    def deliveries() -> Counter[str]:
        events = emulator.client("logs").filter_log_events(logGroupName=group)["events"]
        lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
        return Counter(line["message"] for line in lines if line["message"] in LOGGED)

    assert wait_for(lambda: deliveries() == LOGGED), deliveries()
