"""Definitions of authorizers, and of the routes and functions that use them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from lib.model import UNAUTHORIZED, Function, JwtAuthorizer, LambdaAuthorizer, Metric, Service

from ...support.builders import HANDLER, a_function, a_grant, a_metric, a_route, a_service, an_authorizer

HEADER = "method.request.header.Authorization"
ISSUER: dict[str, Any] = {"name": "login", "issuer": "https://issuer.example.com/", "audience": ("parcels",)}


def with_authorizers(*authorizers: LambdaAuthorizer, **route: Any) -> Service:
    desk = a_function(a_route(**route), authorizers=authorizers)
    return a_service(functions=(desk,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Token"}, "authorizer name"),
        ({"name": "user-pool"}, "another name, got 'user-pool'"),
        ({"operation": "not valid"}, "authorizer operation"),
        ({"type": "JWT"}, "'token' type must be one of TOKEN, REQUEST, got 'JWT'"),
        ({"cache_seconds": -1}, "cache_seconds must be from 0 to 3600, got -1"),
        ({"cache_seconds": 3601}, "cache_seconds must be from 0 to 3600, got 3601"),
        ({"cache_seconds": 1.5}, "cache_seconds must be an integer, got 1.5"),
        ({"cache_seconds": True}, "cache_seconds must be an integer"),
        ({"identity_sources": HEADER}, "identity_sources must be a tuple"),
        ({"identity_sources": ("Authorization",)}, "identity_sources must be a tuple of expressions"),
        ({"identity_sources": (5,)}, r"identity_sources\[0\] must be a string, got 5"),
        ({"identity_sources": (HEADER, HEADER)}, "exactly one header for the type TOKEN"),
        ({"identity_sources": ("method.request.querystring.token",)}, "exactly one header for the type TOKEN"),
        ({"identity_sources": (), "type": "REQUEST"}, "at least one expression with a cache"),
        ({"validation": "("}, "validation must be a regular expression"),
        ({"validation": ".+", "type": "REQUEST"}, "validation must be empty for the type REQUEST"),
        ({"optional": True}, "optional must be False unless type is REQUEST and cache_seconds 0, got True"),
        ({"optional": True, "type": "REQUEST"}, "optional must be False unless"),
        (
            {"optional": True, "type": "REQUEST", "cache_seconds": 0, "identity_sources": ("context.stage",)},
            "a header or a query parameter first if optional is True",
        ),
    ],
)
def test_invalid_authorizer_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        an_authorizer(**changes)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ((HEADER,), ("header", "Authorization")),
        (("method.request.querystring.my.token", HEADER), ("querystring", "my.token")),
        (("context.identity.sourceIp", HEADER), None),
        (("stageVariables.mode",), None),
        ((), None),
    ],
)
def test_first_identity_source_contains_the_token(sources: tuple[str, ...], expected: Any) -> None:
    assert an_authorizer(type="REQUEST", cache_seconds=0, identity_sources=sources).token_source() == expected


def test_function_emits_the_metric_of_its_authorizers() -> None:
    function = a_function(authorizers=(an_authorizer(metrics=(a_metric(),)), an_authorizer(name="b", type="REQUEST")))
    assert function.metrics() == [a_metric(), UNAUTHORIZED]
    assert function.operations_emitting("Unauthorized") == ["authorize"]
    assert replace(an_authorizer(), name="again").metrics == (UNAUTHORIZED,)
    assert isinstance(UNAUTHORIZED, Metric)


def test_function_has_one_authorizer_of_each_type() -> None:
    with pytest.raises(ValueError, match=r"authorizer type must be unique, got 'TOKEN' .* Move one of them"):
        a_function(authorizers=(an_authorizer(), an_authorizer(name="other")))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"authorizer": "", "key_required": True}, "key_required must be False"),
        ({"authorizer": "", "scope": "read"}, "scope must be unset if authorizer is empty, got 'read'"),
        ({"authorizer": "token", "scope": "two words"}, "route scope must be one word"),
        ({"scope": "orders:read"}, "route scope must be lowercase letters and '-'"),
    ],
)
def test_invalid_route_is_rejected(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_route(**fields)


@pytest.mark.parametrize(
    ("fields", "required", "claimed", "is_authorized"),
    [
        ({}, "read", "", True),
        ({"scope": ""}, "", "", False),
        ({"authorizer": ""}, "", "", False),
        ({"authorizer": "token"}, "", "", True),
        ({"authorizer": "token", "scope": "orders:read", "key_required": True}, "", "orders:read", True),
    ],
)
def test_authorizer_replaces_the_authorization_of_the_environment(
    fields: dict[str, Any], required: str, claimed: str, is_authorized: bool
) -> None:
    route = a_route(**fields)
    assert (route.required_scope(), route.claimed_scope()) == (required, claimed)
    assert route.requires_authorization() == is_authorized


@pytest.mark.parametrize(("names", "known"), [(["token", "other"], "token, other"), ([], "none")])
def test_route_with_an_unknown_authorizer_is_rejected(names: list[str], known: str) -> None:
    kinds: Any = ("TOKEN", "REQUEST")
    authorizers = [an_authorizer(name=name, type=kind) for name, kind in zip(names, kinds, strict=False)]
    with pytest.raises(ValueError, match=rf"authorizer must be an authorizer of the service \({known}\), got 'tokn'"):
        with_authorizers(*authorizers, authorizer="tokn")


def test_names_of_authorizers_are_unique() -> None:
    with pytest.raises(ValueError, match="authorizer must be unique, got 'login'"):
        a_service(
            authorizers=(JwtAuthorizer(**ISSUER),), functions=(a_function(authorizers=(an_authorizer(name="login"),)),)
        )


def test_split_function_has_the_authorizers_of_its_operation() -> None:
    grant = a_grant("parcels", "GetItem")
    service = with_authorizers(an_authorizer(grants=(grant,)), authorizer="token").split()
    by_name = {function.name: function for function in service.functions}
    assert by_name.keys() == {"list-parcels", "authorize"}
    assert [a.name for a in by_name["authorize"].authorizers] == ["token"]
    assert by_name["authorize"].grants() == [grant]
    assert not by_name["list-parcels"].authorizers


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Login"}, "authorizer name"),
        ({"issuer": "http://issuer.example.com"}, "issuer must be an HTTPS URL, an Output of it, or user-pool"),
        ({"issuer": None}, "issuer must be an HTTPS URL"),
        ({"issuer": "issuer.example.com"}, "issuer must be an HTTPS URL"),
        ({"issuer": "https://issuer.example.com?a=b"}, "issuer must be an HTTPS URL"),
        ({"jwks_url": "ftp://keys"}, "jwks_url must be an HTTPS URL, or empty"),
        ({"audience": ()}, "audience must be a tuple of one or more strings"),
        ({"audience": "parcels"}, "audience must be a tuple"),
        ({"audience": ("two words",)}, "audience must be a tuple"),
        ({"audience": ("parcels", 3)}, "audience must be a tuple"),
        ({"algorithms": ("HS256",)}, "algorithms must be a tuple of RS256"),
        ({"algorithms": ("none",)}, "algorithms must be a tuple of RS256"),
        ({"algorithms": ()}, "algorithms must be a tuple of RS256"),
        ({"algorithms": "RS256"}, "algorithms must be a tuple of strings"),
        ({"leeway_seconds": "60"}, "leeway_seconds must be an integer, got '60'"),
        ({"leeway_seconds": 601}, "leeway_seconds must be an integer from 0 to 600 seconds, got 601"),
        ({"cache_seconds": 3601}, "cache_seconds must be from 0 to 3600, got 3601"),
    ],
)
def test_invalid_jwt_authorizer_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JwtAuthorizer(**{**ISSUER, **changes})


def test_jwt_authorizer_adds_its_function_once() -> None:
    service = a_service(authorizers=(JwtAuthorizer(**ISSUER),), functions=(a_function(a_route(authorizer="login")),))
    names = ["desk", "login-authorizer"]
    assert [function.name for function in service.functions] == names
    assert [function.name for function in replace(service, title="Copy").functions] == names
    assert [function.name for function in service.own_functions()] == ["desk"]
    assert [function.name for function in service.split().functions] == ["list-parcels", "login-authorizer"]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"optional": True}, {"login-authorizer": ["login", "other"]}),
        ({"optional": True, "audience": ("desk",)}, {"login-authorizer": ["login"], "other-authorizer": ["other"]}),
        ({"cache_seconds": 0}, {"login-authorizer": ["login"], "other-authorizer": ["other"]}),
    ],
)
def test_required_and_optional_authorizer_of_the_same_tokens_share_a_function(
    changes: dict[str, Any], names: dict[str, list[str]]
) -> None:
    login = JwtAuthorizer(**ISSUER)
    routes = (a_route(authorizer="login"), a_route(method="PUT", authorizer="other"))
    service = a_service(authorizers=(login, replace(login, name="other", **changes)), functions=(a_function(*routes),))
    for each in (service, replace(service, title="Copy")):
        _, *functions = each.functions
        assert {f.name: [authorizer.name for authorizer in f.authorizers] for f in functions} == names


def test_function_with_the_name_of_a_jwt_function_is_rejected() -> None:
    other = Function(name="login-authorizer", handler=HANDLER, routes=(a_route(),))
    with pytest.raises(ValueError, match="function must be unique, got 'login-authorizer'"):
        a_service(authorizers=(JwtAuthorizer(**ISSUER),), functions=(other,))


def test_jwt_function_has_the_settings_of_its_authorizer() -> None:
    function = JwtAuthorizer(**ISSUER, jwks_url="https://keys.example.com", algorithms=("ES256", "RS256")).function()
    assert function.variables == {
        "JWT_ISSUER": "https://issuer.example.com/",
        "JWT_AUDIENCE": "parcels",
        "JWT_JWKS_URL": "https://keys.example.com",
        "JWT_ALGORITHMS": "ES256 RS256",
        "JWT_LEEWAY_SECONDS": "60",
    }
    (authorizer,) = function.authorizers
    assert (authorizer.type, authorizer.cache_seconds, authorizer.optional) == ("TOKEN", 300, False)
    (optional,) = JwtAuthorizer(**ISSUER, optional=True).function().authorizers
    assert (optional.type, optional.cache_seconds, optional.optional) == ("REQUEST", 0, True)
    pool = JwtAuthorizer(name="pool", issuer="user-pool").function()
    assert not {"JWT_ISSUER", "JWT_AUDIENCE"} & pool.variables.keys()
    assert "user pool of the stack" in pool.authorizers[0].description


@pytest.mark.parametrize(("token", "is_accepted"), [("Bearer a.b.c", True), ("a.b.c", True), ("Basic a.b.c", False)])
def test_validation_of_tokens_is_that_of_http_apis(token: str, is_accepted: bool) -> None:
    (authorizer,) = JwtAuthorizer(**ISSUER).function().authorizers
    assert bool(re.match(authorizer.validation, token)) is is_accepted
