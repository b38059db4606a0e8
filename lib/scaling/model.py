"""What a request takes, and what a deployment lets through, by the facts and by queueing."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from ..components.data.table import SCALING_FACTOR
from ..cost.prices import PRICES, SECONDS
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

REFUSED = 0.001
"""The share of requests that may be refused."""


def response_ms(operation: Operation, memory_mb: float, cold_share: float = 0.0) -> Mixture:
    """To the caller's side of API Gateway."""
    warm = GATEWAY_OVERHEAD.value + operation.duration_ms(memory_mb)
    cold = warm + ENVIRONMENT_START.value + operation.cold_processor_ms / processor_share(memory_mb)
    usual, other = (Lognormal(mean=mean, variation=DURATION_VARIATION.value) for mean in (warm, cold))
    return Mixture(usual=usual, other=other, share=cold_share)


def offered(operation: Operation, memory_mb: float, rate: float) -> float:
    """What is in the function at once, by Little's law."""
    return queueing.in_flight(rate, operation.duration_ms(memory_mb) / 1e3)


def concurrency(operation: Operation, memory_mb: float, rate: float) -> int:
    """What to reserve: Lambda refuses whoever finds no environment free, and more than its rate in a second."""
    by_rate = queueing.most_in_a_second(rate, REFUSED) / REQUESTS_PER_CONCURRENCY.value
    return max(queueing.servers_for(offered(operation, memory_mb, rate), REFUSED), ceil(by_rate))


def lambda_usd(operation: Operation, memory_mb: float, rate: float) -> float:
    """A month's duration at a rate that never changes."""
    return PRICES["lambda.x86"].of(offered(operation, memory_mb, rate) * SECONDS * memory_mb / 1024)


class Limits(NamedTuple):
    """What a deployment lets through of one operation, in requests a second, by what lets no more through."""

    memory_mb: int
    reserved: int
    """-1: none."""
    at_first: Mapping[str, float]
    scaled: Mapping[str, float]
    """Once its tables have grown, where they do."""
    quota: int | None
    """Requests of one key in a month."""


def limits(operation: Operation, args: TapStackArgs) -> Limits:
    """What the figures of a deployment come to."""
    settings, service = args.settings(), args.service_definition()
    function = args.function_settings(_function(service, operation))
    memory_mb, reserved = function.memory_mb or 0, function.reserved_concurrency or 0
    servers = int(ACCOUNT_CONCURRENCY.value) if reserved < 0 else reserved
    most = {
        **_throttle(operation, service, settings.api),
        "the account's requests": ACCOUNT_REQUEST_RATE.value,
        f"{REQUESTS_PER_CONCURRENCY.value:g} for each unit of concurrency": REQUESTS_PER_CONCURRENCY.value * servers,
        "concurrency": queueing.most_offered(servers, REFUSED) / offered(operation, memory_mb, 1),
        **(
            {"one key of an index": PARTITION_WRITES.value / operation.partition_write_units}
            if operation.partition_write_units
            else {}
        ),
    }
    keyed = settings.authorization.type == "API_KEY" or any(route.key_required for _, route in service.routes())
    return Limits(
        memory_mb=memory_mb,
        reserved=reserved,
        at_first={**most, **_of_tables(operation, settings.table, is_scaled=False)},
        scaled={**most, **_of_tables(operation, settings.table, is_scaled=True)},
        quota=settings.api.quota_per_month if keyed else None,
    )


def _function(service: Service, operation: Operation) -> Function:
    """Return the function that serves an operation."""
    return next(one for one, route in service.routes() if f"{route.method} {route.path}" == operation.trigger)


def _throttle(operation: Operation, service: Service, api: ApiSettings) -> dict[str, float]:
    """Return the limit of the operation's route, or that of the stage."""
    for _, route in service.routes():
        if route.throttle and f"{route.method} {route.path}" == operation.trigger:
            return {"the route's throttle": route.throttle.within(api).rate_per_second}
    return {"the stage's throttle": api.throttle_rate_per_second or 0}


def _of_tables(operation: Operation, table: TableSettings, *, is_scaled: bool) -> dict[str, float]:
    """Of a table on demand it is known what it takes when it is new."""
    reads, writes = table.read_capacity or 0, table.write_capacity or 0
    if table.billing_mode == "PAY_PER_REQUEST":
        reads, writes = int(ON_DEMAND_READS.value), int(ON_DEMAND_WRITES.value)
    elif is_scaled:
        reads = table.max_read_capacity or reads * SCALING_FACTOR
        writes = table.max_write_capacity or writes * SCALING_FACTOR
    capacity = {
        "a table's writes": (operation.table_write_units, writes),
        "a table's reads": (operation.table_read_units, reads),
    }
    return {what: most / units for what, (units, most) in capacity.items() if units}


class Need(NamedTuple):
    """Settings that a mix of requests needs at a rate."""

    concurrency: int
    reads: float
    """Read units a second of the table that is read most."""
    writes: float
    """Write units a second of the table that is written most."""
    key_writes: float
    """Write units a second of the partition key that all items share in an index."""


def need(mix: Mapping[Operation, float], memory_mb: float, rate: float) -> Need:
    """Return what a mix of operations of one function, by their shares, needs at a rate of requests a second."""
    in_function = sum(share * offered(one, memory_mb, rate) for one, share in mix.items())
    by_rate = queueing.most_in_a_second(rate, REFUSED) / REQUESTS_PER_CONCURRENCY.value
    return Need(
        concurrency=max(queueing.servers_for(in_function, REFUSED), ceil(by_rate)),
        reads=rate * sum(share * one.table_read_units for one, share in mix.items()),
        writes=rate * sum(share * one.table_write_units for one, share in mix.items()),
        key_writes=rate * sum(share * one.partition_write_units for one, share in mix.items()),
    )
