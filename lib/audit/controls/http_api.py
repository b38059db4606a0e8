"""Controls of API Gateway HTTP APIs."""

from __future__ import annotations

from ..control import Control

CONTROLS = (
    Control(
        ids=("APIGateway.9", "CKV_AWS_95"),
        title="API Gateway V2 stages should have access logging enabled",
        severity="medium",
        kinds=("apigatewayv2.Stage",),
        is_compliant=lambda stage, _: stage.is_set("accessLogSettings.destinationArn"),
        remediation="Enable `access_log`.",
        other_remediation="Set `accessLogSettings` of the `apigatewayv2.Stage`.",
    ),
    Control(
        ids=("APIGateway.8", "CKV_AWS_309"),
        title="API Gateway routes should specify an authorization type",
        severity="medium",
        kinds=("apigatewayv2.Route",),
        is_compliant=lambda route, _: route.get("authorizationType", "NONE") != "NONE",
        remediation="Set `authorization` to AWS_IAM or COGNITO_USER_POOLS. To publish a route, set its `authorizer` to "
        "an empty string in the service definition.",
        other_remediation="Set `authorizationType` of the `apigatewayv2.Route`.",
    ),
)
