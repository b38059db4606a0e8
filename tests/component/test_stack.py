"""Properties of every `TapStack`, regardless of its service."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.output import Unknown

from lib.assets.generated_code import generated_sources
from lib.assets.lambda_archive import shared_sources, sources
from lib.model import Service
from lib.program.monitor import DuplicateUrn
from lib.program.recorder import Deployment, RegisteredResource, record, record_file
from lib.services import SERVICES
from lib.services.inventory.service import HANDLER
from lib.settings import AlarmSettings, ApiSettings, AuthorizationSettings, FunctionSettings, TableSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import DESK, NEW_PARCEL, PARCELS, SWEEP, a_function, a_route, a_service
from ..support.programs import EVERYTHING, FULL_SERVICE, PRODUCTION, PROGRAMS, PUBLIC_SERVICE, stacked
from .conftest import Evaluation, evaluate

ALL = (EVERYTHING, FULL_SERVICE, PUBLIC_SERVICE, PRODUCTION)
"""Arguments of stacks that together have every kind of resource."""
PROJECT = Path(__file__).parents[2] / "tap.py"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"


def test_service_in_place_of_the_arguments_is_rejected() -> None:
    message = (
        r"^args of TapStack 'desk' must be TapStackArgs, got Service\. Pass args_from_config\(service=\.\.\.\) or "
    )
    with pytest.raises(TypeError, match=message):
        record(lambda: TapStack("desk", a_service()))  # type: ignore[arg-type]  # the mistake
    with pytest.raises(
        TypeError, match=r"^TapStack has no argument 'service'\. Pass args_from_config\(service=\.\.\.\) or "
    ):
        record(lambda: TapStack("desk", service=a_service()))  # type: ignore[call-arg]  # the mistake


def aws_resources(deployment: Deployment) -> list[RegisteredResource]:
    """Return the resources that are neither components nor providers."""
    components = {resource.parent for resource in deployment.registered}
    return [r for r in deployment.registered if r.urn not in components and not r.kind.startswith("providers.")]


def supports_tags(kind: str) -> bool:
    """Return whether a kind of resource supports tags."""
    module, name = kind.split(".")
    return hasattr(getattr(import_module(f"pulumi_aws.{'lambda_' if module == 'lambda' else module}"), name), "tags")


@pytest.mark.untraced
@pytest.mark.slow
def test_name_of_every_child_starts_with_the_name_of_its_parent(any_stack: Deployment) -> None:
    names = {resource.urn: resource.name for resource in any_stack.registered}
    strays = [
        resource.urn
        for resource in any_stack.registered
        if resource.kind != "stack.TapStack" and not re.match(f"{names[resource.parent]}[-/]", resource.name)
    ]
    assert not strays


def test_every_aws_resource_belongs_to_a_component(any_stack: Deployment) -> None:
    kinds = {resource.urn: resource.kind for resource in any_stack.registered}
    parents = {kinds[resource.parent] for resource in aws_resources(any_stack)}
    assert parents == {kind for kind in parents if kind.startswith("aws.")}


def add_tag(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Add a tag to every resource that has tags."""
    if "tags" not in args.props:
        return None
    tags: Any = args.props["tags"]
    return pulumi.ResourceTransformResult({**args.props, "tags": {**tags, "Marked": "yes"}}, args.opts)


@pytest.mark.untraced
@pytest.mark.slow
@pytest.mark.parametrize("args", ALL, ids=["everything", "yard", "open yard", "production"])
def test_tags_and_transforms_of_the_stack_reach_every_resource_that_has_tags(args: dict[str, Any]) -> None:
    tags = {"Owner": "post", "Team": "desk"}
    options = pulumi.ResourceOptions(transforms=[add_tag])
    deployment = record(lambda: TapStack("post", TapStackArgs(**args, tags=tags), options))
    tagged = [resource for resource in aws_resources(deployment) if supports_tags(resource.kind)]
    assert len({resource.kind for resource in tagged}) > 15
    expected = {**tags, "Marked": "yes"}
    assert [resource.urn for resource in tagged if not resource.inputs["tags"].items() >= expected.items()] == []


