"""The tables of docs/scaling.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, fields
from math import ceil
from typing import Any

from ..cost.prices import PRICES, SECONDS
from ..services.stock.service import stock
from ..services.stock.settings import StockSettings
from ..settings import LAYERS, ApiSettings, FunctionSettings, Layer, Settings, TableSettings
from ..stack.args import TapStackArgs
from . import queueing
from .facts import COLD_SHARE, FACTS, GATEWAY_RATE, OPERATIONS, VARIATION, Operation
from .model import concurrency, function_ms, lambda_usd, limits, offered, response_ms
from .queueing import Queue

RATE = 1_000
"""Requests a second; in the other reading, requests at once."""
TARGET_MS = 200
MEMORIES_MB = (128, 256, 512, 1_769)
SLOWEST = max(OPERATIONS, key=lambda one: function_ms(one, MEMORIES_MB[0]))
FASTEST = min(OPERATIONS, key=lambda one: function_ms(one, MEMORIES_MB[0]))
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
    function=FunctionSettings(reserved_concurrency=-1),
    table=TableSettings(billing_mode="PAY_PER_REQUEST"),
    api=ApiSettings(throttle_rate_per_second=10_000, throttle_burst=5_000, quota_per_month=2_000_000_000),
)
"""What prod takes for as many requests a second, beyond its row."""
ADVISED_STOCK = StockSettings(anonymous_rate_per_second=1_000, anonymous_burst=500)
"""Settings of the stock service for the same rate."""

Row = Sequence[str]


def sections() -> dict[str, str]:
    """Every part of the page that is generated, by its marker's name."""
    return {"config": _config(), **{name: _markdown(rows()) for name, rows in TABLES.items()}}


def _facts() -> list[Row]:
    rows = [(one.what, f"{one.value:,g} {one.unit}".rstrip(), one.kind, one.source, one.measure) for one in FACTS]
    return [("figure", "", "is", "by", "on AWS told by"), *rows]


def _times() -> list[Row]:
    head = ("request", "processor ms, warm", "cold", "round trips ms", *(f"at {memory:,} MB" for memory in MEMORIES_MB))
    return [head, *(_time_row(one) for one in OPERATIONS)]


def _time_row(one: Operation) -> Row:
    times = (f"{function_ms(one, memory):.0f}" for memory in MEMORIES_MB)
    trips = " + ".join(f"{trip.value:g}" for trip in one.trips)
    return one.name, f"{one.cpu_ms:.2f}", f"{one.cold_cpu_ms:.0f}", trips, *times


def _open() -> list[Row]:
    mb = " / ".join(f"{memory:,}" for memory in MEMORIES_MB)
    head = (
        "request",
        f"in flight, at {mb} MB",
        "reserve",
        "p99 ms",
        f"p99 ms, {COLD_SHARE.value:g} % cold",
        "USD a month",
    )
    return [head, *(_open_row(one) for one in OPERATIONS)]


def _open_row(one: Operation) -> Row:
    return (
        one.name,
        " / ".join(f"{offered(one, memory, RATE):.0f}" for memory in MEMORIES_MB),
        str(max(concurrency(one, memory, RATE) for memory in MEMORIES_MB)),
        " / ".join(_ms(response_ms(one, memory).percentile(99)) for memory in MEMORIES_MB),
        " / ".join(_ms(response_ms(one, memory, COLD_SHARE.value / 100).percentile(99)) for memory in MEMORIES_MB),
        " / ".join(f"{lambda_usd(one, memory, RATE):,.0f}" for memory in MEMORIES_MB),
    )


def _closed() -> list[Row]:
    head = (
        "pause after an answer",
        "requests a second",
        "in functions at once",
        "concurrency",
        "of the gateway's rate",
    )
    return [head, *(_closed_row(pause) for pause in PAUSES_SECONDS)]


def _closed_row(pause_seconds: float) -> Row:
    rate = queueing.closed_rate(RATE, response_ms(SLOWEST, PROD_MB).usual.mean / 1e3, pause_seconds)
    needed = concurrency(SLOWEST, PROD_MB, rate)
    share = f"{rate / GATEWAY_RATE.value:.0%}"
    at_once = f"{offered(SLOWEST, PROD_MB, rate):,.0f}"
    return (
        f"{pause_seconds:g} s",
        f"{rate:,.0f}",
        at_once,
        f"{needed:,}",
        share if rate < GATEWAY_RATE.value else f"**{share}**",
    )


