"""The tables of the capacity model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, fields
from math import ceil
from typing import Any, NamedTuple

from ..cost.prices import PRICES, SECONDS_PER_MONTH
from ..model import Operation
from ..model.aws_limits import ACCOUNT_REQUEST_RATE, COLD_START_PERCENT, DURATION_VARIATION, QUANTITIES
from ..services import BUILT_IN, load
from ..services.stock.settings import StockSettings
from ..settings import SETTINGS_GROUPS, ApiSettings, FunctionSettings, Settings, SettingsGroup, TableSettings
from ..stack.args import TapStackArgs
from . import queueing
from .model import deployment_limits, lambda_monthly_usd, offered_load, required_concurrency, response_ms
from .queueing import Queue

RATE = 1_000
"""Requests per second. In the tables of concurrent clients and bursts: concurrent requests."""
TARGET_MS = 200
MEMORIES_MB = (128, 256, 512, 1_769)
PROD_MB = 512
PAUSES_SECONDS = (0, 0.1, 1, 10)
SPARE_SERVERS = (1, 2, 4, 8)
"""Servers of a pool in addition to the mean number of busy servers."""
BURST_VARIATION = 2.0
"""Coefficient of variation of the times between arrivals in bursts."""
ENVIRONMENTS = ("dev", "staging", "prod")
LIMITS_HEADER = (
    "environment", "request", "MB", "reserved", "p99 ms", "requests per second", "limited by",
    "requests per second, scaled tables", "API key quota lasts",
)  # fmt: skip

RECOMMENDED = Settings(
    function=FunctionSettings(reserved_concurrency=-1, memory_mb=512),
    table=TableSettings(billing_mode="PAY_PER_REQUEST"),
    api=ApiSettings(throttle_rate_per_second=10_000, throttle_burst=5_000, quota_per_month=2_000_000_000),
)
"""Settings for `RATE` in prod, in addition to the environment profile."""
RECOMMENDED_BY_SERVICE: Mapping[str, SettingsGroup] = {
    "stock": StockSettings(anonymous_rate_per_second=1_000, anonymous_burst=500)
}
"""Service-specific settings for `RATE`."""

Row = Sequence[str]


class MeasuredOperation(NamedTuple):
    """A measured operation of a service."""

    service: str
    operation: Operation

    @property
    def name(self) -> str:
        """Name prefixed with the service."""
        return f"{self.service}: {self.operation.name}"


def measured_operations(services: Iterable[str]) -> list[MeasuredOperation]:
    """Return the measured operations of services. Services without a workload have none."""
    workloads = {name: load(name).workload for name in services}
    return [
        MeasuredOperation(name, operation)
        for name, workload in workloads.items()
        if workload
        for operation in workload.requests
    ]


def tables(operations: Sequence[MeasuredOperation]) -> dict[str, list[Row]]:
    """Return the tables of the page for operations, by name."""
    return {name: rows(operations) for name, rows in TABLES.items()}


def sections() -> dict[str, str]:
    """Return the generated sections of the page by marker name."""
    return {
        "config": _config(),
        **{name: _markdown(rows) for name, rows in tables(measured_operations(BUILT_IN)).items()},
    }


def _slowest(operations: Sequence[MeasuredOperation]) -> MeasuredOperation:
    return max(operations, key=lambda measurement: measurement.operation.duration_ms(MEMORIES_MB[0]))


def _inputs(_: Sequence[MeasuredOperation]) -> list[Row]:
    return [
        ("name", "value", "kind", "source", "measurement on AWS"),
        *(
            (each.name, f"{each.value:,g} {each.unit}".rstrip(), each.kind, each.source, each.measure)
            for each in QUANTITIES
        ),
    ]


def _times(operations: Sequence[MeasuredOperation]) -> list[Row]:
    durations = (f"at {memory:,} MB" for memory in MEMORIES_MB)
    header = ("request", "CPU ms, warm", "CPU ms, cold", "round trips ms", *durations)
    return [header, *(_time_row(each) for each in operations)]


def _time_row(measurement: MeasuredOperation) -> Row:
    operation = measurement.operation
    times = (f"{operation.duration_ms(memory):.0f}" for memory in MEMORIES_MB)
    trips = " + ".join(f"{trip.value:g}" for trip in operation.round_trips)
    return measurement.name, f"{operation.processor_ms:.2f}", f"{operation.cold_processor_ms:.0f}", trips, *times


def _constant_rate(operations: Sequence[MeasuredOperation]) -> list[Row]:
    mb = " / ".join(f"{memory:,}" for memory in MEMORIES_MB)
    header = (
        "request",
        f"in flight, at {mb} MB",
        "reserved concurrency",
        "p99 ms",
        f"p99 ms, {COLD_START_PERCENT.value:g} % cold starts",
        "USD per month",
    )
    return [header, *(_constant_rate_row(each) for each in operations)]


def _constant_rate_row(measurement: MeasuredOperation) -> Row:
    operation = measurement.operation
    return (
        measurement.name,
        " / ".join(f"{offered_load(operation, memory, RATE):.0f}" for memory in MEMORIES_MB),
        str(max(required_concurrency(operation, memory, RATE) for memory in MEMORIES_MB)),
        " / ".join(_format_ms(response_ms(operation, memory).percentile(99)) for memory in MEMORIES_MB),
        " / ".join(
            _format_ms(response_ms(operation, memory, COLD_START_PERCENT.value / 100).percentile(99))
            for memory in MEMORIES_MB
        ),
        " / ".join(f"{lambda_monthly_usd(operation, memory, RATE):,.0f}" for memory in MEMORIES_MB),
    )


def _concurrent_clients(operations: Sequence[MeasuredOperation]) -> list[Row]:
    header = (
        "pause after a response",
        "requests per second",
        "concurrent executions",
        "reserved concurrency",
        "percentage of the account request rate",
    )
    slowest = _slowest(operations).operation
    return [header, *(_concurrent_clients_row(slowest, pause) for pause in PAUSES_SECONDS)]


def _concurrent_clients_row(slowest: Operation, pause_seconds: float) -> Row:
    rate = queueing.closed_loop_rate(RATE, response_ms(slowest, PROD_MB).usual.mean / 1e3, pause_seconds)
    percentage = f"{rate / ACCOUNT_REQUEST_RATE.value:.0%}"
    return (
        f"{pause_seconds:g} s",
        f"{rate:,.0f}",
        f"{offered_load(slowest, PROD_MB, rate):,.0f}",
        f"{required_concurrency(slowest, PROD_MB, rate):,}",
        percentage if rate < ACCOUNT_REQUEST_RATE.value else f"**{percentage}**",
    )


def _burst(operations: Sequence[MeasuredOperation]) -> list[Row]:
    header = ("concurrency", "successful", "throttled", "p50 ms", "p99 ms")
    slowest = _slowest(operations).operation
    reserved = (_burst_row(slowest, f"{number:,} reserved, all cold", number, 1) for number in (100, 200, RATE))
    return [header, *reserved, _burst_row(slowest, f"{RATE:,} provisioned", RATE, 0)]


def _burst_row(slowest: Operation, label: str, reserved: int, cold_starts: float) -> Row:
    times = response_ms(slowest, PROD_MB, cold_starts)
    return (
        label,
        f"{reserved:,}",
        f"{RATE - reserved:,}",
        *(_format_ms(times.percentile(percent)) for percent in (50, 99)),
    )


def _server_pool(operations: Sequence[MeasuredOperation]) -> list[Row]:
    """Return the table for a pool of servers with one vCPU each."""
    slowest = _slowest(operations).operation
    busy_servers = ceil(offered_load(slowest, MEMORIES_MB[-1], RATE))
    header = ("servers", "utilization", "waiting requests", "mean wait ms", "p99 wait ms", "p99 wait ms, in bursts")
    return [header, *(_server_pool_row(slowest, busy_servers + spare) for spare in SPARE_SERVERS)]


def _server_pool_row(slowest: Operation, servers: int) -> Row:
    steady, bursts = (_queue(slowest, servers, variation) for variation in (1.0, BURST_VARIATION))
    waits = (steady.mean_wait_seconds, steady.wait_seconds(99), bursts.wait_seconds(99))
    return (
        str(servers),
        f"{steady.utilization:.0%}",
        f"{steady.waiting_probability:.0%}",
        *(f"{wait * 1e3:.1f}" for wait in waits),
    )


def _queue(slowest: Operation, servers: int, arrival_variation: float) -> Queue:
    return Queue(
        rate_per_second=RATE,
        service_seconds=slowest.duration_ms(MEMORIES_MB[-1]) / 1e3,
        servers=servers,
        service_variation=DURATION_VARIATION.value,
        arrival_variation=arrival_variation,
    )


def _costs(operations: Sequence[MeasuredOperation]) -> list[Row]:
    requests = RATE * SECONDS_PER_MONTH
    fastest = min(operations, key=lambda measurement: measurement.operation.duration_ms(MEMORIES_MB[0]))
    slowest = _slowest(operations)
    durations = ((fastest, MEMORIES_MB[0]), (slowest, MEMORIES_MB[0]), (slowest, PROD_MB), (slowest, MEMORIES_MB[-1]))
    provisioned = PRICES["lambda.provisioned-x86"].cost_of(RATE * PROD_MB / 1024 * SECONDS_PER_MONTH)
    usd = {
        "API Gateway": PRICES["api.requests"].cost_of(requests),
        "Lambda, requests": PRICES["lambda.requests"].cost_of(requests),
        **{
            f"Lambda, duration, {each.name}, {mb:,} MB": lambda_monthly_usd(each.operation, mb, RATE)
            for each, mb in durations
        },
        f"Lambda, provisioned concurrency of {RATE:,}, {PROD_MB} MB": provisioned,
    }
    rows = ((label, f"{cost:,.0f}", f"{cost / requests * 1e6:.2f}") for label, cost in usd.items())
    return [("", "USD per month", "USD per million requests"), *rows]


def _environments(operations: Sequence[MeasuredOperation]) -> list[Row]:
    return [
        LIMITS_HEADER,
        *(
            _limits_row(each, TapStackArgs(environment_suffix=name, service=each.service))
            for name in ENVIRONMENTS
            for each in operations
        ),
    ]


def _recommended(operations: Sequence[MeasuredOperation]) -> list[Row]:
    return [LIMITS_HEADER, *(_limits_row(each, recommended_args(each.service)) for each in operations)]


def recommended_args(name: str) -> TapStackArgs:
    """Return the recommended arguments of a service in prod for `RATE`."""
    service = load(name).build(RECOMMENDED_BY_SERVICE[name]) if name in RECOMMENDED_BY_SERVICE else name
    return TapStackArgs(environment_suffix="prod", service=service, **vars(RECOMMENDED))


def _limits_row(measurement: MeasuredOperation, args: TapStackArgs) -> Row:
    limits = deployment_limits(measurement.operation, args)
    return (
        args.environment,
        measurement.name,
        str(limits.memory_mb),
        "none" if limits.reserved_concurrency < 0 else str(limits.reserved_concurrency),
        _format_ms(response_ms(measurement.operation, limits.memory_mb).percentile(99)),
        _format_rate(min(limits.initial.values())),
        min(limits.initial, key=lambda name: limits.initial[name]),
        _format_rate(min(limits.scaled.values())),
        _format_quota(limits.quota),
    )


def _config() -> str:
    """Return the recommended settings as the config of a stack."""
    lines = [
        f"  tap:{setting.metadata['key']}: {getattr(group, setting.name)}" for group, setting in _recommended_settings()
    ]
    return "\n".join(["```yaml", "config:", *lines, "```"])


def _recommended_settings() -> Iterable[tuple[SettingsGroup, Field[Any]]]:
    """Yield the recommended settings that differ from their default, with their groups."""
    for group in (*(getattr(RECOMMENDED, name) for name in SETTINGS_GROUPS), *RECOMMENDED_BY_SERVICE.values()):
        yield from ((group, field) for field in fields(group) if getattr(group, field.name) != field.default)


def _format_ms(milliseconds: float) -> str:
    """Format a response time, in bold if it exceeds `TARGET_MS`."""
    return f"{milliseconds:.0f}" if milliseconds < TARGET_MS else f"**{milliseconds:.0f}**"


def _format_rate(rate: float) -> str:
    """Format a request rate, in bold if it is below `RATE`."""
    return f"{rate:,.0f}" if rate >= RATE else f"**{rate:,.0f}**"


def _format_quota(quota: int | None) -> str:
    """Format the time after which `RATE` exceeds a monthly quota, in bold if it is less than a day."""
    if quota is None:
        return "no quota"
    minutes = quota / RATE / 60
    return f"{minutes / 1440:.0f} days" if minutes >= 1440 else f"**{minutes:.0f} minutes**"


def _markdown(rows: Sequence[Row]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], ["---"] * len(rows[0]), *rows[1:]))


TABLES: Mapping[str, Callable[[Sequence[MeasuredOperation]], list[Row]]] = {
    "inputs": _inputs,
    "times": _times,
    "constant_rate": _constant_rate,
    "costs": _costs,
    "concurrent_clients": _concurrent_clients,
    "burst": _burst,
    "server_pool": _server_pool,
    "environments": _environments,
    "recommended": _recommended,
}
