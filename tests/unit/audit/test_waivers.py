"""Scope of waivers: a stack, a route, and the conditions in their reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lib.audit.controls import CONTROLS
from lib.audit.evaluate import audit, evaluate
from lib.audit.graph import Graph, Resource, graph_of
from lib.model import Api, FunctionUrl
from lib.program.recorder import record
from lib.settings import ApiSettings, AuthorizationSettings, EncryptionSettings, FirewallSettings
from lib.tap_stack import TapStack, TapStackArgs

from ...support.builders import a_function, a_grant, a_route, a_secret, a_service

ALL = {control.name: control for controls in CONTROLS.values() for control in controls}
KEY = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"
BLOCKED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)


def created(
    kind: str, label: str, parent: str = "", sources: Mapping[str, Sequence[str]] | None = None, /, **props: Any
) -> Resource:
    """Return a resource that a component of the library created."""
    urn = f"urn:pulumi:s::p::tap:aws:X$aws:x/y:Z::{label}"
    return Resource(kind=kind, name=label, urn=urn, props=props, parent=parent, sources=sources or {})


def stack(name: str, **outputs: str) -> Resource:
    return Resource(kind="stack.TapStack", name=name, urn=f"urn:pulumi:s::p::tap:stack:TapStack::{name}", props=outputs)


def state(control: str, resource: Resource, *others: Resource) -> str:
    """Return the state of a control for a resource in a graph with other resources."""
    return evaluate(ALL[control], resource, Graph([resource, *others])).state


@pytest.mark.parametrize(
    "control", ["CKV_AWS_119", "CKV_AWS_158", "CKV_AWS_166", "CKV2_AWS_73", "SNS.1", "CKV_AWS_173"]
)
def test_resource_without_the_existing_key_of_its_stack_fails(control: str) -> None:
    with_key = stack("tap", service="items", environment_profile="prod", key_arn=KEY)
    without_key = stack("tap", service="items", environment_profile="prod")
    variables = {"environment": {"variables": {"TABLE": "t"}}}
    resource = created(ALL[control].kinds[0], "it", with_key.urn, **variables)
    assert state(control, resource, with_key) == "failed"
    assert state(control, resource, without_key) == "waived"


@pytest.mark.slow
def test_waivers_of_a_key_do_not_apply_to_a_stack_with_a_key_output() -> None:
    recorded = record(lambda: TapStack("tap", TapStackArgs(service="items", encryption=EncryptionSettings(key=KEY))))
    unencrypted = [
        resource._replace(inputs={**resource.inputs, "serverSideEncryption": {"enabled": True}})
        if resource.kind == "dynamodb.Table"
        else resource
        for resource in recorded.registered
    ]
    states = {f.control.name: f.state for f in audit(graph_of(recorded._replace(registered=unencrypted)))}
    assert states["CKV_AWS_119"] == "failed"
    assert {f.state for f in audit(graph_of(recorded)) if f.control.name == "CKV_AWS_119"} == {"passed"}


@pytest.mark.parametrize(
    ("control", "kind", "requested"),
    [("CKV_AWS_119", "dynamodb.Table", "kms.Key"), ("DynamoDB.4", "dynamodb.Table", "backup.Plan")],
)
def test_setting_of_one_stack_does_not_affect_the_waivers_of_another(control: str, kind: str, requested: str) -> None:
    first, second = (stack(name, service="items", environment_profile="prod") for name in ("first", "second"))
    resource = created(kind, "it", first.urn)
    assert state(control, resource, created(requested, "setting", second.urn), first, second) == "waived"
    assert state(control, resource, created(requested, "setting", first.urn), first, second) == "failed"


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "{productId}", "waived"),
        ("PUT", "{productId}", "failed"),
        ("GET", "movements", "failed"),
        ("GET", "inventory", "failed"),
    ],
)
def test_only_one_route_of_the_stock_api_can_be_public(environment: str, method: str, path: str, expected: str) -> None:
    parent = stack("shop", service="stock", environment_profile=environment)
    resource = created("apigateway.Resource", "path", parent.urn, pathPart=path)
    api_method = created(
        *("apigateway.Method", "method", parent.urn, {"resourceId": [resource.urn]}),
        httpMethod=method,
        authorization="NONE",
    )
    assert state("CKV_AWS_59", api_method, resource, parent) == expected


@pytest.mark.parametrize(("service", "expected"), [("items", "waived"), ("parcels", "waived"), ("stock", "failed")])
def test_other_apis_are_public_in_dev(service: str, expected: str) -> None:
    parent = stack("tap", service=service, environment_profile="dev")
    method = created("apigateway.Method", "method", parent.urn, httpMethod="POST", authorization="NONE")
    assert state("CKV_AWS_59", method, parent) == expected


@pytest.mark.parametrize(
    ("path", "rate", "expected"),
    [("*/*", 17, "waived"), ("*/*", 0, "waived"), ("*/*", -1, "failed"), ("~1items/GET", 17, "failed")],
)
def test_stage_without_a_throttle_requires_a_web_acl(path: str, rate: int, expected: str) -> None:
    stage = created("apigateway.Stage", "stage")
    settings = created(
        *("apigateway.MethodSettings", "settings", "", {"stageName": [stage.urn]}),
        methodPath=path,
        settings={"throttlingRateLimit": rate},
    )
    assert state("APIGateway.4", stage, settings) == expected
    assert state("APIGateway.4", stage) == "failed"


@pytest.mark.slow
@pytest.mark.untraced
def test_stage_next_to_a_web_acl_of_another_stack_is_waived() -> None:
    def program() -> None:
        TapStack("one", TapStackArgs("prod", service="items"))
        TapStack("two", TapStackArgs("prod", service="inventory", firewall=FirewallSettings(enabled=True)))

    findings = [f for f in audit(graph_of(record(program))) if f.control.name == "APIGateway.4"]
    assert {f.resource.name: f.state for f in findings} == {"one-api-stage": "waived", "two-api-stage": "passed"}


@pytest.mark.parametrize("artifact", [{"s3Bucket": "builds"}, {"imageUri": "registry/image"}])
def test_code_that_is_uploaded_before_the_deployment_must_be_signed(artifact: dict[str, str]) -> None:
    assert state("CKV_AWS_272", created("lambda.Function", "it", **artifact)) == "failed"
    assert state("CKV_AWS_272", created("lambda.Function", "it")) == "waived"


def bucket(parent: str) -> Resource:
    """Return a bucket of a component."""
    urn = f"urn:pulumi:s::p::tap:stack:TapStack${parent}tap:aws:Bucket$aws:s3/bucket:Bucket::files"
    return Resource(kind="s3.Bucket", name="files", urn=urn, props={})


def reason(control: str, resource: Resource, *others: Resource) -> str:
    """Return the reason of the waiver of a control."""
    return evaluate(ALL[control], resource, Graph([resource, *others])).reason


@pytest.mark.parametrize("control", ["S3.17", "S3.9", "S3.7", "S3.11"])
def test_buckets_of_sites_and_of_services_have_their_own_reasons(control: str) -> None:
    site, data = bucket("tap:aws:Site$"), bucket("")
    blocks = [
        created("s3.BucketPublicAccessBlock", f"block-{number}", "", {"bucket": [each.urn]}, **BLOCKED)
        for number, each in enumerate((site, data))
    ]
    assert reason(control, site, *blocks)
    assert reason(control, data, *blocks)
    assert reason(control, site, *blocks) != reason(control, data, *blocks)
    assert "web pages" not in reason(control, data, *blocks)


def test_only_buckets_of_services_can_lack_versions() -> None:
    assert state("S3.14", bucket("")) == "waived"
    assert state("S3.14", bucket("tap:aws:Site$")) == "failed"


@pytest.mark.parametrize(
    ("block", "expected"), [(BLOCKED, "waived"), ({**BLOCKED, "blockPublicPolicy": False}, "failed")]
)
def test_bucket_that_can_be_public_requires_access_logs(block: dict[str, bool], expected: str) -> None:
    for files in (bucket(""), bucket("tap:aws:Site$")):
        access_block = created("s3.BucketPublicAccessBlock", "block", "", {"bucket": [files.urn]}, **block)
        assert state("S3.9", files, access_block) == expected
        assert state("S3.9", files) == "failed"


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ([{"originAccessControlId": "a"}], "waived"),
        ([{"originAccessControlId": "a"}, {"customOriginConfig": {"originProtocolPolicy": "https-only"}}], "failed"),
    ],
)
def test_distribution_with_a_custom_origin_requires_logs(origins: list[Any], expected: str) -> None:
    assert state("CloudFront.5", created("cloudfront.Distribution", "front", origins=origins)) == expected


@pytest.mark.parametrize("kind", ["secretsmanager.Secret", "ssm.Parameter"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [("shop/dev/token", "passed"), ("arn:aws:secretsmanager:us-east-1:1:secret:x", "passed"), ("hunter2", "failed")],
)
def test_variable_can_contain_the_name_of_a_secret(kind: str, value: str, expected: str) -> None:
    secret = created(kind, "token", name="shop/dev/token")
    function = created(
        *("lambda.Function", "desk", "", {"environment": [secret.urn, "urn:missing"]}),
        environment={"variables": {"TOKEN_SECRET": value}},
    )
    assert state("CKV_AWS_45", function, secret) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("arn:aws-cn:ssm:cn-north-1:1:parameter/x", "passed"), ("shop/dev/token", "failed")]
)
def test_value_without_a_related_secret_must_be_an_arn(value: str, expected: str) -> None:
    secret = created("secretsmanager.Secret", "token", name="shop/dev/token")
    function = created("lambda.Function", "desk", environment={"variables": {"TOKEN_SECRET": value}})
    assert state("CKV_AWS_45", function, secret) == expected


@pytest.mark.parametrize("store", ["ssm", "secretsmanager"])
def test_secret_of_a_service_can_have_a_variable_named_like_a_secret(store: str) -> None:
    action = {"ssm": "GetParameter", "secretsmanager": "GetSecretValue"}[store]
    secret = a_secret(store=store, variable="TOKEN_SECRET", generated=True)
    desk = a_function(a_route(grants=(a_grant("token", action),)))
    recorded = record(lambda: TapStack("post", TapStackArgs(service=a_service(functions=(desk,), secrets=(secret,)))))
    assert recorded.single("lambda.Function").inputs["environment"]["variables"]["TOKEN_SECRET"].endswith("dev/token")
    assert {f.state for f in audit(graph_of(recorded)) if f.control.name == "CKV_AWS_45"} == {"passed"}


def test_public_url_of_a_function_is_waived_and_other_public_permissions_fail() -> None:
    service = a_service(functions=(a_function(url=FunctionUrl(auth="NONE")),))
    recorded = record(lambda: TapStack("tap", TapStackArgs(service=service)))
    findings = [f for f in audit(graph_of(recorded)) if f.control.name in ("Lambda.1", "CKV_AWS_258")]
    assert [finding.state for finding in findings] == ["waived"] * 3
    public = created("lambda.Permission", "it", principal="*")
    assert state("Lambda.1", public) == "failed"


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ({"principal": "*", "functionUrlAuthType": "NONE"}, "waived"),
        ({"principal": "*", "invokedViaFunctionUrl": True}, "waived"),
        ({"principal": "*"}, "failed"),
        ({"principal": "events.amazonaws.com"}, "failed"),
    ],
)
def test_function_without_asynchronous_invocations_needs_no_dead_letter_queue(
    permission: dict[str, Any], expected: str
) -> None:
    function = created("lambda.Function", "it")
    others = [
        created("lambda.Permission", "api", "", {"function": [function.urn]}, principal="apigateway.amazonaws.com"),
        created("lambda.Permission", "other", "", {"function": [function.urn]}, **permission),
    ]
    assert state("CKV_AWS_116", function, *others) == expected


@pytest.mark.parametrize(
    ("service", "authorization", "expected"),
    [
        ("orders", {"authorization": "API_KEY"}, "waived"),
        ("orders", {"authorization": "NONE"}, "failed"),
        ("orders", {}, "failed"),
        ("stock", {"authorization": "API_KEY"}, "failed"),
    ],
)
@pytest.mark.parametrize(("control", "field"), [("CKV_AWS_59", "authorization"), ("APIGateway.8", "authorizationType")])
def test_route_can_be_public_only_if_the_stack_requires_authorization(
    control: str, field: str, service: str, authorization: dict[str, str], expected: str
) -> None:
    parent = stack("tap", service=service, environment_profile="prod", **authorization)
    route = created(ALL[control].kinds[0], "it", parent.urn, httpMethod="POST", **{field: "NONE"})
    assert state(control, route, parent) == expected
    assert state(control, route) == "failed"


def test_routes_of_an_http_api_are_waived_only_without_production_data() -> None:
    def states(environment: str) -> dict[str, str]:
        service = a_service(apis=(Api(name="api", protocol="HTTP"),))
        args = TapStackArgs(
            service=service,
            environment_suffix=environment,
            authorization=AuthorizationSettings(type="NONE"),
            firewall=FirewallSettings(enabled=False),
            api=ApiSettings(cors_origin="https://shop.example.com"),
        )
        findings = audit(graph_of(record(lambda: TapStack("tap", args))))
        return {f.control.name: f.state for f in findings if f.control.name in ("APIGateway.8", "APIGateway.9")}

    assert states("dev") == {"APIGateway.8": "waived", "APIGateway.9": "waived"}
    assert states("prod") == {"APIGateway.8": "failed", "APIGateway.9": "waived"}