def _burst() -> list[Row]:
    head = ("concurrency", "answered", "refused", "p50 ms", "p99 ms")
    reserved = (_burst_row(f"{number:,} reserved, none started", number, 1) for number in (100, 200, RATE))
    return [head, *reserved, _burst_row(f"{RATE:,} provisioned", RATE, 0)]


def _burst_row(what: str, reserved: int, cold_share: float) -> Row:
    times = response_ms(SLOWEST, PROD_MB, cold_share)
    return what, f"{reserved:,}", f"{RATE - reserved:,}", *(_ms(times.percentile(percent)) for percent in (50, 99))


def _pool() -> list[Row]:
    """Of servers with a whole processor each."""
    least = ceil(offered(SLOWEST, MEMORIES_MB[-1], RATE))
    head = ("servers", "busy", "who waits", "mean wait ms", "p99 wait ms", "p99 wait ms, in bursts")
    return [head, *(_pool_row(least + spare) for spare in SPARE)]


def _pool_row(servers: int) -> Row:
    steady, bursts = (_queue(servers, variation) for variation in (1.0, BURSTS))
    waits = (steady.mean_wait_seconds, steady.wait_seconds(99), bursts.wait_seconds(99))
    return str(servers), f"{steady.busy:.0%}", f"{steady.waiting:.0%}", *(f"{wait * 1e3:.1f}" for wait in waits)


def _queue(servers: int, arrival_variation: float) -> Queue:
    return Queue(
        rate_per_second=RATE,
        service_seconds=function_ms(SLOWEST, MEMORIES_MB[-1]) / 1e3,
        servers=servers,
        service_variation=VARIATION.value,
        arrival_variation=arrival_variation,
    )


def _money() -> list[Row]:
    requests = RATE * SECONDS
    durations = ((FASTEST, MEMORIES_MB[0]), (SLOWEST, MEMORIES_MB[0]), (SLOWEST, PROD_MB), (SLOWEST, MEMORIES_MB[-1]))
    kept = PRICES["lambda.provisioned-x86"].of(RATE * PROD_MB / 1024 * SECONDS)
    usd = {
        "API Gateway": PRICES["api.requests"].of(requests),
        "Lambda, requests": PRICES["lambda.requests"].of(requests),
        **{f"Lambda, duration, {one.name}, {mb:,} MB": lambda_usd(one, mb, RATE) for one, mb in durations},
        f"Lambda, {RATE:,} provisioned all month, {PROD_MB} MB": kept,
    }
    rows = ((what, f"{paid:,.0f}", f"{paid / requests * 1e6:.2f}") for what, paid in usd.items())
    return [("", "USD a month", "USD a million requests"), *rows]


def _rows() -> list[Row]:
    return [
        LIMITS,
        *(
            _limits_row(one, TapStackArgs(environment_suffix=name, service=one.service))
            for name in ENVIRONMENTS
            for one in OPERATIONS
        ),
    ]


def _advised() -> list[Row]:
    return [LIMITS, *(_limits_row(one, advised(one)) for one in OPERATIONS)]


def advised(one: Operation) -> TapStackArgs:
    """Return the arguments that are advised for prod, for the service of an operation."""
    service = stock(ADVISED_STOCK) if one.service == "stock" else one.service
    return TapStackArgs(environment_suffix="prod", service=service, **vars(ADVISED))


def _limits_row(one: Operation, args: TapStackArgs) -> Row:
    found = limits(one, args)
    what = min(found.at_first, key=lambda limit: found.at_first[limit])
    reserved = "none" if found.reserved < 0 else str(found.reserved)
    at_first, scaled = (_enough(min(most.values())) for most in (found.at_first, found.scaled))
    p99 = _ms(response_ms(one, found.memory_mb).percentile(99))
    return args.environment, one.name, str(found.memory_mb), reserved, p99, at_first, what, scaled, _lasts(found.quota)


def _config() -> str:
    """What is advised, as it is written into a stack's file."""
    said = [f"  tap:{one.metadata['key']}: {getattr(layer, one.name)}" for layer, one in _figures(ADVISED)]
    return "\n".join(["```yaml", "config:", *said, "```"])


def _figures(settings: Settings) -> Iterable[tuple[Layer, Field[Any]]]:
    """What settings say."""
    for layer in (*(getattr(settings, name) for name in LAYERS), ADVISED_STOCK):
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


TABLES: Mapping[str, Callable[[], list[Row]]] = {
    "facts": _facts,
    "times": _times,
    "open": _open,
    "closed": _closed,
    "burst": _burst,
    "pool": _pool,
    "money": _money,
    "rows": _rows,
    "advised": _advised,
}
