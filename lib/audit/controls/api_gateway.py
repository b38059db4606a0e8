"""API Gateway."""

from __future__ import annotations

from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource

STAGE = ("apigateway.Stage",)
SETTINGS = ("apigateway.MethodSettings",)
METHOD = ("apigateway.Method",)
DOMAIN = ("apigateway.DomainName",)
OF_API = Link(kind="apigateway.BasePathMapping", property="restApi")
OF_STAGE = Link(kind="apigateway.MethodSettings", property="stageName")
OF_METHOD = Link(kind="apigateway.Integration", property="httpMethod")
RECOMMENDED_TLS = (
    "SecurityPolicy_TLS12_PFS_2025_EDGE",
    "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_3_2025_09",
    "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    "SecurityPolicy_TLS13_2025_EDGE",
)


def _modern(domain: Resource) -> bool:
    policy: str = domain.get("securityPolicy", "")
    return policy.startswith(("TLS_1_2", "SecurityPolicy_TLS12_", "SecurityPolicy_TLS13_"))


def _answered_here(method: Resource, integrations: Sequence[Resource]) -> bool:
    """Return whether it is a preflight request, which browsers send without credentials, or a mock without backend."""
    return method.get("httpMethod") == "OPTIONS" or any(i.get("type") == "MOCK" for i in integrations)


def _asks_who_calls(method: Resource, integrations: Sequence[Resource]) -> bool:
    asks = method.get("authorization") != "NONE" or method.given("apiKeyRequired")
    return asks or _answered_here(method, integrations)


CONTROLS = (
    Control(
        ids=("APIGateway.1", "CKV2_AWS_4", "SEC04-BP01"),
        title="A stage logs its own steps",
        severity="medium",
        kinds=STAGE,
        beside=OF_STAGE,
        holds=lambda _, settings: any(s.get("settings.loggingLevel") in ("ERROR", "INFO") for s in settings),
        remedy="Set `execution_log_level` to ERROR or INFO, and `api_log_role` unless the account has such a role.",
    ),
    Control(
        ids=("CKV_AWS_76", "SEC04-BP01"),
        title="A stage logs every request",
        severity="medium",
        kinds=STAGE,
        holds=lambda stage, _: stage.given("accessLogSettings.destinationArn"),
        remedy="Set `access_log`, and `api_log_role` unless the account has such a role.",
    ),
    Control(
        ids=("APIGateway.3", "CKV_AWS_73"),
        title="A stage is traced",
        severity="low",
        kinds=STAGE,
        holds=lambda stage, _: stage.given("xrayTracingEnabled"),
        remedy="Set `tracing`.",
    ),
    Control(
        ids=("APIGateway.4", "CKV2_AWS_29"),
        title="A web ACL is in front of a stage",
        severity="medium",
        kinds=STAGE,
        beside=Link(kind="wafv2.WebAclAssociation", property="resourceArn"),
        holds=lambda _, associations: bool(associations),
        remedy="Set `firewall_enabled`.",
    ),
    Control(
        ids=("APIGateway.2", "CKV2_AWS_51"),
        title="A stage shows its backend a certificate",
        severity="medium",
        kinds=STAGE,
        holds=lambda stage, _: stage.given("clientCertificateId"),
        remedy="Set `clientCertificateId` of `api.stage` by a transform.",
    ),
    Control(
        ids=("CKV_AWS_120", "CKV_AWS_225"),
        title="A stage caches",
        severity="low",
        kinds=STAGE,
        holds=lambda stage, _: stage.given("cacheClusterEnabled"),
        remedy="Set `cacheClusterEnabled` of `api.stage` by a transform.",
    ),
    Control(
        ids=("APIGateway.5", "CKV_AWS_308", "SEC08-BP02"),
        title="What is cached is encrypted",
        severity="medium",
        kinds=SETTINGS,
        holds=lambda s, _: not s.given("settings.cachingEnabled") or s.given("settings.cacheDataEncrypted"),
        remedy="Set `cacheDataEncrypted` of `apigateway.MethodSettings`.",
    ),
    Control(
        ids=("CKV_AWS_276",),
        title="Logs do not contain bodies and headers",
        severity="medium",
        kinds=SETTINGS,
        holds=lambda s, _: not s.given("settings.dataTraceEnabled"),
        remedy="Set `execution_log_bodies` to false.",
    ),
    Control(
        ids=("REL05-BP02",),
        title="Requests are throttled",
        severity="medium",
        kinds=SETTINGS,
        holds=lambda s, _: s.get("settings.throttlingRateLimit", -1) >= 0,
        remedy="Set `throttle_rate_per_second` and `throttle_burst`.",
    ),
    Control(
        ids=("CKV_AWS_59", "CKV2_AWS_70"),
        title="A method asks who calls",
        severity="medium",
        kinds=METHOD,
        beside=OF_METHOD,
        holds=_asks_who_calls,
        remedy="Set `authorization`, or `key_required` of the route.",
    ),
    Control(
        ids=("CKV2_AWS_53",),
        title="A method refuses requests that break their schema",
        severity="medium",
        kinds=METHOD,
        beside=OF_METHOD,
        holds=lambda method, integrations: method.given("requestValidatorId") or _answered_here(method, integrations),
        remedy="Set `requestValidatorId` of `apigateway.Method`.",
    ),
    Control(
        ids=("CKV_AWS_206", "SEC09-BP02"),
        title="A domain takes nothing older than TLS 1.2",
        severity="high",
        kinds=DOMAIN,
        holds=lambda domain, _: _modern(domain),
        remedy="Set `securityPolicy` of the `apigateway.DomainName` to TLS_1_2 or a newer one.",
    ),
    Control(
        ids=("APIGateway.11",),
        title="A domain has one of the TLS policies that AWS recommends",
        severity="medium",
        kinds=DOMAIN,
        holds=lambda domain, _: domain.get("securityPolicy") in RECOMMENDED_TLS,
        remedy="Set such a `securityPolicy`, and `endpointAccessMode`, of `api.domain.resource` by a transform.",
    ),
    Control(
        ids=("SEC05-BP02",),
        title="An API with a domain has no execute-api endpoint",
        severity="medium",
        kinds=("apigateway.RestApi",),
        beside=OF_API,
        holds=lambda api, mappings: not mappings or api.given("disableExecuteApiEndpoint"),
        remedy="Set `disable_execute_api_endpoint` once every client uses the domain.",
    ),
)
