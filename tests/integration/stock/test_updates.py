"""Feature 4.2, FR-2 and FR-7: how administrators find and change what there is."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import Answer, Http, eventually, refused
from .conftest import Shop, counts, new_id

pytestmark = pytest.mark.untraced

MAX = 999_999_999


def test_a_count_is_set_for_a_product_in_a_warehouse(shop: Shop) -> None:
    """4.2, FR-2: there, and nowhere else."""
    product = shop.make(10, warehouse_id="north")
    shop.make(5, product_id=product, warehouse_id="south")
    answer = shop.update(product, warehouse_id="south", stock_count=8)
    assert (answer.status, answer.body["stock_count"], answer.body["warehouse_id"]) == (200, 8, "south")
    assert [level["stock_count"] for level in shop.level(product)["warehouses"]] == [10, 8]


def test_a_product_in_one_warehouse_is_changed_without_naming_it(shop: Shop) -> None:
    """4.2: in several the warehouse is asked for, by their names."""
    product = shop.make(10, warehouse_id="north")
    assert shop.update(product, stock_count=11).body["warehouse_id"] == "north"
    shop.make(5, product_id=product, warehouse_id="south")
    answer = shop.update(product, stock_count=12)
    refused(answer, 400, "INVALID_REQUEST")
    assert "north, south" in answer.body["error"]


def test_the_changed_record_is_the_answer(shop: Shop) -> None:
    """4.2: whole, and what is read afterwards."""
    product = shop.make(10, category="lighting", threshold_level=2)
    changed = shop.update(product, stock_count=20, threshold_level=4, category="lamps").body
    assert changed == shop.level(product, "main")
    assert {name: changed[name] for name in ("stock_count", "threshold_level", "category", "version")} == {
        "stock_count": 20,
        "threshold_level": 4,
        "category": "lamps",
        "version": 2,
    }


def test_every_change_is_of_a_later_time_and_version(shop: Shop) -> None:
    """4.2, FR-2: last_updated is when it was, in UTC."""
    product = shop.make(10)
    times, versions = [shop.level(product, "main")["last_updated"]], [1]
    for count in range(11, 16):
        changed = shop.update(product, stock_count=count).body
        times.append(changed["last_updated"])
        versions.append(changed["version"])
    assert versions == [1, 2, 3, 4, 5, 6]
    assert times == sorted(set(times))
    assert all(len(time) == len("2026-01-01T00:00:00.000000Z") and time.endswith("Z") for time in times)
    assert shop.row(product)["last_updated"] == {"S": times[-1]}


def test_holding_units_is_no_change_of_the_record(shop: Shop) -> None:
    """4.2: an administrator's token outlives the customers of a busy minute."""
    product = shop.make(10)
    before = shop.level(product, "main")
    shop.release(shop.held(product, 2), product)
    shop.held(product, 3)
    after = shop.level(product, "main")
    assert {n: after[n] for n in ("version", "last_updated")} == {n: before[n] for n in ("version", "last_updated")}
    assert shop.update(product, stock_count=9, expected_version=before["version"]).status == 200


@pytest.mark.parametrize("token", ["version", "last_updated"])
def test_a_change_of_what_has_changed_is_refused(shop: Shop, token: str) -> None:
    """4.2, FR-2: by version or by time; the answer has what to try again with."""
    product = shop.make(10, threshold_level=5)
    seen = shop.level(product, "main")[token]
    first = shop.update(product, stock_count=40, **{f"expected_{token}": seen})
    assert first.status == 200
    second = shop.update(product, stock_count=41, **{f"expected_{token}": seen})
    refused(second, 409, "VERSION_CONFLICT")
    assert second.body["details"] == [
        "version 2",
        f"last_updated {first.body['last_updated']}",
        "stock_count 40",
        "threshold_level 5",
    ]
    assert shop.level(product)["stock_count"] == 40
    assert shop.update(product, stock_count=41, **{f"expected_{token}": first.body[token]}).status == 200


