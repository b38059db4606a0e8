"""A REST API, built resource by resource from routes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import pulumi
import pulumi_aws as aws
from pulumi.output import Unknown

from ... import model
from ...documents import iam, rest_api
from ...settings import USER_POOL, ApiSettings, AuthorizationSettings, FunctionSettings, invalid_value, merge
from ...settings.environments import BASIS
from ...settings.origins import ANY, SITE
from ..compute.function import Function
from ..derived import concat, derive
from ..lookup.provider_info import ProviderInfo
from .api_logs import ApiLogs, ApiLogsArgs
from .domain import Domain, DomainArgs
from .preflight import Preflight, PreflightArgs
from .usage_plan import UsagePlan, UsagePlanArgs
from .user_pool import UserPool

DEFAULT_STAGE = "prod"


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    """What an `Api` is made from."""

    name: str
    """The API's name in AWS."""
    usage_plan_name: str = ""
    """Default: made from the API's."""
    key_name: str = ""
    """Likewise."""
    description: str = ""
    routes: Sequence[tuple[model.Route, Function]]
    """Every route with the function that serves it."""
    schemas: Mapping[str, model.Schema] = field(default_factory=dict)
    """The bodies that routes name; each that a request has becomes a model."""
    settings: ApiSettings = field(default_factory=ApiSettings)
    """What is not said here is as in `dev`; the stage is `prod`."""
    authorization: AuthorizationSettings = field(default_factory=AuthorizationSettings)
    """Likewise."""
    user_pool: UserPool | None = None
    """Whose tokens are asked for where `authorization` is COGNITO_USER_POOLS."""
    cors_origins: Sequence[pulumi.Input[str]] | None = None
    """Allowed CORS origins, which can be Outputs. Default (None): `settings.cors_origin`."""
    preflight_name: str = ""
    """Physical name of the function that responds to OPTIONS if there are several CORS origins. Default: `name`, with
    `-preflight` appended."""
    preflight_settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of that function. Unset fields use the `dev` defaults."""
    tracing: bool = False
    """X-Ray traces of what the stage serves."""
    log_retention_days: int | None = BASIS.function.log_retention_days
    kms_key_arn: pulumi.Input[str] | None = None
    """The key that encrypts its logs; None: CloudWatch's own."""
    provider_info: ProviderInfo | None = None
    """Account and partition of the API. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.authorization.type == USER_POOL and not self.user_pool:
            remedy = "Pass the user pool that issues the tokens."
            raise invalid_value("user_pool", self.user_pool, f"a UserPool with authorization {USER_POOL}", remedy)
        if self.cors_origins is None and SITE in self.settings.cors_origins():
            remedy = "Only TapStack replaces 'site': pass cors_origins with the URL of the site."
            raise invalid_value(
                "settings.cors_origin", self.settings.cors_origin, "URLs if cors_origins is unset", remedy
            )
        for route, _ in self.routes:
            if route.throttle:
                route.throttle.within(merge(BASIS.api, self.settings))


FROZEN: dict[type[pulumi.Resource], tuple[str, ...]] = {
    aws.apigateway.RestApi: (
        "api_key_source",
        "binary_media_types",
        "body",
        "disable_execute_api_endpoint",
        "endpoint_access_mode",
        "endpoint_configuration",
        "minimum_compression_size",
        "parameters",
        "policy",
        "put_rest_api_mode",
        "security_policy",
    ),
    aws.apigateway.Resource: ("path_part",),
    aws.apigateway.Authorizer: (
        "type",
        "provider_arns",
        "identity_source",
        "identity_validation_expression",
        "authorizer_uri",
        "authorizer_credentials",
        "authorizer_result_ttl_in_seconds",
    ),
    aws.apigateway.Method: (
        "http_method",
        "authorization",
        "authorizer_id",
        "authorization_scopes",
        "api_key_required",
        "request_models",
        "request_parameters",
        "request_validator_id",
    ),
    aws.apigateway.Integration: (
        "type",
        "uri",
        "credentials",
        "integration_http_method",
        "request_parameters",
        "request_templates",
        "passthrough_behavior",
        "timeout_milliseconds",
        "cache_key_parameters",
        "connection_id",
        "connection_type",
        "content_handling",
        "tls_config",
        "response_transfer_mode",
        "integration_target",
    ),
    aws.apigateway.MethodResponse: ("status_code", "response_models", "response_parameters"),
    aws.apigateway.IntegrationResponse: (
        "status_code",
        "response_parameters",
        "response_templates",
        "content_handling",
        "selection_pattern",
    ),
    aws.apigateway.Response: ("response_type", "status_code", "response_parameters", "response_templates"),
    aws.apigateway.Model: ("schema",),
    aws.apigateway.RequestValidator: ("validate_request_body", "validate_request_parameters"),
}
"""What a deployment keeps of each resource."""
PROVIDER_DEFAULTS = {
    "api_key_required": False,
    "api_key_source": "HEADER",
    "authorizer_result_ttl_in_seconds": 300,
    "connection_type": "INTERNET",
    "disable_execute_api_endpoint": False,
    "endpoint_access_mode": "BASIC",
    "passthrough_behavior": "WHEN_NO_MATCH",
    "put_rest_api_mode": "overwrite",
    "response_transfer_mode": "BUFFERED",
    "security_policy": "TLS_1_0",
    "timeout_milliseconds": 29_000,
}
"""Values that API Gateway returns for properties that were not set: known after a deployment, and unknown in its
preview."""

R = TypeVar("R", bound=pulumi.Resource)


class Captured(NamedTuple):
    """A resource that a deployment captures."""

    resource: pulumi.Resource
    set_properties: frozenset[str]
    """Properties that the program sets; a transform can set others."""


class Mock(NamedTuple):
    """What answers a method without a function: nothing runs, and nothing but the request is billed."""

    method: aws.apigateway.Method
    integration: aws.apigateway.Integration
    response: aws.apigateway.MethodResponse
    answer: aws.apigateway.IntegrationResponse


class Api(pulumi.ComponentResource):
    """A REST API on one stage, redeployed when what it was derived from changes, and only then."""

    def __init__(self, name: str, args: ApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Api", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._captured: dict[str, Captured] = {}
        self.settings = merge(merge(BASIS.api, ApiSettings(stage_name=DEFAULT_STAGE)), args.settings)
        self.authorization = merge(BASIS.authorization, args.authorization)
        self.resource = self._capture(
            "api",
            aws.apigateway.RestApi,
            f"{name}-api",
            name=args.name,
            description=args.description or None,
            endpoint_configuration={"types": "REGIONAL"},
            # The provider keeps a value that is no longer set.
            disable_execute_api_endpoint=self.settings.disable_execute_api_endpoint,
            tags=args.tags,
        )
        self.models = self._models()
        self.validator = self._validator()
        self.paths: dict[str, pulumi.Output[str]] = {"": self.resource.root_resource_id}
        self.resources = self._resources()
        self.user_pool = args.user_pool if self.authorization.type == USER_POOL else None
        self.authorizer = self._authorizer(self.user_pool) if self.user_pool else None
        self.methods = {(route.method, route.path): self._method(route) for route in self._routes()}
        self.integrations = [
            self._integration(route.method, route.path, f"{name}{route.path}-{route.method.lower()}", function)
            for route, function in args.routes
        ]
        self.preflight = self._preflight_function() if self._has_several_origins() else None
        self.preflights = {} if self.preflight else self._mock_preflights()
        self.health = self._health() if self.settings.health_route else None
        self.gateway_responses = [self._gateway_response(row) for row in rest_api.responses(self.authorization.type)]
        self.permissions = self._permissions()
        self.deployment = self._deployment()
        self.logs = self._logs() if self._logged() else None
        self.stage = self._stage()
        self.method_settings = self._method_settings(
            f"{name}-throttle", "*/*", self.settings.throttle_rate_per_second, self.settings.throttle_burst
        )
        self.route_settings = self._route_settings()
        self.usage_plan = self._usage_plan() if any(map(self._key_required, self._routes())) else None
        self.domain = self._domain() if self.settings.domain_name else None
        self.url = self._url()
        self.register_outputs({"id": self.resource.id, "url": self.url, "stage": self.stage.stage_name})

    def grant(self, scope: str) -> pulumi.Output[iam.Statement]:
        """A statement that allows to call the routes of a scope, where requests are signed."""
        routes = [(route.method, route.path) for route in self._routes() if route.scope_needed() == scope]
        at = (self.resource.execution_arn, self.stage.stage_name)
        return derive(lambda arn, stage: iam.call_statement(arn, stage, routes), *at)

    def _origins(self) -> Sequence[pulumi.Input[str]]:
        return self.settings.cors_origins() if self._args.cors_origins is None else self._args.cors_origins

    def _has_several_origins(self) -> bool:
        return len(self._origins()) > 1

    def _cors(
        self, headers: Callable[[str | None], Mapping[str, str]], place: str, if_several: str
    ) -> pulumi.Output[dict[str, str]] | dict[str, str] | None:
        """Return the headers for the allowed CORS origin, as API Gateway maps them; None if there are none.

        For several origins these are the headers for `if_several`, as API Gateway cannot compare.
        """
        if self._has_several_origins():
            return rest_api.mapped(headers(if_several), place)
        origin = next(iter(self._origins()), "")
        if isinstance(origin, str):
            return rest_api.mapped(headers(origin), place) or None
        known: pulumi.Output[str] = pulumi.Output.from_input(origin)
        return known.apply(lambda value: rest_api.mapped(headers(value), place))

    def _routes(self) -> list[model.Route]:
        return [route for route, _ in self._args.routes]

    def _allowed(self) -> dict[str, list[str]]:
        """The methods of each path."""
        return rest_api.methods(self._routes())

    def _at(self, path: str) -> dict[str, Any]:
        """What every resource of a path says first."""
        return {"rest_api": self.resource.id, "resource_id": self.paths[path]}

    def _models(self) -> dict[str, aws.apigateway.Model]:
        return {
            name: self._capture(
                f"model {name}",
                aws.apigateway.Model,
                f"{self._prefix}-model-{name}",
                rest_api=self.resource.id,
                name=name,
                content_type="application/json",
                schema=rest_api.model(self._args.schemas[name]),
            )
            for name in sorted({route.body for route in self._routes() if route.body})
        }

    def _validator(self) -> aws.apigateway.RequestValidator:
        return self._capture(
            "validator",
            aws.apigateway.RequestValidator,
            f"{self._prefix}-validator",
            rest_api=self.resource.id,
            name="body-and-parameters",
            validate_request_body=True,
            validate_request_parameters=True,
        )

    def _resources(self) -> list[aws.apigateway.Resource]:
        made = []
        for path in rest_api.paths(self._routes()):
            made.append(
                self._capture(
                    f"resource {path.path}",
                    aws.apigateway.Resource,
                    f"{self._prefix}{path.path}",
                    rest_api=self.resource.id,
                    parent_id=self.paths[path.parent],
                    path_part=path.part,
                )
            )
            self.paths[path.path] = made[-1].id
        return made

    def _authorizer(self, user_pool: UserPool) -> aws.apigateway.Authorizer:
        return self._capture(
            "authorizer",
            aws.apigateway.Authorizer,
            f"{self._prefix}-authorizer",
            rest_api=self.resource.id,
            name="user-pool",
            type=USER_POOL,
            provider_arns=[user_pool.arn],
            identity_source="method.request.header.Authorization",
        )

    def _authorized(self, route: model.Route) -> dict[str, Any]:
        """How a method asks who calls; a key is none of its authorizations."""
        scope = route.scope_needed()
        if scope and self.user_pool and self.authorizer:
            scopes = [self.user_pool.scope(scope)]
            return {"authorization": USER_POOL, "authorizer_id": self.authorizer.id, "authorization_scopes": scopes}
        return {"authorization": "AWS_IAM" if scope and self.authorization.type == "AWS_IAM" else "NONE"}

    def _method(self, route: model.Route) -> aws.apigateway.Method:
        return self._capture(
            f"method {route.method} {route.path}",
            aws.apigateway.Method,
            f"{self._prefix}{route.path}-{route.method.lower()}",
            **self._at(route.path),
            http_method=route.method,
            **self._authorized(route),
            api_key_required=self._key_required(route),
            request_parameters=rest_api.request_parameters(route),
            request_models={"application/json": self.models[route.body].name} if route.body else None,
            request_validator_id=self.validator.id,
        )

    def _integration(self, method: str, path: str, label: str, function: Function) -> aws.apigateway.Integration:
        return self._capture(
            f"integration {method} {path}",
            aws.apigateway.Integration,
            f"{label}-integration",
            **self._at(path),
            http_method=self.methods[method, path].http_method,
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=function.invoke_arn,
        )

    def _mock_preflights(self) -> dict[str, Mock]:
        return {
            path: self._mock(f"{self._prefix}{path}-options", path, rest_api.preflight(allowed))
            for path, allowed in self._allowed().items()
        }

    def _preflight_function(self) -> Preflight:
        """Create the function that responds to OPTIONS, and its method and integration on every path."""
        preflight = Preflight(
            f"{self._prefix}-preflight",
            PreflightArgs(
                name=self._args.preflight_name or f"{self._args.name}-preflight",
                origins=self._origins(),
                methods=self._allowed(),
                settings=self._args.preflight_settings,
                kms_key_arn=self._args.kms_key_arn,
                provider_info=self._args.provider_info,
                tags=self._args.tags,
            ),
            self._child,
        )
        for path in self._allowed():
            label = f"{self._prefix}{path}-options"
            self.methods["OPTIONS", path] = self._open_method("OPTIONS", path, label)
            self.integrations.append(self._integration("OPTIONS", path, label, preflight.function))
        return preflight

    def _open_method(self, method: str, path: str, label: str) -> aws.apigateway.Method:
        return self._capture(
            f"method {method} {path}",
            aws.apigateway.Method,
            label,
            **self._at(path),
            http_method=method,
            authorization="NONE",
        )

    def _health(self) -> Mock:
        resource = self._capture(
            f"resource {rest_api.HEALTH_PATH}",
            aws.apigateway.Resource,
            f"{self._prefix}{rest_api.HEALTH_PATH}",
            rest_api=self.resource.id,
            parent_id=self.resource.root_resource_id,
            path_part=rest_api.HEALTH_PATH.strip("/"),
        )
        self.resources.append(resource)
        self.paths[rest_api.HEALTH_PATH] = resource.id
        return self._mock(f"{self._prefix}-health", rest_api.HEALTH_PATH, rest_api.HEALTH)

    def _mock(self, label: str, path: str, said: rest_api.Said) -> Mock:
        # With several origins only the health route is a mock, and its response is the same constant for all callers.
        headers, key = self._cors(said.headers, "method.response", ANY), f"{said.method} {path}"
        made = self._open_method(said.method, path, label)
        at = {**self._at(path), "http_method": made.http_method}
        integration = self._capture(
            f"integration {key}",
            aws.apigateway.Integration,
            f"{label}-integration",
            **at,
            type="MOCK",
            request_templates={"application/json": json.dumps({"statusCode": said.status})},
        )
        response = self._capture(
            f"response {key}",
            aws.apigateway.MethodResponse,
            f"{label}-response",
            **at,
            status_code=str(said.status),
            response_parameters=None if headers is None else pulumi.Output.from_input(headers).apply(_optional),
        )
        answer = self._capture(
            f"integration response {key}",
            aws.apigateway.IntegrationResponse,
            f"{label}-integration-response",
            depends_on=[integration],
            **at,
            status_code=response.status_code,
            response_parameters=headers,
            response_templates={"application/json": said.body} if said.body else None,
        )
        return Mock(made, integration, response, answer)

    def _capture(
        self,
        key: str,
        create: Callable[..., R],
        logical_name: str,
        /,
        depends_on: Sequence[pulumi.Resource] | None = None,
        **properties: Any,
    ) -> R:
        """Create a resource that a deployment captures, and note under `key` what the program sets of it."""
        opts = pulumi.ResourceOptions(parent=self, depends_on=depends_on)
        resource = create(logical_name, **properties, opts=opts)
        self._captured[key] = Captured(resource, frozenset(n for n, value in properties.items() if _is_set(value)))
        return resource

    def _gateway_response(self, row: rest_api.GatewayResponse) -> aws.apigateway.Response:
        return self._capture(
            f"gateway response {row.type}",
            aws.apigateway.Response,
            f"{self._prefix}-{row.type.lower().replace('_', '-')}",
            rest_api_id=self.resource.id,
            response_type=row.type,
            status_code=str(row.status) if row.status else None,
            response_parameters=self._cors(rest_api.refusal_headers, "gatewayresponse", rest_api.REQUEST_ORIGIN),
            response_templates={"application/json": rest_api.template(row)},
        )

    def _permissions(self) -> list[aws.lambda_.Permission]:
        preflight = [self.preflight.function] if self.preflight else []
        functions = {one.physical_name: one for one in (*(function for _, function in self._args.routes), *preflight)}
        return [
            aws.lambda_.Permission(
                f"{self._prefix}-{function.physical_name}-permission",
                action="lambda:InvokeFunction",
                function=function.name,
                qualifier=function.qualifier,
                principal="apigateway.amazonaws.com",
                source_arn=concat(self.resource.execution_arn, "/*"),
                opts=self._child,
            )
            for function in functions.values()
        ]

    def _deployment(self) -> aws.apigateway.Deployment:
        mocks = [one for mock in self._mocks() for one in (mock.integration, mock.answer)]
        return aws.apigateway.Deployment(
            f"{self._prefix}-deployment",
            rest_api=self.resource.id,
            triggers={"description": self._fingerprint()},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*self.integrations, *mocks, *self.gateway_responses, *self.permissions]
            ),
        )

    def _mocks(self) -> list[Mock]:
        return [*self.preflights.values(), *([self.health] if self.health else [])]

    def _fingerprint(self) -> pulumi.Output[str]:
        """Return a hash of every property that a deployment captures, including changes made by transforms.

        It contains no logical names, so an alias that renames resources does not redeploy the API.
        """
        captured = {
            key: {name: _captured_value(one, name) for name in FROZEN[type(one.resource)]}
            for key, one in self._captured.items()
        }
        return pulumi.Output.from_input(captured).apply(rest_api.fingerprint)

    def _logged(self) -> bool:
        settings = self.settings
        return bool(settings.access_log) or settings.execution_log_level != "OFF" or settings.log_role != "unmanaged"

    def _logs(self) -> ApiLogs:
        return ApiLogs(
            f"{self._prefix}-logs",
            ApiLogsArgs(
                api_name=self._args.name,
                api_id=self.resource.id,
                settings=self.settings,
                retention_days=self._args.log_retention_days,
                kms_key_arn=self._args.kms_key_arn,
                provider_info=self._args.provider_info,
                tags=self._args.tags,
            ),
            self._child,
        )

    def _stage(self) -> aws.apigateway.Stage:
        access = self.logs.access if self.logs else None
        return aws.apigateway.Stage(
            f"{self._prefix}-stage",
            rest_api=self.resource.id,
            deployment=self.deployment.id,
            stage_name=self.settings.stage_name,
            xray_tracing_enabled=self._args.tracing,
            access_log_settings=(
                {"destination_arn": access.arn, "format": rest_api.ACCESS_LOG_FORMAT} if access else None
            ),
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.logs.ready() if self.logs else None),
        )

    def _method_settings(
        self,
        logical_name: str,
        method_path: str,
        rate_per_second: float | None,
        burst: int | None,
        depends_on: Sequence[pulumi.Resource] | None = None,
    ) -> aws.apigateway.MethodSettings:
        level = self.settings.execution_log_level
        return aws.apigateway.MethodSettings(
            logical_name,
            rest_api=self.resource.id,
            stage_name=self.stage.stage_name,
            method_path=method_path,
            settings={
                "throttling_rate_limit": rate_per_second,
                "throttling_burst_limit": burst,
                "logging_level": level,
                "data_trace_enabled": bool(self.settings.execution_log_bodies) and level != "OFF",
                "metrics_enabled": self.settings.metrics,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )

    def _route_settings(self) -> dict[tuple[str, str], aws.apigateway.MethodSettings]:
        """Create the settings of each route with a throttle.

        The settings of a method replace all those of `*/*`, including logs and metrics.
        """
        created: dict[tuple[str, str], aws.apigateway.MethodSettings] = {}
        for route in self._routes():
            if route.throttle:
                throttle = route.throttle.within(self.settings)
                created[route.method, route.path] = self._method_settings(
                    f"{self._prefix}{route.path}-{route.method.lower()}-throttle",
                    rest_api.method_path(route),
                    throttle.rate_per_second,
                    throttle.burst,
                    # Two concurrent updates of one stage can conflict.
                    depends_on=[self.method_settings, *created.values()],
                )
        return created

    def _key_required(self, route: model.Route) -> bool:
        asked = {"NONE": route.key_required, "API_KEY": bool(route.scope_needed())}
        return asked.get(self.authorization.type or "NONE", False)

    def _usage_plan(self) -> UsagePlan:
        return UsagePlan(
            f"{self._prefix}-usage",
            UsagePlanArgs(
                name=self._args.usage_plan_name or f"{self._args.name}-usage-plan",
                key_name=self._args.key_name or f"{self._args.name}-key",
                api_id=self.resource.id,
                stage_name=self.stage.stage_name,
                settings=self.settings,
                tags=self._args.tags,
            ),
            self._child,
        )

    def _url(self) -> pulumi.Output[str]:
        """Return the URL of the API: that of its domain if the `execute-api` endpoint is disabled."""
        if not self.domain:
            return self.stage.invoke_url
        return derive(
            lambda is_disabled, domain_url, stage_url: domain_url if is_disabled else stage_url,
            self.resource.disable_execute_api_endpoint,
            self.domain.url,
            self.stage.invoke_url,
        )

    def _domain(self) -> Domain:
        return Domain(
            f"{self._prefix}-domain",
            DomainArgs(
                name=self.settings.domain_name or "",
                certificate_arn=self.settings.certificate_arn or "",
                zone_id=self.settings.zone_id or "",
                api_id=self.resource.id,
                stage_name=self.stage.stage_name,
                base_path=self.settings.base_path or "",
                tags=self._args.tags,
            ),
            self._child,
        )


def _optional(headers: Mapping[str, str]) -> dict[str, bool]:
    """Return headers as a method response declares them: not required."""
    return dict.fromkeys(headers, False)


def _is_set(value: Any) -> bool:
    """Return whether a property has a value; API Gateway does not store an empty one."""
    return isinstance(value, pulumi.Output) or value not in (None, "", [], {})


def _captured_value(captured: Captured, name: str) -> Any:
    """Return a property as it was registered; one that nothing sets is None, although a preview has it as unknown."""
    value: pulumi.Output[Any] = getattr(captured.resource, name)
    if isinstance(captured.resource, aws.apigateway.Integration):
        value = _untraced(value)
    if name in captured.set_properties:
        return value
    default = PROVIDER_DEFAULTS.get(name)
    return value.apply(
        lambda found: None if isinstance(found, Unknown) or found == default else found, run_with_unknowns=True
    )


def _untraced(value: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """Return an output that Pulumi does not trace back to its resource.

    The provider deletes an integration before it replaces it, for instance a mock with that of a function. If the
    triggers of the deployment depended on it, Pulumi would first delete the deployment, which the stage still uses.
    """
    return pulumi.Output(set(), value.future(with_unknowns=True), value.is_known(), value.is_secret())
