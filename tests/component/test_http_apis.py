"""Services with several APIs and with function URLs."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from lib.components.api.http_api import HttpApi, HttpApiArgs
from lib.components.compute.function import Function
from lib.model import Alarm, Api, FunctionUrl, JwtAuthorizer, Service, Site, Throttle
from lib.program.recorder import Deployment, record
from lib.settings import (
    ApiSettings,
    AuthorizationSettings,
    FirewallSettings,
    FunctionSettings,
    ObservationSettings,
    RolloutSettings,
)
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import (
    PAGES,
    a_function,
    a_route,
    a_service,
    an_authorizer,
    an_optional_authorizer,
    service_with_apis,
)

THROTTLE = Throttle(rate_per_second=1, burst=2)


def deploy(service: Service, **args: Any) -> tuple[Deployment, TapStack]:
    """Deploy a service to the recorder."""
    stacks: list[TapStack] = []
    deployment = record(
        lambda: stacks.append(TapStack("post", TapStackArgs(environment_suffix="dev", service=service, **args)))
    )
    return deployment, stacks[0]


def test_each_api_has_its_own_routes() -> None:
    deployment, stack = deploy(service_with_apis())
    keys = {route["routeKey"] for route in deployment.inputs("apigatewayv2.Route").values()}
    assert keys == {"GET /reports/{day}", "POST /reports"}
    methods = deployment.inputs("apigateway.Method").values()
    assert {method["httpMethod"] for method in methods} == {"GET", "OPTIONS"}
    api = deployment.single("apigatewayv2.Api").inputs
    assert (api["name"], api["protocolType"], api["description"]) == ("parcels-admin-api-dev", "HTTP", "Reports.")
    assert [*stack.apis] == ["api", "admin-api"]
    assert stack.apis["api"] is stack.api


def test_function_of_both_apis_accepts_requests_of_both() -> None:
    deployment, _ = deploy(service_with_apis())
    permissions = deployment.inputs("lambda.Permission").values()
    desk = [each for each in permissions if each["function"] == "parcels-desk-dev"]
    assert len({each["sourceArn"] for each in desk}) == 2
    integration = deployment.single("apigatewayv2.Integration").inputs
    assert (integration["integrationType"], integration["payloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    index = deployment.inputs("lambda.Function")["post-desk-function"]["code"].assets["index.py"].text
    assert "handler = HttpEvents(handler)\n" in index


def test_function_url_is_public_only_for_its_function() -> None:
    deployment, _ = deploy(service_with_apis(), rollout=RolloutSettings(strategy="AllAtOnce"))
    url = deployment.single("lambda.FunctionUrl").inputs
    assert (url["functionName"], url["qualifier"], url["authorizationType"]) == ("parcels-hooks-dev", "live", "NONE")
    public = [each for each in deployment.inputs("lambda.Permission").values() if each["principal"] == "*"]
    assert {each["action"] for each in public} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    for permission in public:
        assert (permission["function"], permission["qualifier"]) == ("parcels-hooks-dev", "live")
        assert permission.get("functionUrlAuthType") == "NONE" or permission["invokedViaFunctionUrl"] is True
    index = deployment.inputs("lambda.Function")["post-hooks-function"]["code"].assets["index.py"].text
    assert "handler = HttpEvents(handler, [('POST', '/hooks/{source}')])\n" in index


@pytest.mark.parametrize(
    "args",
    [{}, {"function": FunctionSettings(provisioned_concurrency=1)}, {"rollout": RolloutSettings(strategy="AllAtOnce")}],
    ids=["default", "provisioned concurrency", "rollout"],
)
def test_url_of_a_function_stays_the_same_with_other_settings(args: dict[str, Any]) -> None:
    hooks = a_function(name="hooks", url=FunctionUrl())
    deployment, stack = deploy(a_service(functions=(hooks, a_function(name="desk"))), **args)
    assert deployment.single("lambda.FunctionUrl").inputs["qualifier"] == "live"
    assert bool(stack.functions["desk"].alias) is bool(args)


def test_signed_requests_to_a_function_url_need_both_permissions() -> None:
    hooks = a_function(name="hooks", url=FunctionUrl())
    deployment, stack = deploy(a_service(functions=(hooks,)))
    assert not deployment.inputs("lambda.Permission")
    assert stack.api is None
    policy = deployment.stack_outputs()["function_url_policies"]["hooks"]
    first, second = json.loads(policy)["Statement"]
    assert first["Action"] == ["lambda:InvokeFunctionUrl"]
    assert (second["Action"], second["Condition"]) == (
        ["lambda:InvokeFunction"],
        {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    )


def test_limits_of_a_route_are_those_of_its_api() -> None:
    deployment, _ = deploy(service_with_apis())
    stage = deployment.single("apigatewayv2.Stage").inputs
    assert (stage["name"], stage["autoDeploy"]) == ("$default", True)
    assert stage["defaultRouteSettings"]["throttlingRateLimit"] > 1
    assert stage["routeSettings"] == [
        {
            "routeKey": "POST /reports",
            "throttlingRateLimit": 1,
            "throttlingBurstLimit": 2,
            "detailedMetricsEnabled": False,
        }
    ]
    assert not [
        key for key in deployment.inputs("apigateway.MethodSettings") if key.endswith("-throttle") and "reports" in key
    ]


def test_preflight_requests_do_not_match_a_route_with_any_method() -> None:
    routes = (
        a_route(method="ANY", path="/files/{key+}", scope="read"),
        a_route(path="/files/{name+}", operation="read_file"),
    )
    service = a_service(functions=(a_function(*routes),), apis=(Api(name="api", protocol="HTTP"),))
    deployment, _ = deploy(service, authorization=AuthorizationSettings(type="AWS_IAM"))
    deployed = deployment.inputs("apigatewayv2.Route").values()
    methods = ("HEAD", "POST", "PUT", "PATCH", "DELETE")
    keys = {"GET /files/{name+}", *(f"{method} /files/{{key+}}" for method in methods)}
    assert {route["routeKey"] for route in deployed} == keys
    assert {route["authorizationType"] for route in deployed} == {"AWS_IAM"}


def test_access_log_needs_no_role_of_the_account() -> None:
    service = a_service(apis=(Api(name="api", protocol="HTTP", settings=ApiSettings(access_log=True)),))
    deployment, _ = deploy(service)
    groups = [group["name"] for group in deployment.inputs("cloudwatch.LogGroup").values()]
    assert "/aws/vendedlogs/apigateway/parcels-api-dev" in groups
    assert "$context.routeKey" in deployment.single("apigatewayv2.Stage").inputs["accessLogSettings"]["format"]
    assert not deployment.inputs("apigateway.Account")


def test_origins_of_an_api_can_differ() -> None:
    admin = Api(name="admin-api", protocol="HTTP", settings=ApiSettings(cors_origin="https://admin.example.com"))
    deployment, _ = deploy(service_with_apis(apis=(admin,)), api=ApiSettings(cors_origin="https://shop.example.com"))
    cors = deployment.single("apigatewayv2.Api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://admin.example.com"]
    assert cors["allowMethods"] == ["GET", "POST"]
    assert deployment.single("lambda.FunctionUrl").inputs["cors"]["allowOrigins"] == ["https://shop.example.com"]
    functions = deployment.inputs("lambda.Function")
    assert "'https://shop.example.com'" in functions["post-desk-function"]["code"].assets["index.py"].text
    assert "example.com" not in functions["post-hooks-function"]["code"].assets["index.py"].text


def test_without_origins_there_is_no_cors_configuration() -> None:
    deployment, _ = deploy(service_with_apis(), api=ApiSettings(cors_origin=""))
    assert "corsConfiguration" not in deployment.single("apigatewayv2.Api").inputs
    assert "cors" not in deployment.single("lambda.FunctionUrl").inputs


def test_signed_requests_are_allowed_by_scope_in_every_api() -> None:
    deployment, _ = deploy(service_with_apis(), authorization=AuthorizationSettings(type="AWS_IAM"))
    routes = deployment.inputs("apigatewayv2.Route").values()
    assert {route["authorizationType"] for route in routes} == {"AWS_IAM"}
    policies = deployment.stack_outputs()["caller_policies"]
    assert len(json.loads(policies["read"])["Statement"]) == 2
    (only,) = json.loads(policies["write"])["Statement"]
    assert only["Resource"].endswith("/$default/POST/reports")


def test_tokens_of_the_user_pool_are_accepted() -> None:
    service = a_service(apis=(Api(name="api", protocol="HTTP"),))
    deployment, _ = deploy(service, authorization=AuthorizationSettings(type="COGNITO_USER_POOLS"))
    authorizer = deployment.single("apigatewayv2.Authorizer").inputs
    assert authorizer["authorizerType"] == "JWT"
    assert len(authorizer["jwtConfiguration"]["audiences"]) == 1
    route = deployment.single("apigatewayv2.Route").inputs
    assert route["authorizationType"] == "JWT"
    assert route["authorizationScopes"][0].endswith("/read")


def test_http_api_can_be_the_default_api() -> None:
    service = a_service(
        apis=(Api(name="api", protocol="HTTP"),),
        alarms=(Alarm(name="busy", on="api", metric="Count", threshold=9, description="is busy"),),
    )
    deployment, stack = deploy(service, observation=ObservationSettings(dashboard=True))
    assert not deployment.inputs("apigateway.RestApi")
    assert isinstance(stack.api, HttpApi)
    assert "api_urls" not in stack.outputs
    alarms = deployment.inputs("cloudwatch.MetricAlarm").values()
    on_api = {
        alarm["metricName"]: alarm["dimensions"] for alarm in alarms if alarm.get("namespace") == "AWS/ApiGateway"
    }
    assert {"5xx", "Count"} <= {*on_api}
    assert on_api["5xx"].keys() == {"ApiId", "Stage"}
    assert "5xx" in deployment.single("cloudwatch.Dashboard").inputs["dashboardBody"]


def test_named_stage_is_part_of_the_path() -> None:
    service = a_service(apis=(Api(name="api", protocol="HTTP", settings=ApiSettings(stage_name="v1")),))
    assert deploy(service)[0].single("apigatewayv2.Stage").inputs["name"] == "v1"


def test_domain_maps_to_the_stage_of_the_http_api() -> None:
    domain = ApiSettings(domain_name="admin.example.com", zone_id="Z0123456789ABC", base_path="v1")
    deployment, _ = deploy(service_with_apis(apis=(Api(name="admin-api", protocol="HTTP", settings=domain),)))
    mapping = deployment.single("apigatewayv2.ApiMapping").inputs
    assert (mapping["domainName"], mapping["stage"], mapping["apiMappingKey"]) == (
        "admin.example.com",
        "$default",
        "v1",
    )
    assert not deployment.inputs("apigateway.BasePathMapping")


def test_only_one_rest_api_sets_the_log_role_and_all_share_the_firewall() -> None:
    second = Api(name="admin-api", settings=ApiSettings(access_log=True))
    deployment, _ = deploy(
        service_with_apis(apis=(second,)),
        api=ApiSettings(log_role="create", access_log=True, cors_origin="https://a.example.com,https://b.example.com"),
        firewall=FirewallSettings(enabled=True),
    )
    assert len(deployment.inputs("apigateway.Account")) == 1
    assert [*deployment.inputs("wafv2.WebAclAssociation")] == [
        "post-firewall-association",
        "post-firewall-admin-api-association",
    ]
    names = {function["name"] for function in deployment.inputs("lambda.Function").values()}
    assert {"parcels-api-preflight-dev", "parcels-admin-api-preflight-dev"} <= names


def test_firewall_of_an_api_stays_if_the_default_api_gets_its_first_route() -> None:
    admin = a_service(functions=(a_function(a_route(api="admin-api")),), apis=(Api(name="admin-api"),))
    both = a_service(
        functions=(a_function(a_route(api="admin-api"), a_route(path="/reports")),), apis=(Api(name="admin-api"),)
    )
    before, after = (deploy(service, firewall=FirewallSettings(enabled=True))[0] for service in (admin, both))
    assert [*before.inputs("wafv2.WebAclAssociation")] == ["post-firewall-admin-api-association"]
    assert {*after.inputs("wafv2.WebAclAssociation")} > {*before.inputs("wafv2.WebAclAssociation")}


def test_outputs_name_every_api() -> None:
    _, stack = deploy(service_with_apis())
    assert [*stack.outputs["api_urls"]] == [*stack.outputs["api_ids"]] == ["api", "admin-api"]
    assert [*stack.outputs["function_urls"]] == ["hooks"]


def test_domain_of_the_stack_is_that_of_the_default_api() -> None:
    args = TapStackArgs(
        service=service_with_apis(),
        api=ApiSettings(domain_name="api.example.com", zone_id="Z0123456789ABC", throttle_burst=7),
    )
    admin = args.api_settings("admin-api")
    assert (admin.domain_name, admin.throttle_burst) == ("", 7)
    assert args.api_settings("api").domain_name == "api.example.com"


HTTP = (Api(name="api", protocol="HTTP"),)


@pytest.mark.parametrize(
    ("apis", "args", "message"),
    [
        (HTTP, {"api": ApiSettings(health_route=True)}, "api.health_route must be unset for an HTTP API, got True"),
        (HTTP, {"authorization": AuthorizationSettings(type="API_KEY")}, "HTTP APIs have no API keys"),
        (
            HTTP,
            {"firewall": FirewallSettings(enabled=True)},
            "firewall.enabled must be unset, .* no REST API",
        ),
        (
            (Api(name="admin-api", settings=ApiSettings(domain_name="a.example.com")),),
            {},
            "must be a domain with a certificate",
        ),
        (
            (Api(name="admin-api", settings=ApiSettings(domain_name="a.example.com", zone_id="Z0123456789ABC")),),
            {"api": ApiSettings(domain_name="a.example.com", zone_id="Z0123456789ABC")},
            "must be a domain name that 'api' does not have, got 'a.example.com'",
        ),
        (
            (Api(name="admin-api", protocol="HTTP", settings=ApiSettings(throttle_burst=1)),),
            {},
            "throttle.burst must be at most throttle_burst, which is 1, got 2",
        ),
    ],
)
def test_settings_that_an_api_does_not_support_are_rejected(
    apis: tuple[Api, ...], args: dict[str, Any], message: str
) -> None:
    admin = a_route(path="/reports", api="admin-api", throttle=THROTTLE)
    functions = (a_function(a_route(), *([admin] if apis[0].name == "admin-api" else [])),)
    with pytest.raises(ValueError, match=message):
        TapStackArgs(service=a_service(apis=apis, functions=functions), **args)


def test_function_with_a_url_is_not_split() -> None:
    routes = (a_route(method="POST", operation="take"), a_route(operation="show"))
    service = a_service(functions=(a_function(*routes), a_function(*routes, name="hooks", url=FunctionUrl())))
    assert [function.name for function in service.split().functions] == ["take", "show", "hooks"]


def test_function_urls_need_no_provisioned_api() -> None:
    hooks = a_function(name="hooks", url=FunctionUrl(), settings=FunctionSettings(timeout_seconds=60))
    deployment, stack = deploy(a_service(functions=(hooks,)))
    assert not deployment.inputs("apigateway.RestApi")
    assert "api_url" not in stack.outputs


def test_authorizers_of_an_http_api_are_native_or_functions_in_the_format_of_rest_apis() -> None:
    login = JwtAuthorizer(name="login", issuer="https://id.example.com", audience=("shop",))
    gate = a_function(
        name="gate", routes=(), authorizers=(an_authorizer(name="gate", type="REQUEST", cache_seconds=60),)
    )
    routes = (
        a_route(authorizer="login", scope="parcels:read"),
        a_route(path="/gated", authorizer="gate"),
        a_route(path="/open", authorizer=""),
    )
    service = a_service(
        apis=(Api(name="api", protocol="HTTP"),), functions=(a_function(*routes), gate), authorizers=(login,)
    )
    deployment, _ = deploy(service, authorization=AuthorizationSettings(type="AWS_IAM"))
    authorizers = {each["name"]: each for each in deployment.inputs("apigatewayv2.Authorizer").values()}
    assert authorizers["login_jwt"]["jwtConfiguration"] == {"issuer": "https://id.example.com", "audiences": ["shop"]}
    assert authorizers["gate"]["identitySources"] == ["$request.header.Authorization"]
    assert authorizers["gate"]["authorizerPayloadFormatVersion"] == "1.0"
    assert authorizers["gate"]["authorizerResultTtlInSeconds"] == 60
    types = {
        route["routeKey"]: route["authorizationType"] for route in deployment.inputs("apigatewayv2.Route").values()
    }
    assert types == {"GET /parcels": "JWT", "GET /gated": "CUSTOM", "GET /open": "NONE"}
    permissions = [each["function"] for each in deployment.inputs("lambda.Permission").values()]
    assert sorted(permissions) == ["parcels-desk-dev", "parcels-gate-dev"]


def test_jwt_authorizer_of_the_user_pool_accepts_the_tokens_of_its_clients() -> None:
    login = JwtAuthorizer(name="login", issuer="user-pool")
    routes = (a_route(), a_route(path="/mine", authorizer="login"))
    service = a_service(
        apis=(Api(name="api", protocol="HTTP"),), functions=(a_function(*routes),), authorizers=(login,)
    )
    deployment, stack = deploy(service, authorization=AuthorizationSettings(type="COGNITO_USER_POOLS"))
    assert stack.user_pool
    configurations = [each["jwtConfiguration"] for each in deployment.inputs("apigatewayv2.Authorizer").values()]
    assert len(configurations) == 2
    assert configurations[0] == configurations[1]
    assert "cognito-idp" in configurations[0]["issuer"]


def test_http_api_rejects_arguments_without_effect() -> None:
    route = a_route(authorizer="gate")
    with pytest.raises(ValueError, match=r"authorization.type must be another type, got 'API_KEY'\. HTTP APIs have no"):
        HttpApiArgs(name="post", routes=(), authorization=AuthorizationSettings(type="API_KEY"))
    with pytest.raises(ValueError, match="route authorizer must be the name of an authorizer, got 'gate'"):
        HttpApiArgs(name="post", routes=[(route, cast(Function, None))])


def test_site_knows_the_urls_of_all_endpoints() -> None:
    deployment, _ = deploy(service_with_apis(site=Site(folder=PAGES)))
    (config,) = [each for each in deployment.inputs("s3.BucketObjectv2").values() if each["key"] == "config.json"]
    assert json.loads(config["content"])["urls"].keys() == {"api", "admin-api", "hooks"}


def test_optional_authorizer_of_an_http_api_has_no_identity_sources() -> None:
    gate = a_function(name="gate", routes=(), authorizers=(an_optional_authorizer(),))
    functions = (a_function(a_route(authorizer="optional")), gate)
    deployment, _ = deploy(a_service(apis=(Api(name="api", protocol="HTTP"),), functions=functions))
    assert not deployment.single("apigatewayv2.Authorizer").inputs.get("identitySources")


def test_pages_can_send_cookies_to_every_endpoint() -> None:
    settings = ApiSettings(cors_origin="https://shop.example.com", cors_credentials=True)
    deployment, _ = deploy(service_with_apis(), api=settings)
    assert deployment.single("apigatewayv2.Api").inputs["corsConfiguration"]["allowCredentials"] is True
    assert deployment.single("lambda.FunctionUrl").inputs["cors"]["allowCredentials"] is True


PAGE = "https://shop.example.com"


def test_endpoints_with_any_origin_allow_no_credentials() -> None:
    admin = Api(name="admin-api", protocol="HTTP", settings=ApiSettings(cors_origin="*"))
    hooks = a_function(a_route(path="/hooks"), name="hooks", url=FunctionUrl(auth="NONE", cors_origin="*"))
    own = a_function(a_route(path="/own"), name="own", url=FunctionUrl(auth="NONE"))
    service = service_with_apis(apis=(admin,), functions=(*service_with_apis().functions[:1], hooks, own))
    deployment, _ = deploy(service, api=ApiSettings(cors_origin=PAGE, cors_credentials=True))
    urls = deployment.inputs("lambda.FunctionUrl")
    assert "allowCredentials" not in deployment.single("apigatewayv2.Api").inputs["corsConfiguration"]
    assert "allowCredentials" not in urls["post-hooks-url"]["cors"]
    assert urls["post-own-url"]["cors"]["allowCredentials"] is True


def test_arguments_override_the_origin_of_a_default_http_api() -> None:
    default = Api(name="api", protocol="HTTP", settings=ApiSettings(cors_origin="https://defined.example.com"))
    service = a_service(apis=(default,))
    for args, expected in ({}, "https://defined.example.com"), ({"api": ApiSettings(cors_origin=PAGE)}, PAGE):
        deployment, _ = deploy(service, **args)
        cors = deployment.single("apigatewayv2.Api").inputs["corsConfiguration"]
        assert cors["allowOrigins"] == [expected]


def test_route_knows_whose_tokens_its_http_api_verifies() -> None:
    login = JwtAuthorizer(name="login", issuer="https://issuer.example.com/", audience=("parcels",))
    pool = JwtAuthorizer(name="pool", issuer="user-pool")
    desk = a_function(
        a_route(),
        a_route(path="/rest", authorizer="login"),
        a_route(path="/other", authorizer="login", api="admin-api"),
        a_route(path="/pool", authorizer="pool", api="admin-api"),
    )
    service = service_with_apis(functions=(desk,), authorizers=(login, pool))
    deployment, _ = deploy(service, authorization=AuthorizationSettings(type="COGNITO_USER_POOLS"))
    index = deployment.inputs("lambda.Function")["post-desk-function"]["code"].assets["index.py"].text
    assert [line.split("'")[3] for line in index.splitlines() if "other_issuer=True" in line] == ["/other"]
