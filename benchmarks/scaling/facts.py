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
    """The page, or what else speaks for it; of an assumption what to measure on AWS, too."""


VCPU = Fact("memory that has a whole processor", 1_769, "MB", "published", "Lambda, Configure Lambda function memory")
PER_CONCURRENCY = Fact(
    "requests for each unit of concurrency",
    10,
    "a second",
    "published",
    "Lambda, Understanding Lambda function scaling; that it counts for what a function reserves, too: assumed",
)
ACCOUNT = Fact("an account's concurrency", 1_000, "", "published", "Lambda quotas; a new account begins with less")
UNRESERVED = Fact("of it, what cannot be reserved", 100, "", "published", "Lambda, Configuring reserved concurrency")
GROWTH = Fact("new environments of a function", 1_000, "in 10 s", "published", "Lambda, Lambda scaling behavior")
GATEWAY_RATE = Fact("an account's requests", 10_000, "a second", "published", "API Gateway, Amazon API Gateway quotas")
NEW_TABLE = Fact("a new table on demand", 4_000, "writes a second", "published", "DynamoDB, on-demand capacity mode")
ONE_KEY = Fact("one partition key", 1_000, "writes a second", "published", "DynamoDB, designing partition keys")
COLD_SHARE = Fact("cold starts", 1, "% of requests", "published", "Lambda, execution environment lifecycle: under 1 %")
SANDBOX = Fact(
    "a cold start, without the import",
    200,
    "ms",
    "assumed",
    "published: under 100 ms to over 1 s in all; Init Duration",
)
SINGLE = Fact(
    "a round trip to DynamoDB", 5, "ms", "assumed", "published: single-digit milliseconds; SuccessfulRequestLatency"
)
TRANSACTION = Fact("one of a transaction", 12, "ms", "assumed", "as in docs/stock/scaling.md; SuccessfulRequestLatency")
GATEWAY = Fact("API Gateway around the function", 10, "ms", "assumed", "Latency less IntegrationLatency")
PLATFORM = Fact(
    "processor time of Lambda's own loop and of TLS", 0.5, "ms", "assumed", "Duration of a function that does nothing"
)
VARIATION = Fact("standard deviation of times over their mean", 0.5, "", "assumed", "p50 and p99 of Duration")

FACTS = (
    VCPU, PER_CONCURRENCY, ACCOUNT, UNRESERVED, GROWTH, GATEWAY_RATE, NEW_TABLE, ONE_KEY, COLD_SHARE,
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
    Operation("stock", "read", "get-level", 0.23, 41, (SINGLE,), reads=1),
    Operation("stock", "reserve", "reserve", 0.59, 44, (SINGLE, TRANSACTION), reads=1, writes=2),
)
CHANGE = OPERATIONS[4]
"""The slowest."""