def test_both_tokens_must_fit(shop: Shop) -> None:
    """4.2: who gives two means both."""
    product = shop.make(10)
    level = shop.level(product, "main")
    tokens = {"expected_version": level["version"], "expected_last_updated": level["last_updated"]}
    for wrong in ({"expected_version": 2}, {"expected_last_updated": "2020-01-01T00:00:00.000000Z"}):
        refused(shop.update(product, stock_count=1, **{**tokens, **wrong}), 409, "VERSION_CONFLICT")
    assert shop.update(product, stock_count=1, **tokens).status == 200


def test_status_follows_the_new_figures(shop: Shop) -> None:
    """4.2, FR-2: of the count, and of the threshold."""
    product = shop.make(10, threshold_level=5)
    changes = [
        ({"stock_count": 5}, "LOW_STOCK"),
        ({"stock_count": 0}, "OUT_OF_STOCK"),
        ({"stock_count": 20}, "IN_STOCK"),
        ({"threshold_level": 20}, "LOW_STOCK"),
        ({"threshold_level": 19}, "IN_STOCK"),
    ]
    for change, status in changes:
        assert shop.update(product, **change).body["status"] == status
        assert shop.row(product)["status"] == {"S": status}


def test_a_threshold_is_changed_alone(shop: Shop) -> None:
    """4.2: what was not named stays."""
    product = shop.make(10, threshold_level=5, category="lighting")
    changed = shop.update(product, threshold_level=0).body
    assert (changed["threshold_level"], changed["stock_count"], changed["category"]) == (0, 10, "lighting")


def test_a_category_is_taken_away_by_null(shop: Shop) -> None:
    """4.2: no category is none, not an empty one."""
    product = shop.make(10, category="lighting")
    assert "category" not in shop.update(product, category=None).body


def test_a_count_is_adjusted_by_a_difference_with_its_reason(shop: Shop) -> None:
    """FR-2: a delivery or a loss need not know the count, and is told from a new count."""
    product = shop.make(10)
    assert shop.update(product, adjustment=5, reason="delivery").body["stock_count"] == 15
    assert shop.update(product, adjustment=-2, reason="broken").body["stock_count"] == 13
    assert shop.update(product, stock_count=12).body["stock_count"] == 12
    updated, broken, delivered, _ = shop.all_of(product, "movements")
    assert [(m["type"], m["quantity"], m.get("reason")) for m in (delivered, broken, updated)] == [
        ("ADJUSTED", 5, "delivery"),
        ("ADJUSTED", -2, "broken"),
        ("UPDATED", -1, None),
    ]
    shop.balanced(product)


def test_nothing_changed_is_no_new_version(shop: Shop) -> None:
    """4.2: saying what is so already makes nobody's token stale."""
    product = shop.make(10, threshold_level=5)
    assert shop.update(product, stock_count=10, threshold_level=5).body == shop.level(product, "main")
    assert shop.level(product, "main")["version"] == 1


def test_what_is_held_cannot_be_taken_away(shop: Shop) -> None:
    """FR-2: neither by a count nor by a difference."""
    product = shop.make(10)
    shop.held(product, 4)
    for change in ({"stock_count": 3}, {"adjustment": -7, "reason": "lost"}):
        answer = shop.update(product, **change)
        refused(answer, 409, "BELOW_RESERVED")
        assert answer.body["details"] == ["reserved_count 4"]
    assert counts(shop.update(product, stock_count=4).body) == (4, 4, 0)
    shop.balanced(product)


def test_what_was_held_and_has_ended_can_be_taken_away(shop: Shop) -> None:
    """FR-2: before anybody has swept it up."""
    product = shop.make(10)
    shop.end(shop.held(product, 4))

    def taken() -> None:
        answer = shop.update(product, stock_count=1)
        assert (answer.status, answer.body.get("available")) == (200, 1)

    eventually(taken)
    shop.balanced(product)


