"""An API of pydantic models: requests are converted to the types of its operations, and results to JSON."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from lib.runtime.event_handler import Request
from lib.runtime.typed import typed

from ...support.orders import operations
from ...support.orders.models import Card, Priority
from ...support.worker import Api, assert_error

LINE = {"sku": "PEN", "quantity": 2, "price": 1.15}
ORDER: dict[str, Any] = {
    "lines": [LINE],
    "payment": {"kind": "card", "number": "4111111111111111"},
    "due": "2026-02-28T10:00:00Z",
}


def created(api: Api, **changes: Any) -> Any:
    response = api("POST", "/orders", {**ORDER, **changes})
    assert response.status == 201, response.text
    return response.body


def test_operation_receives_the_body_as_a_model(api: Api) -> None:
    order = created(api, priority="express", tags=["a", "b"], category={"name": "x", "children": [{"name": "y"}]})
    stored = operations.ORDERS[uuid.UUID(order["id"])]
    assert isinstance(stored.payment, Card)
    assert (stored.priority, stored.tags, stored.due.utcoffset()) == (
        Priority.EXPRESS,
        {"a", "b"},
        stored.due.utcoffset(),
    )
    assert stored.category is not None
    assert stored.category.children[0].name == "y"


def test_result_is_serialized_by_its_type(api: Api) -> None:
    order = created(api)
    # pydantic writes Decimal as a string, which keeps all digits.
    assert (order["total"], order["lines"][0]["price"]) == ("2.30", "1.15")
    assert (order["priority"], order["due"], order["note"]) == ("normal", "2026-02-28T10:00:00Z", None)
    assert api("GET", "/orders/{order_id}", keys=(order["id"],)).body == order


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"lines": []}, "body.lines must contain at least 1 items"),
        ({"lines": [{**LINE, "quantity": 0}]}, "body.lines[0].quantity must be bigger than 0"),
        ({"lines": [{**LINE, "price": "many"}]}, "body.lines[0].price"),
        ({"lines": [{**LINE, "price": -1}]}, "body.lines[0].price cannot be validated by any definition"),
        ({"payment": {"kind": "cash"}}, "body.payment must be valid exactly by one definition"),
        ({"priority": "slow"}, "body.priority must be one of"),
        ({"discount": 0.9}, "body.discount must be smaller than 0.9"),
        ({"note": 5}, "body.note must be string or null"),
        ({"reference": 1.5}, "body.reference cannot be validated"),
        ({"due": "tomorrow"}, "body.due must be date-time"),
        ({"delivery_window": ["10:00:00"]}, "body.delivery_window must contain at least 2 items"),
        ({"labels": {"weight": "1"}}, "body.labels must be named by propertyName definition"),
        ({"tags": ["a", "a"]}, "body.tags must contain unique items"),
        ({"category": {"name": "x", "children": [{"name": 1}]}}, "body.category cannot be validated"),
        ({"colour": "red"}, "body must not contain {'colour'} properties"),
        ({"priority": "express", "lines": [LINE] * 4}, "body: Value error, express orders must have at most 3 lines"),
    ],
)
def test_invalid_body_is_rejected_with_its_path(api: Api, changes: dict[str, Any], detail: str) -> None:
    assert_error(api("POST", "/orders", {**ORDER, **changes}), 400, "INVALID_REQUEST", detail)
    assert not operations.ORDERS


def test_query_parameters_have_the_types_of_the_operation(api: Api) -> None:
    cheap, dear = created(api), created(api, lines=[{**LINE, "price": "100.5"}], priority="express")
    assert [order["id"] for order in api("GET", "/orders").body["orders"]] == [cheap["id"], dear["id"]]
    page = api("GET", "/orders", query={"page_size": "1"}).body
    assert (len(page["orders"]), page["count"]) == (1, 2)
    assert api("GET", "/orders", query={"min_total": "2.31"}).body["orders"] == [dear]
    assert api("GET", "/orders", query={"priority": "normal"}).body["orders"] == [cheap]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"page_size": "0"}, "query.page_size must be bigger than or equal to 1"),
        ({"page_size": "many"}, "query.page_size must be integer"),
        ({"priority": "slow"}, "query.priority must be one of"),
        ({"min_total": "many"}, "query.min_total: Input should be a valid decimal"),
    ],
)
def test_invalid_query_parameter_is_rejected(api: Api, query: dict[str, str], detail: str) -> None:
    assert_error(api("GET", "/orders", query=query), 400, "INVALID_REQUEST", detail)


def test_path_parameter_is_converted_or_rejected(api: Api) -> None:
    unknown = str(uuid.uuid4())
    assert_error(api("GET", "/orders/{order_id}", keys=(unknown,)), 404, "NOT_FOUND", f"Order {unknown} not found.")
    response = api("GET", "/orders/{order_id}", keys=("7",))
    assert_error(response, 400, "INVALID_REQUEST", "path.order_id: Input should be a valid UUID")


def test_operation_without_a_result_has_no_body(api: Api) -> None:
    response = api("DELETE", "/orders/{order_id}", keys=(created(api)["id"],))
    assert (response.status, response.text, operations.ORDERS) == (204, "", {})


def test_operation_can_return_its_own_response(api: Api) -> None:
    order_id = str(uuid.uuid4())
    parameters = {"order_id": order_id}
    request = Request("GET /orders/{order_id}/text", parameters, {}, {}, None, "anonymous", "request-1")
    response = typed(operations.export_order, ["order_id"], 200)(request)
    assert (response.body, response.headers) == (f"order {order_id}", {"Content-Type": "text/plain"})
    path = "/orders/{order_id}/text"
    assert_error(api("GET", path, keys=("7",)), 400, "INVALID_REQUEST", "path.order_id: Input should be a valid UUID")


def test_repeated_request_returns_the_recorded_response(api: Api) -> None:
    headers = {"Idempotency-Key": "delivery-1"}
    first = api("POST", "/orders", ORDER, headers=headers)
    repeated = api("POST", "/orders", ORDER, headers=headers)
    assert (first.status, repeated.status, repeated.text, len(operations.ORDERS)) == (201, 201, first.text, 1)
    other = api("POST", "/orders", {**ORDER, "note": "gift"}, headers=headers)
    assert_error(other, 409, "IDEMPOTENCY_CONFLICT", "already used with a different request")
    assert api("POST", "/orders", ORDER, headers={"Idempotency-Key": "delivery-2"}).body["id"] != first.body["id"]
