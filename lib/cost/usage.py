"""Monthly usage of resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..model.workload import processor_share
from .month import EndpointType, Inputs, Month
from .prices import DAYS_PER_MONTH, GB, HOURS_PER_MONTH, MINUTES_PER_MONTH, SECONDS_PER_MONTH
from .traffic import Traffic, runs_per_month

Measure = Callable[[Inputs], float]
"""Function that returns a quantity of one resource."""
Amount = Callable[[Sequence[Inputs], Month], float]
"""Function that returns the monthly usage of all resources of a type."""

HTTP_API_METRICS = 6
"""Detailed metrics of each route of an HTTP API: those of a method, and DataProcessed."""
API_METRICS = 5
"""Detailed metrics of each API method: Count, 4XXError, 5XXError, Latency, and IntegrationLatency."""
EVENT_BYTES = 1_000
"""Assumed size of an event."""
EXECUTION_LOG_BYTES = {("INFO", False): 1_000, ("INFO", True): 7_000}
"""Bytes per request by log level and whether bodies are logged: about ten lines, as shown in "How can I use API Gateway
logs to troubleshoot API issues?", and six lines of headers and bodies, which API Gateway truncates at 1,024 bytes. At
level ERROR, only failed requests are logged."""
KEY_CACHE_MINUTES = 5
"""Minutes for which DynamoDB caches a table's key for each role before it calls KMS again."""
LOG_COMPRESSION = 0.15
"""Stored fraction of ingested log bytes, as in the AWS Pricing Calculator."""
REQUESTS_PER_MESSAGE = 3
"""Send, receive and delete, each for one message of at most 64 KB. Batches need fewer requests."""
POLLERS = 5
"""Concurrent requests with which Lambda polls a queue, as described in "Polling and batching behavior"."""
LONG_POLL_SECONDS = 20
"""Time after which a request to an empty queue returns."""
SAMPLED_FRACTION = 0.05
"""Fraction of requests that X-Ray's default rule records, in addition to one request per second."""


def count(_: Inputs) -> float:
    """Return 1, to count resources."""
    return 1


def total(measure: Measure) -> Amount:
    """Return the sum of a quantity over all resources."""
    return lambda resources, month: sum(map(measure, resources))


def hourly(measure: Measure) -> Amount:
    """Return the sum of a quantity over all resources and all hours of the month."""
    return lambda resources, month: HOURS_PER_MONTH * sum(map(measure, resources))


def from_traffic(quantity: Callable[[Traffic], float], measure: Measure = count) -> Amount:
    """Return a quantity of the traffic if `measure` is not 0 for at least one resource, and otherwise 0."""
    return lambda resources, month: quantity(month.traffic) if any(map(measure, resources)) else 0


def requests_to(endpoint: EndpointType, quantity: Callable[[Traffic], float] = lambda traffic: 1) -> Amount:
    """Return a quantity of every request to a type of endpoint, by default their number."""
    return lambda resources, month: (
        month.traffic.requests * month.request_shares.get(endpoint, 0) * quantity(month.traffic) if resources else 0
    )


def page_files(traffic: Traffic) -> float:
    """Return the number of requests for files of the site."""
    return traffic.page_views * traffic.page_files


def page_gb(traffic: Traffic) -> float:
    """Return the data transfer of the site."""
    return traffic.page_views * traffic.page_bytes / GB


def site_gb(buckets: Sequence[Inputs], month: Month) -> float:
    """Return the storage of the site, if there is a bucket in addition to those of the service."""
    return month.traffic.page_bytes / GB if len(buckets) > len(month.service.created_buckets()) else 0


def of_buckets(quantity: Callable[[Traffic], float]) -> Amount:
    """Return a quantity of the traffic if the stack creates buckets of the service, and otherwise 0."""
    return lambda _, month: quantity(month.traffic) if month.service.created_buckets() else 0


def event_gb(traffic: Traffic) -> float:
    """Return the size of all events."""
    return traffic.events * EVENT_BYTES / GB


def archived_gb(archives: Sequence[Inputs], month: Month) -> float:
    """Return the storage of archives whose first retention period has passed. Events are distributed evenly."""
    days = sum(float(archive["retentionDays"]) for archive in archives) / len(archives)
    return event_gb(month.traffic) * days / DAYS_PER_MONTH


# Functions


def memory_gb(function: Inputs) -> float:
    """Return the memory in GiB, the billing unit of Lambda. Lambda's default is 128 MB."""
    return float(function.get("memorySize") or 128) / 1024


