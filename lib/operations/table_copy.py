"""Tables as they were, each restored beside the live one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..model.names import RESTORED
from ..settings import invalid_value
from . import RecoveryError
from .aws import client, region_of

POLL_SECONDS = 10.0
"""How often it is asked how far a restore has come."""
OUT_OF_WINDOW = ("InvalidRestoreTimeException", "PointInTimeRecoveryUnavailableException")
JOB_ENDS = ("COMPLETED", "ABORTED", "FAILED")


class Live(NamedTuple):
    """A live table."""

    name: str
    arn: str
    restore_role_arn: str
    """What AWS Backup restores under; empty: the deployment has no backups."""

    @property
    def region(self) -> str:
        """Where it is."""
        return region_of(self.arn)


Heard = Callable[[str], None]
"""Hears how far a restore has come."""


def moment(text: str) -> datetime:
    """A time with its offset, as RFC 3339 has it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        raise RecoveryError(str(invalid_value("at", text, "a time with a UTC offset, such as 2026-11-20T10:00:00Z")))
    return found.astimezone(UTC)


def _text(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def description(dynamodb: Any, table: str) -> Mapping[str, Any]:
    """What DynamoDB says of a table; nothing where there is none."""
    try:
        found: Mapping[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return {}
    return found


def copy_name(live: Live, source: datetime | str) -> str:
    """What the copy as of a time or from a backup is called; the same when it is asked for again."""
    label = f"{source:%Y%m%dT%H%M%SZ}" if isinstance(source, datetime) else re.split("[:/]", source)[-1]
    return f"{live.name}{RESTORED}{label}"


def restored(live: Live, source: datetime | str, heard: Heard) -> str:
    """The name of the copy of a table as of a time, or from a backup by its ARN, once it stands."""
    dynamodb, name = client("dynamodb", live.region), copy_name(live, source)
    if not description(dynamodb, name):
        _start(dynamodb, live, source, name, heard)
    while (found := description(dynamodb, name)).get("TableStatus") != "ACTIVE":
        heard(f"{name} is {found.get('TableStatus', 'not there yet')}")
        time.sleep(POLL_SECONDS)
    tags = dynamodb.list_tags_of_resource(ResourceArn=live.arn)["Tags"]
    # Those that begin with aws: are AWS's own to give.
    own = [tag for tag in tags if not tag["Key"].startswith("aws:")]
    dynamodb.tag_resource(ResourceArn=found["TableArn"], Tags=own)
    return name


def _start(dynamodb: Any, live: Live, source: datetime | str, name: str, heard: Heard) -> None:
    if isinstance(source, datetime):
        _start_as_of(dynamodb, live, source, name)
    elif re.match(r"arn:[\w-]+:dynamodb:", source):
        dynamodb.restore_table_from_backup(BackupArn=source, TargetTableName=name)
    else:
        _carry_out_job(live, source, name, _encryption(dynamodb, live), heard)


def _start_as_of(dynamodb: Any, live: Live, at: datetime, name: str) -> None:
    try:
        dynamodb.restore_table_to_point_in_time(SourceTableName=live.name, TargetTableName=name, RestoreDateTime=at)
    except dynamodb.exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] not in OUT_OF_WINDOW:
            raise
        raise RecoveryError(str(invalid_value("at", _text(at), *_window(dynamodb, live)))) from exc


def _window(dynamodb: Any, live: Live) -> tuple[str, str]:
    """Return the allowed times of a restore, and the remedy if there are none."""
    said = dynamodb.describe_continuous_backups(TableName=live.name)["ContinuousBackupsDescription"]
    window = said.get("PointInTimeRecoveryDescription", {})
    if "LatestRestorableDateTime" not in window:
        return f"unset because {live.name} has no point-in-time recovery", "Set from to the ARN of a backup."
    earliest, latest = (_text(window[f"{end}RestorableDateTime"]) for end in ("Earliest", "Latest"))
    return f"a time from {earliest} to {latest}", ""


def _encryption(dynamodb: Any, live: Live) -> dict[str, str]:
    """The live table's, as a restore of AWS Backup takes it; other restores take it over by themselves."""
    kept = description(dynamodb, live.name).get("SSEDescription", {})
    if kept.get("SSEType") != "KMS":
        return {"encryptionType": "Default", "kmsMasterKeyArn": "Not Applicable"}
    key = client("kms", live.region).describe_key(KeyId=kept["KMSMasterKeyArn"])["KeyMetadata"]
    own = key["KeyManager"] == "CUSTOMER"
    return {"encryptionType": "KMS", "kmsMasterKeyArn": key["Arn"] if own else "Not Applicable"}


def _carry_out_job(live: Live, recovery_point: str, name: str, encryption: Mapping[str, str], heard: Heard) -> None:
    if not live.restore_role_arn:
        expected = "the ARN of a DynamoDB backup in a deployment without AWS Backup"
        remedy = "Pass such a backup, or set backup_retention_days and deploy."
        raise RecoveryError(str(invalid_value("from", recovery_point, expected, remedy)))
    backup = client("backup", live.region)
    job = backup.start_restore_job(
        RecoveryPointArn=recovery_point,
        ResourceType="DynamoDB",
        IamRoleArn=live.restore_role_arn,
        IdempotencyToken=name,
        Metadata={"targetTableName": name, **encryption},
    )["RestoreJobId"]
    while (found := backup.describe_restore_job(RestoreJobId=job))["Status"] not in JOB_ENDS:
        heard(f"AWS Backup is {found.get('PercentDone') or '0.00%'} done with {name}")
        time.sleep(POLL_SECONDS)
    if found["Status"] != "COMPLETED":
        raise RecoveryError(f"AWS Backup has {found['Status'].lower()} the restore: {found.get('StatusMessage', job)}")