def test_arguments_contain_the_merged_tags() -> None:
    assert TapStackArgs(tags={"Owner": "me"}).tags == {"Project": "IaC-Nova-Test", "Owner": "me"}


def test_only_suffix_and_tags_are_positional_arguments() -> None:
    assert TapStackArgs("pr-7", {"Owner": "me"}) == TapStackArgs(environment_suffix="pr-7", tags={"Owner": "me"})
    with pytest.raises(TypeError, match="positional"):
        TapStackArgs("pr-7", {"Owner": "me"}, "inventory")  # type: ignore[call-arg, arg-type]


def test_stack_has_the_suffix_and_the_merged_tags(stack: TapStack) -> None:
    assert stack.environment_suffix == stack.args.environment_suffix == "prod"
    assert stack.tags == {
        "Project": "IaC-Nova-Test",
        "Owner": "LLM-Eval",
        "Environment": "prod",
        "Service": "inventory",
        "ManagedBy": "Pulumi",
    }
    created: list[TapStack] = []
    record(lambda: created.append(TapStack("post", TapStackArgs("pr-7", {"Owner": "me"}, service=PARCELS))))
    assert created[0].environment_suffix == "pr-7"
    assert created[0].tags == {"Environment": "pr-7", "Service": "parcels", "ManagedBy": "Pulumi", "Owner": "me"}


def physical_names(deployment: Deployment) -> Counter[tuple[str, str, str]]:
    """Count the names that must be unique in an account (roles) or in a region of it."""
    scoped = {"restApi", "role"}  # Resources with these inputs are named within another resource.
    return Counter(
        (resource.kind, "" if resource.kind == "iam.Role" else resource.provider, resource.inputs["name"])
        for resource in aws_resources(deployment)
        if "name" in resource.inputs and scoped.isdisjoint(resource.inputs)
    )


@pytest.mark.slow
@pytest.mark.untraced
def test_stacks_with_different_suffixes_have_different_names() -> None:
    def program() -> None:
        for suffix in ("blue", "green"):
            TapStack(suffix, TapStackArgs(environment_suffix=suffix, service=PARCELS))
            TapStack(f"{suffix}-items", TapStackArgs(environment_suffix=suffix))
            TapStack(f"{suffix}-shop", TapStackArgs(environment_suffix=suffix, service="inventory"))
            TapStack(f"{suffix}-yard", TapStackArgs(environment_suffix=suffix, **FULL_SERVICE))

    names = physical_names(record(program))
    assert len(names) > 40
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.untraced
def test_stacks_with_one_suffix_in_two_regions_have_different_names() -> None:
    def program() -> None:
        west = aws.Provider("west", region="us-west-2")
        TapStack("east", TapStackArgs(environment_suffix="prod"))
        TapStack("west", TapStackArgs(environment_suffix="prod"), pulumi.ResourceOptions(provider=west))

    names = physical_names(record(program))
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.untraced
def test_every_resource_uses_the_provider_of_the_stack() -> None:
    def program() -> None:
        west = aws.Provider("west", region="us-west-2")
        TapStack("tap", TapStackArgs(service=PARCELS), pulumi.ResourceOptions(provider=west))

    deployment = record(program)
    assert {resource.provider.split("::")[-2] for resource in aws_resources(deployment)} == {"west"}


def test_two_stacks_with_one_name_are_rejected() -> None:
    def program() -> None:
        TapStack("tap")
        TapStack("tap")

    with pytest.raises(DuplicateUrn, match="TapStack"):
        record(program)


