"""Alarms and dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .base import SettingsGroup, between, boolean, invalid_value, matching, setting

if TYPE_CHECKING:
    import pulumi

COUNT = between(0, 1_000_000_000)


@dataclass(frozen=True, kw_only=True)
class AlarmSettings(SettingsGroup):
    """Alarm thresholds and notifications."""

    duration_ms: int | None = setting(between(1, 900_000, "milliseconds"), key="duration_alarm_ms")
    """Threshold of the average duration of a function in a period, in milliseconds. Unset: 80 % of its timeout."""
    errors: int | None = setting(COUNT)
    """Failed invocations in a period above which the alarm enters the ALARM state."""
    throttles: int | None = setting(COUNT)
    """Throttled invocations in a period above which the alarm enters the ALARM state."""
    period_seconds: int | None = setting(
        (
            lambda v: isinstance(v, int) and v in range(60, 86_401, 60),
            "a multiple of 60 from 60 to 86400 seconds",
        )
    )
    """Length of an evaluation period in seconds. Lambda publishes metrics once a minute."""
    evaluation_periods: int | None = setting(between(1, 1440, "periods"))
    """Consecutive periods above the threshold before an alarm enters the ALARM state."""
    recommended: bool | None = setting(boolean(), key="recommended_alarms")
    """Whether the alarms that AWS recommends for the API, tables, streams and functions are created, and a composite
    alarm over all alarms of the service. If false, only the alarm on 5xx responses of the API is created, except for
    `items`, which has none."""
    api_5xx_share: float | None = setting(between(0.0, 1.0))
    """Fraction of requests with a 5xx response above which the alarm enters the ALARM state."""
    api_4xx_share: float | None = setting(between(0.0, 1.0))
    """Fraction of requests with a 4xx response above which the recommended alarm enters the ALARM state."""
    api_latency_ms: int | None = setting(between(1, 29_000, "milliseconds"))
    """90th percentile of API latency in milliseconds above which the recommended alarm enters the ALARM state."""
    iterator_age_seconds: int | None = setting(between(1, 86_400, "seconds"))
    """Maximum age of a stream record in seconds before the recommended alarm enters the ALARM state."""
    runbook_url: str | None = setting(
        matching(
            r"|https://\S+|[\w./-]+\.md", "a URL that begins with https://, the path of a Markdown file, or empty"
        ),
        key="runbook_url",
    )
    """URL of the runbook, which has a heading for each alarm. Alarm descriptions link to it unless it is empty."""
    notification_email: str | pulumi.Output[str] | None = setting(
        matching(r"|[^@\s]+@[^@\s]+\.[^@\s]+", "an email address, or empty"),
        key="notification_email",
        accepts_output=True,
    )
    """Email address that receives alarm notifications. Amazon SNS sends a confirmation request first. Empty disables
    email."""

    SECTION: ClassVar[str] = "alarms"

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.period_seconds or 60) * (self.evaluation_periods or 1) > 86_400:
            expected = f"at most 86400 divided by period_seconds ({self.period_seconds})"
            remedy = "CloudWatch evaluates at most one day: lower it, or lower period_seconds."
            raise invalid_value("alarms.evaluation_periods", self.evaluation_periods, expected, remedy)


@dataclass(frozen=True, kw_only=True)
class ObservationSettings(SettingsGroup):
    """Settings of CloudWatch dashboards."""

    dashboard: bool | None = setting(boolean(), key="dashboard")
    """Whether the service has a CloudWatch dashboard."""

    SECTION: ClassVar[str] = "observation"
