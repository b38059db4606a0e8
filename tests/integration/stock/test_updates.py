"""Feature 4.2, FR-2 and FR-7: how administrators find and change what there is."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import Answer, Http, eventually, refused
from .conftest import Shop, counts, new_id

pytestmark = pytest.mark.untraced


def test_a_count_is_set_for_a_product_in_a_warehouse(shop: Shop) -> None:
    """4.2, FR-2: there, and nowhere else."""
    product = shop.make(10, warehouse_id="north")
    shop.make(5, product_id=product, warehouse_id="south")
    answer = shop.update(product, warehouse_id="south", stock_count=8)
    assert (answer.status, answer.body["stock_count"], answer.body["warehouse_id"]) == (200, 8, "south")
    assert [level["stock_count"] for level in shop.level(product)["warehouses"]] == [10, 8]


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


@pytest.mark.parametrize(
    "change",
    [
        {"stock_count": "many"},
        {"stock_count": -1},
        {"stock_count": 1.5},
        {"threshold_level": -1},
        {"threshold_level": "low"},
    ],
    ids=str,
)
def test_figures_that_cannot_be_are_refused(shop: Shop, change: Any) -> None:
    """4.2, edge: 400, and nothing is changed."""
    product = shop.make(10)
    refused(shop.http("PUT", f"/inventory/{product}", change), 400, "INVALID_REQUEST")
    assert shop.level(product, "main")["version"] == 1


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