def uses_arm(function: Inputs) -> bool:
    """Return whether a function runs on Arm. Lambda's default is x86."""
    return function.get("architectures") == ["arm64"]


def invocations(_: Sequence[Inputs], month: Month) -> float:
    """Return the number of invocations of all functions."""
    return sum(entry.quantity for entry in month.invocations)


def cold_starts(resources: Sequence[Inputs], month: Month) -> float:
    """Return the number of cold starts of all functions."""
    return month.traffic.cold_starts * invocations(resources, month)


def gb_seconds(*, arm: bool) -> Amount:
    """Return the billed duration of all functions on one architecture, including cold starts."""

    def amount(_: Sequence[Inputs], month: Month) -> float:
        durations = [(function, seconds) for function, seconds in _durations(month) if uses_arm(function) is arm]
        return sum(seconds * memory_gb(function) for function, seconds in durations)

    return amount


def storage_gb_seconds(_: Sequence[Inputs], month: Month) -> float:
    """Return the ephemeral storage of all functions above the 512 MB that Lambda includes, in GB-seconds."""
    return sum(
        seconds * max(0.0, float((function.get("ephemeralStorage") or {}).get("size", 512)) - 512) / 1024
        for function, seconds in _durations(month)
    )


def _durations(month: Month) -> Iterator[tuple[Inputs, float]]:
    """Yield the billed duration in seconds, including cold starts, of each operation with its function."""
    for function, operation, number in month.invocations:
        memory_mb = memory_gb(function) * 1024
        cold_ms = month.workload.cold_processor_ms / processor_share(memory_mb)
        measured_ms = operation.duration_ms(memory_mb) + month.traffic.cold_starts * cold_ms
        duration_ms = measured_ms if month.traffic.duration_ms is None else month.traffic.duration_ms
        yield function, number * duration_ms / 1000


def provisioned_gb_seconds(*, arm: bool) -> Amount:
    """Return the provisioned concurrency of all functions on one architecture in GB-seconds."""

    def amount(resources: Sequence[Inputs], month: Month) -> float:
        configs = [(month.functions[config["functionName"]], config) for config in resources]
        return SECONDS_PER_MONTH * sum(
            float(config["provisionedConcurrentExecutions"]) * memory_gb(function)
            for function, config in configs
            if uses_arm(function) is arm
        )

    return amount


def custom_metrics(resources: Sequence[Inputs], month: Month) -> float:
    """Return the number of metrics that the operations of each function can emit."""
    functions = month.service.functions
    functions = functions if len(resources) == len(functions) else month.service.split().functions
    return sum(len(function.metrics()) + function.reports_failed_records() for function in functions)


def snapshot_gb(function: Inputs) -> float:
    """Return the size of the SnapStart snapshot of a function."""
    return memory_gb(function) if function.get("snapStart") else 0


def cached_gb_seconds(resources: Sequence[Inputs], _: Month) -> float:
    """Return the SnapStart cache of the current version of each function."""
    return SECONDS_PER_MONTH * sum(map(snapshot_gb, resources))


def restored_gb(_: Sequence[Inputs], month: Month) -> float:
    """Return the size of all SnapStart snapshots that cold starts restore."""
    return month.traffic.cold_starts * sum(entry.quantity * snapshot_gb(entry.function) for entry in month.invocations)


def traces(_: Sequence[Inputs], month: Month) -> float:
    """Return the number of traces that X-Ray records for invocations at a constant rate."""
    traced = [
        entry for entry in month.invocations if (entry.function.get("tracingConfig") or {}).get("mode") == "Active"
    ]
    per_second = sum(entry.quantity for entry in traced) / SECONDS_PER_MONTH
    return SECONDS_PER_MONTH * (min(per_second, 1) + SAMPLED_FRACTION * max(per_second - 1, 0))


# Queues


def queue_requests(*, fifo: bool) -> Amount:
    """Return the requests that send, receive and delete the messages of consumed queues."""
    return lambda _, month: REQUESTS_PER_MESSAGE * month.traffic.queue_messages * _consumed_queues(month, fifo)


def polling_requests(*, fifo: bool) -> Amount:
    """Return the requests with which Lambda polls consumed queues that are empty."""
    return lambda _, month: SECONDS_PER_MONTH / LONG_POLL_SECONDS * POLLERS * _consumed_queues(month, fifo)


def _consumed_queues(month: Month, fifo: bool) -> int:
    return sum(bool(queue.get("fifoQueue")) is fifo for queue in month.consumed_queues())


