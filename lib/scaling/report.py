"""The tables of the capacity model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, fields
from math import ceil
from typing import Any, NamedTuple

from ..cost.prices import PRICES, SECONDS
from ..model import Operation
from ..model.aws_limits import ACCOUNT_REQUEST_RATE, COLD_START_PERCENT, DURATION_VARIATION, QUANTITIES
from ..services import BUILT_IN, load
from ..services.stock.settings import StockSettings
from ..settings import LAYERS, ApiSettings, FunctionSettings, Settings, SettingsGroup, TableSettings
from ..stack.args import TapStackArgs
from . import queueing
from .model import concurrency, lambda_usd, limits, offered, response_ms
from .queueing import Queue

RATE = 1_000
"""Requests a second; in the other reading, requests at once."""
TARGET_MS = 200
MEMORIES_MB = (128, 256, 512, 1_769)
PROD_MB = 512
PAUSES_SECONDS = (0, 0.1, 1, 10)
SPARE = (1, 2, 4, 8)
"""Servers of a pool beyond those that work on average."""
BURSTS = 2.0
"""Standard deviation over mean of the times between arrivals that come in bursts."""
ENVIRONMENTS = ("dev", "staging", "prod")
LIMITS = (
    "environment", "request", "MB", "reserved", "p99 ms", "requests a second", "what stops more", "tables scaled",
    "a key's month lasts",
)  # fmt: skip

ADVISED = Settings(
    function=FunctionSettings(reserved_concurrency=-1, memory_mb=512),
    table=TableSettings(billing_mode="PAY_PER_REQUEST"),
    api=ApiSettings(throttle_rate_per_second=10_000, throttle_burst=5_000, quota_per_month=2_000_000_000),
)
"""What prod takes for as many requests a second, beyond its row."""
ADVISED_OWN: Mapping[str, SettingsGroup] = {
    "stock": StockSettings(anonymous_rate_per_second=1_000, anonymous_burst=500)
}
"""Settings of single services for the same rate."""

Row = Sequence[str]


class Measured(NamedTuple):
    """A measured operation of a service."""

    service: str
    operation: Operation

    @property
    def name(self) -> str:
        """Name with the service."""
        return f"{self.service}: {self.operation.name}"


def measured(services: Iterable[str]) -> list[Measured]:
    """Return the operations of services, without those that have no workload."""
    workloads = {name: load(name).workload for name in services}
    return [Measured(name, one) for name, workload in workloads.items() if workload for one in workload.requests]


def tables(operations: Sequence[Measured]) -> dict[str, list[Row]]:
    """Return the tables of the page by name, for some operations."""
    return {name: rows(operations) for name, rows in TABLES.items()}


def sections() -> dict[str, str]:
    """Return the tables of the built-in services and the recommended configuration as Markdown, by name."""
    found = tables(measured(BUILT_IN))
    return {"config": _config(), **{name: _markdown(rows) for name, rows in found.items()}}


def _slowest(operations: Sequence[Measured]) -> Measured:
    return max(operations, key=lambda one: one.operation.duration_ms(MEMORIES_MB[0]))


def _limits_of_aws(_: Sequence[Measured]) -> list[Row]:
    rows = [(one.name, f"{one.value:,g} {one.unit}".rstrip(), one.kind, one.source, one.measure) for one in QUANTITIES]
    return [("figure", "", "is", "by", "on AWS told by"), *rows]


def _times(operations: Sequence[Measured]) -> list[Row]:
    head = ("request", "processor ms, warm", "cold", "round trips ms", *(f"at {memory:,} MB" for memory in MEMORIES_MB))
    return [head, *(_time_row(one) for one in operations)]


def _time_row(one: Measured) -> Row:
    operation = one.operation
    times = (f"{operation.duration_ms(memory):.0f}" for memory in MEMORIES_MB)
    trips = " + ".join(f"{trip.value:g}" for trip in operation.round_trips)
    return one.name, f"{operation.processor_ms:.2f}", f"{operation.cold_processor_ms:.0f}", trips, *times


def _open(operations: Sequence[Measured]) -> list[Row]:
    mb = " / ".join(f"{memory:,}" for memory in MEMORIES_MB)
    head = (
        "request",
        f"in flight, at {mb} MB",
        "reserve",
        "p99 ms",
        f"p99 ms, {COLD_START_PERCENT.value:g} % cold",
        "USD a month",
    )
    return [head, *(_open_row(one) for one in operations)]


def _open_row(one: Measured) -> Row:
    operation = one.operation
    return (
        one.name,
        " / ".join(f"{offered(operation, memory, RATE):.0f}" for memory in MEMORIES_MB),
        str(max(concurrency(operation, memory, RATE) for memory in MEMORIES_MB)),
        " / ".join(_ms(response_ms(operation, memory).percentile(99)) for memory in MEMORIES_MB),
        " / ".join(
            _ms(response_ms(operation, memory, COLD_START_PERCENT.value / 100).percentile(99)) for memory in MEMORIES_MB
        ),
        " / ".join(f"{lambda_usd(operation, memory, RATE):,.0f}" for memory in MEMORIES_MB),
    )


def _closed(operations: Sequence[Measured]) -> list[Row]:
    head = (
        "pause after an answer",
        "requests a second",
        "in functions at once",
        "concurrency",
        "of the gateway's rate",
    )
    slowest = _slowest(operations).operation
    return [head, *(_closed_row(slowest, pause) for pause in PAUSES_SECONDS)]


def _closed_row(slowest: Operation, pause_seconds: float) -> Row:
    rate = queueing.closed_rate(RATE, response_ms(slowest, PROD_MB).usual.mean / 1e3, pause_seconds)
    needed = concurrency(slowest, PROD_MB, rate)
    share = f"{rate / ACCOUNT_REQUEST_RATE.value:.0%}"
    at_once = f"{offered(slowest, PROD_MB, rate):,.0f}"
    return (
        f"{pause_seconds:g} s",
        f"{rate:,.0f}",
        at_once,
        f"{needed:,}",
        share if rate < ACCOUNT_REQUEST_RATE.value else f"**{share}**",
    )


def _burst(operations: Sequence[Measured]) -> list[Row]:
    head = ("concurrency", "answered", "refused", "p50 ms", "p99 ms")
    slowest = _slowest(operations).operation
    reserved = (_burst_row(slowest, f"{number:,} reserved, none started", number, 1) for number in (100, 200, RATE))
    return [head, *reserved, _burst_row(slowest, f"{RATE:,} provisioned", RATE, 0)]


def _burst_row(slowest: Operation, what: str, reserved: int, cold_share: float) -> Row:
    times = response_ms(slowest, PROD_MB, cold_share)
    return what, f"{reserved:,}", f"{RATE - reserved:,}", *(_ms(times.percentile(percent)) for percent in (50, 99))


def _pool(operations: Sequence[Measured]) -> list[Row]:
    """Of servers with a whole processor each."""
    slowest = _slowest(operations).operation
    least = ceil(offered(slowest, MEMORIES_MB[-1], RATE))
    head = ("servers", "busy", "who waits", "mean wait ms", "p99 wait ms", "p99 wait ms, in bursts")
    return [head, *(_pool_row(slowest, least + spare) for spare in SPARE)]


def _pool_row(slowest: Operation, servers: int) -> Row:
    steady, bursts = (_queue(slowest, servers, variation) for variation in (1.0, BURSTS))
    waits = (steady.mean_wait_seconds, steady.wait_seconds(99), bursts.wait_seconds(99))
    return str(servers), f"{steady.busy:.0%}", f"{steady.waiting:.0%}", *(f"{wait * 1e3:.1f}" for wait in waits)


def _queue(slowest: Operation, servers: int, arrival_variation: float) -> Queue:
    return Queue(
        rate_per_second=RATE,
        service_seconds=slowest.duration_ms(MEMORIES_MB[-1]) / 1e3,
        servers=servers,
        service_variation=DURATION_VARIATION.value,
        arrival_variation=arrival_variation,
    )


def _money(operations: Sequence[Measured]) -> list[Row]:
    requests = RATE * SECONDS
    fastest = min(operations, key=lambda one: one.operation.duration_ms(MEMORIES_MB[0]))
    slowest = _slowest(operations)
    durations = ((fastest, MEMORIES_MB[0]), (slowest, MEMORIES_MB[0]), (slowest, PROD_MB), (slowest, MEMORIES_MB[-1]))
    kept = PRICES["lambda.provisioned-x86"].of(RATE * PROD_MB / 1024 * SECONDS)
    usd = {
        "API Gateway": PRICES["api.requests"].of(requests),
        "Lambda, requests": PRICES["lambda.requests"].of(requests),
        **{f"Lambda, duration, {one.name}, {mb:,} MB": lambda_usd(one.operation, mb, RATE) for one, mb in durations},
        f"Lambda, {RATE:,} provisioned all month, {PROD_MB} MB": kept,
    }
    rows = ((what, f"{paid:,.0f}", f"{paid / requests * 1e6:.2f}") for what, paid in usd.items())
    return [("", "USD a month", "USD a million requests"), *rows]


def _rows(operations: Sequence[Measured]) -> list[Row]:
    return [
        LIMITS,
        *(
            _limits_row(one, TapStackArgs(environment_suffix=name, service=one.service))
            for name in ENVIRONMENTS
            for one in operations
        ),
    ]


def _advised(operations: Sequence[Measured]) -> list[Row]:
    return [LIMITS, *(_limits_row(one, advised(one.service)) for one in operations)]


def advised(name: str) -> TapStackArgs:
    """Return the arguments that are advised for a service in prod."""
    service = load(name).build(ADVISED_OWN[name]) if name in ADVISED_OWN else name
    return TapStackArgs(environment_suffix="prod", service=service, **vars(ADVISED))


def _limits_row(one: Measured, args: TapStackArgs) -> Row:
    found = limits(one.operation, args)
    what = min(found.at_first, key=lambda limit: found.at_first[limit])
    reserved = "none" if found.reserved < 0 else str(found.reserved)
    at_first, scaled = (_enough(min(most.values())) for most in (found.at_first, found.scaled))
    p99 = _ms(response_ms(one.operation, found.memory_mb).percentile(99))
    return args.environment, one.name, str(found.memory_mb), reserved, p99, at_first, what, scaled, _lasts(found.quota)


def _config() -> str:
    """What is advised, as it is written into a stack's file."""
    lines = [f"  tap:{one.metadata['key']}: {getattr(layer, one.name)}" for layer, one in _advised_fields()]
    return "\n".join(["```yaml", "config:", *lines, "```"])


