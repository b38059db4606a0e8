"""Properties of a REST API that redeploy it when a transform of the program changes them."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pulumi
import pytest

from lib.components.api.definition import CAPTURED_PROPERTIES
from lib.components.api.rest_api import Api, ApiArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.program.recorder import record

from ..support.builders import NEW_PARCEL, a_route

REST_API = "aws:apigateway/restApi:RestApi"
RESOURCE = "aws:apigateway/resource:Resource"
INTEGRATION = "aws:apigateway/integration:Integration"
DEPLOYED_AGAIN: list[tuple[str, str, Any]] = [
    (REST_API, "apiKeySource", "AUTHORIZER"),
    (REST_API, "binaryMediaTypes", ["image/png"]),
    (REST_API, "body", '{"openapi": "3.0.1"}'),
    (REST_API, "disableExecuteApiEndpoint", True),
    (REST_API, "endpointAccessMode", "STRICT"),
    (REST_API, "endpointConfiguration", {"types": "REGIONAL", "ipAddressType": "dualstack"}),
    (REST_API, "minimumCompressionSize", "1024"),
    (REST_API, "parameters", {"basepath": "prepend"}),
    (REST_API, "policy", '{"Version": "2012-10-17", "Statement": []}'),
    (REST_API, "putRestApiMode", "merge"),
    (REST_API, "securityPolicy", "SecurityPolicy_TLS13_1_3_2025_09"),
    (RESOURCE, "pathPart", "letters"),
    (INTEGRATION, "integrationTarget", "arn:balancer"),
    (INTEGRATION, "responseTransferMode", "STREAM"),
]
NOT_DEPLOYED_AGAIN: list[tuple[str, str, Any]] = [
    (REST_API, "description", "Letters and parcels."),
    (REST_API, "name", "letters"),
    (REST_API, "tags", {"Team": "post"}),
    (REST_API, "minimumCompressionSize", ""),
    (REST_API, "securityPolicy", "TLS_1_0"),
    (INTEGRATION, "responseTransferMode", "BUFFERED"),
]
REFERENCES = {"authorizer_id", "http_method", "parent_id", "region", "resource_id", "rest_api", "rest_api_id"}
"""Properties that identify a resource: a new value replaces it, or its method is captured."""
LABELS = {"content_type", "description", "fail_on_warnings", "name", "operation_name", "tags"}
"""Properties that do not affect the responses of a stage."""
CACHE = {"cache_namespace"}
"""Name of a cache; its default is an ID that is unknown in a preview."""


def triggers(*changes: tuple[str, str, Any]) -> dict[str, str]:
    """Return the triggers of the deployment of an API that a transform changes."""

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        changed = {name: value for token, name, value in changes if token == args.type_}
        return pulumi.ResourceTransformResult({**args.props, **changed}, args.opts) if changed else None

    def program() -> None:
        function = Function("desk", FunctionArgs(name="post-desk", role_arn="arn:role", files={"index.py": ""}))
        routes = [(a_route(), function), (a_route(method="POST", operation="accept", body="NewParcel"), function)]
        args = ApiArgs(name="post-counter", routes=routes, schemas={"NewParcel": NEW_PARCEL})
        Api("counter", args, pulumi.ResourceOptions(transforms=[transform]))

    inputs: dict[str, str] = record(program).single("apigateway.Deployment").inputs["triggers"]
    return inputs


@pytest.fixture(scope="module", name="unchanged")
def unchanged_fixture() -> dict[str, str]:
    """Return the triggers without a change."""
    return triggers()


@pytest.mark.parametrize("change", DEPLOYED_AGAIN, ids=lambda change: change[1])
@pytest.mark.untraced
@pytest.mark.slow
def test_changed_property_deploys_the_api_again(unchanged: dict[str, str], change: tuple[str, str, Any]) -> None:
    assert triggers(change) != unchanged


@pytest.mark.parametrize("change", NOT_DEPLOYED_AGAIN, ids=lambda change: change[1])
@pytest.mark.untraced
@pytest.mark.slow
def test_label_or_default_does_not_deploy_the_api_again(
    unchanged: dict[str, str], change: tuple[str, str, Any]
) -> None:
    assert triggers(change) == unchanged


@pytest.mark.parametrize("kind", CAPTURED_PROPERTIES, ids=lambda kind: kind.__name__)
def test_every_property_that_affects_a_stage_is_captured(kind: type[pulumi.Resource]) -> None:
    arguments = getattr(import_module(kind.__module__), f"{kind.__name__}Args")
    properties = {*inspect.signature(arguments.__init__).parameters} - {"__self__"}
    assert properties - {*CAPTURED_PROPERTIES[kind]} <= REFERENCES | LABELS | CACHE
    assert {*CAPTURED_PROPERTIES[kind]} <= properties
