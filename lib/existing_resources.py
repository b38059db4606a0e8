"""AWS resources that exist already under the names of a stack: retained by an earlier `pulumi destroy`, or another
stack's.

Without this check `pulumi up` fails half-way with `already exists`, or silently shares what AWS creates idempotently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws

from .previous_state import PreviousState

TABLE = "aws:dynamodb/table:Table"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"
FUNCTION = "aws:lambda/function:Function"
VAULT = "aws:backup/vault:Vault"
USER_POOL = "aws:cognito/userPool:UserPool"
KEY = "aws:kms/key:Key"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
"""Type tokens."""

AWS_MANAGED_KEY = "alias/aws/dynamodb"
"""The key that DynamoDB uses for tables without a customer managed key; AWS creates it on first use."""

SECRETS: dict[str, tuple[str, Callable[..., Any]]] = {
    "ssm": ("aws:ssm/parameter:Parameter", aws.ssm.get_parameter),
    "secretsmanager": ("aws:secretsmanager/secret:Secret", aws.secretsmanager.get_secret),
}
"""Type token and data source of each store of secrets."""

LABELS = {TABLE: "DynamoDB table", VAULT: "backup vault", USER_POOL: "Cognito user pool", FUNCTION: "Lambda function"}


@dataclass(frozen=True, kw_only=True)
class Names:
    """Physical names that a stack is about to use."""

    tables: Sequence[str] = ()
    functions: Sequence[str] = ()
    vault: str = ""
    """Empty: no backups."""
    user_pool: str = ""
    """Empty: no user pool is created."""
    secrets: Sequence[tuple[str, str]] = ()
    """Store and name of each secret."""
    creates_key: bool = False
    """Whether the stack creates a KMS key."""


class Existing(NamedTuple):
    """A resource that exists in AWS and is not in the state."""

    token: str
    name: str
    """Physical name; of a replica its table's name and its region, of a replica key its region, of a key nothing."""
    id: str
    """Id with which Pulumi imports it."""


class ExistingResourceError(pulumi.RunError):
    """A name of the stack is in use; the message says by what, and what to do."""


class Adopted:
    """Existing resources that this deployment imports into its state."""

    def __init__(self, found: Sequence[Existing] = ()) -> None:
        self._ids = {(existing.token, existing.name): existing.id for existing in found}

    def import_id(self, token: str, name: str = "") -> str:
        """Return the id of a resource to import; an empty string if it is to be created."""
        return self._ids.get((token, name), "")


def provider_region(opts: pulumi.InvokeOptions) -> str:
    """Return the region of the provider."""
    return aws.get_region(opts=opts).region


def find(names: Names, previous: PreviousState, adopt: bool, opts: pulumi.InvokeOptions) -> Adopted:
    """Return what to adopt; raise `ExistingResourceError` for a name in use that must not be adopted.

    Only what is not in the state is looked up, so an update of a deployed stack makes no call.
    """
    if not previous.is_known:
        return Adopted()
    _check_function(names, previous, opts)
    _check_secrets(names, previous, opts)
    found = list(_existing(names, previous, opts))
    if found and not adopt:
        listed = ", ".join(f"{LABELS[one.token]} {one.name}" for one in found if one.token in LABELS)
        raise ExistingResourceError(
            f"Not part of this stack, but existing: {listed}. A destroyed stack retained them, or another stack uses "
            "them. To import them into this stack, set adopt_retained to true and deploy again. To start empty, delete "
            "them first. See docs/runbook.md#adopt-retained-resources."
        )
    return Adopted(found)


def _check_function(names: Names, previous: PreviousState, opts: pulumi.InvokeOptions) -> None:
    """Raise `ExistingResourceError` if another stack runs the first function; `destroy` retains no function."""
    for name in names.functions[:1]:
        if not previous.has(FUNCTION, name=name) and _look_up(aws.lambda_.get_function, opts, function_name=name):
            raise ExistingResourceError(
                f"Not part of this stack, but existing: Lambda function {name}. Another stack deploys this service "
                "with this environment suffix in this account and region. Set another suffix, or deploy that stack."
            )


