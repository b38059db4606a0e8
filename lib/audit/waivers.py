"""What is waived of this library's own resources, and why."""

from __future__ import annotations

from collections.abc import Sequence

from .control import Waiver
from .graph import Link, Resource, Uses

ANONYMOUS_PATH = "{productId}"
"""Path part of the one resource of the stock API whose GET method requires no key."""
NO_LOCAL_CODE = ("s3Bucket", "imageUri")
"""Properties of a function whose code is an artifact that exists before the deployment."""
PUBLIC_ACCESS_BLOCK = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _reads_one_product(method: Resource, resources: Sequence[Resource]) -> bool:
    return method.get("httpMethod") == "GET" and any(one.get("pathPart") == ANONYMOUS_PATH for one in resources)


def _is_throttled(_: Resource, settings: Sequence[Resource]) -> bool:
    stage = (one for one in settings if one.get("methodPath") == "*/*")
    return any(one.get("settings.throttlingRateLimit", -1) >= 0 for one in stage)


def _is_packed_by_deployment(function: Resource, _: Sequence[Resource]) -> bool:
    return not any(map(function.given, NO_LOCAL_CODE))


def _blocks_public_access(_: Resource, blocks: Sequence[Resource]) -> bool:
    return any(all(map(block.given, PUBLIC_ACCESS_BLOCK)) for block in blocks)


def _serves_buckets_only(distribution: Resource, _: Sequence[Resource]) -> bool:
    return not any(origin.given("customOriginConfig") for origin in distribution.each("origins"))


def _only_the_gateway_calls(_: Resource, permissions: Sequence[Resource]) -> bool:
    callers = {permission.get("principal") for permission in permissions}
    return callers == {"apigateway.amazonaws.com"}


