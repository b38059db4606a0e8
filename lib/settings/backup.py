"""AWS Backup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, invalid_value, matching, setting
from .schedule import CRON_EXAMPLE, is_cron

COLD_STORAGE_DAYS = 90
"""Minimum number of days in cold storage."""


@dataclass(frozen=True, kw_only=True)
class BackupSettings(SettingsGroup):
    """Settings of AWS Backup for the tables, in addition to point-in-time recovery."""

    retention_days: int | None = setting(between(0, 36_500, "days (0: no backups)"))
    """Days for which a backup is retained. 0 disables backups."""
    schedule: str | None = setting((is_cron, f"a cron expression with six fields, such as {CRON_EXAMPLE}"))
    """Schedule of the backups in UTC."""
    cold_storage_after_days: int | None = setting(between(0, 36_500, "days (0: never)"))
    """Days after which a backup moves to cold storage, where it stays for at least 90 days. 0 disables cold storage."""
    copy_to_vault_arn: str | None = setting(
        matching(r"|arn:[a-z-]+:backup:[a-z0-9-]+:\d{12}:backup-vault:\S+", "the ARN of a backup vault, or empty")
    )
    """ARN of a vault in another region or account that receives a copy of each backup. Empty disables copies."""

    SECTION: ClassVar[str] = "backup"

    def __post_init__(self) -> None:
        super().__post_init__()
        retention, cold = self.retention_days or 0, self.cold_storage_after_days or 0
        if retention and cold and retention < cold + COLD_STORAGE_DAYS:
            expected = f"at most {retention - COLD_STORAGE_DAYS} (retention minus {COLD_STORAGE_DAYS} days)"
            remedy = f"Lower it, or set retention_days to at least {cold + COLD_STORAGE_DAYS}."
            raise invalid_value("backup.cold_storage_after_days", cold, expected, remedy)
