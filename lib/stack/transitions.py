"""Checks, warnings and decisions of a deployment that depend on the previous deployment and on existing resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi

from ..components.data.backup import VAULT_KEYS
from ..components.data.table import ONLY_READ, REPLICATED, RETAINED
from ..components.data.table import TOKEN as TABLE_COMPONENT
from ..components.lookup.existing_resources import (
    KEY,
    REPLICA,
    TABLE,
    USER_POOL,
    VAULT,
    VAULT_NUMBERS,
    Adopted,
    Names,
    concurrency_quota,
    find,
    provider_account,
    provider_region,
)
from ..components.lookup.previous_state import STACK_TOKEN, PreviousState
from ..documents.backup_vaults import AWS_MANAGED, CREATED, Vaults, plan
from ..model import Resource, Table
from ..settings import USER_POOL as USER_POOL_AUTHORIZATION
from . import conflicts
from .args import TapStackArgs

DELETED_TYPES = {
    "topic": ("aws:sns/topic:Topic", "topic"),
    "queue": ("aws:sqs/queue:Queue", "queue"),
    "bucket": ("aws:s3/bucket:Bucket", "bucket"),
    "event_bus": ("aws:cloudwatch/eventBus:EventBus", "bus"),
}
"""Type and suffix of the logical name of the resources that Pulumi deletes if they leave the stack, by kind."""


class Transitions:
    """Transition of one `TapStack` from the previous deployment to this one."""

    def __init__(
        self, prefix: str, args: TapStackArgs, previous: PreviousState, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Initialize the transition.

        `prefix` is the logical name of the stack component and the prefix of the names of its children. An alias in
        `opts` is its name in the previous deployment.
        """
        self.prefix, self._args = prefix, args
        self._service, self._settings = args.service_definition(), args.settings()
        self._identity = {"service": self._service.name, "environment": args.environment}
        names = [prefix, *_aliases(opts)]
        if opts and opts.parent and vars(opts.parent).get("_aliases"):
            # An alias of the parent also renames its children. It is an output, so find the stack by its identity.
            stacks = previous.by_type(STACK_TOKEN).items()
            names += [name for name, outputs in stacks if self._identity.items() <= outputs.items()]
        self._former = next((name for name in names if previous.outputs(STACK_TOKEN, name)), prefix)
        self._previous = previous
        self._stack = previous.outputs(STACK_TOKEN, self._former)
        self.adopted = Adopted()
        """Existing resources that this deployment imports."""

    def check(self, table_names: Mapping[str, str]) -> None:
        """Raise `RunError` for a change that would lose data or fail half-way.

        `table_names` are physical names by the name in the service definition.
        """
        self._check_identity(table_names)
        conflicts.check(self._args, self._previous, self._former)
        for table in table_names:
            self._check_replicas(table)
            self._check_ownership(table)
        for resource in self._service.existing():
            if resource.KIND in DELETED_TYPES:
                self._check_removal(resource)
        for definition in self._service.tables:
            if definition.existing:
                self._check_release(definition.name)
            else:
                self._check_local_indexes(definition)

    def look_up(self, names: Names, opts: pulumi.InvokeOptions) -> None:
        """Find existing resources under the names of the stack.

        Raise `RunError` if they must not be adopted, or if the stack is in another region or under another name.
        """
        self._check_region(opts)
        self._check_name(opts)
        self.adopted = find(names, self._previous, self._args.adopt_retained, opts)

    def previous_children(self, token: str, suffix: str) -> dict[str, Mapping[str, Any]]:
        """Return the outputs of the resources of a type in the previous deployment, by the part of their logical name
        between the name of the stack and a suffix."""
        before, after = f"{self._former}-", f"-{suffix}"
        return {
            name.removeprefix(before).removesuffix(after): outputs
            for name, outputs in self._previous.by_type(token).items()
            if name.startswith(before) and name.endswith(after)
        }

    def concurrency_quota(self, opts: pulumi.InvokeOptions) -> int | None:
        """Return the quota of concurrent executions; None under mocks, or if AWS does not return it."""
        return concurrency_quota(opts) if self._previous.is_known else None

    def _check_identity(self, table_names: Mapping[str, str]) -> None:
        for field, value in self._identity.items():
            if self._stack.get(field, value) != value:
                raise pulumi.RunError(self._other_stack(field, self._stack[field], value))
        # The outputs of a completed deployment identify the stack; a transform can rename its tables.
        for table, name in table_names.items() if "environment" not in self._stack else ():
            existing = self._previous.outputs(TABLE, f"{self._former}-{table}-table").get("name", name)
            if existing != name and re.fullmatch(self._any_environment(table), existing):
                raise pulumi.RunError(self._other_stack(f"name of table {table}", existing, name))

    def _check_region(self, opts: pulumi.InvokeOptions) -> None:
        arn = self._stack.get("lambda_function_arn")
        if arn and (existing := str(arn).split(":")[3]) != (current := provider_region(opts)):
            raise pulumi.RunError(self._other_stack("region", existing, current, f"-{current}"))

    def _check_name(self, opts: pulumi.InvokeOptions) -> None:
        """Raise `RunError` if another component of this stack has the physical names of this one."""
        if self._stack:
            return
        for name, outputs in self._previous.by_type(STACK_TOKEN).items():
            arn = outputs.get("lambda_function_arn") if self._identity.items() <= outputs.items() else None
            if arn and str(arn).split(":")[3:5] == [provider_region(opts), provider_account(opts)]:
                raise pulumi.RunError(
                    f"TapStack {self.prefix!r} has the service and environment of TapStack {name!r}, so both would "
                    f"use the same names in AWS. If {name!r} is its former name, pass "
                    f"opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name={name!r})]); otherwise set another "
                    "environment suffix."
                )

    def _any_environment(self, table: str) -> str:
        """Return the pattern of the names of a table in all environments, without transforms."""
        name = self._service.name_pattern.format(environment="\0", type=table)
        return re.escape(name).replace(re.escape("\0"), ".+")

    def _other_stack(self, field: str, existing: str, value: str, name_suffix: str = "") -> str:
        name = f"{self._service.name}-{self._args.environment}{name_suffix}"
        return (
            f"{field} must stay {existing!r} in this stack, got {value!r}. The change would replace or delete its "
            f"tables. Deploy another stack instead: pulumi stack init {name}."
        )

    def _check_ownership(self, table: str) -> None:
        component = self._previous.outputs(TABLE_COMPONENT, f"{self._former}-{table}")
        is_part = self._previous.outputs(TABLE, f"{self._former}-{table}-table") and not component.get(ONLY_READ)
        if self._settings.table.existing and is_part and not component.get(RETAINED):
            raise pulumi.RunError(
                f"table.existing must not become true while table {table} is part of this stack: Pulumi would delete "
                "it. To keep it, deploy with retain_on_delete set to true first."
            )

    def _check_release(self, table: str) -> None:
        """Raise `RunError` if a table of the stack becomes an existing one, because Pulumi would delete it."""
        component = self._previous.outputs(TABLE_COMPONENT, f"{self._former}-{table}")
        is_part = bool(self._previous.outputs(TABLE, f"{self._former}-{table}-table")) and not component.get(ONLY_READ)
        if is_part and not component.get(RETAINED):
            raise pulumi.RunError(
                f"table {table!r} must not become an existing one while it is part of this stack: Pulumi would delete "
                "it. To keep it, deploy with retain_on_delete and deletion_protection set to true first."
            )

    def _check_removal(self, resource: Resource) -> None:
        """Raise `RunError` if a resource of the stack becomes an existing one, because Pulumi would delete it."""
        token, suffix = DELETED_TYPES[resource.KIND]
        created = self._previous.outputs(token, f"{self._former}-{resource.name}-{suffix}")
        # A retained bucket stays in AWS with its objects.
        if created and created.get("forceDestroy") is not False:
            kind = resource.KIND.replace("_", " ")
            remedy = (
                "first deploy with retain_on_delete set to true" if kind == "bucket" else "use it from another stack"
            )
            raise pulumi.RunError(
                f"{kind} {resource.name!r} must not become an existing one while it is part of this stack: Pulumi "
                f"would delete it. To keep it, {remedy}."
            )

    def _check_local_indexes(self, table: Table) -> None:
        """Raise `RunError` for a changed local index, because the provider would replace the table."""
        deployed = self._previous.outputs(TABLE, f"{self._former}-{table.name}-table")
        before = {
            (index["name"], index["rangeKey"], index["projectionType"], *sorted(index.get("nonKeyAttributes") or ()))
            for index in deployed.get("localSecondaryIndexes") or ()
        }
        after = {
            (index.name, index.range_key.name, index.projection, *sorted(index.attributes))
            for index in table.local_indexes
        }
        if deployed and before != after and not self._settings.table.existing:
            names = ", ".join(sorted({name for name, *_ in before ^ after}))
            raise pulumi.RunError(
                f"table {table.name!r} local_indexes must not change, got changes of {names}: DynamoDB creates local "
                "indexes only together with their table, so Pulumi would replace the table and lose its items. Use a "
                "global index, or define a new table and copy the items."
            )

    def _check_replicas(self, table: str) -> None:
        replicas = self._replicas(table)
        if replicas and self._changes_customer_key(table):
            is_retained = self._previous.outputs(TABLE_COMPONENT, f"{self._former}-{table}").get(RETAINED) or any(
                replica.get("deletionProtectionEnabled") for replica in replicas
            )
            release = "with retain_on_delete and deletion_protection set to false, then " if is_retained else ""
            raise pulumi.RunError(
                f"encryption.key must not change while table {table} has replicas: DynamoDB rejects another customer "
                f"managed key. Deploy {release}without replica_regions, then with the new encryption_key, then "
                "with the replicas again."
            )

    def _replicas(self, table: str) -> list[Mapping[str, Any]]:
        arn = self._previous.outputs(TABLE, f"{self._former}-{table}-table").get("arn")
        return [
            replica for replica in self._previous.by_type(REPLICA).values() if arn and replica["globalTableArn"] == arn
        ]

    def _changes_customer_key(self, table: str) -> bool:
        # Only a completed deployment has outputs.
        before = self._stack.get("key_arn") if "environment" in self._stack else self.customer_key_of(table)
        encryption = self._settings.encryption
        after = self._own_key().get("arn", "new") if encryption.key == "create" else encryption.existing_key_arn()
        return (before or None) != after

    def was_replicated(self, table: str) -> bool:
        """Return whether a table has or had replicas in a previous deployment."""
        component = self._previous.outputs(TABLE_COMPONENT, f"{self._former}-{table}")
        return bool(component.get(REPLICATED) or self._replicas(table))

    def was_on_demand(self, table: str) -> bool:
        """Return whether a table is on demand in the previous deployment."""
        return self._previous.outputs(TABLE, f"{self._former}-{table}-table").get("billingMode") == "PAY_PER_REQUEST"

    def _own_key(self) -> Mapping[str, Any]:
        return self._previous.outputs(KEY, f"{self._former}-encryption-key")

    def warnings(self) -> Iterator[str]:
        """Yield a warning for each removed resource that is still needed or cannot be restored."""
        retained = bool(self._settings.table.retain_on_delete)
        if (key := self._own_key()) and self._settings.encryption.key != "create":
            fate = (
                "stays in the account"
                if retained
                else f"is deleted in {int(key.get('deletionWindowInDays') or 30)} days; to keep it, run "
                f"aws kms cancel-key-deletion --key-id {key.get('keyId')}"
            )
            yield (
                f"The KMS key {key.get('arn')} is no longer part of this stack and {fate}. Without it, tables "
                "cannot be restored to a time before this deployment, and recovery points, log events, messages and "
                "objects that it encrypted cannot be read."
            )
        authorization = self._settings.authorization
        keeps_pool = authorization.type == USER_POOL_AUTHORIZATION and authorization.user_pool == "create"
        pool = self._previous.outputs(USER_POOL, f"{self._former}-users-pool")
        if pool and not keeps_pool and not retained:
            yield f"The user pool {pool.get('id')} is deleted with all its users, who cannot be restored."

    def has_own_key(self) -> bool:
        """Return whether the stack has created a KMS key."""
        return bool(self._own_key())

    def adopted_vaults(self, naming: Callable[[int], str]) -> list[int]:
        """Return the numbers of the backup vaults that this deployment imports."""
        return [number for number in VAULT_NUMBERS if naming(number) in self.adopted.vault_keys]

    def vaults(self, naming: Callable[[int], str], is_empty: Callable[[str], bool]) -> Vaults:
        """Return the backup vault in use, and the older ones that are retained or contain recovery points."""
        first = f"{self._former}-backup-vault"
        numbers = {
            name: name.removeprefix(first).lstrip("-") or "1"
            for name in self._previous.by_type(VAULT)
            if name.startswith(first)
        }
        previous = {
            int(number): self._previous.outputs(VAULT, name) for name, number in numbers.items() if number.isdecimal()
        }
        adopted = {number: naming(number) for number in self.adopted_vaults(naming)}
        previous |= {n: {"name": name, "kmsKeyArn": self.adopted.vault_keys[name]} for n, name in adopted.items()}
        # A failed deployment can create a vault without recording its key.
        created = {str(number): self._created_label(vault) for number, vault in previous.items()}
        recorded = self._previous.outputs("tap:aws:Backup", f"{self._former}-backup").get(VAULT_KEYS) or {}
        labels = {**created, **recorded}
        retained = bool(self._settings.table.retain_on_delete)
        return plan(self._key_label(), labels, previous, lambda vault: not retained and is_empty(vault))

    def _created_label(self, vault: Mapping[str, Any]) -> str:
        key = str(vault.get("kmsKeyArn") or AWS_MANAGED)
        if key == self._own_key().get("arn") or key.rpartition("/")[2] == self.adopted.import_id(KEY):
            return CREATED
        return key if key == self._settings.encryption.existing_key_arn() else AWS_MANAGED

    def _key_label(self) -> str:
        key = self._settings.encryption.key
        return AWS_MANAGED if key in (None, "aws_managed", "aws_owned") else key

    def customer_key_of(self, table: str, region: str = "") -> str:
        """Return the ARN of the KMS key of a table or of its replica in a region, as the provider returned it."""
        if region:
            return str(
                self._previous.outputs(REPLICA, f"{self._former}-{table}-{region}-replica").get("kmsKeyArn") or ""
            )
        encryption = self._previous.outputs(TABLE, f"{self._former}-{table}-table").get("serverSideEncryption") or {}
        return str(encryption.get("kmsKeyArn") or "")

    def leaves_customer_key(self) -> bool:
        """Return whether this deployment replaces a customer managed key with a key of AWS."""
        return bool(self._stack.get("key_arn")) and self._settings.encryption.key in ("aws_managed", "aws_owned")


def _aliases(opts: pulumi.ResourceOptions | None) -> list[str]:
    """Return the logical names in aliases; an alias can lack a name."""
    aliases = (opts.aliases if opts else None) or ()
    names = [alias.name if isinstance(alias, pulumi.Alias) else alias for alias in aliases]
    return [name.rpartition("::")[2] for name in names if isinstance(name, str)]
