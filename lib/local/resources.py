"""How each resource type is made in the emulator: Pulumi's inputs in, AWS's answer out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pulumi

from ..archive import zipped
from .emulator import ACCOUNT, Place

Inputs = dict[str, Any]


class Made(NamedTuple):
    """What a resource became: its id, and the outputs that its inputs do not tell."""

    id: str
    outputs: Inputs


Maker = Callable[[Place, Inputs], Made]
MAKERS: dict[str, Maker] = {}

NOT_EMULATED = {
    "aws:appautoscaling/target:Target": "the emulator has no Application Auto Scaling",
    "aws:appautoscaling/policy:Policy": "the emulator has no Application Auto Scaling",
}
"""Types that are left out of an embedded run, and why.  Each that a program has is listed when it is deployed."""


def makes(token: str) -> Callable[[Maker], Maker]:
    """Register the maker of one resource type."""

    def register(maker: Maker) -> Maker:
        MAKERS[token] = maker
        return maker

    return register


def chosen(inputs: Mapping[str, Any], **names: str) -> Inputs:
    """AWS's parameters from Pulumi's inputs, those given: `chosen(i, TableName="name")`."""
    return {aws: inputs[given] for aws, given in names.items() if inputs.get(given) is not None}


def tag_list(inputs: Inputs) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]


def archive_bytes(archive: Any) -> bytes:
    """The zip of a Pulumi archive of texts and files."""
    return zipped(archive_files(archive))


def archive_files(archive: Any) -> dict[str, str]:
    """The texts of a Pulumi archive, by path."""
    if not isinstance(archive, pulumi.AssetArchive):
        raise TypeError(f"{type(archive).__name__}: the embedded run takes function code as an AssetArchive")
    return {path: _text(path, asset) for path, asset in archive.assets.items()}


def _text(path: str, asset: Any) -> str:
    if isinstance(asset, pulumi.StringAsset):
        return asset.text
    if isinstance(asset, pulumi.FileAsset):
        return Path(asset.path).read_text(encoding="utf-8")
    raise TypeError(f"{path}: {type(asset).__name__} in an archive; the embedded run takes StringAsset and FileAsset")


@makes("aws:dynamodb/table:Table")
def table(place: Place, inputs: Inputs) -> Made:
    """A table, its TTL and its point-in-time recovery."""
    dynamodb = place.client("dynamodb")
    name = inputs["name"]
    capacity = _capacity(inputs)
    request = chosen(inputs, TableName="name", BillingMode="billingMode") | {
        "AttributeDefinitions": [
            {"AttributeName": a["name"], "AttributeType": a["type"]} for a in inputs["attributes"]
        ],
        "KeySchema": _key_schema(inputs["hashKey"], inputs.get("rangeKey")),
        "Tags": tag_list(inputs),
        "DeletionProtectionEnabled": bool(inputs.get("deletionProtectionEnabled")),
        "SSESpecification": {"Enabled": (inputs.get("serverSideEncryption") or {}).get("enabled", False)},
        **capacity,
    }
    if inputs.get("globalSecondaryIndexes"):
        request["GlobalSecondaryIndexes"] = [_index(index) for index in inputs["globalSecondaryIndexes"]]
    if inputs.get("streamEnabled"):
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}
    made = dynamodb.create_table(**request)["TableDescription"]
    if ttl := inputs.get("ttl"):
        dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"AttributeName": ttl["attributeName"], "Enabled": ttl["enabled"]},
        )
    if (inputs.get("pointInTimeRecovery") or {}).get("enabled"):
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    return Made(name, {"arn": made["TableArn"], "streamArn": made.get("LatestStreamArn", "")})


def _capacity(inputs: Inputs) -> Inputs:
    if inputs.get("billingMode") != "PROVISIONED":
        return {}
    return {
        "ProvisionedThroughput": {
            "ReadCapacityUnits": inputs["readCapacity"],
            "WriteCapacityUnits": inputs["writeCapacity"],
        }
    }


def _key_schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return keys + ([{"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else [])


def _index(index: Inputs) -> Inputs:
    keys = [{"AttributeName": k["attributeName"], "KeyType": k["keyType"]} for k in index["keySchemas"]]
    billed = _capacity({**index, "billingMode": "PROVISIONED" if index.get("readCapacity") else None})
    return {
        "IndexName": index["name"],
        "KeySchema": keys,
        "Projection": {"ProjectionType": index["projectionType"]},
        **billed,
    }


@makes("aws:iam/role:Role")
def role(place: Place, inputs: Inputs) -> Made:
    """A role."""
    made = place.client("iam").create_role(
        RoleName=inputs["name"], AssumeRolePolicyDocument=inputs["assumeRolePolicy"], Tags=tag_list(inputs)
    )["Role"]
    return Made(inputs["name"], {"arn": made["Arn"], "uniqueId": made["RoleId"]})


@makes("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def role_policy_attachment(place: Place, inputs: Inputs) -> Made:
    """One of AWS's own policies on a role."""
    place.client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return Made(f"{inputs['role']}/{inputs['policyArn']}", {})


