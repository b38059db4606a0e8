"""Controls of API Gateway."""

from __future__ import annotations

from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource

STAGE = ("apigateway.Stage",)
SETTINGS = ("apigateway.MethodSettings",)
METHOD = ("apigateway.Method",)
DOMAIN = ("apigateway.DomainName",)
MAPPINGS_OF_API = (
    Link(kind="apigateway.BasePathMapping", property="restApi"),
    Link(kind="apigatewayv2.ApiMapping", property="apiId"),
)
SETTINGS_OF_STAGE = Link(kind="apigateway.MethodSettings", property="stageName")
INTEGRATIONS_OF_METHOD = Link(kind="apigateway.Integration", property="httpMethod")
RECOMMENDED_TLS = (
    "SecurityPolicy_TLS12_PFS_2025_EDGE",
    "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_3_2025_09",
    "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    "SecurityPolicy_TLS13_2025_EDGE",
)


def _requires_tls_12(domain: Resource) -> bool:
    policy: str = domain.get("securityPolicy", "")
    return policy.startswith(("TLS_1_2", "SecurityPolicy_TLS12_", "SecurityPolicy_TLS13_"))


def _has_throttle(settings: Resource, _: Sequence[Resource]) -> bool:
    """Return whether the settings of a REST API stage, or the stage of an HTTP API, limit the rate of requests."""
    limits = ("settings.throttlingRateLimit", "defaultRouteSettings.throttlingRateLimit")
    return any(settings.get(limit, -1) >= 0 for limit in limits)


def _has_no_backend(method: Resource, integrations: Sequence[Resource]) -> bool:
    """Return whether a method is for preflight requests, which browsers send without credentials, or uses a mock."""
    return method.get("httpMethod") == "OPTIONS" or any(i.get("type") == "MOCK" for i in integrations)


def _requires_authorization(method: Resource, integrations: Sequence[Resource]) -> bool:
    is_protected = method.get("authorization") != "NONE" or method.is_set("apiKeyRequired")
    return is_protected or _has_no_backend(method, integrations)


