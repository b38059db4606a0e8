"""REST APIs."""

from __future__ import annotations

from ..emulator import ACCOUNT, Place
from .base import Inputs, Made, Row, chosen, provisions, rows


@provisions("aws:apigateway/restApi:RestApi")
def rest_api(place: Place, inputs: Inputs) -> Made:
    """A REST API with its root."""
    made = place.client("apigateway").create_rest_api(
        **chosen(inputs, name="name", description="description", tags="tags"), **_endpoint(inputs)
    )
    outputs = {
        "arn": f"arn:aws:apigateway:{place.region}::/restapis/{made['id']}",
        "executionArn": f"arn:aws:execute-api:{place.region}:{ACCOUNT}:{made['id']}",
        "rootResourceId": made["rootResourceId"],
        # The emulator serves the endpoint nevertheless, and has no DNS and no certificate for a domain.
        "disableExecuteApiEndpoint": False,
    }
    return Made(made["id"], outputs)


def _endpoint(inputs: Inputs) -> Inputs:
    given = inputs.get("endpointConfiguration")
    return {"endpointConfiguration": {"types": [given["types"]]}} if given else {}


@provisions("aws:apigateway/domainName:DomainName")
def domain_name(place: Place, inputs: Inputs) -> Made:
    """A domain of one's own, which the emulator answers to by its Host header."""
    name = inputs["domainName"]
    made = place.client("apigateway").create_domain_name(
        **chosen(
            inputs,
            domainName="domainName",
            regionalCertificateArn="regionalCertificateArn",
            securityPolicy="securityPolicy",
            tags="tags",
        ),
        **_endpoint(inputs),
    )
    outputs = {
        "arn": f"arn:aws:apigateway:{place.region}::/domainnames/{name}",
        "regionalDomainName": made["regionalDomainName"],
        "regionalZoneId": made["regionalHostedZoneId"],
    }
    return Made(name, outputs)


@provisions("aws:apigateway/account:Account")
def api_account(place: Place, inputs: Inputs) -> Made:
    """The role with which API Gateway writes logs."""
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": inputs["cloudwatchRoleArn"]}
    place.client("apigateway").update_account(patchOperations=[patch])
    return Made("api-gateway-account", {})


@provisions("aws:apigateway/response:Response")
def gateway_response(place: Place, inputs: Inputs) -> Made:
    """How the gateway refuses."""
    templates = {
        # AWS fills this variable in; the emulator would show its name.
        kind: text.replace('"$context.error.validationErrorString"', "")
        for kind, text in (inputs.get("responseTemplates") or {}).items()
    }
    place.client("apigateway").put_gateway_response(
        **chosen(
            inputs,
            restApiId="restApiId",
            responseType="responseType",
            statusCode="statusCode",
            responseParameters="responseParameters",
        ),
        responseTemplates=templates,
    )
    return Made(f"aggr-{inputs['restApiId']}-{inputs['responseType']}", {})


@provisions("aws:apigateway/stage:Stage")
def api_stage(place: Place, inputs: Inputs) -> Made:
    """Where a deployment is served."""
    place.client("apigateway").create_stage(
        **chosen(
            inputs,
            restApiId="restApi",
            stageName="stageName",
            deploymentId="deployment",
            tracingEnabled="xrayTracingEnabled",
            variables="variables",
            tags="tags",
        )
    )
    api, stage = inputs["restApi"], inputs["stageName"]
    if log := inputs.get("accessLogSettings"):
        said = {"destinationArn": log["destinationArn"], "format": log["format"]}
        patches = [
            {"op": "replace", "path": f"/accessLogSettings/{name}", "value": value} for name, value in said.items()
        ]
        place.client("apigateway").update_stage(restApiId=api, stageName=stage, patchOperations=patches)
    outputs = {
        "arn": f"arn:aws:apigateway:{place.region}::/restapis/{api}/stages/{stage}",
        "executionArn": f"arn:aws:execute-api:{place.region}:{ACCOUNT}:{api}/{stage}",
        "invokeUrl": place.emulator.api_url(api, stage),
    }
    return Made(f"ags-{api}-{stage}", outputs)


