"""IAM policy documents.  Nothing else in the library spells an action's service."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from ..model.names import RESTORED_INFIX

Statement = dict[str, Any]

BASIC_EXECUTION = "service-role/AWSLambdaBasicExecutionRole"
"""Managed policy that allows a function to create and write every log group of the account."""
LOG_ACTIONS = {
    "write": ("CreateLogStream", "PutLogEvents"),
    "create": ("CreateLogGroup", "CreateLogStream", "PutLogEvents"),
}
"""Actions of a function's role on its own log group, by `service.LogAccess`."""
XRAY_WRITE = "AWSXRayDaemonWriteAccess"
"""Sending traces, for which AWS knows no narrower resource than all."""
STREAM_READ = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
"""What Lambda does, in a function's name, to read a table's stream."""
VPC_ACCESS_ACTIONS = (
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "DeleteNetworkInterface",
    "AssignPrivateIpAddresses",
    "UnassignPrivateIpAddresses",
)
"""What Lambda does to the network interfaces of a function in a VPC. The managed policy with these actions,
`AWSLambdaVPCAccessExecutionRole`, also allows the function to write to every log group."""
API_GATEWAY_LOGS = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
"""Writing the logs of APIs."""

KEY_ADMINISTRATION = (
    *("CancelKeyDeletion", "CreateAlias", "DeleteAlias", "Describe*", "Disable*", "Enable*", "Get*", "List*"),
    *("PutKeyPolicy", "ReplicateKey", "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion"),
    *("SynchronizeMultiRegionKey", "TagResource", "UntagResource", "Update*"),
)
"""All that can be done to a key, and nothing that is done with it."""
KEY_USE = ("CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*")
"""What the services that keep something need of the key that encrypts it."""
KEY_SENDING = ("Decrypt", "GenerateDataKey*")
"""What whoever sends to a topic or a queue needs of its key."""


class KeyUser(NamedTuple):
    """What an AWS service may do with a key in its own name, and for whom alone."""

    actions: Sequence[str]
    operator: str
    condition: str
    value: str
    principal: str = "{service}.amazonaws.com"
    """Service principals end with `amazonaws.com` in every partition, except those with a region."""


KEY_USERS = {
    "logs": KeyUser(
        # What has no encryption context could never meet the condition.
        actions=tuple(action for action in KEY_USE if action not in ("CreateGrant", "DescribeKey")),
        operator="ArnLike",
        condition="kms:EncryptionContext:aws:logs:arn",
        value="arn:{partition}:logs:{region}:{account}:log-group:*",
        principal="logs.{region}.{dns_suffix}",
    ),
    "events": KeyUser(KEY_SENDING, "ArnLike", "aws:SourceArn", "arn:{partition}:events:{region}:{account}:rule/*"),
    # Not one distribution: it is made after the key, and the bucket's policy names it.
    "cloudfront": KeyUser(
        ("Decrypt",), "ArnLike", "aws:SourceArn", "arn:{partition}:cloudfront::{account}:distribution/*"
    ),
    **dict.fromkeys(
        ("cloudwatch", "budgets", "backup"), KeyUser(KEY_SENDING, "StringEquals", "aws:SourceAccount", "{account}")
    ),
}
"""Log groups; rules that leave what failed in a queue; sites; and who publishes to a topic."""
KEY_VIA = ("backup", "dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "ssm")
"""Services that use a key in the name of whoever calls them."""


def managed_policy_arn(partition: str, path: str) -> str:
    """Return the ARN of an AWS managed policy, e.g. `service-role/AWSLambdaBasicExecutionRole`, in a partition."""
    return f"arn:{partition}:iam::aws:policy/{path}"


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """A policy document of `statements`."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str, account: Any = None) -> dict[str, Any]:
    """Lets one AWS service, e.g. `lambda.amazonaws.com`, take a role; with `account` only on behalf of that one."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if account is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return document([statement])


def allow(service: str, actions: Sequence[str], resources: Sequence[str]) -> Statement:
    """A statement that allows actions of one service, e.g. `("dynamodb", ["GetItem"])`, on exactly `resources`."""
    return {
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in actions],
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }


def table_statement(
    arn: str, actions: Sequence[str], indexes: Sequence[str] = (), keys: Sequence[str] = ()
) -> Statement:
    """Actions on a table, or on those of its indexes that are named; only on rows with some partition keys."""
    statement = allow("dynamodb", actions, [f"{arn}/index/{index}" for index in indexes] or [arn])
    if keys:
        statement["Condition"] = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}}
    return statement


