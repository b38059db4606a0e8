"""Vaults, plans and selections of AWS Backup, which the emulator keeps and never carries out."""

from __future__ import annotations

from ..emulator import Place
from .base import Inputs, Made, chosen, provisions


@provisions("aws:backup/vault:Vault")
def vault(place: Place, inputs: Inputs) -> Made:
    """A vault."""
    made = place.client("backup").create_backup_vault(
        **chosen(inputs, BackupVaultName="name", EncryptionKeyArn="kmsKeyArn", BackupVaultTags="tags")
    )
    return Made(inputs["name"], {"arn": made["BackupVaultArn"]})


@provisions("aws:backup/plan:Plan")
def plan(place: Place, inputs: Inputs) -> Made:
    """A plan."""
    document = {"BackupPlanName": inputs["name"], "Rules": [_rule(rule) for rule in inputs["rules"]]}
    made = place.client("backup").create_backup_plan(BackupPlan=document, **chosen(inputs, BackupPlanTags="tags"))
    return Made(made["BackupPlanId"], {"arn": made["BackupPlanArn"], "version": made["VersionId"]})


def _rule(rule: Inputs) -> Inputs:
    made = chosen(
        rule,
        RuleName="ruleName",
        TargetBackupVaultName="targetVaultName",
        ScheduleExpression="schedule",
        StartWindowMinutes="startWindow",
        CompletionWindowMinutes="completionWindow",
        RecoveryPointTags="recoveryPointTags",
    )
    copies = [
        {"DestinationBackupVaultArn": copy["destinationVaultArn"], "Lifecycle": _lifecycle(copy)}
        for copy in rule.get("copyActions") or ()
    ]
    return {**made, "Lifecycle": _lifecycle(rule), "CopyActions": copies}


def _lifecycle(owner: Inputs) -> Inputs:
    return chosen(owner["lifecycle"], DeleteAfterDays="deleteAfter", MoveToColdStorageAfterDays="coldStorageAfter")


@provisions("aws:backup/selection:Selection")
def selection(place: Place, inputs: Inputs) -> Made:
    """What a plan backs up."""
    made = place.client("backup").create_backup_selection(
        BackupPlanId=inputs["planId"],
        BackupSelection=chosen(inputs, SelectionName="name", IamRoleArn="iamRoleArn", Resources="resources"),
    )
    return Made(made["SelectionId"], {})
