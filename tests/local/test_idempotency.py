"""A deployed API with Python types, and idempotent operations that race and crash in separate processes."""

from __future__ import annotations

import json
import shutil
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lib.local.emulator import Emulator

from .conftest import Run

HANDLER = '''
import functools
import os
import time
from typing import Optional

import pydantic
from tap_stack.runtime.dynamodb import DynamoDB

store = functools.lru_cache(maxsize=None)(DynamoDB)

class Payment(pydantic.BaseModel):
    account: str = pydantic.Field(pattern="^[a-z]+$")
    cents: int = pydantic.Field(gt=0)
    crashes: bool = False


class Receipt(pydantic.BaseModel):
    number: int
    note: Optional[str] = None


def pay(payment: Payment) -> Receipt:
    """Pay."""
    response = store().call(
        "UpdateItem",
        TableName=os.environ["ACCOUNTS"],
        Key={"account": {"S": payment.account}},
        UpdateExpression="ADD payments :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="ALL_NEW",
    )
    number = int(response["Attributes"]["payments"]["N"])
    if payment.crashes and number == 1:
        os._exit(1)
    time.sleep(0.3)
    return Receipt(number=number)
'''
PROGRAM = """
from tap_stack.model import *
from tap_stack.settings import FunctionSettings
from tap_stack.tap_stack import TapStack, TapStackArgs

import payments.operations

service = Service(
    name="payments",
    tables=(Table(name="accounts", variable="ACCOUNTS", hash_key=Key("account")), idempotency_table()),
    functions=(
        Function(
            name="api",
            handler="payments.operations",
            requirements="requirements.txt",
            settings=FunctionSettings(timeout_seconds=4),
            routes=(
                Route.typed(
                    payments.operations.pay, method="POST", path="/payments", status=201, idempotency="idempotency",
                    grants=(Grant(on="accounts", actions=("UpdateItem",), reason="count payments"),),
                ),
            ),
        ),
    ),
)
stack = TapStack("payments", TapStackArgs(service=service))
pulumi.export("url", stack.outputs["api_url"])
"""


@pytest.fixture(scope="module", name="url")
def url_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of payments in a deployed service."""
    folder = tmp_path_factory.mktemp("sources")
    package = folder / "payments"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "operations.py").write_text(HANDLER, encoding="utf-8")
    for name in ("requirements.txt", "requirements.lock"):
        shutil.copy(Path("examples/orders/handler", name), package)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(str(folder))
        return f"{Run(emulator, folder)(PROGRAM)['url']}/payments"


def pay(url: str, key: str, **payment: Any) -> tuple[int, Any, Any]:
    """Return the status, the body and the headers of the response to a payment."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    request = urllib.request.Request(url, json.dumps({"cents": 5, **payment}).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response), response.headers
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, json.load(exc), exc.headers


def test_racing_requests_are_executed_once(url: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        responses = [*threads.map(lambda _: pay(url, "race", account="ann"), range(6))]
    results = Counter((status, body.get("code", body.get("number"))) for status, body, _ in responses)
    assert results[(201, 1)] >= 1
    assert set(results) <= {(201, 1), (409, "REQUEST_IN_PROGRESS")}
    assert pay(url, "race", account="ann")[:2] == (201, {"number": 1, "note": None})
    assert pay(url, "another", account="ann")[1]["number"] == 2


def test_request_is_executed_again_after_its_function_has_crashed(url: str) -> None:
    assert pay(url, "crash", account="bob", crashes=True)[0] == 502
    status, body, headers = pay(url, "crash", account="bob", crashes=True)
    assert (status, body["code"]) == (409, "REQUEST_IN_PROGRESS")
    time.sleep(int(headers["Retry-After"]) + 1)
    assert pay(url, "crash", account="bob", crashes=True)[:2] == (201, {"number": 2, "note": None})


def test_invalid_body_is_rejected_by_the_deployed_function(url: str) -> None:
    status, body, _ = pay(url, "invalid", account="Ann", cents=0)
    assert (status, body["code"]) == (400, "INVALID_REQUEST")