@pytest.mark.untraced
def test_paths_that_differ_only_in_punctuation_are_different_resources() -> None:
    paths = ("/parcels/{id}", "/parcels/id", "/parcels-id", "/parcels_id", "/parcels.id")
    deployment = record(stacked(service=a_service(functions=(a_function(*(a_route(path=path) for path in paths)),))))
    assert {path for method, path in deployment.endpoints() if method == "GET"} == set(paths)


def differences(real: Any, previewed: Any) -> list[str]:
    """Return the paths of previewed values that are neither unknown nor equal to the actual ones."""
    if isinstance(previewed, Unknown) or isinstance(real, pulumi.Archive | pulumi.Asset):
        return []
    if isinstance(real, Mapping) and isinstance(previewed, Mapping) and real.keys() == previewed.keys():
        return [f"{key}.{path}" for key in real for path in differences(real[key], previewed[key])]
    if isinstance(real, list) and isinstance(previewed, list) and len(real) == len(previewed):
        return [f"[].{path}" for pair in zip(real, previewed, strict=True) for path in differences(*pair)]
    return [] if real == previewed else [f" {previewed!r}, not {real!r}"]


def plain_inputs(resource: RegisteredResource) -> dict[str, Any]:
    """Return the inputs of a resource without its secrets, some of which are generated in every run."""
    return {name: value for name, value in resource.inputs.items() if resource.serialized_inputs[name] != "[secret]"}


@pytest.mark.slow
@pytest.mark.untraced
def test_preview_with_unknown_outputs_has_the_same_inputs(evaluation: Evaluation) -> None:
    real, previewed = evaluation.deployment, record(PROGRAMS[evaluation.program], preview=True)
    inputs = {resource.urn: plain_inputs(resource) for resource in previewed.registered}
    assert inputs.keys() == {resource.urn for resource in real.registered}
    for resource in real.registered:
        assert not differences(plain_inputs(resource), inputs[resource.urn]), resource.urn
    for policy in previewed.inputs("iam.RolePolicy").values():
        assert isinstance(policy["policy"], Unknown)


def reachable(value: Any) -> set[tuple[str, str]]:
    """Return type and name of every resource that is accessible through public attributes."""
    if isinstance(value, pulumi.Resource):
        resource = {(value.pulumi_resource_type, value.pulumi_resource_name)}
        attributes = vars(value) if isinstance(value, pulumi.ComponentResource) else {}
        return resource.union(*(reachable(inner) for name, inner in attributes.items() if name[0] != "_"))
    if isinstance(value, Mapping):
        return set().union(*map(reachable, value.values()))
    return set().union(*map(reachable, value)) if isinstance(value, list | tuple) else set()


@pytest.fixture(scope="module", name="stack")
def inventory_stack() -> TapStack:
    """Return a stack of the inventory service."""
    return evaluate("inventory").stack


@pytest.mark.slow
@pytest.mark.untraced
def test_every_resource_is_accessible_through_the_stack(evaluation: Evaluation) -> None:
    names = {name for type_, name in reachable(evaluation.stack) if type_.startswith("aws:")}
    assert {resource.name for resource in aws_resources(evaluation.deployment)} - names == set()


def test_stack_without_a_site_allows_the_origins_of_its_arguments() -> None:
    stacks: list[TapStack] = []
    record(lambda: stacks.append(stacked(api=ApiSettings(cors_origin="https://a.example,https://b.example"))()))
    assert stacks[0].cors_origins == ["https://a.example", "https://b.example"]
    assert stacks[0].site_origin is None


def test_every_component_exposes_its_resource(stack: TapStack) -> None:
    by_name: tuple[Mapping[str, pulumi.ComponentResource], ...] = (
        stack.tables,
        stack.parameters,
        stack.layers,
        stack.roles,
        stack.functions,
        stack.topics,
        stack.schedules,
    )
    components = [component for components_of_kind in by_name for component in components_of_kind.values()]
    exposed = [getattr(component, "resource", None) for component in (*components, stack.api, stack.alarm_topic)]
    assert all(isinstance(resource, pulumi.CustomResource) for resource in exposed)
    assert {*stack.alarms["create-item"].resources} == {"Duration", "Errors", "Throttles"}


