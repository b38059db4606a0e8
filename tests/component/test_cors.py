"""Resources for several CORS origins, and for the origin of the site."""

from __future__ import annotations

from typing import Any

import pytest

from lib.components.api.rest_api import Api, ApiArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings, FunctionSettings, SiteSettings

from ..support.builders import a_route, full_service
from ..support.programs import stacked

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

A, B = "https://shop.example.com", "https://panel.example.com"
SEVERAL = f"{A}, {B}"
SITE = "https://domainName:post-site-front-distribution"
FUNCTION = "post-api-preflight-function"


def deployed(cors_origin: str | None, **args: Any) -> Deployment:
    """Return the resources of a stack with these CORS origins."""
    return record(stacked(**{"api": ApiSettings(cors_origin=cors_origin), **args}))


@pytest.fixture(scope="module", name="one")
def one_fixture() -> Deployment:
    """Record a stack with one origin."""
    return deployed(A)


@pytest.fixture(scope="module", name="several")
def several_fixture() -> Deployment:
    """Record a stack with two origins."""
    return deployed(SEVERAL)


def trigger(deployment: Deployment) -> Any:
    return deployment.single("apigateway.Deployment").inputs["triggers"]


def test_white_space_around_an_origin_is_ignored(one: Deployment) -> None:
    assert deployed(f" {A} ").inputs("apigateway.Response") == one.inputs("apigateway.Response")


def test_preflight_function_contains_the_methods_of_every_path(several: Deployment) -> None:
    code = several.inputs("lambda.Function")[FUNCTION]["code"].assets["index.py"].text
    for path, methods in {"/parcels": "GET,POST,OPTIONS", "/parcels/{id}": "PATCH,OPTIONS"}.items():
        assert f"{path!r}: {{'Access-Control-Allow-Methods': {methods!r}" in code


def test_second_origin_does_not_change_permissions_of_other_functions(one: Deployment, several: Deployment) -> None:
    before, after = one.inputs("iam.RolePolicy"), several.inputs("iam.RolePolicy")
    assert after.keys() - before.keys() == {"post-api-preflight-log-policy"}
    assert {name: after[name] for name in before} == before


def test_second_origin_redeploys_the_api_and_a_third_does_not(one: Deployment, several: Deployment) -> None:
    three = deployed(f"{SEVERAL},https://third.example.com")
    assert trigger(one) != trigger(several) == trigger(three)
    variables = three.inputs("lambda.Function")[FUNCTION]["environment"]["variables"]
    assert variables == {"CORS_ORIGIN": f"{A},{B},https://third.example.com"}


@pytest.mark.parametrize("service", ["items", "stock"])
def test_alarms_of_the_preflight_function_have_unique_names(service: str) -> None:
    created = deployed(SEVERAL, service=service)
    names = [alarm["name"] for alarm in created.inputs("cloudwatch.MetricAlarm").values()]
    assert len({*names}) == len(names)
    assert [name for name in names if "preflight" in name]


@pytest.mark.parametrize(("settings", "reserved"), [({}, 20), ({"reserved_concurrency": 7}, 7)])
def test_preflight_function_reserves_less_concurrency_by_default(settings: dict[str, Any], reserved: int) -> None:
    created = deployed(SEVERAL, environment_suffix="prod", function=FunctionSettings(**settings))
    assert created.inputs("lambda.Function")[FUNCTION]["reservedConcurrentExecutions"] == reserved


@pytest.mark.parametrize("public", [False, True])
def test_origin_of_the_site_is_combined_with_another_origin(public: bool) -> None:
    args: dict[str, Any] = {"service": full_service(), "site": SiteSettings(public=public)}
    created = deployed(f"site,{A}", **args)
    url = created.stack_outputs()["site_url"]
    assert (url == SITE) is not public
    assert created.stack_outputs()["cors_origin"] == f"{url},{A}"
    functions = created.inputs("lambda.Function")
    origins = [function["environment"]["variables"]["CORS_ORIGIN"] for function in functions.values()]
    assert origins == [f"{url},{A}"] * 3
    assert "os.environ['CORS_ORIGIN']" in functions["post-desk-function"]["code"].assets["index.py"].text
    api = ApiSettings(cors_origin=f"site,{A}")
    previewed = record(stacked(api=api, **args), preview=True)
    assert {resource.urn for resource in previewed.registered} == {resource.urn for resource in created.registered}


def test_site_is_the_default_origin(yard: Deployment) -> None:
    named = deployed("site", service=full_service())
    assert named.inputs("apigateway.Response") == yard.inputs("apigateway.Response")
    assert named.inputs("apigateway.IntegrationResponse") == yard.inputs("apigateway.IntegrationResponse")
    assert named.stack_outputs()["cors_origin"] == yard.stack_outputs()["cors_origin"] == SITE
    assert {resource.urn for resource in named.registered} == {resource.urn for resource in yard.registered}


def lone_api(**args: Any) -> Deployment:
    """Return the resources of an API without a stack."""

    def program() -> None:
        function = Function("desk", FunctionArgs(name="post-desk", role_arn="arn:role", files={"index.py": "pass\n"}))
        Api("counter", ApiArgs(name="post-counter", routes=[(a_route(), function)], **args))

    return record(program)


@pytest.mark.parametrize(
    "args",
    [
        {"cors_origins": [A, B]},
        {"cors_origins": [A, B], "settings": ApiSettings(cors_origin="*")},
        {"settings": ApiSettings(cors_origin=SEVERAL)},
    ],
)
def test_api_without_a_stack_has_a_preflight_function(args: dict[str, Any]) -> None:
    function = lone_api(**args).inputs("lambda.Function")["counter-preflight-function"]
    assert function["name"] == "post-counter-preflight"
    assert function["environment"] == {"variables": {"CORS_ORIGIN": f"{A},{B}"}}


@pytest.mark.parametrize("origins", [[], [""]])
def test_api_without_origins_has_no_cors_headers(origins: list[str]) -> None:
    responses = lone_api(cors_origins=origins).inputs("apigateway.Response").values()
    headers = [name for response in responses for name in response["responseParameters"]]
    assert not [name for name in headers if "Access-Control" in name]
