"""Every action in every role of the inventory service is needed, and there is enough of them, with IAM enforced."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lib.client.smoke_test import send
from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy
from lib.model import Call
from lib.program import project
from lib.services import SERVICES

from ..support.listener import Listener, listening
from .taking import Need, needs, without

pytestmark = pytest.mark.untraced

INVENTORY = SERVICES["inventory"]
LAYOUTS = {"one function": INVENTORY, "split": INVENTORY.split()}
OLD_ALERT = {"itemId": {"S": "x"}, "name": {"S": "Desk"}, "quantity": {"N": "1"}, "threshold": {"N": "2"}}


class Stack:
    """The service in an emulator of its own, asked to do everything it can."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any], listener: Listener) -> None:
        self.emulator = emulator
        self.outputs = outputs
        self._listener = listener

    def check(self) -> None:
        """Use every part of the service, and raise an AssertionError where the first one fails."""
        self._unsent()
        self._listener.heard()
        run = uuid.uuid4().hex

        def ask(method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            call = Call(method=method, path=path, status=status, body=body, headers=sent)
            answer = send(self.outputs["api_url"], call)
            assert answer.as_expected, f"{method} {path}: {answer.status} {answer.body}"
            return json.loads(answer.body)

        desk = {"name": "Desk", "category": run, "quantity": 3, "price": 1}
        low = ask("POST", "/items", desk, 201, Idempotency_Key=run)
        assert ask("POST", "/items", desk, 201, Idempotency_Key=run) == low
        item = ask("POST", "/items", {**desk, "quantity": 40, "sku": run}, 201)
        path = f"/items/{item['itemId']}"
        ask("GET", f"{path}?version=1")
        self._forget_page_tokens_key()
        for query in (f"category={run}&page_size=1", "status=available", f"category={run}&status=available", ""):
            ask("GET", f"/items?{query}")
        ask("GET", f"/items?sku={run}")
        ask("PUT", path, {"quantity": 3, "sku": f"{run}-2"})
        self._forget_page_tokens_key()
        ask("GET", f"{path}/history?page_size=1")
        changes = [{"itemId": item["itemId"], "sku": f"{run}-3"}, {**desk, "sku": f"{run}-4"}]
        results = ask("POST", "/items/batch", {"items": changes})["results"]
        assert [result["status"] for result in results] == [200, 201]
        ask("DELETE", path)
        self._sweep(run)
        subjects = [message["Subject"] for message in self._listener.heard()]
        assert len(subjects) == 4, subjects
        assert self._unsent() == []

    def _sweep(self, run: str) -> None:
        """Run the schedule while an alert is unsent."""
        row = {"itemId": {"S": f"tap#alert#{run}"}, "version": {"N": "1"}, "listing": {"S": "tap#unsent"}}
        alert = {"M": {**OLD_ALERT, "version": {"N": "1"}}}
        self._dynamodb.put_item(TableName=self._table, Item={**row, "listedAt": {"S": "2026"}, "alert": alert})
        names = self.outputs["function_names"]
        answer = self.emulator.client("lambda").invoke(
            FunctionName=names.get("send-alerts") or names["api-lambda"], Payload=b'{"schedule": "send-alerts"}'
        )
        assert "FunctionError" not in answer, answer["Payload"].read().decode()

    def _unsent(self) -> list[str]:
        """The alerts that are still to be sent; takes them away."""
        unsent = self._dynamodb.query(
            TableName=self._table,
            IndexName="listing-index",
            KeyConditionExpression="listing = :unsent",
            ExpressionAttributeValues={":unsent": {"S": "tap#unsent"}},
        )["Items"]
        for row in unsent:
            self._dynamodb.delete_item(TableName=self._table, Key={k: row[k] for k in ("itemId", "version")})
        return [row["itemId"]["S"] for row in unsent]

    def _forget_page_tokens_key(self) -> None:
        """Have a new worker of any function find none, and make one."""
        key = {"itemId": {"S": "tap#page-token-key"}, "version": {"N": "0"}}
        self._dynamodb.delete_item(TableName=self._table, Key=key)

    @property
    def _dynamodb(self) -> Any:
        return self.emulator.client("dynamodb")

    @property
    def _table(self) -> str:
        return str(self.outputs["table_names"]["items"])


@pytest.fixture(scope="module", name="stacks")
def stacks_fixture() -> Iterator[Callable[[str], Stack]]:
    """Both layouts, each deployed when it is first asked for."""
    here = project.read(Path())
    made: dict[str, Stack] = {}
    with Emulator() as emulator, ExitStack() as listeners:

        def stack(layout: str) -> Stack:
            if layout not in made:
                suffix = f"iam{len(made)}"
                split = {"split_functions": str(layout == "split").lower()}
                config = project.config(here, suffix, "inventory") | split
                engine = Engine(emulator, lambda type_, name: None)
                outputs = deploy(here.program, engine, project=here.name, stack=suffix, config=config, report=print)
                listener = listeners.enter_context(listening(emulator.client, outputs["topic_arns"]["alerts"]))
                made[layout] = Stack(emulator, outputs, listener)
            return made[layout]

        yield stack


@pytest.mark.parametrize("layout", LAYOUTS)
def test_with_every_action_everything_works(stacks: Callable[[str], Stack], layout: str) -> None:
    stack = stacks(layout)
    assert stack.outputs["function_names"].keys() == {function.name for function in LAYOUTS[layout].functions}
    stack.check()


@pytest.mark.parametrize(
    ("layout", "need"),
    [(layout, need) for layout, service in LAYOUTS.items() for need in needs(service)],
    ids=lambda value: value if isinstance(value, str) else " ".join(map(str, value)),
)
def test_without_any_one_action_something_breaks(stacks: Callable[[str], Stack], layout: str, need: Need) -> None:
    stack = stacks(layout)
    with without(stack.emulator, stack.outputs, need), pytest.raises(AssertionError):
        stack.check()
