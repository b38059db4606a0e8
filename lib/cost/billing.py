"""What each type of resource is billed for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from . import usage
from .month import Inputs
from .prices import GB, SECONDS
from .traffic import times
from .usage import Amount, each, hours, one, traffic


class Line(NamedTuple):
    """One thing that a type of resource is billed for."""

    what: str
    price: str
    """Its name in the prices."""
    amount: Amount
    """Of all resources of the type, in the price's units."""
    fixed: bool = False
    """Whether a month without traffic costs as much."""


_COPIED = (
    Line("least read capacity", "dynamodb.read-capacity", hours(usage.least_capacity("readCapacity")), fixed=True),
    Line("least write capacity", "dynamodb.write-capacity", hours(usage.least_capacity("writeCapacity")), fixed=True),
    Line("more write capacity", "dynamodb.write-capacity", usage.scaled_capacity("writes", "writeCapacity")),
    Line("writes", "dynamodb.writes", usage.request_units("writes")),
    Line("storage", "dynamodb.storage", usage.stored_gb(one)),
    Line("point-in-time recovery", "dynamodb.pitr", usage.stored_gb(usage.recovered)),
)
"""What a table costs, and each replica again."""
_READ = (
    Line("more read capacity", "dynamodb.read-capacity", usage.scaled_capacity("reads", "readCapacity")),
    Line("reads", "dynamodb.reads", usage.request_units("reads")),
)
"""What is read is read once."""

BILLED: Mapping[str, tuple[Line, ...]] = {
    "apigateway.MethodSettings": (Line("detailed metrics", "cloudwatch.metric", usage.api_metrics, fixed=True),),
    "apigateway.RestApi": (
        Line("requests", "api.requests", traffic(lambda given: given.requests)),
        Line("answers", "transfer.out", traffic(lambda given: given.requests * given.answer_bytes / GB)),
    ),
    "appautoscaling.Policy": (
        # Two on use, two on capacity, which Application Auto Scaling makes for each.
        Line("alarms of its own", "cloudwatch.alarm", each(lambda policy: 4), fixed=True),
    ),
    "backup.Plan": (
        Line("backups", "backup.warm", usage.backups_gb(cold=False)),
        Line("backups in cold storage", "backup.cold", usage.backups_gb(cold=True)),
    ),
    "cloudfront.Distribution": (
        Line("requests of pages' files", "cloudfront.requests", traffic(usage.page_files)),
        Line("pages", "cloudfront.transfer", traffic(usage.page_gb)),
    ),
    "cloudwatch.CompositeAlarm": (Line("alarms", "cloudwatch.alarm-composite", each(one), fixed=True),),
    "cloudwatch.Dashboard": (Line("dashboards", "cloudwatch.dashboard", each(one), fixed=True),),
    "cloudwatch.LogGroup": (
        Line("what is logged", "logs.ingestion", usage.ingested_gb),
        Line("what is kept of it", "logs.storage", usage.kept_gb),
    ),
    "cloudwatch.LogMetricFilter": (Line("metrics", "cloudwatch.metric", each(one), fixed=True),),
    "cloudwatch.MetricAlarm": (
        Line("alarms", "cloudwatch.alarm", each(usage.alarm_metrics(fast=False)), fixed=True),
        Line("alarms within a minute", "cloudwatch.alarm-fast", each(usage.alarm_metrics(fast=True)), fixed=True),
    ),
    "cognito.UserPool": (Line("people who sign in", "cognito.people", traffic(lambda given: given.people)),),
    "cognito.UserPoolClient": (
        Line("tokens", "cognito.tokens", traffic(lambda given: given.program_tokens, usage.with_secret)),
    ),
    "dynamodb.Table": (*_READ, *_COPIED),
    "dynamodb.TableReplica": (
        *(line._replace(amount=usage.of_replicas(line.amount)) for line in _COPIED),
        Line("writes to other regions", "transfer.regions", usage.of_replicas(usage.replicated_gb)),
    ),
    "ec2.Eip": (Line("public addresses", "eip.hours", hours(one), fixed=True),),
    "ec2.NatGateway": (
        Line("NAT gateways", "nat.hours", hours(one), fixed=True),
        Line("what goes through them", "nat.gb", traffic(lambda given: given.private_gb)),
    ),
    "ec2.VpcEndpoint": (
        Line("interface endpoints, one in each zone", "endpoint.hours", hours(usage.interfaces), fixed=True),
        Line("what goes through them", "endpoint.gb", traffic(lambda given: given.private_gb, usage.interfaces)),
    ),
    "kms.Key": (
        Line("keys", "kms.key", each(one), fixed=True),
        Line("uses for tables", "kms.requests", usage.key_requests),
    ),
    "kms.ReplicaKey": (Line("keys", "kms.key", each(one), fixed=True),),
    "lambda.Function": (
        Line("runs", "lambda.requests", usage.runs),
        Line("time on x86", "lambda.x86", usage.gb_seconds(arm=False)),
        Line("time on Arm", "lambda.arm", usage.gb_seconds(arm=True)),
        Line("snapshots", "lambda.snapstart-cache", each(lambda f: SECONDS * usage.snapshot_gb(f)), fixed=True),
        Line("snapshots restored", "lambda.snapstart-restore", usage.restored_gb),
        Line("traces", "xray.traces", usage.traces),
        Line("metrics of its own", "cloudwatch.metric", usage.own_metrics, fixed=True),
    ),
    "lambda.ProvisionedConcurrencyConfig": (
        Line("workers on x86", "lambda.provisioned-x86", usage.provisioned(arm=False), fixed=True),
        Line("workers on Arm", "lambda.provisioned-arm", usage.provisioned(arm=True), fixed=True),
    ),
    "route53.HealthCheck": (Line("health checks", "route53.health-check", each(one), fixed=True),),
    "route53.Zone": (Line("zones", "route53.zone", each(one), fixed=True),),
    "s3.Bucket": (Line("pages", "s3.storage", traffic(lambda given: given.page_bytes / GB), fixed=True),),
    "s3.BucketWebsiteConfiguration": (
        Line("requests of pages' files", "s3.gets", traffic(usage.page_files)),
        Line("pages", "transfer.out", traffic(usage.page_gb)),
    ),
    "scheduler.Schedule": (
        Line("calls", "scheduler.calls", each(lambda given: times(given["scheduleExpression"])), fixed=True),
    ),
    "secretsmanager.Secret": (
        Line("secrets", "secrets.secret", each(one), fixed=True),
        Line("reads by workers that start", "secrets.calls", usage.starts),
    ),
    "sns.Topic": (Line("messages", "sns.publishes", traffic(lambda given: given.notifications)),),
    "sns.TopicSubscription": (
        Line(
            "e-mails",
            "sns.emails",
            traffic(lambda given: given.notifications, lambda subscription: subscription["protocol"] == "email"),
        ),
    ),
    "sqs.Queue": (Line("messages of what failed", "sqs.requests", traffic(lambda given: given.failures)),),
    "ssm.Parameter": (
        Line("advanced parameters", "ssm.advanced", each(lambda given: given.get("tier") == "Advanced"), fixed=True),
    ),
    "synthetics.Canary": (
        Line("runs", "canary.runs", each(lambda given: times(given["schedule"]["expression"])), fixed=True),
    ),
    "wafv2.WebAcl": (
        Line("ACLs", "waf.acl", each(one), fixed=True),
        Line("rules", "waf.rule", each(lambda acl: len(acl.get("rules") or ())), fixed=True),
        Line("requests inspected", "waf.requests", usage.inspected),
    ),
}
"""Every type that costs something, and for what."""

