"""The inventory API over HTTP: every route, and every status it answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urljoin

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


def test_the_location_leads_to_the_item(http: Http) -> None:
    made = http("POST", "/items", {"name": "Desk", "category": "x", "quantity": 40, "price": 1})
    assert (made.status, made.headers["etag"], made.body["version"]) == (201, '"1"', 1)
    whole = urljoin(f"{http.url}/items", made.headers["location"])
    assert http("GET", whole.removeprefix(http.url)).body == made.body


def test_a_change_that_lost_is_told_the_current_version(http: Http, create: Callable[..., Any]) -> None:
    made = create()
    assert http("PUT", at(made), {"quantity": 1}, If_Match='"1"').status == 200
    late = http("PUT", at(made), {"quantity": 2}, If_Match='"1"')
    refused(late, 412, "PRECONDITION_FAILED")
    assert late.headers["etag"] == '"2"'
    late = http("PUT", at(made), {"quantity": 2, "expectedVersion": 1})
    refused(late, 409, "VERSION_CONFLICT")
    assert "version 2" in late.body["details"]
    refused(http("DELETE", at(made), If_Match='"1"'), 412, "PRECONDITION_FAILED")
    assert http("GET", at(made)).body["quantity"] == 1


def test_an_unchanged_body_makes_no_version(http: Http, create: Callable[..., Any]) -> None:
    made = create()
    assert http("PUT", at(made), {"quantity": 40, "price": 1.250}).body == made


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


def test_a_page_has_twenty_unless_told_and_fifty_at_most(http: Http, category: str) -> None:
    body = [{"name": "Desk", "category": category, "quantity": 40, "price": 1}] * 21
    assert http("POST", "/items/batch", {"items": body}).status == 200

    def check() -> None:
        assert len(listed(http, category=category).body["items"]) == 20
        assert len(listed(http, category=category, page_size=50).body["items"]) == 21
        assert listed(http, category=category, page_size=51).body["count"] == 21

    eventually(check)


def test_a_sku_is_one_items(http: Http, create: Callable[..., Any]) -> None:
    sku = uuid.uuid4().hex
    made = create(sku=sku)
    body = {"name": "Desk", "category": "x", "quantity": 1, "price": 1, "sku": sku}
    refused(http("POST", "/items", body), 409, "CONFLICT")
    assert http("DELETE", at(made)).status == 200
    assert http("POST", "/items", body).status == 201


def test_a_batch_answers_for_each_item(http: Http, create: Callable[..., Any], category: str) -> None:
    made = create()
    new = {"name": "Lamp", "category": category, "quantity": 20, "price": 59.90}
    answer = http(
        "POST",
        "/items/batch",
        {"items": [new, {"itemId": made["itemId"], "quantity": 39}, {"itemId": NOBODY, "quantity": 1}, {"name": "x"}]},
    )
    assert [result["status"] for result in answer.body["results"]] == [201, 200, 404, 400]
    assert http("GET", at(made)).body == answer.body["results"][1]["item"]
    refused(http("POST", "/items/batch", {"items": []}), 400, "INVALID_REQUEST")


def test_a_repeated_creation_makes_nothing_twice(http: Http, category: str) -> None:
    body = {"name": "Desk", "category": category, "quantity": 40, "price": 1}
    key = uuid.uuid4().hex
    first, again = (http("POST", "/items", body, Idempotency_Key=key) for _ in range(2))
    assert (again.status, again.body) == (201, first.body)

    def check() -> None:
        assert len(listed(http, category=category).body["items"]) == 1

    eventually(check)
    refused(http("POST", "/items", {**body, "price": 2}, Idempotency_Key=key), 409, "IDEMPOTENCY_CONFLICT")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/items", {"name": "Desk"}),
        ("POST", "/items", {"name": "Desk", "category": "x", "quantity": -1, "price": 1}),
        ("POST", "/items", b"{"),
        ("PUT", f"/items/{NOBODY}", {}),
        ("PUT", f"/items/{NOBODY}", {"colour": "red"}),
        ("GET", "/items?status=gone", None),
        ("GET", "/items?colour=red", None),
        ("GET", f"/items/{NOBODY}?version=0", None),
        ("GET", f"/items/{NOBODY}/history?page_size=0", None),
    ],
)
def test_what_breaks_the_rules_is_refused(http: Http, method: str, path: str, body: Any) -> None:
    refused(http(method, path, body), 400, "INVALID_REQUEST")


def test_what_is_not_json_is_refused(http: Http) -> None:
    answer = http("POST", "/items", b"<desk/>", Content_Type="application/xml")
    assert (answer.status, answer.body["code"]) in [(415, "UNSUPPORTED_MEDIA_TYPE"), (400, "INVALID_REQUEST")]


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
        (message,) = [told for told in listener.heard(wait_seconds=5) if made["itemId"] in told["Subject"]]
    assert message["Subject"] == f"Low stock: 10 left of item {made['itemId']}"
    assert message["MessageAttributes"]["correlationId"]["Value"] == "delivery-7"


def test_an_item_can_be_sent_back_as_it_was_read(http: Http, create: Callable[..., Any]) -> None:
    made = create(sku=uuid.uuid4().hex)
    copy = {**made, "price": float(made["price"])}
    assert http("PUT", at(made), copy).body == made
    assert http("PUT", at(made), {**copy, "quantity": 39}).body["version"] == 2
    refused(http("PUT", at(made), {**copy, "quantity": 38}), 409, "VERSION_CONFLICT")
    refused(http("PUT", at(made), {"createdAt": made["lastUpdated"][:-1]}), 400, "INVALID_REQUEST")


def test_an_item_can_be_addressed_with_its_sku(http: Http, create: Callable[..., Any]) -> None:
    sku = uuid.uuid4().hex
    made = create(sku=sku)
    assert http("GET", at(made, f"?sku={sku}")).body == made
    for method in ("GET", "DELETE"):
        refused(http(method, at(made, "?sku=other")), 404, "NOT_FOUND")
    assert http("DELETE", at(made, f"?sku={sku}")).status == 200


def test_an_item_without_a_price_has_price_zero(http: Http, category: str) -> None:
    answer = http("POST", "/items", {"name": "Desk", "category": category, "quantity": 1})
    assert (answer.status, answer.body["price"]) == (201, 0)
