"""API Gateway REST APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..emulator import ACCOUNT, RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations

METHOD_SETTINGS = {
    "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
    "loggingLevel": "logging/loglevel",
    "dataTraceEnabled": "logging/dataTrace",
    "metricsEnabled": "metrics/enabled",
}
"""Patch paths of method settings by input."""
METHOD_ID = "{restApi}-{resourceId}-{httpMethod}"
API = "restApiId=restApi"

register_creations(
    "apigateway",
    {
        "apigateway.RestApi": Creation(
            "create_rest_api",
            "{id}",
            {
                "arn": "arn:aws:apigateway:{region}::/restapis/{id}",
                "executionArn": "arn:aws:execute-api:{region}:{account}:{id}",
                "rootResourceId": "{rootResourceId}",
                "disableExecuteApiEndpoint": False,
            },
            # The emulator has no DNS for custom domains, so the default endpoint stays enabled.
            inputs={"disableExecuteApiEndpoint": None},
        ),
        "apigateway.DomainName": Creation(
            "create_domain_name",
            "{domainName}",
            {
                "arn": "arn:aws:apigateway:{region}::/domainnames/{domainName}",
                "regionalDomainName": "{regionalDomainName}",
                "regionalZoneId": "{regionalHostedZoneId}",
            },
        ),
        "apigateway.Resource": Creation("create_resource", "{id}", {"path": "{path}"}, API),
        "apigateway.Model": Creation("create_model", "{id}", names=API),
        "apigateway.RequestValidator": Creation("create_request_validator", "{id}", names=API),
        "apigateway.Method": Creation("put_method", f"agm-{METHOD_ID}", names=f"{API} authorizationType=authorization"),
        "apigateway.Integration": Creation("put_integration", f"agi-{METHOD_ID}", names=API),
        "apigateway.MethodResponse": Creation("put_method_response", f"agmr-{METHOD_ID}-{{statusCode}}", names=API),
        "apigateway.IntegrationResponse": Creation(
            "put_integration_response", f"agir-{METHOD_ID}-{{statusCode}}", names=API
        ),
        "apigateway.Deployment": Creation("create_deployment", "{id}", names=API),
        "apigateway.ApiKey": Creation("create_api_key", "{id}", {"value": "{value}"}, inputs={"enabled": True}),
        "apigateway.BasePathMapping": Creation(
            "create_base_path_mapping", "{domainName}/{basePath}", names=f"{API} stage=stageName"
        ),
        "apigateway.UsagePlan": Creation(
            "create_usage_plan", "{id}", names="throttle=throttleSettings quota=quotaSettings"
        ),
        "apigateway.UsagePlanKey": Creation("create_usage_plan_key", "{keyId}"),
    },
)


@provisions("apigateway.Account")
def api_account(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Set the role with which API Gateway writes logs."""
    call(aws, "apigateway", "update_account", _patch("", {"cloudwatchRoleArn": inputs["cloudwatchRoleArn"]}))
    return CreatedResource("api-gateway-account", {})


@provisions("apigateway.Authorizer")
def authorizer(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create an authorizer. The emulator treats identity sources of the context as missing, which it rejects with a
    cache, so such an authorizer has no cache."""
    if "context." in (inputs.get("identitySource") or ""):
        inputs = {**inputs, "authorizerResultTtlInSeconds": 0}
    return CreatedResource(call(aws, "apigateway", "create_authorizer", inputs, API)["id"], {})


@provisions("apigateway.Response")
def gateway_response(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Set an error response of API Gateway."""
    call(aws, "apigateway", "put_gateway_response", inputs)
    return CreatedResource(f"aggr-{inputs['restApiId']}-{inputs['responseType']}", {})


@provisions("apigateway.Stage")
def api_stage(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a stage with its access log."""
    names = f"{API} deploymentId=deployment tracingEnabled=xrayTracingEnabled"
    call(aws, "apigateway", "create_stage", inputs, names)
    if log := inputs.get("accessLogSettings"):
        call(aws, "apigateway", "update_stage", inputs | _patch("accessLogSettings/", log), API)
    api, stage = inputs["restApi"], inputs["stageName"]
    outputs = {
        "arn": f"arn:aws:apigateway:{aws.region}::/restapis/{api}/stages/{stage}",
        "executionArn": f"arn:aws:execute-api:{aws.region}:{ACCOUNT}:{api}/{stage}",
        "invokeUrl": aws.emulator.api_url(api, stage),
    }
    return CreatedResource(f"ags-{api}-{stage}", outputs)


@provisions("apigateway.MethodSettings")
def method_settings(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Set throttling, logging and metrics of the methods of a stage."""
    api, stage, path = inputs["restApi"], inputs["stageName"], inputs["methodPath"]
    settings = {name: value for name, value in inputs["settings"].items() if value is not None}
    if unknown := settings.keys() - METHOD_SETTINGS.keys():
        raise ValueError(
            f"Method settings must be some of {', '.join(METHOD_SETTINGS)}, got {', '.join(sorted(unknown))}. Add them "
            "to METHOD_SETTINGS."
        )
    values = {METHOD_SETTINGS[name]: str(value) for name, value in settings.items()}
    call(aws, "apigateway", "update_stage", inputs | _patch(f"{path}/", values), API)
    return CreatedResource(f"{api}-{stage}-{path}", {})


def _patch(path: str, values: Mapping[str, Any]) -> Inputs:
    operations = [{"op": "replace", "path": f"/{path}{name}", "value": value} for name, value in values.items()]
    return {"patchOperations": operations}