# Tables. Storage, reads and writes are distributed evenly over all tables


def uses_on_demand(table: Inputs) -> float:
    """Return 1 for on-demand capacity, and 0 for provisioned capacity."""
    return float(table.get("billingMode") == "PAY_PER_REQUEST")


def has_point_in_time_recovery(table: Inputs) -> float:
    """Return 1 if point-in-time recovery is enabled, and 0 otherwise."""
    return float((table.get("pointInTimeRecovery") or {}).get("enabled", False))


def stored_gb(selects: Measure) -> Amount:
    """Return the storage of the tables for which `selects` is 1."""
    return lambda tables, month: month.traffic.stored_gb * _fraction(selects, tables, month)


def request_units(kind: str, selects: Measure = uses_on_demand) -> Amount:
    """Return the `reads` or `writes` of the tables for which `selects` is 1, in request units."""
    return lambda tables, month: month.request_units(kind) * _fraction(selects, tables, month)


def minimum_capacity(units: str) -> Measure:
    """Return the minimum provisioned capacity of a table and its indexes."""

    def capacity(table: Inputs) -> float:
        resources = () if uses_on_demand(table) else (table, *(table.get("globalSecondaryIndexes") or ()))
        return float(sum(inputs[units] for inputs in resources))

    return capacity


def scaled_capacity(kind: str, units: str) -> Amount:
    """Return the unit-hours above the minimum capacity for traffic at a constant rate.

    This is a lower bound: spare capacity of one table or index cannot serve another.
    """

    def amount(tables: Sequence[Inputs], month: Month) -> float:
        policies = month.inputs_of("appautoscaling.Policy")
        targets = [policy["targetTrackingScalingPolicyConfiguration"]["targetValue"] / 100 for policy in policies]
        utilization = min(targets, default=1)
        fraction = _fraction(lambda table: 1 - uses_on_demand(table), tables, month)
        required = month.request_units(kind) / SECONDS_PER_MONTH / utilization * fraction
        return HOURS_PER_MONTH * max(0.0, required - sum(map(minimum_capacity(units), tables)))

    return amount


def replicated_gb(tables: Sequence[Inputs], month: Month) -> float:
    """Return the data transfer to other regions: 1 KB per write unit."""
    return request_units("writes", count)(tables, month) * 1024 / GB


def for_replicas(amount: Amount) -> Amount:
    """Return an amount of the replicated tables, once per replica."""
    return lambda replicas, month: amount([month.tables[replica["globalTableArn"]] for replica in replicas], month)


def backups_gb(*, cold: bool) -> Amount:
    """Return the size of retained backups. Each backup of a table is a full backup."""

    def retained(rule: Inputs, lifecycle: Mapping[str, float]) -> float:
        days = lifecycle.get("deleteAfter", 0)
        warm_days = min(days, lifecycle.get("coldStorageAfter") or days)
        return runs_per_month(rule["schedule"]) / DAYS_PER_MONTH * (days - warm_days if cold else warm_days)

    def backups(plan: Inputs) -> float:
        vaults = ((rule, vault) for rule in plan["rules"] for vault in (rule, *(rule.get("copyActions") or ())))
        return sum(retained(rule, vault.get("lifecycle") or {}) for rule, vault in vaults)

    return lambda plans, month: month.traffic.stored_gb * sum(map(backups, plans))


def _fraction(selects: Measure, tables: Sequence[Inputs], month: Month) -> float:
    return sum(map(selects, tables)) / len(month.tables)


# Logs and metrics


def alarm_metrics(*, high_resolution: bool) -> Measure:
    """Return the number of metrics of a high-resolution or standard alarm, and 0 for an alarm of the other kind."""

    def number(alarm: Inputs) -> float:
        queries = [query["metric"] for query in alarm.get("metricQueries") or () if query.get("metric")]
        metrics = queries or [alarm]
        return len(metrics) if (min(metric["period"] for metric in metrics) < 60) is high_resolution else 0

    return number


def http_api_metrics(stages: Sequence[Inputs], month: Month) -> float:
    """Return the number of detailed metrics of all routes of HTTP APIs with them."""
    enabled = [s["apiId"] for s in stages if (s.get("defaultRouteSettings") or {}).get("detailedMetricsEnabled")]
    return HTTP_API_METRICS * sum(route["apiId"] in enabled for route in month.inputs_of("apigatewayv2.Route"))


