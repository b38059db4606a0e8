"""Waivers of controls for the resources of this library."""

from __future__ import annotations

from collections.abc import Sequence

from .control import Waiver
from .graph import InStack, Link, Resource, Uses

ANONYMOUS_PATH = "{productId}"
"""Path part of the stock API resource with the only GET method that requires no API key."""
EXTERNAL_CODE = ("s3Bucket", "imageUri")
"""Function properties for code that is uploaded to S3 or ECR before the deployment."""
PUBLIC_ACCESS_BLOCK = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _reads_one_product(method: Resource, resources: Sequence[Resource]) -> bool:
    return method.get("httpMethod") == "GET" and any(r.get("pathPart") == ANONYMOUS_PATH for r in resources)


def _is_throttled(_: Resource, settings: Sequence[Resource]) -> bool:
    stage_settings = (s for s in settings if s.get("methodPath") == "*/*")
    return any(s.get("settings.throttlingRateLimit", -1) >= 0 for s in stage_settings)


def _is_packaged_by_deployment(function: Resource, _: Sequence[Resource]) -> bool:
    return not any(map(function.is_set, EXTERNAL_CODE))


def _blocks_public_access(_: Resource, blocks: Sequence[Resource]) -> bool:
    return any(all(map(block.is_set, PUBLIC_ACCESS_BLOCK)) for block in blocks)


def _is_in_site(resource: Resource, _: Sequence[Resource]) -> bool:
    return "tap:aws:Site$" in resource.urn


def _is_in_service(resource: Resource, _: Sequence[Resource]) -> bool:
    return not _is_in_site(resource, ())


def _is_private_in_site(resource: Resource, blocks: Sequence[Resource]) -> bool:
    return _is_in_site(resource, ()) and _blocks_public_access(resource, blocks)


def _is_private_in_service(resource: Resource, blocks: Sequence[Resource]) -> bool:
    return _is_in_service(resource, ()) and _blocks_public_access(resource, blocks)


def _has_only_s3_origins(distribution: Resource, _: Sequence[Resource]) -> bool:
    return not any(origin.is_set("customOriginConfig") for origin in distribution.each("origins"))


def _is_invoked_only_synchronously(_: Resource, permissions: Sequence[Resource]) -> bool:
    # Event source mappings need no permission in the policy of the function.
    callers = {permission.get("principal") for permission in permissions if not _is_of_url(permission)}
    return callers <= {"apigateway.amazonaws.com"}


def _is_of_url(permission: Resource) -> bool:
    """Return whether a permission is one of the two permissions of a function URL without authorization."""
    return permission.get("functionUrlAuthType") == "NONE" or permission.is_set("invokedViaFunctionUrl")


def _belongs_to_public_url(resource: Resource, _: Sequence[Resource]) -> bool:
    """Return whether a resource is the URL of a function without authorization, or one of its two permissions."""
    return _is_of_url(resource) or resource.get("authorizationType") == "NONE"


def _requires_authorization_by_default(_: Resource, stacks: Sequence[Resource]) -> bool:
    return any(stack.get("authorization", "NONE") != "NONE" for stack in stacks)