@makes("aws:iam/rolePolicy:RolePolicy")
def role_policy(place: Place, inputs: Inputs) -> Made:
    """A role's inline policy."""
    place.client("iam").put_role_policy(
        RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
    )
    return Made(f"{inputs['role']}:{inputs['name']}", {})


@makes("aws:cloudwatch/logGroup:LogGroup")
def log_group(place: Place, inputs: Inputs) -> Made:
    """A log group and its retention."""
    logs = place.client("logs")
    logs.create_log_group(logGroupName=inputs["name"], tags=inputs.get("tags") or {})
    if inputs.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=inputs["name"], retentionInDays=inputs["retentionInDays"])
    return Made(inputs["name"], {"arn": f"arn:aws:logs:{place.region}:{ACCOUNT}:log-group:{inputs['name']}"})


@makes("aws:cloudwatch/metricAlarm:MetricAlarm")
def metric_alarm(place: Place, inputs: Inputs) -> Made:
    """An alarm."""
    cloudwatch = place.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        **chosen(
            inputs,
            AlarmName="name",
            AlarmDescription="alarmDescription",
            Namespace="namespace",
            MetricName="metricName",
            Statistic="statistic",
            ComparisonOperator="comparisonOperator",
            Threshold="threshold",
            Period="period",
            EvaluationPeriods="evaluationPeriods",
            TreatMissingData="treatMissingData",
            AlarmActions="alarmActions",
            OKActions="okActions",
        ),
        Dimensions=[{"Name": name, "Value": value} for name, value in (inputs.get("dimensions") or {}).items()],
        Tags=tag_list(inputs),
    )
    return Made(inputs["name"], {"arn": f"arn:aws:cloudwatch:{place.region}:{ACCOUNT}:alarm:{inputs['name']}"})


@makes("aws:cloudwatch/eventRule:EventRule")
def event_rule(place: Place, inputs: Inputs) -> Made:
    """A scheduled rule."""
    made = place.client("events").put_rule(
        **chosen(inputs, Name="name", ScheduleExpression="scheduleExpression"), Tags=tag_list(inputs)
    )
    return Made(inputs["name"], {"arn": made["RuleArn"]})


@makes("aws:cloudwatch/eventTarget:EventTarget")
def event_target(place: Place, inputs: Inputs) -> Made:
    """What a rule calls."""
    target = {"Id": "target", **chosen(inputs, Arn="arn", Input="input")}
    place.client("events").put_targets(Rule=inputs["rule"], Targets=[target])
    return Made(f"{inputs['rule']}-target", {})


@makes("aws:sns/topic:Topic")
def topic(place: Place, inputs: Inputs) -> Made:
    """A topic."""
    arn = place.client("sns").create_topic(Name=inputs["name"], Tags=tag_list(inputs))["TopicArn"]
    return Made(arn, {"arn": arn})


@makes("aws:sns/topicSubscription:TopicSubscription")
def topic_subscription(place: Place, inputs: Inputs) -> Made:
    """A subscription; the emulator confirms it by itself, and mails nothing."""
    made = place.client("sns").subscribe(
        TopicArn=inputs["topic"], Protocol=inputs["protocol"], Endpoint=inputs["endpoint"], ReturnSubscriptionArn=True
    )
    return Made(made["SubscriptionArn"], {"arn": made["SubscriptionArn"]})


