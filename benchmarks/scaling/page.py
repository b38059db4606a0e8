"""The tables of docs/scaling.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil

from lib.settings import ApiSettings, FunctionSettings, TableSettings
from lib.tap_stack import TapStackArgs

from . import queueing
from .facts import ACCOUNT, CHANGE, COLD_SHARE, FACTS, GATEWAY_RATE, OPERATIONS, Fact, Operation
from .model import Limits, concurrency, function_ms, lambda_usd, limits, offered, response_ms
from .prices import PRICES, SECONDS
from .queueing import Queue

RATE = 1_000
"""Requests a second; and callers who are there at once."""
MEMORIES_MB = (128, 256, 512, 1024, 1769)
SOME_MB = (128, 512)
PROD_MB = 512
PAUSES_SECONDS = (0, 0.1, 1, 10)
SPARE = (1, 2, 4, 8)
"""Servers of a pool beyond those that are busy on average."""
BURSTS = 2.0
ENVIRONMENTS = ("dev", "staging", "prod")
ADVISED = {
    "function": FunctionSettings(reserved_concurrency=200),
    "table": TableSettings(billing_mode="PAY_PER_REQUEST"),
    "api": ApiSettings(throttle_rate_per_second=10_000, throttle_burst=5_000, quota_per_month=2_000_000_000),
}
"""What prod takes for 1,000 requests a second of the same kind."""

Row = Sequence[str]


def sections() -> dict[str, str]:
    """Every part of the page that is generated, by its marker's name."""
    return {name: _markdown(rows()) for name, rows in TABLES.items()}


def _facts() -> list[Row]:
    rows = [(one.what, f"{one.value:,g} {one.unit}".strip(), f"**{one.kind}**", one.source) for one in FACTS]
    return [("figure", "", "is", "says who; or what to measure on AWS"), *rows]


def _times() -> list[Row]:
    head = ("request", "processor ms", "cold", "round trips", *(f"{memory:,} MB" for memory in MEMORIES_MB))
    return [head, *(_time_row(one) for one in OPERATIONS)]


def _time_row(one: Operation) -> Row:
    times = (f"{function_ms(one, memory):.0f}" for memory in MEMORIES_MB)
    trips = " + ".join(f"{trip.value:g}" for trip in one.trips)
    return one.name, f"{one.cpu_ms:.2f}", f"{one.cold_cpu_ms:.0f}", f"{trips} ms", *times


def _open() -> list[Row]:
    head = ("request", "MB", "in flight", "reserve", "p50 ms", "p95", "p99", "p99, 1 % cold", "USD a month")
    return [head, *(_open_row(one, memory) for one in OPERATIONS for memory in SOME_MB)]


def _open_row(one: Operation, memory: int) -> Row:
    warm, some_cold = response_ms(one, memory), response_ms(one, memory, COLD_SHARE.value / 100)
    times = [*(warm.percentile(percent) for percent in (50, 95, 99)), some_cold.percentile(99)]
    at_once, usd = offered(one, memory, RATE), lambda_usd(one, memory, RATE)
    reserved = str(concurrency(one, memory, RATE))
    return one.name, str(memory), f"{at_once:.0f}", reserved, *(f"{ms:.0f}" for ms in times), f"{usd:,.0f}"


def _closed() -> list[Row]:
    """Of callers who wait for each answer."""
    response = response_ms(CHANGE, PROD_MB).usual.mean / 1e3
    rows = []
    for pause in PAUSES_SECONDS:
        rate = queueing.closed_rate(RATE, response, pause)
        over = max(rate - GATEWAY_RATE.value, 0)
        rows.append(
            (
                f"{pause:g} s",
                f"{rate:,.0f}",
                f"{offered(CHANGE, PROD_MB, min(rate, GATEWAY_RATE.value)):,.0f}",
                f"{over:,.0f}",
            )
        )
    return [
        ("pause after an answer", "requests a second", "of them in a function at once", "over the account's rate"),
        *rows,
    ]


