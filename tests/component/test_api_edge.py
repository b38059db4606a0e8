"""The custom domain of an API, and the routes that API Gateway serves without a function."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.components.api.rest_api import ApiArgs
from lib.model import Throttle
from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import a_function, a_route, a_service
from ..support.programs import FULL_SERVICE, stacked

DOMAIN = "yard.example.com"
ZONE = "Z0123456789ABC"
INVOKE_URL = "invokeUrl:post-api-stage"


def with_domain(*transforms: Any, **api: Any) -> Deployment:
    args = TapStackArgs(**FULL_SERVICE, api=ApiSettings(domain_name=DOMAIN, zone_id=ZONE, base_path="v1", **api))
    return record(lambda: TapStack("post", args, pulumi.ResourceOptions(transforms=[*transforms])))


@pytest.fixture(scope="module", name="enabled")
def enabled_fixture() -> Deployment:
    """Record an API with a domain and an enabled `execute-api` endpoint."""
    return with_domain()


@pytest.fixture(scope="module", name="disabled")
def disabled_fixture() -> Deployment:
    """Record an API with a domain and a disabled `execute-api` endpoint."""
    return with_domain(disable_execute_api_endpoint=True)


def trigger(deployment: Deployment) -> Any:
    return deployment.single("apigateway.Deployment").inputs["triggers"]


def urls(deployment: Deployment) -> tuple[Any, Any]:
    """Return the URL of the API in the outputs and in the config of the site."""
    (config,) = [file for file in deployment.inputs("s3.BucketObjectv2").values() if file["key"] == "config.json"]
    return deployment.stack_outputs()["api_url"], json.loads(config["content"])["api_url"]


@pytest.mark.untraced
def test_existing_certificate_is_used() -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    deployment = with_domain(certificate_arn=arn)
    assert not deployment.by_kind("acm.Certificate")
    assert deployment.single("apigateway.DomainName").inputs["regionalCertificateArn"] == arn
    assert {inputs["type"] for inputs in deployment.inputs("route53.Record").values()} == {"A", "AAAA"}
    assert "certificate_arn" not in deployment.stack_outputs()


@pytest.mark.untraced
def test_health_route_redeploys_the_api(yard: Deployment) -> None:
    healthy = record(stacked(**FULL_SERVICE, api=ApiSettings(health_route=True)))
    assert trigger(healthy) != trigger(yard)
    assert "post-api-health-integration-response" in healthy.single("apigateway.Deployment").depends_on


def test_health_route_is_rejected_if_the_service_has_that_path() -> None:
    own = a_service(functions=(a_function(a_route(path="/health")),))
    with pytest.raises(
        ValueError, match=r"^api\.health_route must be False, got True\. The service defines /health itself\.$"
    ):
        record(stacked(service=own, api=ApiSettings(health_route=True)))


def test_endpoint_is_enabled_and_used_by_default(enabled: Deployment, yard: Deployment) -> None:
    for deployment in (enabled, yard):
        assert deployment.single("apigateway.RestApi").inputs["disableExecuteApiEndpoint"] is False
        assert urls(deployment) == (INVOKE_URL, INVOKE_URL)


def test_disabled_endpoint_is_replaced_by_the_domain_everywhere(enabled: Deployment, disabled: Deployment) -> None:
    assert disabled.single("apigateway.RestApi").inputs["disableExecuteApiEndpoint"] is True
    assert urls(disabled) == (f"https://{DOMAIN}/v1", f"https://{DOMAIN}/v1")
    assert trigger(disabled) != trigger(enabled)


def test_endpoint_that_a_transform_disables_is_replaced_by_the_domain() -> None:
    def disable(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:apigateway/restApi:RestApi":
            return None
        return pulumi.ResourceTransformResult({**args.props, "disableExecuteApiEndpoint": True}, args.opts)

    assert urls(with_domain(disable)) == (f"https://{DOMAIN}/v1", f"https://{DOMAIN}/v1")


def test_api_rejects_a_route_with_a_throttle_above_the_default_of_the_stage() -> None:
    route = (a_route(throttle=Throttle(rate_per_second=10_001, burst=5)), None)
    with pytest.raises(
        ValueError, match=r"^throttle.rate_per_second must be at most throttle_rate_per_second, which is"
    ):
        ApiArgs(name="post-counter", routes=[route])  # type: ignore[list-item]


def test_api_without_a_stack_rejects_the_origin_site() -> None:
    message = r"^settings\.cors_origin must be .*, got 'site,https://shop\.example\.com'\. .* pass cors_origins with"
    with pytest.raises(ValueError, match=message):
        ApiArgs(name="post-counter", routes=[], settings=ApiSettings(cors_origin="site,https://shop.example.com"))
