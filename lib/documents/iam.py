"""IAM policy documents. Only this module adds the service prefix to IAM actions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .. import model
from ..model import iam_actions
from ..model.names import RESTORED_INFIX

Statement = dict[str, Any]

BASIC_EXECUTION = "service-role/AWSLambdaBasicExecutionRole"
"""Managed policy that allows a function to create and write to every log group of the account."""
LOG_ACTIONS = {
    "write": ("CreateLogStream", "PutLogEvents"),
    "create": ("CreateLogGroup", "CreateLogStream", "PutLogEvents"),
}
"""Actions of a function's role on its own log group, by `service.LogAccess`."""
XRAY_WRITE = "AWSXRayDaemonWriteAccess"
"""Managed policy for sending traces. X-Ray does not support resource-level permissions for these actions."""
STREAM_READ = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
"""Actions that Lambda performs with a function's role to read the stream of a table."""
OBJECT_LISTS = ("ListBucket", "ListBucketVersions")
"""Actions on a bucket that list objects with the prefix in the condition key `s3:prefix`."""
QUEUE_CONSUMPTION = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""Actions that Lambda performs with a function's role to consume the messages of a queue."""
VPC_ACCESS_ACTIONS = (
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "DeleteNetworkInterface",
    "AssignPrivateIpAddresses",
    "UnassignPrivateIpAddresses",
)
"""Actions that Lambda performs on the network interfaces of a function in a VPC. The managed policy with these actions,
`AWSLambdaVPCAccessExecutionRole`, also allows the function to write to every log group."""
API_GATEWAY_LOGS = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
"""Managed policy for the role with which API Gateway writes logs."""


def managed_policy_arn(partition: str, path: str) -> str:
    """Return the ARN of an AWS managed policy, e.g. `service-role/AWSLambdaBasicExecutionRole`, in a partition."""
    return f"arn:{partition}:iam::aws:policy/{path}"


def policy_document(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return a policy document with `statements`."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust_policy(service: str, account: Any = None) -> dict[str, Any]:
    """Return a policy that lets an AWS service, e.g. `lambda.amazonaws.com`, assume a role.

    With `account`, the service can assume it only on behalf of that account.
    """
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if account is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return policy_document([statement])


def allow(service: str, actions: Sequence[str], resources: Sequence[str]) -> Statement:
    """Return a statement that allows actions of one service, e.g. `("dynamodb", ["GetItem"])`, on `resources`."""
    return {
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in actions],
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }


def allow_table_actions(
    arn: str, actions: Sequence[str], indexes: Sequence[str] = (), keys: Sequence[str] = ()
) -> Statement:
    """Return a statement that allows actions on a table or, with `indexes`, only on these indexes.

    With `keys`, it applies only to items with these partition keys.
    """
    statement = allow("dynamodb", actions, [f"{arn}/index/{index}" for index in indexes] or [arn])
    if keys:
        statement["Condition"] = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}}
    return statement


def allow_explicitly(statement: model.Statement) -> Statement:
    """Return the IAM statement of an explicit statement of a service definition, whose placeholders are filled."""
    service, actions = statement.service, [action.partition(":")[2] for action in statement.actions]
    condition = {"Condition": {**statement.condition}} if statement.condition else {}
    return {**allow(service, actions, statement.resources), **condition}


def bucket_action_groups(actions: Sequence[str]) -> list[list[str]]:
    """Return the actions on a bucket by statement: actions on objects, lists of objects, and other actions."""
    groups: dict[str, list[str]] = {}
    for action in actions:
        kind = "object" if action in iam_actions.ACTIONS["object"] else "list" if action in OBJECT_LISTS else "bucket"
        groups.setdefault(kind, []).append(action)
    return list(groups.values())


