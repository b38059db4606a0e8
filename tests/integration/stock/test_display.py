"""Feature 4.1 and FR-1: stock levels for product pages."""

from __future__ import annotations

import pytest

from ..conftest import Http, assert_error
from .conftest import Shop, counts, new_id

FIELDS = {
    "product_id",
    "stock_count",
    "reserved_count",
    "available",
    "threshold_level",
    "status",
    "last_updated",
    "version",
}


def test_available_units_are_stock_count_minus_reserved_count(shop: Shop) -> None:
    """4.1, FR-1: available units of a product in a warehouse."""
    product = shop.create(10, warehouse_id="north")
    shop.new_reservation(product, 3)
    level = shop.level(product, "north")
    assert counts(level) == (10, 3, 7)
    assert level.keys() == {*FIELDS, "warehouse_id"}


def test_customers_need_no_api_key(shop: Shop, customer: Http) -> None:
    """4.1, FR-1: product pages send requests from the browser of the customer."""
    product = shop.create(10)
    response = customer("GET", f"/inventory/{product}")
    assert (response.status, response.body) == (200, shop.level(product))


def test_responses_are_not_cached(shop: Shop, customer: Http) -> None:
    """4.1: neither browsers nor proxies show outdated levels."""
    assert customer("GET", f"/inventory/{shop.create()}").headers["cache-control"] == "no-store"


def test_next_read_returns_every_change(shop: Shop) -> None:
    """4.1, FR-1, NFR-7: reads are strongly consistent after every kind of change."""
    product = shop.create(20)
    for count in range(20, 40):
        assert shop.update(product, stock_count=count).status == 200
        assert shop.level(product)["stock_count"] == count
    for reserved in range(1, 11):
        shop.new_reservation(product)
        assert shop.level(product, "main")["reserved_count"] == reserved
    assert shop.fulfill(product, quantity=5).status == 200
    assert counts(shop.level(product)) == (34, 10, 24)


@pytest.mark.parametrize(
    ("stock_count", "reserved", "status"),
    [
        (0, 0, "OUT_OF_STOCK"),
        (9, 3, "IN_STOCK"),
        (9, 4, "LOW_STOCK"),
    ],
)
def test_status_depends_on_available_units_and_threshold(
    shop: Shop, stock_count: int, reserved: int, status: str
) -> None:
    """4.1, FR-1: stock is low at the threshold, and reserved units are not available."""
    product = shop.create(stock_count, threshold_level=5)
    if reserved:
        shop.new_reservation(product, reserved)
    for level in (shop.level(product), shop.level(product, "main")):
        assert (level["status"], level["available"]) == (status, stock_count - reserved)


def test_expired_units_are_available_immediately(shop: Shop) -> None:
    """4.1, FR-1: before the scheduled job has released them."""
    product = shop.create(10)
    shop.expire(shop.new_reservation(product, 4))
    assert counts(shop.level(product)) == (10, 0, 10)


def test_missing_product_is_not_found(shop: Shop, customer: Http) -> None:
    """4.1, edge: distinguishable from a product without stock."""
    assert_error(customer("GET", f"/inventory/{new_id()}"), 404, "NOT_FOUND")
    product = shop.create()
    assert_error(customer("GET", f"/inventory/{product}?warehouse_id=nowhere"), 404, "NOT_FOUND")


def test_every_error_has_the_common_format(customer: Http, outputs: dict[str, str], denied: tuple[int, str]) -> None:
    """4.1, edge: also errors of API Gateway, with CORS headers for the allowed origin."""
    origin = outputs["cors_origin"].partition(",")[0]
    responses = (
        customer("GET", f"/inventory/{new_id()}", Origin=origin),
        customer("POST", "/inventory", {}, Origin=origin),
    )
    for response, status in zip(responses, (404, denied[0]), strict=True):
        assert_error(response, status, response.body["code"])
        assert response.headers["access-control-allow-origin"] == origin
