"""What is waived of this library's own resources, and why."""

from __future__ import annotations

from collections.abc import Sequence

from .control import Waiver
from .graph import Link, Resource


def _reads(method: Resource, _: Sequence[Resource]) -> bool:
    return bool(method.get("httpMethod") == "GET")


def _only_the_gateway_calls(_: Resource, permissions: Sequence[Resource]) -> bool:
    callers = {permission.get("principal") for permission in permissions}
    return callers == {"apigateway.amazonaws.com"}


WAIVERS = (
    Waiver(
        controls=("APIGateway.1", "CKV_AWS_76"),
        reason="Off unless asked for, as it takes a role that all APIs of an account share; turn on with `access_log`, "
        "`execution_log_level` and `api_log_role`.",
    ),
    Waiver(
        controls=("APIGateway.3", "Lambda.7"),
        rows=("dev",),
        reason="The log of a stack for trial tells enough; turn on with `tracing`.",
    ),
    Waiver(
        controls=("APIGateway.4",),
        unless="wafv2.WebAcl",
        reason="Off unless asked for: a web ACL costs money each month, and `throttle_rate_per_second` bounds what a "
        "flood of requests may cost; turn on with `firewall_enabled`.",
    ),
    Waiver(
        controls=("CloudFront.6",),
        reason="Off unless asked for: a web ACL costs money each month, and behind it are pages that everybody may "
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
        reason="Bodies in the log help where nobody's real data are; turn off with `execution_log_bodies`.",
    ),
    Waiver(
        controls=("CKV_AWS_59",),
        rows=("dev", "test"),
        reason="A stack for trial is open to whoever knows its address; turn on with `authorization`.",
    ),
    Waiver(
        controls=("CKV_AWS_59",),
        services=("stock",),
        when=_reads,
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
        reason="Off unless asked for: the functions talk to AWS's public endpoints alone, by IAM and over TLS, and "
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
        reason="Only the API calls it, whose caller waits and is told; Lambda leaves in a queue what nobody waits for.",
    ),
    Waiver(
        controls=("CKV_AWS_116",),
        services=("inventory",),
        reason="Besides the API a schedule calls it, whose next run finds in the table what an earlier one did not do.",
    ),
    Waiver(
        controls=("CKV_AWS_173",),
        unless="kms.Key",
        reason="The variables are names and addresses, no secrets, which Lambda encrypts with a key of AWS's; turn on "
        "with `encryption_key`.",
    ),
    Waiver(
        controls=("CKV_AWS_272",),
        reason="The program that deploys the code also packs it, from the sources beside it: there is nobody in "
        "between to sign it.",
    ),
    Waiver(
        controls=("DynamoDB.4",),
        unless="backup.Plan",
        reason="Off unless asked for: backups cost money each month, and `point_in_time_recovery` restores any second "
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
        reason="Off unless asked for: they are encrypted with a key of AWS's, and one of one's own costs money each "
        "month and for each use; turn on with `encryption_key`.",
    ),
    Waiver(
        controls=("SNS.1",),
        unless="kms.Key",
        reason="Off unless asked for: CloudWatch alarms cannot publish through AWS's key for SNS, and one of one's own "
        "costs money each month; turn on with `encryption_key`.",
    ),
    Waiver(
        controls=("CKV2_AWS_34",),
        reason="The parameters hold settings that anybody may know; what is secret does not go into one.",
    ),
    Waiver(
        controls=("S3.17",),
        reason="The bucket holds pages that everybody may read, encrypted with S3's own key.",
    ),
    Waiver(
        controls=("S3.9", "CloudFront.5"),
        reason="Off unless asked for: everybody may read the pages, and logs of it would be personal data, for which "
        "somebody must answer.",
    ),
    Waiver(
        controls=("S3.7", "CloudFront.4"),
        reason="The pages are built from the sources and can be uploaded anew anywhere, and edges keep them meanwhile.",
    ),
    Waiver(
        controls=("S3.11",),
        reason="Only a deployment writes to the bucket, and tells of it.",
    ),
    Waiver(
        controls=("CloudFront.7", "CloudFront.15"),
        reason="Without a domain of one's own a distribution has CloudFront's certificate, for which AWS sets the TLS "
        "policy.",
    ),
    Waiver(
        controls=("CKV_AWS_374",),
        reason="Where a shop sells is its owner's to say; everybody may read the pages.",
    ),
    Waiver(
        controls=("Cognito.1",),
        reason="Off unless asked for: threat protection is of Cognito's dearest plan, which costs money for each user.",
    ),
    Waiver(
        controls=("CloudWatch.16",),
        reason="Logs are kept as long as `log_retention_days` says, which is for mending; a year of them costs money "
        "each month.",
    ),
)
