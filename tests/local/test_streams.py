"""A deployed service with a stream consumer and a dead-letter queue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from lib.local.emulator import Emulator

from ..support.deployments import importable_handler
from .conftest import Run

HANDLER = """
import os
from tap_stack.runtime import metrics
from tap_stack.runtime.dynamodb import DynamoDB

TABLES = DynamoDB()


def read(request):
    raise AssertionError("not called")


def note(keys=()):
    item = {"id": {"S": "seen"}, "greeting": {"S": os.environ["GREETING"]}}
    TABLES.call("PutItem", TableName=os.environ["NOTES_TABLE"], Item=item)
    metrics.emit(Arrivals=1)
"""
PROGRAM = """
from tap_stack.model import *
from tap_stack.tap_stack import TapStack, TapStackArgs

service = Service(
    name="yard", title="Yard", description="A yard.", name_pattern="yard-{type}-{environment}",
    tables=(
        Table(name="parcels", variable="PARCELS_TABLE", hash_key=Key("id"), stream="NEW_IMAGE"),
        Table(name="notes", variable="NOTES_TABLE", hash_key=Key("id")),
    ),
    functions=(Function(
        name="watch", handler="yard.desk.operations",
        routes=(Route(method="GET", path="/parcels", operation="read", summary=""),),
        schedules=(Schedule(name="nightly", rate="rate(1 day)", operation="note"),),
        consumers=(StreamConsumer(
            name="arrivals", table="parcels", operation="note", pattern={"eventName": ["INSERT"]},
            grants=(Grant(on="notes", actions=("PutItem",)),),
            metrics=(Metric("Arrivals", "None", "Parcels received"),),
        ),),
        variables={"GREETING": "hello"},
    ),),
    dead_letters="failures",
    alarms=(
        Alarm(name="depth", on="dead-letters", metric="ApproximateNumberOfMessagesVisible", description="has messages",
              threshold=0, statistic="Maximum"),
        Alarm(name="no-arrivals", on="watch", metric="Arrivals", description="receives no parcels", threshold=1,
              comparison="LessThanThreshold", period_seconds=3600, missing="breaching"),
    ),
)
for name, value in TapStack("yard", TapStackArgs(service=service)).outputs.items():
    pulumi.export(name, value)
"""


class Yard:
    """The deployed service."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.client = emulator.client
        self.outputs = outputs
        self.function = outputs["lambda_function_name"]

    def put(self, identifier: str) -> None:
        """Create or update a parcel."""
        item = {"id": {"S": identifier}, "at": {"N": str(time.monotonic_ns())}}
        self.client("dynamodb").put_item(TableName=self.outputs["table_names"]["parcels"], Item=item)

    def take_note(self) -> Any:
        """Return and delete the item that the function wrote, if any."""
        key = {"TableName": self.outputs["table_names"]["notes"], "Key": {"id": {"S": "seen"}}}
        return self.client("dynamodb").delete_item(**key, ReturnValues="ALL_OLD").get("Attributes")

    def record_count(self) -> int:
        """Return the number of stream records that the function received."""
        return sum(line["records"] for line in self.log_events() if line.get("message") == "stream")

    def log_events(self) -> list[dict[str, Any]]:
        """Return the structured log events of the function."""
        events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{self.function}")["events"]
        return [json.loads(event["message"]) for event in events if event["message"].startswith("{")]


@pytest.fixture(scope="module", name="yard")
def yard_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """Service with a function that has a route, a schedule and a stream consumer."""
    folder = tmp_path_factory.mktemp("sources")
    with importable_handler(folder, "yard.desk.operations", HANDLER):
        return Yard(emulator, Run(emulator, folder)(PROGRAM))


def wait_for(get: Callable[[], Any]) -> Any:
    """Call `get` until its result is true, and return the result."""
    deadline = time.monotonic() + 60
    while not (result := get()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return result


def test_new_item_invokes_the_function_with_its_permissions(yard: Yard) -> None:
    yard.take_note()
    before = yard.record_count()
    yard.put("first")
    assert wait_for(yard.take_note) == {"id": {"S": "seen"}, "greeting": {"S": "hello"}}
    assert wait_for(lambda: yard.record_count() - before) == 1
    *_, metric = (line for line in yard.log_events() if "_aws" in line)
    assert (metric["FunctionName"], metric["Arrivals"], metric["message"]) == (yard.function, 1, "stream")
    assert metric["correlationId"]


def test_records_that_do_not_match_the_pattern_are_ignored(yard: Yard) -> None:
    before = yard.record_count()
    for identifier in ("second", "second", "third"):
        yard.put(identifier)
    assert wait_for(lambda: yard.record_count() >= before + 2)
    assert yard.record_count() == before + 2


def test_event_source_mapping_has_retries_and_a_dead_letter_queue(yard: Yard) -> None:
    (mapping,) = yard.client("lambda").list_event_source_mappings(FunctionName=yard.function)["EventSourceMappings"]
    queue = yard.outputs["dead_letter_queue_arn"]
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": queue}}
    assert (mapping["MaximumRetryAttempts"], mapping["BisectBatchOnFunctionError"]) == (3, True)
    assert (mapping["StartingPosition"], mapping["BatchSize"]) == ("LATEST", 100)


def test_function_and_rule_have_the_dead_letter_queue(yard: Yard) -> None:
    queue = yard.outputs["dead_letter_queue_arn"]
    configuration = yard.client("lambda").get_function_configuration(FunctionName=yard.function)
    assert configuration["DeadLetterConfig"] == {"TargetArn": queue}
    (target,) = yard.client("events").list_targets_by_rule(Rule=yard.outputs["schedule_names"]["nightly"])["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": queue}


def test_queue_is_encrypted_and_allows_its_rule(yard: Yard) -> None:
    url = yard.outputs["dead_letter_queue_url"]
    attributes = yard.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["SqsManagedSseEnabled"], attributes["MessageRetentionPeriod"]) == ("true", "1209600")
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    rule = f"arn:aws:events:us-east-1:000000000000:rule/{yard.outputs['schedule_names']['nightly']}"
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [rule]}}


def test_alarms_of_the_service_definition_are_created(yard: Yard) -> None:
    names = yard.outputs["alarm_names"]
    expected = [names["dead-letters-depth"], names["watch-no-arrivals"]]
    alarms = yard.client("cloudwatch").describe_alarms(AlarmNames=expected)["MetricAlarms"]
    metrics = {alarm["AlarmName"]: (alarm["Namespace"], alarm["MetricName"]) for alarm in alarms}
    assert metrics == {
        expected[0]: ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        expected[1]: ("TapStack", "Arrivals"),
    }
