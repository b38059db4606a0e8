"""API Gateway HTTP APIs."""

from __future__ import annotations

from ..emulator import ACCOUNT, RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations

register_creations(
    "apigatewayv2",
    {
        "apigatewayv2.Api": Creation(
            "create_api",
            "{ApiId}",
            {
                "arn": "arn:aws:apigateway:{region}::/apis/{ApiId}",
                "executionArn": "arn:aws:execute-api:{region}:{account}:{ApiId}",
                "apiEndpoint": "{ApiEndpoint}",
                "disableExecuteApiEndpoint": False,
            },
            # The emulator has no DNS for custom domains, so the default endpoint stays enabled.
            inputs={"disableExecuteApiEndpoint": None},
        ),
        "apigatewayv2.Authorizer": Creation(
            "create_authorizer", "{AuthorizerId}", names="IdentitySource=identitySources Audience=audiences"
        ),
        "apigatewayv2.Integration": Creation(
            "create_integration", "{IntegrationId}", names="TimeoutInMillis=timeoutMilliseconds"
        ),
        "apigatewayv2.Route": Creation("create_route", "{RouteId}"),
        "apigatewayv2.ApiMapping": Creation("create_api_mapping", "{ApiMappingId}"),
    },
)


@provisions("apigatewayv2.Stage")
def stage(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a stage with its access log and the limits of its routes."""
    routes = {route["routeKey"]: route for route in inputs.get("routeSettings") or ()}
    call(aws, "apigatewayv2", "create_stage", {**inputs, "routeSettings": routes}, "StageName=name")
    api, name = inputs["apiId"], inputs["name"]
    outputs = {
        "arn": f"arn:aws:apigateway:{aws.region}::/apis/{api}/stages/{name}",
        "executionArn": f"arn:aws:execute-api:{aws.region}:{ACCOUNT}:{api}/{name}",
        "invokeUrl": aws.emulator.api_url(api, name),
        "deploymentId": "automatic",
    }
    return CreatedResource(name, outputs)