def _check_secrets(names: Names, previous: PreviousState, opts: pulumi.InvokeOptions) -> None:
    """Raise `ExistingResourceError` for a secret that an earlier stack retained; AWS returns no value to import."""
    for store, name in names.secrets:
        token, look_up = SECRETS[store]
        if not previous.has(token, name=name) and _look_up(look_up, opts, name=name):
            raise ExistingResourceError(
                f"Not part of this stack, but existing: secret {name} in {store}. A destroyed stack retained it. To "
                "use its value again, copy it to the config with pulumi config set --secret --path "
                f"secrets.{name.rpartition('/')[2]}. In either case delete it in {store}, then deploy again."
            )


def _existing(names: Names, previous: PreviousState, opts: pulumi.InvokeOptions) -> Iterator[Existing]:
    keys: list[str] = []
    for name in names.tables:
        if not previous.has(TABLE, name=name) and (table := _look_up(aws.dynamodb.get_table, opts, name=name)):
            yield from _table(table)
            keys += [table.server_side_encryption.kms_key_arn] if table.server_side_encryption else []
    is_new_vault = bool(names.vault) and not previous.has(VAULT, name=names.vault)
    if is_new_vault and (vault := _look_up(aws.backup.get_vault, opts, name=names.vault)):
        yield Existing(VAULT, names.vault, names.vault)
        keys.append(vault.kms_key_arn)
    if names.user_pool and not previous.has(USER_POOL, name=names.user_pool):
        yield from _user_pool(names.user_pool, opts)
    if names.creates_key and not previous.of(KEY):
        # Keys of stacks are multi-Region keys, those of AWS are not.
        ids = [arn.rpartition("/")[2] for arn in keys if ":key/mrk-" in (arn or "")]
        yield from (Existing(KEY, "", id_) for id_ in ids[:1])


def _user_pool(name: str, opts: pulumi.InvokeOptions) -> Iterator[Existing]:
    """Yield the user pool of a name, which is not unique in AWS."""
    pools = _look_up(aws.cognito.get_user_pools, opts, name=name)
    ids = pools.ids if pools else []
    if len(ids) > 1:
        raise ExistingResourceError(
            f"Not part of this stack, but existing: Cognito user pools {', '.join(ids)}, all named {name}. Set "
            "user_pool to the ARN of the one to use, or delete the others."
        )
    yield from (Existing(USER_POOL, name, id_) for id_ in ids)


def _table(table: aws.dynamodb.GetTableResult) -> Iterator[Existing]:
    """Yield a table, and each of its replicas with the key that encrypts it."""
    region = table.arn.split(":")[3]
    yield Existing(TABLE, table.name, table.name)
    for replica in table.replicas or ():
        # The provider imports from a region other than its own by this suffix.
        there = f"@{replica.region_name}"
        yield Existing(REPLICA, f"{table.name}/{replica.region_name}", f"{table.name}:{region}{there}")
        if replica.kms_key_arn:
            yield Existing(REPLICA_KEY, replica.region_name, f"{replica.kms_key_arn.rpartition('/')[2]}{there}")


def is_empty_vault(name: str, opts: pulumi.InvokeOptions) -> bool:
    """Return whether a backup vault has no recovery points; False if AWS does not say."""
    vault = _look_up(aws.backup.get_vault, opts, name=name)
    return bool(vault) and vault.recovery_points == 0


def aws_managed_key_arn(region: str, opts: pulumi.InvokeOptions) -> str:
    """Return the ARN of DynamoDB's AWS managed key in a region; empty if there is none or AWS does not say."""
    key = _look_up(aws.kms.get_key, opts, key_id=AWS_MANAGED_KEY, **({"region": region} if region else {}))
    return str(key.arn) if key else ""


def _look_up(function: Callable[..., Any], opts: pulumi.InvokeOptions, **args: str) -> Any:
    """Return the result of a data source, or None if there is no such resource or AWS does not say."""
    try:
        found = function(**args, opts=opts)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the SDK raises Exception itself
        pulumi.log.debug(f"{function.__name__} {args}: {error}")
        return None
    return found if found.id else None