@pytest.mark.parametrize(
    "change",
    [
        {"stock_count": "many"},
        {"stock_count": "5"},
        {"stock_count": -1},
        {"stock_count": 1.5},
        {"stock_count": True},
        {"stock_count": None},
        {"stock_count": MAX + 1},
        {"threshold_level": -1},
        {"threshold_level": "low"},
        {"threshold_level": 0.5},
        {"category": ""},
        {"category": "a#b"},
        {"adjustment": 1},
        {"adjustment": "1", "reason": "delivery"},
        {"adjustment": 1, "stock_count": 1, "reason": "delivery"},
        {"adjustment": 1, "reason": ""},
        {"stock_count": 1, "expected_version": "1"},
        {"stock_count": 1, "expected_version": 0},
        {"stock_count": 1, "reserved_count": 1},
        {"reason": "none"},
        {},
        [],
        "5",
    ],
    ids=str,
)
def test_figures_that_cannot_be_are_refused(shop: Shop, change: Any) -> None:
    """4.2, edge: 400, and nothing is changed."""
    product = shop.make(10)
    refused(shop.http("PUT", f"/inventory/{product}", change), 400, "INVALID_REQUEST")
    assert shop.level(product, "main")["version"] == 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_a_body_that_is_no_json_is_refused(shop: Shop, body: bytes) -> None:
    """4.2, edge: likewise."""
    refused(shop.http("PUT", f"/inventory/{shop.make()}", body), 400, "INVALID_REQUEST")


def test_the_largest_figures_are_kept_to_the_unit(shop: Shop) -> None:
    """4.2: whole numbers stay whole."""
    product = shop.make(MAX, threshold_level=MAX)
    assert counts(shop.level(product)) == (MAX, 0, MAX)
    assert counts(shop.update(product, stock_count=MAX - 1).body) == (MAX - 1, 0, MAX - 1)


def test_what_is_not_there_is_not_changed(shop: Shop) -> None:
    """4.2, edge: neither a product nor a warehouse is made by a change."""
    nobody, product = new_id(), shop.make(10)
    refused(shop.update(nobody, stock_count=1), 404, "NOT_FOUND")
    refused(shop.update(nobody, adjustment=1, reason="delivery"), 404, "NOT_FOUND")
    refused(shop.update(product, warehouse_id="nowhere", stock_count=1), 404, "NOT_FOUND")
    refused(shop.http("GET", f"/inventory/{nobody}"), 404, "NOT_FOUND")


ADMINISTRATORS: list[tuple[str, str, Any]] = [
    ("PUT", "", {"stock_count": 1}),
    ("POST", "/reserve", {"reservationId": "r", "quantity": 1}),
    ("DELETE", "/reserve/r", None),
    ("POST", "/fulfill", {"quantity": 1}),
    ("GET", "/movements", None),
    ("GET", "/reservations", None),
    ("POST", "/reconcile", {"repair": True}),
]


@pytest.mark.parametrize("asked", ADMINISTRATORS)
@pytest.mark.parametrize("key", [None, "nobody-has-this-key-0123456789"])
def test_without_a_key_nothing_is_told_or_changed(
    shop: Shop, outputs: dict[str, Any], denied: tuple[int, str], key: str | None, asked: tuple[str, str, Any]
) -> None:
    """4.2, FR-2, NFR-2, edge: the key is missing or wrong."""
    method, more, body = asked
    product = shop.make(10)
    refused(Http(outputs, key)(method, f"/inventory/{product}{more}", body), *denied)
    assert counts(shop.level(product)) == (10, 0, 10)
    assert shop.types(product) == ["CREATED"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/inventory", None),
        ("POST", "/inventory", {"product_id": "x", "stock_count": 1}),
        ("POST", "/inventory/reserve", {"reservationId": "r", "lines": [{"product_id": "x", "quantity": 1}]}),
        ("DELETE", "/inventory/reserve/r", None),
        ("POST", "/inventory/fulfill", {"lines": [{"product_id": "x", "quantity": 1}]}),
    ],
)
def test_without_a_key_no_list_and_no_cart(
    customer: Http, denied: tuple[int, str], method: str, path: str, body: Any
) -> None:
    """4.2, NFR-2: likewise, where the path names no product."""
    refused(customer(method, path, body), *denied)