WAIVERS = (
    Waiver(
        controls=("APIGateway.1", "CKV_AWS_76"),
        reason="Disabled by default, because it takes a role that all APIs of an account share; turn on with "
        "`access_log`, `execution_log_level` and `api_log_role`.",
    ),
    Waiver(
        controls=("APIGateway.3", "Lambda.7"),
        rows=("dev",),
        reason="The log of a stack for trial tells enough; turn on with `tracing`.",
    ),
    Waiver(
        controls=("APIGateway.4",),
        unless="wafv2.WebAcl",
        beside=Link(kind="apigateway.MethodSettings", property="stageName"),
        when=_is_throttled,
        reason="Disabled by default, because a web ACL has a monthly price; the stage has a throttle, "
        "`throttle_rate_per_second`, which limits the cost of a flood of requests; enable it with `firewall_enabled`.",
    ),
    Waiver(
        controls=("CloudFront.6",),
        reason="Disabled by default: a web ACL costs money each month, and behind it are public pages that anyone may "
        "read.",
    ),
    Waiver(
        controls=("APIGateway.2",),
        reason="The backend is Lambda, which AWS calls over its own TLS, and which lets this API in by its permission.",
    ),
    Waiver(
        controls=("CKV_AWS_120",),
        reason="Answers must be of this moment, and a cache costs money by the hour.",
    ),
    Waiver(
        controls=("CKV_AWS_276",),
        rows=("dev", "test"),
        reason="Bodies in logs help to debug, and the data are not real; turn them off with `execution_log_bodies`.",
    ),
    Waiver(
        controls=("CKV_AWS_59",),
        rows=("dev", "test"),
        except_services=("stock",),
        reason="The API of a non-production stack is public to every caller that has its URL; restrict it with "
        "`authorization`.",
    ),
    Waiver(
        controls=("CKV_AWS_59",),
        services=("stock",),
        beside=Uses(kinds=("apigateway.Resource",), property="resourceId"),
        when=_reads_one_product,
        reason="The web pages of a shop read one product without a key, from a route with a lower throttle and, with "
        "`anonymous_response`, without counts; every other route requires a key.",
    ),
    Waiver(
        controls=("APIGateway.11",),
        reason="TLS_1_2 takes nothing older; the policies that AWS recommends since 2025 also want an access mode of "
        "the domain's endpoint, which is its owner's to choose.",
    ),
    Waiver(
        controls=("SEC05-BP02",),
        reason="The endpoint requires the same authorization as the domain, and clients must use the domain before the "
        "endpoint is disabled with `disable_execute_api_endpoint`.",
    ),
    Waiver(
        controls=("Lambda.2",),
        services=("items",),
        reason="The items service is specified for python3.9, and warns of it; its code runs on newer ones: set "
        "`lambda_runtime`.",
    ),
    Waiver(
        controls=("Lambda.3",),
        unless="ec2.Vpc",
        reason="Disabled by default: the functions talk to AWS's public endpoints alone, by IAM and over TLS, and "
        "those of a VPC cost money each month; turn on with `network_vpc`.",
    ),
    Waiver(
        controls=("CKV_AWS_115",),
        rows=("dev", "test"),
        reason="What is reserved is taken from all other functions of the account, which stacks for trial should not "
        "do; turn on with `lambda_reserved_concurrency`.",
    ),
    Waiver(
        controls=("CKV_AWS_115",),
        services=("items",),
        reason="The stage lets through fewer requests than would exhaust an account, `throttle_burst`; turn on with "
        "`lambda_reserved_concurrency`.",
    ),
    Waiver(
        controls=("CKV_AWS_116",),
        beside=Link(kind="lambda.Permission", property="function"),
        when=_only_the_gateway_calls,
        reason="Only the API calls it, and the caller gets the error; dead letters are of asynchronous invocations.",
    ),
    Waiver(
        controls=("CKV_AWS_116",),
        services=("inventory",),
        reason="Besides the API a schedule calls it, whose next run finds in the table what an earlier one did not do.",
    ),
    Waiver(
        controls=("CKV_AWS_173",),
        unless="kms.Key",
        unless_output="key_arn",
        reason="The variables are names and addresses, no secrets, which Lambda encrypts with a key of AWS's; turn on "
        "with `encryption_key`.",
    ),
    Waiver(
        controls=("CKV_AWS_272",),
        when=_is_packed_by_deployment,
        reason="The deployment packs the code from its sources and uploads it to Lambda directly: no artifact is "
        "stored in between, and an identity that can deploy could also sign.",
    ),
    Waiver(
        controls=("DynamoDB.4",),
        unless="backup.Plan",
        reason="Disabled by default: backups cost money each month, and `point_in_time_recovery` restores any second "
        "of 35 days; turn on with `backup_retention_days`.",
    ),
    Waiver(
        controls=("DynamoDB.6",),
        rows=("dev", "test"),
        reason="A stack for trial is to be destroyed with what is in it; turn on with `deletion_protection`.",
    ),
    Waiver(
        controls=("DynamoDB.6",),
        rows=("staging",),
        reason="`retain_on_delete` leaves the tables behind when the stack goes; turn on with `deletion_protection`.",
    ),
    Waiver(
        controls=("CKV_AWS_119", "CKV_AWS_158", "CKV_AWS_166", "CKV2_AWS_73"),
        unless="kms.Key",
        unless_output="key_arn",
        reason="Disabled by default: they are encrypted with a key of AWS's, and a customer managed key costs money "
        "each month and for each use; turn on with `encryption_key`.",
    ),
    Waiver(
        controls=("SNS.1",),
        unless="kms.Key",
        unless_output="key_arn",
        reason="Disabled by default: CloudWatch alarms cannot publish through AWS's key for SNS, and a customer "
        "managed key costs money each month; turn on with `encryption_key`.",
    ),
    Waiver(
        controls=("CKV2_AWS_34",),
        reason="The parameters hold settings that anybody may know; what is secret does not go into one.",
    ),
    Waiver(
        controls=("S3.17",),
        reason="The bucket contains public pages, encrypted with S3's own key.",
    ),
    Waiver(
        controls=("S3.9",),
        beside=Link(kind="s3.BucketPublicAccessBlock", property="bucket"),
        when=_blocks_public_access,
        reason="The bucket blocks public access, and CloudFront reads it for all viewers, so its log would name no "
        "viewer.",
    ),
    Waiver(
        controls=("CloudFront.5",),
        when=_serves_buckets_only,
        reason="The distribution serves only static files, the same to every viewer; its log would contain IP "
        "addresses, which are personal data, so the owner of the site decides whether to create one.",
    ),
    Waiver(
        controls=("S3.7", "CloudFront.4"),
        reason="The pages are built from the sources and can be uploaded anew anywhere, and edges keep them meanwhile.",
    ),
    Waiver(
        controls=("S3.11",),
        reason="Only deployments write to the bucket, and Pulumi reports them.",
    ),
    Waiver(
        controls=("CloudFront.7", "CloudFront.15"),
        reason="Without a custom domain a distribution has CloudFront's certificate, for which AWS sets the TLS "
        "policy.",
    ),
    Waiver(
        controls=("CKV_AWS_374",),
        reason="The owner of a shop decides where it sells; the pages are public.",
    ),
    Waiver(
        controls=("Cognito.1",),
        reason="Disabled by default: threat protection is of Cognito's dearest plan, which costs money for each user.",
    ),
    Waiver(
        controls=("CloudWatch.16",),
        reason="Logs are kept as long as `log_retention_days` says, which is for mending; a year of them costs money "
        "each month.",
    ),
)
