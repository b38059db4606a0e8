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
    """When to wake somebody, and whom."""

    duration_ms: int | None = setting(between(1, 900_000, "milliseconds"), key="duration_alarm_ms")
    """Average duration of a function over a period above which it is alarming; default 80 % of its timeout."""
    errors: int | None = setting(COUNT)
    """Failed invocations in a period above which it is alarming."""
    throttles: int | None = setting(COUNT)
    """Throttled invocations in a period above which the alarm is in ALARM state."""
    period_seconds: int | None = setting(
        (
            lambda v: isinstance(v, int) and v in range(60, 86_401, 60),
            "a multiple of 60 from 60 to 86400 seconds",
        )
    )
    """How long a period is: a multiple of 60, for Lambda counts by the minute."""
    evaluation_periods: int | None = setting(between(1, 1440, "periods"))
    """How many periods in a row make an alarm."""
    recommended: bool | None = setting(boolean(), key="recommended_alarms")
    """The alarms that AWS recommends for the API, its tables, streams and functions, too, and one in ALARM while
    any other of the service is. If false, only the one on 5xx responses of the API, which `items` lacks, too."""
    api_5xx_share: float | None = setting(between(0.0, 1.0))
    """The part of requests answered 5xx above which an alarm enters the ALARM state."""
    api_4xx_share: float | None = setting(between(0.0, 1.0))
    """Share of 4xx responses above which the recommended alarm is in ALARM state."""
    api_latency_ms: int | None = setting(between(1, 29_000, "milliseconds"))
    """90th percentile of the latency above which the recommended alarm is in ALARM state."""
    iterator_age_seconds: int | None = setting(between(1, 86_400, "seconds"))
    """Age of stream records above which the recommended alarm is in ALARM state."""
    runbook_url: str | None = setting(
        matching(
            r"|https://\S+|[\w./-]+\.md", "a URL that begins with https://, the path of a Markdown file, or empty"
        ),
        key="runbook_url",
    )
    """The page that says what to do, at a part with the alarm's name; empty: the alarm says it alone."""
    notification_email: str | pulumi.Output[str] | None = setting(
        matching(r"|[^@\s]+@[^@\s]+\.[^@\s]+", "an email address, or empty"),
        key="notification_email",
        accepts_output=True,
    )
    """Email address that is subscribed to alarm notifications, once its owner confirms. Empty: none."""

    SECTION: ClassVar[str] = "alarms"

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.period_seconds or 60) * (self.evaluation_periods or 1) > 86_400:
            expected = f"at most 86400 divided by period_seconds ({self.period_seconds})"
            remedy = "CloudWatch evaluates at most one day: lower it, or lower period_seconds."
            raise invalid_value("alarms.evaluation_periods", self.evaluation_periods, expected, remedy)


@dataclass(frozen=True, kw_only=True)
class ObservationSettings(SettingsGroup):
    """Settings of what CloudWatch shows beside logs and alarms."""

    dashboard: bool | None = setting(boolean(), key="dashboard")
    """A CloudWatch dashboard of the service."""

    SECTION: ClassVar[str] = "observation"
