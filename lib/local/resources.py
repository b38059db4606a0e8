"""How each resource type is made in the emulator: Pulumi's inputs in, AWS's answer out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pulumi

from ..archive import zipped
from .emulator import ACCOUNT, REGION, Place

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


def without_tls(policy: str) -> str:
    """A resource's policy without what refuses open connections: the emulator has no others, and obeys policies."""
    document = json.loads(policy)
    kept = [one for one in document["Statement"] if "aws:SecureTransport" not in str(one.get("Condition"))]
    return json.dumps({**document, "Statement": kept})


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
    if left := inputs.get("deadLetterConfig"):
        target["DeadLetterConfig"] = {"Arn": left["arn"]}
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
    if inputs.get("deadLetterConfig"):
        request["DeadLetterConfig"] = {"TargetArn": inputs["deadLetterConfig"]["targetArn"]}
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


@makes("aws:lambda/layerVersion:LayerVersion")
def layer_version(place: Place, inputs: Inputs) -> Made:
    """A version of a layer."""
    made = place.client("lambda").publish_layer_version(
        **chosen(inputs, LayerName="layerName", Description="description", CompatibleRuntimes="compatibleRuntimes"),
        Content={"ZipFile": archive_bytes(inputs["code"])},
    )
    arn = made["LayerVersionArn"]
    return Made(arn, {"arn": arn, "layerArn": made["LayerArn"], "version": str(made["Version"])})


@makes("aws:lambda/eventSourceMapping:EventSourceMapping")
def event_source_mapping(place: Place, inputs: Inputs) -> Made:
    """A stream that calls a function; the emulator retries without end and tells no queue."""
    request = chosen(
        inputs,
        EventSourceArn="eventSourceArn",
        FunctionName="functionName",
        StartingPosition="startingPosition",
        BatchSize="batchSize",
        MaximumBatchingWindowInSeconds="maximumBatchingWindowInSeconds",
        BisectBatchOnFunctionError="bisectBatchOnFunctionError",
        MaximumRetryAttempts="maximumRetryAttempts",
        Tags="tags",
    )
    if filters := (inputs.get("filterCriteria") or {}).get("filters"):
        request["FilterCriteria"] = {"Filters": [{"Pattern": one["pattern"]} for one in filters]}
    if failed := (inputs.get("destinationConfig") or {}).get("onFailure"):
        request["DestinationConfig"] = {"OnFailure": {"Destination": failed["destinationArn"]}}
    made = place.client("lambda").create_event_source_mapping(**request)
    return Made(made["UUID"], {"arn": made.get("EventSourceMappingArn", ""), "uuid": made["UUID"]})


@makes("aws:sqs/queue:Queue")
def queue(place: Place, inputs: Inputs) -> Made:
    """A queue."""
    attributes = chosen(
        inputs, SqsManagedSseEnabled="sqsManagedSseEnabled", MessageRetentionPeriod="messageRetentionSeconds"
    )
    client = place.client("sqs")
    said = {name: str(value).lower() for name, value in attributes.items()}
    url = client.create_queue(QueueName=inputs["name"], Attributes=said, tags=inputs.get("tags") or {})["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Made(url, {"arn": arn, "url": url})


@makes("aws:sqs/queuePolicy:QueuePolicy")
def queue_policy(place: Place, inputs: Inputs) -> Made:
    """Who may use a queue."""
    attributes = {"Policy": without_tls(inputs["policy"])}
    place.client("sqs").set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes=attributes)
    return Made(inputs["queueUrl"], {})


@makes("aws:ssm/parameter:Parameter")
def ssm_parameter(place: Place, inputs: Inputs) -> Made:
    """A parameter."""
    name = inputs["name"]
    made = place.client("ssm").put_parameter(
        **chosen(inputs, Name="name", Type="type", Value="value", Description="description"), Tags=tag_list(inputs)
    )
    arn = f"arn:aws:ssm:{place.region}:{ACCOUNT}:parameter/{name.removeprefix('/')}"
    return Made(name, {"arn": arn, "version": made["Version"]})


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
        **chosen(inputs, name="name", description="description", tags="tags"), **_endpoint(inputs)
    )
    outputs = {
        "arn": f"arn:aws:apigateway:{place.region}::/restapis/{made['id']}",
        "executionArn": f"arn:aws:execute-api:{place.region}:{ACCOUNT}:{made['id']}",
        "rootResourceId": made["rootResourceId"],
    }
    return Made(made["id"], outputs)


def _endpoint(inputs: Inputs) -> Inputs:
    given = inputs.get("endpointConfiguration")
    return {"endpointConfiguration": {"types": [given["types"]]}} if given else {}


@makes("aws:apigateway/domainName:DomainName")
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


@makes("aws:apigateway/account:Account")
def api_account(place: Place, inputs: Inputs) -> Made:
    """The role with which API Gateway writes logs."""
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": inputs["cloudwatchRoleArn"]}
    place.client("apigateway").update_account(patchOperations=[patch])
    return Made("api-gateway-account", {})


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


@makes("aws:apigateway/methodSettings:MethodSettings")
def method_settings(place: Place, inputs: Inputs) -> Made:
    """The throttle, the logs and the metrics of a stage's methods."""
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