def test_a_product_is_made_once(shop: Shop) -> None:
    """FR-7: a new product, or one in a new warehouse; what is there is changed with PUT."""
    answer = shop.http("POST", "/inventory", {"product_id": new_id(), "stock_count": 3, "threshold_level": 1})
    assert (answer.status, answer.body["warehouse_id"], answer.body["version"]) == (201, "main", 1)
    product = answer.body["product_id"]
    assert answer.headers["location"].endswith(f"inventory/{product}")
    again = shop.http("POST", "/inventory", {"product_id": product, "stock_count": 4})
    refused(again, 409, "CONFLICT")
    assert shop.level(product)["stock_count"] == 3
    shop.make(4, product_id=product, warehouse_id="second")
    assert shop.level(product)["stock_count"] == 7


@pytest.mark.parametrize("product", ["reserve", "fulfill", "", "a b", "a/b", "é", "x" * 101, 7, None])
def test_an_id_that_no_path_could_hold_is_refused(shop: Shop, product: Any) -> None:
    """FR-7: or that stands for something else there."""
    refused(shop.http("POST", "/inventory", {"product_id": product, "stock_count": 1}), 400, "INVALID_REQUEST")


def test_the_same_creation_again_gets_the_same_answer(shop: Shop) -> None:
    """FR-7: an administrator's page may send what it does not know to have arrived."""
    key, body = new_id("key"), {"product_id": new_id(), "stock_count": 3}
    first, again = (shop.http("POST", "/inventory", body, Idempotency_Key=key) for _ in range(2))
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    other = shop.http("POST", "/inventory", {**body, "stock_count": 4}, Idempotency_Key=key)
    refused(other, 409, "IDEMPOTENCY_CONFLICT")


@pytest.fixture(scope="module", name="shelf")
def shelf_fixture(shop: Shop) -> dict[str, str]:
    """Products of a category of their own, by what they are."""
    category = new_id("category")
    shop.make(10, product_id=f"{category}-a", category=category, threshold_level=2)
    shop.make(2, product_id=f"{category}-b", category=category, threshold_level=2)
    shop.make(0, product_id=f"{category}-c", category=category, warehouse_id="north")
    shop.make(7, product_id=f"{category}-c", category=category, warehouse_id="south", threshold_level=2)
    return {"category": category, "a": f"{category}-a", "b": f"{category}-b", "c": f"{category}-c"}


