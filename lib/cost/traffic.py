"""What happens in a month, and how often what runs by the clock runs in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..settings import SettingsGroup, invalid_value, setting
from ..settings.base import Check
from .prices import DAYS, MINUTES

RATE_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
ANY = ("*", "?")


def _up_to(maximum: float, unit: str) -> Check:
    return lambda v: isinstance(v, int | float) and 0 <= v <= maximum, f"a number from 0 to {maximum:,.0f} {unit}"


@dataclass(frozen=True, kw_only=True)
class Traffic(SettingsGroup):
    """A month of one deployment."""

    requests: float = setting(_up_to(1e12, "requests"), default=1_000_000)
    """Requests to the API."""
    writes: float = setting(_up_to(1, "(share of the requests)"), default=0.3)
    """The share of them that change something."""
    answer_bytes: float = setting(_up_to(10e6, "bytes"), default=1_000)
    """An answer with its headers, on average."""
    stored_gb: float = setting(_up_to(1e6, "GB"), default=1)
    """What all tables and their indexes hold."""
    duration_ms: float | None = setting(_up_to(900e3, "milliseconds"))
    """What Lambda bills for a run on average, as its own metric says; otherwise what was measured is added up."""
    starts: float = setting(_up_to(1, "(share of the invocations)"), default=0.01)
    """The share of runs that start a worker; under 1 % by Lambda's operator guide, "Execution environments"."""
    log_bytes: float = setting(_up_to(1e6, "bytes"), default=560)
    """What a run of a function logs: a line of its own, of some 290, and Lambda's START, END and REPORT, of 270."""
    notifications: float = setting(_up_to(1e9, "messages"), default=1_000)
    """Messages to topics: alerts and alarms."""
    failures: float = setting(_up_to(1e9, "messages"), default=0)
    """Messages in the queue of what failed for good."""
    page_views: float = setting(_up_to(1e10, "loads"), default=100_000)
    """Loads of a site's page by browsers that have nothing of it yet."""
    page_files: float = setting(_up_to(1e3, "files"), default=6)
    """Files that a page loads; as many as the stock service's shop."""
    page_bytes: float = setting(_up_to(1e9, "bytes"), default=34_000)
    """Bytes of them all; as many as there."""
    people: float = setting(_up_to(1e9, "people"), default=100)
    """Who signs in at a user pool, however often."""
    program_tokens: float = setting(_up_to(1e9, "tokens"), default=730)
    """Tokens that programs get from a user pool; the default is one an hour."""
    private_gb: float = setting(_up_to(1e6, "GB"), default=1)
    """What goes through NAT gateways, and as much through interface endpoints; DynamoDB and logs go other ways."""

    SECTION: ClassVar[str] = "traffic"


def times(expression: str) -> float:
    """How often EventBridge's `rate(...)` or `cron(...)` comes round in a month."""
    kind, _, inside = expression.removesuffix(")").partition("(")
    words = inside.split()
    if kind == "rate" and len(words) == 2:
        return MINUTES / (int(words[0]) * RATE_MINUTES[words[1].removesuffix("s")])
    if kind == "cron" and len(words) == 6:
        minutes, hours, day, _, weekday, _ = words
        days = _values(day, 31) / 31 * (_values(weekday, 7) / 7) * DAYS
        return _values(minutes, 60) * _values(hours, 24) * days
    raise invalid_value("schedule", expression, "rate(...) or cron(...)")


def _values(field: str, whole: int) -> float:
    """How many of `whole` a field of a cron expression takes; a range counts as all of them, to be careful."""
    if field in ANY or "-" in field:
        return whole
    step = field.partition("/")[2]
    return whole / int(step) if step else len(field.split(","))
