"""Existing AWS resources with the physical names of a stack: retained by a `pulumi destroy`, or part of another stack.

Without this check, `pulumi up` fails midway with `already exists`, or silently shares resources that AWS creates
idempotently.
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
"""Alias of the AWS managed key for tables without a customer managed key. AWS creates the key on first use."""

SECRETS: dict[str, tuple[str, Callable[..., Any]]] = {
    "ssm": ("aws:ssm/parameter:Parameter", aws.ssm.get_parameter),
    "secretsmanager": ("aws:secretsmanager/secret:Secret", aws.secretsmanager.get_secret),
}
"""Type token and data source of a secret, by store."""

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
"""Numbers of the vaults to look up. Each change of the key creates another vault, and older ones can be deleted."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Physical names of the resources that a stack creates."""

    tables: Sequence[str] = ()
    functions: Sequence[str] = ()
    vault_naming: Callable[[int], str] | None = None
    """Function from the number of a backup vault to its name. None: no backups."""
    replica_regions: Sequence[str] = ()
    """Regions in which each table has a replica."""
    user_pool: str = ""
    """Name of the user pool. Empty: no user pool is created."""
    secrets: Sequence[tuple[str, str]] = ()
    """Store and name of each secret."""
    creates_key: bool = False
    """Whether the stack creates a KMS key that is not in its state."""


class Existing(NamedTuple):
    """A resource that exists in AWS, but is not in the state."""

    token: str
    name: str
    """Physical name; `<table>/<region>` of a replica, the region of a replica key, and empty for a key."""
    id: str
    """Import ID."""
    key: str = ""
    """ARN of the KMS key of a vault. Empty for other resources."""


class ExistingResourceError(pulumi.RunError):
    """A physical name of the stack is in use. The message contains the resource and the remedy."""


class Adopted:
    """Existing resources that this deployment imports into its state."""

    def __init__(self, resources: Sequence[Existing] = ()) -> None:
        self._ids = {(resource.token, resource.name): resource.id for resource in resources}
        self.vault_keys = {resource.name: resource.key for resource in resources if resource.token == VAULT}
        """ARN of the KMS key of each vault, by name of the vault."""

    def import_id(self, token: str, name: str = "") -> str:
        """Return the ID of a resource to import, or an empty string if the deployment creates it."""
        return self._ids.get((token, name), "")


def provider_region(opts: pulumi.InvokeOptions) -> str:
    """Return the region of the provider."""
    return aws.get_region(opts=opts).region


def provider_account(opts: pulumi.InvokeOptions) -> str:
    """Return the account ID of the provider."""
    return aws.get_caller_identity(opts=opts).account_id


def find(names: Names, previous: PreviousState, adopt: bool, opts: pulumi.InvokeOptions) -> Adopted:
    """Return the resources to adopt. Raise `ExistingResourceError` if a name is in use and must not be adopted.

    Only resources that are not in the state are looked up, so updates of a deployed stack make no calls.
    """
    if not previous.is_known:
        return Adopted()
    regional = previous.in_region(provider_region(opts))
    _check_functions(names, regional, opts)
    _check_secrets(names, regional, opts)
    resources = list(_existing(names, regional, previous, opts))
    if resources and not adopt:
        listed = ", ".join(f"{LABELS[each.token]} {each.name}" for each in resources if each.token in LABELS)
        raise ExistingResourceError(
            f"Existing resources that are not in the state of this stack: {listed}. A destroyed stack retained them, "
            "or another stack uses them. To import them into this stack, set adopt_retained to true and deploy again. "
            "To start with empty resources, delete them first. See docs/runbook.md#adopt-retained-resources."
        )
    return Adopted(resources)


def _check_functions(names: Names, previous: PreviousState, opts: pulumi.InvokeOptions) -> None:
    """Raise `ExistingResourceError` if a function exists: as `destroy` retains no functions, another stack owns it."""
    for name in names.functions:
        if not previous.has(FUNCTION, name=name) and _look_up(aws.lambda_.get_function, opts, function_name=name):
            raise ExistingResourceError(
                f"Existing resource that is not in the state of this stack: Lambda function {name}. Another stack "
                "deploys this service with this environment suffix in this account and region, or a service with the "
                "same names. Set another suffix or name_pattern, or deploy that stack."
            )


def _check_secrets(names: Names, previous: PreviousState, opts: pulumi.InvokeOptions) -> None:
    """Raise `ExistingResourceError` if a secret was retained. It cannot be imported, because its value is not read."""
    for store, name in names.secrets:
        token, look_up = SECRETS[store]
        if not previous.has(token, name=name) and _look_up(look_up, opts, name=name):
            raise ExistingResourceError(
                f"Existing resource that is not in the state of this stack: secret {name} in {store}. A destroyed "
                "stack retained it. To use its value again, copy it to the config with pulumi config set --secret "
                f"--path secrets.{name.rpartition('/')[2]}. In either case, delete it in {store}, then deploy again."
            )


