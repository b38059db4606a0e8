"""Bill lines of each resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from . import usage
from .month import Inputs
from .prices import GB
from .traffic import Traffic, runs_per_month
from .usage import Amount, count, from_traffic, hourly, requests_to, total


class Line(NamedTuple):
    """A bill line of a resource type."""

    label: str
    price: str
    """Key of `PRICES`."""
    amount: Amount
    """Monthly usage of all resources of the type, in units of the price."""
    fixed: bool = False
    """Whether the cost does not depend on the traffic."""


def _response_gb(traffic: Traffic) -> float:
    return traffic.response_bytes / GB


_REPLICATED = (
    Line("minimum read capacity", "dynamodb.read-capacity", hourly(usage.minimum_capacity("readCapacity")), fixed=True),
    Line(
        "minimum write capacity", "dynamodb.write-capacity", hourly(usage.minimum_capacity("writeCapacity")), fixed=True
    ),
    Line("additional write capacity", "dynamodb.write-capacity", usage.scaled_capacity("writes", "writeCapacity")),
    Line("writes", "dynamodb.writes", usage.request_units("writes")),
    Line("storage", "dynamodb.storage", usage.stored_gb(count)),
    Line("point-in-time recovery", "dynamodb.pitr", usage.stored_gb(usage.has_point_in_time_recovery)),
)
"""Bill lines of a table and of each replica."""
_READS = (
    Line("additional read capacity", "dynamodb.read-capacity", usage.scaled_capacity("reads", "readCapacity")),
    Line("reads", "dynamodb.reads", usage.request_units("reads")),
)
"""Bill lines of a table that do not apply to replicas."""

BILLED: Mapping[str, tuple[Line, ...]] = {
    "apigateway.MethodSettings": (Line("detailed metrics", "cloudwatch.metric", usage.api_metrics, fixed=True),),
    "apigateway.RestApi": (
        Line("requests", "api.requests", requests_to("REST")),
        Line("response data", "transfer.out", requests_to("REST", _response_gb)),
    ),
    "apigatewayv2.Api": (
        Line("requests", "api.http-requests", requests_to("HTTP")),
        Line("response data", "transfer.out", requests_to("HTTP", _response_gb)),
    ),
    "apigatewayv2.Stage": (Line("detailed metrics", "cloudwatch.metric", usage.http_api_metrics, fixed=True),),
    "appautoscaling.Policy": (
        # Application Auto Scaling creates two alarms for the utilization and two for the capacity.
        Line("alarms", "cloudwatch.alarm", total(lambda policy: 4), fixed=True),
    ),
    "backup.Plan": (
        Line("backups", "backup.warm", usage.backups_gb(cold=False)),
        Line("backups in cold storage", "backup.cold", usage.backups_gb(cold=True)),
    ),
    "cloudfront.Distribution": (
        Line("requests", "cloudfront.requests", from_traffic(usage.page_files)),
        Line("data transfer", "cloudfront.transfer", from_traffic(usage.page_gb)),
    ),
    "cloudwatch.CompositeAlarm": (Line("alarms", "cloudwatch.alarm-composite", total(count), fixed=True),),
    "cloudwatch.Dashboard": (Line("dashboards", "cloudwatch.dashboard", total(count), fixed=True),),
    "cloudwatch.EventArchive": (
        Line("archived events", "events.archive", from_traffic(usage.event_gb)),
        Line("stored events", "events.archive-storage", usage.archived_gb),
    ),
    "cloudwatch.EventBus": (Line("events", "events.custom", from_traffic(lambda t: t.events)),),
    "cloudwatch.LogGroup": (
        Line("log ingestion", "logs.ingestion", usage.log_ingestion_gb),
        Line("log storage", "logs.storage", usage.log_storage_gb),
    ),
    "cloudwatch.LogMetricFilter": (Line("metrics", "cloudwatch.metric", total(count), fixed=True),),
    "cloudwatch.MetricAlarm": (
        Line("alarms", "cloudwatch.alarm", total(usage.alarm_metrics(high_resolution=False)), fixed=True),
        Line(
            "high-resolution alarms",
            "cloudwatch.alarm-high-resolution",
            total(usage.alarm_metrics(high_resolution=True)),
            fixed=True,
        ),
    ),
    "cognito.UserPool": (
        Line("monthly active users", "cognito.users", from_traffic(lambda t: t.monthly_active_users)),
    ),
    "cognito.UserPoolClient": (
        Line("machine-to-machine tokens", "cognito.tokens", from_traffic(lambda t: t.m2m_tokens, usage.has_secret)),
    ),
    "dynamodb.Table": (*_READS, *_REPLICATED),
    "dynamodb.TableReplica": (
        *(line._replace(amount=usage.for_replicas(line.amount)) for line in _REPLICATED),
        Line("writes to other regions", "transfer.regions", usage.for_replicas(usage.replicated_gb)),
    ),
    "ec2.Eip": (Line("public IP addresses", "eip.hours", hourly(count), fixed=True),),
    "ec2.NatGateway": (
        Line("NAT gateways", "nat.hours", hourly(count), fixed=True),
        Line("data processed", "nat.gb", from_traffic(lambda t: t.private_gb)),
    ),
    "ec2.VpcEndpoint": (
        Line("interface endpoints by Availability Zone", "endpoint.hours", hourly(usage.interface_count), fixed=True),
        Line("data processed", "endpoint.gb", from_traffic(lambda t: t.private_gb, usage.interface_count)),
    ),
    "kms.Key": (
        Line("keys", "kms.key", total(count), fixed=True),
        Line("requests for tables", "kms.requests", usage.key_requests),
    ),
    "kms.ReplicaKey": (Line("keys", "kms.key", total(count), fixed=True),),
    "lambda.Function": (
        Line("invocations", "lambda.requests", usage.invocations),
        Line("duration on x86", "lambda.x86", usage.gb_seconds(arm=False)),
        Line("duration on Arm", "lambda.arm", usage.gb_seconds(arm=True)),
        Line("ephemeral storage", "lambda.storage", usage.storage_gb_seconds),
        Line("SnapStart cache", "lambda.snapstart-cache", usage.cached_gb_seconds, fixed=True),
        Line("SnapStart restores", "lambda.snapstart-restore", usage.restored_gb),
        Line("traces", "xray.traces", usage.traces),
        Line("custom metrics", "cloudwatch.metric", usage.custom_metrics, fixed=True),
    ),
    "lambda.ProvisionedConcurrencyConfig": (
        Line(
            "provisioned concurrency on x86",
            "lambda.provisioned-x86",
            usage.provisioned_gb_seconds(arm=False),
            fixed=True,
        ),
        Line(
            "provisioned concurrency on Arm",
            "lambda.provisioned-arm",
            usage.provisioned_gb_seconds(arm=True),
            fixed=True,
        ),
    ),
    "route53.HealthCheck": (Line("health checks", "route53.health-check", total(count), fixed=True),),
    "route53.Zone": (Line("zones", "route53.zone", total(count), fixed=True),),
    "s3.Bucket": (
        Line("storage", "s3.storage", usage.site_gb, fixed=True),
        Line("storage of objects", "s3.storage", usage.of_buckets(lambda t: t.object_gb)),
        Line("writes of objects", "s3.puts", usage.of_buckets(lambda t: t.uploads)),
        Line("reads of objects", "s3.gets", usage.of_buckets(lambda t: t.downloads)),
        Line("downloaded objects", "transfer.out", usage.of_buckets(lambda t: t.downloads * t.object_bytes / GB)),
    ),
    "s3.BucketWebsiteConfiguration": (
        Line("requests", "s3.gets", from_traffic(usage.page_files)),
        Line("data transfer", "transfer.out", from_traffic(usage.page_gb)),
    ),
    "scheduler.Schedule": (
        Line("invocations", "scheduler.calls", total(lambda s: runs_per_month(s["scheduleExpression"])), fixed=True),
    ),
    "secretsmanager.Secret": (
        Line("secrets", "secrets.secret", total(count), fixed=True),
        Line("API calls at cold starts", "secrets.calls", usage.cold_starts),
    ),
    "sns.Topic": (Line("messages", "sns.publishes", from_traffic(lambda t: t.notifications)),),
    "sns.TopicSubscription": (
        Line("emails", "sns.emails", from_traffic(lambda t: t.notifications, lambda s: s["protocol"] == "email")),
    ),
    "sqs.Queue": (
        Line("dead-lettered events", "sqs.requests", from_traffic(lambda t: t.failures)),
        Line("messages", "sqs.requests", usage.queue_requests(fifo=False)),
        Line("messages of FIFO queues", "sqs.fifo-requests", usage.queue_requests(fifo=True)),
        Line("polling", "sqs.requests", usage.polling_requests(fifo=False), fixed=True),
        Line("polling of FIFO queues", "sqs.fifo-requests", usage.polling_requests(fifo=True), fixed=True),
    ),
    "ssm.Parameter": (
        Line("advanced parameters", "ssm.advanced", total(lambda p: p.get("tier") == "Advanced"), fixed=True),
    ),
    "synthetics.Canary": (
        Line("runs", "canary.runs", total(lambda canary: runs_per_month(canary["schedule"]["expression"])), fixed=True),
    ),
    "lambda.FunctionUrl": (Line("response data", "transfer.out", requests_to("URL", _response_gb)),),
    "wafv2.WebAcl": (
        Line("web ACLs", "waf.acl", total(count), fixed=True),
        Line("rules", "waf.rule", total(lambda acl: len(acl.get("rules") or ())), fixed=True),
        Line("requests inspected", "waf.requests", usage.waf_requests),
    ),
}
"""Bill lines by resource type."""

_FREE = {
    "acm": "Certificate CertificateValidation",
    "apigateway": (
        "Account ApiKey Authorizer BasePathMapping Deployment DomainName Integration IntegrationResponse Method "
        "MethodResponse Model RequestValidator Resource Response RestApiPolicy Stage UsagePlan UsagePlanKey"
    ),
    "apigatewayv2": "ApiMapping Authorizer Deployment DomainName Integration Route",
    "appautoscaling": "Target",
    "backup": "Selection Vault VaultLockConfiguration VaultPolicy",
    "budgets": "Budget",
    "cloudfront": "CachePolicy OriginAccessControl ResponseHeadersPolicy",
    "cloudwatch": "EventBusPolicy EventPermission EventRule EventTarget LogResourcePolicy QueryDefinition",
    "codedeploy": "Application DeploymentConfig DeploymentGroup",
    "cognito": "ResourceServer UserGroup UserPoolDomain",
    "costexplorer": "CostAllocationTag",
    "ec2": (
        "DefaultNetworkAcl DefaultSecurityGroup FlowLog InternetGateway NetworkAcl Route RouteTable "
        "RouteTableAssociation SecurityGroup SecurityGroupRule Subnet Vpc VpcEndpointRouteTableAssociation"
    ),
    "iam": "Policy Role RolePolicy RolePolicyAttachment",
    "kms": "Alias Grant KeyPolicy",
    "lambda": "Alias CodeSigningConfig EventSourceMapping FunctionEventInvokeConfig LayerVersion Permission",
    "route53": "Record",
    "s3": (
        "BucketCorsConfiguration BucketLifecycleConfiguration BucketNotification BucketObjectv2 "
        "BucketOwnershipControls BucketPolicy BucketPublicAccessBlock BucketServerSideEncryptionConfiguration "
        "BucketVersioning"
    ),
    "secretsmanager": "SecretPolicy SecretRotation SecretVersion",
    "signer": "SigningProfile",
    "sns": "TopicPolicy",
    "sqs": "QueuePolicy RedriveAllowPolicy",
    "vpc": "SecurityGroupEgressRule SecurityGroupIngressRule",
    "wafv2": "IpSet RegexPatternSet WebAclAssociation WebAclLoggingConfiguration",
    "xray": "Group SamplingRule",
}
FREE = frozenset(f"{module}.{name}" for module, names in _FREE.items() for name in names.split())
"""Resource types that are free of charge: only Lambda reads streams, CodeDeploy deploys Lambda functions, and budgets
have no actions. The cost of uploading an S3 object, a thousandth of a cent, is ignored."""

UNPRICED: Mapping[str, Mapping[str, Callable[[Inputs], bool]]] = {
    "apigateway.Stage": {"cache cluster": lambda stage: bool(stage.get("cacheClusterEnabled"))},
    "backup.Plan": {
        "backups without expiry": lambda plan: any(
            not (rule.get("lifecycle") or {}).get("deleteAfter") for rule in plan["rules"]
        )
    },
    "cloudwatch.LogGroup": {
        "log ingestion from an unknown source": lambda group: not group["name"].startswith(tuple(usage.LOG_SOURCES)),
        "logs without expiry": lambda group: not group.get("retentionInDays"),
    },
    "cognito.UserPool": {"feature plan other than Lite": lambda pool: pool.get("userPoolTier") != "LITE"},
    "dynamodb.Table": {
        "table class other than Standard": lambda table: table.get("tableClass", "STANDARD") != "STANDARD",
        "replicas": lambda table: bool(table.get("replicas")),
    },
    "sns.TopicSubscription": {
        "filter policy for message bodies": lambda subscription: subscription.get("filterPolicyScope") == "MessageBody"
    },
}
"""Settings with an unknown price: labels and conditions by resource type."""
