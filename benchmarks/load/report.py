"""What clients were answered, as tables: how long each route took, and whatever was no success, by status and code."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from ..tables import section

REFUSED = 429
PERCENTILES = (50, 90, 95, 99)
KNOWN: Mapping[tuple[int, str], str] = {
    (429, "THROTTLED"): "over throttle_rate_per_second or throttle_burst, or its table was too busy",
    (429, "QUOTA_EXCEEDED"): "over quota_per_month",
    (429, "ConcurrentInvocationLimitExceeded"): "over WORKERS, the emulator's cap of executions at once",
    (
        429,
        "ReservedFunctionConcurrentInvocationLimitExceeded",
    ): "over lambda_reserved_concurrency; 5xx on AWS",
    (503, "SERVICE_UNAVAILABLE"): "the emulator was too busy to answer its own function",
    (502, "Task timed out"): "the emulator's function had no processor for its whole timeout",
}
"""What a busy service, or the emulator, may answer, by status and code; anything else is unexpected."""
WAITED = "with refusals and pauses"


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who is to drive what, for how long."""

    service: str
    url: str
    headers: Mapping[str, str]
    """By which it is known who drives."""
    clients: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Those of one kind to one route."""

    route: str
    status: int
    """0 where there was no answer."""
    code: str
    """Of a refusal."""
    milliseconds: Sequence[float]

    @property
    def good(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def meaning(self) -> str:
        """What a refusal means that is known; empty for anything else."""
        return KNOWN.get((self.status, self.code), "")

    @property
    def expected(self) -> bool:
        """Whether it was to be reckoned with."""
        return self.good or bool(self.meaning)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a run found."""

    answers: Sequence[Answers]
    waits: Sequence[float]
    """Milliseconds from when a client wanted something until it had it, refusals and pauses included."""

    @classmethod
    def read(cls, text: str) -> Found:
        """What `written` wrote."""
        told = json.loads(text)
        return cls(answers=[Answers(**one) for one in told["answers"]], waits=told["waits"])

    def written(self) -> str:
        """All of it, as JSON."""
        return json.dumps(asdict(self))


def code_of(status: int, body: str, error: BaseException | None) -> str:
    """What tells refusals of one status apart.

    The body's `code`; Lambda's `Reason`; what a function died of, as the emulator wraps it; what broke the connection.
    """
    if 200 <= status < 300:
        return ""
    if not status:
        return type(error).__name__
    said = _object(body)
    died = str(_object(said.get("message")).get("errorMessage", ""))
    return str(said.get("code") or said.get("Reason") or re.split(": | after ", died)[0] or "no code")


def _object(text: object) -> dict[str, Any]:
    """What a text says that is a JSON object; nothing of any other."""
    try:
        found = json.loads(str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def unexpected(found: Iterable[Answers]) -> int:
    """How many answers were not to be reckoned with, or never came; all, where none was a success."""
    found = list(found)
    served = any(answers.good for answers in found)
    return sum(len(answers.milliseconds) for answers in found if not (served and answers.expected)) + (not found)


def report(order: Order, found: Found) -> str:
    """The tables."""
    title = f"load: {order.clients} clients of {order.service} at once, {order.seconds} s"
    refusals = _refusals(found.answers)
    return section(title, _routes(found, order.seconds), *([refusals] if len(refusals) > 1 else []))


def percentile(sorted_: Sequence[float], percent: float) -> float:
    """The least of the values that so many percent do not exceed."""
    return sorted_[max(ceil(len(sorted_) * percent / 100), 1) - 1]


def _routes(found: Found, seconds: float) -> list[list[str]]:
    """A row for each route and one for all: the times are of successes, as a refusal is quick and helps nobody."""
    head = ["", "2xx", "a second", *(f"p{percent} ms" for percent in PERCENTILES), "max ms", "others"]
    routes = sorted({one.route for one in found.answers}, key=lambda route: [*reversed(route.split())])
    rows = [_row(route, [one for one in found.answers if one.route == route], seconds) for route in routes]
    return [head, *rows, _row("every route", found.answers, seconds), [WAITED, "", "", *_times(found.waits), ""]]


def _row(name: str, found: Iterable[Answers], seconds: float) -> list[str]:
    good: list[float] = []
    others = 0
    for answers in found:
        if answers.good:
            good.extend(answers.milliseconds)
        else:
            others += len(answers.milliseconds)
    return [name, str(len(good)), f"{len(good) / seconds:.1f}", *_times(good), str(others)]


def _times(milliseconds: Iterable[float]) -> list[str]:
    found = sorted(milliseconds)
    return [f"{percentile(found, percent):.0f}" if found else "-" for percent in (*PERCENTILES, 100)]


def _refusals(found: Iterable[Answers]) -> list[list[str]]:
    """A row for each status and code that is no success."""
    times: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    for answers in found:
        if not answers.good:
            times[answers.status, answers.code, answers.meaning or "UNEXPECTED"].extend(answers.milliseconds)
    return [["others", "number", "p50 ms"]] + [
        [f"{status or 'no answer'} {code}: {meaning}", str(len(spent)), _times(spent)[0]]
        for (status, code, meaning), spent in sorted(times.items())
    ]