@pytest.mark.untraced
@pytest.mark.slow
def test_every_output_is_an_attribute_of_the_stack(stack: TapStack, inventory: Deployment) -> None:
    assert stack.outputs.keys() == inventory.stack_outputs().keys()
    assert not [name for name, value in stack.outputs.items() if getattr(stack, name) is not value]


CAPTURED_KINDS = (
    "Integration",
    "IntegrationResponse",
    "Method",
    "MethodResponse",
    "Model",
    "RequestValidator",
    "Resource",
    "Response",
)


def captured_resources(deployment: Deployment) -> dict[str, Any]:
    """Return the resources that an API deployment captures."""
    return {kind: deployment.inputs(f"apigateway.{kind}") for kind in CAPTURED_KINDS}


def trigger(deployment: Deployment) -> dict[str, str]:
    """Return the triggers of the API deployment."""
    triggers: dict[str, str] = deployment.single("apigateway.Deployment").inputs["triggers"]
    return triggers


@pytest.fixture(scope="module", name="before")
def deployed_before() -> Deployment:
    """Return a deployment of the parcel service in dev."""
    return record(stacked())


def with_routes(*routes: Any) -> Service:
    """Return the parcel service with other routes of its desk."""
    return replace(PARCELS, functions=(replace(DESK, routes=routes), SWEEP))


ACCEPT, LIST, HAND_OUT = DESK.routes


@pytest.mark.slow
@pytest.mark.parametrize(
    "args",
    [
        {"function": FunctionSettings(memory_mb=1024, timeout_seconds=29, tracing=True)},
        {"tags": {"Owner": "another team"}},
        {"alarms": AlarmSettings(errors=5, notification_email="ops@example.com")},
        {"table": TableSettings(billing_mode="PROVISIONED")},
        {"api": ApiSettings(throttle_rate_per_second=1, throttle_burst=2, stage_name="live")},
        {"api": ApiSettings(access_log=True, execution_log_level="INFO", metrics=True, log_role="create")},
        {
            "service": replace(
                PARCELS, functions=(replace(DESK, handler="lib.services.items.handler.repository"), SWEEP)
            )
        },
        {"service": replace(PARCELS, functions=(DESK,))},
        {"service": with_routes(replace(ACCEPT, grants=(), summary="Accept one"), LIST, HAND_OUT)},
        {"service": with_routes(HAND_OUT, ACCEPT, LIST)},
    ],
    ids=[
        "settings",
        "tags",
        "alarms",
        "tables",
        "throttle",
        "logs",
        "code",
        "schedules",
        "grants and summary",
        "order",
    ],
)
@pytest.mark.untraced
def test_unchanged_api_is_not_redeployed(before: Deployment, args: dict[str, Any]) -> None:
    after = record(stacked(**args))
    assert captured_resources(after) == captured_resources(before)
    assert trigger(after) == trigger(before)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        {"api": ApiSettings(cors_origin="https://shop.example.com")},
        {"authorization": AuthorizationSettings(type="API_KEY")},
        {"service": with_routes(ACCEPT, LIST)},
        {"service": with_routes(ACCEPT, replace(LIST, query={}), HAND_OUT)},
        {"service": with_routes(ACCEPT, replace(LIST, key_required=True), HAND_OUT)},
        {"service": with_routes(replace(ACCEPT, body=None), LIST, HAND_OUT)},
        {"service": with_routes(ACCEPT, replace(LIST, path="/letters"), HAND_OUT)},
        {"service": replace(PARCELS, schemas={"NewParcel": {**NEW_PARCEL, "maxProperties": 9}})},
        {"service": replace(PARCELS, functions=(replace(DESK, name="counter"), SWEEP))},
    ],
    ids=["cors", "key", "removed route", "query", "key of one route", "body", "path", "schema", "function"],
)
@pytest.mark.untraced
def test_changed_api_is_redeployed(before: Deployment, change: dict[str, Any]) -> None:
    after = record(stacked(**change))
    assert captured_resources(after) != captured_resources(before)
    assert trigger(after) != trigger(before)


