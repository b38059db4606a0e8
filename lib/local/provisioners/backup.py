"""AWS Backup vaults, plans and selections. The emulator stores them, but does not create backups."""

from __future__ import annotations

from .base import Creation, register_creations

register_creations(
    "backup",
    {
        "backup.Vault": Creation(
            "create_backup_vault",
            "{name}",
            {"arn": "{BackupVaultArn}"},
            "BackupVaultName=name EncryptionKeyArn=kmsKeyArn BackupVaultTags=tags",
        ),
        "backup.Plan": Creation(
            "create_backup_plan",
            "{BackupPlanId}",
            {"arn": "{BackupPlanArn}", "version": "{VersionId}"},
            "BackupPlan=. BackupPlanName=name BackupPlanTags=tags TargetBackupVaultName=targetVaultName "
            "ScheduleExpression=schedule StartWindowMinutes=startWindow CompletionWindowMinutes=completionWindow "
            "DestinationBackupVaultArn=destinationVaultArn DeleteAfterDays=deleteAfter "
            "MoveToColdStorageAfterDays=coldStorageAfter",
        ),
        "backup.Selection": Creation(
            "create_backup_selection",
            "{SelectionId}",
            names="BackupPlanId=planId BackupSelection=. SelectionName=name",
        ),
    },
)
