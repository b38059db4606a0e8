"""An API Gateway REST API, created from routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pulumi
import pulumi_aws as aws

from ... import model
from ...documents import iam, rest_api
from ...documents.access_log import access_log_format
from ...model.media_types import binary_media_types
from ...runtime.cors import ALLOW_CREDENTIALS, ALLOW_ORIGIN
from ...settings import USER_POOL, ApiSettings, AuthorizationSettings, FunctionSettings, merge
from ...settings.environments import BASIS
from ...settings.origins import ANY
from ..compute.function import Function
from ..derived import concat
from ..lookup.provider_info import ProviderInfo
from .api_logs import ApiLogs, ApiLogsArgs
from .definition import ApiDefinition, Mock
from .domain import create_domain
from .endpoint import allow_calls, allow_invocation, allow_invocations, check_callers, check_routes, public_url
from .preflight import Preflight, PreflightArgs
from .stage_settings import StageSettings
from .usage_plan import UsagePlan, UsagePlanArgs
from .user_pool import UserPool

DEFAULT_STAGE = "prod"


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    """Arguments for `Api`."""

    name: str
    """Physical name of the API."""
    usage_plan_name: str = ""
    """Physical name of the usage plan. Default: `<name>-usage-plan`."""
    key_name: str = ""
    """Physical name of the API key. Default: `<name>-key`."""
    description: str = ""
    routes: Sequence[tuple[model.Route, Function]]
    """Every route with its function."""
    authorizers: Sequence[tuple[model.LambdaAuthorizer, Function]] = ()
    """Every Lambda authorizer with its function."""
    schemas: Mapping[str, model.Schema] = field(default_factory=dict)
    """JSON Schemas by the names that routes use. Each schema of a request body becomes a model of the API."""
    settings: ApiSettings = field(default_factory=ApiSettings)
    """Unset fields use the `dev` defaults. The stage name defaults to `prod`."""
    authorization: AuthorizationSettings = field(default_factory=AuthorizationSettings)
    """Unset fields use the `dev` defaults."""
    user_pool: UserPool | None = None
    """User pool that issues the tokens, required if the type of `authorization` is COGNITO_USER_POOLS."""
    cors_origins: Sequence[pulumi.Input[str]] | None = None
    """Allowed CORS origins. Default (None): `settings.cors_origin`."""
    preflight_name: str = ""
    """Physical name of the function that responds to OPTIONS if there are several CORS origins. Default:
    `<name>-preflight`."""
    preflight_settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Settings of the function for OPTIONS. Unset fields use the `dev` defaults."""
    tracing: bool = False
    """Whether the stage sends traces to X-Ray."""
    log_retention_days: int | None = BASIS.function.log_retention_days
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the log groups. Default (None): CloudWatch Logs encrypts them with its default key."""
    provider_info: ProviderInfo | None = None
    """Account and partition of the API. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_routes(self.routes, self.authorizers, self.settings)
        check_callers(self.authorization, self.user_pool, self.settings, self.cors_origins)


