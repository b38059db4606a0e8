"""What stands before an API: a firewall, a domain of its own, and what the gateway answers by itself."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings, FirewallSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import a_function, a_route, a_service
from ..support.programs import YARD, stacked

DOMAIN = "yard.example.com"
ZONE = "Z0123456789ABC"


def deployed(**args: Any) -> Deployment:
    return record(stacked(**{**YARD, **args}))


def test_nothing_of_it_is_made_unasked(yard: Deployment) -> None:
    made = {one.kind.partition(".")[0] for one in yard.registered}
    assert not made & {"wafv2", "acm", "route53"}
    assert not [path for path in yard.paths().values() if path == "/health"]


def test_firewall_is_on_the_stage_and_logs_what_it_blocks_without_secrets() -> None:
    made = deployed(firewall=FirewallSettings(enabled=True))
    assert made.only("wafv2.WebAclAssociation").inputs == {
        "resourceArn": "arn:post-api-stage",
        "webAclArn": "arn:post-firewall-acl",
    }
    acl = made.only("wafv2.WebAcl").inputs
    assert (acl["name"], acl["scope"], acl["defaultAction"]) == ("yard-firewall-dev", "REGIONAL", {"allow": {}})
    assert next(rule["name"] for rule in acl["rules"]) == "rate"
    secret = ["authorization", "x-api-key", "x-amz-security-token"]
    assert acl["dataProtectionConfig"] == {
        "dataProtections": [{"action": "SUBSTITUTION", "field": {"fieldType": "SINGLE_HEADER", "fieldKeys": secret}}]
    }
    logging = made.only("wafv2.WebAclLoggingConfiguration").inputs
    assert logging["logDestinationConfigs"] == ["arn:post-firewall-logs"]
    assert logging["redactedFields"] == [{"singleHeader": {"name": name}} for name in secret]
    group = made.of("cloudwatch.LogGroup")["post-firewall-logs"].inputs
    assert (group["name"], group["retentionInDays"]) == ("aws-waf-logs-yard-firewall-dev", 7)
    assert made.stack_outputs()["web_acl_arn"] == "arn:post-firewall-acl"


@pytest.mark.untraced
def test_domain_in_a_zone_gets_its_certificate_and_its_records() -> None:
    made = deployed(api=ApiSettings(domain_name=DOMAIN, zone_id=ZONE, base_path="v1"))
    assert made.only("acm.Certificate").inputs["validationMethod"] == "DNS"
    records = made.inputs("route53.Record")
    assert {record["zoneId"] for record in records.values()} == {ZONE}
    aliases = {record["type"]: record["aliases"] for record in records.values() if record.get("aliases")}
    target = {"name": "regionalDomainName:post-api-domain-name", "zoneId": "regionalZoneId:post-api-domain-name"}
    assert aliases == {kind: [{**target, "evaluateTargetHealth": False}] for kind in ("A", "AAAA")}
    domain = made.only("apigateway.DomainName").inputs
    assert domain["securityPolicy"] == "TLS_1_2"
    assert domain["regionalCertificateArn"] == "arn:post-api-domain-tls-certificate"
    assert made.stack_outputs()["certificate_arn"] == "arn:post-api-domain-tls-certificate"
    assert made.only("apigateway.BasePathMapping").inputs["basePath"] == "v1"


def test_given_certificate_is_used_and_only_the_records_are_made() -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    made = deployed(api=ApiSettings(domain_name=DOMAIN, zone_id=ZONE, certificate_arn=arn))
    assert not made.of("acm.Certificate")
    assert made.only("apigateway.DomainName").inputs["regionalCertificateArn"] == arn
    assert {record["type"] for record in made.inputs("route53.Record").values()} == {"A", "AAAA"}
    assert "certificate_arn" not in made.stack_outputs()


@pytest.fixture(scope="module", name="healthy")
def yard_with_a_health_route() -> Deployment:
    return deployed(api=ApiSettings(health_route=True, cors_origin="https://shop.example.com"))


def test_gateway_answers_for_its_health_by_itself(healthy: Deployment) -> None:
    method, integration = healthy.endpoints()["GET", "/health"]
    assert (method["authorization"], method.get("apiKeyRequired")) == ("NONE", None)
    assert (integration["type"], json.loads(integration["requestTemplates"]["application/json"])) == (
        "MOCK",
        {"statusCode": 200},
    )
    answer = healthy.of("apigateway.IntegrationResponse")["post-api-health-integration-response"].inputs
    assert json.loads(answer["responseTemplates"]["application/json"])["status"] == "ok"
    assert answer["responseParameters"] == {
        "method.response.header.Content-Type": "'application/json'",
        "method.response.header.Cache-Control": "'no-store'",
        "method.response.header.Access-Control-Allow-Origin": "'https://shop.example.com'",
    }


def test_health_route_is_part_of_what_is_deployed(healthy: Deployment) -> None:
    before = deployed(api=ApiSettings(cors_origin="https://shop.example.com")).only("apigateway.Deployment").inputs
    deployment = healthy.only("apigateway.Deployment")
    assert deployment.inputs["triggers"] != before["triggers"]
    assert "post-api-health-integration-response" in deployment.depends_on


def test_service_that_answers_for_its_health_itself_is_left_to_it() -> None:
    own = a_service(functions=(a_function(a_route(path="/health")),))
    with pytest.raises(
        ValueError, match=r"^api\.health_route True: give False, for the service answers /health itself$"
    ):
        record(stacked(service=own, api=ApiSettings(health_route=True)))


def with_domain(**api: Any) -> Deployment:
    return deployed(api=ApiSettings(domain_name=DOMAIN, zone_id=ZONE, base_path="v1", **api))


def urls(made: Deployment) -> tuple[Any, Any]:
    """Return the URL of the API in the outputs and in the configuration of the site."""
    (config,) = [one for one in made.inputs("s3.BucketObjectv2").values() if one["key"] == "config.json"]
    return made.stack_outputs()["api_url"], json.loads(config["content"])["api_url"]


def test_disabled_endpoint_is_replaced_by_the_domain_everywhere() -> None:
    made = with_domain(disable_execute_api_endpoint=True)
    assert made.only("apigateway.RestApi").inputs["disableExecuteApiEndpoint"] is True
    assert urls(made) == (f"https://{DOMAIN}/v1", f"https://{DOMAIN}/v1")
    assert made.stack_outputs()["domain_url"] == f"https://{DOMAIN}/v1"


@pytest.mark.slow
def test_endpoint_stays_open_and_in_use_by_default() -> None:
    made, without = with_domain(), deployed()
    assert made.only("apigateway.RestApi").inputs["disableExecuteApiEndpoint"] is False
    assert without.only("apigateway.RestApi").inputs["disableExecuteApiEndpoint"] is False
    assert urls(made) == urls(without) == ("invokeUrl:post-api-stage", "invokeUrl:post-api-stage")


def test_api_is_deployed_again_when_its_endpoint_is_disabled() -> None:
    before, after = with_domain(), with_domain(disable_execute_api_endpoint=True)
    triggers = [made.only("apigateway.Deployment").inputs["triggers"] for made in (before, after)]
    assert triggers[0] != triggers[1]


def test_endpoint_that_a_transform_disables_is_replaced_by_the_domain() -> None:
    def disable(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:apigateway/restApi:RestApi":
            return None
        return pulumi.ResourceTransformResult({**args.props, "disableExecuteApiEndpoint": True}, args.opts)

    args = TapStackArgs(**YARD, api=ApiSettings(domain_name=DOMAIN, zone_id=ZONE))
    made = record(lambda: TapStack("post", args, pulumi.ResourceOptions(transforms=[disable])))
    assert urls(made) == (f"https://{DOMAIN}", f"https://{DOMAIN}")
