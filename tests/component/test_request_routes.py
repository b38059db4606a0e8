"""Resources of an API with requests and responses other than JSON."""

from __future__ import annotations

import pytest

from lib.components.api.rest_api import Api, ApiArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.model import Route
from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings

from ..support.builders import a_route
from ..support.gallery.service import FORM, ORDER, ROUTES


def deploy(*routes: Route, origin: str = "*", health: bool = True) -> Deployment:
    """Return the resources of an API with routes."""

    def program() -> None:
        function = Function("web", FunctionArgs(name="gallery-web", role_arn="arn:role", files={"index.py": ""}))
        settings = ApiSettings(cors_origin=origin, health_route=health)
        Api(
            "gallery",
            ApiArgs(
                name="gallery",
                routes=[(route, function) for route in routes],
                schemas={"Order": ORDER},
                settings=settings,
            ),
        )

    return record(program)


@pytest.fixture(scope="module", name="gallery")
def gallery_fixture() -> Deployment:
    """Return the resources of the gallery."""
    return deploy(*ROUTES)


def test_binary_response_makes_every_media_type_binary(gallery: Deployment) -> None:
    assert gallery.single("apigateway.RestApi").inputs["binaryMediaTypes"] == ["*/*"]
    integrations = gallery.inputs("apigateway.Integration")
    mocks = {name: inputs for name, inputs in integrations.items() if inputs["type"] == "MOCK"}
    assert {"gallery-health-integration", "gallery/-options-integration"} <= mocks.keys()
    assert not [name for name in integrations.keys() - mocks.keys() if "contentHandling" in integrations[name]]


def test_api_with_text_has_no_binary_media_types() -> None:
    text = deploy(a_route(responses={200: "text/html"}), a_route(method="POST", content_types=(FORM,)))
    assert "binaryMediaTypes" not in text.single("apigateway.RestApi").inputs


def test_mock_responses_do_not_depend_on_binary_media_types(gallery: Deployment) -> None:
    for api in (gallery, deploy(a_route())):
        mocks = [i for i in api.inputs("apigateway.Integration").values() if i["type"] == "MOCK"]
        assert {mock["contentHandling"] for mock in mocks} == {"CONVERT_TO_TEXT"}


def test_every_path_and_method_has_a_function_or_a_preflight_response(gallery: Deployment) -> None:
    routes = {(route.method, route.path) for route in ROUTES}
    preflights = {("OPTIONS", route.path) for route in ROUTES}
    assert gallery.endpoints().keys() == routes | preflights | {("GET", "/health")}
    assert "gallery/" not in gallery.by_kind("apigateway.Resource")


def test_models_validate_only_json(gallery: Deployment) -> None:
    methods = gallery.inputs("apigateway.Method")
    assert methods["gallery/orders-post"]["requestModels"] == {"application/json": "Order"}
    assert "requestModels" not in methods["gallery/forms-post"]
    form = deploy(a_route(method="POST", body="Order", content_types=(FORM,)))
    assert not form.by_kind("apigateway.Model")
    types = ("application/json", "application/ld+json")
    several = deploy(a_route(method="POST", body="Order", content_types=types))
    assert several.inputs("apigateway.Method")["gallery/parcels-post"]["requestModels"] == dict.fromkeys(types, "Order")


def test_required_parameters_are_validated_by_the_api(gallery: Deployment) -> None:
    assert gallery.inputs("apigateway.Method")["gallery/search-get"]["requestParameters"] == {
        "method.request.querystring.q": True,
        "method.request.querystring.tag": False,
        "method.request.header.X-Limit": True,
    }


def test_preflight_function_allows_declared_headers() -> None:
    several = deploy(*ROUTES, origin="https://a.example,https://b.example", health=False)
    code = several.inputs("lambda.Function")["gallery-preflight-function"]["code"].assets["index.py"].text
    lines = {line.strip().partition(":")[0]: line for line in code.splitlines() if "Allow-Headers" in line}
    assert "X-Correlation-Id,X-Limit'" in lines["'/search'"]
    assert "X-Limit" not in lines["'/'"]
