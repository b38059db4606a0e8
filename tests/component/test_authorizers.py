"""Resources of Lambda authorizers, and CORS with credentials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi_aws as aws
import pytest

from lib.assets.generated_code import generated_sources
from lib.components.api.rest_api import ApiArgs
from lib.model import Api, JwtAuthorizer, LambdaAuthorizer, Protocol, Site
from lib.program.recorder import Deployment, record
from lib.settings import (
    USER_POOL,
    ApiSettings,
    AuthorizationSettings,
    FunctionSettings,
    NetworkSettings,
    RolloutSettings,
)
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import PAGES, a_function, a_grant, a_route, a_service
from ..support.programs import stacked

HEADER = "method.request.header.Authorization"
TOKEN = LambdaAuthorizer(name="token", operation="authorize", validation="^Bearer .+$", cache_seconds=60)
OPTIONAL = LambdaAuthorizer(
    name="optional", operation="authorize", type="REQUEST", cache_seconds=0, optional=True,
    grants=(a_grant("parcels", "GetItem"),),
)  # fmt: skip
ROUTES = (
    a_route(path="/parcels", authorizer="token"),
    a_route(path="/hours", authorizer="optional"),
    a_route(path="/keyed", authorizer="token", key_required=True),
    a_route(path="/open", authorizer=""),
    a_route(path="/default"),
)
GATE = a_function(name="gate", authorizers=(TOKEN, OPTIONAL), routes=())
SERVICE = a_service(functions=(a_function(*ROUTES), GATE))
LOGIN = JwtAuthorizer(name="login", issuer="https://issuer.example.com/", audience=("parcels",))
POOL = JwtAuthorizer(name="pool", issuer="user-pool", optional=True)
JWT = a_service(
    authorizers=(LOGIN, POOL),
    functions=(a_function(a_route(), a_route(path="/a", authorizer="login"), a_route(path="/b", authorizer="pool")),),
)
PAGE = "https://shop.example.com"
CREDENTIALS = "Access-Control-Allow-Credentials"


def deployed(**args: Any) -> Deployment:
    return record(stacked(**{"service": SERVICE, **args}))


@pytest.fixture(scope="module", name="api_keys")
def api_keys_fixture() -> Deployment:
    """Record the service in an environment that requires API keys."""
    return deployed(authorization=AuthorizationSettings(type="API_KEY"))


def test_authorizers_are_created_with_their_cache_and_identity_sources(api_keys: Deployment) -> None:
    by_name = {inputs["name"]: inputs for inputs in api_keys.inputs("apigateway.Authorizer").values()}
    uri = "invokeArn:post-gate-function"
    assert {name: value for name, value in by_name["token"].items() if name != "restApi"} == {
        "authorizerResultTtlInSeconds": 60,
        "authorizerUri": uri,
        "identitySource": HEADER,
        "identityValidationExpression": "^Bearer .+$",
        "name": "token",
        "type": "TOKEN",
    }
    assert {name: value for name, value in by_name["optional"].items() if name != "restApi"} == {
        "authorizerResultTtlInSeconds": 0,
        "authorizerUri": uri,
        # A header would be required.
        "identitySource": "context.identity.sourceIp",
        "name": "optional",
        "type": "REQUEST",
    }


def test_each_route_has_its_authorization(api_keys: Deployment) -> None:
    methods = {path: m for (method, path), (m, _) in api_keys.endpoints().items() if method == "GET"}
    assert {path: (m["authorization"], m.get("authorizerId"), m["apiKeyRequired"]) for path, m in methods.items()} == {
        "/parcels": ("CUSTOM", "post-api-authorizer-token-id", False),
        "/hours": ("CUSTOM", "post-api-authorizer-optional-id", False),
        "/keyed": ("CUSTOM", "post-api-authorizer-token-id", True),
        "/open": ("NONE", None, False),
        "/default": ("NONE", None, True),
    }


def test_only_the_authorizers_of_the_api_can_invoke_their_function(api_keys: Deployment) -> None:
    sources = [p["sourceArn"] for p in api_keys.inputs("lambda.Permission").values() if "gate" in str(p["function"])]
    assert [source.partition("/")[2] for source in sorted(sources)] == [
        "authorizers/post-api-authorizer-optional-id",
        "authorizers/post-api-authorizer-token-id",
    ]


def test_function_with_routes_needs_no_further_permission() -> None:
    both = a_function(a_route(authorizer="token"), authorizers=(TOKEN,))
    (permission,) = deployed(service=a_service(functions=(both,))).inputs("lambda.Permission").values()
    assert permission["sourceArn"].endswith("/*")


def test_permission_is_for_the_alias_of_a_rollout() -> None:
    deployment = deployed(rollout=RolloutSettings(strategy="AllAtOnce"))
    permissions = deployment.inputs("lambda.Permission").values()
    assert {p.get("qualifier") for p in permissions} == {"live"}
    assert {a["authorizerUri"] for a in deployment.inputs("apigateway.Authorizer").values()} == {
        "invokeArn:post-gate-alias"
    }


def test_alarm_on_errors_does_not_count_rejected_requests(api_keys: Deployment) -> None:
    alarms = {inputs["name"]: inputs for inputs in api_keys.inputs("cloudwatch.MetricAlarm").values()}
    gate = next(inputs for name, inputs in alarms.items() if "gate" in name and "rrors" in name)
    rest, all_errors, excluded = gate["metricQueries"]
    assert (rest["expression"], rest["returnData"]) == ("all - FILL(excluded, 0)", True)
    metrics = [
        (q["metric"]["namespace"], q["metric"]["metricName"], q["metric"]["stat"]) for q in (all_errors, excluded)
    ]
    assert metrics == [("AWS/Lambda", "Errors", "Sum"), ("TapStack", "Unauthorized", "Sum")]
    assert all_errors["metric"]["dimensions"] == excluded["metric"]["dimensions"]
    assert (gate["evaluationPeriods"], "metricName" in gate) == (2, False)
    desk = next(inputs for name, inputs in alarms.items() if "desk" in name and "rrors" in name)
    assert (desk["metricName"], desk["evaluationPeriods"]) == ("Errors", 1)


def test_callers_wait_for_authorizers() -> None:
    args = TapStackArgs(service=SERVICE, function=FunctionSettings(provisioned_concurrency=2))
    assert [args.function_settings(function).provisioned_concurrency for function in SERVICE.functions] == [2, 2]


def test_error_responses_are_only_in_apis_with_authorizers(api_keys: Deployment) -> None:
    def responses(deployment: Deployment) -> dict[str, Any]:
        return {inputs["responseType"]: inputs for inputs in deployment.inputs("apigateway.Response").values()}

    created = responses(api_keys)
    assert {name: created[name]["statusCode"] for name in ("UNAUTHORIZED", "ACCESS_DENIED", "AUTHORIZER_FAILURE")} == {
        "UNAUTHORIZED": "401",
        "ACCESS_DENIED": "403",
        "AUTHORIZER_FAILURE": "503",
    }
    headers = "gatewayresponse.header."
    assert created["UNAUTHORIZED"]["responseParameters"][f"{headers}WWW-Authenticate"] == "'Bearer'"
    assert created["AUTHORIZER_FAILURE"]["responseParameters"][f"{headers}Retry-After"] == "'2'"
    assert f"{headers}Retry-After" not in created["DEFAULT_5XX"]["responseParameters"]
    assert not {"UNAUTHORIZED", "AUTHORIZER_FAILURE"} & responses(deployed(service=a_service())).keys()


def test_changed_authorizer_redeploys_the_api(api_keys: Deployment) -> None:
    def triggers(deployment: Deployment) -> Any:
        (inputs,) = deployment.inputs("apigateway.Deployment").values()
        return inputs["triggers"]

    other = a_service(
        functions=(a_function(*ROUTES), a_function(name="gate", authorizers=(OPTIONAL, LambdaAuthorizer(
            name="token", operation="authorize", validation="^Bearer .+$", cache_seconds=61)), routes=()))
    )  # fmt: skip
    settings = AuthorizationSettings(type="API_KEY")
    assert triggers(deployed(service=other, authorization=settings)) != triggers(api_keys)
    assert triggers(deployed(authorization=settings)) == triggers(api_keys)


def test_function_for_the_user_pool_knows_the_pool_and_its_clients() -> None:
    deployment = deployed(service=JWT, authorization=AuthorizationSettings(type=USER_POOL))
    functions = {inputs["name"]: inputs for inputs in deployment.inputs("lambda.Function").values()}
    variables = functions["parcels-pool-authorizer-dev"]["environment"]["variables"]
    assert variables["JWT_ISSUER"].startswith("https://cognito-idp.")
    assert variables["JWT_ISSUER"].endswith("/post-users-pool-id")
    assert (variables["JWT_AUDIENCE"], variables["JWT_GROUP"]) == ("post-users-machines-id", "")
    other = functions["parcels-login-authorizer-dev"]["environment"]["variables"]
    assert (other["JWT_ISSUER"], "JWT_GROUP" in other) == ("https://issuer.example.com/", False)


def test_user_pool_whose_tokens_only_authorizers_check_has_no_scopes() -> None:
    service = a_service(authorizers=(POOL,), functions=(a_function(a_route(authorizer="pool")),))
    pages = AuthorizationSettings(type=USER_POOL, callback_urls=("https://shop.example.com/account",))
    deployment = deployed(service=service, authorization=pages)
    assert not deployment.inputs("cognito.ResourceServer")
    assert [each["name"] for each in deployment.inputs("apigateway.Authorizer").values()] == ["pool"]
    ((name, client),) = deployment.inputs("cognito.UserPoolClient").items()
    assert (name, client["allowedOauthScopes"]) == ("post-users-pages", ["openid"])
    functions = {inputs["name"]: inputs for inputs in deployment.inputs("lambda.Function").values()}
    assert functions["parcels-pool-authorizer-dev"]["environment"]["variables"]["JWT_AUDIENCE"] == "post-users-pages-id"


def test_user_pool_without_scopes_requires_a_client() -> None:
    settings = AuthorizationSettings(type=USER_POOL)
    routes = (a_function(a_route(authorizer="pool")),)
    service = a_service(authorizers=(POOL,), functions=routes)
    with pytest.raises(ValueError, match=r"authorization.callback_urls must be the URLs of the pages that sign in"):
        TapStackArgs(service=service, authorization=settings)
    known = a_service(authorizers=(replace(POOL, audience=("app",)),), functions=routes)
    TapStackArgs(service=known, authorization=settings)


@pytest.mark.parametrize("protocol", ["REST", "HTTP"])
def test_issuer_can_be_a_user_pool_of_the_program(protocol: Protocol) -> None:
    def program() -> None:
        pool = aws.cognito.UserPool("customers")
        client = aws.cognito.UserPoolClient("app", user_pool_id=pool.id)
        issuer = pool.id.apply(lambda pool_id: f"https://cognito-idp.eu-west-1.amazonaws.com/{pool_id}")
        login = JwtAuthorizer(name="login", issuer=issuer, audience=("another", client.id))
        desk = a_function(a_route(authorizer="login"))
        service = a_service(authorizers=(login,), functions=(desk,), apis=(Api(name="api", protocol=protocol),))
        TapStack("post", TapStackArgs(service=service))

    deployment = record(program)
    issuer = "https://cognito-idp.eu-west-1.amazonaws.com/customers-id"
    functions = {inputs["name"]: inputs for inputs in deployment.inputs("lambda.Function").values()}
    variables = functions["parcels-login-authorizer-dev"]["environment"]["variables"]
    assert (variables["JWT_ISSUER"], variables["JWT_AUDIENCE"]) == (issuer, "another app-id")
    assert "JWT_GROUP" not in variables
    if protocol == "HTTP":
        (authorizer,) = deployment.inputs("apigatewayv2.Authorizer").values()
        assert authorizer["jwtConfiguration"] == {"issuer": issuer, "audiences": ["another", "app-id"]}


def test_layer_of_split_functions_does_not_contain_provided_functions() -> None:
    service = a_service(authorizers=(LOGIN,), functions=(a_function(a_route(authorizer="login")),))
    deployment = deployed(service=service, split_functions=True)
    functions = {inputs["name"]: inputs.get("layers") for inputs in deployment.inputs("lambda.Function").values()}
    assert functions.keys() == {"parcels-list-parcels-dev", "parcels-login-authorizer-dev"}
    assert functions["parcels-list-parcels-dev"]
    assert not functions["parcels-login-authorizer-dev"]


def test_user_pool_as_issuer_requires_a_user_pool() -> None:
    with pytest.raises(ValueError, match=r"'pool' issuer must be a URL without COGNITO_USER_POOLS, got 'user-pool'"):
        TapStackArgs(service=JWT)


def test_issuer_must_be_reachable() -> None:
    service = a_service(authorizers=(LOGIN,))
    isolated = NetworkSettings(vpc="create", nat_gateways="none")
    with pytest.raises(ValueError, match=r"network.nat_gateways must be one or per-zone with a JwtAuthorizer.*'login'"):
        TapStackArgs(service=service, network=isolated)
    TapStackArgs(service=service, network=NetworkSettings(vpc="create", nat_gateways="one"))
    TapStackArgs(service=SERVICE, network=isolated)


def test_lone_api_requires_the_authorizers_of_its_routes() -> None:
    function: Any = None
    with pytest.raises(ValueError, match=r"route authorizer must be the name of an authorizer, got 'token'. Pass it"):
        ApiArgs(name="api", routes=[(a_route(authorizer="token"), function)])


@pytest.mark.parametrize("origins", ["*", ""])
def test_credentials_require_exact_origins(origins: str) -> None:
    with pytest.raises(
        ValueError, match=rf"cors_credentials must be False while api.cors_origin is '{'.' * len(origins)}'"
    ):
        TapStackArgs(service=SERVICE, api=ApiSettings(cors_origin=origins, cors_credentials=True))


def responses_with_credentials(deployment: Deployment) -> set[str]:
    """Return the gateway responses, and the methods with mocks, that allow credentials."""
    kinds = {"apigateway.Response": "responseType", "apigateway.IntegrationResponse": "httpMethod"}
    return {
        inputs[key]
        for kind, key in kinds.items()
        for inputs in deployment.inputs(kind).values()
        if any(name.endswith(CREDENTIALS) for name in inputs.get("responseParameters") or {})
    }


def test_responses_of_api_gateway_allow_credentials_of_a_single_origin() -> None:
    one = deployed(api=ApiSettings(cors_origin=PAGE, cors_credentials=True))
    assert {"OPTIONS", "UNAUTHORIZED", "DEFAULT_4XX", "DEFAULT_5XX"} <= responses_with_credentials(one)
    several = deployed(api=ApiSettings(cors_origin=f"{PAGE},http://localhost:3000", cors_credentials=True))
    assert responses_with_credentials(several) == set()
    assert responses_with_credentials(deployed(api=ApiSettings(cors_origin=PAGE))) == set()


def test_site_can_send_credentials() -> None:
    site = a_service(site=Site(folder=PAGES))
    deployment = deployed(service=site, api=ApiSettings(cors_credentials=True))
    assert "OPTIONS" in responses_with_credentials(deployment)


CUSTOM = LambdaAuthorizer(
    name="custom",
    operation="authorize",
    type="REQUEST",
    identity_sources=("method.request.header.X-Session", "method.request.header.Cookie", "context.httpMethod"),
)


def custom_service(*routes: Any, **changes: Any) -> Any:
    gate = a_function(name="gate", authorizers=(CUSTOM,), routes=())
    return a_service(functions=(a_function(*routes), gate), **changes)


def test_preflight_responses_allow_the_headers_that_authorizers_read() -> None:
    service = custom_service(a_route(authorizer="custom"), a_route(path="/open"))
    responses = deployed(service=service).inputs("apigateway.IntegrationResponse")
    key = "method.response.header.Access-Control-Allow-Headers"
    allowed = {name: inputs["responseParameters"][key] for name, inputs in responses.items() if "options" in name}
    (with_authorizer,) = (headers for name, headers in allowed.items() if "open" not in name)
    (without,) = (headers for name, headers in allowed.items() if "open" in name)
    assert with_authorizer.endswith(",X-Correlation-Id,X-Session'")
    assert without.endswith(",X-Correlation-Id'")


def test_http_api_allows_the_headers_that_authorizers_read() -> None:
    service = custom_service(a_route(authorizer="custom"), apis=(Api(name="api", protocol="HTTP"),))
    cors = deployed(service=service).single("apigatewayv2.Api").inputs["corsConfiguration"]
    assert cors["allowHeaders"][-2:] == ["X-Correlation-Id", "X-Session"]


def test_shared_function_of_authorizers_gets_the_events_of_both() -> None:
    routes = (a_route(authorizer="login"), a_route(method="PUT", authorizer="maybe"))
    service = a_service(
        authorizers=(LOGIN, replace(LOGIN, name="maybe", optional=True)), functions=(a_function(*routes),)
    )
    stack = deployed(service=service)
    authorizers = stack.inputs("apigateway.Authorizer").values()
    assert sorted(authorizer["type"] for authorizer in authorizers) == ["REQUEST", "TOKEN"]
    assert len({authorizer["authorizerUri"] for authorizer in authorizers}) == 1
    _, function = service.functions
    index = generated_sources(service, function)["index.py"]
    assert "'TOKEN': Authorizer(operations.authorize, ('header', 'Authorization'), False)" in index
    assert "'REQUEST': Authorizer(operations.authorize, ('header', 'Authorization'), True)" in index