def _advised_fields() -> Iterable[tuple[SettingsGroup, Field[Any]]]:
    """Yield the settings that are advised, with their fields."""
    for layer in (*(getattr(ADVISED, name) for name in LAYERS), *ADVISED_OWN.values()):
        yield from ((layer, one) for one in fields(layer) if getattr(layer, one.name) != one.default)


def _ms(milliseconds: float) -> str:
    """What misses the target stands out."""
    return f"{milliseconds:.0f}" if milliseconds < TARGET_MS else f"**{milliseconds:.0f}**"


def _enough(rate: float) -> str:
    """Likewise."""
    return f"{rate:,.0f}" if rate >= RATE else f"**{rate:,.0f}**"


def _lasts(quota: int | None) -> str:
    """How long what a key may ask in a month lasts at the rate."""
    if quota is None:
        return "no quota"
    minutes = quota / RATE / 60
    return f"{minutes / 1440:.0f} days" if minutes >= 1440 else f"**{minutes:.0f} minutes**"


def _markdown(rows: Sequence[Row]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], ["---"] * len(rows[0]), *rows[1:]))


TABLES: Mapping[str, Callable[[Sequence[Measured]], list[Row]]] = {
    "facts": _limits_of_aws,
    "times": _times,
    "open": _open,
    "closed": _closed,
    "burst": _burst,
    "pool": _pool,
    "money": _money,
    "rows": _rows,
    "advised": _advised,
}
