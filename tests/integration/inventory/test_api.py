"""The inventory API over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from ...support.listener import listening
from ..conftest import Http, HttpResponse, assert_error, eventually

MISSING_ID = "0" * 32


@pytest.fixture(name="category")
def category_fixture() -> str:
    return f"test {uuid.uuid4().hex}"


@pytest.fixture(name="create")
def create_fixture(http: Http, category: str) -> Callable[..., Any]:
    """Return a function that creates an item in the category."""

    def create(**fields: Any) -> Any:
        desk = {"name": "Desk", "category": category, "quantity": 40, "price": 1.25, **fields}
        response = http("POST", "/items", desk)
        assert response.status == 201, response.body
        return response.body

    return create


def path_of(item: Any, suffix: str = "") -> str:
    return f"/items/{item['itemId']}{suffix}"


def list_items(http: Http, **query: Any) -> HttpResponse:
    return http("GET", "/items?" + "&".join(f"{name}={quote(str(value))}" for name, value in query.items()))


def test_item_is_created_read_updated_and_deleted(http: Http, create: Callable[..., Any]) -> None:
    created = create(description="Solid ✓", reorderThreshold=3)
    assert http("GET", path_of(created)).body == created
    changed = http("PUT", path_of(created), {"quantity": 39, "price": 1.10})
    assert (changed.status, changed.headers["etag"], changed.body["version"]) == (200, '"2"', 2)
    assert changed.body["price"] == Decimal("1.10")
    assert http("GET", path_of(created, "?version=1")).body == created
    deleted = http("DELETE", path_of(created))
    assert (deleted.status, deleted.body["itemId"], deleted.body["version"]) == (200, created["itemId"], 3)
    assert deleted.body["message"]
    for method, body in (("GET", None), ("PUT", {"quantity": 1}), ("DELETE", None)):
        assert_error(http(method, path_of(created), body), 404, "NOT_FOUND")
    versions = http("GET", path_of(created, "/history")).body["versions"]
    assert [(v["version"], v["operation"]) for v in versions] == [(3, "DELETE"), (2, "UPDATE"), (1, "CREATE")]
    assert versions[1]["changes"]["quantity"] == {"old": 40, "new": 39}
    assert versions[2]["item"] == created


def test_every_operation_is_in_the_audit_table(
    http: Http, create: Callable[..., Any], outputs: dict[str, Any], client: Callable[[str], Any]
) -> None:
    item = create()
    http("GET", path_of(item))
    http("PUT", path_of(item), {"quantity": 39})
    http("DELETE", path_of(item))
    pages = (
        client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=outputs["table_names"]["audit"],
            FilterExpression="itemId = :item",
            ExpressionAttributeValues={":item": {"S": item["itemId"]}},
            ConsistentRead=True,
        )
    )
    operations = [record["operation"]["S"] for page in pages for record in page["Items"]]
    assert sorted(operations) == ["CREATE", "DELETE", "READ", "UPDATE"]


def test_items_are_listed_newest_first_with_filters(http: Http, create: Callable[..., Any], category: str) -> None:
    sku = uuid.uuid4().hex
    created = [create(), create(status="discontinued", sku=sku), create()]

    def ids(**query: Any) -> list[str]:
        return [item["itemId"] for item in list_items(http, **query).body["items"]]

    a, b, c = (item["itemId"] for item in created)

    def check() -> None:
        assert ids(category=category) == [c, b, a]
        assert ids(category=category, status="available") == [c, a]
        assert b in ids(status="discontinued", page_size=50)
        assert ids(page_size=3) == [c, b, a]
        assert ids(sku=sku) == [b]

    eventually(check)


def test_page_tokens_reach_all_items(http: Http, create: Callable[..., Any], category: str) -> None:
    created = [create()["itemId"] for _ in range(5)]

    def check() -> None:
        listed: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = list_items(http, category=category, page_size=2, **token).body
            listed += [item["itemId"] for item in page["items"]]
            if page["next_page_token"] is None:
                break
            token = {"page_token": page["next_page_token"]}
        assert listed == created[::-1]

    eventually(check)
    assert_error(list_items(http, page_size=2, page_token="invalid"), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/items", {"name": "Desk"}),
        ("POST", "/items", b"{"),
        ("PUT", f"/items/{MISSING_ID}", {"quantity": -1}),
        ("GET", "/items?status=gone", None),
    ],
)
def test_invalid_requests_are_rejected(http: Http, method: str, path: str, body: Any) -> None:
    assert_error(http(method, path, body), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("path", ["/", "/things", f"/items/{MISSING_ID}/versions"])
def test_unknown_paths_are_not_found(http: Http, path: str) -> None:
    assert_error(http("GET", path), 404, "NOT_FOUND")


def test_low_stock_alert_is_published_once(
    http: Http, create: Callable[..., Any], outputs: dict[str, Any], client: Callable[[str], Any]
) -> None:
    with listening(client, outputs["topic_arns"]["alerts"]) as listener:
        item = create(quantity=11)
        http("PUT", path_of(item), {"quantity": 10}, X_Correlation_Id="delivery-7")
        http("PUT", path_of(item), {"quantity": 9})
        messages = listener.messages(wait_seconds=5)
    (message,) = [message for message in messages if item["itemId"] in message["Subject"]]
    assert message["Subject"] == f"Low stock: 10 left of item {item['itemId']}"
    assert message["MessageAttributes"]["correlationId"]["Value"] == "delivery-7"
