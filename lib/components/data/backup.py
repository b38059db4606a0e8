"""Backups of tables by AWS Backup: where they are kept, when they are made, and who may make and restore them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...documents.backup_vaults import Vaults, name_suffix
from ...model.names import role_name_prefix
from ...settings import BackupSettings, invalid_value, merge
from ...settings.environments import BASIS
from ..compute.role import Role, RoleArgs
from ..derived import derive
from ..lookup.provider_info import ProviderInfo

TRUSTED = "backup.amazonaws.com"
VAULT_KEYS = "vault_keys"
"""Output with the label of the key of each vault, which the next deployment reads."""
START_WINDOW_MINUTES = 60
"""How long after its time a backup may begin."""
COMPLETION_WINDOW_MINUTES = 8 * 60
"""How long after its time a backup must be done."""


@dataclass(frozen=True, kw_only=True)
class BackupArgs:
    """What a `Backup` is made from."""

    name: str
    """Of the vault and of the plan in AWS: 2 to 50 letters, digits, '-' or '_'."""
    vault_naming: Callable[[int], str] | None = None
    """From the number of a vault to its name.  Default: `name`, and from the second vault on `name` and the number."""
    vaults: Vaults = field(default_factory=Vaults)
    """The vault in use and the older ones that stay."""
    import_vaults: Collection[int] = ()
    """Numbers of the vaults that exist and that this deployment imports into the state."""
    table_arns: Sequence[pulumi.Input[str]]
    """The tables that are backed up."""
    settings: BackupSettings = field(default_factory=BackupSettings)
    """When, and for how long; what is not said here is as in `dev`, which keeps nothing."""
    kms_key_arn: pulumi.Input[str] | None = None
    """The key that encrypts the vault; None: the AWS-managed one."""
    table_key_arns: Sequence[pulumi.Input[str]] = ()
    """The keys that encrypt the tables, where those are not AWS's."""
    retain_on_delete: bool = False
    """`pulumi destroy` forgets the vault and the roles and leaves them, with every backup, in the account."""
    provider_info: ProviderInfo | None = None
    """Account that the service must act for. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{2,50}", self.name):
            raise invalid_value("name", self.name, "2 to 50 letters, digits, '-' or '_'")
        if not self.settings.retention_days:
            remedy = "Raise it, or create no Backup."
            raise invalid_value("backup.retention_days", self.settings.retention_days, "at least 1", remedy)


class Backup(pulumi.ComponentResource):
    """A vault, a plan that fills it, and two roles of AWS Backup: one backs tables up, one restores them beside
    themselves."""

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
        self.role = self._role("backup", self._backing_up())
        self.restore_role = self._role("restore", self._restoring())
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
        imported = number in args.import_vaults
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
                import_=name if imported else None,
                # AWS does not return it, so an imported vault would differ in it.
                ignore_changes=["forceDestroy"] if imported else None,
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
                # Backups outlive the stack with their vault: AWS Backup deletes and restores them under these roles.
                retain_on_delete=self._args.retain_on_delete,
                tags=self._args.tags,
            ),
            self._child,
        )

    def _backing_up(self) -> list[pulumi.Output[iam.Statement]]:
        vault, copy_to = derive(str, self.vault.arn), self.settings.copy_to_vault_arn or ""
        into = [copy_to] if copy_to else []
        actions = ("DescribeBackupVault", "CopyIntoBackupVault")
        copying = vault.apply(lambda arn: iam.recovery_points(arn, ["CopyFromBackupVault"], copy_to))
        return [
            self._tables.apply(iam.table_backups),
            vault.apply(lambda arn: iam.allow("backup", actions, [arn, *into])),
            vault.apply(lambda arn: iam.recovery_points(arn, ["TagResource"])),
            *([copying] if copy_to else []),
            *self._keys(["DescribeKey", "Decrypt", "GenerateDataKey"]),
        ]

    def _restoring(self) -> list[pulumi.Output[iam.Statement]]:
        encrypting = ["Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"]
        return [
            self._tables.apply(iam.table_restores),
            *self._keys(["DescribeKey", "Decrypt", *encrypting]),
        ]

    def _keys(self, actions: Sequence[str]) -> list[pulumi.Output[iam.Statement]]:
        own = [] if self._args.kms_key_arn is None else [self._args.kms_key_arn]
        older = [arn for arn in self._args.vaults.older.values() if arn]
        if not (used := [*own, *older, *self._args.table_key_arns]):
            return []
        keys = derive(lambda *arns: list(dict.fromkeys(arns)), *used)
        return [keys.apply(lambda arns: iam.allow("kms", actions, arns)), keys.apply(iam.key_grants)]