WAIVERS = (
    Waiver(
        controls=("APIGateway.1", "CKV_AWS_76"),
        reason="Disabled by default: API Gateway requires one IAM role for the logs of all APIs in the account; "
        "enable logging with `access_log`, `execution_log_level` and `api_log_role`.",
    ),
    Waiver(
        controls=("APIGateway.3", "Lambda.7"),
        profiles=("dev",),
        reason="The logs of a non-production stack are sufficient for debugging; enable tracing with `tracing`.",
    ),
    Waiver(
        controls=("APIGateway.4",),
        unless_kind="wafv2.WebAcl",
        related=Link(kind="apigateway.MethodSettings", property="stageName"),
        when=_is_throttled,
        reason="Disabled by default: a web ACL has a monthly price, and the throttle of the stage, "
        "`throttle_rate_per_second`, limits the cost of a flood of requests; enable a web ACL with `firewall_enabled`.",
    ),
    Waiver(
        controls=("CloudFront.6",),
        reason="Disabled by default: a web ACL has a monthly price, and the distribution serves only public web pages.",
    ),
    Waiver(
        controls=("APIGateway.2",),
        reason="The backend is Lambda: API Gateway invokes it over TLS, and a resource-based policy allows only this "
        "API.",
    ),
    Waiver(
        controls=("CKV_AWS_120",),
        reason="Responses must contain the current data, and a cache has an hourly price.",
    ),
    Waiver(
        controls=("CKV_AWS_276",),
        profiles=("dev", "test"),
        reason="Bodies in logs help to debug, and the data of a non-production stack is not real; disable them with "
        "`execution_log_bodies`.",
    ),
    Waiver(
        controls=("APIGateway.9",),
        reason="Disabled by default: the log lines of the functions contain every request that reaches them; enable "
        "access logging with `access_log`.",
    ),
    Waiver(
        controls=("Lambda.1", "CKV_AWS_258"),
        when=_belongs_to_public_url,
        reason="The service definition publishes the URL of this function with `auth` NONE, and its operations must "
        "authenticate requests, such as by a signature of the body.",
    ),
    Waiver(
        controls=("APIGateway.8",),
        profiles=("dev", "test"),
        reason="The API of a non-production stack is public to every caller that has its URL; restrict it with "
        "`authorization`.",
    ),
    Waiver(
        controls=("CKV_AWS_59",),
        profiles=("dev", "test"),
        except_services=("stock",),
        reason="The API of a non-production stack is public to every caller that has its URL; restrict it with "
        "`authorization`.",
    ),
    Waiver(
        controls=("CKV_AWS_59",),
        services=("stock",),
        related=Uses(kinds=("apigateway.Resource",), property="resourceId"),
        when=_reads_one_product,
        reason="The web pages of a shop read one product without an API key, from a route with a lower throttle and, "
        "with `anonymous_response`, without counts; every other route requires a key.",
    ),
    Waiver(
        controls=("CKV_AWS_59", "APIGateway.8"),
        except_services=("stock",),
        related=InStack(),
        when=_requires_authorization_by_default,
        reason="The stack requires authorization, and the service definition publishes this route with an empty "
        "`authorizer`: its operation must authenticate requests, such as by a signature of the body or by a password.",
    ),
    Waiver(
        controls=("APIGateway.11",),
        reason="TLS_1_2 rejects older TLS versions; the policies that AWS recommends since 2025 also require an "
        "endpoint access mode, which depends on the clients of the domain.",
    ),
    Waiver(
        controls=("SEC05-BP02",),
        reason="The endpoint requires the same authorization as the domain, and clients must use the domain before "
        "the endpoint is disabled with `disable_execute_api_endpoint`.",
    ),
    Waiver(
        controls=("Lambda.2",),
        services=("items",),
        reason="The requirements of the items service specify python3.9, and the deployment prints a warning; newer "
        "runtimes are supported with `lambda_runtime`.",
    ),
    Waiver(
        controls=("Lambda.3",),
        unless_kind="ec2.Vpc",
        reason="Disabled by default: the functions call only public AWS endpoints, with IAM authentication over TLS, "
        "and the VPC endpoints have a monthly price; enable a VPC with `network_vpc`.",
    ),
    Waiver(
        controls=("CKV_AWS_115",),
        profiles=("dev", "test"),
        reason="Reserved concurrency reduces the concurrency of all other functions in the account, which "
        "non-production stacks should not do; enable reserved concurrency with `lambda_reserved_concurrency`.",
    ),
    Waiver(
        controls=("CKV_AWS_115",),
        services=("items",),
        reason="The throttle of the stage, `throttle_burst`, is lower than the concurrency quota of an account; "
        "enable reserved concurrency with `lambda_reserved_concurrency`.",
    ),
    Waiver(
        controls=("CKV_AWS_116",),
        related=Link(kind="lambda.Permission", property="function"),
        when=_is_invoked_only_synchronously,
        reason="Only APIs, function URLs or event source mappings invoke the function, synchronously, so the caller "
        "or the source receives the error; dead-letter queues of functions apply to asynchronous invocations.",
    ),
    Waiver(
        controls=("CKV_AWS_116",),
        services=("inventory",),
        reason="In addition to the API, only a schedule invokes the function, and its next run processes the data of "
        "a failed run.",
    ),
    Waiver(
        controls=("CKV_AWS_173",),
        unless_kind="kms.Key",
        unless_output="key_arn",
        reason="The variables contain names and URLs and no secrets, and Lambda encrypts them with an AWS managed "
        "key; enable a customer managed key with `encryption_key`.",
    ),
    Waiver(
        controls=("CKV_AWS_272",),
        when=_is_packaged_by_deployment,
        reason="The deployment packages the code from its sources and uploads it to Lambda directly: no artifact is "
        "stored in between, and an identity that can deploy could also sign.",
    ),
    Waiver(
        controls=("DynamoDB.4",),
        unless_kind="backup.Plan",
        reason="Disabled by default: backups have a monthly price, and `point_in_time_recovery` restores any second "
        "of the last 35 days; enable backups with `backup_retention_days`.",
    ),
    Waiver(
        controls=("DynamoDB.6", "Cognito.6"),
        profiles=("dev", "test"),
        reason="A non-production stack is deleted together with its data; enable deletion protection with "
        "`deletion_protection`.",
    ),
    Waiver(
        controls=("DynamoDB.6", "Cognito.6"),
        profiles=("staging",),
        reason="`retain_on_delete` retains the tables and the user pool when the stack is deleted; enable deletion "
        "protection with `deletion_protection`.",
    ),
    Waiver(
        controls=("CKV_AWS_119", "CKV_AWS_149", "CKV_AWS_158", "CKV_AWS_166", "CKV2_AWS_73"),
        unless_kind="kms.Key",
        unless_output="key_arn",
        reason="Disabled by default: the data is encrypted with an AWS managed or AWS owned key, and a customer "
        "managed key has a monthly price and a price per request; enable a customer managed key with `encryption_key`.",
    ),
    Waiver(
        controls=("SNS.1",),
        unless_kind="kms.Key",
        unless_output="key_arn",
        reason="Disabled by default: CloudWatch alarms cannot publish to topics that are encrypted with the AWS "
        "managed key, and a customer managed key has a monthly price; enable one with `encryption_key`.",
    ),
    Waiver(
        controls=("SecretsManager.1",),
        reason="Most secrets are issued by another system, which Secrets Manager cannot change: rotate them as "
        "described in docs/production/secrets.md, or create a `secretsmanager.SecretRotation` for "
        "`secrets[...].resource`.",
    ),
    Waiver(
        controls=("CKV2_AWS_34",),
        reason="The parameters contain public settings, and secrets are stored in Secrets Manager or in encrypted "
        "parameters.",
    ),
    Waiver(
        controls=("S3.17",),
        when=_is_in_site,
        reason="The bucket contains public web pages, encrypted with a key that Amazon S3 manages.",
    ),
    Waiver(
        controls=("S3.17",),
        unless_kind="kms.Key",
        unless_output="key_arn",
        when=_is_in_service,
        reason="Disabled by default: the objects are encrypted with a key that Amazon S3 manages, and a customer "
        "managed key has a monthly price and a price per request; enable a customer managed key with `encryption_key`.",
    ),
    Waiver(
        controls=("S3.9",),
        related=Link(kind="s3.BucketPublicAccessBlock", property="bucket"),
        when=_is_private_in_service,
        reason="Disabled by default: an access log requires another bucket, has a price for its storage, and contains "
        "IP addresses, which are personal data; create an `s3.BucketLogging` for `buckets[...].resource`.",
    ),
    Waiver(
        controls=("S3.14",),
        when=_is_in_service,
        reason="Disabled by default: earlier versions increase the price of the storage, and deleted personal data "
        "must not remain in them; enable versions with `versioned` of the bucket in the service definition.",
    ),
    Waiver(
        controls=("S3.7",),
        when=_is_in_service,
        reason="Disabled by default: the copies double the price of the storage; create an "
        "`s3.BucketReplicationConfig` for `buckets[...].resource`.",
    ),
    Waiver(
        controls=("S3.11",),
        when=_is_in_service,
        reason="No function of the service processes events of the bucket.",
    ),
    Waiver(
        controls=("EventBridge.3",),
        reason="Without a resource-based policy, only roles of the account with an IAM permission put events on the "
        "bus.",
    ),
    Waiver(
        controls=("S3.9",),
        related=Link(kind="s3.BucketPublicAccessBlock", property="bucket"),
        when=_is_private_in_site,
        reason="The bucket blocks public access, and only CloudFront reads it, so an access log would not contain "
        "the viewers.",
    ),
    Waiver(
        controls=("CloudFront.5",),
        when=_has_only_s3_origins,
        reason="The distribution serves only static files, the same to every viewer; its log would contain IP "
        "addresses, which are personal data, so the owner of the site decides whether to create one.",
    ),
    Waiver(
        controls=("CloudFront.4",),
        reason="The web pages can be built and uploaded again in another region, and edge locations continue to "
        "serve cached pages.",
    ),
    Waiver(
        controls=("S3.7",),
        when=_is_in_site,
        reason="The web pages can be built and uploaded again in another region, and edge locations continue to "
        "serve cached pages.",
    ),
    Waiver(
        controls=("S3.11",),
        when=_is_in_site,
        reason="Only deployments write to the bucket, and Pulumi reports their changes.",
    ),
    Waiver(
        controls=("CloudFront.7", "CloudFront.15"),
        reason="Without a custom domain, a distribution uses the default CloudFront certificate, for which AWS sets "
        "the TLS security policy.",
    ),
    Waiver(
        controls=("CKV_AWS_374",),
        reason="The web pages are public, and the owner of the site decides which countries can access them.",
    ),
    Waiver(
        controls=("Cognito.1",),
        reason="Disabled by default: threat protection requires the Cognito Plus plan, which has a price per active "
        "user.",
    ),
    Waiver(
        controls=("CloudWatch.16",),
        reason="Logs are retained for debugging, for `log_retention_days`; a year of logs has a higher monthly price.",
    ),
)