@makes("aws:s3/bucket:Bucket")
def bucket(place: Place, inputs: Inputs) -> Made:
    """A bucket."""
    name = inputs.get("bucket") or f"{inputs['bucketPrefix']}{secrets.token_hex(13)}"
    s3 = place.client("s3")
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": place.region}}
    s3.create_bucket(Bucket=name, **(elsewhere if place.region != REGION else {}))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(inputs)})
    outputs = {
        "arn": f"arn:aws:s3:::{name}",
        "bucket": name,
        "bucketRegionalDomainName": f"{name}.s3.{place.region}.amazonaws.com",
    }
    return Made(name, outputs)


@makes("aws:s3/bucketObjectv2:BucketObjectv2")
def bucket_object(place: Place, inputs: Inputs) -> Made:
    """An object."""
    source = inputs.get("source")
    place.client("s3").put_object(
        **chosen(inputs, Bucket="bucket", Key="key", ContentType="contentType", CacheControl="cacheControl"),
        Body=Path(source.path).read_bytes() if source else inputs["content"].encode(),
        Tagging=urlencode(inputs.get("tags") or {}),
    )
    return Made(f"{inputs['bucket']}/{inputs['key']}", {})


@makes("aws:s3/bucketPolicy:BucketPolicy")
def bucket_policy(place: Place, inputs: Inputs) -> Made:
    """Who may use a bucket."""
    place.client("s3").put_bucket_policy(Bucket=inputs["bucket"], Policy=without_tls(inputs["policy"]))
    return Made(inputs["bucket"], {})


@makes("aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration")
def bucket_website(place: Place, inputs: Inputs) -> Made:
    """A bucket as a website, which the emulator only takes note of: a distribution stands in for S3's server."""
    index = inputs["indexDocument"]["suffix"]
    place.client("s3").put_bucket_website(
        Bucket=inputs["bucket"], WebsiteConfiguration={"IndexDocument": {"Suffix": index}}
    )
    origin = {"originId": "website", "domainName": f"{inputs['bucket']}.s3.{place.region}.amazonaws.com"}
    behaviour = {"targetOriginId": "website", "allowedMethods": ["GET", "HEAD"], "cachedMethods": ["GET", "HEAD"]}
    served = distribution(place, {"origins": [origin], "defaultRootObject": index, "defaultCacheBehavior": behaviour})
    return Made(inputs["bucket"], {"websiteEndpoint": served.outputs["domainName"]})


@makes("aws:cloudfront/originAccessControl:OriginAccessControl")
def origin_access_control(place: Place, inputs: Inputs) -> Made:
    """As whom a distribution reads its bucket."""
    config = chosen(
        inputs,
        Name="name",
        Description="description",
        OriginAccessControlOriginType="originAccessControlOriginType",
        SigningBehavior="signingBehavior",
        SigningProtocol="signingProtocol",
    )
    made = place.client("cloudfront").create_origin_access_control(OriginAccessControlConfig=config)
    return Made(made["OriginAccessControl"]["Id"], {})


@makes("aws:cloudfront/distribution:Distribution")
def distribution(place: Place, inputs: Inputs) -> Made:
    """What serves a bucket's objects, by the bucket's policy, under a name of its own that leads to the emulator."""
    behaviour = inputs["defaultCacheBehavior"]
    methods, cached = behaviour["allowedMethods"], behaviour["cachedMethods"]
    config = {
        "CallerReference": secrets.token_hex(8),
        "Enabled": True,
        "Comment": inputs.get("comment", ""),
        **chosen(
            inputs,
            DefaultRootObject="defaultRootObject",
            PriceClass="priceClass",
            HttpVersion="httpVersion",
            IsIPV6Enabled="isIpv6Enabled",
        ),
        "Origins": _counted([_origin(origin) for origin in inputs["origins"]]),
        "DefaultCacheBehavior": {
            **chosen(
                behaviour,
                TargetOriginId="targetOriginId",
                Compress="compress",
                CachePolicyId="cachePolicyId",
                ResponseHeadersPolicyId="responseHeadersPolicyId",
            ),
            # It would redirect to an HTTPS that it has not got.
            "ViewerProtocolPolicy": "allow-all",
            "AllowedMethods": {**_counted(methods), "CachedMethods": _counted(cached)},
        },
    }
    tags = {"Items": tag_list(inputs)}
    made = place.client("cloudfront").create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags}
    )["Distribution"]
    label = made["DomainName"].partition(".")[0]
    # Browsers, and others by RFC 6761, take every name under localhost for this machine.
    return Made(made["Id"], {"arn": made["ARN"], "domainName": f"{label}.cloudfront.localhost:{place.emulator.port}"})


def _counted(items: list[Any]) -> Inputs:
    return {"Quantity": len(items), "Items": items}


def _origin(origin: Inputs) -> Inputs:
    return {
        "Id": origin["originId"],
        "DomainName": origin["domainName"],
        "OriginAccessControlId": origin.get("originAccessControlId", ""),
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }


