"""How callers show who they are: each way alone, a user pool that is made and one that stands already."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown

from lib.components.api.rest_api import Api, ApiArgs
from lib.components.api.user_pool import UserPool, UserPoolArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.model import Site
from lib.program.recorder import Deployment, record
from lib.settings import USER_POOL, ApiSettings, AuthorizationSettings, SiteSettings, TableSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import PAGES, PARCELS, a_function, a_route, a_service, a_yard
from ..support.programs import stacked

EXISTING = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_aB3"
OPEN = a_route(path="/hours", scope="")
KEYED = a_route(method="DELETE", operation="drop_all", key_required=True)
TRAFFIC = a_service(functions=(a_function(a_route(), KEYED, OPEN),))
"""A route to read, one to write that asks for a key at least, and one that is open to all."""


def deployed(authorization: AuthorizationSettings, **args: Any) -> Deployment:
    return record(stacked(**{"service": TRAFFIC, "authorization": authorization, **args}))


@pytest.fixture(scope="module", name="signed")
def signed_fixture() -> Deployment:
    """An API whose callers sign their requests."""
    return deployed(AuthorizationSettings(type="AWS_IAM"))


@pytest.fixture(scope="module", name="members")
def members_fixture() -> Deployment:
    """An API whose callers have tokens of a user pool, and pages of its own."""
    site = Site(folder=PAGES, sign_in_pages=("", "panel.html"))
    service = a_yard(functions=(a_function(a_route(), KEYED, OPEN),), dead_letters="", alarms=(), site=site)
    settings = AuthorizationSettings(type=USER_POOL, callback_urls=("http://localhost:8080/",))
    return deployed(settings, service=service)


@pytest.fixture(scope="module", name="guests")
def guests_fixture() -> Deployment:
    """An API whose callers have tokens of a pool that somebody else made."""
    return deployed(AuthorizationSettings(type=USER_POOL, user_pool=EXISTING))


def asked(made: Deployment, *names: str) -> dict[tuple[str, str], list[Any]]:
    """Some inputs of every method."""
    return {where: [method.get(name) for name in names] for where, (method, _) in made.endpoints().items()}


PREFLIGHTS = {("OPTIONS", "/parcels"): ["NONE", None], ("OPTIONS", "/hours"): ["NONE", None]}


@pytest.mark.parametrize(
    ("kind", "reading", "writing"),
    [
        ("NONE", ["NONE", False], ["NONE", True]),
        ("API_KEY", ["NONE", True], ["NONE", True]),
        ("AWS_IAM", ["AWS_IAM", False], ["AWS_IAM", False]),
        (USER_POOL, [USER_POOL, False], [USER_POOL, False]),
    ],
)
def test_routes_that_need_a_scope_ask_who_calls_and_no_others_do(kind: Any, reading: Any, writing: Any) -> None:
    assert asked(deployed(AuthorizationSettings(type=kind)), "authorization", "apiKeyRequired") == {
        ("GET", "/parcels"): reading,
        ("DELETE", "/parcels"): writing,
        ("GET", "/hours"): ["NONE", False],
        **PREFLIGHTS,
    }


def test_signers_are_told_the_policy_of_each_scope(signed: Deployment) -> None:
    policies = {scope: json.loads(text) for scope, text in signed.stack_outputs()["caller_policies"].items()}
    at = "executionArn:post-api-api/dev"
    assert {scope: policy["Statement"] for scope, policy in policies.items()} == {
        "read": [{"Effect": "Allow", "Action": ["execute-api:Invoke"], "Resource": f"{at}/GET/parcels"}],
        "write": [{"Effect": "Allow", "Action": ["execute-api:Invoke"], "Resource": f"{at}/DELETE/parcels"}],
    }


def test_signers_need_neither_a_key_nor_a_pool(signed: Deployment) -> None:
    for kind in ("apigateway.ApiKey", "apigateway.Authorizer", "cognito.UserPool"):
        assert not signed.of(kind)
    assert signed.stack_outputs()["authorization"] == "AWS_IAM"


def test_a_token_must_have_the_scope_of_the_route(members: Deployment) -> None:
    assert asked(members, "authorizationScopes", "authorizerId") == {
        ("GET", "/parcels"): [["yard-dev/read"], "post-api-authorizer-id"],
        ("DELETE", "/parcels"): [["yard-dev/write"], "post-api-authorizer-id"],
        ("GET", "/hours"): [None, None],
        ("OPTIONS", "/parcels"): [None, None],
        ("OPTIONS", "/hours"): [None, None],
    }
    assert members.only("apigateway.Authorizer").inputs == {
        "restApi": "post-api-api-id",
        "name": "user-pool",
        "type": USER_POOL,
        "providerArns": ["arn:post-users-pool"],
        "identitySource": "method.request.header.Authorization",
    }
    assert not members.of("apigateway.ApiKey")


def test_only_administrators_add_people_to_the_pool(members: Deployment) -> None:
    assert members.only("cognito.UserPool").inputs == {
        "name": "yard-dev",
        "userPoolTier": "LITE",
        "adminCreateUserConfig": {"allowAdminCreateUserOnly": True},
        "usernameAttributes": ["email"],
        "usernameConfiguration": {"caseSensitive": False},
        "autoVerifiedAttributes": ["email"],
        "accountRecoverySetting": {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]},
        "passwordPolicy": {
            "minimumLength": 12,
            "requireLowercase": True,
            "requireNumbers": True,
            "requireSymbols": True,
            "requireUppercase": True,
            "temporaryPasswordValidityDays": 7,
        },
        "mfaConfiguration": "OPTIONAL",
        "softwareTokenMfaConfiguration": {"enabled": True},
        "deletionProtection": "INACTIVE",
        "tags": {"Environment": "dev", "Service": "yard", "ManagedBy": "Pulumi"},
    }


def test_people_sign_in_under_a_domain_that_no_other_pool_has(members: Deployment) -> None:
    domain = members.only("cognito.UserPoolDomain").inputs
    assert domain == {"domain": "post-users-pool-id", "userPoolId": "post-users-pool-id"}
    address = "https://post-users-pool-id.auth.post-users-pool-id.amazoncognito.com"
    assert members.stack_outputs()["sign_in_url"] == address


def test_scopes_are_those_that_routes_need(members: Deployment) -> None:
    server = members.only("cognito.ResourceServer").inputs
    assert (server["identifier"], server["userPoolId"]) == ("yard-dev", "post-users-pool-id")
    assert [scope["scopeName"] for scope in server["scopes"]] == ["read", "write"]


COMMON = {
    "userPoolId": "post-users-pool-id",
    "allowedOauthFlowsUserPoolClient": True,
    "explicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
    "enableTokenRevocation": True,
    "preventUserExistenceErrors": "ENABLED",
    "refreshTokenValidity": 12,
    "tokenValidityUnits": {"accessToken": "minutes", "idToken": "minutes", "refreshToken": "hours"},
}
SCOPES = ["yard-dev/read", "yard-dev/write"]


def test_pages_get_short_tokens_for_a_code_and_have_no_secret(members: Deployment) -> None:
    urls = [
        "https://domainName:post-site-front-distribution/",
        "https://domainName:post-site-front-distribution/panel.html",
    ]
    assert members.inputs("cognito.UserPoolClient")["post-users-pages"] == {
        **COMMON,
        "name": "yard-dev-pages",
        "allowedOauthFlows": ["code"],
        "allowedOauthScopes": ["openid", *SCOPES],
        "callbackUrls": [*urls, "http://localhost:8080/"],
        "logoutUrls": [*urls, "http://localhost:8080/"],
        "supportedIdentityProviders": ["COGNITO"],
        "accessTokenValidity": 15,
        "idTokenValidity": 15,
    }


def test_programs_get_tokens_for_a_secret(members: Deployment) -> None:
    assert members.inputs("cognito.UserPoolClient")["post-users-machines"] == {
        **COMMON,
        "name": "yard-dev-machines",
        "generateSecret": True,
        "allowedOauthFlows": ["client_credentials"],
        "allowedOauthScopes": SCOPES,
        "accessTokenValidity": 60,
        "idTokenValidity": 60,
    }


def test_outputs_tell_whose_tokens_are_asked_for_and_keep_the_secret_one(members: Deployment) -> None:
    outputs = members.stack_outputs()
    secret = outputs["machine_client_secret"]
    assert (secret["value"], len(secret)) == ("clientSecret:post-users-machines", 2)  # the other is a secret's mark
    assert {name: outputs[name] for name in ("authorization", "scopes", "user_pool_id", "user_pool_arn")} == {
        "authorization": USER_POOL,
        "scopes": {"read": "yard-dev/read", "write": "yard-dev/write"},
        "user_pool_id": "post-users-pool-id",
        "user_pool_arn": "arn:post-users-pool",
    }
    assert outputs["user_pool_client_id"] == "post-users-pages-id"
    assert outputs["machine_client_id"] == "post-users-machines-id"


def test_pages_are_told_where_to_sign_in(members: Deployment, yard: Deployment) -> None:
    told = json.loads(members.inputs("s3.BucketObjectv2")["post-site/config.json"]["content"])
    assert told["sign_in"] == {
        "url": members.stack_outputs()["sign_in_url"],
        "client_id": "post-users-pages-id",
        "scopes": SCOPES,
    }
    assert "sign_in" not in json.loads(yard.inputs("s3.BucketObjectv2")["post-site/config.json"]["content"])


@pytest.mark.slow
def test_without_a_page_there_is_no_client_for_pages() -> None:
    made = deployed(AuthorizationSettings(type=USER_POOL))
    assert [*made.inputs("cognito.UserPoolClient")] == ["post-users-machines"]
    assert "user_pool_client_id" not in made.stack_outputs()


@pytest.mark.parametrize(("mfa", "token"), [("OFF", None), ("OPTIONAL", {"enabled": True}), ("ON", {"enabled": True})])
def test_a_second_factor_is_an_authenticator_app(mfa: Any, token: Any) -> None:
    pool = deployed(AuthorizationSettings(type=USER_POOL, mfa=mfa)).only("cognito.UserPool").inputs
    assert (pool["mfaConfiguration"], pool.get("softwareTokenMfaConfiguration")) == (mfa, token)


def test_a_pool_is_kept_where_tables_are() -> None:
    kept = TableSettings(deletion_protection=True, retain_on_delete=True)
    pool = deployed(AuthorizationSettings(type=USER_POOL), table=kept).only("cognito.UserPool")
    assert (pool.inputs["deletionProtection"], pool.retained) == ("ACTIVE", True)


def test_in_a_pool_that_stands_already_only_scopes_and_clients_are_made(guests: Deployment) -> None:
    kinds = {resource.kind for resource in guests.registered if resource.kind.startswith("cognito.")}
    assert kinds == {"cognito.ResourceServer", "cognito.UserGroup", "cognito.UserPoolClient"}
    for kind in kinds:
        assert {inputs["userPoolId"] for inputs in guests.inputs(kind).values()} == {"eu-west-1_aB3"}
    assert guests.only("apigateway.Authorizer").inputs["providerArns"] == ["arn:post-users-pool"]
    address = guests.stack_outputs()["sign_in_url"]
    assert address == "https://customDomain:post-users-pool.auth.eu-west-1.amazoncognito.com"


@pytest.mark.parametrize("pool", ["made", EXISTING])
def test_a_preview_knows_scopes_and_no_id(pool: str) -> None:
    settings = AuthorizationSettings(type=USER_POOL, user_pool=pool)
    made = record(stacked(service=TRAFFIC, authorization=settings), preview=True)
    machines = made.inputs("cognito.UserPoolClient")["post-users-machines"]
    assert machines["name"] == "parcels-dev-machines"
    assert made.only("cognito.ResourceServer").inputs["identifier"] == "parcels-dev"
    assert isinstance(made.stack_outputs()["sign_in_url"], Unknown)


def trigger(made: Deployment) -> Any:
    return made.only("apigateway.Deployment").inputs["triggers"]


@pytest.mark.untraced
def test_another_way_another_pool_and_another_scope_are_deployed(members: Deployment, guests: Deployment) -> None:
    other = a_service(functions=(a_function(a_route(scope="count"), KEYED, OPEN),))
    ways = [AuthorizationSettings(type=kind) for kind in ("NONE", "API_KEY", "AWS_IAM", USER_POOL)]
    made = [*map(deployed, ways), members, guests, deployed(AuthorizationSettings(type=USER_POOL), service=other)]
    triggers = [json.dumps(trigger(one)) for one in made]
    assert len(triggers) - len(set(triggers)) == 1  # a pool's ARN is the same in the recorder, made or not


def test_an_authorizer_that_asks_elsewhere_is_deployed() -> None:
    def moved(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:apigateway/authorizer:Authorizer":
            return None
        return pulumi.ResourceTransformResult(
            {**args.props, "identitySource": "method.request.header.X-Token"}, args.opts
        )

    def triggers(transforms: Iterable[Any]) -> Any:
        settings = AuthorizationSettings(type=USER_POOL)
        options = pulumi.ResourceOptions(transforms=[*transforms])
        return trigger(record(lambda: TapStack("post", TapStackArgs(authorization=settings), options)))

    assert triggers([]) != triggers([moved])


def test_refusals_say_what_to_send(signed: Deployment, members: Deployment) -> None:
    def told(made: Deployment) -> dict[str, Any]:
        return {
            r["responseType"]: r["statusCode"] for r in made.inputs("apigateway.Response").values() if "statusCode" in r
        }

    assert told(members)["UNAUTHORIZED"] == "401"
    assert told(members)["MISSING_AUTHENTICATION_TOKEN"] == "404"
    assert told(signed)["MISSING_AUTHENTICATION_TOKEN"] == told(signed)["ACCESS_DENIED"] == "403"
    assert "UNAUTHORIZED" not in told(signed)


def test_pages_that_cannot_sign_are_warned_of() -> None:
    made = deployed(AuthorizationSettings(type="AWS_IAM"), service=a_yard())
    assert any("pages cannot sign requests" in warning for warning in made.warnings)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"service": a_service(functions=(a_function(OPEN),))}, "authorization.type 'COGNITO_USER_POOLS': give NONE"),
        ({"service": a_yard(), "site": SiteSettings(public=True)}, "site.public True: give False, for with COGNITO"),
    ],
)
def test_what_a_user_pool_cannot_do_is_refused(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TapStackArgs(authorization=AuthorizationSettings(type=USER_POOL), **args)


def test_a_public_site_needs_no_pool_of_services_without_pages() -> None:
    settings = AuthorizationSettings(type=USER_POOL)
    assert TapStackArgs(service=PARCELS, authorization=settings, site=SiteSettings(public=True))


def test_a_pool_by_itself_needs_scopes() -> None:
    with pytest.raises(ValueError, match=r"scopes \(\): give at least one"):
        UserPoolArgs(name="post", scopes=())


def test_a_pool_by_itself_is_made_as_in_dev() -> None:
    made = record(lambda: UserPool("users", UserPoolArgs(name="post", scopes=["read"])))
    assert made.only("cognito.UserPool").inputs["mfaConfiguration"] == "OPTIONAL"
    assert not made.only("cognito.UserPool").retained


def test_an_api_by_itself_needs_the_pool_whose_tokens_it_asks_for() -> None:
    settings = AuthorizationSettings(type=USER_POOL)
    with pytest.raises(ValueError, match=r"user_pool None: with COGNITO_USER_POOLS give the UserPool"):
        ApiArgs(name="post", routes=[], authorization=settings)


def test_an_api_by_itself_hands_out_what_callers_need_on_its_own_stage() -> None:
    def program() -> None:
        desk = Function(
            "desk", FunctionArgs(name="post-desk", role_arn="arn:role", files={"index.py": "handler = print\n"})
        )
        settings = ApiSettings(stage_name="live")
        api = Api("counter", ApiArgs(name="post-counter", routes=[(a_route(), desk), (KEYED, desk)], settings=settings))
        pulumi.export("read", api.grant("read"))

    assert record(program).exports["read"]["Resource"] == "executionArn:counter-api/live/GET/parcels"


def test_users_of_an_existing_pool_need_a_group(guests: Deployment) -> None:
    assert guests.only("cognito.UserGroup").inputs == {
        "name": "parcels-dev",
        "description": "Users who can call the API parcels-dev",
        "userPoolId": "eu-west-1_aB3",
    }
    variables = guests.only("lambda.Function").inputs["environment"]["variables"]
    assert variables["USER_POOL_GROUP"] == "parcels-dev"
    assert guests.stack_outputs()["user_pool_group"] == "parcels-dev"


def test_group_of_an_existing_pool_can_exist() -> None:
    made = deployed(AuthorizationSettings(type=USER_POOL, user_pool=EXISTING, user_group="admins"))
    assert not made.of("cognito.UserGroup")
    assert made.only("lambda.Function").inputs["environment"]["variables"]["USER_POOL_GROUP"] == "admins"
    assert made.stack_outputs()["user_pool_group"] == "admins"


def test_users_of_a_created_pool_need_no_group(members: Deployment) -> None:
    assert not members.of("cognito.UserGroup")
    functions = members.inputs("lambda.Function").values()
    assert not [one for one in functions if "USER_POOL_GROUP" in (one.get("environment") or {}).get("variables", {})]
    assert "user_pool_group" not in members.stack_outputs()


def test_variable_with_the_group_is_reserved() -> None:
    with pytest.raises(ValueError, match="USER_POOL_GROUP"):
        a_service(functions=(a_function(a_route(), variables={"USER_POOL_GROUP": "x"}),))
