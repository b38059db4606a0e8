"""An API Gateway HTTP API, created from routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from ... import model
from ...documents import http_api, iam
from ...documents.access_log import access_log_format
from ...settings import USER_POOL, ApiSettings, AuthorizationSettings, invalid_value, merge
from ...settings.environments import BASIS
from ..compute.function import Function
from ..derived import concat
from .domain import create_domain
from .endpoint import allow_calls, allow_invocation, allow_invocations, check_callers, check_routes, public_url
from .user_pool import UserPool


@dataclass(frozen=True, kw_only=True)
class HttpApiArgs:
    """Arguments for `HttpApi`."""

    name: str
    """Physical name of the API."""
    description: str = ""
    routes: Sequence[tuple[model.Route, Function]]
    """Every route with its function."""
    settings: ApiSettings = field(default_factory=ApiSettings)
    """Unset fields use the `dev` defaults. The stage defaults to `$default`, which has no segment in the path. Settings
    that only REST APIs have are ignored."""
    authorization: AuthorizationSettings = field(default_factory=AuthorizationSettings)
    """Unset fields use the `dev` defaults."""
    user_pool: UserPool | None = None
    """User pool that issues the tokens, required if the type of `authorization` is COGNITO_USER_POOLS."""
    authorizers: Sequence[tuple[model.LambdaAuthorizer, Function]] = ()
    """Every authorizer of the routes with its function."""
    jwt_authorizers: Mapping[str, model.JwtAuthorizer] = field(default_factory=dict)
    """Authorizers, by name, whose tokens the API verifies itself instead of invoking their function."""
    cors_origins: Sequence[pulumi.Input[str]] | None = None
    """Allowed CORS origins. Default (None): `settings.cors_origin`."""
    log_retention_days: int | None = BASIS.function.log_retention_days
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the access log. Default (None): CloudWatch Logs encrypts it with its default key."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.authorization.type == "API_KEY":
            raise invalid_value("authorization.type", "API_KEY", "another type", "HTTP APIs have no API keys.")
        check_routes(self.routes, self.authorizers, self.settings)
        check_callers(self.authorization, self.user_pool, self.settings, self.cors_origins)


class HttpApi(pulumi.ComponentResource):
    """An HTTP API with one stage, which deploys every change automatically."""

    preflight = None
    """API Gateway responds to OPTIONS, so no function does."""
    usage_plan = None
    """HTTP APIs have no API keys."""
    logs = None
    """HTTP APIs have only an access log."""

    def __init__(self, name: str, args: HttpApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:HttpApi", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.settings = merge(merge(BASIS.api, ApiSettings(stage_name=None)), args.settings)
        self.authorization = merge(BASIS.authorization, args.authorization)
        origins = self.settings.cors_origins() if args.cors_origins is None else args.cors_origins
        cors = http_api.cors(
            self._routes(),
            origins,
            authorizers=[authorizer for authorizer, _ in args.authorizers],
            credentials=bool(self.settings.cors_credentials),
        )
        self.resource = aws.apigatewayv2.Api(
            f"{name}-api",
            name=args.name,
            description=args.description or None,
            protocol_type="HTTP",
            cors_configuration=aws.apigatewayv2.ApiCorsConfigurationArgs(**cors) if cors else None,
            disable_execute_api_endpoint=self.settings.disable_execute_api_endpoint,
            tags=args.tags,
            opts=self._child,
        )
        self.user_pool = args.user_pool if self.authorization.type == USER_POOL else None
        has_scopes = any(route.required_scope() for route in self._routes())
        self.authorizer = self._pool_authorizer(self.user_pool) if self.user_pool and has_scopes else None
        self.authorizers = {
            authorizer.name: self._authorizer(authorizer, function) for authorizer, function in args.authorizers
        }
        self._functions = {function.physical_name: function for _, function in args.routes}
        self.integrations = {name: self._integration(name, function) for name, function in self._functions.items()}
        # A route with the method `ANY` would also match preflight requests, which have no credentials, and API Gateway
        # authorizes the requests of a route before it responds to them.
        self.routes = {
            (method, route.path): self._route(route, method, function)
            for route, function in args.routes
            for method in route.own_methods(self._routes())
        }
        self.permissions = self._permissions()
        self.access_log = self._access_log() if self.settings.access_log else None
        self.stage = self._stage()
        self.stage_name = self.stage.name
        self.deployment_id = self.stage.deployment_id
        ids = (self.resource.id, self.stage.name)
        self.domain = create_domain(
            f"{name}-domain", self.settings, protocol="HTTP", ids=ids, tags=args.tags, opts=self._child
        )
        self.url = public_url(
            self.stage.invoke_url.apply(lambda url: url.rstrip("/") if url else url),
            self.domain,
            self.resource.disable_execute_api_endpoint,
        )
        self.register_outputs({"id": self.resource.id, "url": self.url, "stage": self.stage.name})

    def metric_dimensions(self) -> dict[str, pulumi.Output[str]]:
        """Return the dimensions of the CloudWatch metrics of the stage."""
        return {"ApiId": self.resource.id, "Stage": self.stage.name}

    def grant(self, scope: str) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows signed requests (AWS_IAM authorization) to the routes of a scope."""
        return allow_calls(self._routes(), scope, self.resource.execution_arn, self.stage.name)

    def _routes(self) -> list[model.Route]:
        return [route for route, _ in self._args.routes]

    def _pool_authorizer(self, user_pool: UserPool) -> aws.apigatewayv2.Authorizer:
        return self._jwt_authorizer(f"{self._prefix}-authorizer", "user-pool", user_pool.issuer, user_pool.client_ids)

    def _authorizer(self, authorizer: model.LambdaAuthorizer, function: Function) -> aws.apigatewayv2.Authorizer:
        if jwt := self._args.jwt_authorizers.get(authorizer.name):
            pool = self._args.user_pool if jwt.uses_user_pool else None
            issuer, audience = (pool.issuer, jwt.audience or pool.client_ids) if pool else (jwt.issuer, jwt.audience)
            # Routes require an authorizer of their type, so another authorizer replaces one whose type changes. Names
            # are unique in the API.
            label, name = f"{self._prefix}-jwt-authorizer-{jwt.name}", f"{jwt.name}_jwt"
            return self._jwt_authorizer(label, name, issuer, audience)
        # An API Gateway that requires an identity source rejects requests without it.
        sources = [] if authorizer.optional else map(http_api.identity_source, authorizer.identity_sources)
        return aws.apigatewayv2.Authorizer(
            f"{self._prefix}-authorizer-{authorizer.name}",
            api_id=self.resource.id,
            name=authorizer.name,
            authorizer_type="REQUEST",
            authorizer_uri=function.invoke_arn,
            # The format of REST APIs, so that the same function authorizes the requests of both.
            authorizer_payload_format_version="1.0",
            authorizer_result_ttl_in_seconds=authorizer.cache_seconds,
            identity_sources=list(sources),
            opts=self._child,
        )

    def _jwt_authorizer(
        self, label: str, name: str, issuer: pulumi.Input[str], audience: Sequence[pulumi.Input[str]]
    ) -> aws.apigatewayv2.Authorizer:
        return aws.apigatewayv2.Authorizer(
            label,
            api_id=self.resource.id,
            name=name,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": issuer, "audiences": audience},
            opts=self._child,
        )

    def _permissions(self) -> list[aws.lambda_.Permission]:
        permissions = allow_invocations(self._prefix, self._functions, self.resource.execution_arn, self._child)
        for authorizer, function in self._args.authorizers:
            if function.physical_name not in self._functions and authorizer.name not in self._args.jwt_authorizers:
                source = concat(self.resource.execution_arn, "/authorizers/", self.authorizers[authorizer.name].id)
                label = f"{self._prefix}-authorizer-{authorizer.name}"
                permissions.append(allow_invocation(label, function, source, self._child))
        return permissions

    def _integration(self, name: str, function: Function) -> aws.apigatewayv2.Integration:
        return aws.apigatewayv2.Integration(
            f"{self._prefix}-{name}-integration",
            api_id=self.resource.id,
            integration_type="AWS_PROXY",
            integration_method="POST",
            integration_uri=function.invoke_arn,
            payload_format_version=http_api.PAYLOAD_FORMAT,
            timeout_milliseconds=http_api.TIMEOUT_MILLISECONDS,
            opts=self._child,
        )

    def _route(self, route: model.Route, method: str, function: Function) -> aws.apigatewayv2.Route:
        integration = self.integrations[function.physical_name]
        return aws.apigatewayv2.Route(
            f"{self._prefix}{route.path}-{method.lower()}",
            api_id=self.resource.id,
            route_key=http_api.route_key(route, method),
            target=integration.id.apply(lambda id_: f"integrations/{id_}"),
            **self._authorization(route),
            opts=self._child,
        )

    def _authorization(self, route: model.Route) -> dict[str, Any]:
        """Return the authorization properties of a route."""
        if route.authorizer:
            authorization = "JWT" if route.authorizer in self._args.jwt_authorizers else "CUSTOM"
            return {"authorization_type": authorization, "authorizer_id": self.authorizers[route.authorizer].id}
        scope = route.required_scope()
        if scope and self.user_pool and self.authorizer:
            scopes = [self.user_pool.scope(scope)]
            return {"authorization_type": "JWT", "authorizer_id": self.authorizer.id, "authorization_scopes": scopes}
        return {"authorization_type": "AWS_IAM" if scope and self.authorization.type == "AWS_IAM" else "NONE"}

    def _access_log(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._prefix}-access",
            # API Gateway adds each log group with another prefix to a resource policy of limited size.
            name=f"/aws/vendedlogs/apigateway/{self._args.name}",
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.kms_key_arn,
            tags=self._args.tags,
            opts=self._child,
        )

    def _stage(self) -> aws.apigatewayv2.Stage:
        settings, log = self.settings, self.access_log
        return aws.apigatewayv2.Stage(
            f"{self._prefix}-stage",
            api_id=self.resource.id,
            name=settings.stage_name or http_api.DEFAULT_STAGE,
            auto_deploy=True,
            default_route_settings=aws.apigatewayv2.StageDefaultRouteSettingsArgs(
                **self._limits(settings.throttle_rate_per_second, settings.throttle_burst)
            ),
            route_settings=[
                aws.apigatewayv2.StageRouteSettingArgs(
                    route_key=http_api.route_key(route), **self._limits(limits.rate_per_second, limits.burst)
                )
                for route in self._routes()
                if route.throttle and (limits := route.throttle.within(settings))
            ],
            access_log_settings={"destination_arn": log.arn, "format": access_log_format("HTTP")} if log else None,
            tags=self._args.tags,
            # Otherwise, the first deployments would not contain all routes, and their settings would be rejected.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self.routes.values(), *self.permissions]),
        )

    def _limits(self, rate_per_second: float | None, burst: int | None) -> dict[str, Any]:
        """Return the settings of routes. Unset limits would be limits of 0."""
        return {
            "throttling_rate_limit": rate_per_second,
            "throttling_burst_limit": burst,
            "detailed_metrics_enabled": bool(self.settings.metrics),
        }
