"""Key policies, and permissions to use KMS keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from .iam import Statement, allow, policy_document

KEY_ADMINISTRATION = (
    *("CancelKeyDeletion", "CreateAlias", "DeleteAlias", "Describe*", "Disable*", "Enable*", "Get*", "List*"),
    *("PutKeyPolicy", "ReplicateKey", "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion"),
    *("SynchronizeMultiRegionKey", "TagResource", "UntagResource", "Update*"),
)
"""Actions that manage a key. They do not include cryptographic operations."""
KEY_USE = ("CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*")
"""Actions on a key that services need to store encrypted data."""
KEY_SENDING = ("Decrypt", "GenerateDataKey*")
"""Actions on a key that are required to send messages to an encrypted topic or queue."""


class KeyServicePrincipal(NamedTuple):
    """Permissions of an AWS service that uses a key as a service principal, limited by a condition."""

    actions: Sequence[str]
    operator: str
    condition: str
    value: str
    principal: str = "{service}.amazonaws.com"
    """Service principal. It ends with `amazonaws.com` in every partition unless it contains a region."""


_BUS = "arn:{partition}:events:{region}:{account}:event-bus/*"
SNS_TO_SQS = "sns-to-sqs"
"""Use of a key by SNS to send messages to an encrypted queue, which publishing to a topic does not require."""
KEY_SERVICE_PRINCIPALS: dict[str, KeyServicePrincipal | tuple[KeyServicePrincipal, ...]] = {
    "logs": KeyServicePrincipal(
        # The condition is never true for actions without an encryption context.
        actions=tuple(action for action in KEY_USE if action not in ("CreateGrant", "DescribeKey")),
        operator="ArnLike",
        condition="kms:EncryptionContext:aws:logs:arn",
        value="arn:{partition}:logs:{region}:{account}:log-group:*",
        principal="logs.{region}.{dns_suffix}",
    ),
    "events": KeyServicePrincipal(
        KEY_SENDING, "ArnLike", "aws:SourceArn", "arn:{partition}:events:{region}:{account}:rule/*"
    ),
    # Buses and their archives have one encryption context. Only calls for dead letters have the source ARN of the bus,
    # and DescribeKey has neither.
    "event-buses": (
        KeyServicePrincipal(
            *((*KEY_SENDING, "ReEncrypt*"), "ArnLike", "kms:EncryptionContext:aws:events:event-bus:arn", _BUS),
            principal="events.amazonaws.com",
        ),
        KeyServicePrincipal(KEY_SENDING, "ArnLike", "aws:SourceArn", _BUS, principal="events.amazonaws.com"),
        KeyServicePrincipal(
            ("DescribeKey",), "StringEquals", "aws:SourceAccount", "{account}", principal="events.amazonaws.com"
        ),
    ),
    SNS_TO_SQS: KeyServicePrincipal(
        KEY_SENDING, "ArnLike", "aws:SourceArn", "arn:{partition}:sns:{region}:{account}:*", "sns.amazonaws.com"
    ),
    # Any distribution of the account: the distribution is created after the key and named in the bucket policy.
    "cloudfront": KeyServicePrincipal(
        ("Decrypt",), "ArnLike", "aws:SourceArn", "arn:{partition}:cloudfront::{account}:distribution/*"
    ),
    **dict.fromkeys(
        ("cloudwatch", "budgets", "backup"),
        KeyServicePrincipal(KEY_SENDING, "StringEquals", "aws:SourceAccount", "{account}"),
    ),
}
"""Services that use a key as a service principal: for log groups, dead-letter queues of rules and topics, event buses,
sites and topics."""
KEY_VIA_SERVICES = ("backup", "dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "ssm")
"""Services that use a key on behalf of the principal that calls them."""


def key_policy(
    account: str,
    region: str,
    services: Collection[str],
    partition: str = "aws",
    dns_suffix: str = "amazonaws.com",
) -> dict[str, Any]:
    """Return the policy of a key for services in `KEY_VIA_SERVICES` and `KEY_SERVICE_PRINCIPALS`.

    IAM policies of the account control the administration of the key, so the account cannot lose access to it. Even
    administrators can encrypt and decrypt only through these services.
    """
    administration = {**allow("kms", KEY_ADMINISTRATION, ["*"]), "Principal": _account_principal(account, partition)}
    return policy_document([administration, *key_statements(account, region, services, partition, dns_suffix)])


def key_statements(
    account: str,
    region: str,
    services: Collection[str],
    partition: str = "aws",
    dns_suffix: str = "amazonaws.com",
) -> list[Statement]:
    """Return the statements of a key policy that let an account use the key only through AWS services."""
    # In a key policy, the resource `*` is the key itself.
    via_services = {
        **allow("kms", KEY_USE, ["*"]),
        "Principal": _account_principal(account, partition),
        "Condition": _via((name for name in KEY_VIA_SERVICES if name in services), dns_suffix),
    }
    variables = {"partition": partition, "region": region, "account": account, "dns_suffix": dns_suffix}
    return [
        via_services,
        *(
            _allow_service_principal(name, permissions, variables)
            for name, principals in KEY_SERVICE_PRINCIPALS.items()
            for permissions in ([principals] if isinstance(principals, KeyServicePrincipal) else principals)
            if name in services
        ),
    ]


def _account_principal(account: str, partition: str) -> dict[str, str]:
    """Return the principal that delegates access to the IAM policies of an account."""
    return {"AWS": f"arn:{partition}:iam::{account}:root"}


def _via(services: Iterable[str], dns_suffix: str) -> dict[str, Any]:
    # DynamoDB uses the keys of table replicas from other regions.
    return {"StringLike": {"kms:ViaService": [f"{service}.*.{dns_suffix}" for service in services]}}


def _allow_service_principal(name: str, permissions: KeyServicePrincipal, variables: dict[str, str]) -> Statement:
    return {
        **allow("kms", permissions.actions, ["*"]),
        "Principal": {"Service": permissions.principal.format(service=name, **variables)},
        "Condition": {permissions.operator: {permissions.condition: permissions.value.format(**variables)}},
    }


def required_key_actions(services: Collection[str], called: Collection[str]) -> dict[str, list[str]]:
    """Return the actions on a key that a role needs, each with the services that require it.

    `services` are the services that the role uses and that encrypt their data with the key. `called` are those to which
    it can send messages, in contrast to the sources of its consumers.
    """
    writing = [service for service in services if service in ("s3", "sns", "sqs") and service in called]
    actions = {"Decrypt": [*services], "GenerateDataKey": writing}
    return {action: via_services for action, via_services in actions.items() if via_services}


def allow_key_use(key_arn: str, action: str, services: Sequence[str], dns_suffix: str) -> Statement:
    """Return a statement that allows an action on a key only through AWS services."""
    return {**allow("kms", [action], [key_arn]), "Condition": _via(services, dns_suffix)}


def key_arn_in_region(key_arn: str, region: str) -> str:
    """Return the ARN of the replica of a multi-Region key in a region."""
    parts = key_arn.split(":")
    return ":".join([*parts[:3], region, *parts[4:]])


def allow_key_grants(key_arns: Sequence[str]) -> Statement:
    """Return a statement that allows grants on keys for AWS services that store encrypted data."""
    return {**allow("kms", ["CreateGrant"], key_arns), "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}