def _s3(operation: str, told: str, wanted: Callable[[Inputs], Inputs]) -> Maker:
    """A maker that tells a bucket one thing."""

    def make(place: Place, inputs: Inputs) -> Made:
        getattr(place.client("s3"), operation)(Bucket=inputs["bucket"], **{told: wanted(inputs)})
        return Made(inputs["bucket"], {})

    return make


MAKERS |= {
    "aws:s3/bucketVersioning:BucketVersioning": _s3(
        "put_bucket_versioning",
        "VersioningConfiguration",
        lambda inputs: {"Status": inputs["versioningConfiguration"]["status"]},
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _s3(
        "put_bucket_ownership_controls",
        "OwnershipControls",
        lambda inputs: {"Rules": [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]},
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _s3(
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        lambda inputs: {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
                    }
                }
                for rule in inputs["rules"]
            ]
        },
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _s3(
        "put_bucket_cors",
        "CORSConfiguration",
        lambda inputs: {
            "CORSRules": [
                chosen(
                    rule,
                    AllowedMethods="allowedMethods",
                    AllowedOrigins="allowedOrigins",
                    AllowedHeaders="allowedHeaders",
                    MaxAgeSeconds="maxAgeSeconds",
                )
                for rule in inputs["corsRules"]
            ]
        },
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _s3(
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
        lambda inputs: chosen(
            inputs,
            BlockPublicAcls="blockPublicAcls",
            IgnorePublicAcls="ignorePublicAcls",
            BlockPublicPolicy="blockPublicPolicy",
            RestrictPublicBuckets="restrictPublicBuckets",
        ),
    ),
}


@dataclass(frozen=True)
class Row:
    """A resource type that one operation makes."""

    service: str
    operation: str
    parameters: str
    """The operation's parameters; `restApiId=restApi` where the input has another name."""
    id: str
    """Of inputs and of what the operation answered."""
    outputs: str = ""
    """What of the answer are outputs."""
    constants: Mapping[str, Any] = field(default_factory=dict)

    def make(self, place: Place, inputs: Inputs) -> Made:
        """Carry the operation out."""
        names = {aws: given or aws for aws, _, given in (word.partition("=") for word in self.parameters.split())}
        call = getattr(place.client(self.service), self.operation)
        answer = call(**chosen(inputs, **names), **self.constants)
        return Made(self.id.format(**{**inputs, **answer}), {name: answer[name] for name in self.outputs.split()})


AT = "restApiId=restApi resourceId httpMethod"
"""Where a method is."""

ROWS = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Row(
        "iam", "attach_role_policy", "RoleName=role PolicyArn=policyArn", "{role}/{policyArn}"
    ),
    "aws:iam/rolePolicy:RolePolicy": Row(
        "iam", "put_role_policy", "RoleName=role PolicyName=name PolicyDocument=policy", "{role}:{name}"
    ),
    "aws:apigateway/resource:Resource": Row(
        "apigateway", "create_resource", "restApiId=restApi parentId pathPart", "{id}", "path"
    ),
    "aws:apigateway/model:Model": Row(
        "apigateway", "create_model", "restApiId=restApi name contentType schema", "{id}"
    ),
    "aws:apigateway/requestValidator:RequestValidator": Row(
        "apigateway",
        "create_request_validator",
        "restApiId=restApi name validateRequestBody validateRequestParameters",
        "{id}",
    ),
    "aws:apigateway/method:Method": Row(
        "apigateway",
        "put_method",
        f"{AT} authorizationType=authorization apiKeyRequired requestParameters requestModels requestValidatorId",
        "agm-{restApi}-{resourceId}-{httpMethod}",
    ),
    "aws:apigateway/integration:Integration": Row(
        "apigateway",
        "put_integration",
        f"{AT} type integrationHttpMethod uri requestTemplates passthroughBehavior",
        "agi-{restApi}-{resourceId}-{httpMethod}",
    ),
    "aws:apigateway/methodResponse:MethodResponse": Row(
        "apigateway",
        "put_method_response",
        f"{AT} statusCode responseParameters",
        "agmr-{restApi}-{resourceId}-{httpMethod}-{statusCode}",
    ),
    "aws:apigateway/integrationResponse:IntegrationResponse": Row(
        "apigateway",
        "put_integration_response",
        f"{AT} statusCode responseParameters responseTemplates selectionPattern",
        "agir-{restApi}-{resourceId}-{httpMethod}-{statusCode}",
    ),
    "aws:apigateway/deployment:Deployment": Row("apigateway", "create_deployment", "restApiId=restApi", "{id}"),
    "aws:apigateway/apiKey:ApiKey": Row(
        "apigateway", "create_api_key", "name tags", "{id}", "value", {"enabled": True}
    ),
    "aws:apigateway/basePathMapping:BasePathMapping": Row(
        "apigateway",
        "create_base_path_mapping",
        "domainName restApiId=restApi stage=stageName basePath",
        "{domainName}/{basePath}",
    ),
    "aws:apigateway/usagePlanKey:UsagePlanKey": Row(
        "apigateway", "create_usage_plan_key", "usagePlanId keyId keyType", "{keyId}"
    ),
}
MAKERS.update({token: row.make for token, row in ROWS.items()})
