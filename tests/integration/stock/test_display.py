"""Feature 4.1 and FR-1: what a product page asks, and what it is told."""

from __future__ import annotations

import pytest

from ..conftest import Http, refused
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


def test_what_can_be_bought_is_what_is_on_hand_less_what_is_held(shop: Shop) -> None:
    """4.1, FR-1: available units of a product in a warehouse."""
    product = shop.make(10, warehouse_id="north")
    shop.held(product, 3)
    level = shop.level(product, "north")
    assert counts(level) == (10, 3, 7)
    assert level.keys() == {*FIELDS, "warehouse_id"}


def test_customers_need_no_key(shop: Shop, customer: Http) -> None:
    """4.1, FR-1: the product page asks from the customer's browser."""
    product = shop.make(10)
    answer = customer("GET", f"/inventory/{product}")
    assert (answer.status, answer.body) == (200, shop.level(product))


def test_no_answer_is_kept_on_the_way(shop: Shop, customer: Http) -> None:
    """4.1: neither a browser nor a proxy may show what was there a while ago."""
    assert customer("GET", f"/inventory/{shop.make()}").headers["cache-control"] == "no-store"


def test_every_change_is_seen_by_the_next_who_asks(shop: Shop) -> None:
    """4.1, FR-1, NFR-7: strongly consistent, whatever changed it."""
    product = shop.make(20)
    for count in range(20, 40):
        assert shop.update(product, stock_count=count).status == 200
        assert shop.level(product)["stock_count"] == count
    for held in range(1, 11):
        shop.held(product)
        assert shop.level(product, "main")["reserved_count"] == held
    assert shop.fulfill(product, quantity=5).status == 200
    assert counts(shop.level(product)) == (34, 10, 24)


@pytest.mark.parametrize(
    ("stock_count", "held", "status"),
    [
        (0, 0, "OUT_OF_STOCK"),
        (9, 3, "IN_STOCK"),
        (9, 4, "LOW_STOCK"),
    ],
)
def test_status_follows_from_what_is_available_and_the_threshold(
    shop: Shop, stock_count: int, held: int, status: str
) -> None:
    """4.1, FR-1: at the threshold it is low, and what others hold nobody can buy."""
    product = shop.make(stock_count, threshold_level=5)
    if held:
        shop.held(product, held)
    for level in (shop.level(product), shop.level(product, "main")):
        assert (level["status"], level["available"]) == (status, stock_count - held)


def test_what_was_held_and_has_ended_can_be_bought_at_once(shop: Shop) -> None:
    """4.1, FR-1: before anybody has swept it up."""
    product = shop.make(10)
    shop.end(shop.held(product, 4))
    assert counts(shop.level(product)) == (10, 0, 10)


def test_a_product_that_is_not_there_is_not_found(shop: Shop, customer: Http) -> None:
    """4.1, edge: the page can tell this from an answer of none."""
    refused(customer("GET", f"/inventory/{new_id()}"), 404, "NOT_FOUND")
    product = shop.make()
    refused(customer("GET", f"/inventory/{product}?warehouse_id=nowhere"), 404, "NOT_FOUND")


def test_every_failure_has_a_shape_that_a_page_can_read(
    customer: Http, outputs: dict[str, str], denied: tuple[int, str]
) -> None:
    """4.1, edge: from the gateway, too, and pages of the shop's origin may read it."""
    origin = outputs["cors_origin"].partition(",")[0]
    answers = (
        customer("GET", f"/inventory/{new_id()}", Origin=origin),
        customer("POST", "/inventory", {}, Origin=origin),
    )
    for answer, status in zip(answers, (404, denied[0]), strict=True):
        refused(answer, status, answer.body["code"])
        assert answer.headers["access-control-allow-origin"] == origin