def _burst() -> list[Row]:
    rows = [_burst_row(f"{reserved:,} reserved, none warm", reserved, 1, 0) for reserved in (100, 200, RATE)]
    return [
        ("concurrency", "answered", "refused", "p50 ms", "p99 ms", "USD a month, besides"),
        *rows,
        _burst_row(f"{RATE:,} provisioned", RATE, 0, RATE),
    ]


def _burst_row(what: str, reserved: int, cold_share: float, provisioned: int) -> Row:
    times = response_ms(CHANGE, PROD_MB, cold_share)
    answered = min(reserved, RATE)
    usd = PRICES["lambda.provisioned-x86"].of(provisioned * PROD_MB / 1024 * SECONDS)
    return (
        what,
        f"{answered:,}",
        f"{RATE - answered:,}",
        *(f"{times.percentile(p):.0f}" for p in (50, 99)),
        f"{usd:,.0f}",
    )


def _money() -> list[Row]:
    requests = RATE * SECONDS
    reading = OPERATIONS[1]
    usd = {
        "API Gateway": PRICES["api.requests"].of(requests),
        "Lambda, requests": PRICES["lambda.requests"].of(requests),
        **{
            f"Lambda, duration of {one.name}, at {memory:,} MB": lambda_usd(one, memory, RATE)
            for one, memory in ((reading, 128), (CHANGE, 128), (CHANGE, PROD_MB), (CHANGE, 1769))
        },
    }
    return [
        ("", "USD a month", "USD a million"),
        *((what, f"{paid:,.0f}", f"{paid / requests * 1e6:.2f}") for what, paid in usd.items()),
    ]


def _rows() -> list[Row]:
    head = (
        "environment",
        "request",
        "MB",
        "reserved",
        "p99 ms",
        "stops at, a second",
        "what stops it",
        "a key's month lasts",
    )
    stacks = [(name, {}) for name in ENVIRONMENTS] + [("prod, as advised", ADVISED)]
    return [head, *(_limits_row(name, one, more) for name, more in stacks for one in OPERATIONS)]


def _limits_row(name: str, one: Operation, more: Mapping[str, object]) -> Row:
    found = limits(one, TapStackArgs(environment_suffix=name.partition(",")[0], service=one.service, **more))
    what, most = found.first()
    p99 = response_ms(one, found.memory_mb).percentile(99)
    stops = f"{most:,.0f}" if most >= RATE else f"**{most:,.0f}**"
    return name, one.name, str(found.memory_mb), str(found.reserved or "none"), f"{p99:.0f}", stops, what, _lasts(found)


def _lasts(found: Limits) -> str:
    if found.quota is None:
        return "no quota"
    hours = found.quota / RATE / 3600
    return f"{hours / 24:.0f} days" if hours >= 24 else f"**{hours * 60:.0f} minutes**"


def _pool() -> list[Row]:
    """Of servers with a whole processor each, where who finds all busy waits."""
    seconds = function_ms(CHANGE, MEMORIES_MB[-1]) / 1e3
    least = ceil(offered(CHANGE, MEMORIES_MB[-1], RATE))
    head = ("servers", "busy", "wait at all", "mean wait ms", "p99 wait ms", "p99 wait ms, in bursts")
    return [head, *(_pool_row(least + spare, seconds) for spare in SPARE)]


def _pool_row(servers: int, seconds: float) -> Row:
    steady, bursts = (
        Queue(
            rate_per_second=RATE,
            service_seconds=seconds,
            servers=servers,
            service_variation=0.5,
            arrival_variation=variation,
        )
        for variation in (1.0, BURSTS)
    )
    waits = (steady.mean_wait_seconds, steady.wait_seconds(99), bursts.wait_seconds(99))
    return str(servers), f"{steady.busy:.0%}", f"{steady.waiting:.0%}", *(f"{wait * 1e3:.1f}" for wait in waits)


TABLES: Mapping[str, Callable[[], list[Row]]] = {
    "facts": _facts,
    "times": _times,
    "open": _open,
    "closed": _closed,
    "burst": _burst,
    "pool": _pool,
    "money": _money,
    "rows": _rows,
}


def _markdown(rows: Sequence[Row]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], ["---"] * len(rows[0]), *rows[1:]))
