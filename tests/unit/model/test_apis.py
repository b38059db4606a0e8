"""APIs and function URLs in service definitions."""

from __future__ import annotations

from typing import Any

import pytest

from lib.model import Alarm, Api, Call, FunctionUrl, JwtAuthorizer
from lib.settings import ApiSettings

from ...support.builders import a_function, a_route, a_service, an_authorizer, service_with_apis

HTTP = Api(name="admin-api", protocol="HTTP")
URL = FunctionUrl()


def an_api(**fields: Any) -> Api:
    return Api(**{"name": "admin-api", **fields})


def a_url(**fields: Any) -> FunctionUrl:
    return FunctionUrl(**fields)


def test_each_route_has_one_endpoint() -> None:
    service = service_with_apis()
    endpoints = {
        name: [f"{route.method} {route.path}" for _, route in routes] for name, routes in service.endpoints().items()
    }
    assert endpoints == {
        "api": ["GET /parcels"],
        "admin-api": ["GET /reports/{day}", "POST /reports"],
        "hooks": ["POST /hooks/{source}"],
    }
    desk, hooks = service.functions
    assert (service.protocols(desk), service.protocols(hooks)) == ({"REST", "HTTP"}, set())


def test_default_api_can_be_described_and_is_first() -> None:
    functions = (a_function(a_route(api="admin-api"), a_route(path="/x", api="api"), a_route(path="/y")),)
    service = a_service(apis=(HTTP, Api(name="api", protocol="HTTP")), functions=functions)
    assert {name: api.protocol for name, api in service.used_apis().items()} == {"api": "HTTP", "admin-api": "HTTP"}


def test_service_can_have_only_other_endpoints_than_the_default_api() -> None:
    service = a_service(functions=(a_function(name="hooks", url=URL),))
    assert not service.has_api()
    assert service.used_apis() == {}


def test_same_route_can_be_in_several_apis_with_different_functions() -> None:
    functions = (a_function(), a_function(a_route(api="admin-api"), name="admin"))
    service = a_service(apis=(HTTP,), functions=functions)
    assert [*service.endpoints()] == ["api", "admin-api"]


def test_parameters_of_sibling_paths_can_differ_in_an_http_api() -> None:
    routes = (a_route(path="/a/{x}", api="admin-api"), a_route(path="/a/{y}/b", api="admin-api"))
    assert a_service(apis=(HTTP,), functions=(a_function(*routes),))