def call_statement(execution_arn: str, stage: str, routes: Iterable[tuple[str, str]]) -> Statement:
    """Calling routes, by method and path, of a stage of a REST API.  IAM's `*`, for a parameter, reaches across `/`."""
    called = (f"{execution_arn}/{stage}/{method}{re.sub(r'{[^}]*}', '*', path)}" for method, path in routes)
    return allow("execute-api", ["Invoke"], list(called))


def move_aliases(functions: Sequence[str]) -> Statement:
    """A statement that lets CodeDeploy shift the callers of functions, by ARN, from one version to the next."""
    may = ["GetAlias", "UpdateAlias", "GetProvisionedConcurrencyConfig"]
    return allow("lambda", may, [arn for function in functions for arn in (function, f"{function}:*")])


def tls_only(service: str, resources: Sequence[str]) -> Statement:
    """A statement of a resource's own policy that refuses everybody who comes over an open connection."""
    return {
        **allow(service, ["*"], resources),
        "Effect": "Deny",
        "Principal": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def queue_document(arn: str, rules: Sequence[str]) -> dict[str, Any]:
    """A queue's own policy: the EventBridge rules of these names, of its account and region, may send to it."""
    at = arn.rpartition(":")[0].replace(":sqs:", ":events:")
    sending = {
        **allow("sqs", ["SendMessage"], [arn]),
        "Principal": {"Service": "events.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": [f"{at}:rule/{rule}" for rule in rules]}},
    }
    return document([tls_only("sqs", [arn]), *([sending] if rules else [])])


def publishing(service: str, topic: str) -> Statement:
    """A statement of a topic's own policy, by ARN: a service, e.g. `budgets`, may publish what is of its account.

    A topic without a policy lets its whole account publish, and so CloudWatch's alarms; one with a policy lets nobody
    whom that does not name, so it must name `cloudwatch`, too.
    """
    account = topic.rpartition(":")[0].rpartition(":")[2]
    return {
        **allow("sns", ["Publish"], [topic]),
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }


def read_through(bucket: str, distribution: str) -> dict[str, Any]:
    """A bucket's own policy, by ARN: one CloudFront distribution may read its objects, over TLS."""
    reading = {
        **allow("s3", ["GetObject"], [f"{bucket}/*"]),
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": distribution}},
    }
    return document([tls_only("s3", [bucket, f"{bucket}/*"]), reading])


def key_document(
    account: str,
    region: str,
    users: Collection[str],
    partition: str = "aws",
    dns_suffix: str = "amazonaws.com",
) -> dict[str, Any]:
    """A key's own policy, in its account and region, with the AWS services that use it: of `KEY_VIA` and `KEY_USERS`.

    IAM of the account says who administers it, so that it is never beyond reach; it cannot let anybody, and be it an
    administrator, encrypt or decrypt by himself.
    """
    administration = {**allow("kms", KEY_ADMINISTRATION, ["*"]), "Principal": _root(account, partition)}
    return document([administration, *key_statements(account, region, users, partition, dns_suffix)])


def key_statements(
    account: str,
    region: str,
    users: Collection[str],
    partition: str = "aws",
    dns_suffix: str = "amazonaws.com",
) -> list[Statement]:
    """What a key's own policy must say for an account to use it through AWS services, and only so."""
    # In a key's own policy the resource `*` is that key.
    through = {
        **allow("kms", KEY_USE, ["*"]),
        "Principal": _root(account, partition),
        "Condition": _via((name for name in KEY_VIA if name in users), dns_suffix),
    }
    places = {"partition": partition, "region": region, "account": account, "dns_suffix": dns_suffix}
    return [through, *(_key_user(name, user, places) for name, user in KEY_USERS.items() if name in users)]


def _root(account: str, partition: str) -> dict[str, str]:
    """Whomever IAM of an account allows it."""
    return {"AWS": f"arn:{partition}:iam::{account}:root"}


def _via(services: Iterable[str], dns_suffix: str) -> dict[str, Any]:
    # In any region: a key is used in its own, but for a table's replicas, for which DynamoDB calls across.
    return {"StringLike": {"kms:ViaService": [f"{service}.*.{dns_suffix}" for service in services]}}


def _key_user(name: str, user: KeyUser, places: dict[str, str]) -> Statement:
    return {
        **allow("kms", user.actions, ["*"]),
        "Principal": {"Service": user.principal.format(service=name, **places)},
        "Condition": {user.operator: {user.condition: user.value.format(**places)}},
    }


