"""Encryption at rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, invalid_value, matching, setting
from .table import TableSettings


@dataclass(frozen=True, kw_only=True)
class EncryptionSettings(SettingsGroup):
    """Settings of the KMS key that encrypts data at rest."""

    key: str | None = setting(
        matching(
            r"aws_managed|aws_owned|create|arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/\S+",
            "one of aws_managed, aws_owned, create, or the ARN of a KMS key",
        )
    )
    """Key that encrypts data at rest: `aws_managed` for AWS managed keys, `aws_owned` for the free AWS owned key of
    tables, `create` for a customer managed key that the stack creates, or the ARN of an existing one."""
    rotation_days: int | None = setting(between(90, 2560, "days"))
    """Days between rotations of the created key."""
    deletion_window_days: int | None = setting(between(7, 30, "days"))
    """Days during which the deletion of the created key can be canceled."""

    SECTION: ClassVar[str] = "encryption"

    def existing_key_arn(self) -> str | None:
        """Return the ARN of the existing key, or None."""
        return None if self.key in ("aws_managed", "aws_owned", "create") else self.key


def check_key(encryption: EncryptionSettings, table: TableSettings) -> None:
    """Raise `ValueError` for an existing single-Region key if tables have replicas in other regions."""
    if table.replica_regions and ":key/mrk-" not in (encryption.existing_key_arn() or ":key/mrk-"):
        expected = f"a multi-Region key (key/mrk-...) with replicas in {', '.join(table.replica_regions)}"
        remedy = "Set the ARN of such a key, or remove replica_regions."
        raise invalid_value("encryption.key", encryption.key, expected, remedy)