def test_scopes_of_a_public_url_are_not_required() -> None:
    assert service_with_apis().scopes() == ["read", "write"]
    assert a_service(functions=(a_function(name="hooks", url=URL),)).scopes() == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"functions": (a_function(a_route(api="admin")),)},
            r"route GET /parcels api must be one of api, got 'admin'\. Add it to the apis",
        ),
        ({"apis": (HTTP, HTTP), "functions": (a_function(a_route(api="admin-api")),)}, "api must be unique"),
        ({"apis": (HTTP,)}, r"api 'admin-api' must have at least one route, got none\. Set api='admin-api'"),
        (
            {"apis": (HTTP,), "functions": (a_function(a_route(), a_route(api="admin-api")),)},
            "route of function 'desk' must be unique, got 'GET /parcels' more than once. Move one of them",
        ),
        (
            {"apis": (HTTP,), "functions": (a_function(a_route(api="admin-api", key_required=True)),)},
            "key_required must be False because HTTP APIs have no API keys, got True",
        ),
        (
            {
                "apis": (Api(name="other", settings=ApiSettings(cors_origin="*")),),
                "functions": (a_function(a_route(api="other")),),
            },
            "api 'other' settings.cors_origin must be unset, got '[*]'",
        ),
        (
            {"functions": (a_function(a_route(api="api"), name="hooks", url=URL),)},
            "api must be empty because function 'hooks' has a URL, got 'api'",
        ),
        (
            {"functions": (a_function(a_route(key_required=True), name="hooks", url=URL),)},
            "key_required must be unset because function 'hooks' has a URL, got True",
        ),
        (
            {"functions": (a_function(a_route(scope="read"), name="hooks", url=FunctionUrl(auth="NONE")),)},
            "scope must be unset because function 'hooks' has a URL, got 'read'",
        ),
        (
            {
                "functions": (
                    a_function(a_route(authorizer="token"), name="hooks", url=URL, authorizers=(an_authorizer(),)),
                )
            },
            "authorizer must be unset because function 'hooks' has a URL, got 'token'",
        ),
        (
            {
                "apis": (Api(name="api", protocol="HTTP"),),
                "functions": (a_function(a_route(authorizer="token"), authorizers=(an_authorizer(),)),),
            },
            "authorizer 'token' type must be REQUEST for the HTTP API 'api', got 'TOKEN'",
        ),
        (
            {
                "apis": (Api(name="api", protocol="HTTP"),),
                "functions": (a_function(a_route(authorizer="login")),),
                "authorizers": (
                    JwtAuthorizer(
                        name="login", issuer="https://id.example.com", audience=("shop",), algorithms=("ES256",)
                    ),
                ),
            },
            "authorizer 'login' algorithms must be the default for the HTTP API 'api', got .*ES256",
        ),
        (
            {"functions": (a_function(), a_function(name="api", url=URL))},
            "API or function with a URL must be unique, got 'api' more than once",
        ),
        (
            {"functions": (a_function(a_route(path="/{a}"), a_route(path="/{b}"), url=URL),)},
            "route GET /{b} must match other requests than GET /{a}. The names of parameters do not distinguish",
        ),
        (
            {"functions": (a_function(url=FunctionUrl(cors_origin="https://a.example,site")),)},
            r"function 'desk' url\.cors_origin must be URLs because the service has no site, got 'https://a\..*,site'",
        ),
        (
            {"apis": (Api(name="api", protocol="HTTP", settings=ApiSettings(cors_origin="site")),)},
            r"api 'api' settings\.cors_origin must be URLs because the service has no site, got 'site'",
        ),
        (
            {
                "apis": (Api(name="other", settings=ApiSettings(cors_credentials=True)),),
                "functions": (a_function(a_route(api="other")),),
            },
            r"api 'other' settings\.cors_credentials must be unset, got True",
        ),
        (
            {"alarms": (Alarm(name="a", on="api", metric="5xx", description="x", threshold=1),)},
            "alarm 'a' metric must be one of Count, 4XXError, 5XXError, .*, got '5xx'",
        ),
    ],
)
def test_invalid_endpoints_are_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_service(**changes)


def test_function_with_a_url_needs_a_route() -> None:
    hooks = a_function(name="hooks", url=URL)
    object.__setattr__(hooks, "routes", ())
    with pytest.raises(ValueError, match="function 'hooks' url must be None without routes"):
        a_service(functions=(a_function(), hooks))


@pytest.mark.parametrize(
    ("create", "message"),
    [
        (
            lambda: an_api(protocol="SOAP"),
            "api 'admin-api' protocol must be one of REST, HTTP, got 'SOAP'",
        ),
        (lambda: Api(name="Admin"), "api name must be"),
        (
            lambda: Api(name="admin-api", protocol="HTTP", settings=ApiSettings(execution_log_level="INFO")),
            r"api 'admin-api' settings\.execution_log_level must be unset for an HTTP API, got 'INFO'",
        ),
        (
            lambda: Api(name="a", protocol="HTTP", settings=ApiSettings(cors_origin="*", cors_credentials=True)),
            r"api 'a' settings\.cors_credentials must be False with any origin, got True",
        ),
        (lambda: a_url(auth="OPEN"), "function URL auth must be one of AWS_IAM, NONE, got 'OPEN'"),
        (lambda: FunctionUrl(cors_origin="shop.example.com"), "function URL cors_origin must be"),
    ],
)
def test_invalid_apis_and_urls_are_rejected(create: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        create()


@pytest.mark.parametrize(
    ("call", "endpoints"),
    [
        (Call(method="GET", path="/parcels", status=200), ["api", "admin-api", "hooks"]),
        (Call(method="GET", path="/parcels", status=200, api="hooks"), ["hooks"]),
        (Call(method="GET", path="/parcels", status=200, api="unknown"), []),
    ],
)
def test_call_can_name_its_endpoint(call: Call, endpoints: list[str]) -> None:
    assert service_with_apis().endpoints_of(call) == endpoints


def test_parameters_of_function_urls_can_have_different_names_where_the_requests_differ() -> None:
    routes = (a_route(path="/{a}"), a_route(method="POST", path="/{b}"), a_route(path="/{b}/c"), a_route(path="/{c+}"))
    service = a_service(functions=(a_function(*routes, url=URL),))
    assert [route for _, route in service.routes()] == [*routes]