CONTROLS = (
    Control(
        ids=("APIGateway.1", "CKV2_AWS_4", "SEC04-BP01"),
        title="API Gateway stages should have execution logging enabled",
        severity="medium",
        kinds=STAGE,
        related=SETTINGS_OF_STAGE,
        is_compliant=lambda _, settings: any(s.get("settings.loggingLevel") in ("ERROR", "INFO") for s in settings),
        remediation="Set `execution_log_level` to ERROR or INFO. If the account has no role for API Gateway logs, also "
        "set `api_log_role`.",
        other_remediation="Create an `apigateway.MethodSettings` for `*/*` with the `loggingLevel` ERROR or INFO.",
    ),
    Control(
        ids=("CKV_AWS_76", "SEC04-BP01"),
        title="API Gateway stages should have access logging enabled",
        severity="medium",
        kinds=STAGE,
        is_compliant=lambda stage, _: stage.is_set("accessLogSettings.destinationArn"),
        remediation="Enable `access_log`. If the account has no role for API Gateway logs, also set `api_log_role`.",
        other_remediation="Set `accessLogSettings` of the `apigateway.Stage`.",
    ),
    Control(
        ids=("APIGateway.3", "CKV_AWS_73"),
        title="API Gateway stages should have AWS X-Ray tracing enabled",
        severity="low",
        kinds=STAGE,
        is_compliant=lambda stage, _: stage.is_set("xrayTracingEnabled"),
        remediation="Enable `tracing`.",
        other_remediation="Set `xrayTracingEnabled` of the `apigateway.Stage` to true.",
    ),
    Control(
        ids=("APIGateway.4", "CKV2_AWS_29"),
        title="API Gateway stages should be associated with an AWS WAF web ACL",
        severity="medium",
        kinds=STAGE,
        related=Link(kind="wafv2.WebAclAssociation", property="resourceArn"),
        is_compliant=lambda _, associations: bool(associations),
        remediation="Enable `firewall_enabled`.",
        other_remediation="Create a `wafv2.WebAclAssociation` for the `apigateway.Stage`.",
    ),
    Control(
        ids=("APIGateway.2", "CKV2_AWS_51"),
        title="API Gateway stages should use a client certificate for backend authentication",
        severity="medium",
        kinds=STAGE,
        is_compliant=lambda stage, _: stage.is_set("clientCertificateId"),
        remediation="Set `clientCertificateId` of `api.stage` with a transform.",
    ),
    Control(
        ids=("CKV_AWS_120", "CKV_AWS_225"),
        title="API Gateway stages should have caching enabled",
        severity="low",
        kinds=STAGE,
        is_compliant=lambda stage, _: stage.is_set("cacheClusterEnabled"),
        remediation="Set `cacheClusterEnabled` of `api.stage` with a transform.",
    ),
    Control(
        ids=("APIGateway.5", "CKV_AWS_308", "SEC08-BP02"),
        title="API Gateway cache data should be encrypted at rest",
        severity="medium",
        kinds=SETTINGS,
        is_compliant=lambda s, _: not s.is_set("settings.cachingEnabled") or s.is_set("settings.cacheDataEncrypted"),
        remediation="Set `cacheDataEncrypted` of the `apigateway.MethodSettings` to true.",
    ),
    Control(
        ids=("CKV_AWS_276",),
        title="API Gateway execution logs should not contain bodies and headers",
        severity="medium",
        kinds=SETTINGS,
        is_compliant=lambda s, _: not s.is_set("settings.dataTraceEnabled"),
        remediation="Set `execution_log_bodies` to false.",
        other_remediation="Set `dataTraceEnabled` in the `settings` of the `apigateway.MethodSettings` to false.",
    ),
    Control(
        ids=("REL05-BP02",),
        title="API Gateway stages should throttle requests",
        severity="medium",
        kinds=(*SETTINGS, "apigatewayv2.Stage"),
        is_compliant=_has_throttle,
        remediation="Set `throttle_rate_per_second` and `throttle_burst`.",
        other_remediation="Set `throttlingRateLimit` and `throttlingBurstLimit` in the `settings` of the "
        "`apigateway.MethodSettings`.",
    ),
    Control(
        ids=("CKV_AWS_59", "CKV2_AWS_70"),
        title="API Gateway methods should require authorization or an API key",
        severity="medium",
        kinds=METHOD,
        related=INTEGRATIONS_OF_METHOD,
        is_compliant=_requires_authorization,
        remediation="Set `authorization`, or `key_required` in the definition of the route. To publish a route, set "
        "its `authorizer` to an empty string, and keep the `authorization` of the environment.",
        other_remediation="Set `authorization` or `apiKeyRequired` of the `apigateway.Method`.",
    ),
    Control(
        ids=("CKV2_AWS_53",),
        title="API Gateway methods should validate requests",
        severity="medium",
        kinds=METHOD,
        related=INTEGRATIONS_OF_METHOD,
        is_compliant=lambda method, integrations: (
            method.is_set("requestValidatorId") or _has_no_backend(method, integrations)
        ),
        remediation="Set `requestValidatorId` of the `apigateway.Method`.",
    ),
    Control(
        ids=("CKV_AWS_206", "SEC09-BP02"),
        title="API Gateway domain names should require TLS 1.2 or later",
        severity="high",
        kinds=DOMAIN,
        is_compliant=lambda domain, _: _requires_tls_12(domain),
        remediation="Set `securityPolicy` of the `apigateway.DomainName` to TLS_1_2 or a later policy.",
    ),
    Control(
        ids=("APIGateway.11",),
        title="API Gateway domain names should use a recommended TLS security policy",
        severity="medium",
        kinds=DOMAIN,
        is_compliant=lambda domain, _: domain.get("securityPolicy") in RECOMMENDED_TLS,
        remediation="Set `securityPolicy` to a recommended policy, and set `endpointAccessMode`, of "
        "`api.domain.resource` with a transform.",
    ),
    Control(
        ids=("SEC05-BP02",),
        title="API Gateway APIs with a domain name should have the execute-api endpoint disabled",
        severity="medium",
        kinds=("apigateway.RestApi", "apigatewayv2.Api"),
        related=MAPPINGS_OF_API,
        is_compliant=lambda api, mappings: not mappings or api.is_set("disableExecuteApiEndpoint"),
        remediation="Enable `disable_execute_api_endpoint` after every client uses the domain name.",
        other_remediation="Set `disableExecuteApiEndpoint` of the `apigateway.RestApi` to true after every "
        "client uses the domain name.",
    ),
)
