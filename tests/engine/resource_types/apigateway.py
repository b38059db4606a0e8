"""Amazon API Gateway (REST APIs)."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 4.  Version 6 adds `apiKeyVersion` and `features` and, according to its upgrade guide, resets the
    # role when the resource is destroyed; earlier versions kept it.  The id is the one that the import documentation of
    # version 6 names.
    "aws:apigateway/account:Account": ResourceType(
        source="internal/service/apigateway/account.go",
        id="{account}",
        identity="settings",
        upsert=True,
        defaults={"features": ["UsagePlans"], "throttleSettings": [{"burstLimit": 5000, "rateLimit": 10000}]},
        computed={"apiKeyVersion": "4"},
    ),
    "aws:apigateway/apiKey:ApiKey": ResourceType(
        source="internal/service/apigateway/api_key.go",
        id="{unique}",
        # Keys may share a name, but not a value.
        identity="{value}",
        force_new=frozenset({"value"}),
        auto_name="name",
        defaults={"description": "Managed by Pulumi", "enabled": True, "value": "{id}{id}{id}{id}"},
        computed={
            "arn": "arn:{partition}:apigateway:{region}::/apikeys/{id}",
            "createdDate": "2024-01-01T00:00:00Z",
            "lastUpdatedDate": "2024-01-01T00:00:00Z",
        },
        secret=frozenset({"value"}),
    ),
    # AWS rejects deleting an authorizer that a method uses, but the provider ignores that error: `Method` has no
    # reference to it.
    "aws:apigateway/authorizer:Authorizer": ResourceType(
        source="internal/service/apigateway/authorizer.go",
        id="{unique}",
        identity="{restApi}/{name}",
        # `type` only from or to COGNITO_USER_POOLS: TOKEN and REQUEST change into each other in place.
        force_new=frozenset({"restApi", "type"}),
        auto_name="name",
        defaults={
            "authorizerResultTtlInSeconds": 300,
            "identitySource": "method.request.header.Authorization",
            "type": "TOKEN",
        },
        computed={"arn": "arn:{partition}:apigateway:{region}::/restapis/{restApi}/authorizers/{id}"},
    ),
    "aws:apigateway/basePathMapping:BasePathMapping": ResourceType(
        source="internal/service/apigateway/base_path_mapping.go",
        # The id of a private domain name follows, if it is set.
        id="{domainName}/{basePath}",
        identity="{domainName}/{basePath}/{domainNameId}",
        force_new=frozenset({"domainName"}),
        defaults={"basePath": "", "domainNameId": ""},
        references={"restApi": "aws:apigateway/restApi:RestApi"},
    ),
    "aws:apigateway/deployment:Deployment": ResourceType(
        source="internal/service/apigateway/deployment.go",
        id="{unique}",
        force_new=frozenset({"restApi", "triggers", "variables"}),
        computed={"createdDate": "2024-01-01T00:00:00Z"},
    ),
    # Read in version 5; `endpointAccessMode` and `routingMode` are from the documentation of version 6.
    "aws:apigateway/domainName:DomainName": ResourceType(
        source="internal/service/apigateway/domain_name.go",
        # The id of a private domain name follows, if it has one.
        id="{domainName}",
        identity="{domainName}",
        force_new=frozenset({"certificateBody", "certificateChain", "certificatePrivateKey", "domainName"}),
        defaults={
            "endpointConfiguration": {"ipAddressType": "ipv4", "types": "EDGE"},
            "routingMode": "BASE_PATH_MAPPING_ONLY",
            "securityPolicy": "TLS_1_2",
        },
        computed={
            "arn": "arn:{partition}:apigateway:{region}::/domainnames/{domainName}",
            # Only edge-optimized domain names have these two.
            "certificateUploadDate": "",
            "cloudfrontDomainName": "",
            "cloudfrontZoneId": "Z2FDTNDATAQYW2",
            "domainNameId": "",
            "regionalDomainName": "d-{unique}.execute-api.{region}.amazonaws.com",
            "regionalZoneId": "Z1UJRXOUMOOFQ8",
        },
        secret=frozenset({"certificatePrivateKey"}),
        references={
            "certificateArn": "aws:acm/certificate:Certificate",
            "regionalCertificateArn": "aws:acm/certificate:Certificate",
        },
    ),
    # Read in version 4; `integrationTarget` and `responseTransferMode` are from the documentation of version 6.
    "aws:apigateway/integration:Integration": ResourceType(
        source="internal/service/apigateway/integration.go",
        delete_before_replace=True,
        id="agi-{restApi}-{resourceId}-{httpMethod}",
        identity="{restApi}/{resourceId}/{httpMethod}",
        upsert=True,
        force_new=frozenset(
            {
                "credentials",
                "httpMethod",
                "integrationHttpMethod",
                "passthroughBehavior",
                "resourceId",
                "restApi",
                "type",
            }
        ),
        defaults={
            "cacheNamespace": "{resourceId}",
            "connectionType": "INTERNET",
            "passthroughBehavior": "WHEN_NO_MATCH",
            "responseTransferMode": "BUFFERED",
            "timeoutMilliseconds": 29000,
        },
    ),
    "aws:apigateway/integrationResponse:IntegrationResponse": ResourceType(
        source="internal/service/apigateway/integration_response.go",
        id="agir-{restApi}-{resourceId}-{httpMethod}-{statusCode}",
        identity="{restApi}/{resourceId}/{httpMethod}/{statusCode}",
        upsert=True,
        # Not `statusCode`: the provider puts another response and keeps the old one.
        force_new=frozenset({"httpMethod", "resourceId", "restApi"}),
    ),
    "aws:apigateway/method:Method": ResourceType(
        source="internal/service/apigateway/method.go",
        id="agm-{restApi}-{resourceId}-{httpMethod}",
        identity="{restApi}/{resourceId}/{httpMethod}",
        force_new=frozenset({"httpMethod", "resourceId", "restApi"}),
        defaults={"apiKeyRequired": False},
    ),
    "aws:apigateway/methodResponse:MethodResponse": ResourceType(
        source="internal/service/apigateway/method_response.go",
        id="agmr-{restApi}-{resourceId}-{httpMethod}-{statusCode}",
        identity="{restApi}/{resourceId}/{httpMethod}/{statusCode}",
        # Not `statusCode`: the provider updates the response of the new status code, which AWS does not find.
        force_new=frozenset({"httpMethod", "resourceId", "restApi"}),
    ),
    "aws:apigateway/methodSettings:MethodSettings": ResourceType(
        source="internal/service/apigateway/method_settings.go",
        id="{restApi}-{stageName}-{methodPath}",
        identity="{restApi}/{stageName}/{methodPath}",
        upsert=True,
        force_new=frozenset({"methodPath", "restApi", "stageName"}),
    ),
    # AWS rejects deleting a model that a method or method response of its API uses.  These contain the model's name,
    # which models of other APIs may have as well, so `references` cannot express it.
    "aws:apigateway/model:Model": ResourceType(
        source="internal/service/apigateway/model.go",
        id="{unique}",
        identity="{restApi}/{name}",
        force_new=frozenset({"contentType", "name", "restApi"}),
        auto_name="name",
    ),
    # AWS rejects deleting a validator that a method uses, but the provider ignores that error: `Method` has no
    # reference to it.
    "aws:apigateway/requestValidator:RequestValidator": ResourceType(
        source="internal/service/apigateway/request_validator.go",
        id="{unique}",
        identity="{restApi}/{name}",
        force_new=frozenset({"restApi"}),
        auto_name="name",
        defaults={"validateRequestBody": False, "validateRequestParameters": False},
    ),
    "aws:apigateway/resource:Resource": ResourceType(
        source="internal/service/apigateway/resource.go",
        id="{unique}",
        identity="{restApi}/{parentId}/{pathPart}",
        force_new=frozenset({"restApi"}),
        # The path of the parent, which an entry cannot read, comes first.
        computed={"path": "/{pathPart}"},
    ),
    "aws:apigateway/response:Response": ResourceType(
        source="internal/service/apigateway/gateway_response.go",
        id="aggr-{restApiId}-{responseType}",
        identity="{restApiId}/{responseType}",
        upsert=True,
        force_new=frozenset({"responseType", "restApiId"}),
    ),
    "aws:apigateway/restApi:RestApi": ResourceType(
        source="internal/service/apigateway/rest_api.go",
        id="{unique}",
        auto_name="name",
        defaults={
            "apiKeySource": "HEADER",
            "binaryMediaTypes": [],
            "disableExecuteApiEndpoint": False,
            "endpointConfiguration": {"ipAddressType": "ipv4", "types": "EDGE", "vpcEndpointIds": []},
            "putRestApiMode": "overwrite",
        },
        computed={
            "arn": "arn:{partition}:apigateway:{region}::/restapis/{id}",
            "createdDate": "2024-01-01T00:00:00Z",
            "executionArn": "arn:{partition}:execute-api:{region}:{account}:{id}",
            "rootResourceId": "root{unique}",
        },
    ),
    "aws:apigateway/stage:Stage": ResourceType(
        source="internal/service/apigateway/stage.go",
        id="ags-{restApi}-{stageName}",
        identity="{restApi}/{stageName}",
        force_new=frozenset({"restApi", "stageName"}),
        defaults={"cacheClusterEnabled": False, "xrayTracingEnabled": False},
        computed={
            "arn": "arn:{partition}:apigateway:{region}::/restapis/{restApi}/stages/{stageName}",
            "executionArn": "arn:{partition}:execute-api:{region}:{account}:{restApi}/{stageName}",
            "invokeUrl": "https://{restApi}.execute-api.{region}.amazonaws.com/{stageName}",
            "webAclArn": "",
        },
        references={"deployment": "aws:apigateway/deployment:Deployment"},
    ),
    # AWS rejects deleting a plan with stages, but the provider removes them first.  Deleting a stage removes it from
    # its plans.
    "aws:apigateway/usagePlan:UsagePlan": ResourceType(
        source="internal/service/apigateway/usage_plan.go",
        id="{unique}",
        auto_name="name",
        computed={"arn": "arn:{partition}:apigateway:{region}::/usageplans/{id}"},
    ),
    "aws:apigateway/usagePlanKey:UsagePlanKey": ResourceType(
        source="internal/service/apigateway/usage_plan_key.go",
        # The provider's id is `{keyId}`, which is not unique if a key has several plans.
        id="{usagePlanId}/{keyId}",
        identity="{usagePlanId}/{keyId}",
        force_new=frozenset({"keyId", "keyType", "usagePlanId"}),
        # The name and value of the key, which an entry cannot read.
        computed={"name": "{keyId}", "value": "{keyId}{keyId}{keyId}{keyId}"},
    ),
}