class Api(pulumi.ComponentResource):
    """A REST API with one stage. It is redeployed only if a property that its deployment captures changes."""

    def __init__(self, name: str, args: ApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Api", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._definition = ApiDefinition(self)
        self.settings = merge(merge(BASIS.api, ApiSettings(stage_name=DEFAULT_STAGE)), args.settings)
        self.authorization = merge(BASIS.authorization, args.authorization)
        self.resource = self._definition.create(
            "api",
            aws.apigateway.RestApi,
            f"{name}-api",
            name=args.name,
            description=args.description or None,
            endpoint_configuration={"types": "REGIONAL"},
            # Always set, because the provider does not reset a value that is no longer set.
            disable_execute_api_endpoint=self.settings.disable_execute_api_endpoint,
            binary_media_types=binary_media_types(self._routes()) or None,
            tags=args.tags,
        )
        self.models = self._models()
        self.validator = self._validator()
        self.paths: dict[str, pulumi.Output[str]] = dict.fromkeys(("", "/"), self.resource.root_resource_id)
        self.resources = self._resources()
        self.user_pool = args.user_pool if self.authorization.type == USER_POOL else None
        has_scopes = any(route.required_scope() for route in self._routes())
        self.authorizer = self._authorizer(self.user_pool) if self.user_pool and has_scopes else None
        self.authorizers = {
            authorizer.name: self._lambda_authorizer(authorizer, function) for authorizer, function in args.authorizers
        }
        self.methods = {(route.method, route.path): self._method(route) for route in self._routes()}
        self.integrations = [
            self._integration(route.method, route.path, f"{name}{route.path}-{route.method.lower()}", function)
            for route, function in args.routes
        ]
        self.preflight = self._preflight_function() if self._has_several_origins() else None
        self.preflights = {} if self.preflight else self._mock_preflights()
        self.health = self._health() if self.settings.health_route else None
        self.gateway_responses = [
            self._gateway_response(spec)
            for spec in rest_api.gateway_responses(self.authorization.type, bool(args.authorizers))
        ]
        self.permissions = self._permissions()
        self.deployment = self._deployment()
        self.logs = self._logs() if self._has_logs() else None
        self.stage = self._stage()
        stage_settings = StageSettings(name, self.resource.id, self.stage.stage_name, self.settings, self)
        self.method_settings = stage_settings.of_all_methods()
        self.route_settings = stage_settings.of_routes(self._routes(), after=self.method_settings)
        self.stage_name = self.stage.stage_name
        self.deployment_id: pulumi.Output[str] = self.deployment.id
        self.access_log = self.logs.access if self.logs else None
        self.usage_plan = self._usage_plan() if any(map(self._requires_key, self._routes())) else None
        ids = (self.resource.id, self.stage.stage_name)
        self.domain = create_domain(
            f"{name}-domain", self.settings, protocol="REST", ids=ids, tags=args.tags, opts=self._child
        )
        self.url = public_url(self.stage.invoke_url, self.domain, self.resource.disable_execute_api_endpoint)
        self.register_outputs({"id": self.resource.id, "url": self.url, "stage": self.stage.stage_name})

    def metric_dimensions(self) -> dict[str, pulumi.Output[str]]:
        """Return the dimensions of the CloudWatch metrics of the stage."""
        return {"ApiName": self.resource.name, "Stage": self.stage.stage_name}

    def grant(self, scope: str) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows signed requests (AWS_IAM authorization) to the routes of a scope."""
        return allow_calls(self._routes(), scope, self.resource.execution_arn, self.stage.stage_name)

    def _requires_key(self, route: model.Route) -> bool:
        return rest_api.requires_key(route, self.authorization.type or "NONE")

    def _origins(self) -> Sequence[pulumi.Input[str]]:
        return self.settings.cors_origins() if self._args.cors_origins is None else self._args.cors_origins

    def _has_several_origins(self) -> bool:
        return len(self._origins()) > 1

    def _cors(
        self, headers: Callable[[str | None], Mapping[str, str]], prefix: str, if_several: str
    ) -> pulumi.Output[dict[str, str]] | dict[str, str] | None:
        """Return the response parameters for the headers of the allowed CORS origin, or None if there are no headers.

        With several origins, `if_several` replaces the origin, because API Gateway cannot compare origins.
        """
        if self._has_several_origins():
            return rest_api.response_parameters(headers(if_several), prefix)
        origin = next(iter(self._origins()), "")
        if isinstance(origin, str):
            return rest_api.response_parameters(self._with_credentials(headers(origin)), prefix) or None
        output: pulumi.Output[str] = pulumi.Output.from_input(origin)
        return output.apply(lambda value: rest_api.response_parameters(self._with_credentials(headers(value)), prefix))

    def _with_credentials(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers for the only CORS origin, with the header for cookies if the settings allow them."""
        is_allowed = self.settings.cors_credentials and ALLOW_ORIGIN in headers
        return {**headers, **(ALLOW_CREDENTIALS if is_allowed else {})}

    def _routes(self) -> list[model.Route]:
        return [route for route, _ in self._args.routes]

    def _methods_by_path(self) -> dict[str, list[str]]:
        return rest_api.methods_by_path(self._routes())

    def _headers_by_path(self) -> dict[str, list[str]]:
        return rest_api.headers_by_path(self._routes(), [authorizer for authorizer, _ in self._args.authorizers])

    def _path_ids(self, path: str) -> dict[str, Any]:
        """Return the properties that identify a path in its methods and integrations."""
        return {"rest_api": self.resource.id, "resource_id": self.paths[path]}

    def _models(self) -> dict[str, aws.apigateway.Model]:
        return {
            name: self._definition.create(
                f"model {name}",
                aws.apigateway.Model,
                f"{self._prefix}-model-{name}",
                rest_api=self.resource.id,
                name=name,
                content_type="application/json",
                schema=rest_api.model_schema(self._args.schemas[name]),
            )
            for name in rest_api.model_names(self._routes())
        }

    def _validator(self) -> aws.apigateway.RequestValidator:
        return self._definition.create(
            "validator",
            aws.apigateway.RequestValidator,
            f"{self._prefix}-validator",
            rest_api=self.resource.id,
            name="body-and-parameters",
            validate_request_body=True,
            validate_request_parameters=True,
        )

    def _resources(self) -> list[aws.apigateway.Resource]:
        resources = []
        for path in rest_api.resource_paths(self._routes()):
            resources.append(
                self._definition.create(
                    f"resource {path.path}",
                    aws.apigateway.Resource,
                    f"{self._prefix}{path.path}",
                    rest_api=self.resource.id,
                    parent_id=self.paths[path.parent],
                    path_part=path.part,
                )
            )
            self.paths[path.path] = resources[-1].id
        return resources

    def _authorizer(self, user_pool: UserPool) -> aws.apigateway.Authorizer:
        return self._definition.create(
            "authorizer",
            aws.apigateway.Authorizer,
            f"{self._prefix}-authorizer",
            rest_api=self.resource.id,
            name=model.USER_POOL_AUTHORIZER,
            type=USER_POOL,
            provider_arns=[user_pool.arn],
            identity_source="method.request.header.Authorization",
        )

    def _lambda_authorizer(self, definition: model.LambdaAuthorizer, function: Function) -> aws.apigateway.Authorizer:
        return self._definition.create(
            f"authorizer {definition.name}",
            aws.apigateway.Authorizer,
            f"{self._prefix}-authorizer-{definition.name}",
            rest_api=self.resource.id,
            authorizer_uri=function.invoke_arn,
            **rest_api.authorizer_properties(definition),
        )

    def _authorization(self, route: model.Route) -> dict[str, Any]:
        """Return the authorization properties of a method. A required API key is not an authorization."""
        if route.authorizer:
            return {"authorization": "CUSTOM", "authorizer_id": self.authorizers[route.authorizer].id}
        scope = route.required_scope()
        if scope and self.user_pool and self.authorizer:
            scopes = [self.user_pool.scope(scope)]
            return {"authorization": USER_POOL, "authorizer_id": self.authorizer.id, "authorization_scopes": scopes}
        return {"authorization": "AWS_IAM" if scope and self.authorization.type == "AWS_IAM" else "NONE"}

    def _method(self, route: model.Route) -> aws.apigateway.Method:
        return self._definition.create(
            f"method {route.method} {route.path}",
            aws.apigateway.Method,
            f"{self._prefix}{route.path}-{route.method.lower()}",
            **self._path_ids(route.path),
            http_method=route.method,
            **self._authorization(route),
            api_key_required=self._requires_key(route),
            request_parameters=rest_api.request_parameters(route),
            request_models=self._request_models(route) or None,
            request_validator_id=self.validator.id,
        )

    def _request_models(self, route: model.Route) -> dict[str, pulumi.Output[str]]:
        """Return the model of each JSON type that a route accepts. API Gateway does not validate other types."""
        return {media_type: self.models[route.body].name for media_type in rest_api.json_types(route) if route.body}

    def _integration(self, method: str, path: str, label: str, function: Function) -> aws.apigateway.Integration:
        return self._definition.create(
            f"integration {method} {path}",
            aws.apigateway.Integration,
            f"{label}-integration",
            **self._path_ids(path),
            http_method=self.methods[method, path].http_method,
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=function.invoke_arn,
        )

    def _mock_preflights(self) -> dict[str, Mock]:
        headers = self._headers_by_path()
        return {
            path: self._mock(f"{self._prefix}{path}-options", path, rest_api.preflight(allowed, headers[path]))
            for path, allowed in self._methods_by_path().items()
        }

    def _preflight_function(self) -> Preflight:
        """Create the function that responds to OPTIONS, and its method and integration on every path."""
        preflight = Preflight(
            f"{self._prefix}-preflight",
            PreflightArgs(
                name=self._args.preflight_name or f"{self._args.name}-preflight",
                origins=self._origins(),
                methods=self._methods_by_path(),
                headers=self._headers_by_path(),
                credentials=bool(self.settings.cors_credentials),
                settings=self._args.preflight_settings,
                kms_key_arn=self._args.kms_key_arn,
                provider_info=self._args.provider_info,
                tags=self._args.tags,
            ),
            self._child,
        )
        for path in self._methods_by_path():
            label = f"{self._prefix}{path}-options"
            ids = self._path_ids(path)
            self.methods["OPTIONS", path] = self._definition.create_open_method("OPTIONS", path, label, ids)
            self.integrations.append(self._integration("OPTIONS", path, label, preflight.function))
        return preflight

    def _health(self) -> Mock:
        resource = self._definition.create(
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

    def _mock(self, label: str, path: str, spec: rest_api.MockResponse) -> Mock:
        # With several origins, only the health route is a mock, and any origin can read its constant response.
        headers = self._cors(spec.headers, "method.response", ANY)
        return self._definition.create_mock(label, path, self._path_ids(path), spec, headers)

    def _gateway_response(self, spec: rest_api.GatewayResponse) -> aws.apigateway.Response:
        return self._definition.create(
            f"gateway response {spec.type}",
            aws.apigateway.Response,
            f"{self._prefix}-{spec.type.lower().replace('_', '-')}",
            rest_api_id=self.resource.id,
            response_type=spec.type,
            status_code=str(spec.status) if spec.status else None,
            response_parameters=self._cors(
                partial(rest_api.error_headers, additional=spec.headers), "gatewayresponse", rest_api.REQUEST_ORIGIN
            ),
            response_templates={"application/json": rest_api.body_template(spec)},
        )

    def _permissions(self) -> list[aws.lambda_.Permission]:
        functions = {function.physical_name: function for _, function in self._args.routes}
        if self.preflight:
            functions[self.preflight.function.physical_name] = self.preflight.function
        permissions = allow_invocations(self._prefix, functions, self.resource.execution_arn, self._child)
        for authorizer, function in self._args.authorizers:
            if function.physical_name not in functions:
                label, id_ = f"authorizer-{authorizer.name}", self.authorizers[authorizer.name].id
                source = concat(self.resource.execution_arn, "/authorizers/", id_)
                permissions.append(allow_invocation(f"{self._prefix}-{label}", function, source, self._child))
        return permissions

    def _deployment(self) -> aws.apigateway.Deployment:
        mocks = [resource for mock in self._mocks() for resource in (mock.integration, mock.integration_response)]
        return aws.apigateway.Deployment(
            f"{self._prefix}-deployment",
            rest_api=self.resource.id,
            triggers={"description": self._definition.fingerprint()},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*self.integrations, *mocks, *self.gateway_responses, *self.permissions]
            ),
        )

    def _mocks(self) -> list[Mock]:
        return [*self.preflights.values(), *([self.health] if self.health else [])]

    def _has_logs(self) -> bool:
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
                {"destination_arn": access.arn, "format": access_log_format("REST")} if access else None
            ),
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.logs.ready() if self.logs else None),
        )

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
