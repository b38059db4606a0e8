"""The orders API of `examples/orders` over HTTP, with its worker and its stream."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples.orders import service
from lib.client import smoke_test
from lib.local.emulator import Emulator
from lib.local.engine import Engine

from ..integration.conftest import Http, assert_error, eventually
from ..support import example_packages
from ..support.deployments import deploy_file

ORDERS: Any = service.SERVICE  # mypy treats `lib` and `tap_stack` as different packages
PROGRAM = Path("examples/orders/__main__.py")
SECONDS = 30
"""Time for a message to be delivered three times."""


@pytest.fixture(scope="module", name="outputs")
def outputs_fixture(emulator: Emulator) -> dict[str, Any]:
    """Return the outputs of the deployed example, whose queue delivers failed messages again after a second."""
    example_packages.require("orders")
    engine = Engine(emulator, lambda type_, name: None)
    outputs = deploy_file(
        PROGRAM, engine, project="orders", stack="dev", config={"environment": "eg"}, report=lambda line: None
    )
    emulator.client("sqs").set_queue_attributes(
        QueueUrl=outputs["orders_to_process_queue_url"], Attributes={"VisibilityTimeout": "1"}
    )
    return outputs


@pytest.fixture(scope="module", name="http")
def http_fixture(outputs: dict[str, Any]) -> Http:
    """Return a client of the API."""
    return Http(outputs, None)


def an_order(customer: str, card: str = "tok_visa", **changes: Any) -> dict[str, Any]:
    payment = {"kind": "card", "token": card}
    return {
        "customer": customer,
        "lines": [{"sku": "PEN", "quantity": 2, "price": "1.15"}],
        "payment": payment,
    } | changes


def place(http: Http, customer: str, card: str = "tok_visa", **changes: Any) -> str:
    """Place an order and return its ID."""
    response = http("POST", "/orders", an_order(customer, card, **changes))
    assert response.status == 201, response
    return str(response.body["id"])


def assert_status(http: Http, order: str, status: str) -> None:
    def check() -> None:
        assert http("GET", f"/orders/{order}").body["status"] == status

    eventually(check, SECONDS)


def assert_totals(http: Http, customer: str, orders: int, amount: str) -> None:
    def check() -> None:
        expected = {"customer": customer, "orders": orders, "amount": amount}
        assert http("GET", f"/customers/{customer}/totals").body == expected

    eventually(check, SECONDS)


def test_example_passes_its_smoke_test(outputs: dict[str, Any]) -> None:
    results = smoke_test.run(ORDERS, outputs, lambda result: None)
    assert smoke_test.has_passed(ORDERS, results), results


def test_totals_of_a_customer_follow_its_orders(http: Http) -> None:
    first, second, declined = place(http, "tom"), place(http, "tom"), place(http, "tom", "tok_declined")
    for order, status in ((first, "confirmed"), (second, "confirmed"), (declined, "rejected")):
        assert_status(http, order, status)
    assert_totals(http, "tom", 2, "4.60")
    assert http("DELETE", f"/orders/{first}").status == 204
    assert_totals(http, "tom", 1, "2.30")
    assert_error(http("DELETE", f"/orders/{declined}"), 409, "CONFLICT")


def test_racing_requests_create_one_order(http: Http, outputs: dict[str, Any], emulator: Emulator) -> None:
    def create(_: int) -> Any:
        return http("POST", "/orders", an_order("race"), Idempotency_Key="race-1")

    with ThreadPoolExecutor(8) as threads:
        responses = [*threads.map(create, range(8))]
    results = Counter((response.status, response.body.get("code", "")) for response in responses)
    assert results[(201, "")] >= 1
    assert set(results) <= {(201, ""), (409, "REQUEST_IN_PROGRESS")}
    (order,) = {response.body["id"] for response in responses if response.status == 201}
    repeated = create(0)
    assert (repeated.status, repeated.body["id"]) == (201, order)
    items = emulator.client("dynamodb").scan(TableName=outputs["table_names"]["orders"])["Items"]
    assert [item["id"]["S"] for item in items if item["customer"]["S"] == "race"] == [order]
    assert_totals(http, "race", 1, "2.30")
    other = http("POST", "/orders", an_order("race", note="gift"), Idempotency_Key="race-1")
    assert_error(other, 409, "IDEMPOTENCY_CONFLICT")


def test_order_that_cannot_be_charged_moves_to_the_dead_letter_queue(
    http: Http, outputs: dict[str, Any], emulator: Emulator
) -> None:
    orders = [place(http, "pat", card) for card in ("tok_visa", "tok_unavailable", "tok_visa")]
    for order in (orders[0], orders[2]):
        assert_status(http, order, "confirmed")
    received: list[dict[str, str]] = []

    def check() -> None:
        queue = outputs["orders_to_process_queue_dead_letter_url"]
        received.extend(emulator.client("sqs").receive_message(QueueUrl=queue).get("Messages", []))
        assert received

    eventually(check, SECONDS)
    assert [json.loads(message["Body"]) for message in received] == [{"order_id": orders[1]}]
    assert_status(http, orders[1], "placed")
    assert_totals(http, "pat", 2, "4.60")


def test_orders_of_a_customer_are_listed_in_pages(http: Http) -> None:
    orders = [place(http, "ann", note=str(number)) for number in range(5)]
    listed: list[str] = []
    path = "/customers/ann/orders?page_size=2"
    while True:
        page = http("GET", path).body
        listed += [order["id"] for order in page["orders"]]
        if page["next_page_token"] is None:
            break
        path = f"/customers/ann/orders?page_size=2&page_token={page['next_page_token']}"
    assert listed == orders[::-1]
    assert http("GET", "/customers/nobody/orders").body == {"orders": [], "next_page_token": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": []},
        {"lines": [{"sku": "PEN", "quantity": 1, "price": "1.001"}]},
        {"payment": {"kind": "cash"}},
        {"deliver_after": "2027-02-28T10:00:00"},
        {"colour": "red"},
    ],
)
def test_invalid_order_is_rejected(http: Http, changes: dict[str, Any]) -> None:
    assert_error(http("POST", "/orders", an_order("ann", **changes)), 400, "INVALID_REQUEST")


def test_application_with_powertools_keeps_its_responses(http: Http) -> None:
    quote = http("POST", "/quotes/orders?debug=1", an_order("ann"))
    assert (quote.status, Decimal(quote.body["total"])) == (200, Decimal("2.30"))
    assert quote.headers["x-request-id"]
    rejected = http("POST", "/quotes/orders", {"customer": "ann"})
    assert (rejected.status, rejected.body["statusCode"]) == (400, 400)
    assert http("GET", "/quotes/nothing").body == {"statusCode": 404, "message": "Not found"}