@pytest.mark.parametrize("suffix", [None, "", "dev", "development"])
def test_missing_suffix_and_alias_select_the_dev_profile(suffix: str | None) -> None:
    args = TapStackArgs(environment_suffix=suffix, service=PARCELS)
    assert args.environment == args.environment_suffix == (suffix or "dev")
    assert args.settings().function.memory_mb == 128


QUICK = a_function(a_route(path="/quick"), name="quick", settings=FunctionSettings(timeout_seconds=2))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"environment_suffix": "feature/x"}, "environment_suffix must be .*, got 'feature/x'. Use 'feature-x'"),
        ({"environment_suffix": "Production"}, "environment_suffix must be 'production', got 'Production'"),
        ({"environment_suffix": 7}, r"environment_suffix must be .*, got 7. Use '7'"),
        ({"environment_suffix": "x" * 129, "service": PARCELS}, "stage_name must be 1 to 128 .*, got 'xxx"),
        ({"service": "itmes"}, "service must be one of items, .*, got 'itmes'"),
        ({"service": None}, "service must be one of items, .*, got None"),
        (
            {"environment_suffix": "prod", "table": TableSettings(max_read_capacity=20)},
            "max_read_capacity must be at least .*, got 20",
        ),
        (
            {"environment_suffix": "prod", "api": ApiSettings(cors_origin="*")},
            r"cors_origin must be a list of origins in prod, got '\*'",
        ),
        (
            {"environment_suffix": "prod", "api": ApiSettings(cors_origin="*"), **FULL_SERVICE},
            r"api.cors_origin must be a list of origins in prod, got '\*'",
        ),
        ({"split_functions": "yes"}, "split_functions must be true or false, got 'yes'"),
        ({"api": ApiSettings(domain_name="a.example.com")}, "api.domain_name must be .*, got 'a.example.com'"),
        ({"api": ApiSettings(base_path="v1")}, "api.base_path must be unset .*, got 'v1'"),
        (
            {"api": ApiSettings(certificate_arn=CERTIFICATE)},
            f"api.certificate_arn must be unset .*, got '{CERTIFICATE}'",
        ),
        *(
            ({name: ["x"]}, rf"^TapStackArgs {name} must be of the type [A-Z]\w+Settings, got \['x'\]\.$")
            for name in ("function", "table", "api", "alarms", "site")
        ),
        ({"tags": ["x"]}, r"^tags must be a mapping, got \['x'\]\.$"),
        ({"tags": {"Owner": 7}}, r"tags\['Owner'\] must be at most 256 letters, .*, got 7"),
        ({"tags": {"a;b": "c"}}, "tags keys must be 1 to 128 letters, .*, got 'a;b'"),
        (
            {"tags": {"project": "a", "Project": "b"}},
            "tags must not have keys that differ only in case",
        ),
        (
            {"tags": {f"tag{n}": "x" for n in range(50)}},
            "tags must have at most 50 tags together with the default tags, got 52",
        ),
        (
            {"function": FunctionSettings(timeout_seconds=3)},
            r"alarms.duration_ms must be less than .*\(3000 ms\), got 4000",
        ),
        (
            {"service": a_service(functions=(a_function(), QUICK)), "alarms": AlarmSettings(duration_ms=3000)},
            r"alarms.duration_ms must be less than .*\(2000 ms\), got 3000",
        ),
        *(
            (
                {"environment_profile": profile},
                f"^environment_profile must be one of dev, test, staging, prod, or None for .*, got {profile!r}\\.$",
            )
            for profile in ("", "production", "Prod", 7)
        ),
    ],
)
def test_invalid_arguments_are_rejected_before_a_resource_is_created(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TapStackArgs(**args)


@pytest.mark.untraced
def test_role_of_a_function_with_a_long_name_has_a_valid_name() -> None:
    deployment = record(stacked(service=a_service(functions=(a_function(name="f" * 50),))))
    assert len(deployment.single("lambda.Function").inputs["name"]) == 62
    assert len(deployment.single("iam.Role").inputs["namePrefix"]) <= 38


def test_name_that_is_too_long_is_rejected() -> None:
    service = a_service(functions=(a_function(name="f" * 60),))
    with pytest.raises(
        ValueError, match=r"^function name must be at most 64 characters, got 'parcels-fff.*Shorten the type"
    ):
        TapStackArgs(service=service)


@pytest.mark.untraced
def test_names_with_a_long_suffix_are_cut_to_the_limit() -> None:
    deployment = record(stacked(environment_suffix="feature-" + "long-" * 12))
    functions = [function["name"] for function in deployment.inputs("lambda.Function").values()]
    assert all(len(name) <= 64 for name in functions)
    assert len(set(functions)) == 2


def test_arguments_without_tags_have_the_default_tags() -> None:
    assert TapStackArgs(tags=None).tags == TapStackArgs().tags


def test_alarms_that_evaluate_more_than_a_day_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"alarms.evaluation_periods must be at most 86400 divided by .*, got 25\."):
        AlarmSettings(period_seconds=3600, evaluation_periods=25)


