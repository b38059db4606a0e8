"""A service whose function runs on a table's changes, with a queue for what fails, deployed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from lib.local.emulator import Emulator

from .conftest import Run

HANDLER = """
import os
from tap_stack.runtime import metrics
from tap_stack.runtime.dynamodb import DynamoDB

TABLES = DynamoDB()


def read(request):
    raise AssertionError("nobody asks")


def note(keys=()):
    row = {"id": {"S": "seen"}, "greeting": {"S": os.environ["GREETING"]}}
    TABLES.call("PutItem", TableName=os.environ["NOTES_TABLE"], Item=row)
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
        consumers=(Consumer(
            name="arrivals", table="parcels", operation="note", pattern={"eventName": ["INSERT"]},
            grants=(Grant(on="notes", actions=("PutItem",)),),
            metrics=(Metric("Arrivals", "None", "Parcels that came"),),
        ),),
        variables={"GREETING": "hello"},
    ),),
    dead_letters="failures",
    alarms=(
        Alarm(name="depth", on="dead-letters", metric="ApproximateNumberOfMessagesVisible", description="holds some",
              threshold=0, statistic="Maximum"),
        Alarm(name="no-arrivals", on="watch", metric="Arrivals", description="sees none", threshold=1,
              comparison="LessThanThreshold", period_seconds=3600, missing="breaching"),
    ),
)
for name, value in TapStack("yard", TapStackArgs(service=service)).outputs.items():
    pulumi.export(name, value)
"""


class Yard:
    """What was deployed."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.client = emulator.client
        self.outputs = outputs
        self.function = outputs["lambda_function_name"]

    def put(self, identifier: str) -> None:
        """A parcel comes, or is there already and changes."""
        row = {"id": {"S": identifier}, "at": {"N": str(time.monotonic_ns())}}
        self.client("dynamodb").put_item(TableName=self.outputs["table_names"]["parcels"], Item=row)

    def note(self) -> Any:
        """What the function wrote, once."""
        at = {"TableName": self.outputs["table_names"]["notes"], "Key": {"id": {"S": "seen"}}}
        return self.client("dynamodb").delete_item(**at, ReturnValues="ALL_OLD").get("Attributes")

    def records(self) -> int:
        """How many of the table's changes the function was called for."""
        return sum(line["records"] for line in self.logged() if line.get("message") == "stream")

    def logged(self) -> list[dict[str, Any]]:
        """The JSON lines of the function's log."""
        events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{self.function}")["events"]
        return [json.loads(event["message"]) for event in events if event["message"].startswith("{")]


@pytest.fixture(scope="module", name="yard")
def deployed(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """A service of which one function has a route, a schedule and a table's changes to serve."""
    folder = tmp_path_factory.mktemp("sources")
    package = folder / "yard" / "desk"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "operations.py").write_text(HANDLER, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(folder))
        return Yard(emulator, Run(emulator, folder)(PROGRAM))


def until(found: Callable[[], Any]) -> Any:
    """What `found` finds, once it finds something."""
    deadline = time.monotonic() + 60
    while not (what := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return what


def test_a_row_that_comes_runs_the_function_whose_role_lacks_nothing(yard: Yard) -> None:
    yard.note()
    before = yard.records()
    yard.put("first")
    assert until(yard.note) == {"id": {"S": "seen"}, "greeting": {"S": "hello"}}
    assert until(lambda: yard.records() - before) == 1
    *_, metric = (line for line in yard.logged() if "_aws" in line)
    assert (metric["FunctionName"], metric["Arrivals"], metric["message"]) == (yard.function, 1, "stream")
    assert metric["correlationId"]


def test_a_record_that_the_pattern_does_not_let_through_runs_nothing(yard: Yard) -> None:
    before = yard.records()
    for identifier in ("second", "second", "third"):
        yard.put(identifier)
    assert until(lambda: yard.records() >= before + 2)
    assert yard.records() == before + 2


def test_mapping_retries_little_and_tells_the_queue(yard: Yard) -> None:
    (mapping,) = yard.client("lambda").list_event_source_mappings(FunctionName=yard.function)["EventSourceMappings"]
    queue = yard.outputs["dead_letter_queue_arn"]
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": queue}}
    assert (mapping["MaximumRetryAttempts"], mapping["BisectBatchOnFunctionError"]) == (3, True)
    assert (mapping["StartingPosition"], mapping["BatchSize"]) == ("LATEST", 100)


def test_function_and_schedule_leave_what_failed_in_the_queue(yard: Yard) -> None:
    queue = yard.outputs["dead_letter_queue_arn"]
    configuration = yard.client("lambda").get_function_configuration(FunctionName=yard.function)
    assert configuration["DeadLetterConfig"] == {"TargetArn": queue}
    (target,) = yard.client("events").list_targets_by_rule(Rule=yard.outputs["schedule_names"]["nightly"])["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": queue}


def test_queue_is_encrypted_and_its_rule_may_send(yard: Yard) -> None:
    url = yard.outputs["dead_letter_queue_url"]
    found = yard.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (found["SqsManagedSseEnabled"], found["MessageRetentionPeriod"]) == ("true", "1209600")
    (statement,) = json.loads(found["Policy"])["Statement"]
    rule = f"arn:aws:events:us-east-1:000000000000:rule/{yard.outputs['schedule_names']['nightly']}"
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [rule]}}


def test_alarms_of_ones_own_stand(yard: Yard) -> None:
    names = yard.outputs["alarm_names"]
    wanted = [names["dead-letters-depth"], names["watch-no-arrivals"]]
    alarms = yard.client("cloudwatch").describe_alarms(AlarmNames=wanted)["MetricAlarms"]
    found = {alarm["AlarmName"]: (alarm["Namespace"], alarm["MetricName"]) for alarm in alarms}
    assert found == {
        wanted[0]: ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        wanted[1]: ("TapStack", "Arrivals"),
    }
