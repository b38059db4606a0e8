"""A REST API, built resource by resource from routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from .. import gateway, service
from ..settings import ApiSettings
from .function import Function

DEFAULT_STAGE = "prod"


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    """What an `Api` is made from."""

    name: str
    """The API's name in AWS."""
    description: str = ""
    routes: Sequence[tuple[service.Route, Function]]
    """Every route with the function that serves it."""
    schemas: Mapping[str, service.Schema] = field(default_factory=dict)
    """The bodies that routes name; each that a request has becomes a model."""
    settings: ApiSettings = field(default_factory=ApiSettings)
    tracing: bool = False
    """X-Ray traces of what the stage serves."""
    tags: Mapping[str, str] = field(default_factory=dict)


class Api(pulumi.ComponentResource):
    """A REST API on one stage, redeployed when what it was derived from changes, and only then."""

    def __init__(self, name: str, args: ApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Api", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._parts: list[pulumi.Resource] = []
        """What a deployment is a picture of."""
        self.resource = aws.apigateway.RestApi(
            f"{name}-api", name=args.name, description=args.description or None, tags=args.tags, opts=self._child
        )
        self.models = self._models()
        self.validator = self._validator()
        self.resources = self._resources()
        self.methods = self._methods()
        self._preflights()
        self._gateway_responses()
        self.permissions = self._permissions()
        self.deployment = self._deployment()
        self.stage = self._stage()
        self._throttle()
        self.key = self._key() if self._wants_key() else None
        self.id = self.resource.id
        self.url = self.stage.invoke_url
        self.register_outputs({"id": self.id, "url": self.url, "stage": self.stage.stage_name})

    def _routes(self) -> list[service.Route]:
        return [route for route, _ in self._args.routes]

    def _label(self, route: service.Route) -> str:
        return f"{self._prefix}-{gateway.slug(route.path)}-{route.method.lower()}"

    def _part(self, resource: pulumi.Resource) -> None:
        self._parts.append(resource)

    def _models(self) -> dict[str, aws.apigateway.Model]:
        return {
            name: aws.apigateway.Model(
                f"{self._prefix}-model-{name}",
                rest_api=self.resource.id,
                name=name,
                content_type="application/json",
                schema=gateway.model(self._args.schemas[name]),
                opts=self._child,
            )
            for name in sorted({route.body for route in self._routes() if route.body})
        }

    def _validator(self) -> aws.apigateway.RequestValidator:
        return aws.apigateway.RequestValidator(
            f"{self._prefix}-validator",
            rest_api=self.resource.id,
            name="body-and-parameters",
            validate_request_body=True,
            validate_request_parameters=True,
            opts=self._child,
        )

    def _resources(self) -> dict[str, pulumi.Output[str]]:
        ids: dict[str, pulumi.Output[str]] = {"": self.resource.root_resource_id}
        for path in gateway.paths(self._routes()):
            ids[path.path] = aws.apigateway.Resource(
                f"{self._prefix}-{gateway.slug(path.path)}",
                rest_api=self.resource.id,
                parent_id=ids[path.parent],
                path_part=path.part,
                opts=self._child,
            ).id
        return ids

    def _methods(self) -> dict[tuple[str, str], aws.apigateway.Method]:
        return {(route.method, route.path): self._method(route, function) for route, function in self._args.routes}

    def _method(self, route: service.Route, function: Function) -> aws.apigateway.Method:
        method = aws.apigateway.Method(
            self._label(route),
            rest_api=self.resource.id,
            resource_id=self.resources[route.path],
            http_method=route.method,
            authorization="NONE",
            api_key_required=self._key_required(route),
            request_parameters=gateway.request_parameters(route),
            request_models={"application/json": self.models[route.body].name} if route.body else None,
            request_validator_id=self.validator.id,
            opts=self._child,
        )
        self._part(
            aws.apigateway.Integration(
                f"{self._label(route)}-integration",
                rest_api=self.resource.id,
                resource_id=self.resources[route.path],
                http_method=method.http_method,
                type="AWS_PROXY",
                integration_http_method="POST",
                uri=function.invoke_arn,
                opts=self._child,
            )
        )
        return method

    def _preflights(self) -> None:
        for path, methods in gateway.methods(self._routes()).items():
            self._preflight(path, gateway.preflight_headers(self._args.settings.cors_origin, methods))

    def _preflight(self, path: str, headers: Mapping[str, str]) -> None:
        """OPTIONS, answered by the gateway itself: no function runs, nothing is billed for it."""
        label = f"{self._prefix}-{gateway.slug(path)}-options"
        where: dict[str, Any] = {"rest_api": self.resource.id, "resource_id": self.resources[path]}
        mapped = gateway.mapped(headers, "method.response")
        method = aws.apigateway.Method(label, **where, http_method="OPTIONS", authorization="NONE", opts=self._child)
        at: dict[str, Any] = {**where, "http_method": method.http_method}
        integration = aws.apigateway.Integration(
            f"{label}-integration",
            **at,
            type="MOCK",
            request_templates={"application/json": '{"statusCode": 204}'},
            opts=self._child,
        )
        response = aws.apigateway.MethodResponse(
            f"{label}-response",
            **at,
            status_code="204",
            response_parameters=dict.fromkeys(mapped, False),
            opts=self._child,
        )
        self._part(
            aws.apigateway.IntegrationResponse(
                f"{label}-integration-response",
                **at,
                status_code=response.status_code,
                response_parameters=mapped,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[integration]),
            )
        )

    def _gateway_responses(self) -> None:
        headers = gateway.refusal_headers(self._args.settings.cors_origin)
        for row in gateway.GATEWAY_RESPONSES:
            self._part(
                aws.apigateway.Response(
                    f"{self._prefix}-{row.type.lower().replace('_', '-')}",
                    rest_api_id=self.resource.id,
                    response_type=row.type,
                    status_code=str(row.status) if row.status else None,
                    response_parameters=headers,
                    response_templates={"application/json": gateway.template(row)},
                    opts=self._child,
                )
            )

    def _permissions(self) -> list[aws.lambda_.Permission]:
        functions = {function.physical_name: function for _, function in self._args.routes}
        return [
            aws.lambda_.Permission(
                f"{function.pulumi_resource_name}-permission",
                action="lambda:InvokeFunction",
                function=function.name,
                principal="apigateway.amazonaws.com",
                source_arn=pulumi.Output.concat(self.resource.execution_arn, "/*"),
                opts=self._child,
            )
            for function in functions.values()
        ]

    def _deployment(self) -> aws.apigateway.Deployment:
        return aws.apigateway.Deployment(
            f"{self._prefix}-deployment",
            rest_api=self.resource.id,
            triggers={"description": gateway.fingerprint(self._picture())},
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._parts),
        )

    def _picture(self) -> dict[str, Any]:
        """All that a deployment freezes."""
        settings = self._args.settings
        return {
            "routes": [
                {
                    "method": route.method,
                    "path": route.path,
                    "function": function.physical_name,
                    "parameters": gateway.request_parameters(route),
                    "body": gateway.model(self._args.schemas[route.body]) if route.body else None,
                    "key": self._key_required(route),
                }
                for route, function in self._args.routes
            ],
            "preflights": {
                path: gateway.preflight_headers(settings.cors_origin, methods)
                for path, methods in gateway.methods(self._routes()).items()
            },
            "refusals": [(row, gateway.template(row)) for row in gateway.GATEWAY_RESPONSES],
            "refusal_headers": gateway.refusal_headers(settings.cors_origin),
        }

    def _stage(self) -> aws.apigateway.Stage:
        return aws.apigateway.Stage(
            f"{self._prefix}-stage",
            rest_api=self.resource.id,
            deployment=self.deployment.id,
            stage_name=self._args.settings.stage_name or DEFAULT_STAGE,
            xray_tracing_enabled=self._args.tracing,
            tags=self._args.tags,
            opts=self._child,
        )

    def _throttle(self) -> None:
        settings = self._args.settings
        self.method_settings = aws.apigateway.MethodSettings(
            f"{self._prefix}-throttle",
            rest_api=self.resource.id,
            stage_name=self.stage.stage_name,
            method_path="*/*",
            settings={
                "throttling_rate_limit": settings.throttle_rate_per_second,
                "throttling_burst_limit": settings.throttle_burst,
            },
            opts=self._child,
        )

    def _key_required(self, route: service.Route) -> bool:
        return route.key_required or bool(self._args.settings.api_key_required)

    def _wants_key(self) -> bool:
        return any(self._key_required(route) for route in self._routes())

    def _key(self) -> aws.apigateway.ApiKey:
        args, settings = self._args, self._args.settings
        key = aws.apigateway.ApiKey(f"{self._prefix}-key", name=f"{args.name}-key", tags=args.tags, opts=self._child)
        self.usage_plan = aws.apigateway.UsagePlan(
            f"{self._prefix}-usage-plan",
            name=f"{args.name}-usage-plan",
            api_stages=[{"api_id": self.resource.id, "stage": self.stage.stage_name}],
            throttle_settings={
                "rate_limit": settings.throttle_rate_per_second,
                "burst_limit": settings.throttle_burst,
            },
            quota_settings={"limit": settings.quota_per_month, "period": "MONTH"} if settings.quota_per_month else None,
            tags=args.tags,
            opts=self._child,
        )
        aws.apigateway.UsagePlanKey(
            f"{self._prefix}-usage-plan-key",
            key_id=key.id,
            key_type="API_KEY",
            usage_plan_id=self.usage_plan.id,
            opts=self._child,
        )
        return key
