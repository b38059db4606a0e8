"""Assumptions about one month of traffic, and the frequency of schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..settings import SettingsGroup, invalid_value, setting
from ..settings.base import Check
from .prices import DAYS_PER_MONTH, MINUTES_PER_MONTH

MINUTES_PER_UNIT = {"minute": 1, "hour": 60, "day": 1440}
WILDCARDS = ("*", "?")


def _at_most(maximum: float, unit: str) -> Check:
    return lambda v: isinstance(v, int | float) and 0 <= v <= maximum, f"a number from 0 to {maximum:,.0f} {unit}"


@dataclass(frozen=True, kw_only=True)
class Traffic(SettingsGroup):
    """Traffic of one deployment in one month."""

    requests: float = setting(_at_most(1e12, "requests"), default=1_000_000)
    """Number of API requests."""
    writes: float = setting(_at_most(1, "(fraction of the requests)"), default=0.3)
    """Fraction of API requests that change data."""
    response_bytes: float = setting(_at_most(10e6, "bytes"), default=1_000)
    """Average size of a response with its headers, in bytes."""
    stored_gb: float = setting(_at_most(1e6, "GB"), default=1)
    """Size of all tables and indexes in GB."""
    duration_ms: float | None = setting(_at_most(900e3, "milliseconds"))
    """Average billed duration of a Lambda invocation in milliseconds. Unset: calculated from measurements."""
    cold_starts: float = setting(_at_most(1, "(fraction of the invocations)"), default=0.01)
    """Fraction of invocations with a cold start; below 1 % in the Lambda operator guide, "Execution environments"."""
    log_bytes: float = setting(_at_most(1e6, "bytes"), default=560)
    """Log bytes per Lambda invocation. The default is a 290-byte log line and 270 bytes of START, END, and REPORT."""
    notifications: float = setting(_at_most(1e9, "messages"), default=1_000)
    """Number of messages to SNS topics, such as alerts and alarms."""
    queue_messages: float = setting(_at_most(1e12, "messages"), default=100_000)
    """Number of messages to each queue that a function consumes. Each message has its own invocation."""
    failures: float = setting(_at_most(1e9, "messages"), default=0)
    """Number of messages to dead-letter queues."""
    page_views: float = setting(_at_most(1e10, "views"), default=100_000)
    """Number of page views without cached files."""
    page_files: float = setting(_at_most(1e3, "files"), default=6)
    """Number of files per page view. The default is that of the demo shop of the stock service."""
    page_bytes: float = setting(_at_most(1e9, "bytes"), default=34_000)
    """Size of all files of a page view in bytes. The default is that of the demo shop of the stock service."""
    object_gb: float = setting(_at_most(1e6, "GB"), default=1)
    """Size of all objects in the buckets of the service in GB, with their earlier versions."""
    object_bytes: float = setting(_at_most(5e12, "bytes"), default=200_000)
    """Average size of a downloaded object in bytes."""
    uploads: float = setting(_at_most(1e10, "objects"), default=10_000)
    """Number of objects written to buckets. The consumers of buckets share them equally."""
    downloads: float = setting(_at_most(1e10, "objects"), default=50_000)
    """Number of objects read from buckets over the internet."""
    events: float = setting(_at_most(1e10, "events"), default=100_000)
    """Number of events put on event buses. The consumers of events share them equally."""
    monthly_active_users: float = setting(_at_most(1e9, "users"), default=100)
    """Number of users who sign in to a user pool at least once."""
    m2m_tokens: float = setting(_at_most(1e9, "tokens"), default=730)
    """Number of machine-to-machine tokens of a user pool. The default is one per hour."""
    private_gb: float = setting(_at_most(1e6, "GB"), default=1)
    """Data in GB that NAT gateways and interface endpoints each process, without DynamoDB requests and logs."""

    SECTION: ClassVar[str] = "traffic"


def runs_per_month(expression: str) -> float:
    """Return the number of runs per month for an EventBridge `rate(...)` or `cron(...)` expression."""
    kind, _, arguments = expression.removesuffix(")").partition("(")
    fields = arguments.split()
    if kind == "rate" and len(fields) == 2:
        return MINUTES_PER_MONTH / (int(fields[0]) * MINUTES_PER_UNIT[fields[1].removesuffix("s")])
    if kind == "cron" and len(fields) == 6:
        minutes, hours, day, _, weekday, _ = fields
        days = _count_matches(day, 31) / 31 * (_count_matches(weekday, 7) / 7) * DAYS_PER_MONTH
        return _count_matches(minutes, 60) * _count_matches(hours, 24) * days
    raise invalid_value("schedule", expression, "rate(...) or cron(...)")


def _count_matches(field: str, total: int) -> float:
    """Return the number of `total` values that a cron field matches. For a range, return `total` as an upper bound."""
    if field in WILDCARDS or "-" in field:
        return total
    step = field.partition("/")[2]
    return total / int(step) if step else len(field.split(","))
