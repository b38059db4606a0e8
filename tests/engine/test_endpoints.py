"""Changes of APIs, function URLs and authorizers and back, on the real engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lib.model import Api, FunctionUrl, JwtAuthorizer, LambdaAuthorizer, Protocol, Route, Throttle
from lib.settings import (
    USER_POOL,
    ApiSettings,
    AuthorizationSettings,
    EncryptionSettings,
    FunctionSettings,
    RolloutSettings,
)

from ..support.builders import a_function, a_route, a_service, a_table, an_authorizer, an_optional_authorizer
from ..support.programs import MARKET
from .programs import tap_stack
from .stack import Engine, Rejected

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f6a2c1e-3b7d-4d55-9b1a-5a8a1f0c2d3e"
LOGIN = JwtAuthorizer(name="login", issuer="https://id.example.com", audience=("shop",))
Step = dict[str, Any]


def protected(protocol: Protocol, *authorizers: LambdaAuthorizer | JwtAuthorizer) -> Step:
    """Return a step with one API and authorizers, of which the last one authorizes a route."""
    jwts = tuple(each for each in authorizers if isinstance(each, JwtAuthorizer))
    gates = (
        a_function(name=f"{each.name}-gate", routes=(), authorizers=(each,))
        for each in authorizers
        if isinstance(each, LambdaAuthorizer)
    )
    desk = a_function(a_route(authorizer=authorizers[-1].name if authorizers else None), a_route(path="/open"))
    apis = (Api(name="api", protocol=protocol),)
    return {"service": a_service(apis=apis, functions=(desk, *gates), authorizers=jwts)}


def token(**changes: Any) -> LambdaAuthorizer:
    return an_authorizer(**{"type": "REQUEST", "cache_seconds": 60, **changes})


def plain(protocol: Protocol, *routes: Route, **changes: Any) -> Step:
    """Return a step with one API."""
    service = a_service(apis=(Api(name="api", protocol=protocol),), functions=(a_function(a_route(), *routes),))
    return {"service": service, **changes}


def hooks(url: FunctionUrl | None, **changes: Any) -> Step:
    """Return a step with a function whose routes are those of the API, or of its URL."""
    function = a_function(a_route(method="POST", path="/hooks/{source}"), name="hooks", url=url)
    return {"service": a_service(functions=(a_function(), function)), **changes}


def with_apis(*apis: Api, **changes: Any) -> Step:
    """Return a step with a second API."""
    desk = a_function(a_route(), *(a_route(path=f"/{api.name}", api=api.name) for api in apis))
    return {"service": a_service(functions=(desk,), apis=apis), **changes}


PICTURE = a_route(path="/pictures/{key+}", responses={200: "image/png"})
UPLOAD = a_route(method="PUT", path="/pictures/{key+}", content_types=("image/*",))
LIMITED = a_route(method="POST", path="/reports", throttle=Throttle(rate_per_second=1, burst=2))
LOGGED: Step = {"api": ApiSettings(access_log=True, cors_origin="https://shop.example.com")}
DOMAIN = ApiSettings(domain_name="admin.example.com", certificate_arn=CERTIFICATE)
MOVED = ApiSettings(domain_name="admin.example.com", certificate_arn=CERTIFICATE, base_path="v2", stage_name="live")

CHANGES: dict[str, Sequence[Step]] = {
    "REST and HTTP": [plain("REST"), plain("HTTP"), plain("REST")],
    "REST and HTTP with logs": [plain("REST", LIMITED, **LOGGED), plain("HTTP", LIMITED, **LOGGED)],
    "REST and HTTP with an authorizer": [
        protected("REST", token()),
        protected("HTTP", token()),
    ],
    "REST and HTTP with JWTs": [
        protected("REST", LOGIN),
        protected("HTTP", LOGIN),
    ],
    "REST and HTTP with a user pool": [
        plain("REST", authorization=AuthorizationSettings(type=USER_POOL)),
        plain("HTTP", authorization=AuthorizationSettings(type=USER_POOL)),
        plain("HTTP"),
    ],
    "authorizer of a REST API": [
        protected("REST"),
        protected("REST", an_authorizer()),
        protected("REST", an_authorizer(cache_seconds=0, validation="Bearer .+")),
        protected("REST", token()),
        protected("REST", an_optional_authorizer(name="token")),
        protected("REST", token(), token(name="other")),
        protected("REST", replace(LOGIN, name="token")),
    ],
    "authorizer of an HTTP API": [
        protected("HTTP"),
        protected("HTTP", token()),
        protected("HTTP", token(cache_seconds=0)),
        protected("HTTP", an_optional_authorizer(name="token")),
        protected("HTTP", token(), token(name="other")),
        protected("HTTP", replace(LOGIN, name="token")),
        protected("HTTP", token()),
    ],
    "REST and HTTP with a domain": [plain("REST", api=DOMAIN), plain("HTTP"), plain("HTTP", api=DOMAIN), plain("REST")],
    "binary bodies": [plain("REST"), plain("REST", PICTURE), plain("REST", PICTURE, UPLOAD)],
    "limits of an HTTP API": [plain("HTTP"), plain("HTTP", LIMITED)],
    "function URL": [
        hooks(None),
        hooks(FunctionUrl(auth="NONE")),
        hooks(FunctionUrl(cors_origin="https://shop.example.com")),
        hooks(FunctionUrl(), rollout=RolloutSettings(strategy="AllAtOnce")),
        hooks(FunctionUrl(), function=FunctionSettings(architecture="arm64")),
    ],
    "second API": [
        with_apis(),
        with_apis(Api(name="admin-api", protocol="HTTP")),
        with_apis(Api(name="admin-api", protocol="HTTP", settings=DOMAIN)),
        with_apis(Api(name="admin-api", protocol="HTTP", settings=MOVED)),
        with_apis(Api(name="admin-api")),
        with_apis(Api(name="other-api", protocol="HTTP"), Api(name="admin-api")),
    ],
}
"""Steps by name. After the last step, the stack returns to the first one."""


@pytest.mark.parametrize("name", CHANGES)
def test_change_and_back(engine: Engine, name: str) -> None:
    steps = CHANGES[name]
    stack = engine.stack("parcels")
    for step in (*steps, steps[0]):
        stack.deploy(tap_stack(**step))
    stack.destroy()
    assert not stack.state()
    assert not stack.ledger.entries


def test_domain_cannot_move_to_another_type_of_api_in_one_deployment(engine: Engine) -> None:
    stack = engine.stack("parcels")
    moves: tuple[tuple[Protocol, Protocol], ...] = (("REST", "HTTP"), ("HTTP", "REST"))
    for before, after in moves:
        stack.up(tap_stack(**plain(before)))
        stack.up(tap_stack(**plain(before, api=DOMAIN)))
        with pytest.raises(
            Rejected, match=r"domain_name of api 'api' must not be the domain of another API.*got 'admin"
        ):
            stack.preview(tap_stack(**plain(after, api=DOMAIN)))


def test_settings_of_a_service_with_every_endpoint_and_authorizer_can_be_changed(engine: Engine) -> None:
    orders, stack = engine.stack("orders"), engine.stack("market")
    orders.up(tap_stack(a_service(tables=(a_table(name="orders", variable="ORDERS_TABLE", stream="NEW_IMAGE"),))))
    (table,) = orders.ledger.find("aws:dynamodb/table:Table")
    market = {**MARKET, "existing": {**MARKET["existing"], "orders": table.outputs["arn"]}}
    stack.deploy(tap_stack(**market))
    created = [entry.id for entry in stack.ledger.find("aws:apigatewayv2/api:Api")]
    for changes in (
        {"encryption": EncryptionSettings(key="create")},
        {"rollout": RolloutSettings(strategy="AllAtOnce")},
        {"split_functions": True},
        {"authorization": AuthorizationSettings(type="AWS_IAM")},
        {"function": FunctionSettings(architecture="x86_64", snap_start=True, runtime="python3.13")},
        {},
    ):
        stack.deploy(tap_stack(**{**market, **changes}))
    assert [entry.id for entry in stack.ledger.find("aws:apigatewayv2/api:Api")] == created
    stack.destroy()
    orders.destroy()
    assert not stack.ledger.entries
