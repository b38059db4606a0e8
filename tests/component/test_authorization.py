"""Each type of authorization, with a user pool that the stack creates and with an existing one."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown

from lib.components.api.rest_api import Api, ApiArgs
from lib.components.api.user_pool import UserPool, UserPoolArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.program.recorder import Deployment, record
from lib.settings import USER_POOL, ApiSettings, AuthorizationSettings, SiteSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import PARCELS, a_function, a_route, a_service, full_service
from ..support.programs import stacked

EXISTING = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_aB3"
OPEN = a_route(path="/hours", scope="")
KEYED = a_route(method="DELETE", operation="drop_all", key_required=True)
TRAFFIC = a_service(functions=(a_function(a_route(), KEYED, OPEN),))
"""A service with a route to read, a route to write that always requires a key, and a public route."""


def deployed(authorization: AuthorizationSettings, **args: Any) -> Deployment:
    return record(stacked(**{"service": TRAFFIC, "authorization": authorization, **args}))


@pytest.fixture(scope="module", name="by_type")
def by_type_fixture() -> dict[str, Deployment]:
    """Record an API with each type of authorization."""
    kinds: tuple[Any, ...] = ("NONE", "API_KEY", "AWS_IAM", USER_POOL)
    return {kind: deployed(AuthorizationSettings(type=kind)) for kind in kinds}


@pytest.mark.parametrize(
    ("kind", "read", "write"),
    [
        ("NONE", ["NONE", False], ["NONE", True]),
        ("API_KEY", ["NONE", True], ["NONE", True]),
        ("AWS_IAM", ["AWS_IAM", False], ["AWS_IAM", False]),
        (USER_POOL, [USER_POOL, False], [USER_POOL, False]),
    ],
)
def test_only_routes_with_a_scope_require_authorization(
    by_type: dict[str, Deployment], kind: str, read: list[Any], write: list[Any]
) -> None:
    methods = {route: method for route, (method, _) in by_type[kind].endpoints().items()}
    assert {route: [method["authorization"], method.get("apiKeyRequired")] for route, method in methods.items()} == {
        ("GET", "/parcels"): read,
        ("DELETE", "/parcels"): write,
        ("GET", "/hours"): ["NONE", False],
        ("OPTIONS", "/parcels"): ["NONE", None],
        ("OPTIONS", "/hours"): ["NONE", None],
    }
    scopes = {
        route: method["authorizationScopes"] for route, method in methods.items() if "authorizationScopes" in method
    }
    expected = {("GET", "/parcels"): ["parcels-dev/read"], ("DELETE", "/parcels"): ["parcels-dev/write"]}
    assert scopes == (expected if kind == USER_POOL else {})


@pytest.mark.parametrize(
    ("settings", "mfa", "token"),
    [
        (None, "OPTIONAL", {"enabled": True}),
        (AuthorizationSettings(type=USER_POOL, mfa="OFF"), "OFF", None),
        (AuthorizationSettings(type=USER_POOL, mfa="ON"), "ON", {"enabled": True}),
    ],
)
@pytest.mark.untraced
def test_second_factor_is_an_authenticator_app(settings: AuthorizationSettings | None, mfa: str, token: Any) -> None:
    changes: dict[str, Any] = {"settings": settings} if settings else {}
    created = record(lambda: UserPool("users", UserPoolArgs(name="post", scopes=["read"], **changes)))
    pool = created.single("cognito.UserPool")
    assert (pool.inputs["mfaConfiguration"], pool.inputs.get("softwareTokenMfaConfiguration")) == (mfa, token)
    assert not pool.retain_on_delete


def test_preview_with_an_existing_pool_has_scopes_and_no_id() -> None:
    settings = AuthorizationSettings(type=USER_POOL, user_pool=EXISTING)
    previewed = record(stacked(service=TRAFFIC, authorization=settings), preview=True)
    assert previewed.inputs("cognito.UserPoolClient")["post-users-machines"]["name"] == "parcels-dev-machines"
    assert previewed.single("cognito.ResourceServer").inputs["identifier"] == "parcels-dev"
    assert isinstance(previewed.stack_outputs()["sign_in_url"], Unknown)


@pytest.mark.parametrize(("group", "name"), [(None, "parcels-dev"), ("admins", "admins")])
def test_users_of_an_existing_pool_need_a_group(group: str | None, name: str) -> None:
    created = deployed(AuthorizationSettings(type=USER_POOL, user_pool=EXISTING, user_group=group))
    assert bool(created.by_kind("cognito.UserGroup")) is (group is None)
    assert created.single("lambda.Function").inputs["environment"]["variables"]["USER_POOL_GROUP"] == name
    assert created.stack_outputs()["user_pool_group"] == name


def trigger(deployment: Deployment) -> str:
    return json.dumps(deployment.single("apigateway.Deployment").inputs["triggers"])


@pytest.mark.untraced
def test_changed_authorization_type_or_scope_redeploys_the_api(by_type: dict[str, Deployment]) -> None:
    other = a_service(functions=(a_function(a_route(scope="count"), KEYED, OPEN),))
    created = [*by_type.values(), deployed(AuthorizationSettings(type=USER_POOL), service=other)]
    assert len({trigger(deployment) for deployment in created}) == len(created)


@pytest.mark.untraced
def test_changed_identity_source_redeploys_the_api() -> None:
    def change_source(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:apigateway/authorizer:Authorizer":
            return None
        source = {"identitySource": "method.request.header.X-Token"}
        return pulumi.ResourceTransformResult({**args.props, **source}, args.opts)

    def trigger_with(*transforms: Any) -> str:
        args = TapStackArgs(authorization=AuthorizationSettings(type=USER_POOL))
        options = pulumi.ResourceOptions(transforms=[*transforms])
        return trigger(record(lambda: TapStack("post", args, options)))

    assert trigger_with() != trigger_with(change_source)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            {"service": a_service(functions=(a_function(OPEN),))},
            "authorization.type must be NONE, got 'COGNITO_USER_POOLS'",
        ),
        (
            {"service": full_service(), "site": SiteSettings(public=True)},
            "site.public must be False with COGNITO_USER_POOLS, got True",
        ),
    ],
)
def test_unsupported_combination_with_a_user_pool_is_rejected(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TapStackArgs(authorization=AuthorizationSettings(type=USER_POOL), **args)


def test_public_site_and_a_user_pool_can_be_set_for_a_service_without_a_site() -> None:
    settings = AuthorizationSettings(type=USER_POOL)
    assert TapStackArgs(service=PARCELS, authorization=settings, site=SiteSettings(public=True))


def test_api_without_a_stack_requires_a_user_pool() -> None:
    settings = AuthorizationSettings(type=USER_POOL)
    with pytest.raises(ValueError, match=r"user_pool must be a UserPool with .*, got None\."):
        ApiArgs(name="post", routes=[], authorization=settings)


@pytest.mark.untraced
def test_api_without_a_stack_grants_calls_of_its_stage() -> None:
    def program() -> None:
        desk = Function(
            "desk", FunctionArgs(name="post-desk", role_arn="arn:role", files={"index.py": "handler = print\n"})
        )
        settings = ApiSettings(stage_name="live")
        api = Api("counter", ApiArgs(name="post-counter", routes=[(a_route(), desk), (KEYED, desk)], settings=settings))
        pulumi.export("read", api.grant("read"))

    assert record(program).exports["read"]["Resource"] == "executionArn:counter-api/live/GET/parcels"


def test_variable_with_the_group_is_reserved() -> None:
    with pytest.raises(ValueError, match="USER_POOL_GROUP"):
        a_service(functions=(a_function(a_route(), variables={"USER_POOL_GROUP": "x"}),))
