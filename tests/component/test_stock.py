"""The settings and the anonymous route of the stock service."""

from __future__ import annotations

from typing import Any

import pytest

from lib.documents import openapi
from lib.model import Route
from lib.program.recorder import record
from lib.services.stock.service import stock
from lib.services.stock.settings import StockSettings
from lib.settings import ApiSettings

from ..support.programs import stacked

ANONYMOUS, KEYED = "/inventory/{productId}", "/inventory/{productId}/level"


def route(path: str, **settings: Any) -> Route:
    """Return the GET route of a path."""
    routes = [route for _, route in stock(StockSettings(**settings)).routes()]
    (matching,) = (route for route in routes if (route.method, route.path) == ("GET", path))
    return matching


@pytest.mark.parametrize(
    ("settings", "stage", "expected"),
    [
        ({}, (10_000, 5_000), (250, 100)),
        ({"anonymous_rate_per_second": 1_000, "anonymous_burst": 500}, (10_000, 5_000), (1_000, 500)),
        ({"anonymous_burst": 7}, (10_000, 5_000), (250, 7)),
        ({}, (50, 5_000), (50, 100)),
        ({"anonymous_rate_per_second": 5}, (50, 20), (5, 20)),
    ],
)
def test_only_the_anonymous_route_has_a_throttle(
    settings: dict[str, Any], stage: tuple[float, int], expected: tuple[float, int]
) -> None:
    throttle = route(ANONYMOUS, **settings).throttle
    assert throttle
    throttle = throttle.within(ApiSettings(throttle_rate_per_second=stage[0], throttle_burst=stage[1]))
    assert (throttle.rate_per_second, throttle.burst) == expected
    assert route(KEYED, **settings).throttle is None


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize(("response", "split"), [("full", True), ("availability", False)])
def test_only_the_anonymous_route_requires_no_key(response: Any, split: bool) -> None:
    service = stock(StockSettings(anonymous_response=response))
    endpoints = record(stacked("shop", service=service, split_functions=split)).endpoints()
    keyless = {name for name, (method, _) in endpoints.items() if not method.get("apiKeyRequired")}
    assert {(method, path) for method, path in keyless if method != "OPTIONS"} == {("GET", ANONYMOUS)}


@pytest.mark.parametrize(("response", "schema"), [("full", "ProductLevel"), ("availability", "Availability")])
def test_anonymous_response_sets_the_documented_schema(response: Any, schema: str) -> None:
    paths = openapi.document(stock(StockSettings(anonymous_response=response)))["paths"]
    documented = {
        path: paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        for path in (ANONYMOUS, KEYED)
    }
    assert documented == {ANONYMOUS: f"#/components/schemas/{schema}", KEYED: "#/components/schemas/ProductLevel"}


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        *(("reservation_minutes", value, "from 1 to 1440 minutes") for value in (0, 1441, None, 2.5)),
        *(("low_stock_threshold", value, "from 0 to 999999999") for value in (-1, None)),
    ],
)
def test_invalid_option_is_rejected(option: str, value: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=rf"^stock\.{option} must be an integer {expected}, got {value}\.$"):
        StockSettings(**{option: value})
