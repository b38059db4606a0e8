"""Backups of tables with AWS Backup: vaults, a plan, and the roles that create and restore recovery points."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam, key_policies
from ...documents.backup_vaults import Vaults, name_suffix
from ...model.names import role_name_prefix
from ...settings import BackupSettings, invalid_value, merge
from ...settings.environments import BASIS
from ..compute.role import Role, RoleArgs
from ..derived import derive
from ..lookup.provider_info import ProviderInfo

TRUSTED = "backup.amazonaws.com"
VAULT_KEYS = "vault_keys"
"""Output, read by the next deployment: key label of each vault."""
START_WINDOW_MINUTES = 60
"""Time after the scheduled start within which a backup job must start."""
COMPLETION_WINDOW_MINUTES = 8 * 60
"""Time after the scheduled start within which a backup job must complete."""


@dataclass(frozen=True, kw_only=True)
class BackupArgs:
    """Arguments for `Backup`."""

    name: str
    """Physical name of the vault and of the plan: 2 to 50 letters, digits, '-' or '_'."""
    vault_naming: Callable[[int], str] | None = None
    """Function from the number of a vault to its name. Default (None): `name` for the first vault, and `name` with the
    number for all others."""
    vaults: Vaults = field(default_factory=Vaults)
    """The current vault, and older vaults that are retained."""
    import_vaults: Collection[int] = ()
    """Numbers of existing vaults that this deployment imports into the state."""
    table_arns: Sequence[pulumi.Input[str]]
    """Tables to back up."""
    settings: BackupSettings = field(default_factory=BackupSettings)
    """Schedule and retention. Unset fields use the `dev` defaults; `dev` has no retention, so it must be set."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the vault. Default (None): the AWS managed key."""
    table_key_arns: Sequence[pulumi.Input[str]] = ()
    """Customer managed keys that encrypt the tables."""
    retain_on_delete: bool = False
    """Whether `pulumi destroy` retains the vaults with all recovery points, and the roles."""
    provider_info: ProviderInfo | None = None
    """Account on behalf of which AWS Backup assumes the roles. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{2,50}", self.name):
            raise invalid_value("name", self.name, "2 to 50 letters, digits, '-' or '_'")
        if not self.settings.retention_days:
            remedy = "Set a retention period, or create no Backup."
            raise invalid_value("backup.retention_days", self.settings.retention_days, "at least 1", remedy)


class Backup(pulumi.ComponentResource):
    """A backup vault, a backup plan, and two roles for AWS Backup: one to back up tables, and one to restore them to
    new tables."""

    def __init__(self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Backup", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._info = args.provider_info or ProviderInfo(self)
        self.settings = merge(BASIS.backup, args.settings)
        self._tables = derive(lambda *arns: [*arns], *args.table_arns)
        self.vault = self._vault(args.vaults.current, args.kms_key_arn)
        self.older_vaults = {number: self._vault(number, key) for number, key in args.vaults.older.items()}
        self.plan = self._plan()
        self.role = self._role("backup", self._backup_statements())
        self.restore_role = self._role("restore", self._restore_statements())
        self.selection = aws.backup.Selection(
            f"{name}-selection",
            name=args.name,
            plan_id=self.plan.id,
            iam_role_arn=self.role.arn,
            resources=args.table_arns,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.role.permissions()),
        )
        self.register_outputs(
            {
                "vault_arn": self.vault.arn,
                "plan_id": self.plan.id,
                "restore_role_arn": self.restore_role.arn,
                VAULT_KEYS: {**args.vaults.keys},
            }
        )

    def _vault(self, number: int, kms_key_arn: pulumi.Input[str] | None) -> aws.backup.Vault:
        args, suffix = self._args, name_suffix(number)
        is_imported = number in args.import_vaults
        name = args.vault_naming(number) if args.vault_naming else f"{args.name}{suffix}"
        return aws.backup.Vault(
            f"{self._prefix}-vault{suffix}",
            name=name,
            kms_key_arn=kms_key_arn,
            force_destroy=not args.retain_on_delete,
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                retain_on_delete=args.retain_on_delete,
                import_=name if is_imported else None,
                # AWS does not return this property, so the import of a vault would report a difference.
                ignore_changes=["forceDestroy"] if is_imported else None,
            ),
        )

    def _plan(self) -> aws.backup.Plan:
        args, settings = self._args, self.settings
        lifecycle: aws.backup.PlanRuleLifecycleArgsDict = {"delete_after": settings.retention_days}
        if settings.cold_storage_after_days:
            lifecycle["cold_storage_after"] = settings.cold_storage_after_days
        rule: aws.backup.PlanRuleArgsDict = {
            "rule_name": args.name,
            "target_vault_name": self.vault.name,
            "schedule": settings.schedule,
            "start_window": START_WINDOW_MINUTES,
            "completion_window": COMPLETION_WINDOW_MINUTES,
            "lifecycle": lifecycle,
            "recovery_point_tags": args.tags,
        }
        if settings.copy_to_vault_arn:
            rule["copy_actions"] = [{"destination_vault_arn": settings.copy_to_vault_arn, "lifecycle": {**lifecycle}}]
        return aws.backup.Plan(f"{self._prefix}-plan", name=args.name, rules=[rule], tags=args.tags, opts=self._child)

    def _role(self, purpose: str, statements: Sequence[pulumi.Input[iam.Statement]]) -> Role:
        return Role(
            f"{self._prefix}-{purpose}",
            RoleArgs(
                name_prefix=role_name_prefix(self._args.name),
                statements=statements,
                trusted_service=TRUSTED,
                source_account=self._info.account,
                managed_policies=(),
                # AWS Backup needs the roles to expire and to restore the recovery points of a retained vault.
                retain_on_delete=self._args.retain_on_delete,
                tags=self._args.tags,
            ),
            self._child,
        )

    def _backup_statements(self) -> list[pulumi.Output[iam.Statement]]:
        vault, copy_to = derive(str, self.vault.arn), self.settings.copy_to_vault_arn or ""
        destinations = [copy_to] if copy_to else []
        actions = ("DescribeBackupVault", "CopyIntoBackupVault")
        copy = vault.apply(lambda arn: iam.allow_recovery_point_actions(arn, ["CopyFromBackupVault"], copy_to))
        return [
            self._tables.apply(iam.allow_table_backups),
            vault.apply(lambda arn: iam.allow("backup", actions, [arn, *destinations])),
            vault.apply(lambda arn: iam.allow_recovery_point_actions(arn, ["TagResource"])),
            *([copy] if copy_to else []),
            *self._key_statements(["DescribeKey", "Decrypt", "GenerateDataKey"]),
        ]

    def _restore_statements(self) -> list[pulumi.Output[iam.Statement]]:
        encrypt = ["Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"]
        return [
            self._tables.apply(iam.allow_table_restores),
            *self._key_statements(["DescribeKey", "Decrypt", *encrypt]),
        ]

    def _key_statements(self, actions: Sequence[str]) -> list[pulumi.Output[iam.Statement]]:
        current = [] if self._args.kms_key_arn is None else [self._args.kms_key_arn]
        older = [arn for arn in self._args.vaults.older.values() if arn]
        if not (used := [*current, *older, *self._args.table_key_arns]):
            return []
        keys = derive(lambda *arns: list(dict.fromkeys(arns)), *used)
        return [keys.apply(lambda arns: iam.allow("kms", actions, arns)), keys.apply(key_policies.allow_key_grants)]
