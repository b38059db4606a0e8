"""How much of something a deployment uses in a month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..model.workload import processor_share
from .month import Inputs, Month
from .prices import DAYS, GB, HOURS, MINUTES, SECONDS
from .traffic import Traffic, times

Of = Callable[[Inputs], float]
"""Of one resource."""
Amount = Callable[[Sequence[Inputs], Month], float]
"""Of all resources of a type."""

API_METRICS = 5
"""Of each method of an API with detailed metrics: Count, 4XXError, 5XXError, Latency, IntegrationLatency."""
EXECUTION_LOG_BYTES = {("INFO", False): 1_000, ("INFO", True): 7_000}
"""Of a request, by level and whether bodies are logged: some ten lines as AWS shows them ("How can I use API Gateway
logs to troubleshoot API issues?"), and six of headers and bodies, which API Gateway cuts at 1,024 bytes.  At ERROR
nothing but what fails is logged."""
KEY_CACHE_MINUTES = 5
"""How long DynamoDB works with a table's key, for each role, before it asks KMS again."""
LOG_COMPRESSION = 0.15
"""What is stored of what was ingested, as the AWS Pricing Calculator counts."""
SAMPLED_SHARE = 0.05
"""X-Ray's default rule records one request a second, and this share of the others."""


def one(_: Inputs) -> float:
    """Each counts."""
    return 1


def each(of: Of) -> Amount:
    """The sum over the resources."""
    return lambda found, month: sum(map(of, found))


def hours(of: Of) -> Amount:
    """Likewise, for all hours of a month."""
    return lambda found, month: HOURS * sum(map(of, found))


def traffic(amount: Callable[[Traffic], float], of: Of = one) -> Amount:
    """What comes with the traffic, however many the resources are; nothing if all of them are nothing."""
    return lambda found, month: amount(month.traffic) if any(map(of, found)) else 0


def page_files(given: Traffic) -> float:
    """Requests of a site's files."""
    return given.page_views * given.page_files


def page_gb(given: Traffic) -> float:
    """What they weigh."""
    return given.page_views * given.page_bytes / GB


# Functions


def memory_gb(function: Inputs) -> float:
    """In the binary way, as Lambda counts; AWS's default is 128 MB."""
    return float(function.get("memorySize") or 128) / 1024


def on_arm(function: Inputs) -> bool:
    """Whether it runs on Arm; AWS's default is x86."""
    return function.get("architectures") == ["arm64"]


def runs(_: Sequence[Inputs], month: Month) -> float:
    """Of all functions."""
    return sum(run.number for run in month.runs)


def starts(found: Sequence[Inputs], month: Month) -> float:
    """Of workers."""
    return month.traffic.starts * runs(found, month)


def gb_seconds(*, arm: bool) -> Amount:
    """Of all runs on one kind of processor, with their share of the workers' starts."""

    def amount(_: Sequence[Inputs], month: Month) -> float:
        total = 0.0
        for function, operation, number in month.runs:
            memory = memory_gb(function)
            cold_ms = month.workload.cold_processor_ms / processor_share(memory * 1024)
            measured = operation.duration_ms(memory * 1024) + month.traffic.starts * cold_ms
            ms = measured if month.traffic.duration_ms is None else month.traffic.duration_ms
            total += number * ms / 1000 * memory * (on_arm(function) is arm)
        return total

    return amount


def provisioned(*, arm: bool) -> Amount:
    """GB-seconds of workers that are kept ready on one kind of processor."""

    def amount(found: Sequence[Inputs], month: Month) -> float:
        kept = [(month.functions[config["functionName"]], config) for config in found]
        return SECONDS * sum(
            float(config["provisionedConcurrentExecutions"]) * memory_gb(function)
            for function, config in kept
            if on_arm(function) is arm
        )

    return amount


def own_metrics(found: Sequence[Inputs], month: Month) -> float:
    """Of each function, those that its operations may emit."""
    functions = month.service.functions
    functions = functions if len(found) == len(functions) else month.service.split().functions
    return sum(len(function.metrics()) for function in functions)


def snapshot_gb(function: Inputs) -> float:
    """Of SnapStart's snapshot of the version in use."""
    return memory_gb(function) if function.get("snapStart") else 0


def restored_gb(_: Sequence[Inputs], month: Month) -> float:
    """For each start of a worker."""
    return month.traffic.starts * sum(run.number * snapshot_gb(run.function) for run in month.runs)


def traces(_: Sequence[Inputs], month: Month) -> float:
    """Of the functions that are traced, called at an even rate."""
    traced = [run for run in month.runs if (run.function.get("tracingConfig") or {}).get("mode") == "Active"]
    a_second = sum(run.number for run in traced) / SECONDS
    return SECONDS * (min(a_second, 1) + SAMPLED_SHARE * max(a_second - 1, 0))


# Tables: what is stored, read and written is spread evenly over all that there are


def on_demand(table: Inputs) -> float:
    """1 where requests are paid for, 0 where capacity is."""
    return float(table.get("billingMode") == "PAY_PER_REQUEST")


def recovered(table: Inputs) -> float:
    """1 where it can be restored to a point in time."""
    return float((table.get("pointInTimeRecovery") or {}).get("enabled", False))


def stored_gb(of: Of) -> Amount:
    """What is stored in tables of a kind."""
    return lambda found, month: month.traffic.stored_gb * _share(of, found, month)


def request_units(kind: str, of: Of = on_demand) -> Amount:
    """Of reads or writes in tables of a kind."""
    return lambda found, month: month.units(kind) * _share(of, found, month)


def least_capacity(units: str) -> Of:
    """What scaling leaves at least of a provisioned table and of each of its indexes."""

    def of(table: Inputs) -> float:
        places = () if on_demand(table) else (table, *(table.get("globalSecondaryIndexes") or ()))
        return float(sum(place[units] for place in places))

    return of


def scaled_capacity(kind: str, units: str) -> Amount:
    """Unit-hours beyond the least, for even traffic.

    This is less than what scaling comes to, for what one table or index has left serves no other.
    """

    def amount(found: Sequence[Inputs], month: Month) -> float:
        targets = [policy["targetTrackingScalingPolicyConfiguration"] for policy in month.of("appautoscaling.Policy")]
        use = min((target["targetValue"] / 100 for target in targets), default=1)
        needed = month.units(kind) / SECONDS / use * _share(lambda table: 1 - on_demand(table), found, month)
        return HOURS * max(0.0, needed - sum(map(least_capacity(units), found)))

    return amount


def replicated_gb(found: Sequence[Inputs], month: Month) -> float:
    """What goes to tables in other regions: a kilobyte for each unit written."""
    return request_units("writes", one)(found, month) * 1024 / GB


def of_replicas(amount: Amount) -> Amount:
    """Of the tables that replicas are of, once for each."""
    return lambda found, month: amount([month.tables[replica["globalTableArn"]] for replica in found], month)


def backups_gb(*, cold: bool) -> Amount:
    """What plans keep: each backup of a table is a whole one."""

    def kept(rule: Inputs, lifecycle: Mapping[str, float]) -> float:
        until = lifecycle.get("deleteAfter", 0)
        warm = min(until, lifecycle.get("coldStorageAfter") or until)
        return times(rule["schedule"]) / DAYS * (until - warm if cold else warm)

    def of(plan: Inputs) -> float:
        places = ((rule, place) for rule in plan["rules"] for place in (rule, *(rule.get("copyActions") or ())))
        return sum(kept(rule, place.get("lifecycle") or {}) for rule, place in places)

    return lambda found, month: month.traffic.stored_gb * sum(map(of, found))


def _share(of: Of, found: Sequence[Inputs], month: Month) -> float:
    return sum(map(of, found)) / len(month.tables)


# Logs and metrics


def alarm_metrics(*, fast: bool) -> Of:
    """The metrics that an alarm is on, if its periods are of less than a minute, or are not."""

    def of(alarm: Inputs) -> float:
        queried = [query["metric"] for query in alarm.get("metricQueries") or () if query.get("metric")]
        metrics = queried or [alarm]
        return len(metrics) if (min(metric["period"] for metric in metrics) < 60) is fast else 0

    return of


def api_metrics(found: Sequence[Inputs], month: Month) -> float:
    """Of every route, where they are detailed."""
    routes = [method for method in month.of("apigateway.Method") if method["httpMethod"] != "OPTIONS"]
    return API_METRICS * len(routes) * any(given["settings"].get("metricsEnabled") for given in found)


def _function_log(group: Inputs, month: Month) -> float:
    function = group["name"].removeprefix(FUNCTION_LOGS)
    return month.traffic.log_bytes * sum(run.number for run in month.runs if run.function["name"] == function)


def _access_log(_: Inputs, month: Month) -> float:
    """A line is about as long as its format."""
    told = [stage["accessLogSettings"] for stage in month.of("apigateway.Stage") if stage.get("accessLogSettings")]
    return month.traffic.requests * sum(len(given["format"]) for given in told)


def _execution_log(_: Inputs, month: Month) -> float:
    # Settings of a single method repeat the levels of its stage.
    settings = [inputs["settings"] for inputs in month.of("apigateway.MethodSettings") if inputs["methodPath"] == "*/*"]
    levels = [(of_stage["loggingLevel"], of_stage["dataTraceEnabled"]) for of_stage in settings]
    return month.traffic.requests * sum(EXECUTION_LOG_BYTES.get(level, 0) for level in levels)


def _nothing(_: Inputs, _month: Month) -> float:
    """In an ordinary month."""
    return 0


FUNCTION_LOGS = "/aws/lambda/"
WRITERS: Mapping[str, Callable[[Inputs, Month], float]] = {
    FUNCTION_LOGS: _function_log,
    "/aws/apigateway/": _access_log,
    "API-Gateway-Execution-Logs_": _execution_log,
    "aws-waf-logs-": _nothing,
    "/aws/vpc/": _nothing,
}
"""The bytes that a log group gets in a month, by how its name begins: firewalls and networks log what they refuse."""


def _written(group: Inputs, month: Month) -> float:
    return sum(write(group, month) for start, write in WRITERS.items() if group["name"].startswith(start))


def ingested_gb(found: Sequence[Inputs], month: Month) -> float:
    """Of all log groups."""
    return sum(_written(group, month) for group in found) / GB


def kept_gb(found: Sequence[Inputs], month: Month) -> float:
    """Of all log groups, once they are as old as what they keep."""
    kept = (_written(group, month) * (group.get("retentionInDays") or 0) / DAYS for group in found)
    return LOG_COMPRESSION * sum(kept) / GB


# What guards and connects


def interfaces(endpoint: Inputs) -> float:
    """One in each zone; gateway endpoints have none."""
    return len(endpoint.get("subnetIds") or ()) * (endpoint.get("vpcEndpointType") == "Interface")


def with_secret(client: Inputs) -> float:
    """A user pool's client of programs; those of pages cost nothing."""
    return bool(client.get("generateSecret"))


def key_requests(_: Sequence[Inputs], month: Month) -> float:
    """Of tables with a key of one's own, by functions that have a role each and work all month."""
    keyed = [
        table for table in month.of("dynamodb.Table") if (table.get("serverSideEncryption") or {}).get("kmsKeyArn")
    ]
    return len(month.of("lambda.Function")) * len(keyed) * MINUTES / KEY_CACHE_MINUTES


def inspected(found: Sequence[Inputs], month: Month) -> float:
    """By ACLs before an API, or before a site."""
    return sum(page_files(month.traffic) if acl["scope"] == "CLOUDFRONT" else month.traffic.requests for acl in found)
