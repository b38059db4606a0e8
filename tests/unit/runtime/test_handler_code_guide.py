"""Examples of the guide to handler code."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lib.model import Key, Service
from lib.runtime import errors
from lib.runtime.dynamodb import ConditionFailed
from lib.runtime.event_handler import Request
from lib.runtime.records import Message

from ...support.builders import a_function, a_grant, a_route, a_service, a_table

GUIDE = Path("docs/guides/handler-code.md")
VARIABLES = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "PRODUCTS_TABLE": "products",
    "LIMITS": "/shop/dev/limits",
    "LIMITS_DEPLOYED": "{}",
}


class Store:
    """A table that responds with prepared responses, and records its calls."""

    def __init__(self, *responses: Any) -> None:
        self._responses = list(responses)
        self.calls: list[dict[str, Any]] = []

    def call(self, operation: str, **request: Any) -> Any:
        self.calls.append({"operation": operation, **request})
        response = self._responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response


@pytest.fixture(name="guide")
def guide_fixture(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the names that the Python blocks of the guide define."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)  # noqa: S102  # pylint: disable=exec-used  # the documentation of this project
    return names


def a_request(body: Any = None, raw: str = "", query: Any = None, **headers: str) -> Request:
    event = {"body": raw, "headers": headers}
    return Request("POST /x", {"id": "pen"}, query or {}, headers, body, "anonymous", "r", event=event)


def test_table_has_the_status_and_the_code_of_every_error() -> None:
    table = re.findall(r"^\| `(\w+)\(.*?\)` \| (\d+) \| `(\w+)` \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    classes = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
    expected = {
        (name, str(value.status), value.code)
        for name, value in classes.items()
        if issubclass(value, errors.ApiError) and value is not errors.ApiError
    }
    assert {*table} == expected


def test_definitions_are_valid(guide: dict[str, Any]) -> None:
    routes = (guide["BUY"], a_route(grants=(guide["READ_LIMITS"], a_grant("hook-key", "GetParameter"))))
    service: Service = a_service(
        functions=(a_function(*routes),),
        parameters=(guide["LIMITS_PARAMETER"],),
        secrets=guide["SECRETS"],
        tables=(a_table(hash_key=Key("id")),),
    )
    (code,) = guide["BUY"].codes
    error = guide["OutOfStock"]
    assert (code.name, code.status) == (error.code, error.status)
    assert service.resources()["limits"]


def test_failed_condition_is_a_conflict(guide: dict[str, Any]) -> None:
    guide["STORE"] = Store({}, ConditionFailed(None, ambiguous=False))
    created = guide["create_product"](a_request({"id": "pen"}))
    assert (created.status, created.headers["ETag"]) == (201, '"1"')
    with pytest.raises(guide["Conflict"], match="'pen' exists already"):
        guide["create_product"](a_request({"id": "pen"}))


def test_write_honors_the_expected_version(guide: dict[str, Any]) -> None:
    store = guide["STORE"] = Store({"Attributes": {"version": {"N": "8"}}}, ConditionFailed(None, ambiguous=False))
    request = a_request({"name": "Pen"}, **{"if-match": '"7"'})
    assert guide["rename_product"](request).headers["ETag"] == '"8"'
    assert store.calls[0]["ExpressionAttributeValues"][":version"] == {"N": "7"}
    with pytest.raises(guide["PreconditionFailed"]):
        guide["rename_product"](request)


def test_pages_follow_each_other(guide: dict[str, Any]) -> None:
    pens, key = [{"id": {"S": name}, "kind": {"S": "pen"}} for name in "abc"], {"key": {"S": "00" * 32}}
    store = Store({"Items": pens}, {"Item": key}, {"Items": pens[2:]})
    guide["STORE"] = store
    guide["TOKENS"] = guide["PageTokens"](store, "products", lambda value: {"id": {"S": value}})
    query = {"kind": "pen", "page_size": 2}
    first = json.loads(guide["list_products"](a_request(query=query)).body)
    assert [product["id"] for product in first["products"]] == ["a", "b"]
    second = json.loads(guide["list_products"](a_request(query={**query, "page_token": first["next_page_token"]})).body)
    assert ([product["id"] for product in second["products"]], second["next_page_token"]) == (["c"], None)
    assert store.calls[-1]["ExclusiveStartKey"] == pens[1]


def test_current_and_previous_secret_are_valid(guide: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for secret, value in zip(guide["KEYS"], ("new", "old"), strict=True):
        monkeypatch.setattr(secret, "value", lambda value=value: value)
    for value in ("new", "old"):
        signature = hmac.new(value.encode(), b"{}", hashlib.sha256).hexdigest()
        guide["verify"](a_request(raw="{}", **{"x-signature": signature}))
    with pytest.raises(guide["Unauthorized"]):
        guide["verify"](a_request(raw="{}", **{"x-signature": "00"}))


def test_settings_are_read_from_the_parameter(guide: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide["LIMITS"], "values", lambda: {"max_items": 20, "is_open": True})
    assert [guide["check_limit"](number) for number in (20, 21)] == [True, False]


def test_powertools_work_without_a_context(guide: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    guide["store_order"](Message({"messageId": "m1", "attributes": {"ApproximateReceiveCount": "2"}}))
    printed = capsys.readouterr().out
    assert '"OrdersReceived":[1.0]' in printed