@makes("aws:lambda/function:Function")
def function(place: Place, inputs: Inputs) -> Made:
    """A function and its first version."""
    client = place.client("lambda")
    request = chosen(
        inputs,
        FunctionName="name",
        Role="role",
        Runtime="runtime",
        Handler="handler",
        MemorySize="memorySize",
        Timeout="timeout",
        Publish="publish",
        Tags="tags",
        Layers="layers",
    )
    if inputs.get("environment"):
        request["Environment"] = {"Variables": inputs["environment"]["variables"]}
    if inputs.get("tracingConfig"):
        request["TracingConfig"] = {"Mode": inputs["tracingConfig"]["mode"]}
    made = client.create_function(**request, Code={"ZipFile": archive_bytes(inputs["code"])})
    reserved = inputs.get("reservedConcurrentExecutions", -1)
    if reserved >= 0:
        client.put_function_concurrency(FunctionName=inputs["name"], ReservedConcurrentExecutions=reserved)
    arn = made["FunctionArn"].removesuffix(f":{made['Version']}")
    path = f"2015-03-31/functions/{arn}/invocations"
    return Made(
        inputs["name"],
        {
            "arn": arn,
            "version": made["Version"],
            "qualifiedArn": f"{arn}:{made['Version']}",
            "invokeArn": f"arn:aws:apigateway:{place.region}:lambda:path/{path}",
        },
    )


@makes("aws:lambda/permission:Permission")
def permission(place: Place, inputs: Inputs) -> Made:
    """Who may call a function."""
    statement = f"allow-{inputs['principal'].split('.')[0]}-{abs(hash(inputs['sourceArn']))}"
    place.client("lambda").add_permission(
        **chosen(inputs, FunctionName="function", Action="action", Principal="principal", SourceArn="sourceArn"),
        StatementId=statement,
    )
    return Made(statement, {"statementId": statement})


@makes("aws:apigateway/restApi:RestApi")
def rest_api(place: Place, inputs: Inputs) -> Made:
    """A REST API with its root."""
    made = place.client("apigateway").create_rest_api(
        **chosen(inputs, name="name", description="description", tags="tags")
    )
    outputs = {
        "arn": f"arn:aws:apigateway:{place.region}::/restapis/{made['id']}",
        "executionArn": f"arn:aws:execute-api:{place.region}:{ACCOUNT}:{made['id']}",
        "rootResourceId": made["rootResourceId"],
    }
    return Made(made["id"], outputs)


@makes("aws:apigateway/resource:Resource")
def api_resource(place: Place, inputs: Inputs) -> Made:
    """A path's part."""
    made = place.client("apigateway").create_resource(
        **chosen(inputs, restApiId="restApi", parentId="parentId", pathPart="pathPart")
    )
    return Made(made["id"], {"path": made["path"]})


@makes("aws:apigateway/model:Model")
def api_model(place: Place, inputs: Inputs) -> Made:
    """A request body's schema."""
    made = place.client("apigateway").create_model(
        **chosen(inputs, restApiId="restApi", name="name", contentType="contentType", schema="schema")
    )
    return Made(made["id"], {})


@makes("aws:apigateway/requestValidator:RequestValidator")
def request_validator(place: Place, inputs: Inputs) -> Made:
    """What the gateway checks."""
    made = place.client("apigateway").create_request_validator(
        **chosen(
            inputs,
            restApiId="restApi",
            name="name",
            validateRequestBody="validateRequestBody",
            validateRequestParameters="validateRequestParameters",
        )
    )
    return Made(made["id"], {})


@makes("aws:apigateway/method:Method")
def api_method(place: Place, inputs: Inputs) -> Made:
    """A method of a path."""
    place.client("apigateway").put_method(
        **_at(inputs),
        **chosen(
            inputs,
            authorizationType="authorization",
            apiKeyRequired="apiKeyRequired",
            requestParameters="requestParameters",
            requestModels="requestModels",
            requestValidatorId="requestValidatorId",
        ),
    )
    return Made(_method_id("agm", inputs), {})