def _existing(
    names: Names, regional: PreviousState, previous: PreviousState, opts: pulumi.InvokeOptions
) -> Iterator[Existing]:
    """Yield the existing resources with these names. `regional` is the state in the region of the provider."""
    keys: list[str] = []
    for name in names.tables:
        is_new = not regional.has(TABLE, name=name) or regional.has(TABLE_COMPONENT, name=name, **{ONLY_READ: True})
        regions = [region for region in names.replica_regions if not _has_replica(previous, name, region)]
        if (is_new or regions) and (table := _look_up(aws.dynamodb.get_table, opts, name=name)):
            if is_new:
                yield Existing(TABLE, name, name)
                keys += [table.server_side_encryption.kms_key_arn] if table.server_side_encryption else []
            yield from _replicas(table, regions, previous)
    for vault in _vaults(names, regional, opts):
        yield vault
        keys.append(vault.key)
    if names.user_pool and not regional.has(USER_POOL, name=names.user_pool):
        yield from _user_pool(names.user_pool, opts)
    if names.creates_key:
        # Keys that stacks create are multi-Region keys; AWS managed keys are not.
        ids = [arn.rpartition("/")[2] for arn in keys if ":key/mrk-" in (arn or "")]
        yield from (Existing(KEY, "", id_) for id_ in ids[:1])


def _user_pool(name: str, opts: pulumi.InvokeOptions) -> Iterator[Existing]:
    """Yield the user pool with a name. Raise `ExistingResourceError` if several pools have it."""
    pools = _look_up(aws.cognito.get_user_pools, opts, name=name)
    ids = pools.ids if pools else []
    if len(ids) > 1:
        raise ExistingResourceError(
            f"Existing resources that are not in the state of this stack: Cognito user pools {', '.join(ids)}, all "
            f"named {name}. Set user_pool to the ARN of the pool to use, or delete the others."
        )
    yield from (Existing(USER_POOL, name, id_) for id_ in ids)


def _has_replica(previous: PreviousState, table: str, region: str) -> bool:
    return any(
        replica.get("region") == region and replica["globalTableArn"].endswith(f"/{table}")
        for replica in previous.by_type(REPLICA).values()
    )


def _replicas(
    table: aws.dynamodb.GetTableResult, regions: Sequence[str], previous: PreviousState
) -> Iterator[Existing]:
    """Yield the replicas of a table in `regions`, each followed by its KMS key."""
    table_region = table.arn.split(":")[3]
    for replica in table.replicas or ():
        # With this suffix, the provider imports from another region than its own.
        suffix = f"@{replica.region_name}"
        if replica.region_name not in regions:
            continue
        yield Existing(REPLICA, f"{table.name}/{replica.region_name}", f"{table.name}:{table_region}{suffix}")
        if replica.kms_key_arn and not previous.has(REPLICA_KEY, arn=replica.kms_key_arn):
            yield Existing(REPLICA_KEY, replica.region_name, f"{replica.kms_key_arn.rpartition('/')[2]}{suffix}")


def _vaults(names: Names, previous: PreviousState, opts: pulumi.InvokeOptions) -> Iterator[Existing]:
    """Yield the existing vaults, unless the state contains one."""
    vault_names = [names.vault_naming(number) for number in VAULT_NUMBERS] if names.vault_naming else []
    if any(previous.has(VAULT, name=name) for name in vault_names):
        return
    for name in vault_names:
        if vault := _look_up(aws.backup.get_vault, opts, name=name):
            yield Existing(VAULT, name, name, vault.kms_key_arn or "")


def is_empty_vault(name: str, opts: pulumi.InvokeOptions) -> bool:
    """Return whether a backup vault has no recovery points. Return False if the lookup fails."""
    vault = _look_up(aws.backup.get_vault, opts, name=name)
    return bool(vault) and vault.recovery_points == 0


def aws_managed_key_arn(region: str, opts: pulumi.InvokeOptions) -> str:
    """Return the ARN of DynamoDB's AWS managed key in a region, or an empty string if the lookup fails."""
    key = _look_up(aws.kms.get_key, opts, key_id=AWS_MANAGED_KEY, **({"region": region} if region else {}))
    return str(key.arn) if key else ""


def concurrency_quota(opts: pulumi.InvokeOptions) -> int | None:
    """Return the Lambda concurrency quota of the account, or None if the lookup fails."""
    quota = _look_up(aws.servicequotas.get_service_quota, opts, service_code="lambda", quota_code=CONCURRENCY_QUOTA)
    return int(quota.value) if quota else None


def _look_up(function: Callable[..., Any], opts: pulumi.InvokeOptions, **args: str) -> Any:
    """Return the result of a data source, or None if the resource does not exist or the call fails."""
    try:
        result = function(**args, opts=opts)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the SDK raises Exception itself
        pulumi.log.debug(f"{function.__name__} {args}: {error}")
        return None
    return result if result.id else None
