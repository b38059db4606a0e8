"""An API of pydantic models: requests are converted to the types of its operations, and results to JSON."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest

from examples.orders.handler import payments, store, worker
from lib.local.emulator import Emulator
from lib.runtime.records import Message, StreamRecord

from ...support.worker import Api, assert_error

LINE = {"sku": "PEN", "quantity": 2, "price": 1.15}
ORDER: dict[str, Any] = {
    "customer": "ada",
    "lines": [LINE],
    "payment": {"kind": "card", "token": "tok_visa"},
    "deliver_after": "2027-02-28T10:00:00+01:00",
}
PATH = "/orders/{order_id}"
LIST = "/customers/{customer}/orders"


def created(api: Api, **changes: Any) -> Any:
    response = api("POST", "/orders", {**ORDER, **changes})
    assert response.status == 201, response.text
    return response.body


def message(order: Any) -> Any:
    return Message({"messageId": "1", "body": json.dumps({"order_id": order["id"]})})


def status_of(api: Api, order: Any) -> str:
    return str(api("GET", PATH, keys=(order["id"],)).body["status"])


def received(emulator: Emulator, queue: str) -> list[Any]:
    """Return the bodies of the messages in a queue."""
    response = emulator.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(each["Body"]) for each in response.get("Messages", [])]


def test_order_is_stored_and_queued(api: Api, emulator: Emulator, queue: str) -> None:
    order = created(api)
    # pydantic writes Decimal as a string, which keeps all digits.
    assert (order["total"], order["lines"][0]["price"], order["status"]) == ("2.30", "1.15", "placed")
    assert (order["deliver_after"], order["note"]) == ("2027-02-28T10:00:00+01:00", None)
    assert api("GET", PATH, keys=(order["id"],)).body == order
    assert received(emulator, queue) == [{"order_id": order["id"]}]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"lines": []}, "body.lines must contain at least 1 items"),
        ({"lines": [{**LINE, "quantity": 0}]}, "body.lines[0].quantity must be bigger than 0"),
        ({"lines": [{**LINE, "price": "many"}]}, "body.lines[0].price"),
        ({"lines": [{**LINE, "price": "0.001"}]}, "body.lines[0].price"),
        ({"lines": [{**LINE, "price": -1}]}, "body.lines[0].price cannot be validated by any definition"),
        ({"payment": {"kind": "cash"}}, "body.payment must be valid exactly by one definition"),
        ({"payment": {"kind": "transfer", "iban": "1"}}, "body.payment must be valid exactly by one definition"),
        ({"customer": "Ada"}, "body.customer must match pattern"),
        ({"note": 5}, "body.note must be string or null"),
        ({"deliver_after": "tomorrow"}, "body.deliver_after must be date-time"),
        ({"colour": "red"}, "body must not contain {'colour'} properties"),
        ({"lines": [LINE, LINE]}, "body: Value error, each sku must have one line"),
    ],
)
def test_invalid_order_is_rejected_with_its_path(api: Api, changes: dict[str, Any], detail: str) -> None:
    assert_error(api("POST", "/orders", {**ORDER, **changes}), 400, "INVALID_REQUEST", detail)
    assert api("GET", LIST, keys=("ada",)).body["orders"] == []


def test_orders_of_a_customer_are_listed_in_pages(api: Api) -> None:
    orders = [created(api, note=str(number)) for number in range(5)]
    created(api, customer="bob")
    assert api.paged(LIST, "orders", "ada", page_size="2") == orders[::-1]
    assert api("DELETE", PATH, keys=(orders[1]["id"],)).status == 204
    canceled = api("GET", LIST, keys=("ada",), query={"status": "canceled"}).body["orders"]
    assert [order["id"] for order in canceled] == [orders[1]["id"]]
    assert len(api.paged(LIST, "orders", "ada", page_size="2", status="placed")) == 4


def test_page_token_belongs_to_one_customer(api: Api) -> None:
    created(api)
    created(api)
    token = api("GET", LIST, keys=("ada",), query={"page_size": "1"}).body["next_page_token"]
    response = api("GET", LIST, keys=("bob",), query={"page_size": "1", "page_token": token})
    assert_error(response, 400, "INVALID_REQUEST", "page_token must be")


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"page_size": "0"}, "query.page_size must be bigger than or equal to 1"),
        ({"page_size": "many"}, "query.page_size must be integer"),
        ({"status": "lost"}, "query.status must be one of"),
    ],
)
def test_invalid_query_parameter_is_rejected(api: Api, query: dict[str, str], detail: str) -> None:
    assert_error(api("GET", LIST, keys=("ada",), query=query), 400, "INVALID_REQUEST", detail)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_path_parameter_is_converted_or_rejected(api: Api, method: str) -> None:
    unknown = str(uuid.uuid4())
    assert_error(api(method, PATH, keys=(unknown,)), 404, "NOT_FOUND", f"Order {unknown} not found.")
    response = api(method, PATH, keys=("7",))
    assert_error(response, 400, "INVALID_REQUEST", "path.order_id: Input should be a valid UUID")


def test_repeated_request_returns_the_recorded_response(api: Api, emulator: Emulator, queue: str) -> None:
    headers = {"Idempotency-Key": "delivery-1"}
    first = api("POST", "/orders", ORDER, headers=headers)
    repeated = api("POST", "/orders", ORDER, headers=headers)
    assert (first.status, repeated.status, repeated.text) == (201, 201, first.text)
    assert received(emulator, queue) == [{"order_id": first.body["id"]}]
    other = api("POST", "/orders", {**ORDER, "note": "gift"}, headers=headers)
    assert_error(other, 409, "IDEMPOTENCY_CONFLICT", "already used with a different request")
    assert api("POST", "/orders", ORDER, headers={"Idempotency-Key": "delivery-2"}).body["id"] != first.body["id"]


def test_request_after_a_crash_queues_the_stored_order(api: Api, emulator: Emulator, queue: str) -> None:
    headers = {"Idempotency-Key": "delivery-1"}
    order = api("POST", "/orders", ORDER, headers=headers).body
    # As if the function had stopped before it queued the order and recorded the response.
    assert len(received(emulator, queue)) == 1
    records = api.tables["internal"]
    dynamodb = emulator.client("dynamodb")
    for item in dynamodb.scan(TableName=records)["Items"]:
        dynamodb.delete_item(TableName=records, Key={"id": item["id"]})
    repeated = api("POST", "/orders", ORDER, headers=headers)
    assert (repeated.status, repeated.body) == (201, order)
    assert received(emulator, queue) == [{"order_id": order["id"]}]


@pytest.mark.parametrize(
    ("payment", "status"),
    [
        ({"kind": "card", "token": "tok_visa"}, "confirmed"),
        ({"kind": "card", "token": payments.DECLINED}, "rejected"),
        ({"kind": "transfer", "iban": "DE02120300000000202051"}, "confirmed"),
    ],
)
def test_order_is_charged_once(api: Api, payment: dict[str, str], status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order = created(api, payment=payment)
    worker.process_order(message(order))
    assert status_of(api, order) == status
    monkeypatch.setattr(payments, "charge", lambda _: pytest.fail("charged twice"))
    worker.process_order(message(order))


def test_rejected_order_cannot_be_canceled(api: Api) -> None:
    order = created(api, payment={"kind": "card", "token": payments.DECLINED})
    worker.process_order(message(order))
    assert_error(api("DELETE", PATH, keys=(order["id"],)), 409, "CONFLICT", "must be placed or confirmed, got rejected")


def test_order_that_is_canceled_while_it_is_charged_is_refunded(
    api: Api, emulator: Emulator, queue: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order = created(api)
    assert len(received(emulator, queue)) == 1

    def charge(_: Any) -> bool:
        return api("DELETE", PATH, keys=(order["id"],)).status == 204

    monkeypatch.setattr(payments, "charge", charge)
    with pytest.raises(RuntimeError, match="was modified concurrently"):
        worker.process_order(message(order))
    assert status_of(api, order) == "canceled"
    assert received(emulator, queue) == [{"order_id": order["id"]}]
    capsys.readouterr()
    worker.process_order(message(order))
    assert f'"message":"refunded","order":"{order["id"]}"' in capsys.readouterr().out


def test_cancellation_of_an_order_that_changes_is_rejected(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    order = created(api)
    monkeypatch.setattr(store, "set_status", lambda *_: False)
    assert_error(api("DELETE", PATH, keys=(order["id"],)), 409, "CONFLICT", "was modified concurrently")


def test_message_of_an_unknown_order_fails(api: Api) -> None:
    assert api.tables
    with pytest.raises(LookupError, match="not found"):
        worker.process_order(message({"id": str(uuid.uuid4())}))


def change(number: int, old: str = "", new: str = "") -> Any:
    """Return the record of an order of 2.30 that changes its status. An empty status represents no order."""
    images = {
        name: {"customer": {"S": "ada"}, "status": {"S": status}, "total": {"N": "2.3"}}
        for name, status in (("OldImage", old), ("NewImage", new))
        if status
    }
    return StreamRecord({"eventID": str(number), "eventName": "MODIFY", "dynamodb": images})


def test_totals_follow_the_changes_of_orders(api: Api) -> None:
    def totals() -> tuple[Any, Any]:
        body = api("GET", "/customers/{customer}/totals", keys=("ada",)).body
        return body["orders"], Decimal(body["amount"])

    changes = [
        (change(1, "", "placed"), (0, 0)),
        (change(2, "placed", "confirmed"), (1, Decimal("2.30"))),
        (change(2, "placed", "confirmed"), (1, Decimal("2.30"))),  # repeated delivery
        (change(3, "placed", "confirmed"), (2, Decimal("4.60"))),
        (change(4, "confirmed", "confirmed"), (2, Decimal("4.60"))),
        (change(5, "confirmed", "canceled"), (1, Decimal("2.30"))),
        (change(6, "confirmed", ""), (0, 0)),
    ]
    for record, expected in changes:
        worker.count_order(record)
        assert totals() == expected