@makes("aws:apigateway/integration:Integration")
def api_integration(place: Place, inputs: Inputs) -> Made:
    """What a method calls."""
    place.client("apigateway").put_integration(
        **_at(inputs),
        **chosen(
            inputs,
            type="type",
            integrationHttpMethod="integrationHttpMethod",
            uri="uri",
            requestTemplates="requestTemplates",
            passthroughBehavior="passthroughBehavior",
        ),
    )
    return Made(_method_id("agi", inputs), {})


@makes("aws:apigateway/methodResponse:MethodResponse")
def api_method_response(place: Place, inputs: Inputs) -> Made:
    """What a method may answer."""
    place.client("apigateway").put_method_response(
        **_at(inputs), **chosen(inputs, statusCode="statusCode", responseParameters="responseParameters")
    )
    return Made(_method_id("agmr", inputs), {})


@makes("aws:apigateway/integrationResponse:IntegrationResponse")
def api_integration_response(place: Place, inputs: Inputs) -> Made:
    """What a method does answer."""
    place.client("apigateway").put_integration_response(
        **_at(inputs),
        **chosen(
            inputs,
            statusCode="statusCode",
            responseParameters="responseParameters",
            responseTemplates="responseTemplates",
            selectionPattern="selectionPattern",
        ),
    )
    return Made(_method_id("agir", inputs), {})


@makes("aws:apigateway/response:Response")
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


@makes("aws:apigateway/deployment:Deployment")
def api_deployment(place: Place, inputs: Inputs) -> Made:
    """A picture of the API."""
    made = place.client("apigateway").create_deployment(restApiId=inputs["restApi"])
    return Made(made["id"], {})


@makes("aws:apigateway/stage:Stage")
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
    outputs = {
        "arn": f"arn:aws:apigateway:{place.region}::/restapis/{api}/stages/{stage}",
        "executionArn": f"arn:aws:execute-api:{place.region}:{ACCOUNT}:{api}/{stage}",
        "invokeUrl": place.emulator.api_url(api, stage),
    }
    return Made(f"ags-{api}-{stage}", outputs)


METHOD_SETTINGS = {"throttlingRateLimit": "throttling/rateLimit", "throttlingBurstLimit": "throttling/burstLimit"}
"""Pulumi's settings of a method, and the paths under which a stage is patched."""


@makes("aws:apigateway/methodSettings:MethodSettings")
def method_settings(place: Place, inputs: Inputs) -> Made:
    """The throttle of a stage's methods."""
    given = {name: value for name, value in inputs["settings"].items() if value is not None}
    if unknown := given.keys() - METHOD_SETTINGS.keys():
        raise ValueError(f"method settings {sorted(unknown)}: not known to the embedded run")
    patches = [
        {"op": "replace", "path": f"/{inputs['methodPath']}/{METHOD_SETTINGS[name]}", "value": str(value)}
        for name, value in given.items()
    ]
    place.client("apigateway").update_stage(
        restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=patches
    )
    return Made(f"{inputs['restApi']}-{inputs['stageName']}-{inputs['methodPath']}", {})


@makes("aws:apigateway/apiKey:ApiKey")
def api_key(place: Place, inputs: Inputs) -> Made:
    """A key, its value made by the emulator."""
    made = place.client("apigateway").create_api_key(**chosen(inputs, name="name", tags="tags"), enabled=True)
    return Made(made["id"], {"value": made["value"]})


@makes("aws:apigateway/usagePlan:UsagePlan")
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


@makes("aws:apigateway/usagePlanKey:UsagePlanKey")
def usage_plan_key(place: Place, inputs: Inputs) -> Made:
    """A key's place in a plan."""
    place.client("apigateway").create_usage_plan_key(
        **chosen(inputs, usagePlanId="usagePlanId", keyId="keyId", keyType="keyType")
    )
    return Made(inputs["keyId"], {})


def _at(inputs: Inputs) -> Inputs:
    return chosen(inputs, restApiId="restApi", resourceId="resourceId", httpMethod="httpMethod")


def _method_id(kind: str, inputs: Inputs) -> str:
    return "-".join([kind, inputs["restApi"], inputs["resourceId"], inputs["httpMethod"]])
