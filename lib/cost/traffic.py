"""What happens in a month, and how often what runs by the clock runs in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..settings import Check, Layer, refuse
from .prices import DAYS, MINUTES

RATE_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
ANY = ("*", "?")


def _up_to(most: float, what: str) -> Check:
    return lambda v: isinstance(v, int | float) and 0 <= v <= most, f"give a number from 0 to {most:,.0f}: {what}"


@dataclass(frozen=True, kw_only=True)
class Traffic(Layer):
    """A month of one deployment."""

    requests: float = 1_000_000
    """Of the API."""
    writes: float = 0.3
    """The share of them that change something."""
    answer_bytes: float = 1_000
    """Of an answer, with its headers, on average."""
    stored_gb: float = 1
    """In all tables and their indexes."""
    duration_ms: float | None = None
    """What Lambda bills for a request on average, for which its metric is best; default: what was measured, see
    `Work`."""
    starts: float = 0.01
    """The share of requests that start a worker.  Lambda's operator guide, "Execution environments": under 1 %."""
    log_bytes: float = 420
    """What a run of a function logs: 150 of its own line, 270 of Lambda's START, END and REPORT, as the developer
    guide shows them."""
    notifications: float = 1_000
    """Messages to topics: alerts and alarms."""
    failures: float = 0
    """Runs by schedule or stream that fail for good: a message in the queue for each."""
    page_views: float = 100_000
    """Loads of a page of the site by browsers that have nothing of it yet."""
    page_files: float = 6
    """Files that a page loads: as many as the stock service's shop."""
    page_bytes: float = 34_000
    """Of them all: as big as those."""
    private_gb: float = 1
    """Through NAT gateways, and as much through interface endpoints: what functions in a private network ask of AWS
    besides DynamoDB, whose endpoint costs nothing; their logs do not go that way."""

    WHERE: ClassVar[str] = "traffic"
    CHECKS: ClassVar[Mapping[str, Check]] = {
        "requests": _up_to(1e12, "requests of the API"),
        "writes": _up_to(1, "the share of requests that change something"),
        "answer_bytes": _up_to(10e6, "bytes of an answer"),
        "stored_gb": _up_to(1e6, "GB in tables and indexes"),
        "duration_ms": _up_to(900e3, "milliseconds that Lambda bills for a request"),
        "starts": _up_to(1, "the share of requests that start a worker"),
        "log_bytes": _up_to(1e6, "bytes that a run of a function logs"),
        "notifications": _up_to(1e9, "messages to topics"),
        "failures": _up_to(1e9, "messages in the queue of what failed"),
        "page_views": _up_to(1e10, "loads of a site's page"),
        "page_files": _up_to(1e3, "files that a page loads"),
        "page_bytes": _up_to(1e9, "bytes of them all"),
        "private_gb": _up_to(1e6, "GB through NAT gateways, and interface endpoints"),
    }


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
    raise refuse("schedule", expression, "give rate(...) or cron(...)")


def _values(field: str, whole: int) -> float:
    """How many of `whole` a field of a cron expression takes; a range counts as all of them, to be careful."""
    if field in ANY or "-" in field:
        return whole
    step = field.partition("/")[2]
    return whole / int(step) if step else len(field.split(","))
