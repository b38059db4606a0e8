"""Restore a table next to the live table, from point-in-time recovery or a backup."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..model.names import RESTORED_INFIX
from ..settings import invalid_value
from . import OperationError
from .aws import client, region_of

POLL_SECONDS = 10.0
"""Interval of requests for the status of a restore."""
POINT_IN_TIME_ERRORS = ("InvalidRestoreTimeException", "PointInTimeRecoveryUnavailableException")
FINAL_JOB_STATUSES = ("COMPLETED", "ABORTED", "FAILED")


class LiveTable(NamedTuple):
    """The table that a stack uses."""

    name: str
    arn: str
    restore_role_arn: str
    """ARN of the IAM role that AWS Backup assumes for restore jobs. Empty if the stack has no backup plan."""

    @property
    def region(self) -> str:
        """The region of the table."""
        return region_of(self.arn)


ProgressCallback = Callable[[str], None]
"""Function that receives progress messages of a restore."""


def parse_timestamp(value: str) -> datetime:
    """Return an RFC 3339 timestamp in UTC. Raise `OperationError` if it is invalid or has no UTC offset."""
    try:
        timestamp = datetime.fromisoformat(value)
    except ValueError:
        timestamp = datetime.min
    if timestamp.tzinfo is None:
        expected = "a time with a UTC offset, such as 2026-11-20T10:00:00Z"
        raise OperationError(str(invalid_value("at", value, expected)))
    return timestamp.astimezone(UTC)


def _format_timestamp(timestamp: datetime) -> str:
    return f"{timestamp.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def describe_table(dynamodb: Any, table: str) -> Mapping[str, Any]:
    """Return the description of a table, or an empty mapping if the table does not exist."""
    try:
        description: Mapping[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return {}
    return description


def restored_name(live: LiveTable, source: datetime | str) -> str:
    """Return the name of the restored table, which is the same for every restore from a source."""
    label = f"{source:%Y%m%dT%H%M%SZ}" if isinstance(source, datetime) else re.split("[:/]", source)[-1]
    return f"{live.name}{RESTORED_INFIX}{label}"


def restore_table(live: LiveTable, source: datetime | str, on_progress: ProgressCallback) -> str:
    """Restore a table as of a time, or from the ARN of a backup or recovery point, and wait until it is ACTIVE.

    Skip the restore if the restored table exists. Return the name of the restored table.
    """
    dynamodb, name = client("dynamodb", live.region), restored_name(live, source)
    if not describe_table(dynamodb, name):
        _start_restore(dynamodb, live, source, name, on_progress)
    while (description := describe_table(dynamodb, name)).get("TableStatus") != "ACTIVE":
        on_progress(f"{name} is {description.get('TableStatus', 'not created yet')}")
        time.sleep(POLL_SECONDS)
    tags = dynamodb.list_tags_of_resource(ResourceArn=live.arn)["Tags"]
    # AWS reserves tag keys with the prefix aws:.
    user_tags = [tag for tag in tags if not tag["Key"].startswith("aws:")]
    dynamodb.tag_resource(ResourceArn=description["TableArn"], Tags=user_tags)
    return name


def _start_restore(
    dynamodb: Any, live: LiveTable, source: datetime | str, name: str, on_progress: ProgressCallback
) -> None:
    if isinstance(source, datetime):
        _restore_to_point_in_time(dynamodb, live, source, name)
    elif re.match(r"arn:[\w-]+:dynamodb:", source):
        dynamodb.restore_table_from_backup(BackupArn=source, TargetTableName=name)
    else:
        _restore_recovery_point(live, source, name, _encryption_metadata(dynamodb, live), on_progress)


def _restore_to_point_in_time(dynamodb: Any, live: LiveTable, timestamp: datetime, name: str) -> None:
    try:
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=live.name, TargetTableName=name, RestoreDateTime=timestamp
        )
    except dynamodb.exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] not in POINT_IN_TIME_ERRORS:
            raise
        expected, remedy = _restore_window(dynamodb, live)
        raise OperationError(str(invalid_value("at", _format_timestamp(timestamp), expected, remedy))) from exc


def _restore_window(dynamodb: Any, live: LiveTable) -> tuple[str, str]:
    """Return the expected value of `at`, and the remedy if no time is allowed."""
    response = dynamodb.describe_continuous_backups(TableName=live.name)["ContinuousBackupsDescription"]
    window = response.get("PointInTimeRecoveryDescription", {})
    if "LatestRestorableDateTime" not in window:
        expected = f"unset, because point-in-time recovery is disabled for {live.name}"
        return expected, "Set from to the ARN of a backup instead."
    earliest, latest = (_format_timestamp(window[f"{end}RestorableDateTime"]) for end in ("Earliest", "Latest"))
    return f"a time from {earliest} to {latest}", ""


def _encryption_metadata(dynamodb: Any, live: LiveTable) -> dict[str, str]:
    """Return the encryption of the live table as restore metadata of AWS Backup.

    A restore by DynamoDB does not require it, because the default is the encryption of the source table.
    """
    encryption = describe_table(dynamodb, live.name).get("SSEDescription", {})
    if encryption.get("SSEType") != "KMS":
        return {"encryptionType": "Default", "kmsMasterKeyArn": "Not Applicable"}
    key = client("kms", live.region).describe_key(KeyId=encryption["KMSMasterKeyArn"])["KeyMetadata"]
    is_customer_managed = key["KeyManager"] == "CUSTOMER"
    return {"encryptionType": "KMS", "kmsMasterKeyArn": key["Arn"] if is_customer_managed else "Not Applicable"}


def _restore_recovery_point(
    live: LiveTable, recovery_point: str, name: str, encryption: Mapping[str, str], on_progress: ProgressCallback
) -> None:
    if not live.restore_role_arn:
        expected = "the ARN of a DynamoDB backup, because the stack has no role for AWS Backup"
        remedy = "Set backup_retention_days and run make up to create the role."
        raise OperationError(str(invalid_value("from", recovery_point, expected, remedy)))
    backup = client("backup", live.region)
    job_id = backup.start_restore_job(
        RecoveryPointArn=recovery_point,
        ResourceType="DynamoDB",
        IamRoleArn=live.restore_role_arn,
        IdempotencyToken=name,
        Metadata={"targetTableName": name, **encryption},
    )["RestoreJobId"]
    while (job := backup.describe_restore_job(RestoreJobId=job_id))["Status"] not in FINAL_JOB_STATUSES:
        on_progress(f"AWS Backup has restored {job.get('PercentDone') or '0.00%'} of {name}")
        time.sleep(POLL_SECONDS)
    if job["Status"] != "COMPLETED":
        raise OperationError(
            f"AWS Backup restore job {job_id} must be COMPLETED, got {job['Status']} "
            f"({job.get('StatusMessage', 'no status message')}). Fix the problem, then run this command again."
        )
