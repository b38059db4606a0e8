"""The resources of a REST API that its deployment captures, and their hash."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import pulumi
import pulumi_aws as aws
from pulumi.output import Unknown

from ...documents import rest_api

CAPTURED_PROPERTIES: dict[type[pulumi.Resource], tuple[str, ...]] = {
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
"""Properties of each resource type that a deployment captures."""
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
"""Values of unset properties that API Gateway returns. They are unknown in a preview."""

T = TypeVar("T")
R = TypeVar("R", bound=pulumi.Resource)


class Captured(NamedTuple):
    """A resource that a deployment captures."""

    resource: pulumi.Resource
    set_properties: frozenset[str]
    """Properties that the program sets. Transforms can set others."""


class Mock(NamedTuple):
    """A method with a mock integration: API Gateway returns the response without calling a function."""

    method: aws.apigateway.Method
    integration: aws.apigateway.Integration
    response: aws.apigateway.MethodResponse
    integration_response: aws.apigateway.IntegrationResponse


class ApiDefinition:
    """The resources, methods and responses of an API. Its deployment is a copy of them."""

    def __init__(self, parent: pulumi.Resource) -> None:
        self._parent = parent
        self._captured: dict[str, Captured] = {}

    def create(
        self,
        key: str,
        create: Callable[..., R],
        logical_name: str,
        /,
        depends_on: Sequence[pulumi.Resource] | None = None,
        **properties: Any,
    ) -> R:
        """Create a resource that a deployment captures, and record it under `key` with the properties that are set."""
        opts = pulumi.ResourceOptions(parent=self._parent, depends_on=depends_on)
        resource = create(logical_name, **properties, opts=opts)
        self._captured[key] = Captured(resource, frozenset(n for n, value in properties.items() if _is_set(value)))
        return resource

    def create_open_method(self, method: str, path: str, label: str, ids: Mapping[str, Any]) -> aws.apigateway.Method:
        """Create a method without authorization. `ids` are the properties that identify the path."""
        return self.create(
            f"method {method} {path}", aws.apigateway.Method, label, **ids, http_method=method, authorization="NONE"
        )

    def create_mock(
        self,
        label: str,
        path: str,
        ids: Mapping[str, Any],
        spec: rest_api.MockResponse,
        headers: pulumi.Output[dict[str, str]] | dict[str, str] | None,
    ) -> Mock:
        """Create a method with a constant response. `ids` are the properties that identify the path."""
        key = f"{spec.method} {path}"
        method = self.create_open_method(spec.method, path, label, ids)
        properties = {**ids, "http_method": method.http_method}
        integration = self.create(
            f"integration {key}",
            aws.apigateway.Integration,
            f"{label}-integration",
            **properties,
            type="MOCK",
            # If requests are binary, API Gateway cannot apply the template to them and returns 500. Always set, because
            # the provider keeps the binary media types of an API when the last route with binary bodies is removed.
            content_handling="CONVERT_TO_TEXT",
            request_templates={"application/json": json.dumps({"statusCode": spec.status})},
        )
        response = self.create(
            f"response {key}",
            aws.apigateway.MethodResponse,
            f"{label}-response",
            **properties,
            status_code=str(spec.status),
            response_parameters=None if headers is None else pulumi.Output.from_input(headers).apply(_optional),
        )
        integration_response = self.create(
            f"integration response {key}",
            aws.apigateway.IntegrationResponse,
            f"{label}-integration-response",
            depends_on=[integration],
            **properties,
            status_code=response.status_code,
            response_parameters=headers,
            response_templates={"application/json": spec.body} if spec.body else None,
        )
        return Mock(method, integration, response, integration_response)

    def fingerprint(self) -> pulumi.Output[str]:
        """Return a hash of every property that a deployment captures, including changes made by transforms.

        It contains no logical names, so an alias that renames resources does not redeploy the API.
        """
        captured = {
            key: {name: _captured_value(capture, name) for name in CAPTURED_PROPERTIES[type(capture.resource)]}
            for key, capture in self._captured.items()
        }
        return pulumi.Output.from_input(captured).apply(rest_api.fingerprint)


def _optional(headers: Mapping[str, str]) -> dict[str, bool]:
    """Return headers as optional parameters of a method response."""
    return dict.fromkeys(headers, False)


def _is_set(value: Any) -> bool:
    """Return whether a property has a value. API Gateway does not store empty values."""
    return isinstance(value, pulumi.Output) or value not in (None, "", [], {})


def _captured_value(captured: Captured, name: str) -> Any:
    """Return the registered value of a property. An unset property is None, even if a preview has it as unknown."""
    value: pulumi.Output[Any] = getattr(captured.resource, name)
    if isinstance(captured.resource, aws.apigateway.Integration):
        value = _untraced(value)
    if name in captured.set_properties:
        return value
    default = PROVIDER_DEFAULTS.get(name)
    return value.apply(
        lambda current: None if isinstance(current, Unknown) or current == default else current,
        run_with_unknowns=True,
    )


def _untraced(value: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """Return the value of an output as an output without dependencies. The provider deletes an integration before it
    creates the replacement. If the triggers of the deployment depended on the integration, Pulumi would first delete
    the deployment, which the stage still uses.
    """
    future = partial(value.future, with_unknowns=True)
    return pulumi.Output(set(), _Deferred(future), _Deferred(value.is_known), _Deferred(value.is_secret))


class _Deferred(Generic[T]):
    """An awaitable that calls a coroutine function when it is awaited.

    If an output fails, Pulumi awaits only its future. Python warns about coroutines that are never awaited.
    """

    def __init__(self, start: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._start = start

    def __await__(self) -> Generator[Any, Any, T]:
        return self._start().__await__()