def api_metrics(resources: Sequence[Inputs], month: Month) -> float:
    """Return the number of detailed metrics of all routes; 0 if they are disabled."""
    routes = [method for method in month.inputs_of("apigateway.Method") if method["httpMethod"] != "OPTIONS"]
    return API_METRICS * len(routes) * any(inputs["settings"].get("metricsEnabled") for inputs in resources)


def _function_log(group: Inputs, month: Month) -> float:
    function = group["name"].removeprefix(FUNCTION_LOGS)
    return month.traffic.log_bytes * sum(
        entry.quantity for entry in month.invocations if entry.function["name"] == function
    )


def _access_log(endpoint: EndpointType, kind: str) -> Callable[[Inputs, Month], float]:
    """Return a function that returns the size of an access log.

    Assume that a log line is as long as its format, and that all APIs of a type with a log receive the same number of
    requests.
    """

    def size(_: Inputs, month: Month) -> float:
        settings = [stage["accessLogSettings"] for stage in month.inputs_of(kind) if stage.get("accessLogSettings")]
        lengths = [len(access_log["format"]) for access_log in settings]
        requests = month.traffic.requests * month.request_shares.get(endpoint, 0)
        return requests * sum(lengths) / len(lengths) ** 2 if lengths else 0

    return size


def _execution_log(_: Inputs, month: Month) -> float:
    # Settings of a single method repeat the levels of its stage.
    methods = month.inputs_of("apigateway.MethodSettings")
    settings = [inputs["settings"] for inputs in methods if inputs["methodPath"] == "*/*"]
    levels = [(stage["loggingLevel"], stage["dataTraceEnabled"]) for stage in settings]
    requests = month.traffic.requests * month.request_shares.get("REST", 0)
    return requests * sum(EXECUTION_LOG_BYTES.get(level, 0) for level in levels)


def _no_log(_: Inputs, _month: Month) -> float:
    """Return 0: only rejected requests and connections are logged."""
    return 0


FUNCTION_LOGS = "/aws/lambda/"
LOG_SOURCES: Mapping[str, Callable[[Inputs, Month], float]] = {
    FUNCTION_LOGS: _function_log,
    "/aws/apigateway/": _access_log("REST", "apigateway.Stage"),
    "/aws/vendedlogs/apigateway/": _access_log("HTTP", "apigatewayv2.Stage"),
    "API-Gateway-Execution-Logs_": _execution_log,
    "aws-waf-logs-": _no_log,
    "/aws/vpc/": _no_log,
}
"""Functions that return the bytes ingested by a log group in a month, by prefix of its name."""


def _ingested_bytes(group: Inputs, month: Month) -> float:
    return sum(source(group, month) for prefix, source in LOG_SOURCES.items() if group["name"].startswith(prefix))


def log_ingestion_gb(groups: Sequence[Inputs], month: Month) -> float:
    """Return the data ingested by all log groups."""
    return sum(_ingested_bytes(group, month) for group in groups) / GB


def log_storage_gb(groups: Sequence[Inputs], month: Month) -> float:
    """Return the storage of all log groups whose first retention period has passed."""
    stored = (_ingested_bytes(group, month) * (group.get("retentionInDays") or 0) / DAYS_PER_MONTH for group in groups)
    return LOG_COMPRESSION * sum(stored) / GB


# Network and security


def interface_count(endpoint: Inputs) -> float:
    """Return the number of network interfaces of a VPC endpoint: one per subnet, none for a gateway endpoint."""
    return len(endpoint.get("subnetIds") or ()) * (endpoint.get("vpcEndpointType") == "Interface")


def has_secret(client: Inputs) -> float:
    """Return whether a client of a user pool is a machine-to-machine client. Tokens of web pages are free of charge."""
    return bool(client.get("generateSecret"))


def key_requests(_: Sequence[Inputs], month: Month) -> float:
    """Return the KMS requests for tables with a customer managed key, if all functions use all tables continuously."""
    encrypted = [
        table
        for table in month.inputs_of("dynamodb.Table")
        if (table.get("serverSideEncryption") or {}).get("kmsKeyArn")
    ]
    return len(month.inputs_of("lambda.Function")) * len(encrypted) * MINUTES_PER_MONTH / KEY_CACHE_MINUTES


def waf_requests(acls: Sequence[Inputs], month: Month) -> float:
    """Return the requests that web ACLs of APIs and sites inspect."""
    return sum(page_files(month.traffic) if acl["scope"] == "CLOUDFRONT" else month.traffic.requests for acl in acls)
