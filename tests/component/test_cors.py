"""Resources for no CORS origin, one, any and several."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.assets.lambda_archive import sources
from lib.components.api.rest_api import Api, ApiArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.program.recorder import Deployment, record
from lib.settings import (
    ApiSettings,
    EncryptionSettings,
    FunctionSettings,
    NetworkSettings,
    RolloutSettings,
    SiteSettings,
)

from ..support.builders import PARCELS, a_route, a_yard
from ..support.programs import stacked

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

A, B = "https://shop.example.com", "https://panel.example.com"
SEVERAL = f"{A}, {B}"
SITE = "https://domainName:post-site-front-distribution"
LABEL = "post-api-preflight"
PATHS = {"/parcels": "GET,POST,OPTIONS", "/parcels/{id}": "PATCH,OPTIONS"}


def deployed(cors_origin: str | None, **args: Any) -> Deployment:
    """Return the resources of a stack with these CORS origins."""
    api = ApiSettings(cors_origin=cors_origin, health_route=args.pop("health_route", None))
    return record(stacked(**{"api": api, **args}))


@pytest.fixture(scope="module", name="several")
def several_fixture() -> Deployment:
    """Return the resources of a stack with two origins."""
    return deployed(SEVERAL)


@pytest.mark.parametrize("value", [A, "*", "", None])
def test_one_origin_any_and_none_are_served_by_api_gateway_alone(value: str | None) -> None:
    made = deployed(value)
    assert not [r.name for r in made.registered if "preflight" in r.name]
    options = {path: call for (method, path), (_, call) in made.endpoints().items() if method == "OPTIONS"}
    assert {path: call["type"] for path, call in options.items()} == dict.fromkeys(PATHS, "MOCK")
    written = {
        (name.rpartition(".")[2], constant)
        for answer in made.inputs("apigateway.Response").values()
        for name, constant in answer["responseParameters"].items()
        if name.endswith(("Origin", "Vary"))
    }
    origin = "*" if value is None else value
    assert written == ({("Access-Control-Allow-Origin", f"'{origin}'")} if origin else set())


def test_white_space_around_one_origin_is_no_part_of_it() -> None:
    spaced, plain = (deployed(value).inputs("apigateway.Response") for value in (f" {A} ", A))
    assert spaced == plain


def test_several_origins_are_served_by_a_function_on_every_path(several: Deployment) -> None:
    options = {path: both for (method, path), both in several.endpoints().items() if method == "OPTIONS"}
    assert options.keys() == PATHS.keys()
    for method, integration in options.values():
        assert method["authorization"] == "NONE"
        assert "apiKeyRequired" not in method
        assert (integration["type"], integration["integrationHttpMethod"]) == ("AWS_PROXY", "POST")
        assert integration["uri"] == f"invokeArn:{LABEL}-function"
    assert not several.of("apigateway.IntegrationResponse")
    function = several.of("lambda.Function")[f"{LABEL}-function"].inputs
    assert (function["name"], function["handler"]) == ("parcels-api-preflight-dev", "index.handler")
    assert function["environment"] == {"variables": {"CORS_ORIGIN": f"{A},{B}"}}
    for path, methods in PATHS.items():
        assert f"{path!r}: {{'Access-Control-Allow-Methods': {methods!r}" in function["code"].assets["index.py"].text


def test_role_of_the_preflight_function_may_write_logs_and_nothing_else(several: Deployment) -> None:
    role = several.of("iam.Role")[f"{LABEL}-role"].inputs
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert not [name for name in several.of("iam.RolePolicyAttachment") if name.startswith(LABEL)]
    permitted, others = several.inputs("iam.RolePolicy"), deployed(A).inputs("iam.RolePolicy")
    assert permitted.keys() - others.keys() == {f"{LABEL}-log-policy"}
    assert json.loads(permitted[f"{LABEL}-log-policy"]["policy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"arn:{LABEL}-logs:*",
        }
    ]
    assert {name: permitted[name] for name in others} == others


def test_only_this_api_may_invoke_the_preflight_function(several: Deployment) -> None:
    permission = several.inputs("lambda.Permission")["post-api-parcels-api-preflight-dev-permission"]
    assert permission["principal"] == "apigateway.amazonaws.com"
    assert permission["sourceArn"] == "executionArn:post-api-api/*"
    assert permission["function"] == "parcels-api-preflight-dev"


def test_deployment_waits_for_the_preflights_and_changes_with_their_number(several: Deployment) -> None:
    deployment = several.only("apigateway.Deployment")
    waits_for = {
        "post-api/parcels-options-integration",
        "post-api/parcels/{id}-options-integration",
        "post-api-parcels-api-preflight-dev-permission",
    }
    assert waits_for <= {*deployment.depends_on}
    assert deployment.inputs["triggers"] != deployed(A).only("apigateway.Deployment").inputs["triggers"]


def test_further_origin_changes_code_and_variable_but_not_the_api(several: Deployment) -> None:
    more = deployed(f"{SEVERAL},https://third.example.com")
    triggers = [made.only("apigateway.Deployment").inputs["triggers"] for made in (several, more)]
    assert triggers[0] == triggers[1]
    variables = more.inputs("lambda.Function")[f"{LABEL}-function"]["environment"]["variables"]
    assert variables["CORS_ORIGIN"] == f"{A},{B},https://third.example.com"


def test_functions_contain_the_list(several: Deployment) -> None:
    desk = several.inputs("lambda.Function")["post-desk-function"]
    packed = {path: asset.text for path, asset in desk["code"].assets.items()}
    expected = sources(PARCELS, PARCELS.functions[0], f"{A},{B}")
    assert packed == {path: text or "\n" for path, text in expected.items()}
    assert "CORS_ORIGIN" not in desk["environment"]["variables"]


def test_gateway_errors_echo_the_origin_of_the_caller(several: Deployment) -> None:
    for answer in several.inputs("apigateway.Response").values():
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "method.request.header.Origin"
        assert headers["gatewayresponse.header.Vary"] == "'Origin'"
        assert not [name for name in headers if "Credentials" in name]


def test_health_is_the_same_for_pages_of_any_origin() -> None:
    made = deployed(SEVERAL, health_route=True)
    answer = made.only("apigateway.IntegrationResponse").inputs
    assert answer["responseParameters"]["method.response.header.Access-Control-Allow-Origin"] == "'*'"


def test_output_is_the_list(several: Deployment) -> None:
    assert several.stack_outputs()["cors_origin"] == f"{A},{B}"
    assert not [note for note in several.notes if "CORS" in note]
    assert "api-preflight" not in several.stack_outputs()["function_names"]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_alarms_watch_the_preflight_function_too(environment: str) -> None:
    made = deployed(SEVERAL, environment_suffix=environment)
    name = f"parcels-api-preflight-{environment}"
    watching = [
        a for a in made.inputs("cloudwatch.MetricAlarm").values() if a.get("dimensions") == {"FunctionName": name}
    ]
    assert {alarm["metricName"] for alarm in watching} == {"Errors", "Throttles"}
    assert {alarm["name"] for alarm in watching} <= {*made.stack_outputs()["alarm_names"].values()}


@pytest.mark.parametrize("service", ["items", "inventory", "stock"])
def test_alarms_of_the_preflight_function_have_names_of_their_own(service: str) -> None:
    made = deployed(SEVERAL, service=service)
    names = [alarm["name"] for alarm in made.inputs("cloudwatch.MetricAlarm").values()]
    assert len({*names}) == len(names)
    without = deployed(A, service=service)
    assert {alarm["name"] for alarm in without.inputs("cloudwatch.MetricAlarm").values()} <= {*names}


def test_gradual_rollout_leaves_the_preflight_function_to_the_deployment() -> None:
    made = deployed(SEVERAL, rollout=RolloutSettings(strategy="Canary10Percent5Minutes"))
    groups = {group["deploymentGroupName"] for group in made.inputs("codedeploy.DeploymentGroup").values()}
    assert not [name for name in groups if "preflight" in name]
    assert not [name for name in made.of("lambda.Alias") if "preflight" in name]
    assert "preflight" not in made.inputs("iam.RolePolicy")["post-rollout-mover-policy"]["policy"]


@pytest.mark.parametrize(
    ("environment", "settings", "reserved"),
    [
        ("dev", {}, -1),
        ("prod", {}, 20),
        ("prod", {"reserved_concurrency": 7}, 7),
        ("prod", {"reserved_concurrency": 0}, 0),
    ],
)
def test_preflight_function_reserves_few_executions_where_others_reserve_any(
    environment: str, settings: dict[str, Any], reserved: int
) -> None:
    made = deployed(SEVERAL, environment_suffix=environment, function=FunctionSettings(**settings))
    function = made.inputs("lambda.Function")[f"{LABEL}-function"]
    assert function["reservedConcurrentExecutions"] == reserved


def test_preflight_function_follows_runtime_logs_traces_and_key_of_the_stack_but_not_its_vpc() -> None:
    made = deployed(
        SEVERAL,
        function=FunctionSettings(runtime="python3.12", tracing=True, log_retention_days=90, provisioned_concurrency=2),
        encryption=EncryptionSettings(key="made"),
        network=NetworkSettings(vpc="made"),
        tags={"Team": "shop"},
    )
    function = made.inputs("lambda.Function")[f"{LABEL}-function"]
    assert function["runtime"] == "python3.12"
    assert function["tracingConfig"] == {"mode": "Active"}
    assert function["kmsKeyArn"] == "arn:post-encryption-key"
    assert function["tags"]["Team"] == "shop"
    assert "vpcConfig" not in function
    assert made.inputs("cloudwatch.LogGroup")[f"{LABEL}-logs"]["retentionInDays"] == 90
    attached = [a for name, a in made.inputs("iam.RolePolicyAttachment").items() if name.startswith(LABEL)]
    assert {a["policyArn"].rpartition("/")[2] for a in attached} == {"AWSXRayDaemonWriteAccess"}
    assert f"{LABEL}-alias" not in made.of("lambda.Alias")


def test_split_functions_share_one_preflight_function() -> None:
    made = deployed(SEVERAL, split_functions=True)
    options = {path: call for (method, path), (_, call) in made.endpoints().items() if method == "OPTIONS"}
    assert {path: call["uri"] for path, call in options.items()} == dict.fromkeys(PATHS, f"invokeArn:{LABEL}-function")


@pytest.mark.parametrize("public", [False, True])
def test_own_site_and_a_further_origin_are_known_after_deployment(public: bool) -> None:
    made = deployed(f"site,{A}", service=a_yard(), site=SiteSettings(public=public))
    url = made.stack_outputs()["site_url"]
    expected = f"{url},{A}"
    assert made.stack_outputs()["cors_origin"] == expected
    functions = made.inputs("lambda.Function")
    assert {one["environment"]["variables"]["CORS_ORIGIN"] for one in functions.values()} == {expected}
    assert len(functions) == 3
    assert "os.environ['CORS_ORIGIN']" in functions["post-desk-function"]["code"].assets["index.py"].text
    assert public or url == SITE


def test_own_site_by_name_is_the_same_as_by_default() -> None:
    default, named = (deployed(value, service=a_yard()) for value in (None, "site"))
    assert named.inputs("apigateway.Response") == default.inputs("apigateway.Response")
    assert named.inputs("apigateway.IntegrationResponse") == default.inputs("apigateway.IntegrationResponse")
    assert named.stack_outputs()["cors_origin"] == default.stack_outputs()["cors_origin"] == SITE
    assert not [r.name for r in named.registered if "preflight" in r.name]


def test_preview_with_the_own_site_registers_the_same_resources() -> None:
    args: dict[str, Any] = {"service": a_yard(), "api": ApiSettings(cors_origin=f"site,{A}")}
    made, planned = (record(stacked(**args), preview=preview) for preview in (False, True))
    assert {(r.kind, r.name) for r in planned.registered} == {(r.kind, r.name) for r in made.registered}


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
def test_api_without_a_stack_has_its_preflight_function_too(args: dict[str, Any]) -> None:
    made = lone_api(**args)
    function = made.inputs("lambda.Function")["counter-preflight-function"]
    assert function["name"] == "post-counter-preflight"
    assert function["environment"] == {"variables": {"CORS_ORIGIN": f"{A},{B}"}}


@pytest.mark.parametrize("origins", [[], [""]])
def test_api_without_a_stack_can_allow_no_origin(origins: list[str]) -> None:
    made = lone_api(cors_origins=origins)
    assert not [
        name
        for answer in made.inputs("apigateway.Response").values()
        for name in answer["responseParameters"]
        if "Access-Control" in name
    ]
