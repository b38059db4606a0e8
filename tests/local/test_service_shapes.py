"""A worker without an API that uses a table and a queue of another part of the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lib.client.smoke_test import send
from lib.local.emulator import Emulator
from lib.model import Call

from .conftest import Run
from .test_streams import wait_for

HANDLER = """
import os
from tap_stack.runtime import parameters
from tap_stack.runtime.dynamodb import DynamoDB
from tap_stack.runtime.event_handler import Response
from tap_stack.runtime.http_client import Client

TABLES = DynamoDB()
SETTINGS = parameters.Settings("LIMITS", max_age_seconds=0)


def receive(record):
    item = {"id": {"S": record.keys["id"] + " received"}, "at": {"N": "0"}}
    if not record.keys["id"].endswith(" received"):
        TABLES.call("PutItem", TableName=os.environ["ORDERS_TABLE"], Item=item)


def forward():
    message = {"QueueUrl": os.environ["QUEUE_URL"], "MessageBody": str(SETTINGS["limit"])}
    Client("sqs", "AmazonSQS", "1.0").call("SendMessage", message)


def clean():
    Client("sqs", "AmazonSQS", "1.0").call("PurgeQueue", {"QueueUrl": os.environ["QUEUE_URL"]})


def read(request):
    query = {"TableName": os.environ["ORDERS_TABLE"], "IndexName": "by-weight", "ConsistentRead": True}
    query["KeyConditionExpression"] = "id = :id AND weight > :weight"
    query["ExpressionAttributeValues"] = {":id": {"S": "lamp"}, ":weight": {"N": "1"}}
    return Response.json({"items": TABLES.call("Query", **query)["Items"]})
"""
PROGRAM = """
from tap_stack.model import *
from tap_stack.tap_stack import TapStack, TapStackArgs

by_weight = LocalIndex(name="by-weight", range_key=Key("weight", "N"), projection="INCLUDE", attributes=("to",))
orders = Table(
    name="orders", variable="ORDERS_TABLE", hash_key=Key("id"), range_key=Key("at", "N"), stream="NEW_IMAGE",
    local_indexes=(by_weight,),
)
read = Route(
    method="GET", path="/orders", operation="read",
    grants=(Grant(on="orders", actions=("Query",), indexes=("by-weight",)),),
)
shop = TapStack("shop", TapStackArgs(service=Service(
    name="mill", tables=(orders,), functions=(Function(name="api", handler="mill.desk.operations", routes=(read,)),),
)))
queue = aws.sqs.Queue("forwarded", name="forwarded")

send = Statement(
    actions=("sqs:SendMessage",), resources=("{existing[queue]}",), reason="forward orders to the warehouse"
)
limits = Grant(on="limits", actions=("GetParameter",))
worker = TapStack("worker", TapStackArgs(
    service=Service(
        name="packer",
        tables=(Table(name="orders", variable="ORDERS_TABLE", hash_key=Key("id"), stream="NEW_IMAGE", existing=True),),
        parameters=(Parameter(name="limits", variable="LIMITS", value={"limit": 7}),),
        functions=(Function(
            name="worker", handler="mill.desk.operations", variables={"QUEUE_URL": queue.url},
            schedules=(
                Schedule(name="forwarding", rate="rate(1 hour)", operation="forward", grants=(send, limits)),
                Schedule(name="cleaning", rate="rate(1 day)", operation="clean"),
            ),
            consumers=(StreamConsumer(
                name="receiving", table="orders", operation="receive",
                grants=(Grant(on="orders", actions=("PutItem",)),),
            ),),
        ),),
    ),
    existing={"orders": shop.tables["orders"].arn, "queue": queue.arn},
))
for name, value in worker.outputs.items():
    pulumi.export(name, value)
pulumi.export("shop", shop.outputs)
pulumi.export("queue_url", queue.url)
"""


class Mill:
    """The deployed stacks."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.client = emulator.client
        self.outputs = outputs
        self.table = outputs["shop"]["table_names"]["orders"]

    def run(self, schedule: str) -> dict[str, Any]:
        """Invoke the worker as the rule of a schedule does, and return the response of Lambda."""
        payload = json.dumps({"schedule": schedule})
        function = self.outputs["lambda_function_name"]
        response: dict[str, Any] = self.client("lambda").invoke(FunctionName=function, Payload=payload)
        return {**response, "Payload": json.loads(response["Payload"].read())}

    def item(self, identifier: str) -> Any:
        """Return an order, if it exists."""
        key = {"id": {"S": identifier}, "at": {"N": "0"}}
        return self.client("dynamodb").get_item(TableName=self.table, Key=key).get("Item")

    def forward(self, limit: int) -> set[str]:
        """Set the parameter of the worker, run its schedule, and return the messages in the queue."""
        name = self.outputs["parameter_names"]["limits"]
        self.client("ssm").put_parameter(Name=name, Value=json.dumps({"limit": limit}), Overwrite=True)
        assert "FunctionError" not in self.run("forwarding")
        received = self.client("sqs").receive_message(QueueUrl=self.outputs["queue_url"], MaxNumberOfMessages=10)
        return {message["Body"] for message in received["Messages"]}


@pytest.fixture(scope="module", name="mill")
def mill_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """Stack with a table and an API, and stack of a worker that uses the table and a queue of the program."""
    folder = tmp_path_factory.mktemp("sources")
    package = folder / "mill" / "desk"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "operations.py").write_text(HANDLER, encoding="utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(str(folder))
        return Mill(emulator, Run(emulator, Path(folder))(PROGRAM))


def test_worker_has_no_api_and_no_table_of_its_own(mill: Mill) -> None:
    assert not {"api_url", "api_rest_id", "authorization", "dynamodb_table_name"} & mill.outputs.keys()
    assert sorted(mill.outputs["schedule_names"]) == ["cleaning", "forwarding"]
    variables = mill.client("lambda").get_function_configuration(FunctionName=mill.outputs["lambda_function_name"])
    assert variables["Environment"]["Variables"]["ORDERS_TABLE"] == mill.table


def test_statement_allows_only_its_actions(mill: Mill) -> None:
    assert "7" in mill.forward(limit=7)
    denied = mill.run("cleaning")
    assert denied["FunctionError"] == "Unhandled"
    assert "AccessDenied" in denied["Payload"]["errorMessage"]


def test_changed_settings_apply_to_a_running_worker(mill: Mill) -> None:
    mill.forward(limit=3)
    assert "8" in mill.forward(limit=8)


def test_worker_consumes_the_stream_and_writes_to_the_table_of_the_other_stack(mill: Mill) -> None:
    mill.client("dynamodb").put_item(TableName=mill.table, Item={"id": {"S": "desk"}, "at": {"N": "0"}})
    assert wait_for(lambda: mill.item("desk received"))


def test_local_index_contains_only_its_attributes(mill: Mill) -> None:
    for weight in ("1", "2"):
        item = {"id": {"S": "lamp"}, "at": {"N": weight}, "weight": {"N": weight}}
        item |= {"to": {"S": "Ann"}, "note": {"S": "fragile"}}
        mill.client("dynamodb").put_item(TableName=mill.table, Item=item)
    response = send(mill.outputs["shop"]["api_url"], Call(method="GET", path="/orders", status=200))
    assert response.is_expected, response.body
    (item,) = json.loads(response.body)["items"]
    assert item == {"id": {"S": "lamp"}, "at": {"N": "2"}, "weight": {"N": "2"}, "to": {"S": "Ann"}}
