"""Backups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, invalid_value, matching, setting
from .schedule import CRON_EXAMPLE, is_cron

COLD_STORAGE_DAYS = 90
"""What a backup stays in cold storage at least."""


@dataclass(frozen=True, kw_only=True)
class BackupSettings(SettingsGroup):
    """Backups of the tables beyond their own recovery to a point in time."""

    retention_days: int | None = setting(between(0, 36_500, "days (0: no backups)"))
    """How long a backup is kept; 0 makes none."""
    schedule: str | None = setting((is_cron, f"a cron expression with six fields, such as {CRON_EXAMPLE}"))
    """Schedule of the backups, in UTC."""
    cold_storage_after_days: int | None = setting(between(0, 36_500, "days (0: never)"))
    """After how many days a backup goes to cold storage, where it stays 90 days at least; 0: never."""
    copy_to_vault_arn: str | None = setting(
        matching(r"|arn:[a-z-]+:backup:[a-z0-9-]+:\d{12}:backup-vault:\S+", "the ARN of a backup vault, or empty")
    )
    """A vault, of another region or account, that gets a copy of each backup; empty: none."""

    SECTION: ClassVar[str] = "backup"

    def __post_init__(self) -> None:
        super().__post_init__()
        kept, cold = self.retention_days or 0, self.cold_storage_after_days or 0
        if kept and cold and kept < cold + COLD_STORAGE_DAYS:
            expected = f"at most {kept - COLD_STORAGE_DAYS} (retention minus {COLD_STORAGE_DAYS} days)"
            remedy = f"Lower it, or set retention_days to at least {cold + COLD_STORAGE_DAYS}."
            raise invalid_value("backup.cold_storage_after_days", cold, expected, remedy)
