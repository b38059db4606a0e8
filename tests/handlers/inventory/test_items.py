"""Routes of the inventory API, without concurrent requests."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from ...support.worker import assert_error
from .conftest import HISTORY, ITEM, Shop

MISSING_ID = "0" * 32
DESK = {"name": "Desk", "category": "furniture", "quantity": 1, "price": 1}


def test_created_item_has_version_1_and_a_location(shop: Shop) -> None:
    body = {"name": "Desk", "category": "furniture", "quantity": 40, "price": 349.95, "sku": "D-1", "description": ""}
    response = shop.api("POST", "/items", {**body, "reorderThreshold": 3, "status": "discontinued"})
    item = response.body
    assert (response.status, response.headers["ETag"], item["version"]) == (201, '"1"', 1)
    assert response.headers["Location"] == f"items/{item['itemId']}"
    assert item["createdAt"] == item["lastUpdated"]
    assert item == {
        **body,
        "price": Decimal("349.95"),
        "reorderThreshold": 3,
        "status": "discontinued",
        **{name: item[name] for name in ("itemId", "version", "createdAt", "lastUpdated")},
    }
    assert shop.read(item).body == item


def test_optional_fields_can_be_omitted(shop: Shop) -> None:
    item = shop.create()
    assert item["status"] == "available"
    assert item.keys().isdisjoint({"description", "sku", "reorderThreshold"})


def test_prices_are_stored_exactly(shop: Shop) -> None:
    item = shop.create(price=0.1)
    shop.api("PUT", ITEM, '{"price": 12345678901.123456789}', keys=(item["itemId"],))
    assert '"price":12345678901.123456789' in shop.read(item).text


INVALID_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "body.name must be string"),
    ({"name": " "}, "body.name must match pattern"),
    ({"quantity": -1}, "body.quantity must be bigger than or equal to 0"),
    ({"quantity": 1.5}, "body.quantity must be integer"),
    ({"price": "3"}, "body.price must be number"),
    ({"price": -0.01}, "body.price must be bigger than or equal to 0"),
    ({"category": ""}, "body.category must be longer than or equal to 1 characters"),
    ({"status": "gone"}, "body.status must be one of ['available', 'out_of_stock', 'discontinued']"),
    ({"reorderThreshold": -1}, "body.reorderThreshold"),
    ({"itemId": MISSING_ID}, "body must not contain {'itemId'} properties"),
    ({"sku": "x" * 101}, "body.sku must be shorter than or equal to 100 characters"),
]


def test_invalid_fields_are_rejected_with_their_names(shop: Shop) -> None:
    for fields, message in INVALID_FIELDS:
        assert_error(shop.api("POST", "/items", {**DESK, **fields}), 400, "INVALID_REQUEST", message)
    assert_error(shop.api("POST", "/items", {"name": "Desk"}), 400, "INVALID_REQUEST", "quantity")
    body = '{"name": "Desk", "category": "furniture", "quantity": 1, "price": 1e-200}'
    assert_error(
        shop.api("POST", "/items", body),
        400,
        "INVALID_REQUEST",
        "price must be a number with at most 38 significant digits",
    )
    assert shop.rows("items") == []
    assert_error(shop.change(shop.create()), 400, "INVALID_REQUEST", "at least 1 properties")


def test_missing_item_is_not_found(shop: Shop) -> None:
    shop.create(sku="x")
    routes = [("GET", ITEM, None), ("GET", HISTORY, None), ("PUT", ITEM, {"quantity": 1}), ("DELETE", ITEM, None)]
    for item_id in (MISSING_ID, "desk", "tap%23page-token-key", "tap%23sku%23x"):
        for method, path, body in routes:
            message = f"Item '{unquote(item_id)}' not found."
            assert_error(shop.api(method, path, body, keys=(item_id,)), 404, "NOT_FOUND", message)


def test_null_removes_an_optional_field(shop: Shop) -> None:
    item = shop.create(description="Solid", sku="D-1", reorderThreshold=3)
    changed = shop.change(item, description=None, sku=None, reorderThreshold=None).body
    assert changed.keys().isdisjoint({"description", "sku", "reorderThreshold"})
    assert shop.history(item)[0]["changes"] == {
        "description": {"old": "Solid"},
        "sku": {"old": "D-1"},
        "reorderThreshold": {"old": 3},
    }


def test_change_that_modifies_no_field_creates_no_version(shop: Shop) -> None:
    item = shop.create()
    same = ('"quantity": 40', '"price": 349.950', '"price": 3.4995e2', '"sku": null', '"expectedVersion": 1')
    for body in (*same, '"status": "out_of_stock"'):
        response = shop.api("PUT", ITEM, "{" + body + "}", keys=(item["itemId"],))
        assert (response.status, response.body, response.headers["ETag"]) == (200, item, '"1"')
    assert len(shop.history(item)) == 1
    assert shop.audit("UPDATE") == []


def test_update_fails_if_if_match_is_another_version(shop: Shop) -> None:
    item = shop.create()
    assert shop.change(item, headers={"If-Match": '"1"'}, quantity=1).status == 200
    failed = shop.change(item, headers={"If-Match": '"1"'}, quantity=2)
    assert_error(failed, 412, "PRECONDITION_FAILED", "has version 2, not 1. Read it")
    assert (failed.headers["ETag"], failed.body["details"]) == ('"2"', ["version 2"])
    assert shop.read(item).body["quantity"] == 1


def test_if_match_star_matches_all_versions(shop: Shop) -> None:
    item = shop.create()
    assert shop.change(item, headers={"If-Match": "*"}, quantity=1).status == 200
    missing = {"itemId": MISSING_ID}
    assert shop.change(missing, headers={"If-Match": "*"}, quantity=1).status == 404


def test_update_fails_if_the_item_does_not_have_the_expected_version(shop: Shop) -> None:
    item = shop.create()
    assert shop.change(item, expectedVersion=1, quantity=1).status == 200
    failed = shop.change(item, expectedVersion=1, quantity=2)
    assert_error(failed, 409, "VERSION_CONFLICT", "has version 2, not 1.")
    assert failed.headers["ETag"] == '"2"'


def test_deletion_fails_if_if_match_is_another_version(shop: Shop) -> None:
    item = shop.create()
    failed = shop.delete(item, **{"If-Match": '"2"'})
    assert_error(failed, 412, "PRECONDITION_FAILED", "has version 1, not 2.")
    assert shop.delete(item, **{"If-Match": '"1"'}).status == 200


def test_invalid_if_match_is_rejected(shop: Shop) -> None:
    item = shop.create()
    for header in ("1", '"x"', 'W/"1"', '"0"', '"1", "2"', ""):
        message = f'If-Match must be * or the ETag of a version including quotes, such as "3", got {header!r}.'
        assert_error(shop.change(item, headers={"If-Match": header}, quantity=1), 400, "INVALID_REQUEST", message)


def test_earlier_version_can_be_read(shop: Shop) -> None:
    item = shop.create()
    shop.change(item, quantity=39)
    first = shop.read(item, version="1")
    assert (first.body, first.headers["ETag"]) == (item, '"1"')
    message = f"Version 3 of item '{item['itemId']}' not found. The latest version is 2."
    assert_error(shop.read(item, version="3"), 404, "NOT_FOUND", message)
    assert_error(shop.read(item, version="0"), 400, "INVALID_REQUEST", "version")


def test_deleted_item_has_only_a_history(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    response = shop.delete(item)
    assert (response.status, response.headers["ETag"], response.body["version"]) == (200, '"2"', 2)
    assert response.body["message"] == f"Item '{item['itemId']}' was deleted. Its history is retained."
    for failed in (shop.read(item), shop.read(item, version="1"), shop.change(item, quantity=1), shop.delete(item)):
        assert_error(failed, 404, "NOT_FOUND", f"Item '{item['itemId']}' not found.")
    assert shop.listed() == shop.listed(category="furniture") == shop.listed(sku="D-1") == []
    assert [version["operation"] for version in shop.history(item)] == ["DELETE", "CREATE"]


def test_history_contains_actors_times_and_changes(shop: Shop) -> None:
    item = shop.create()
    context = {"requestId": "request-1", "authorizer": {"principalId": "mara"}}
    shop.api("PUT", ITEM, {"quantity": 39, "sku": "D-1"}, keys=(item["itemId"],), requestContext=context)
    shop.delete(item)
    deleted, changed, created = shop.history(item)
    assert [(v["version"], v["operation"], v["changedBy"]) for v in (created, changed, deleted)] == [
        (1, "CREATE", "anonymous"),
        (2, "UPDATE", "mara"),
        (3, "DELETE", "anonymous"),
    ]
    assert changed["changes"] == {"quantity": {"old": 40, "new": 39}, "sku": {"new": "D-1"}}
    assert created["changes"] == deleted["changes"] == {}
    assert created["item"] == item
    assert deleted["item"] == {**changed["item"], "version": 3, "lastUpdated": deleted["changedAt"]}
    assert created["changedAt"] < changed["changedAt"] < deleted["changedAt"]


def test_history_has_pages(shop: Shop) -> None:
    item = shop.create()
    for quantity in range(30, 26, -1):
        shop.change(item, quantity=quantity)
    first = shop.api("GET", HISTORY, keys=(item["itemId"],), query={"page_size": "3"}).body
    token = first["next_page_token"]
    second = shop.api("GET", HISTORY, keys=(item["itemId"],), query={"page_token": token}).body
    assert [v["version"] for v in first["versions"] + second["versions"]] == [5, 4, 3, 2, 1]
    assert second["next_page_token"] is None
    other = shop.create()
    assert_error(
        shop.api("GET", HISTORY, keys=(other["itemId"],), query={"page_token": token}), 400, "INVALID_REQUEST", "token"
    )


def test_sku_is_unique(shop: Shop) -> None:
    first, second = shop.create(sku="D-1"), shop.create()
    message = f"sku must be unique, but item '{first['itemId']}' already has 'D-1'. Use another SKU."
    assert_error(shop.api("POST", "/items", {**DESK, "sku": "D-1"}), 409, "CONFLICT", message)
    assert_error(shop.change(second, sku="D-1"), 409, "CONFLICT", message)
    assert len(shop.listed()) == 2
    assert len(shop.history(second)) == 1


def test_row_of_a_released_sku_expires(shop: Shop) -> None:
    item, other = shop.create(sku="D-1"), shop.create()
    shop.change(item, sku=None)
    (released,) = [row for row in shop.rows("items") if row["itemId"] == "tap#sku#D-1"]
    assert released.keys() == {"itemId", "version", "tap#expires"}
    shop.change(other, sku="D-1")
    (owned,) = [row for row in shop.rows("items") if row["itemId"] == "tap#sku#D-1"]
    assert owned == {"itemId": "tap#sku#D-1", "version": 0, "owner": other["itemId"]}


def test_items_are_listed_newest_first(shop: Shop) -> None:
    created = [shop.create(category=category)["itemId"] for category in ("a", "b", "a")]
    shop.change({"itemId": created[0]}, quantity=1)
    assert [item["itemId"] for item in shop.listed()] == created[::-1]


def test_items_are_listed_by_category_status_and_sku(shop: Shop) -> None:
    items = {"a1": ("a", "available"), "a2": ("a", "discontinued"), "b1": ("b", "available"), "a3": ("a", "available")}
    for name, (category, status) in items.items():
        shop.create(name=name, category=category, status=status, sku=name)

    def names(**query: str) -> list[str]:
        return [item["name"] for item in shop.listed(**query)]

    assert names(category="a") == ["a3", "a2", "a1"]
    assert names(status="available") == ["a3", "b1", "a1"]
    assert names(category="a", status="available") == ["a3", "a1"]
    assert names(category="c") == names(category="b", status="discontinued") == []
    assert names(sku="b1") == names(sku="b1", category="b") == names(sku="b1", status="available") == ["b1"]
    assert names(sku="b1", category="a") == names(sku="b1", status="discontinued") == names(sku="none") == []


def test_changed_item_is_listed_by_its_new_values(shop: Shop) -> None:
    item = shop.create(category="a")
    shop.change(item, category="b", quantity=0)
    assert shop.listed(category="a") == shop.listed(status="available") == []
    assert len(shop.listed(category="b", status="out_of_stock")) == 1


@pytest.mark.parametrize(
    "query", [{}, {"category": "a"}, {"status": "available"}, {"category": "a", "status": "available"}]
)
def test_last_page_has_no_token(shop: Shop, query: dict[str, str]) -> None:
    created = [shop.create(category="a")["itemId"] for _ in range(4)]
    first = shop.api("GET", "/items", query={**query, "page_size": "2"}).body
    second = shop.api("GET", "/items", query={**query, "page_size": "2", "page_token": first["next_page_token"]}).body
    assert [item["itemId"] for item in first["items"] + second["items"]] == created[::-1]
    assert second["next_page_token"] is None


def test_page_ends_at_the_size_limit_of_a_query(shop: Shop) -> None:
    for number in range(0, 1300, 30):
        row = {"itemId": {"S": f"{number:032}"}, "listing": {"S": "items"}, "listedAt": {"S": f"{number:05}"}}
        filling = {"version": {"N": "0"}, "latestVersion": {"N": "1"}, "description": {"S": "x" * 30_000}}
        shop.emulator.client("dynamodb").put_item(TableName=shop.api.tables["items"], Item={**row, **filling})
    page = shop.api("GET", "/items", query={"page_size": "50"}).body
    more = shop.api("GET", "/items", query={"page_size": "50", "page_token": page["next_page_token"]}).body
    assert len(page["items"]) + len(more["items"]) == 44
    assert more["next_page_token"] is None


def test_page_tokens_are_valid_only_for_their_query(shop: Shop) -> None:
    for _ in range(3):
        shop.create(category="a")
    token = shop.api("GET", "/items", query={"page_size": "1", "category": "a"}).body["next_page_token"]
    for query in ({}, {"category": "b"}, {"category": "a", "status": "available"}):
        response = shop.api("GET", "/items", query={**query, "page_token": token})
        assert_error(response, 400, "INVALID_REQUEST", "page_token must be the next_page_token")
    forged = shop.api("GET", "/items", query={"category": "a", "page_token": f"{token[:-2]}xx"})
    assert_error(forged, 400, "INVALID_REQUEST", "page_token")
    message = "page_token must be omitted if sku is set, because the listing has one page."
    assert_error(shop.api("GET", "/items", query={"sku": "x", "page_token": token}), 400, "INVALID_REQUEST", message)


def test_invalid_query_parameters_are_rejected_with_their_names(shop: Shop) -> None:
    for query, message in (({"status": "gone"}, "query.status must be one of"), ({"category": ""}, "query.category")):
        assert_error(shop.api("GET", "/items", query=query), 400, "INVALID_REQUEST", message)


def test_repeated_request_returns_the_first_response_and_creates_no_item(shop: Shop) -> None:
    headers = {"Idempotency-Key": "order-1"}
    item = shop.create(headers=headers, sku="D-1")
    shop.change(item, quantity=1)
    assert shop.create(headers=headers, sku="D-1") == item
    assert len(shop.listed()) == 1
    assert_error(shop.api("POST", "/items", DESK, headers=headers), 409, "IDEMPOTENCY_CONFLICT", "a different request")


def test_every_operation_writes_an_audit_record(shop: Shop) -> None:
    context = {"requestId": "request-1", "identity": {"apiKeyId": "key-1"}}
    item = shop.create()
    shop.read(item)
    shop.change(item, quantity=39)
    shop.listed()
    shop.listed(sku="x")
    shop.history(item)
    shop.api("DELETE", ITEM, keys=(item["itemId"],), requestContext=context)
    rows = shop.audit()
    assert [(row["operation"], row["itemId"]) for row in rows] == [
        ("CREATE", item["itemId"]),
        ("READ", item["itemId"]),
        ("UPDATE", item["itemId"]),
        ("LIST", None),
        ("LIST", None),
        ("HISTORY", item["itemId"]),
        ("DELETE", item["itemId"]),
    ]
    assert len({row["auditId"] for row in rows}) == 7
    created, changed, deleted = shop.audit("CREATE", "UPDATE", "DELETE")
    assert json.dumps(created["newValue"], sort_keys=True) == json.dumps(item, sort_keys=True, default=float)
    assert created["oldValue"] is None
    assert (changed["oldValue"], changed["newValue"]["quantity"]) == (created["newValue"], 39)
    assert (deleted["oldValue"], deleted["newValue"]) == (changed["newValue"], None)
    assert [row["userId"] for row in (created, deleted)] == ["anonymous", "key-1"]
    names = {"auditId", "timestamp", "operation", "itemId", "userId", "correlationId", "oldValue", "newValue"}
    assert created.keys() == names


def test_writes_that_only_return_an_item_are_audited_as_reads(shop: Shop) -> None:
    headers = {"Idempotency-Key": "order-1"}
    item = shop.create(headers=headers)
    shop.change(item, quantity=40)
    shop.create(headers=headers)
    assert [(row["operation"], row["itemId"]) for row in shop.audit()] == [
        ("CREATE", item["itemId"]),
        ("READ", item["itemId"]),
        ("READ", item["itemId"]),
    ]


def test_rejected_change_writes_no_audit_record(shop: Shop) -> None:
    item = shop.create()
    shop.change(item, expectedVersion=7, quantity=1)
    assert [row["operation"] for row in shop.audit()] == ["CREATE"]
