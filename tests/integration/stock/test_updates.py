"""Feature 4.2, FR-2 and FR-7: administrators list and update levels."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import Http, HttpResponse, assert_error, eventually
from .conftest import Shop, counts, new_id

pytestmark = pytest.mark.untraced


def test_update_sets_the_stock_count_of_one_warehouse(shop: Shop) -> None:
    """4.2, FR-2: other warehouses are unchanged."""
    product = shop.create(10, warehouse_id="north")
    shop.create(5, product_id=product, warehouse_id="south")
    response = shop.update(product, warehouse_id="south", stock_count=8)
    assert (response.status, response.body["stock_count"], response.body["warehouse_id"]) == (200, 8, "south")
    assert [level["stock_count"] for level in shop.level(product)["warehouses"]] == [10, 8]


def test_update_returns_the_level(shop: Shop) -> None:
    """4.2: the complete level, as in later reads."""
    product = shop.create(10, category="lighting", threshold_level=2)
    changed = shop.update(product, stock_count=20, threshold_level=4, category="lamps").body
    assert changed == shop.level(product, "main")
    assert {name: changed[name] for name in ("stock_count", "threshold_level", "category", "version")} == {
        "stock_count": 20,
        "threshold_level": 4,
        "category": "lamps",
        "version": 2,
    }


def test_update_increments_version_and_last_updated(shop: Shop) -> None:
    """4.2, FR-2: last_updated is the time of the update in UTC."""
    product = shop.create(10)
    times, versions = [shop.level(product, "main")["last_updated"]], [1]
    for count in range(11, 16):
        changed = shop.update(product, stock_count=count).body
        times.append(changed["last_updated"])
        versions.append(changed["version"])
    assert versions == [1, 2, 3, 4, 5, 6]
    assert times == sorted(set(times))
    assert all(len(time) == len("2026-01-01T00:00:00.000000Z") and time.endswith("Z") for time in times)
    assert shop.level_item(product)["last_updated"] == {"S": times[-1]}


@pytest.mark.parametrize("token", ["version", "last_updated"])
def test_update_of_a_modified_level_is_rejected(shop: Shop, token: str) -> None:
    """4.2, FR-2: by version or timestamp; the details contain the current values."""
    product = shop.create(10, threshold_level=5)
    initial = shop.level(product, "main")[token]
    first = shop.update(product, stock_count=40, **{f"expected_{token}": initial})
    assert first.status == 200
    second = shop.update(product, stock_count=41, **{f"expected_{token}": initial})
    assert_error(second, 409, "VERSION_CONFLICT")
    assert second.body["details"] == [
        "version 2",
        f"last_updated {first.body['last_updated']}",
        "stock_count 40",
        "threshold_level 5",
    ]
    assert shop.level(product)["stock_count"] == 40
    assert shop.update(product, stock_count=41, **{f"expected_{token}": first.body[token]}).status == 200


def test_update_changes_the_status(shop: Shop) -> None:
    """4.2, FR-2: after changes of the count and of the threshold."""
    product = shop.create(10, threshold_level=5)
    changes = [
        ({"stock_count": 5}, "LOW_STOCK"),
        ({"stock_count": 0}, "OUT_OF_STOCK"),
        ({"stock_count": 20}, "IN_STOCK"),
        ({"threshold_level": 20}, "LOW_STOCK"),
        ({"threshold_level": 19}, "IN_STOCK"),
    ]
    for change, status in changes:
        assert shop.update(product, **change).body["status"] == status
        assert shop.level_item(product)["status"] == {"S": status}


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
def test_invalid_values_are_rejected(shop: Shop, change: Any) -> None:
    """4.2, edge: the response is 400 and the level is unchanged."""
    product = shop.create(10)
    assert_error(shop.http("PUT", f"/inventory/{product}", change), 400, "INVALID_REQUEST")
    assert shop.level(product, "main")["version"] == 1


def test_update_of_a_missing_level_is_not_found(shop: Shop) -> None:
    """4.2, edge: an update creates neither a product nor a warehouse."""
    missing, product = new_id(), shop.create(10)
    assert_error(shop.update(missing, stock_count=1), 404, "NOT_FOUND")
    assert_error(shop.update(missing, adjustment=1, reason="delivery"), 404, "NOT_FOUND")
    assert_error(shop.update(product, warehouse_id="nowhere", stock_count=1), 404, "NOT_FOUND")
    assert_error(shop.http("GET", f"/inventory/{missing}"), 404, "NOT_FOUND")


ADMINISTRATOR_REQUESTS: list[tuple[str, str, Any]] = [
    ("PUT", "", {"stock_count": 1}),
    ("POST", "/reserve", {"reservationId": "r", "quantity": 1}),
    ("DELETE", "/reserve/r", None),
    ("POST", "/fulfill", {"quantity": 1}),
    ("GET", "/movements", None),
    ("GET", "/reservations", None),
    ("POST", "/reconcile", {"repair": True}),
]


@pytest.mark.parametrize("call", ADMINISTRATOR_REQUESTS)
@pytest.mark.parametrize("key", [None, "unknown-key-0123456789"])
def test_requests_without_a_valid_api_key_are_denied(
    shop: Shop, outputs: dict[str, Any], denied: tuple[int, str], key: str | None, call: tuple[str, str, Any]
) -> None:
    """4.2, FR-2, NFR-2, edge: missing or wrong API key."""
    method, path, body = call
    product = shop.create(10)
    assert_error(Http(outputs, key)(method, f"/inventory/{product}{path}", body), *denied)
    assert counts(shop.level(product)) == (10, 0, 10)
    assert shop.movement_types(product) == ["CREATED"]


@pytest.fixture(scope="module", name="shelf")
def shelf_fixture(shop: Shop) -> dict[str, str]:
    """Create products of a new category and return their IDs and the category."""
    category = new_id("category")
    shop.create(10, product_id=f"{category}-a", category=category, threshold_level=2)
    shop.create(2, product_id=f"{category}-b", category=category, threshold_level=2)
    shop.create(0, product_id=f"{category}-c", category=category, warehouse_id="north")
    shop.create(7, product_id=f"{category}-c", category=category, warehouse_id="south", threshold_level=2)
    return {"category": category, "a": f"{category}-a", "b": f"{category}-b", "c": f"{category}-c"}


def level_keys(response: HttpResponse) -> list[tuple[str, str]]:
    assert response.status == 200, response.body
    return [(level["product_id"], level["warehouse_id"]) for level in response.body["levels"]]


def test_levels_are_filtered_by_category_status_and_prefix(shop: Shop, shelf: dict[str, str]) -> None:
    """FR-7: filtered and sorted by product ID."""
    a, b, c = (shelf[name] for name in "abc")
    category = f"category={shelf['category']}"

    def listed(query: str) -> list[tuple[str, str]]:
        return level_keys(shop.http("GET", f"/inventory?{query}"))

    def check() -> None:
        assert sorted(listed(category)) == [(a, "main"), (b, "main"), (c, "north"), (c, "south")]
        assert [product for product, _ in listed(category)] == [a, b, c, c]
        assert listed(f"{category}&status=IN_STOCK") == [(a, "main"), (c, "south")]
        assert listed(f"{category}&status=LOW_STOCK") == [(b, "main")]
        assert listed(f"{category}&status=OUT_OF_STOCK") == [(c, "north")]
        assert listed(f"search={a}") == [(a, "main")]
        assert listed(f"{category}&search={b}") == [(b, "main")]
        assert (b, "main") in listed(f"status=LOW_STOCK&search={shelf['category']}")
        assert listed(f"search={new_id()}") == []

    eventually(check)
