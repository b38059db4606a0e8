"""The figures that go into the model: each measured here, published, or assumed, and where it is from."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Fact(NamedTuple):
    """A figure that goes in."""

    what: str
    value: float
    unit: str
    kind: Literal["published", "assumed"]
    source: str
    """The page that says so; of an assumption what speaks for it."""
    measure: str = ""
    """What would tell it on AWS."""


VCPU = Fact("memory that has a whole processor", 1_769, "MB", "published", "Lambda, Configure Lambda function memory")
PER_CONCURRENCY = Fact(
    "requests for each unit of concurrency",
    10,
    "a second",
    "published",
    "Lambda, Understanding Lambda function scaling, of an account; of what a function reserves it is assumed",
    "Throttles at a rate just above it",
)
ACCOUNT = Fact(
    "an account's concurrency", 1_000, "executions", "published", "Lambda quotas", "`aws lambda get-account-settings`"
)
UNRESERVED = Fact(
    "of that, what cannot be reserved", 100, "executions", "published", "Lambda, Configuring reserved concurrency"
)
GROWTH = Fact("a function's new environments", 1_000, "in 10 s", "published", "Lambda, Lambda scaling behavior")
GATEWAY_RATE = Fact(
    "an account's requests",
    10_000,
    "a second",
    "published",
    "API Gateway, Amazon API Gateway quotas; 2,500 in newer regions",
    "`aws apigateway get-account`",
)
NEW_READS = Fact("a new table on demand", 12_000, "reads a second", "published", "DynamoDB, on-demand capacity mode")
NEW_WRITES = Fact("likewise", 4_000, "writes a second", "published", "DynamoDB, on-demand capacity mode")
ONE_KEY = Fact("one partition key", 1_000, "writes a second", "published", "DynamoDB, designing partition keys")
COLD_SHARE = Fact(
    "cold starts",
    1,
    "% of requests",
    "published",
    "Lambda, execution environment lifecycle, says under 1 %",
    "REPORT lines with an Init Duration",
)
SANDBOX = Fact(
    "a cold start without the import",
    200,
    "ms",
    "assumed",
    "published is under 100 ms to over 1 s for all of it",
    "Init Duration, and Latency of those requests",
)
SINGLE = Fact(
    "a round trip to DynamoDB",
    5,
    "ms",
    "assumed",
    "published is single-digit milliseconds",
    "SuccessfulRequestLatency of GetItem, Query, PutItem",
)
TRANSACTION = Fact(
    "one of a transaction", 12, "ms", "assumed", "what docs/stock/scaling.md has", "likewise, of TransactWriteItems"
)
GATEWAY = Fact("API Gateway around the function", 10, "ms", "assumed", "nothing", "Latency less IntegrationLatency")
PLATFORM = Fact(
    "processor time of Lambda's own loop, of TLS and of tracing",
    0.5,
    "ms",
    "assumed",
    "nothing",
    "Duration of a function that does nothing, by memory",
)
VARIATION = Fact(
    "standard deviation of times over their mean", 0.5, "", "assumed", "nothing", "p50 and p99 of Duration"
)

FACTS = (
    VCPU, PER_CONCURRENCY, ACCOUNT, UNRESERVED, GROWTH, GATEWAY_RATE, NEW_READS, NEW_WRITES, ONE_KEY, COLD_SHARE,
    SANDBOX, SINGLE, TRANSACTION, GATEWAY, PLATFORM, VARIATION,
)  # fmt: skip


class Operation(NamedTuple):
    """A kind of request, and what the benchmarks measured of it."""

    service: str
    what: str
    function: str
    """That serves it."""
    cpu_ms: float
    """Processor time of the function's process, warm."""
    cold_cpu_ms: float
    """From import to first answer."""
    trips: tuple[Fact, ...]
    """One after another."""
    reads: int = 0
    """Units, of the table that is read most."""
    writes: int = 0
    """Units, of the table that is written most."""
    key_writes: int = 0
    """Units, of the partition key that all items share in an index."""
    route: str = ""
    """Method and path, if the route has a throttle of its own."""

    @property
    def name(self) -> str:
        """With its service."""
        return f"{self.service}: {self.what}"


OPERATIONS = (
    Operation("items", "create", "lambda", 0.33, 40, (SINGLE,), writes=1),
    Operation("items", "read", "lambda", 0.18, 40, (SINGLE,), reads=1),
    Operation("inventory", "create", "api-lambda", 0.29, 44, (TRANSACTION,), writes=4, key_writes=1),
    Operation("inventory", "read, audited", "api-lambda", 0.38, 56, (SINGLE,), reads=1, writes=1),
    Operation("inventory", "change", "api-lambda", 0.60, 53, (SINGLE, TRANSACTION), reads=1, writes=4, key_writes=1),
    Operation("inventory", "list of 20", "api-lambda", 0.76, 55, (SINGLE,), reads=1, writes=1),
    Operation("stock", "read", "get-level", 0.23, 41, (SINGLE,), reads=1, route="GET /inventory/{productId}"),
    Operation("stock", "reserve", "reserve", 0.59, 44, (SINGLE, TRANSACTION), reads=1, writes=2),
)