_FREE = {
    "acm": "Certificate CertificateValidation",
    "apigateway": (
        "Account ApiKey Authorizer BasePathMapping Deployment DomainName Integration IntegrationResponse Method "
        "MethodResponse Model RequestValidator Resource Response RestApiPolicy Stage UsagePlan UsagePlanKey"
    ),
    "appautoscaling": "Target",
    "backup": "Selection Vault VaultLockConfiguration VaultPolicy",
    "budgets": "Budget",
    "cloudfront": "CachePolicy OriginAccessControl ResponseHeadersPolicy",
    "cloudwatch": "EventPermission EventRule EventTarget LogResourcePolicy QueryDefinition",
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
        "BucketCorsConfiguration BucketLifecycleConfiguration BucketObjectv2 BucketOwnershipControls BucketPolicy "
        "BucketPublicAccessBlock BucketServerSideEncryptionConfiguration BucketVersioning"
    ),
    "secretsmanager": "SecretPolicy SecretRotation SecretVersion",
    "signer": "SigningProfile",
    "sns": "TopicPolicy",
    "sqs": "QueuePolicy",
    "vpc": "SecurityGroupEgressRule SecurityGroupIngressRule",
    "wafv2": "IpSet RegexPatternSet WebAclAssociation WebAclLoggingConfiguration",
    "xray": "Group SamplingRule",
}
FREE = frozenset(f"{module}.{name}" for module, names in _FREE.items() for name in names.split())
"""Types that AWS bills nobody for: none by themselves, streams as Lambda reads them, deployments as they are Lambda's,
budgets as they have no actions; the upload of an object is a thousandth of a cent."""

UNPRICED: Mapping[str, Mapping[str, Callable[[Inputs], bool]]] = {
    "apigateway.Stage": {"its cache": lambda stage: bool(stage.get("cacheClusterEnabled"))},
    "backup.Plan": {
        "backups that are kept for ever": lambda plan: any(
            not (rule.get("lifecycle") or {}).get("deleteAfter") for rule in plan["rules"]
        )
    },
    "cloudwatch.LogGroup": {
        "what is logged, as its name does not say who logs": lambda group: (
            not group["name"].startswith(tuple(usage.WRITERS))
        ),
        "logs that are kept for ever": lambda group: not group.get("retentionInDays"),
    },
    "cognito.UserPool": {"its tier": lambda pool: pool.get("userPoolTier") != "LITE"},
    "dynamodb.Table": {
        "its table class": lambda table: table.get("tableClass", "STANDARD") != "STANDARD",
        "its replicas": lambda table: bool(table.get("replicas")),
    },
    "lambda.Function": {"its storage": lambda given: (given.get("ephemeralStorage") or {}).get("size", 512) > 512},
}
"""What a resource of a known type may have that costs something nobody can tell here."""