METHOD_SETTINGS = {
    "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
    "loggingLevel": "logging/loglevel",
    "dataTraceEnabled": "logging/dataTrace",
    "metricsEnabled": "metrics/enabled",
}
"""Pulumi's settings of a method, and the paths under which a stage is patched."""


@provisions("aws:apigateway/methodSettings:MethodSettings")
def method_settings(place: Place, inputs: Inputs) -> Made:
    """The throttle, the logs and the metrics of a stage's methods."""
    given = {name: value for name, value in inputs["settings"].items() if value is not None}
    if unknown := given.keys() - METHOD_SETTINGS.keys():
        raise ValueError(f"method settings {sorted(unknown)}: not known to the local run")
    patches = [
        {"op": "replace", "path": f"/{inputs['methodPath']}/{METHOD_SETTINGS[name]}", "value": str(value)}
        for name, value in given.items()
    ]
    place.client("apigateway").update_stage(
        restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=patches
    )
    return Made(f"{inputs['restApi']}-{inputs['stageName']}-{inputs['methodPath']}", {})


@provisions("aws:apigateway/usagePlan:UsagePlan")
def usage_plan(place: Place, inputs: Inputs) -> Made:
    """What a key may do in a month, and in a second."""
    throttle, quota = inputs.get("throttleSettings"), inputs.get("quotaSettings")
    made = place.client("apigateway").create_usage_plan(
        **chosen(inputs, name="name", tags="tags"),
        apiStages=[{"apiId": stage["apiId"], "stage": stage["stage"]} for stage in inputs.get("apiStages") or []],
        **({"throttle": throttle} if throttle else {}),
        **({"quota": quota} if quota else {}),
    )
    return Made(made["id"], {})


AT = "restApiId=restApi resourceId httpMethod"
"""Where in an API a method is."""

rows(
    "apigateway",
    {
        "aws:apigateway/resource:Resource": Row(
            "create_resource", "restApiId=restApi parentId pathPart", "{id}", "path"
        ),
        "aws:apigateway/model:Model": Row("create_model", "restApiId=restApi name contentType schema", "{id}"),
        "aws:apigateway/requestValidator:RequestValidator": Row(
            "create_request_validator",
            "restApiId=restApi name validateRequestBody validateRequestParameters",
            "{id}",
        ),
        "aws:apigateway/authorizer:Authorizer": Row(
            "create_authorizer", "restApiId=restApi name type providerARNs=providerArns identitySource", "{id}"
        ),
        "aws:apigateway/method:Method": Row(
            "put_method",
            f"{AT} authorizationType=authorization authorizerId authorizationScopes apiKeyRequired requestParameters "
            "requestModels requestValidatorId",
            "agm-{restApi}-{resourceId}-{httpMethod}",
        ),
        "aws:apigateway/integration:Integration": Row(
            "put_integration",
            f"{AT} type integrationHttpMethod uri requestTemplates passthroughBehavior",
            "agi-{restApi}-{resourceId}-{httpMethod}",
        ),
        "aws:apigateway/methodResponse:MethodResponse": Row(
            "put_method_response",
            f"{AT} statusCode responseParameters",
            "agmr-{restApi}-{resourceId}-{httpMethod}-{statusCode}",
        ),
        "aws:apigateway/integrationResponse:IntegrationResponse": Row(
            "put_integration_response",
            f"{AT} statusCode responseParameters responseTemplates selectionPattern",
            "agir-{restApi}-{resourceId}-{httpMethod}-{statusCode}",
        ),
        "aws:apigateway/deployment:Deployment": Row("create_deployment", "restApiId=restApi", "{id}"),
        "aws:apigateway/apiKey:ApiKey": Row("create_api_key", "name tags", "{id}", "value", {"enabled": True}),
        "aws:apigateway/basePathMapping:BasePathMapping": Row(
            "create_base_path_mapping",
            "domainName restApiId=restApi stage=stageName basePath",
            "{domainName}/{basePath}",
        ),
        "aws:apigateway/usagePlanKey:UsagePlanKey": Row(
            "create_usage_plan_key", "usagePlanId keyId keyType", "{keyId}"
        ),
    },
)
