"""The inventory API over HTTP: every route, and every status it answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from ...support.listener import listening
from ..conftest import Answer, Http, eventually, refused

NOBODY = "0" * 32


@pytest.fixture(name="category")
def category_fixture() -> str:
    """A category that nobody else uses."""
    return f"test {uuid.uuid4().hex}"


@pytest.fixture(name="create")
def create_fixture(http: Http, category: str) -> Callable[..., Any]:
    """Makes items in that category."""

    def create(**fields: Any) -> Any:
        answer = http("POST", "/items", {"name": "Desk", "category": category, "quantity": 40, "price": 1.25, **fields})
        assert answer.status == 201, answer.body
        return answer.body

    return create


def at(item: Any, more: str = "") -> str:
    return f"/items/{item['itemId']}{more}"


def listed(http: Http, **query: Any) -> Answer:
    return http("GET", "/items?" + "&".join(f"{name}={quote(str(value))}" for name, value in query.items()))


def test_an_item_lives_and_dies_and_leaves_its_history(http: Http, create: Callable[..., Any]) -> None:
    made = create(description="Solid ✓", reorderThreshold=3)
    assert http("GET", at(made)).body == made
    changed = http("PUT", at(made), {"quantity": 39, "price": 1.10})
    assert (changed.status, changed.headers["etag"], changed.body["version"]) == (200, '"2"', 2)
    assert changed.body["price"] == Decimal("1.10")
    assert http("GET", at(made, "?version=1")).body == made
    gone = http("DELETE", at(made))
    assert (gone.status, gone.body["itemId"], gone.body["version"]) == (200, made["itemId"], 3)
    assert gone.body["message"]
    for method, body in (("GET", None), ("PUT", {"quantity": 1}), ("DELETE", None)):
        refused(http(method, at(made), body), 404, "NOT_FOUND")
    versions = http("GET", at(made, "/history")).body["versions"]
    assert [(v["version"], v["operation"]) for v in versions] == [(3, "DELETE"), (2, "UPDATE"), (1, "CREATE")]
    assert versions[1]["changes"]["quantity"] == {"old": 40, "new": 39}
    assert versions[2]["item"] == made


def test_every_operation_is_in_the_audit_table(
    http: Http, create: Callable[..., Any], outputs: dict[str, Any], client: Callable[[str], Any]
) -> None:
    item = create()
    http("GET", at(item))
    http("PUT", at(item), {"quantity": 39})
    http("DELETE", at(item))
    rows = (
        client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=outputs["table_names"]["audit"],
            FilterExpression="itemId = :item",
            ExpressionAttributeValues={":item": {"S": item["itemId"]}},
            ConsistentRead=True,
        )
    )
    operations = [row["operation"]["S"] for page in rows for row in page["Items"]]
    assert sorted(operations) == ["CREATE", "DELETE", "READ", "UPDATE"]


def test_items_are_listed_newest_first_and_narrowed(http: Http, create: Callable[..., Any], category: str) -> None:
    sku = uuid.uuid4().hex
    made = [create(), create(status="discontinued", sku=sku), create()]

    def ids(**query: Any) -> list[str]:
        return [item["itemId"] for item in listed(http, **query).body["items"]]

    a, b, c = (item["itemId"] for item in made)

    def check() -> None:
        assert ids(category=category) == [c, b, a]
        assert ids(category=category, status="available") == [c, a]
        assert b in ids(status="discontinued", page_size=50)
        assert ids(page_size=3) == [c, b, a]
        assert ids(sku=sku) == [b]

    eventually(check)


def test_pages_follow_one_another(http: Http, create: Callable[..., Any], category: str) -> None:
    made = [create()["itemId"] for _ in range(5)]

    def check() -> None:
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = listed(http, category=category, page_size=2, **token).body
            found += [item["itemId"] for item in page["items"]]
            if page["next_page_token"] is None:
                break
            token = {"page_token": page["next_page_token"]}
        assert found == made[::-1]

    eventually(check)
    refused(listed(http, page_size=2, page_token="made-up"), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/items", {"name": "Desk"}),
        ("POST", "/items", b"{"),
        ("PUT", f"/items/{NOBODY}", {"quantity": -1}),
        ("GET", "/items?status=gone", None),
    ],
)
def test_what_breaks_the_rules_is_refused(http: Http, method: str, path: str, body: Any) -> None:
    refused(http(method, path, body), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("path", ["/", "/things", f"/items/{NOBODY}/versions"])
def test_a_path_that_is_not_there_is_not_found(http: Http, path: str) -> None:
    refused(http("GET", path), 404, "NOT_FOUND")


def test_low_stock_is_told_to_the_topic(
    http: Http, create: Callable[..., Any], outputs: dict[str, Any], client: Callable[[str], Any]
) -> None:
    with listening(client, outputs["topic_arns"]["alerts"]) as listener:
        made = create(quantity=11)
        http("PUT", at(made), {"quantity": 10}, X_Correlation_Id="delivery-7")
        http("PUT", at(made), {"quantity": 9})
        (message,) = [told for told in listener.messages(wait_seconds=5) if made["itemId"] in told["Subject"]]
    assert message["Subject"] == f"Low stock: 10 left of item {made['itemId']}"
    assert message["MessageAttributes"]["correlationId"]["Value"] == "delivery-7"