def allow_bucket_actions(arn: str, actions: Sequence[str], keys: Sequence[str] = ()) -> Statement:
    """Return a statement that allows one of `bucket_action_groups` on a bucket or on its objects.

    With `keys`, it applies only to objects with these keys, with `*` for any string, or to lists with such a prefix.
    """
    if actions[0] in iam_actions.ACTIONS["object"]:
        return allow("s3", actions, [f"{arn}/{key}" for key in keys or ["*"]])
    statement = allow("s3", actions, [arn])
    if keys and actions[0] in OBJECT_LISTS:
        statement["Condition"] = {"StringLike": {"s3:prefix": list(keys)}}
    return statement


def bucket_policy(arn: str) -> dict[str, Any]:
    """Return the policy of a bucket that denies requests without TLS. Roles of the account need IAM permissions."""
    return policy_document([deny_insecure_transport("s3", [arn, f"{arn}/*"])])


def allow_calls(execution_arn: str, stage: str, routes: Iterable[tuple[str, str]]) -> Statement:
    """Return a statement that allows calls of routes, by method and path, in a stage of a REST API.

    Path parameters and the method `ANY` become `*`, which in IAM also matches `/`.
    """
    methods = (
        f"{execution_arn}/{stage}/{'*' if method == 'ANY' else method}{re.sub(r'{[^}]*}', '*', path)}"
        for method, path in routes
    )
    return allow("execute-api", ["Invoke"], list(methods))