def key_needs(services: Collection[str]) -> dict[str, list[str]]:
    """What a role needs of the key by which services encrypt what it uses of them: each action, and through which."""
    sending = [service for service in services if service in ("sns", "sqs")]
    needs = {"Decrypt": [*services], "GenerateDataKey": sending}
    return {action: through for action, through in needs.items() if through}


def key_use(key: str, action: str, services: Sequence[str], dns_suffix: str) -> Statement:
    """A statement that allows an action with a key, by ARN, through AWS services alone."""
    return {**allow("kms", [action], [key]), "Condition": _via(services, dns_suffix)}


def in_region(key: str, region: str) -> str:
    """The ARN of a multi-Region key in another region."""
    parts = key.split(":")
    return ":".join([*parts[:3], region, *parts[4:]])


def read_by_all(bucket: str) -> dict[str, Any]:
    """A bucket's own policy, by ARN: everybody may read its objects, and without TLS, which S3's websites lack."""
    return document([{**allow("s3", ["GetObject"], [f"{bucket}/*"]), "Principal": "*"}])


def write_logs(log_group: str, actions: Sequence[str]) -> Statement:
    """Return a statement that allows actions on one log group, by ARN, and its log streams."""
    return allow("logs", actions, [f"{log_group}:*"])


def vpc_access() -> Statement:
    """Return a statement that allows Lambda to attach a function to a VPC.

    Lambda requires the actions on all resources, because it checks them before there is a network interface.
    """
    return allow("ec2", VPC_ACCESS_ACTIONS, ["*"])


def lambda_alone() -> Statement:
    """Return a statement that denies `vpc_access` to a function's own code.

    Lambda's calls on behalf of the function have no `lambda:SourceFunctionArn`.
    """
    return {
        **allow("ec2", [*VPC_ACCESS_ACTIONS, "DetachNetworkInterface"], ["*"]),
        "Effect": "Deny",
        "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}},
    }


def let_through(statements: Iterable[Statement]) -> dict[str, Any]:
    """A VPC endpoint's own policy: everybody who is in the VPC may do what `statements` say, and only that."""
    return document({**statement, "Principal": "*"} for statement in statements)


def buckets_of(account: str, partition: str) -> Statement:
    """Objects in whatever buckets an account has."""
    return {
        **allow("s3", ["GetObject", "PutObject", "DeleteObject", "ListBucket"], [f"arn:{partition}:s3:::*"]),
        "Condition": {"StringEquals": {"aws:ResourceAccount": account}},
    }


def flow_logs(log_group: str) -> Statement:
    """What VPC Flow Logs does to write to a log group, by ARN."""
    actions = ("CreateLogStream", "PutLogEvents", "DescribeLogGroups", "DescribeLogStreams")
    return allow("logs", actions, [f"{log_group}:*"])


def table_backups(tables: Sequence[str]) -> Statement:
    """What AWS Backup does to tables, by ARN, and to the backups of theirs that DynamoDB keeps."""
    actions = ("DescribeTable", "ListTagsOfResource", "CreateBackup", "StartAwsBackupJob")
    return allow("dynamodb", [*actions, "DescribeBackup", "DeleteBackup"], [*tables, *_backups(tables)])


def table_restores(tables: Sequence[str]) -> Statement:
    """What AWS Backup does to restore tables, by ARN, each beside itself: it cannot touch the live one."""
    rows = ("Scan", "Query", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
    actions = ["DescribeTable", "RestoreTableFromAwsBackup", "RestoreTableFromBackup", *rows]
    return allow("dynamodb", actions, [*(f"{table}{RESTORED_INFIX}*" for table in tables), *_backups(tables)])


def _backups(tables: Sequence[str]) -> list[str]:
    return [f"{table}/backup/*" for table in tables]


def recovery_points(vault: str, actions: Sequence[str], copy_to: str = "") -> Statement:
    """Actions on recovery points of the account and region of a vault; only towards one other vault."""
    statement = allow("backup", actions, [f"{vault.rpartition(':backup-vault:')[0]}:recovery-point:*"])
    return (
        {**statement, "Condition": {"ForAllValues:StringEquals": {"backup:CopyTargets": copy_to}}}
        if copy_to
        else statement
    )


def key_grants(keys: Sequence[str]) -> Statement:
    """Letting AWS's services use keys, by ARN, for what they keep."""
    return {**allow("kms", ["CreateGrant"], keys), "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}
