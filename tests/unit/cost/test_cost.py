"""Calculated bills of small deployments, where each unit costs one dollar."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lib.cost import report
from lib.cost.bill import Bill, Item, bill
from lib.cost.billing import BILLED, FREE, UNPRICED
from lib.cost.month import Month
from lib.cost.prices import PRICES, Price
from lib.cost.traffic import Traffic, runs_per_month
from lib.model import Bucket, EventBus, FunctionUrl, Operation, Workload
from lib.model.aws_limits import ROUND_TRIP
from lib.model.workload import EMPTY_RUN
from lib.program.recorder import Deployment, RegisteredResource, record
from lib.services import SERVICES, load
from lib.tap_stack import TapStack, TapStackArgs

from ...support import builders

ONE_DOLLAR = {name: Price(1, 1, price.unit, "") for name, price in PRICES.items()}
SECONDS = 730 * 3600
READ = Operation(name="read", trigger="GET /parcels", read_units=1, processor_ms=1.5, cold_processor_ms=100)
WRITE = Operation(name="write", trigger="POST /parcels", read_units=2, write_units=10, round_trips=(ROUND_TRIP,) * 3)
SWEEP = Operation(name="sweep", read_units=7)
IDLE = Workload()
BUSY = Workload(reads=(READ,), writes=(WRITE,), schedules={"hourly": SWEEP})
LOOKED, FOUND = (builders.a_metric(name=name) for name in ("Looked", "Found"))
POST = builders.a_service(
    functions=(
        builders.a_function(
            builders.a_route(operation="look", metrics=(LOOKED, FOUND)),
            builders.a_route(method="POST", operation="put", metrics=(FOUND,)),
        ),
    )
)
NO_TRAFFIC: dict[str, Any] = {"requests": 0, "stored_gb": 0, "notifications": 0, "page_views": 0, "cold_starts": 0}


def a_resource(kind: str, logical: str = "it", /, **inputs: Any) -> RegisteredResource:
    return RegisteredResource(
        kind=kind,
        name=logical,
        inputs=inputs,
        urn="",
        custom=True,
        parent="",
        depends_on=[],
        provider="",
        retain_on_delete=False,
        ignore_changes=[],
        sources={},
    )


def a_table(logical: str = "it", /, **inputs: Any) -> RegisteredResource:
    return a_resource("dynamodb.Table", logical, **{"billingMode": "PAY_PER_REQUEST", **inputs})


def a_function(logical: str = "desk", /, **inputs: Any) -> RegisteredResource:
    return a_resource("lambda.Function", logical, **{"name": f"post-{logical}", **inputs})


def an_api(uri: str = "invokeArn:desk") -> list[RegisteredResource]:
    """Register two routes of one function, and a preflight route."""
    registered = [
        a_resource("apigateway.RestApi", "api"),
        a_resource("apigateway.Resource", "path", parentId="rootResourceId:api", pathPart="parcels"),
    ]
    for method, call in (("GET", {"uri": uri}), ("POST", {"uri": uri}), ("OPTIONS", {})):
        route = {"httpMethod": method, "resourceId": "path-id"}
        registered += [
            a_resource("apigateway.Method", method, **route),
            a_resource("apigateway.Integration", method, **route, **call),
        ]
    return registered


def bill_of(*resources: RegisteredResource, workload: Workload = IDLE, **traffic: Any) -> Bill:
    """Return the bill of a deployment. Unset fields of the traffic are 0."""
    deployment = Deployment(list(resources), {}, {}, [], [])
    return bill(Month(deployment, Traffic(**{**NO_TRAFFIC, **traffic}), workload, POST), ONE_DOLLAR)


def bill_with_api(*resources: RegisteredResource, **traffic: Any) -> Bill:
    """Return the bill of a deployment with an API and a function. Unset fields of the traffic are 0."""
    has_function = any(resource.kind == "lambda.Function" for resource in resources)
    functions = [] if has_function else [a_function()]
    return bill_of(*an_api(), *functions, *resources, workload=BUSY, **traffic)


def amounts(costs: Bill, kind: str) -> dict[str, Any]:
    """Return the usage of a resource type by label, without lines that have no usage."""
    return {item.label: pytest.approx(item.amount) for item in costs.items if item.kind == kind and item.amount}


# Prices


def test_price_covers_a_number_of_units() -> None:
    assert Price(3.5, 1_000_000, "requests", "").cost_of(2_000_000) == 7


@pytest.mark.parametrize(("amount", "usd"), [(0, 0), (10, 30), (11, 32), (25, 30 + 20 + 5), (20, 50)])
def test_each_tier_has_a_price(amount: float, usd: float) -> None:
    assert Price(3, 1, "GB", "", ((10, 2), (20, 1))).cost_of(amount) == usd


def test_every_price_has_a_pricing_page_and_is_used() -> None:
    assert all(price.page.startswith("https://aws.amazon.com/") and price.usd > 0 for price in PRICES.values())
    assert {line.price for lines in BILLED.values() for line in lines} == PRICES.keys()


def test_tiers_have_rising_thresholds_and_falling_prices() -> None:
    for price in PRICES.values():
        thresholds, prices = [0, *(start for start, _ in price.above)], [price.usd, *(usd for _, usd in price.above)]
        assert thresholds == sorted(set(thresholds))
        assert prices == sorted(set(prices), reverse=True)


# Traffic


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("rate(1 minute)", 43_800),
        ("rate(15 minutes)", 2_920),
        ("rate(1 day)", 730 / 24),
        ("cron(0 3 * * ? *)", 730 / 24),
        ("cron(0,30 */6 * * ? *)", 8 * 730 / 24),
        ("cron(0 5 ? * SUN *)", 730 / 24 / 7),
        ("cron(0 5 1 * ? *)", 730 / 24 / 31),
        ("cron(0 5 ? * MON-FRI *)", 730 / 24),
    ],
)
def test_schedule_has_a_number_of_runs_per_month(expression: str, number: float) -> None:
    assert runs_per_month(expression) == pytest.approx(number)


@pytest.mark.parametrize("expression", ["at(2027-01-01T00:00:00)", "rate(1)", "cron(0 3 *)"])
def test_unsupported_schedule_is_rejected(expression: str) -> None:
    with pytest.raises(ValueError, match=r"schedule must be rate\(...\) or cron\(...\), got '"):
        runs_per_month(expression)


@pytest.mark.parametrize(("field", "value"), [("writes", 1.1), ("requests", -1), ("stored_gb", float("nan"))])
def test_invalid_traffic_is_rejected(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"traffic.{field} must be a number from 0 to .*, got "):
        Traffic(**{field: value})


# Functions


def test_invocations_are_requests_schedules_and_alerts() -> None:
    rules = [
        a_resource("cloudwatch.EventRule", "hourly", name="hourly", scheduleExpression="rate(1 hour)"),
        a_resource("cloudwatch.EventRule", "changes", name="changes", eventPattern="{}"),
    ]
    event = json.dumps({"schedule": "hourly"})
    targets = [
        a_resource("cloudwatch.EventTarget", "a", rule="hourly", arn="arn:desk", input=event),
        a_resource("cloudwatch.EventTarget", "b", rule="hourly", arn="arn:elsewhere", input=event),
        a_resource("cloudwatch.EventTarget", "c", rule="changes", arn="arn:desk"),
    ]
    stream = a_resource("lambda.EventSourceMapping", functionName="post-desk")
    costs = bill_with_api(*rules, *targets, stream, a_table(), requests=1000, notifications=5)
    assert amounts(costs, "lambda.Function")["invocations"] == 1000 + 730 + 5
    # A write uses 2 read units, a read 1, and the scheduled job 7.
    assert amounts(costs, "dynamodb.Table") == {"reads": 700 + 600 + 730 * 7, "writes": 3000}


@pytest.mark.parametrize(("cache_seconds", "invocations"), [(0, 2000), (300, 1000)])
def test_authorizer_without_a_cache_is_invoked_for_each_request(cache_seconds: int, invocations: int) -> None:
    authorizer = a_resource(
        "apigateway.Authorizer", "token", authorizerUri="invokeArn:gate", authorizerResultTtlInSeconds=cache_seconds
    )
    methods = [
        resource._replace(inputs={**resource.inputs, "authorizerId": "token-id"})
        if resource.kind == "apigateway.Method" and resource.name != "OPTIONS"
        else resource
        for resource in an_api()
    ]
    functions = (a_function(), a_function("gate"))
    costs = bill_of(*methods, authorizer, *functions, workload=BUSY, requests=1000)
    assert amounts(costs, "lambda.Function")["invocations"] == invocations


def test_messages_of_queues_and_topics_are_invocations() -> None:
    resources = [
        a_resource("sqs.Queue", "orders"),
        a_resource("sqs.Queue", "steps", fifoQueue=True),
        a_resource("sqs.Queue", "unused"),
        a_resource("lambda.EventSourceMapping", "a", functionName="post-desk", eventSourceArn="arn:orders"),
        a_resource("lambda.EventSourceMapping", "b", functionName="post-desk", eventSourceArn="arn:steps"),
        a_resource("sns.TopicSubscription", "desk", protocol="lambda", endpoint="arn:desk"),
        a_resource("sns.TopicSubscription", "staff", protocol="email", endpoint="staff@example.com"),
    ]
    costs = bill_with_api(*resources, a_table(), requests=1000, notifications=5, queue_messages=70)
    assert amounts(costs, "lambda.Function")["invocations"] == 1000 + 2 * 70 + 5
    polling = 5 * 730 * 3600 / 20
    assert amounts(costs, "sqs.Queue") == {
        "messages": 210,
        "messages of FIFO queues": 210,
        "polling": polling,
        "polling of FIFO queues": polling,
    }
    assert sum(item.usd for item in costs.items if item.kind == "sqs.Queue") == 2 * (210 + polling)


def test_requests_are_distributed_evenly_over_operations() -> None:
    workload = Workload(reads=(READ,), writes=(WRITE, READ))
    costs = bill_of(*an_api(), a_function(), a_table(), workload=workload, requests=1000, writes=0.8)
    assert amounts(costs, "lambda.Function")["invocations"] == 1000
    assert amounts(costs, "dynamodb.Table") == {"reads": 200 + 400 * 2 + 400, "writes": 4000}


@pytest.mark.parametrize("workload", [Workload(reads=(READ,)), Workload(writes=(WRITE,))], ids=["reads", "writes"])
def test_all_requests_are_of_the_only_kind(workload: Workload) -> None:
    costs = bill_of(*an_api(), a_function(), workload=workload, requests=1000, writes=0.2)
    assert amounts(costs, "lambda.Function")["invocations"] == 1000


def test_trigger_that_is_no_route_is_rejected() -> None:
    workload = Workload(reads=(Operation(name="look", trigger="GET /parcel"),))
    message = "operation 'look' trigger must be a route of the deployment, got 'GET /parcel'. Use one of GET /parcels, "
    with pytest.raises(ValueError, match=re.escape(message)):
        bill_of(*an_api(), a_function(), workload=workload, requests=1000)
    with pytest.raises(ValueError, match=r"got 'GET /parcel'\.$"):
        bill_of(a_function(), workload=workload, requests=1000)


def test_consumers_use_the_capacity_of_their_operations() -> None:
    names = ("sweep", "deep-sweep", "bell", "shelf", "news")
    consumers = {name: Operation(name=name, write_units=10**index) for index, name in enumerate(names)}
    resources = [
        a_resource("sqs.Queue", "orders"),
        a_resource(
            "lambda.EventSourceMapping", "x-sweep-mapping", functionName="post-desk", eventSourceArn="arn:orders"
        ),
        a_resource("lambda.EventSourceMapping", "x-deep-sweep-mapping", functionName="post-desk"),
        a_resource("sns.TopicSubscription", "x-bell-subscription", protocol="lambda", endpoint="arn:desk"),
        a_resource("s3.BucketNotification", lambdaFunctions=[{"lambdaFunctionArn": "arn:desk", "id": "shelf"}]),
        a_resource("cloudwatch.EventRule", name="news"),
        a_resource("cloudwatch.EventTarget", "x-news-target", rule="news", arn="arn:desk", inputTransformer={"a": "b"}),
    ]
    traffic = {"queue_messages": 2, "notifications": 3, "uploads": 4, "events": 5}
    costs = bill_of(a_function(), a_table(), *resources, workload=Workload(consumers=consumers), **traffic)
    assert amounts(costs, "dynamodb.Table") == {"writes": 54_332}


def test_schedule_without_measurements_reads_an_empty_result() -> None:
    rule = a_resource("cloudwatch.EventRule", name="daily", scheduleExpression="rate(1 day)")
    target = a_resource("cloudwatch.EventTarget", rule="daily", arn="arn:desk", input='{"schedule": "daily"}')
    costs = bill_with_api(rule, target, a_table())
    assert amounts(costs, "dynamodb.Table") == {"reads": 730 / 24 * EMPTY_RUN.read_units}


@pytest.mark.parametrize(
    ("settings", "traffic", "gb_seconds"),
    [
        # A round trip takes 10 ms. The processor time with the runtime overhead is 2 ms on a full vCPU (1769 MB).
        ({"memorySize": 177}, {}, 1000 * (0.010 + 0.002 * 1769 / 177) * 177 / 1024),
        ({"memorySize": 4096}, {}, 1000 * 0.012 * 4),
        ({"memorySize": 2048}, {"cold_starts": 0.5}, 1000 * (0.012 + 0.5 * 0.1) * 2),
        ({}, {"cold_starts": 0.5, "duration_ms": 40}, 1000 * 0.04 / 8),
    ],
    ids=["part of a vCPU", "several vCPUs", "cold starts", "specified duration"],
)
def test_duration_of_a_function(settings: dict[str, Any], traffic: dict[str, Any], gb_seconds: float) -> None:
    costs = bill_with_api(a_function(**settings), requests=1000, writes=0, **traffic)
    assert amounts(costs, "lambda.Function")["duration on x86"] == gb_seconds


def test_duration_on_arm_is_billed_separately() -> None:
    costs = bill_with_api(a_function(architectures=["arm64"]), requests=1000, duration_ms=40)
    assert amounts(costs, "lambda.Function") == {"invocations": 1000, "duration on Arm": 5, "custom metrics": 2}


@pytest.mark.parametrize(("size", "gb_seconds"), [(512, None), (1536, 40)])
def test_ephemeral_storage_above_the_included_size_is_billed(size: int, gb_seconds: float | None) -> None:
    costs = bill_with_api(a_function(ephemeralStorage={"size": size}), requests=1000, duration_ms=40)
    assert amounts(costs, "lambda.Function").get("ephemeral storage") == gb_seconds
    assert costs.unpriced == ["existing tables"]


def test_metric_is_billed_for_each_function_that_emits_it() -> None:
    costs = bill_of(a_function("look"), a_function("put"))
    assert amounts(costs, "lambda.Function") == {"custom metrics": 3}


def test_alias_is_billed_as_its_function() -> None:
    alias = a_resource("lambda.Alias", "live", functionName="post-desk")
    config = {"functionName": "arn:live", "provisionedConcurrentExecutions": 3}
    costs = bill_of(
        *an_api("invokeArn:live"),
        a_function(memorySize=512),
        a_function("arm", architectures=["arm64"]),
        alias,
        a_resource("lambda.ProvisionedConcurrencyConfig", "a", **config),
        a_resource("lambda.ProvisionedConcurrencyConfig", "b", **{**config, "functionName": "post-arm"}),
        workload=BUSY,
        requests=10,
    )
    assert amounts(costs, "lambda.Function")["invocations"] == 10
    assert amounts(costs, "lambda.ProvisionedConcurrencyConfig") == {
        "provisioned concurrency on x86": 3 * SECONDS / 2,
        "provisioned concurrency on Arm": 3 * SECONDS / 8,
    }


def test_snapstart_caches_and_restores_are_billed() -> None:
    snapstart = a_function(memorySize=512, snapStart={"applyOn": "PublishedVersions"})
    costs = amounts(bill_with_api(snapstart, requests=1000, cold_starts=0.1), "lambda.Function")
    assert (costs["SnapStart cache"], costs["SnapStart restores"]) == (SECONDS / 2, 100 / 2)


@pytest.mark.parametrize(
    ("mode", "requests", "traces"),
    [("Active", SECONDS / 2, SECONDS / 2), ("Active", SECONDS * 21, SECONDS * 2), ("PassThrough", 9, None)],
)
def test_one_request_per_second_and_five_percent_of_the_others_are_traced(
    mode: str, requests: float, traces: float | None
) -> None:
    costs = bill_with_api(a_function(tracingConfig={"mode": mode}), requests=requests)
    assert amounts(costs, "lambda.Function").get("traces") == traces


# Tables


RECOVERED = {"pointInTimeRecovery": {"enabled": True}}


def a_replica(of: str, region: str = "eu-west-1") -> RegisteredResource:
    return a_resource("dynamodb.TableReplica", f"{of}-{region}", globalTableArn=f"arn:{of}")


def test_on_demand_requests_are_billed() -> None:
    costs = bill_with_api(a_table("a", **RECOVERED), a_table("b"), requests=1_000_000, stored_gb=4)
    assert amounts(costs, "dynamodb.Table") == {
        "reads": 700_000 + 600_000,
        "writes": 3_000_000,
        "storage": 4,
        "point-in-time recovery": 2,
    }


def test_replicas_have_write_and_storage_costs() -> None:
    tables = [a_table("a", **RECOVERED), a_table("b")]
    replicas = [a_replica("a"), a_replica("a", "eu-west-2"), a_replica("b")]
    costs = bill_with_api(*tables, *replicas, requests=1_000_000, stored_gb=4)
    assert amounts(costs, "dynamodb.TableReplica") == {
        "writes": 3_000_000 * 3 / 2,
        "storage": 4 * 3 / 2,
        "point-in-time recovery": 4,
        "writes to other regions": 3_000_000 * 3 / 2 * 1024 / 1e9,
    }


def test_replicas_have_the_capacity_of_their_tables() -> None:
    costs = amounts(
        bill_with_api(a_provisioned_table("a"), a_replica("a"), requests=10 * SECONDS), "dynamodb.TableReplica"
    )
    assert (costs["minimum read capacity"], costs["minimum write capacity"]) == (4 * 730, 2 * 730)
    assert costs["additional write capacity"] == (30 - 2) * 730


def a_provisioned_table(logical: str = "it") -> RegisteredResource:
    index = {"name": "by-state", "readCapacity": 2, "writeCapacity": 1}
    return a_table(logical, billingMode="PROVISIONED", readCapacity=2, writeCapacity=1, globalSecondaryIndexes=[index])


def test_minimum_of_provisioned_capacity_is_billed() -> None:
    costs = bill_with_api(a_provisioned_table(), requests=1000)
    assert amounts(costs, "dynamodb.Table") == {"minimum read capacity": 4 * 730, "minimum write capacity": 2 * 730}
    assert {item.label for item in costs.items if item.fixed and item.kind == "dynamodb.Table"} == {
        "minimum read capacity",
        "minimum write capacity",
    }


def test_additional_capacity_follows_the_target_utilization() -> None:
    policy = a_resource("appautoscaling.Policy", targetTrackingScalingPolicyConfiguration={"targetValue": 50})
    # 10 requests per second: 7 reads with 1 read unit, and 3 writes with 2 read units and 10 write units.
    costs = bill_with_api(a_provisioned_table(), policy, requests=10 * SECONDS)
    assert amounts(costs, "dynamodb.Table")["additional read capacity"] == (13 * 2 - 4) * 730
    assert amounts(costs, "dynamodb.Table")["additional write capacity"] == (30 * 2 - 2) * 730
    assert amounts(costs, "appautoscaling.Policy") == {"alarms": 4}


def test_on_demand_and_provisioned_tables_share_the_traffic() -> None:
    costs = amounts(bill_with_api(a_table("a"), a_provisioned_table("b"), requests=10 * SECONDS), "dynamodb.Table")
    assert costs["writes"] == 30 * SECONDS / 2
    assert costs["additional write capacity"] == (30 / 2 - 2) * 730


def test_full_backups_are_retained_as_planned() -> None:
    daily = {"schedule": "cron(0 5 * * ? *)", "lifecycle": {"deleteAfter": 35}}
    weekly = {
        "schedule": "cron(0 5 ? * SUN *)",
        "lifecycle": {"deleteAfter": 364, "coldStorageAfter": 28},
        "copyActions": [{"lifecycle": {"deleteAfter": 70}}],
    }
    costs = bill_of(a_resource("backup.Plan", rules=[daily, weekly]), stored_gb=2)
    assert amounts(costs, "backup.Plan") == {
        "backups": 2 * (35 + 28 / 7 + 70 / 7),
        "backups in cold storage": 2 * (364 - 28) / 7,
    }


def test_backups_without_expiry_have_an_unknown_price() -> None:
    costs = bill_of(a_resource("backup.Plan", "plan", rules=[{"schedule": "rate(1 day)"}]), stored_gb=2)
    assert costs.unpriced == ["backup.Plan plan: backups without expiry"]
    assert costs.usd() == 0


# Logs and metrics


INFO = {"loggingLevel": "INFO", "dataTraceEnabled": False}


def test_log_volume_depends_on_the_name_of_the_log_group() -> None:
    retention = {"retentionInDays": 30}
    costs = bill_with_api(
        a_resource("cloudwatch.LogGroup", "a", name="/aws/lambda/post-desk", **retention),
        a_resource("cloudwatch.LogGroup", "b", name="/aws/apigateway/post", **retention),
        a_resource("cloudwatch.LogGroup", "c", name="API-Gateway-Execution-Logs_x/dev", **retention),
        a_resource("cloudwatch.LogGroup", "d", name="/aws/lambda/another", **retention),
        a_resource("cloudwatch.LogGroup", "e", name="aws-waf-logs-post", **retention),
        a_table(),
        a_resource("apigateway.Stage", "a", accessLogSettings={"format": "x" * 500}),
        a_resource("apigateway.Stage", "b"),
        a_resource("apigateway.MethodSettings", methodPath="*/*", settings=INFO),
        requests=1_000_000,
        log_bytes=300,
    )
    logged = 0.3 + 0.5 + 1.0
    assert amounts(costs, "cloudwatch.LogGroup") == {
        "log ingestion": logged,
        "log storage": logged * 0.15 * 30 * 24 / 730,
    }
    assert not costs.unpriced


@pytest.mark.parametrize(
    ("settings", "gb"),
    [
        ({"*/*": {**INFO, "dataTraceEnabled": True}}, 7),
        ({"*/*": INFO}, 1),
        ({"*/*": {"loggingLevel": "ERROR", "dataTraceEnabled": True}}, 0),
        ({"*/*": INFO, "~1parcels/GET": INFO}, 1),
    ],
    ids=["with bodies", "without", "errors", "setting of a method"],
)
def test_size_of_the_execution_log_depends_on_its_level(settings: dict[str, Any], gb: float) -> None:
    costs = bill_with_api(
        a_resource("cloudwatch.LogGroup", name="API-Gateway-Execution-Logs_x/dev", retentionInDays=1),
        *(
            a_resource("apigateway.MethodSettings", path, methodPath=path, settings=logged)
            for path, logged in settings.items()
        ),
        requests=1_000_000,
    )
    assert amounts(costs, "cloudwatch.LogGroup").get("log ingestion", 0) == gb


def test_log_group_with_an_unknown_source_or_without_expiry_has_an_unknown_price() -> None:
    costs = bill_of(
        a_resource("cloudwatch.LogGroup", "a", name="/elsewhere", retentionInDays=7),
        a_resource("cloudwatch.LogGroup", "b", name="/aws/lambda/desk"),
    )
    assert costs.unpriced == [
        "cloudwatch.LogGroup a: log ingestion from an unknown source",
        "cloudwatch.LogGroup b: logs without expiry",
    ]


def test_alarm_is_billed_by_its_metrics() -> None:
    metric = {"period": 60}
    costs = bill_of(
        a_resource("cloudwatch.MetricAlarm", "a", **metric),
        a_resource("cloudwatch.MetricAlarm", "b", period=10),
        a_resource("cloudwatch.MetricAlarm", "c", metricQueries=[{"metric": metric}] * 2 + [{"expression": "a / b"}]),
        a_resource("cloudwatch.CompositeAlarm"),
    )
    assert amounts(costs, "cloudwatch.MetricAlarm") == {"alarms": 3, "high-resolution alarms": 1}
    assert amounts(costs, "cloudwatch.CompositeAlarm") == {"alarms": 1}
    assert costs.usd(fixed=True) == costs.usd() == 5


def test_each_route_has_five_detailed_metrics() -> None:
    def detailed(enabled: bool) -> dict[str, Any]:
        settings = a_resource("apigateway.MethodSettings", settings={"metricsEnabled": enabled})
        method = a_resource("apigateway.Method", "another", httpMethod="GET", resourceId="rootResourceId:api")
        integration = a_resource("apigateway.Integration", "another", httpMethod="GET", resourceId="rootResourceId:api")
        return amounts(bill_of(*an_api(), method, integration, settings), "apigateway.MethodSettings")

    assert (detailed(True), detailed(False)) == ({"detailed metrics": 15}, {})


# Other resources


def test_requests_and_response_data_are_billed() -> None:
    costs = bill_with_api(requests=1_000_000, response_bytes=2_000)
    assert amounts(costs, "apigateway.RestApi") == {"requests": 1_000_000, "response data": 2}


def an_http_api() -> list[RegisteredResource]:
    """Register an HTTP API with a route that reads."""
    return [
        a_resource("apigatewayv2.Api", "admin"),
        a_resource("apigatewayv2.Integration", "desk", integrationUri="invokeArn:desk"),
        a_resource("apigatewayv2.Route", routeKey="GET /parcels", target="integrations/desk-id", apiId="admin-id"),
        a_resource("apigatewayv2.Route", "other", routeKey="PUT /x", target="integrations/desk-id", apiId="admin-id"),
    ]


def test_requests_are_billed_by_the_type_of_their_endpoint() -> None:
    url = builders.a_function(builders.a_route(method="POST", operation="put"), url=FunctionUrl(auth="NONE"))
    stage = a_resource(
        "apigatewayv2.Stage",
        apiId="admin-id",
        defaultRouteSettings={"detailedMetricsEnabled": True},
        accessLogSettings={"format": "x" * 500},
    )
    log = a_resource("cloudwatch.LogGroup", name="/aws/vendedlogs/apigateway/post", retentionInDays=30)
    resources = [
        *an_http_api(),
        stage,
        log,
        a_function(),
        a_resource("lambda.FunctionUrl", "post-desk-url", functionName="post-desk"),
    ]
    month = Month(
        Deployment(resources, {}, {}, [], []),
        Traffic(**{**NO_TRAFFIC, "requests": 1_000_000, "writes": 0.25, "response_bytes": 2_000, "log_bytes": 0}),
        BUSY,
        builders.a_service(functions=(url,)),
    )
    costs = bill(month, ONE_DOLLAR)
    assert amounts(costs, "apigatewayv2.Api") == {"requests": 750_000, "response data": 1.5}
    assert amounts(costs, "lambda.FunctionUrl") == {"response data": 0.5}
    assert amounts(costs, "apigatewayv2.Stage") == {"detailed metrics": 12}
    assert amounts(costs, "cloudwatch.LogGroup")["log ingestion"] == pytest.approx(0.375)


def test_logs_of_several_apis_are_billed_once_per_request() -> None:
    log = {"accessLogSettings": {"format": "x" * 500}}
    costs = bill_with_api(
        a_resource("cloudwatch.LogGroup", "a", name="/aws/apigateway/first", retentionInDays=30),
        a_resource("cloudwatch.LogGroup", "b", name="/aws/apigateway/second", retentionInDays=30),
        a_resource("apigateway.Stage", "a", **log),
        a_resource("apigateway.Stage", "b", **log),
        requests=1_000_000,
        log_bytes=0,
    )
    assert amounts(costs, "cloudwatch.LogGroup")["log ingestion"] == pytest.approx(0.5)


def test_site_is_billed_by_cloudfront_or_s3() -> None:
    views: dict[str, Any] = {"page_views": 1000, "page_files": 5, "page_bytes": 2_000_000}
    edge = bill_of(a_resource("cloudfront.Distribution"), a_resource("s3.Bucket"), **views)
    bucket = bill_of(a_resource("s3.BucketWebsiteConfiguration"), **views)
    downloads = {"requests": 5000, "data transfer": 2}
    assert amounts(edge, "cloudfront.Distribution") == amounts(bucket, "s3.BucketWebsiteConfiguration") == downloads
    assert amounts(edge, "s3.Bucket") == {"storage": 0.002}


def test_network_resources_are_billed_by_hour() -> None:
    costs = bill_of(
        a_resource("ec2.NatGateway", "a"),
        a_resource("ec2.NatGateway", "b"),
        a_resource("ec2.Eip"),
        a_resource("ec2.VpcEndpoint", "a", vpcEndpointType="Interface", subnetIds=["1", "2"]),
        a_resource("ec2.VpcEndpoint", "b", vpcEndpointType="Gateway"),
        private_gb=3,
    )
    assert amounts(costs, "ec2.NatGateway") == {"NAT gateways": 1460, "data processed": 3}
    assert amounts(costs, "ec2.Eip") == {"public IP addresses": 730}
    assert amounts(costs, "ec2.VpcEndpoint") == {
        "interface endpoints by Availability Zone": 1460,
        "data processed": 3,
    }


def test_users_and_machine_to_machine_tokens_are_billed() -> None:
    pool = a_resource("cognito.UserPool", userPoolTier="LITE")
    web, m2m = (a_resource("cognito.UserPoolClient", str(secret), generateSecret=secret) for secret in (False, True))
    costs = bill_of(pool, web, m2m, monthly_active_users=2000, m2m_tokens=1000)
    assert amounts(costs, "cognito.UserPool") == {"monthly active users": 2000}
    assert amounts(costs, "cognito.UserPoolClient") == {"machine-to-machine tokens": 1000}
    assert not bill_of(web, m2m_tokens=1000).usd()


def test_keys_and_their_requests_are_billed() -> None:
    encrypted = a_table("a", serverSideEncryption={"enabled": True, "kmsKeyArn": "arn:key"})
    costs = bill_of(
        a_resource("kms.Key"),
        encrypted,
        a_table("b", serverSideEncryption={"enabled": True}),
        a_function(),
        a_function("b"),
    )
    assert amounts(costs, "kms.Key") == {"keys": 1, "requests for tables": 2 * 12 * 730}


def test_web_acls_inspect_requests_of_apis_and_sites() -> None:
    rules = [{"name": "a"}, {"name": "b"}]
    costs = bill_of(
        a_resource("wafv2.WebAcl", "api", scope="REGIONAL", rules=rules),
        a_resource("wafv2.WebAcl", "other-api", scope="REGIONAL"),
        a_resource("wafv2.WebAcl", "site", scope="CLOUDFRONT"),
        requests=100,
        page_views=10,
        page_files=3,
    )
    assert amounts(costs, "wafv2.WebAcl") == {"web ACLs": 3, "rules": 2, "requests inspected": 230}


def test_messages_and_emails_are_billed() -> None:
    def notify(protocol: str) -> Bill:
        subscription = a_resource("sns.TopicSubscription", protocol=protocol)
        return bill_of(a_resource("sns.Topic"), subscription, a_resource("sqs.Queue"), notifications=7, failures=2)

    assert (notify("email").usd(), notify("sqs").usd()) == (7 + 7 + 2, 7 + 2)


@pytest.mark.parametrize(
    ("kind", "inputs", "usd"),
    [
        ("cloudwatch.Dashboard", {}, 1),
        ("route53.Zone", {}, 1),
        ("secretsmanager.Secret", {}, 1),
        ("ssm.Parameter", {"tier": "Advanced"}, 1),
        ("ssm.Parameter", {}, 0),
        ("ec2.VpcEndpoint", {"vpcEndpointType": "Gateway"}, 0),
        ("scheduler.Schedule", {"scheduleExpression": "rate(1 hour)"}, 730),
        ("synthetics.Canary", {"schedule": {"expression": "rate(5 minutes)"}}, 8760),
    ],
)
def test_fixed_costs_of_resources_are_billed(kind: str, inputs: dict[str, Any], usd: float) -> None:
    costs = bill_of(a_resource(kind, **inputs), private_gb=3)
    assert costs.usd(fixed=True) == costs.usd() == usd


def test_secrets_are_read_at_each_cold_start() -> None:
    costs = bill_with_api(a_resource("secretsmanager.Secret"), requests=1000, cold_starts=0.1)
    assert amounts(costs, "secretsmanager.Secret")["API calls at cold starts"] == 100


# Resources with an unknown price


def test_unknown_resource_type_is_reported() -> None:
    costs = bill_of(
        a_resource("sagemaker.Endpoint", "a"), a_resource("sagemaker.Endpoint", "b"), a_resource("iam.Role")
    )
    assert costs.unpriced == ["sagemaker.Endpoint (2)"]
    assert costs.free == ["iam.Role"]
    assert not costs.items


def test_existing_tables_have_an_unknown_price() -> None:
    assert bill_with_api(requests=1).unpriced == ["existing tables"]
    assert not bill_with_api(a_table(), requests=1).unpriced


@pytest.mark.parametrize(
    ("kind", "unpriced", "default", "label"),
    [
        ("apigateway.Stage", {"cacheClusterEnabled": True}, {"cacheClusterEnabled": False}, "cache cluster"),
        ("cognito.UserPool", {"userPoolTier": "PLUS"}, {"userPoolTier": "LITE"}, "feature plan other than Lite"),
        (
            "dynamodb.Table",
            {"tableClass": "STANDARD_INFREQUENT_ACCESS"},
            {"tableClass": "STANDARD"},
            "table class other than Standard",
        ),
        ("dynamodb.Table", {"replicas": [{"regionName": "eu-west-1"}]}, {"replicas": []}, "replicas"),
        (
            "sns.TopicSubscription",
            {"filterPolicyScope": "MessageBody"},
            {"filterPolicyScope": "MessageAttributes"},
            "filter policy for message bodies",
        ),
    ],
)
def test_setting_with_an_unknown_price_is_reported(
    kind: str, unpriced: dict[str, Any], default: dict[str, Any], label: str
) -> None:
    inputs = {"name": "it", "billingMode": "PAY_PER_REQUEST", "protocol": "sqs"}
    assert bill_of(a_resource(kind, "it", **inputs, **unpriced)).unpriced == [f"{kind} it: {label}"]
    assert not bill_of(a_resource(kind, "it", **inputs, **default)).unpriced


def test_components_and_providers_are_not_billed() -> None:
    component = a_resource("aws.Table")._replace(custom=False)
    assert bill_of(component, a_resource("providers.aws")) == Bill([], [], [])


def test_no_type_is_both_billed_and_free() -> None:
    assert not BILLED.keys() & FREE
    assert UNPRICED.keys() <= BILLED.keys() | FREE


# Workloads


@pytest.mark.parametrize("name", SERVICES)
def test_operations_of_a_workload_are_routes_and_schedules_of_the_service(name: str) -> None:
    service, workload = SERVICES[name], load(name).workload
    assert workload
    assert workload.reads
    assert workload.writes
    assert {operation.trigger for operation in workload.requests} <= {
        f"{route.method} {route.path}" for _, route in service.routes()
    }
    schedules = {schedule.name for function in service.functions for schedule in function.schedules}
    assert workload.schedules.keys() <= schedules


# Reports


def an_item(kind: str = "sns.Topic", *, amount: float = 2, usd: float = 3, fixed: bool = False) -> Item:
    return Item(kind, "messages", amount, "messages", usd, fixed)


def test_totals_contain_fixed_costs_by_service_and_environment() -> None:
    costs = Bill([an_item(), an_item(usd=1000, fixed=True)], [], [])
    assert report.totals({"items": {"dev": costs, "prod": costs}}) == [
        ["USD per month", "dev", "prod"],
        ["items", "1,003.00", "1,003.00"],
        ["  fixed costs", "1,000.00", "1,000.00"],
    ]


def test_lines_without_usage_are_omitted() -> None:
    costs = Bill([an_item(fixed=True), an_item(amount=0, usd=0)], [], [])
    assert report.items(costs) == [
        ["resource", "usage", "per month", "unit", "", "USD"],
        ["sns.Topic", "messages", "2", "messages", "fixed", "3.00"],
        ["total", "", "", "", "", "3.00"],
    ]


def test_remarks_list_resources_without_costs() -> None:
    costs = Bill([an_item(), an_item(amount=0), an_item("sqs.Queue", amount=0, usd=0)], ["iam.Role"], ["x.Y (1)"])
    assert [*report.remarks(costs)] == [
        "no usage: sqs.Queue",
        "free of charge: iam.Role",
        "UNKNOWN PRICE: x.Y (1)",
    ]
    assert not [*report.remarks(Bill([an_item()], [], []))]


@pytest.mark.parametrize(
    ("value", "formatted"), [(0, "0"), (0.0004, "0.0004"), (0.34, "0.34"), (999, "999"), (1_234_567, "1,234,567")]
)
def test_numbers_are_formatted_for_display(value: float, formatted: str) -> None:
    assert report.format_number(value) == formatted


def test_workload_prices_and_traffic_are_documented() -> None:
    assert ["stock", "write", "reserve", "1", "8", "2", "0.75"] in report.operations()
    assert [
        "`lambda.x86`",
        "GB-seconds",
        "0.0000166667",
        "1",
        "<https://aws.amazon.com/lambda/pricing/>",
    ] in report.prices()
    assert len(report.prices()) == len(PRICES) + 1
    assert ["`--writes`", "Fraction of API requests that change data.", "0.3"] in report.traffic()
    assert report.traffic()[5][2] == "measured"


def test_worker_without_tables_is_billed_for_its_runs() -> None:
    deployment = record(lambda: TapStack("post", TapStackArgs(service=builders.a_worker())))
    workload = Workload(schedules={"hourly": Operation(name="hourly")})
    costs = bill(Month(deployment, Traffic(), workload, builders.a_worker()))
    assert not costs.unpriced
    assert amounts(costs, "lambda.Function")["invocations"] == pytest.approx(730 + 365 / 12, rel=0.01)


GALLERY = builders.a_service(
    buckets=(Bucket(name="images", variable="IMAGES_BUCKET"),),
    event_buses=(EventBus(name="shop", variable="SHOP_BUS", archive_days=73),),
)


def gallery_bill(*resources: RegisteredResource, **traffic: Any) -> Bill:
    """Return the bill of a service with a bucket and an event bus."""
    deployment = Deployment(list(resources), {}, {}, [], [])
    return bill(Month(deployment, Traffic(**{**NO_TRAFFIC, **traffic}), IDLE, GALLERY), ONE_DOLLAR)


def test_objects_are_billed_by_storage_requests_and_transfer() -> None:
    traffic = {"object_gb": 5, "uploads": 20, "downloads": 3000, "object_bytes": 1_000_000, "page_bytes": 2_000_000}
    objects = {"storage of objects": 5, "writes of objects": 20, "reads of objects": 3000, "downloaded objects": 3}
    costs = gallery_bill(a_resource("s3.Bucket", "images"), **traffic)
    assert amounts(costs, "s3.Bucket") == objects
    with_site = gallery_bill(a_resource("s3.Bucket", "images"), a_resource("s3.Bucket", "site"), **traffic)
    assert amounts(with_site, "s3.Bucket") == {"storage": 0.002, **objects}


def test_objects_of_existing_buckets_are_not_billed_with_a_site() -> None:
    service = builders.a_service(buckets=(Bucket(name="scans", variable="SCANS_BUCKET", existing=True),))
    deployment = Deployment([a_resource("s3.Bucket", "site")], {}, {}, [], [])
    costs = bill(Month(deployment, Traffic(), IDLE, service))
    assert costs.unpriced == ["existing buckets"]
    assert amounts(costs, "s3.Bucket").keys() == {"storage"}


def test_events_are_billed_with_their_archive() -> None:
    archive = a_resource("cloudwatch.EventArchive", retentionDays=73)
    costs = gallery_bill(a_resource("cloudwatch.EventBus"), archive, events=2_000_000)
    assert amounts(costs, "cloudwatch.EventBus") == {"events": 2_000_000}
    assert amounts(costs, "cloudwatch.EventArchive") == {"archived events": 2, "stored events": 4.8}


def test_consumers_of_objects_and_of_events_share_their_invocations() -> None:
    targets = [{"lambdaFunctionArn": "arn:desk"}, {"lambdaFunctionArn": "arn:desk"}]
    costs = gallery_bill(
        a_function(),
        a_resource("s3.BucketNotification", lambdaFunctions=targets),
        a_resource("cloudwatch.EventRule", name="placed"),
        a_resource("cloudwatch.EventTarget", rule="placed", arn="arn:desk", inputTransformer={"inputTemplate": "{}"}),
        uploads=300,
        events=5000,
    )
    assert amounts(costs, "lambda.Function")["invocations"] == 5300