def allow_url_calls(function_arn: str) -> list[Statement]:
    """Return the statements that allow signed requests to the URL of a function or of its alias."""
    invoke = allow("lambda", ["InvokeFunction"], [function_arn])
    return [
        allow("lambda", ["InvokeFunctionUrl"], [function_arn]),
        {**invoke, "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}},
    ]


def allow_alias_updates(function_arns: Sequence[str]) -> Statement:
    """Return a statement that allows CodeDeploy to shift traffic between versions of functions."""
    actions = ["GetAlias", "UpdateAlias", "GetProvisionedConcurrencyConfig"]
    return allow("lambda", actions, [resource for arn in function_arns for resource in (arn, f"{arn}:*")])


def deny_insecure_transport(service: str, resources: Sequence[str]) -> Statement:
    """Return a statement of a resource-based policy that denies requests without TLS."""
    return {
        **allow(service, ["*"], resources),
        "Effect": "Deny",
        "Principal": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def queue_policy(
    arn: str, rules: Sequence[str] = (), buses: Sequence[str] = (), topics: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the policy of a queue. The only AWS services that can send messages to it are EventBridge and SNS, for the
    named rules, event buses and topics of its account and region.

    A rule of a custom bus has the name `<bus>/<rule>`.
    """
    account = arn.rpartition(":")[0]
    events = account.replace(":sqs:", ":events:")
    sources = {
        "events": [f"{events}:rule/{rule}" for rule in rules] + [f"{events}:event-bus/{bus}" for bus in buses],
        "sns": [f"{account.replace(':sqs:', ':sns:')}:{topic}" for topic in topics],
    }
    senders = (_allow_sending(arn, service, arns) for service, arns in sources.items() if arns)
    return policy_document([deny_insecure_transport("sqs", [arn]), *senders])


def _allow_sending(queue_arn: str, service: str, source_arns: Sequence[str]) -> Statement:
    return {
        **allow("sqs", ["SendMessage"], [queue_arn]),
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": list(source_arns)}},
    }


def allow_publish(service: str, topic_arn: str) -> Statement:
    """Return a statement that allows a service, e.g. `budgets`, to publish to a topic on behalf of the topic's account.

    Without a topic policy, the whole account can publish, including CloudWatch alarms. A topic policy replaces that
    default, so it must also contain this statement for `cloudwatch`.
    """
    account = topic_arn.rpartition(":")[0].rpartition(":")[2]
    return {
        **allow("sns", ["Publish"], [topic_arn]),
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }


def allow_cloudfront_read(bucket_arn: str, distribution_arn: str) -> dict[str, Any]:
    """Return a bucket policy that lets only one CloudFront distribution read objects, over TLS."""
    allow_distribution = {
        **allow("s3", ["GetObject"], [f"{bucket_arn}/*"]),
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": distribution_arn}},
    }
    return policy_document([deny_insecure_transport("s3", [bucket_arn, f"{bucket_arn}/*"]), allow_distribution])


def allow_public_read(bucket_arn: str) -> dict[str, Any]:
    """Return a bucket policy that makes all objects public. S3 website endpoints do not support TLS."""
    return policy_document([{**allow("s3", ["GetObject"], [f"{bucket_arn}/*"]), "Principal": "*"}])


def allow_log_actions(log_group_arn: str, actions: Sequence[str]) -> Statement:
    """Return a statement that allows actions on one log group and its log streams."""
    return allow("logs", actions, [f"{log_group_arn}:*"])


def allow_vpc_access() -> Statement:
    """Return a statement that allows Lambda to attach a function to a VPC.

    It must allow all resources, because Lambda checks the permissions before it creates a network interface.
    """
    return allow("ec2", VPC_ACCESS_ACTIONS, ["*"])


def deny_vpc_actions_to_code() -> Statement:
    """Return a statement that denies the actions of `allow_vpc_access` to the code of a function.

    Lambda's own calls on behalf of the function have no `lambda:SourceFunctionArn`.
    """
    return {
        **allow("ec2", [*VPC_ACCESS_ACTIONS, "DetachNetworkInterface"], ["*"]),
        "Effect": "Deny",
        "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}},
    }


def vpc_endpoint_policy(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return a VPC endpoint policy that allows the actions of `statements` to every principal in the VPC."""
    return policy_document({**statement, "Principal": "*"} for statement in statements)


def allow_account_buckets(account: str, partition: str) -> Statement:
    """Return a statement that allows access to the objects in all buckets of an account."""
    return {
        **allow("s3", ["GetObject", "PutObject", "DeleteObject", "ListBucket"], [f"arn:{partition}:s3:::*"]),
        "Condition": {"StringEquals": {"aws:ResourceAccount": account}},
    }


def allow_flow_logs(log_group_arn: str) -> Statement:
    """Return a statement that allows VPC Flow Logs to write to a log group."""
    actions = ("CreateLogStream", "PutLogEvents", "DescribeLogGroups", "DescribeLogStreams")
    return allow("logs", actions, [f"{log_group_arn}:*"])


def allow_table_backups(table_arns: Sequence[str]) -> Statement:
    """Return a statement that allows AWS Backup to back up tables and manage their DynamoDB backups."""
    actions = ("DescribeTable", "ListTagsOfResource", "CreateBackup", "StartAwsBackupJob")
    return allow("dynamodb", [*actions, "DescribeBackup", "DeleteBackup"], [*table_arns, *_backup_arns(table_arns)])


def allow_table_restores(table_arns: Sequence[str]) -> Statement:
    """Return a statement that allows AWS Backup to restore tables to new tables next to the live ones."""
    item_actions = ("Scan", "Query", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
    actions = ["DescribeTable", "RestoreTableFromAwsBackup", "RestoreTableFromBackup", *item_actions]
    return allow("dynamodb", actions, [*(f"{arn}{RESTORED_INFIX}*" for arn in table_arns), *_backup_arns(table_arns)])


def _backup_arns(table_arns: Sequence[str]) -> list[str]:
    return [f"{arn}/backup/*" for arn in table_arns]


def allow_recovery_point_actions(vault_arn: str, actions: Sequence[str], copy_to: str = "") -> Statement:
    """Return a statement that allows actions on recovery points in the account and region of a vault.

    With `copy_to`, they can be copied only to that vault.
    """
    statement = allow("backup", actions, [f"{vault_arn.rpartition(':backup-vault:')[0]}:recovery-point:*"])
    return (
        {**statement, "Condition": {"ForAllValues:StringEquals": {"backup:CopyTargets": copy_to}}}
        if copy_to
        else statement
    )
