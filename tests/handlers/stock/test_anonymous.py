"""The responses of the anonymous route and of the level route, under each setting."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.deployment import single_function
from lib.local.emulator import REGION
from lib.services.stock.service import stock
from lib.services.stock.settings import StockSettings

from ...support.worker import Api, Handler, assert_error, load_handler
from .conftest import MOVEMENTS_SOURCE, PRODUCT, Shop

LEVEL = f"{PRODUCT}/level"


@pytest.fixture(scope="module", name="reduced_handler")
def reduced_handler_fixture(tmp_path_factory: pytest.TempPathFactory) -> Handler:
    """Return the handler of the service with `anonymous_response: availability`."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_REGION", REGION)
        environment.setenv("MOVEMENTS_TABLE_NAME", MOVEMENTS_SOURCE)
        service = stock(StockSettings(anonymous_response="availability"))
        return load_handler(single_function(service), tmp_path_factory.mktemp("archive"))


@pytest.fixture(name="reduced")
def reduced_fixture(reduced_handler: Handler, shop: Shop) -> Api:
    """Return a client of the service with `anonymous_response: availability`, with the tables of `shop`."""
    return Api(reduced_handler, shop.api.tables)


def availability(api: Api, product_id: str = "lamp", **query: str) -> Any:
    """Return the reduced response for a product."""
    response = api("GET", PRODUCT, keys=(product_id,), query=query)
    assert response.status == 200, response.text
    return response.body


def test_availability_depends_on_the_status(shop: Shop, reduced: Api) -> None:
    for units, in_stock, low_stock in ((0, False, False), (1, True, True), (4, True, True), (5, True, False)):
        product = f"p{units}"
        shop.create(product, stock_count=units, threshold_level=4, category="light")
        expected = {"product_id": product, "in_stock": in_stock, "low_stock": low_stock}
        assert availability(reduced, product) == expected
        assert availability(reduced, product, warehouse_id="main") == {**expected, "warehouse_id": "main"}


def test_reserved_units_are_not_in_stock(shop: Shop, reduced: Api) -> None:
    shop.create(stock_count=2, threshold_level=0)
    shop.reserve("cart", 2)
    assert availability(reduced) == {"product_id": "lamp", "in_stock": False, "low_stock": False}
    shop.release("cart")
    assert availability(reduced) == {"product_id": "lamp", "in_stock": True, "low_stock": False}


def test_availability_includes_all_warehouses_unless_one_is_specified(shop: Shop, reduced: Api) -> None:
    shop.create(stock_count=0, threshold_level=1)
    shop.create(stock_count=9, threshold_level=1, warehouse_id="north")
    assert availability(reduced) == {"product_id": "lamp", "in_stock": True, "low_stock": False}
    assert availability(reduced, warehouse_id="main") == {
        "product_id": "lamp",
        "warehouse_id": "main",
        "in_stock": False,
        "low_stock": False,
    }


@pytest.mark.parametrize("query", [{}, {"warehouse_id": "north"}])
def test_availability_of_a_missing_product_is_not_found(shop: Shop, reduced: Api, query: dict[str, str]) -> None:
    shop.create()
    assert_error(reduced("GET", PRODUCT, keys=("desk",), query=query), 404, "NOT_FOUND", "desk")
    assert_error(
        reduced("GET", PRODUCT, keys=(".",), query=query), 404, "NOT_FOUND", "must start with a letter or digit"
    )


def test_availability_rejects_parameters_like_the_full_response(shop: Shop, reduced: Api) -> None:
    shop.create()
    for query in ({"full": "true"}, {"warehouse_id": "#"}):
        response, full = (api("GET", PRODUCT, keys=("lamp",), query=query) for api in (reduced, shop.api))
        assert (response.status, response.body) == (full.status, full.body)
        assert response.status == 400


@pytest.mark.parametrize("query", [{}, {"warehouse_id": "main"}])
def test_level_route_returns_the_full_level_under_each_setting(shop: Shop, reduced: Api, query: dict[str, str]) -> None:
    shop.create(category="light")
    shop.create(warehouse_id="north")
    shop.reserve("cart", 3, warehouse_id="main")
    full = shop.read(**query)
    assert full["reserved_count"] == 3
    for api in (shop.api, reduced):
        response = api("GET", LEVEL, keys=("lamp",), query=query)
        assert (response.status, response.body) == (200, full)


def test_level_route_of_a_missing_product_is_not_found(shop: Shop) -> None:
    assert_error(shop.api("GET", LEVEL, keys=("desk",)), 404, "NOT_FOUND", "desk")


def test_level_is_a_valid_product_and_reservation_id(shop: Shop) -> None:
    assert shop.create("level")["product_id"] == "level"
    for path in (PRODUCT, LEVEL):
        assert shop.api("GET", path, keys=("level",)).body["product_id"] == "level"
    assert shop.reserve("level", 1, "level").status == 201
    assert shop.release("level", "level").status == 204