@pytest.mark.untraced
def test_change_of_a_transform_redeploys_the_api() -> None:
    def require_signatures(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:apigateway/method:Method":
            return None
        return pulumi.ResourceTransformResult({**args.props, "authorization": "AWS_IAM"}, args.opts)

    def triggers(options: pulumi.ResourceOptions | None) -> Any:
        deployment = record(lambda: TapStack("tap", TapStackArgs(), options))
        return deployment.single("apigateway.Deployment").inputs["triggers"]

    assert triggers(None) == triggers(None)
    assert triggers(None) != triggers(pulumi.ResourceOptions(transforms=[require_signatures]))


def test_environment_profile_overrides_the_profile_of_the_suffix() -> None:
    args = TapStackArgs(environment_suffix="pr-7", environment_profile="prod", service=PARCELS)
    assert (args.environment, args.profile) == ("pr-7", "prod")
    assert args.settings().authorization.type == "API_KEY"
    assert args.settings().table.deletion_protection is True
    relaxed = TapStackArgs(environment_suffix="prod-eu", environment_profile="dev", service=PARCELS)
    assert relaxed.settings().table.deletion_protection is False


@pytest.mark.parametrize("suffix", ["prod-eu", "eu-live", "prd", "production2"])
def test_production_like_suffix_is_protected(suffix: str) -> None:
    settings = TapStackArgs(environment_suffix=suffix, service=PARCELS).settings()
    assert settings.authorization.type == "API_KEY"
    assert settings.api.cors_origin == ""
    assert settings.api.execution_log_bodies is False
    assert (settings.table.retain_on_delete, settings.table.deletion_protection) == (True, True)


def default_profile_messages(**args: Any) -> list[str]:
    """Return the messages of a deployment about a suffix that selects no profile."""
    return [message for message in record(stacked(**args)).info_messages if "names no environment profile" in message]


@pytest.mark.untraced
def test_deployment_reports_a_suffix_with_the_default_profile() -> None:
    assert default_profile_messages(environment_suffix="pr-7") == [
        "environment_suffix 'pr-7' names no environment profile, so the settings of dev apply. Set "
        "environment_profile to select another profile: dev, test, staging, prod."
    ]


@pytest.mark.untraced
def test_deployment_warns_of_a_misspelled_profile() -> None:
    (warning,) = record(stacked(environment_suffix="produciton")).warnings
    assert "names no environment profile, so the settings of dev apply. Did you mean 'production'? Set " in warning


@pytest.mark.parametrize(
    "args", [{}, {"environment_suffix": "prod-eu"}, {"environment_suffix": "pr-7", "environment_profile": "dev"}]
)
@pytest.mark.slow
@pytest.mark.untraced
def test_deployment_with_a_selected_profile_reports_no_message(args: dict[str, Any]) -> None:
    assert default_profile_messages(**args) == []


def test_preflight_responses_declare_every_header_that_they_set(any_stack: Deployment) -> None:
    declared = any_stack.inputs("apigateway.MethodResponse")
    for name, response in any_stack.inputs("apigateway.IntegrationResponse").items():
        method_response = declared[name.replace("-integration-response", "-response")]
        assert method_response["statusCode"] == response["statusCode"]
        declared_headers = method_response.get("responseParameters", {}).keys()
        assert declared_headers == response.get("responseParameters", {}).keys()


def test_deployment_depends_on_all_captured_resources(any_stack: Deployment) -> None:
    mocks = {name for name, inputs in any_stack.inputs("apigateway.Integration").items() if inputs["type"] == "MOCK"}
    responses = any_stack.by_kind("apigateway.IntegrationResponse")
    captured = {*any_stack.by_kind("apigateway.Integration")} - mocks | {
        *responses,
        *any_stack.by_kind("apigateway.Response"),
    }
    permissions = {*any_stack.by_kind("lambda.Permission")}
    assert captured <= {*any_stack.single("apigateway.Deployment").depends_on}
    assert permissions & {*any_stack.single("apigateway.Deployment").depends_on}
    assert mocks <= {name for response in responses.values() for name in response.depends_on}


@pytest.mark.untraced
def test_program_of_the_project_exports_every_output_of_its_stack() -> None:
    program = record_file(PROJECT, {"service": "items"})
    assert program.exports == program.stack_outputs()


@pytest.mark.untraced
def test_argument_overrides_the_setting_of_a_function() -> None:
    desk = a_function(settings=FunctionSettings(memory_mb=256, timeout_seconds=20))
    deployment = record(stacked(service=a_service(functions=(desk,)), function=FunctionSettings(memory_mb=1024)))
    function = deployment.single("lambda.Function").inputs
    assert (function["memorySize"], function["timeout"]) == (1024, 20)


def packed(function: dict[str, Any]) -> dict[str, str]:
    """Return the files of a function or a layer."""
    return {path: asset.text for path, asset in function["code"].assets.items()}


def unpacked(files: Mapping[str, str]) -> dict[str, str]:
    """Return files as archives contain them: empty ones have a newline."""
    return {path: text or "\n" for path, text in files.items()}


@pytest.mark.parametrize("origin", ["", "https://shop.example.com", "https://a.example.com,https://b.example.com"])
@pytest.mark.untraced
def test_functions_contain_their_sources_with_the_allowed_origins(origin: str) -> None:
    desk = record(stacked(api=ApiSettings(cors_origin=origin))).inputs("lambda.Function")["post-desk-function"]
    assert packed(desk) == unpacked(sources(PARCELS, PARCELS.functions[0], origin))
    assert "CORS_ORIGIN" not in desk["environment"]["variables"]


@pytest.mark.slow
def test_split_functions_share_their_code_in_one_layer(inventory: Deployment) -> None:
    layer = inventory.single("lambda.LayerVersion").inputs
    assert packed(layer) == unpacked({f"python/{path}": text for path, text in shared_sources(HANDLER).items()})
    service = SERVICES["inventory"].split()
    for function in service.functions:
        inputs = inventory.inputs("lambda.Function")[f"shop-{function.name}-function"]
        assert inputs["layers"] == ["arn:shop-shared-layer"]
        assert packed(inputs) == unpacked(generated_sources(service, function))