def places(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 200, answer.body
    return [(level["product_id"], level["warehouse_id"]) for level in answer.body["levels"]]


def test_levels_are_found_by_category_status_and_beginning(shop: Shop, shelf: dict[str, str]) -> None:
    """FR-7: what an administrator looks for, in the products' order."""
    a, b, c = (shelf[name] for name in "abc")
    category = f"category={shelf['category']}"

    def wanted(query: str) -> list[tuple[str, str]]:
        return places(shop.http("GET", f"/inventory?{query}"))

    def found() -> None:
        assert sorted(wanted(category)) == [(a, "main"), (b, "main"), (c, "north"), (c, "south")]
        assert [product for product, _ in wanted(category)] == [a, b, c, c]
        assert wanted(f"{category}&status=IN_STOCK") == [(a, "main"), (c, "south")]
        assert wanted(f"{category}&status=LOW_STOCK") == [(b, "main")]
        assert wanted(f"{category}&status=OUT_OF_STOCK") == [(c, "north")]
        assert wanted(f"search={a}") == [(a, "main")]
        assert wanted(f"{category}&search={b}") == [(b, "main")]
        assert (b, "main") in wanted(f"status=LOW_STOCK&search={shelf['category']}")
        assert wanted(f"search={new_id()}") == []

    eventually(found)


def test_listed_levels_are_what_is_read_one_by_one(shop: Shop, shelf: dict[str, str]) -> None:
    """FR-7: an index may be behind, what it leads to is not."""

    def found() -> None:
        for level in shop.http("GET", f"/inventory?category={shelf['category']}").body["levels"]:
            assert level == shop.level(level["product_id"], level["warehouse_id"])

    eventually(found)


def test_pages_hold_everything_once(shop: Shop, shelf: dict[str, str]) -> None:
    """FR-7: and a page's token is good for its own list alone."""
    path = f"/inventory?category={shelf['category']}&page_size=1"

    def found() -> None:
        seen, token = [], ""
        while True:
            page = shop.http("GET", path + token)
            seen += places(page)
            if page.body["next_page_token"] is None:
                break
            token = f"&page_token={page.body['next_page_token']}"
        assert len(seen) == len(set(seen)) == 4
        assert shop.http("GET", path + token).status == 200
        refused(shop.http("GET", f"/inventory?page_size=1{token}"), 400, "INVALID_REQUEST")

    eventually(found)


@pytest.mark.parametrize("query", ["page_size=0", "page_size=x", "status=GONE", "page_token=x"])
def test_a_list_that_cannot_be_is_refused(shop: Shop, query: str) -> None:
    """FR-7: with what can be."""
    refused(shop.http("GET", f"/inventory?{query}"), 400, "INVALID_REQUEST")


def test_a_change_moves_a_level_to_its_new_lists(shop: Shop) -> None:
    """FR-7: of its status and of its category."""
    old, new = new_id("category"), new_id("category")
    product = shop.make(10, category=old, threshold_level=5)
    shop.update(product, stock_count=5, category=new)

    def moved() -> None:
        assert places(shop.http("GET", f"/inventory?category={old}")) == []
        assert places(shop.http("GET", f"/inventory?category={new}&status=IN_STOCK")) == []
        assert places(shop.http("GET", f"/inventory?category={new}&status=LOW_STOCK")) == [(product, "main")]

    eventually(moved)


def test_movements_tell_who_did_what_and_what_there_was(shop: Shop) -> None:
    """FR-7: the newest first, a page at a time, of one warehouse or of all."""
    product = shop.make(10, warehouse_id="north")
    shop.make(5, product_id=product, warehouse_id="south")
    reservation = shop.held(product, 2, warehouse_id="north")
    assert shop.fulfill(product, reservationId=reservation, reference="order 7").status == 200
    sold, reserved, *made = shop.all_of(product, "movements")
    assert [m["type"] for m in made] == ["CREATED", "CREATED"]
    assert (reserved["type"], reserved["reservationId"], reserved["quantity"]) == ("RESERVED", reservation, 2)
    assert (sold["type"], sold["reference"], sold["quantity"], counts(sold)) == ("FULFILLED", "order 7", 2, (8, 0, 8))
    assert sold["actor"] == reserved["actor"] == made[0]["actor"] != ""
    page = shop.http("GET", f"/inventory/{product}/movements?warehouse_id=south")
    assert [m["warehouse_id"] for m in page.body["movements"]] == ["south"]
    first = shop.http("GET", f"/inventory/{product}/movements?page_size=3").body
    rest = shop.http("GET", f"/inventory/{product}/movements?page_size=3&page_token={first['next_page_token']}").body
    assert [*first["movements"], *rest["movements"]] == [sold, reserved, *made]
    assert rest["next_page_token"] is None


def test_a_browser_may_ask_for_every_route(shop: Shop, outputs: dict[str, Any]) -> None:
    """FR-7, NFR-2: of the origin that is configured, with the key's header."""
    origin = outputs["cors_origin"].partition(",")[0]
    for path in (
        "/inventory",
        "/inventory/x",
        "/inventory/x/reserve/y",
        "/inventory/reserve",
        "/inventory/x/reconcile",
    ):
        answer = shop.http("OPTIONS", path, Origin=origin, Access_Control_Request_Method="PUT")
        assert answer.status in (200, 204)
        assert answer.headers["access-control-allow-origin"] == origin
        assert "x-api-key" in answer.headers["access-control-allow-headers"].lower()
        assert "OPTIONS" in answer.headers["access-control-allow-methods"]
