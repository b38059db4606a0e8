"""Response times of operations, and request rates that deployments support."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from ..components.data.table import SCALING_FACTOR
from ..cost.prices import PRICES, SECONDS_PER_MONTH
from ..model import Function, Operation, Service
from ..model.aws_limits import (
    ACCOUNT_CONCURRENCY,
    ACCOUNT_REQUEST_RATE,
    DURATION_VARIATION,
    ENVIRONMENT_START,
    GATEWAY_OVERHEAD,
    ON_DEMAND_READS,
    ON_DEMAND_WRITES,
    PARTITION_WRITES,
    REQUESTS_PER_CONCURRENCY,
)
from ..model.workload import processor_share
from ..settings import ApiSettings, TableSettings
from ..stack.args import TapStackArgs
from . import queueing
from .queueing import Lognormal, Mixture

MAX_THROTTLED = 0.001
"""Maximum fraction of throttled requests."""


def response_ms(operation: Operation, memory_mb: float, cold_starts: float = 0.0) -> Mixture:
    """Return the distribution of response times of API Gateway in ms. `cold_starts` is the fraction of cold starts."""
    warm = GATEWAY_OVERHEAD.value + operation.duration_ms(memory_mb)
    cold = warm + ENVIRONMENT_START.value + operation.cold_processor_ms / processor_share(memory_mb)
    usual, rare = (Lognormal(mean=mean, variation=DURATION_VARIATION.value) for mean in (warm, cold))
    return Mixture(usual=usual, rare=rare, rare_fraction=cold_starts)


def offered_load(operation: Operation, memory_mb: float, rate: float) -> float:
    """Return the mean number of concurrent executions at a request rate (Little's law)."""
    return queueing.in_flight(rate, operation.duration_ms(memory_mb) / 1e3)


def required_concurrency(operation: Operation, memory_mb: float, rate: float) -> int:
    """Return the reserved concurrency that a request rate requires.

    Lambda throttles requests without an available execution environment, and limits requests per unit of concurrency.
    """
    by_rate = queueing.peak_rate(rate, MAX_THROTTLED) / REQUESTS_PER_CONCURRENCY.value
    return max(queueing.required_servers(offered_load(operation, memory_mb, rate), MAX_THROTTLED), ceil(by_rate))


def lambda_monthly_usd(operation: Operation, memory_mb: float, rate: float) -> float:
    """Return the cost of Lambda duration for a month at a constant request rate."""
    return PRICES["lambda.x86"].cost_of(offered_load(operation, memory_mb, rate) * SECONDS_PER_MONTH * memory_mb / 1024)


class Limits(NamedTuple):
    """Limits of a deployment for one operation."""

    memory_mb: int
    reserved_concurrency: int
    """Reserved concurrency of the function. -1 if concurrency is not reserved."""
    initial: Mapping[str, float]
    """Maximum requests per second by limit, before tables scale."""
    scaled: Mapping[str, float]
    """Maximum requests per second by limit, after tables have scaled."""
    quota: int | None
    """Maximum requests per month and API key. None if there is no quota."""


def deployment_limits(operation: Operation, args: TapStackArgs) -> Limits:
    """Return the limits of a deployment for an operation."""
    settings, service = args.settings(), args.service_definition()
    function = args.function_settings(_function(service, operation))
    memory_mb, reserved = function.memory_mb or 0, function.reserved_concurrency or 0
    servers = int(ACCOUNT_CONCURRENCY.value) if reserved < 0 else reserved
    limits = {
        **_throttle(operation, service, settings.api),
        "account request rate": ACCOUNT_REQUEST_RATE.value,
        f"{REQUESTS_PER_CONCURRENCY.value:g} per unit of concurrency": REQUESTS_PER_CONCURRENCY.value * servers,
        "concurrency": queueing.max_offered_load(servers, MAX_THROTTLED) / offered_load(operation, memory_mb, 1),
        **(
            {"one partition key of an index": PARTITION_WRITES.value / operation.partition_write_units}
            if operation.partition_write_units
            else {}
        ),
    }
    has_quota = settings.authorization.type == "API_KEY" or any(route.key_required for _, route in service.routes())
    return Limits(
        memory_mb=memory_mb,
        reserved_concurrency=reserved,
        initial={**limits, **_table_limits(operation, settings.table, is_scaled=False)},
        scaled={**limits, **_table_limits(operation, settings.table, is_scaled=True)},
        quota=settings.api.quota_per_month if has_quota else None,
    )


def _function(service: Service, operation: Operation) -> Function:
    """Return the function that serves an operation."""
    return next(function for function, route in service.routes() if f"{route.method} {route.path}" == operation.trigger)


def _throttle(operation: Operation, service: Service, api: ApiSettings) -> dict[str, float]:
    """Return the throttle rate of the route, or of the stage if the route has none."""
    for _, route in service.routes():
        if route.throttle and f"{route.method} {route.path}" == operation.trigger:
            return {"route throttle": route.throttle.within(api).rate_per_second}
    return {"stage throttle": api.throttle_rate_per_second or 0}


def _table_limits(operation: Operation, table: TableSettings, *, is_scaled: bool) -> dict[str, float]:
    """Return the limits of table capacity. For an on-demand table, use the capacity of a new table."""
    reads, writes = table.read_capacity or 0, table.write_capacity or 0
    if table.billing_mode == "PAY_PER_REQUEST":
        reads, writes = int(ON_DEMAND_READS.value), int(ON_DEMAND_WRITES.value)
    elif is_scaled:
        reads = table.max_read_capacity or reads * SCALING_FACTOR
        writes = table.max_write_capacity or writes * SCALING_FACTOR
    capacity = {
        "table writes": (operation.table_write_units, writes),
        "table reads": (operation.table_read_units, reads),
    }
    return {name: available / units for name, (units, available) in capacity.items() if units}


class Requirements(NamedTuple):
    """Capacity that a mix of operations requires at a request rate."""

    concurrency: int
    reads: float
    """Read units per second of the table with the most reads."""
    writes: float
    """Write units per second of the table with the most writes."""
    key_writes: float
    """Write units per second of the partition key that all items share in an index."""


def requirements(mix: Mapping[Operation, float], memory_mb: float, rate: float) -> Requirements:
    """Return the requirements of one function at a request rate. `mix` is the fraction of requests per operation."""
    load = sum(fraction * offered_load(operation, memory_mb, rate) for operation, fraction in mix.items())
    by_rate = queueing.peak_rate(rate, MAX_THROTTLED) / REQUESTS_PER_CONCURRENCY.value
    return Requirements(
        concurrency=max(queueing.required_servers(load, MAX_THROTTLED), ceil(by_rate)),
        reads=rate * sum(fraction * operation.table_read_units for operation, fraction in mix.items()),
        writes=rate * sum(fraction * operation.table_write_units for operation, fraction in mix.items()),
        key_writes=rate * sum(fraction * operation.partition_write_units for operation, fraction in mix.items()),
    )
