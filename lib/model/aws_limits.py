"""Values and quotas that AWS publishes, and assumptions where it publishes none, each with its source."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Quantity(NamedTuple):
    """A published or assumed value."""

    name: str
    value: float
    unit: str
    kind: Literal["published", "assumed"]
    source: str
    """Developer guide and page of a published value; the reason for an assumed one."""
    measure: str = ""
    """Metric or command that shows the value of an account or a deployment."""


VCPU_MEMORY = Quantity(
    "memory of a function with one vCPU", 1_769, "MB", "published", "Lambda, Configure Lambda function memory"
)
REQUESTS_PER_CONCURRENCY = Quantity(
    "requests for each unit of concurrency",
    10,
    "a second",
    "published",
    "Lambda, Understanding Lambda function scaling, for an account; assumed for reserved concurrency",
    "Throttles at a rate just above it",
)
ACCOUNT_CONCURRENCY = Quantity(
    "concurrency of an account",
    1_000,
    "executions",
    "published",
    "Lambda quotas",
    "`aws lambda get-account-settings`",
)
UNRESERVED_CONCURRENCY = Quantity(
    "concurrency that cannot be reserved", 100, "executions", "published", "Lambda, Configuring reserved concurrency"
)
SCALING_RATE = Quantity(
    "new execution environments of a function", 1_000, "in 10 s", "published", "Lambda, Lambda scaling behavior"
)
ACCOUNT_REQUEST_RATE = Quantity(
    "requests to the APIs of an account",
    10_000,
    "a second",
    "published",
    "API Gateway, Amazon API Gateway quotas; 2,500 in newer regions",
    "`aws apigateway get-account`",
)
ON_DEMAND_READS = Quantity(
    "read request units of a new on-demand table",
    12_000,
    "a second",
    "published",
    "DynamoDB, on-demand capacity mode",
)
ON_DEMAND_WRITES = Quantity(
    "write request units of a new on-demand table",
    4_000,
    "a second",
    "published",
    "DynamoDB, on-demand capacity mode",
)
PARTITION_WRITES = Quantity(
    "write request units of one partition key",
    1_000,
    "a second",
    "published",
    "DynamoDB, designing partition keys",
)
COLD_START_PERCENT = Quantity(
    "cold starts",
    1,
    "% of requests",
    "published",
    "Lambda, execution environment lifecycle: under 1 %",
    "REPORT lines with an Init Duration",
)
ENVIRONMENT_START = Quantity(
    "cold start without the import of the handler",
    200,
    "ms",
    "assumed",
    "published: under 100 ms to over 1 s for the whole cold start",
    "Init Duration, and Latency of these requests",
)
ROUND_TRIP = Quantity(
    "round trip to DynamoDB",
    10,
    "ms",
    "assumed",
    "upper end of the published single-digit milliseconds",
    "SuccessfulRequestLatency of GetItem, Query, PutItem",
)
TRANSACTION_ROUND_TRIP = Quantity(
    "round trip of a transaction",
    12,
    "ms",
    "assumed",
    "docs/services/stock/scaling.md",
    "SuccessfulRequestLatency of TransactWriteItems",
)
GATEWAY_OVERHEAD = Quantity(
    "API Gateway without its integration", 10, "ms", "assumed", "no published value", "Latency minus IntegrationLatency"
)
RUNTIME_OVERHEAD = Quantity(
    "processor time of the Lambda runtime, TLS and tracing",
    0.5,
    "ms",
    "assumed",
    "no published value",
    "Duration of an empty function, by memory",
)
DURATION_VARIATION = Quantity(
    "standard deviation of durations divided by their mean",
    0.5,
    "",
    "assumed",
    "no published value",
    "p50 and p99 of Duration",
)

QUANTITIES = (
    VCPU_MEMORY, REQUESTS_PER_CONCURRENCY, ACCOUNT_CONCURRENCY, UNRESERVED_CONCURRENCY, SCALING_RATE,
    ACCOUNT_REQUEST_RATE, ON_DEMAND_READS, ON_DEMAND_WRITES, PARTITION_WRITES, COLD_START_PERCENT,
    ENVIRONMENT_START, ROUND_TRIP, TRANSACTION_ROUND_TRIP, GATEWAY_OVERHEAD, RUNTIME_OVERHEAD, DURATION_VARIATION,
)  # fmt: skip
