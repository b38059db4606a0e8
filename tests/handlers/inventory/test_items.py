"""Creating, reading, changing and deleting, one caller at a time."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from ...support.worker import refused
from .conftest import HISTORY, ITEM, Shop

NOBODY = "0" * 32
DESK = {"name": "Desk", "category": "furniture", "quantity": 1, "price": 1}


def test_a_created_item_is_at_version_one_and_says_where_it_is(shop: Shop) -> None:
    body = {"name": "Desk", "category": "furniture", "quantity": 40, "price": 349.95, "sku": "D-1", "description": ""}
    answer = shop.api("POST", "/items", {**body, "reorderThreshold": 3, "status": "discontinued"})
    item = answer.body
    assert (answer.status, answer.headers["ETag"], item["version"]) == (201, '"1"', 1)
    assert answer.headers["Location"] == f"items/{item['itemId']}"
    assert item["createdAt"] == item["lastUpdated"]
    assert item == {
        **body,
        "price": Decimal("349.95"),
        "reorderThreshold": 3,
        "status": "discontinued",
        **{name: item[name] for name in ("itemId", "version", "createdAt", "lastUpdated")},
    }
    assert shop.read(item).body == item


def test_what_is_optional_may_be_left_out(shop: Shop) -> None:
    item = shop.create()
    assert item["status"] == "available"
    assert item.keys().isdisjoint({"description", "sku", "reorderThreshold"})


def test_prices_are_kept_to_the_digit(shop: Shop) -> None:
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
    ({"itemId": NOBODY}, "body must not contain {'itemId'} properties"),
    ({"sku": "x" * 101}, "body.sku must be shorter than or equal to 100 characters"),
]


def test_an_invalid_field_is_rejected_with_its_name(shop: Shop) -> None:
    for fields, message in INVALID_FIELDS:
        answer = shop.api("POST", "/items", {**DESK, **fields})
        refused(answer, 400, "INVALID_REQUEST", message)
    refused(shop.api("POST", "/items", {"name": "Desk"}), 400, "INVALID_REQUEST", "quantity")
    text = '{"name": "Desk", "category": "furniture", "quantity": 1, "price": 1e-200}'
    refused(
        shop.api("POST", "/items", text),
        400,
        "INVALID_REQUEST",
        "price must be a number with at most 38 significant digits",
    )
    assert shop.rows("items") == []
    refused(shop.change(shop.create()), 400, "INVALID_REQUEST", "at least 1 properties")


def test_a_missing_item_is_not_found(shop: Shop) -> None:
    shop.create(sku="x")
    routes = [("GET", ITEM, None), ("GET", HISTORY, None), ("PUT", ITEM, {"quantity": 1}), ("DELETE", ITEM, None)]
    for item_id in (NOBODY, "desk", "tap%23page-token-key", "tap%23sku%23x"):
        for method, path, body in routes:
            refused(shop.api(method, path, body, keys=(item_id,)), 404, "NOT_FOUND", "no item")


def test_null_takes_an_optional_field_away(shop: Shop) -> None:
    item = shop.create(description="Solid", sku="D-1", reorderThreshold=3)
    changed = shop.change(item, description=None, sku=None, reorderThreshold=None).body
    assert changed.keys().isdisjoint({"description", "sku", "reorderThreshold"})
    assert shop.history(item)[0]["changes"] == {
        "description": {"old": "Solid"},
        "sku": {"old": "D-1"},
        "reorderThreshold": {"old": 3},
    }


def test_a_change_that_changes_nothing_makes_no_version(shop: Shop) -> None:
    item = shop.create()
    same = ('"quantity": 40', '"price": 349.950', '"price": 3.4995e2', '"sku": null', '"expectedVersion": 1')
    for body in (*same, '"status": "out_of_stock"'):
        answer = shop.api("PUT", ITEM, "{" + body + "}", keys=(item["itemId"],))
        assert (answer.status, answer.body, answer.headers["ETag"]) == (200, item, '"1"')
    assert len(shop.history(item)) == 1
    assert shop.audit("UPDATE") == []


def test_if_match_guards_a_change(shop: Shop) -> None:
    item = shop.create()
    assert shop.change(item, headers={"If-Match": '"1"'}, quantity=1).status == 200
    lost = shop.change(item, headers={"If-Match": '"1"'}, quantity=2)
    refused(lost, 412, "PRECONDITION_FAILED", "the item is at version 2, not 1")
    assert (lost.headers["ETag"], lost.body["details"]) == ('"2"', ["version 2"])
    assert shop.read(item).body["quantity"] == 1


def test_any_version_matches_a_star(shop: Shop) -> None:
    item = shop.create()
    assert shop.change(item, headers={"If-Match": "*"}, quantity=1).status == 200
    gone = {"itemId": NOBODY}
    assert shop.change(gone, headers={"If-Match": "*"}, quantity=1).status == 404


def test_an_expected_version_guards_a_change(shop: Shop) -> None:
    item = shop.create()
    assert shop.change(item, expectedVersion=1, quantity=1).status == 200
    lost = shop.change(item, expectedVersion=1, quantity=2)
    refused(lost, 409, "VERSION_CONFLICT", "the item is at version 2, not 1")
    assert lost.headers["ETag"] == '"2"'


def test_if_match_guards_a_deletion(shop: Shop) -> None:
    item = shop.create()
    refused(shop.delete(item, **{"If-Match": '"2"'}), 412, "PRECONDITION_FAILED", "at version 1, not 2")
    assert shop.delete(item, **{"If-Match": '"1"'}).status == 200


def test_an_invalid_if_match_is_rejected(shop: Shop) -> None:
    item = shop.create()
    for text in ("1", '"x"', 'W/"1"', '"0"', '"1", "2"', ""):
        refused(shop.change(item, headers={"If-Match": text}, quantity=1), 400, "INVALID_REQUEST", "If-Match")


def test_an_old_version_is_read(shop: Shop) -> None:
    item = shop.create()
    shop.change(item, quantity=39)
    old = shop.read(item, version="1")
    assert (old.body, old.headers["ETag"]) == (item, '"1"')
    refused(shop.read(item, version="3"), 404, "NOT_FOUND", "has no version 3: it is at 2")
    refused(shop.read(item, version="0"), 400, "INVALID_REQUEST", "version")


def test_a_deleted_item_is_nowhere_but_in_its_history(shop: Shop) -> None:
    item = shop.create(sku="D-1")
    answer = shop.delete(item)
    assert (answer.status, answer.headers["ETag"], answer.body["version"]) == (200, '"2"', 2)
    assert answer.body["message"] == f"item {item['itemId']} is deleted; its history stays"
    for gone in (shop.read(item), shop.read(item, version="1"), shop.change(item, quantity=1), shop.delete(item)):
        refused(gone, 404, "NOT_FOUND", f"no item '{item['itemId']}'")
    assert shop.listed() == shop.listed(category="furniture") == shop.listed(sku="D-1") == []
    assert [version["operation"] for version in shop.history(item)] == ["DELETE", "CREATE"]


def test_history_tells_who_when_and_what(shop: Shop) -> None:
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


def test_history_comes_in_pages(shop: Shop) -> None:
    item = shop.create()
    for quantity in range(30, 26, -1):
        shop.change(item, quantity=quantity)
    first = shop.api("GET", HISTORY, keys=(item["itemId"],), query={"page_size": "3"}).body
    token = first["next_page_token"]
    second = shop.api("GET", HISTORY, keys=(item["itemId"],), query={"page_token": token}).body
    assert [v["version"] for v in first["versions"] + second["versions"]] == [5, 4, 3, 2, 1]
    assert second["next_page_token"] is None
    other = shop.create()
    refused(
        shop.api("GET", HISTORY, keys=(other["itemId"],), query={"page_token": token}), 400, "INVALID_REQUEST", "token"
    )


def test_a_sku_belongs_to_one_item(shop: Shop) -> None:
    first, second = shop.create(sku="D-1"), shop.create()
    refused(
        shop.api("POST", "/items", {**DESK, "sku": "D-1"}),
        409,
        "CONFLICT",
        f"item {first['itemId']} has the sku 'D-1' already",
    )
    refused(shop.change(second, sku="D-1"), 409, "CONFLICT", "has the sku 'D-1' already")
    assert len(shop.listed()) == 2
    assert len(shop.history(second)) == 1


def test_a_freed_sku_is_forgotten_in_time_and_a_taken_one_never(shop: Shop) -> None:
    item, other = shop.create(sku="D-1"), shop.create()
    shop.change(item, sku=None)
    (freed,) = [row for row in shop.rows("items") if row["itemId"] == "tap#sku#D-1"]
    assert freed.keys() == {"itemId", "version", "tap#expires"}
    shop.change(other, sku="D-1")
    (taken,) = [row for row in shop.rows("items") if row["itemId"] == "tap#sku#D-1"]
    assert taken == {"itemId": "tap#sku#D-1", "version": 0, "owner": other["itemId"]}


def test_items_are_listed_newest_first(shop: Shop) -> None:
    made = [shop.create(category=category)["itemId"] for category in ("a", "b", "a")]
    shop.change({"itemId": made[0]}, quantity=1)
    assert [item["itemId"] for item in shop.listed()] == made[::-1]


def test_items_are_listed_by_what_they_are(shop: Shop) -> None:
    wanted = {"a1": ("a", "available"), "a2": ("a", "discontinued"), "b1": ("b", "available"), "a3": ("a", "available")}
    for name, (category, status) in wanted.items():
        shop.create(name=name, category=category, status=status, sku=name)

    def names(**query: str) -> list[str]:
        return [item["name"] for item in shop.listed(**query)]

    assert names(category="a") == ["a3", "a2", "a1"]
    assert names(status="available") == ["a3", "b1", "a1"]
    assert names(category="a", status="available") == ["a3", "a1"]
    assert names(category="c") == names(category="b", status="discontinued") == []
    assert names(sku="b1") == names(sku="b1", category="b") == names(sku="b1", status="available") == ["b1"]
    assert names(sku="b1", category="a") == names(sku="b1", status="discontinued") == names(sku="none") == []


def test_a_listing_follows_changes(shop: Shop) -> None:
    item = shop.create(category="a")
    shop.change(item, category="b", quantity=0)
    assert shop.listed(category="a") == shop.listed(status="available") == []
    assert len(shop.listed(category="b", status="out_of_stock")) == 1


@pytest.mark.parametrize(
    "query", [{}, {"category": "a"}, {"status": "available"}, {"category": "a", "status": "available"}]
)
def test_every_listing_comes_in_pages_that_end_when_it_does(shop: Shop, query: dict[str, str]) -> None:
    made = [shop.create(category="a")["itemId"] for _ in range(4)]
    first = shop.api("GET", "/items", query={**query, "page_size": "2"}).body
    second = shop.api("GET", "/items", query={**query, "page_size": "2", "page_token": first["next_page_token"]}).body
    assert [item["itemId"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_page_token"] is None


def test_a_page_ends_where_dynamodb_stops(shop: Shop) -> None:
    for number in range(0, 1300, 30):
        row = {"itemId": {"S": f"{number:032}"}, "listing": {"S": "items"}, "listedAt": {"S": f"{number:05}"}}
        filling = {"version": {"N": "0"}, "latestVersion": {"N": "1"}, "description": {"S": "x" * 30_000}}
        shop.emulator.client("dynamodb").put_item(TableName=shop.api.tables["items"], Item={**row, **filling})
    page = shop.api("GET", "/items", query={"page_size": "50"}).body
    more = shop.api("GET", "/items", query={"page_size": "50", "page_token": page["next_page_token"]}).body
    assert len(page["items"]) + len(more["items"]) == 44
    assert more["next_page_token"] is None


def test_page_tokens_are_good_for_their_query_only(shop: Shop) -> None:
    for _ in range(3):
        shop.create(category="a")
    token = shop.api("GET", "/items", query={"page_size": "1", "category": "a"}).body["next_page_token"]
    for query in ({}, {"category": "b"}, {"category": "a", "status": "available"}):
        answer = shop.api("GET", "/items", query={**query, "page_token": token})
        refused(answer, 400, "INVALID_REQUEST", "page_token must be the next_page_token")
    forged = shop.api("GET", "/items", query={"category": "a", "page_token": f"{token[:-2]}xx"})
    refused(forged, 400, "INVALID_REQUEST", "page_token")
    refused(
        shop.api("GET", "/items", query={"sku": "x", "page_token": token}), 400, "INVALID_REQUEST", "no second page"
    )


def test_an_invalid_query_is_rejected_with_the_parameter(shop: Shop) -> None:
    for query, message in (({"status": "gone"}, "query.status must be one of"), ({"category": ""}, "query.category")):
        refused(shop.api("GET", "/items", query=query), 400, "INVALID_REQUEST", message)


def test_a_repeated_key_gets_the_first_answer_and_makes_nothing(shop: Shop) -> None:
    headers = {"Idempotency-Key": "order-1"}
    item = shop.create(headers=headers, sku="D-1")
    shop.change(item, quantity=1)
    assert shop.create(headers=headers, sku="D-1") == item
    assert len(shop.listed()) == 1
    refused(shop.api("POST", "/items", DESK, headers=headers), 409, "IDEMPOTENCY_CONFLICT", "a different request")


def test_every_operation_leaves_an_audit_row(shop: Shop) -> None:
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
    told = {"auditId", "timestamp", "operation", "itemId", "userId", "correlationId", "oldValue", "newValue"}
    assert created.keys() == told


def test_whatever_hands_out_an_item_is_audited(shop: Shop) -> None:
    headers = {"Idempotency-Key": "order-1"}
    item = shop.create(headers=headers)
    shop.change(item, quantity=40)
    shop.create(headers=headers)
    assert [(row["operation"], row["itemId"]) for row in shop.audit()] == [
        ("CREATE", item["itemId"]),
        ("READ", item["itemId"]),
        ("READ", item["itemId"]),
    ]


def test_a_refused_change_leaves_no_audit_row(shop: Shop) -> None:
    item = shop.create()
    shop.change(item, expectedVersion=7, quantity=1)
    assert [row["operation"] for row in shop.audit()] == ["CREATE"]
