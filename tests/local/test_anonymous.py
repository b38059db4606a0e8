"""Anonymous callers of the stock service over HTTP: responses and throttling."""

from __future__ import annotations

import pytest

from lib.local.emulator import Emulator

from ..integration.conftest import Http, assert_error
from ..integration.stock.conftest import Shop, new_id
from ..support.deployments import deploy_service

BURST = 3


@pytest.fixture(scope="module", name="shop")
def shop_fixture(emulator: Emulator) -> Shop:
    """Service with reduced responses and a rate limit that allows only the burst."""
    outputs = deploy_service(
        emulator,
        "stock",
        "anonymous",
        anonymous_response="availability",
        anonymous_rate_per_second="0.1",
        anonymous_burst=str(BURST),
    )
    return Shop(Http(outputs, outputs["api_key"]), outputs, emulator.client)


@pytest.mark.untraced
def test_anonymous_throttle_applies_only_to_the_anonymous_route(shop: Shop) -> None:
    anonymous = Http(shop.outputs, None)
    product = shop.create(threshold_level=2)
    shop.new_reservation(product, 9)

    responses = [anonymous("GET", f"/inventory/{product}") for _ in range(BURST + 1)]
    assert [response.body for response in responses[:BURST]] == [
        {"product_id": product, "in_stock": True, "low_stock": True}
    ] * BURST
    assert_error(responses[BURST], 429, "THROTTLED")

    for _ in range(2 * BURST):
        level = shop.http("GET", f"/inventory/{product}/level")
        assert (level.status, level.body["available"]) == (200, 1)
    assert_error(anonymous("GET", f"/inventory/{product}/level"), 403, "FORBIDDEN")


def test_level_is_a_valid_product_id_and_reservation_id(shop: Shop) -> None:
    product, reservation = shop.create(product_id="level"), "level"
    assert shop.reserve_cart(reservation, {product: 1}).status == 201
    assert shop.http("GET", "/inventory/level/level?warehouse_id=main").body["reserved_count"] == 1
    assert shop.release(reservation).status == 204
    assert shop.reserve(product, reservation=reservation).status == 201
    assert shop.release(reservation, product).status == 204
    assert shop.http("GET", "/inventory/level/level").body["reserved_count"] == 0
    assert shop.update(product, stock_count=7).status == 200
    assert shop.http("GET", f"/inventory/{new_id()}/level").status == 404
