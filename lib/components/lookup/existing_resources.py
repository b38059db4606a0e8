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

from ..data.table import ONLY_READ
from ..data.table import TOKEN as TABLE_COMPONENT
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

LABELS = {
    TABLE: "DynamoDB table",
    REPLICA: "DynamoDB replica",
    VAULT: "backup vault",
    USER_POOL: "Cognito user pool",
    FUNCTION: "Lambda function",
}
CONCURRENCY_QUOTA = "L-B99A9384"
"""Code of the quota of concurrent executions in Service Quotas."""
VAULT_NUMBERS = range(1, 6)
"""Vaults that are looked for: another key means another vault, and older ones can be gone."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Physical names that a stack is about to use."""

    tables: Sequence[str] = ()
    functions: Sequence[str] = ()
    vault_naming: Callable[[int], str] | None = None
    """From the number of a backup vault to its name; None: no backups."""
    replica_regions: Sequence[str] = ()
    """Regions in which each table has a replica."""
    user_pool: str = ""
    """Empty: no user pool is created."""
    secrets: Sequence[tuple[str, str]] = ()
    """Store and name of each secret."""
    creates_key: bool = False
    """Whether the stack creates a KMS key that is not in its state."""


class Existing(NamedTuple):
    """A resource that exists in AWS and is not in the state."""

    token: str
    name: str
    """Physical name; of a replica its table's name and its region, of a replica key its region, of a key nothing."""
    id: str
    """Id with which Pulumi imports it."""
    key: str = ""
    """ARN of the KMS key of a vault."""


class ExistingResourceError(pulumi.RunError):
    """A name of the stack is in use; the message says by what, and what to do."""


class Adopted:
    """Existing resources that this deployment imports into its state."""

    def __init__(self, found: Sequence[Existing] = ()) -> None:
        self._ids = {(existing.token, existing.name): existing.id for existing in found}
        self.vault_keys = {existing.name: existing.key for existing in found if existing.token == VAULT}
        """ARN of the KMS key of each vault, by its name."""

    def import_id(self, token: str, name: str = "") -> str:
        """Return the id of a resource to import; an empty string if it is to be created."""
        return self._ids.get((token, name), "")


def provider_region(opts: pulumi.InvokeOptions) -> str:
    """Return the region of the provider."""
    return aws.get_region(opts=opts).region


def provider_account(opts: pulumi.InvokeOptions) -> str:
    """Return the id of the account of the provider."""
    return aws.get_caller_identity(opts=opts).account_id


def find(names: Names, previous: PreviousState, adopt: bool, opts: pulumi.InvokeOptions) -> Adopted:
    """Return what to adopt; raise `ExistingResourceError` for a name in use that must not be adopted.

    Only what is not in the state is looked up, so an update of a deployed stack makes no call.
    """
    if not previous.is_known:
        return Adopted()
    here = previous.in_region(provider_region(opts))
    _check_function(names, here, opts)
    _check_secrets(names, here, opts)
    found = list(_existing(names, here, previous, opts))
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


def _existing(
    names: Names, here: PreviousState, everywhere: PreviousState, opts: pulumi.InvokeOptions
) -> Iterator[Existing]:
    """Yield what exists; the state has the resources of the provider's region, and of all regions."""
    keys: list[str] = []
    for name in names.tables:
        is_new = not here.has(TABLE, name=name) or here.has(TABLE_COMPONENT, name=name, **{ONLY_READ: True})
        regions = [region for region in names.replica_regions if not _has_replica(everywhere, name, region)]
        if (is_new or regions) and (table := _look_up(aws.dynamodb.get_table, opts, name=name)):
            if is_new:
                yield Existing(TABLE, name, name)
                keys += [table.server_side_encryption.kms_key_arn] if table.server_side_encryption else []
            yield from _replicas(table, regions, everywhere)
    for vault in _vaults(names, here, opts):
        yield vault
        keys.append(vault.key)
    if names.user_pool and not here.has(USER_POOL, name=names.user_pool):
        yield from _user_pool(names.user_pool, opts)
    if names.creates_key:
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


def _has_replica(previous: PreviousState, table: str, region: str) -> bool:
    return any(
        replica.get("region") == region and replica["globalTableArn"].endswith(f"/{table}")
        for replica in previous.of(REPLICA).values()
    )


def _replicas(
    table: aws.dynamodb.GetTableResult, regions: Sequence[str], previous: PreviousState
) -> Iterator[Existing]:
    """Yield the replicas of a table in some regions, each with the key that encrypts it."""
    home = table.arn.split(":")[3]
    for replica in table.replicas or ():
        # The provider imports from a region other than its own by this suffix.
        there = f"@{replica.region_name}"
        if replica.region_name not in regions:
            continue
        yield Existing(REPLICA, f"{table.name}/{replica.region_name}", f"{table.name}:{home}{there}")
        if replica.kms_key_arn and not previous.has(REPLICA_KEY, arn=replica.kms_key_arn):
            yield Existing(REPLICA_KEY, replica.region_name, f"{replica.kms_key_arn.rpartition('/')[2]}{there}")


def _vaults(names: Names, previous: PreviousState, opts: pulumi.InvokeOptions) -> Iterator[Existing]:
    """Yield the vaults of a stack that has none in its state."""
    found = [names.vault_naming(number) for number in VAULT_NUMBERS] if names.vault_naming else []
    if any(previous.has(VAULT, name=name) for name in found):
        return
    for name in found:
        if vault := _look_up(aws.backup.get_vault, opts, name=name):
            yield Existing(VAULT, name, name, vault.kms_key_arn or "")


def is_empty_vault(name: str, opts: pulumi.InvokeOptions) -> bool:
    """Return whether a backup vault has no recovery points; False if AWS does not say."""
    vault = _look_up(aws.backup.get_vault, opts, name=name)
    return bool(vault) and vault.recovery_points == 0


def aws_managed_key_arn(region: str, opts: pulumi.InvokeOptions) -> str:
    """Return the ARN of DynamoDB's AWS managed key in a region; empty if there is none or AWS does not say."""
    key = _look_up(aws.kms.get_key, opts, key_id=AWS_MANAGED_KEY, **({"region": region} if region else {}))
    return str(key.arn) if key else ""


def concurrency_quota(opts: pulumi.InvokeOptions) -> int | None:
    """Return how many executions of functions an account allows at once; None if AWS does not say."""
    quota = _look_up(aws.servicequotas.get_service_quota, opts, service_code="lambda", quota_code=CONCURRENCY_QUOTA)
    return int(quota.value) if quota else None


def _look_up(function: Callable[..., Any], opts: pulumi.InvokeOptions, **args: str) -> Any:
    """Return the result of a data source, or None if there is no such resource or AWS does not say."""
    try:
        found = function(**args, opts=opts)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the SDK raises Exception itself
        pulumi.log.debug(f"{function.__name__} {args}: {error}")
        return None
    return found if found.id else None
