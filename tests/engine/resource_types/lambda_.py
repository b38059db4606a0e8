"""AWS Lambda."""

from ..resource_type import ResourceType

# The hash of no content.
_CODE_SHA256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

TYPES: dict[str, ResourceType] = {
    # Read in version 5.
    "aws:lambda/alias:Alias": ResourceType(
        source="internal/service/lambda/alias.go",
        # AWS resolves a function that is named by its ARN.
        id="arn:{partition}:lambda:{region}:{account}:function:{functionName}:{name}",
        identity="{functionName}:{name}",
        force_new=frozenset({"functionName", "name"}),
        auto_name="name",
        computed={
            "arn": "{id}",
            "invokeArn": "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        },
    ),
    # Read in version 5.  AWS chooses the unset batching and retry settings by the kind of the source.
    "aws:lambda/eventSourceMapping:EventSourceMapping": ResourceType(
        source="internal/service/lambda/event_source_mapping.go",
        id="00000000-0000-4000-8000-00{unique}",
        identity="{eventSourceArn}|{functionName}",
        force_new=frozenset(
            {
                "amazonManagedKafkaEventSourceConfig.consumerGroupId",
                "eventSourceArn",
                "queues",
                "selfManagedEventSource",
                "selfManagedKafkaEventSourceConfig.consumerGroupId",
                "startingPosition",
                "startingPositionTimestamp",
                "topics",
            }
        ),
        defaults={"enabled": True},
        computed={
            "arn": "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{id}",
            # AWS resolves a function that is named by its ARN.
            "functionArn": "arn:{partition}:lambda:{region}:{account}:function:{functionName}",
            "lastModified": "2024-01-01T00:00:00Z",
            "lastProcessingResult": "No records processed",
            "state": "Enabled",
            "stateTransitionReason": "USER_INITIATED",
            "uuid": "{id}",
        },
    ),
    # Read in version 5; `tenancyConfig` is from the documentation of AWS, by which `capacityProviderConfig` and
    # `durableConfig` cannot be added or removed either, but can be changed.
    "aws:lambda/function:Function": ResourceType(
        source="internal/service/lambda/function.go",
        id="{name}",
        identity="{name}",
        force_new=frozenset({"name", "packageType", "tenancyConfig"}),
        auto_name="name",
        defaults={
            "architectures": ["x86_64"],
            "codeSha256": _CODE_SHA256,
            "ephemeralStorage": {"size": 512},
            "loggingConfig": {
                "applicationLogLevel": "",
                "logFormat": "Text",
                "logGroup": "/aws/lambda/{name}",
                "systemLogLevel": "",
            },
            "memorySize": 128,
            "packageType": "Zip",
            "publish": False,
            "reservedConcurrentExecutions": -1,
            "skipDestroy": False,
            "sourceCodeSize": 1024,
            "timeout": 3,
            "tracingConfig": {"mode": "PassThrough"},
        },
        computed={
            "arn": "arn:{partition}:lambda:{region}:{account}:function:{name}",
            "invokeArn": "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
            "lastModified": "2024-01-01T00:00:00.{unique}",
            "responseStreamingInvokeArn": (
                "arn:{partition}:apigateway:{region}:lambda:path/2021-11-15/functions/{arn}"
                "/response-streaming-invocations"
            ),
            "signingJobArn": "",
            "signingProfileVersionArn": "",
            # A number that counts the versions; `$LATEST` if `publish` is not set.
            "version": "{unique}",
            "qualifiedArn": "{arn}:{version}",
            "qualifiedInvokeArn": (
                "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{qualifiedArn}/invocations"
            ),
        },
        # With `publish`, a change of the code or of the configuration makes a version, a change of tags does not.  Only
        # a change of the code makes `lastModified` unknown.
        volatile=frozenset({"lastModified", "qualifiedArn", "qualifiedInvokeArn", "version"}),
        # The network interfaces of the function.
        references={
            "vpcConfig.securityGroupIds": "aws:ec2/securityGroup:SecurityGroup",
            "vpcConfig.subnetIds": "aws:ec2/subnet:Subnet",
        },
    ),
    # Every creation publishes another version.  A version that functions use can be deleted; they keep it.
    "aws:lambda/layerVersion:LayerVersion": ResourceType(
        source="internal/service/lambda/layer_version.go",
        id="arn:{partition}:lambda:{region}:{account}:layer:{layerName}:{unique}",
        force_new=frozenset(
            {
                "code",
                "compatibleArchitectures",
                "compatibleRuntimes",
                "description",
                "layerName",
                "licenseInfo",
                "s3Bucket",
                "s3Key",
                "s3ObjectVersion",
                "skipDestroy",
                "sourceCodeHash",
            }
        ),
        defaults={"skipDestroy": False, "sourceCodeSize": 1024},
        computed={
            "arn": "{id}",
            "codeSha256": _CODE_SHA256,
            "createdDate": "2024-01-01T00:00:00.000+0000",
            "layerArn": "arn:{partition}:lambda:{region}:{account}:layer:{layerName}",
            "signingJobArn": "",
            "signingProfileVersionArn": "",
            "version": "{unique}",
        },
    ),
    "aws:lambda/permission:Permission": ResourceType(
        source="internal/service/lambda/permission.go",
        # Permissions of several functions can have the same id.
        id="{statementId}",
        identity="{function}:{qualifier}/{statementId}",
        force_new=frozenset(
            {
                "action",
                "eventSourceToken",
                "function",
                "functionUrlAuthType",
                "invokedViaFunctionUrl",
                "principal",
                "principalOrgId",
                "qualifier",
                "sourceAccount",
                "sourceArn",
                "statementId",
                "statementIdPrefix",
            }
        ),
        auto_name="statementId",
        name_prefix="statementIdPrefix",
    ),
    # Read in version 5.
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": ResourceType(
        source="internal/service/lambda/provisioned_concurrency_config.go",
        id="{functionName},{qualifier}",
        identity="{functionName},{qualifier}",
        upsert=True,
        force_new=frozenset({"functionName", "qualifier"}),
        defaults={"skipDestroy": False},
    ),
}
