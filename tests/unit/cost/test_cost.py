"""Bills of small deployments, worked out by hand; prices are the test's own: a dollar for each unit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.cost import report
from lib.cost.bill import Bill, Item, bill
from lib.cost.billing import BILLED, FREE, UNPRICED
from lib.cost.month import Month
from lib.cost.prices import PRICES, Price
from lib.cost.traffic import Traffic, times
from lib.model import Operation, Workload
from lib.model.aws_limits import ROUND_TRIP
from lib.model.workload import EMPTY_SWEEP
from lib.program.recorder import Deployment, Registered
from lib.services import SERVICES, load

from ...support import builders as described

DOLLARS = {name: Price(1, 1, price.unit, "") for name, price in PRICES.items()}
SECONDS = 730 * 3600
READ = Operation(name="read", trigger="GET /parcels", read_units=1, processor_ms=1.5, cold_processor_ms=100)
WRITE = Operation(name="write", trigger="POST /parcels", read_units=2, write_units=10, round_trips=(ROUND_TRIP,) * 3)
LOOK = Operation(name="look", read_units=7)
IDLE = Workload()
BUSY = Workload(reads=(READ,), writes=(WRITE,), schedules={"hourly": LOOK})
LOOKED, FOUND = (described.a_metric(name=name) for name in ("Looked", "Found"))
POST = described.a_service(
    functions=(
        described.a_function(
            described.a_route(operation="look", metrics=(LOOKED, FOUND)),
            described.a_route(method="POST", operation="put", metrics=(FOUND,)),
        ),
    )
)
QUIET: dict[str, Any] = {"requests": 0, "stored_gb": 0, "notifications": 0, "page_views": 0, "starts": 0}


def a_resource(kind: str, logical: str = "it", /, **inputs: Any) -> Registered:
    return Registered(
        kind=kind,
        name=logical,
        inputs=inputs,
        urn="",
        custom=True,
        parent="",
        depends_on=[],
        provider="",
        retained=False,
        ignored=[],
        sources={},
    )


def a_table(logical: str = "it", /, **inputs: Any) -> Registered:
    return a_resource("dynamodb.Table", logical, **{"billingMode": "PAY_PER_REQUEST", **inputs})


def a_function(logical: str = "desk", /, **inputs: Any) -> Registered:
    return a_resource("lambda.Function", logical, **{"name": f"post-{logical}", **inputs})


def an_api(uri: str = "invokeArn:desk") -> list[Registered]:
    """Two routes of one function, and a preflight."""
    found = [
        a_resource("apigateway.RestApi", "api"),
        a_resource("apigateway.Resource", "path", parentId="rootResourceId:api", pathPart="parcels"),
    ]
    for method, call in (("GET", {"uri": uri}), ("POST", {"uri": uri}), ("OPTIONS", {})):
        at = {"httpMethod": method, "resourceId": "path-id"}
        found += [
            a_resource("apigateway.Method", method, **at),
            a_resource("apigateway.Integration", method, **at, **call),
        ]
    return found


def made(*resources: Registered, workload: Workload = IDLE, **traffic: Any) -> Bill:
    """What a month costs that is quiet in all that is not said."""
    deployment = Deployment(list(resources), {}, {}, [], [])
    return bill(Month(deployment, Traffic(**{**QUIET, **traffic}), workload, POST), DOLLARS)


def served(*resources: Registered, **traffic: Any) -> Bill:
    """Likewise, of a deployment with an API whose one function does some work."""
    functions = [] if any(one.kind == "lambda.Function" for one in resources) else [a_function()]
    return made(*an_api(), *functions, *resources, workload=BUSY, **traffic)


def amounts(found: Bill, kind: str) -> dict[str, Any]:
    """What is billed for a type, where it is something."""
    return {item.what: pytest.approx(item.amount) for item in found.items if item.kind == kind and item.amount}


# Prices


def test_a_price_is_for_so_many_units() -> None:
    assert Price(3.5, 1_000_000, "requests", "").of(2_000_000) == 7


@pytest.mark.parametrize(("amount", "usd"), [(0, 0), (10, 30), (11, 32), (25, 30 + 20 + 5), (20, 50)])
def test_each_tier_has_its_own_price(amount: float, usd: float) -> None:
    assert Price(3, 1, "GB", "", ((10, 2), (20, 1))).of(amount) == usd


def test_every_price_names_aws_page_and_is_used() -> None:
    assert all(price.page.startswith("https://aws.amazon.com/") and price.usd > 0 for price in PRICES.values())
    assert {line.price for lines in BILLED.values() for line in lines} == PRICES.keys()


def test_tiers_get_cheaper_and_begin_later() -> None:
    for price in PRICES.values():
        starts, asked = [0, *(start for start, _ in price.above)], [price.usd, *(usd for _, usd in price.above)]
        assert starts == sorted(set(starts))
        assert asked == sorted(set(asked), reverse=True)


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
def test_a_schedule_comes_round_so_often(expression: str, number: float) -> None:
    assert times(expression) == pytest.approx(number)


@pytest.mark.parametrize("expression", ["at(2027-01-01T00:00:00)", "rate(1)", "cron(0 3 *)"])
def test_another_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"schedule must be rate\(...\) or cron\(...\), got '"):
        times(expression)


@pytest.mark.parametrize(("field", "value"), [("writes", 1.1), ("requests", -1), ("stored_gb", float("nan"))])
def test_traffic_that_cannot_be_is_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"traffic.{field} must be a number from 0 to .*, got "):
        Traffic(**{field: value})


# Functions


def test_runs_are_requests_schedules_and_alerts() -> None:
    rules = [
        a_resource("cloudwatch.EventRule", "hourly", name="hourly", scheduleExpression="rate(1 hour)"),
        a_resource("cloudwatch.EventRule", "changes", name="changes", eventPattern="{}"),
    ]
    told = json.dumps({"schedule": "hourly"})
    targets = [
        a_resource("cloudwatch.EventTarget", "a", rule="hourly", arn="arn:desk", input=told),
        a_resource("cloudwatch.EventTarget", "b", rule="hourly", arn="arn:elsewhere", input=told),
        a_resource("cloudwatch.EventTarget", "c", rule="changes", arn="arn:desk"),
    ]
    stream = a_resource("lambda.EventSourceMapping", functionName="post-desk")
    found = served(*rules, *targets, stream, a_table(), requests=1000, notifications=5)
    assert amounts(found, "lambda.Function")["runs"] == 1000 + 730 + 5
    # A write reads 2 units, a read 1, the schedule's work 7.
    assert amounts(found, "dynamodb.Table") == {"reads": 700 + 600 + 730 * 7, "writes": 3000}


def test_operations_of_a_kind_have_equal_parts_of_the_requests() -> None:
    workload = Workload(reads=(READ,), writes=(WRITE, READ))
    found = made(*an_api(), a_function(), a_table(), workload=workload, requests=1000, writes=0.8)
    assert amounts(found, "lambda.Function")["runs"] == 1000
    assert amounts(found, "dynamodb.Table") == {"reads": 200 + 400 * 2 + 400, "writes": 4000}


def test_a_schedule_that_nobody_measured_finds_nothing() -> None:
    rule = a_resource("cloudwatch.EventRule", name="daily", scheduleExpression="rate(1 day)")
    target = a_resource("cloudwatch.EventTarget", rule="daily", arn="arn:desk", input='{"schedule": "daily"}')
    found = served(rule, target, a_table())
    assert amounts(found, "dynamodb.Table") == {"reads": 730 / 24 * EMPTY_SWEEP.read_units}


@pytest.mark.parametrize(
    ("settings", "traffic", "gb_seconds"),
    [
        # A round trip of 10 ms; 2 ms of a whole processor with the runtime's overhead, which 1769 MB are.
        ({"memorySize": 177}, {}, 1000 * (0.010 + 0.002 * 1769 / 177) * 177 / 1024),
        ({"memorySize": 4096}, {}, 1000 * 0.012 * 4),
        ({"memorySize": 2048}, {"starts": 0.5}, 1000 * (0.012 + 0.5 * 0.1) * 2),
        ({}, {"starts": 0.5, "duration_ms": 40}, 1000 * 0.04 / 8),
    ],
    ids=["round trips and a share of a processor", "more than a processor", "cold starts", "measured duration"],
)
def test_time_of_a_function(settings: dict[str, Any], traffic: dict[str, Any], gb_seconds: float) -> None:
    found = served(a_function(**settings), requests=1000, writes=0, **traffic)
    assert amounts(found, "lambda.Function")["time on x86"] == gb_seconds


def test_time_on_arm_has_its_own_price() -> None:
    found = served(a_function(architectures=["arm64"]), requests=1000, duration_ms=40)
    assert amounts(found, "lambda.Function") == {"runs": 1000, "time on Arm": 5, "metrics of its own": 2}


def test_a_metric_counts_for_each_function_that_emits_it() -> None:
    found = made(a_function("look"), a_function("put"))
    assert amounts(found, "lambda.Function") == {"metrics of its own": 3}


def test_an_alias_is_its_function() -> None:
    alias = a_resource("lambda.Alias", "live", functionName="post-desk")
    kept = {"functionName": "arn:live", "provisionedConcurrentExecutions": 3}
    found = made(
        *an_api("invokeArn:live"),
        a_function(memorySize=512),
        a_function("arm", architectures=["arm64"]),
        alias,
        a_resource("lambda.ProvisionedConcurrencyConfig", "a", **kept),
        a_resource("lambda.ProvisionedConcurrencyConfig", "b", **{**kept, "functionName": "post-arm"}),
        workload=BUSY,
        requests=10,
    )
    assert amounts(found, "lambda.Function")["runs"] == 10
    assert amounts(found, "lambda.ProvisionedConcurrencyConfig") == {
        "workers on x86": 3 * SECONDS / 2,
        "workers on Arm": 3 * SECONDS / 8,
    }


def test_snapshots_are_kept_and_restored() -> None:
    snapped = a_function(memorySize=512, snapStart={"applyOn": "PublishedVersions"})
    found = amounts(served(snapped, requests=1000, starts=0.1), "lambda.Function")
    assert (found["snapshots"], found["snapshots restored"]) == (SECONDS / 2, 100 / 2)


@pytest.mark.parametrize(
    ("mode", "requests", "traces"),
    [("Active", SECONDS / 2, SECONDS / 2), ("Active", SECONDS * 21, SECONDS * 2), ("PassThrough", 9, None)],
)
def test_a_request_a_second_is_traced_and_one_in_twenty_of_the_others(
    mode: str, requests: float, traces: float | None
) -> None:
    found = served(a_function(tracingConfig={"mode": mode}), requests=requests)
    assert amounts(found, "lambda.Function").get("traces") == traces


# Tables


RECOVERED = {"pointInTimeRecovery": {"enabled": True}}


def a_replica(of: str, region: str = "eu-west-1") -> Registered:
    return a_resource("dynamodb.TableReplica", f"{of}-{region}", globalTableArn=f"arn:{of}")


def test_requests_on_demand_are_paid_for() -> None:
    found = served(a_table("a", **RECOVERED), a_table("b"), requests=1_000_000, stored_gb=4)
    assert amounts(found, "dynamodb.Table") == {
        "reads": 700_000 + 600_000,
        "writes": 3_000_000,
        "storage": 4,
        "point-in-time recovery": 2,
    }


def test_replicas_are_written_to_and_kept_again() -> None:
    tables = [a_table("a", **RECOVERED), a_table("b")]
    replicas = [a_replica("a"), a_replica("a", "eu-west-2"), a_replica("b")]
    found = served(*tables, *replicas, requests=1_000_000, stored_gb=4)
    assert amounts(found, "dynamodb.TableReplica") == {
        "writes": 3_000_000 * 3 / 2,
        "storage": 4 * 3 / 2,
        "point-in-time recovery": 4,
        "writes to other regions": 3_000_000 * 3 / 2 * 1024 / 1e9,
    }


def test_replicas_have_the_capacity_of_their_tables() -> None:
    found = amounts(served(a_provisioned_table("a"), a_replica("a"), requests=10 * SECONDS), "dynamodb.TableReplica")
    assert (found["least read capacity"], found["least write capacity"]) == (4 * 730, 2 * 730)
    assert found["more write capacity"] == (30 - 2) * 730


def a_provisioned_table(logical: str = "it") -> Registered:
    index = {"name": "by-state", "readCapacity": 2, "writeCapacity": 1}
    return a_table(logical, billingMode="PROVISIONED", readCapacity=2, writeCapacity=1, globalSecondaryIndexes=[index])


def test_provisioned_capacity_is_paid_for_at_its_least() -> None:
    found = served(a_provisioned_table(), requests=1000)
    assert amounts(found, "dynamodb.Table") == {"least read capacity": 4 * 730, "least write capacity": 2 * 730}
    assert {item.what for item in found.items if item.fixed and item.kind == "dynamodb.Table"} == {
        "least read capacity",
        "least write capacity",
    }


def test_even_traffic_takes_more_than_the_least_at_the_use_that_scaling_aims_at() -> None:
    policy = a_resource("appautoscaling.Policy", targetTrackingScalingPolicyConfiguration={"targetValue": 50})
    # Each second 10 requests: 7 reads of 1 unit, 3 writes of 2 read units and 10 written.
    found = served(a_provisioned_table(), policy, requests=10 * SECONDS)
    assert amounts(found, "dynamodb.Table")["more read capacity"] == (13 * 2 - 4) * 730
    assert amounts(found, "dynamodb.Table")["more write capacity"] == (30 * 2 - 2) * 730
    assert amounts(found, "appautoscaling.Policy") == {"alarms of its own": 4}


def test_tables_of_both_kinds_share_what_is_asked_of_them() -> None:
    found = amounts(served(a_table("a"), a_provisioned_table("b"), requests=10 * SECONDS), "dynamodb.Table")
    assert found["writes"] == 30 * SECONDS / 2
    assert found["more write capacity"] == (30 / 2 - 2) * 730


def test_backups_are_whole_and_kept_as_the_plan_says() -> None:
    daily = {"schedule": "cron(0 5 * * ? *)", "lifecycle": {"deleteAfter": 35}}
    weekly = {
        "schedule": "cron(0 5 ? * SUN *)",
        "lifecycle": {"deleteAfter": 364, "coldStorageAfter": 28},
        "copyActions": [{"lifecycle": {"deleteAfter": 70}}],
    }
    found = made(a_resource("backup.Plan", rules=[daily, weekly]), stored_gb=2)
    assert amounts(found, "backup.Plan") == {
        "backups": 2 * (35 + 28 / 7 + 70 / 7),
        "backups in cold storage": 2 * (364 - 28) / 7,
    }


def test_backups_that_are_never_deleted_have_no_price() -> None:
    found = made(a_resource("backup.Plan", "plan", rules=[{"schedule": "rate(1 day)"}]), stored_gb=2)
    assert found.unpriced == ["backup.Plan plan: backups that are kept for ever"]
    assert found.usd() == 0


# Logs and metrics


INFO = {"loggingLevel": "INFO", "dataTraceEnabled": False}


def test_each_group_is_written_to_by_whom_it_is_named_after() -> None:
    kept = {"retentionInDays": 30}
    found = served(
        a_resource("cloudwatch.LogGroup", "a", name="/aws/lambda/post-desk", **kept),
        a_resource("cloudwatch.LogGroup", "b", name="/aws/apigateway/post", **kept),
        a_resource("cloudwatch.LogGroup", "c", name="API-Gateway-Execution-Logs_x/dev", **kept),
        a_resource("cloudwatch.LogGroup", "d", name="/aws/lambda/another", **kept),
        a_resource("cloudwatch.LogGroup", "e", name="aws-waf-logs-post", **kept),
        a_table(),
        a_resource("apigateway.Stage", "a", accessLogSettings={"format": "x" * 500}),
        a_resource("apigateway.Stage", "b"),
        a_resource("apigateway.MethodSettings", methodPath="*/*", settings=INFO),
        requests=1_000_000,
        log_bytes=300,
    )
    logged = 0.3 + 0.5 + 1.0
    assert amounts(found, "cloudwatch.LogGroup") == {
        "what is logged": logged,
        "what is kept of it": logged * 0.15 * 30 * 24 / 730,
    }
    assert not found.unpriced


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
def test_the_execution_log_is_as_long_as_its_level_makes_it(settings: dict[str, Any], gb: float) -> None:
    found = served(
        a_resource("cloudwatch.LogGroup", name="API-Gateway-Execution-Logs_x/dev", retentionInDays=1),
        *(
            a_resource("apigateway.MethodSettings", path, methodPath=path, settings=logged)
            for path, logged in settings.items()
        ),
        requests=1_000_000,
    )
    assert amounts(found, "cloudwatch.LogGroup").get("what is logged", 0) == gb


def test_a_group_of_somebody_unknown_or_without_end_has_no_price() -> None:
    found = made(
        a_resource("cloudwatch.LogGroup", "a", name="/elsewhere", retentionInDays=7),
        a_resource("cloudwatch.LogGroup", "b", name="/aws/lambda/desk"),
    )
    assert found.unpriced == [
        "cloudwatch.LogGroup a: what is logged, as its name does not say who logs",
        "cloudwatch.LogGroup b: logs that are kept for ever",
    ]


def test_an_alarm_is_paid_for_by_its_metrics() -> None:
    metric = {"period": 60}
    found = made(
        a_resource("cloudwatch.MetricAlarm", "a", **metric),
        a_resource("cloudwatch.MetricAlarm", "b", period=10),
        a_resource("cloudwatch.MetricAlarm", "c", metricQueries=[{"metric": metric}] * 2 + [{"expression": "a / b"}]),
        a_resource("cloudwatch.CompositeAlarm"),
    )
    assert amounts(found, "cloudwatch.MetricAlarm") == {"alarms": 3, "alarms within a minute": 1}
    assert amounts(found, "cloudwatch.CompositeAlarm") == {"alarms": 1}
    assert found.usd(fixed=True) == found.usd() == 5


def test_detailed_metrics_are_five_for_each_route() -> None:
    def detailed(enabled: bool) -> dict[str, Any]:
        settings = a_resource("apigateway.MethodSettings", settings={"metricsEnabled": enabled})
        another = a_resource("apigateway.Method", "another", httpMethod="GET", resourceId="rootResourceId:api")
        nothing = a_resource("apigateway.Integration", "another", httpMethod="GET", resourceId="rootResourceId:api")
        return amounts(made(*an_api(), another, nothing, settings), "apigateway.MethodSettings")

    assert (detailed(True), detailed(False)) == ({"detailed metrics": 15}, {})


# The rest


def test_requests_and_what_they_are_answered_are_paid_for() -> None:
    found = served(requests=1_000_000, answer_bytes=2_000)
    assert amounts(found, "apigateway.RestApi") == {"requests": 1_000_000, "answers": 2}


def test_pages_come_from_the_edge_or_from_the_bucket() -> None:
    views: dict[str, Any] = {"page_views": 1000, "page_files": 5, "page_bytes": 2_000_000}
    edge = made(a_resource("cloudfront.Distribution"), a_resource("s3.Bucket"), **views)
    bucket = made(a_resource("s3.BucketWebsiteConfiguration"), **views)
    loaded = {"requests of pages' files": 5000, "pages": 2}
    assert amounts(edge, "cloudfront.Distribution") == amounts(bucket, "s3.BucketWebsiteConfiguration") == loaded
    assert amounts(edge, "s3.Bucket") == {"pages": 0.002}


def test_a_network_of_ones_own_is_paid_for_by_the_hour() -> None:
    found = made(
        a_resource("ec2.NatGateway", "a"),
        a_resource("ec2.NatGateway", "b"),
        a_resource("ec2.Eip"),
        a_resource("ec2.VpcEndpoint", "a", vpcEndpointType="Interface", subnetIds=["1", "2"]),
        a_resource("ec2.VpcEndpoint", "b", vpcEndpointType="Gateway"),
        private_gb=3,
    )
    assert amounts(found, "ec2.NatGateway") == {"NAT gateways": 1460, "what goes through them": 3}
    assert amounts(found, "ec2.Eip") == {"public addresses": 730}
    assert amounts(found, "ec2.VpcEndpoint") == {
        "interface endpoints, one in each zone": 1460,
        "what goes through them": 3,
    }


def test_people_and_tokens_of_programs_are_paid_for_and_pages_are_not() -> None:
    pool = a_resource("cognito.UserPool", userPoolTier="LITE")
    pages, programs = (a_resource("cognito.UserPoolClient", str(it), generateSecret=it) for it in (False, True))
    found = made(pool, pages, programs, people=2000, program_tokens=1000)
    assert amounts(found, "cognito.UserPool") == {"people who sign in": 2000}
    assert amounts(found, "cognito.UserPoolClient") == {"tokens": 1000}
    assert not made(pages, program_tokens=1000).usd()


def test_keys_are_paid_for_and_asked_for_by_each_role() -> None:
    keyed = a_table("a", serverSideEncryption={"enabled": True, "kmsKeyArn": "arn:key"})
    found = made(
        a_resource("kms.Key"),
        keyed,
        a_table("b", serverSideEncryption={"enabled": True}),
        a_function(),
        a_function("b"),
    )
    assert amounts(found, "kms.Key") == {"keys": 1, "uses for tables": 2 * 12 * 730}


def test_a_firewall_inspects_what_it_stands_before() -> None:
    rules = [{"name": "a"}, {"name": "b"}]
    found = made(
        a_resource("wafv2.WebAcl", "api", scope="REGIONAL", rules=rules),
        a_resource("wafv2.WebAcl", "other-api", scope="REGIONAL"),
        a_resource("wafv2.WebAcl", "site", scope="CLOUDFRONT"),
        requests=100,
        page_views=10,
        page_files=3,
    )
    assert amounts(found, "wafv2.WebAcl") == {"ACLs": 3, "rules": 2, "requests inspected": 230}


def test_messages_are_paid_for_and_mailed_to_those_who_want_it() -> None:
    def told(protocol: str) -> Bill:
        subscription = a_resource("sns.TopicSubscription", protocol=protocol)
        return made(a_resource("sns.Topic"), subscription, a_resource("sqs.Queue"), notifications=7, failures=2)

    assert (told("email").usd(), told("sqs").usd()) == (7 + 7 + 2, 7 + 2)


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
def test_what_is_there_is_paid_for(kind: str, inputs: dict[str, Any], usd: float) -> None:
    found = made(a_resource(kind, **inputs), private_gb=3)
    assert found.usd(fixed=True) == found.usd() == usd


def test_secrets_are_read_by_each_worker_that_starts() -> None:
    found = served(a_resource("secretsmanager.Secret"), requests=1000, starts=0.1)
    assert amounts(found, "secretsmanager.Secret")["reads by workers that start"] == 100


# What has no price


def test_a_type_that_nobody_knows_is_told_and_never_silently_free() -> None:
    found = made(a_resource("sagemaker.Endpoint", "a"), a_resource("sagemaker.Endpoint", "b"), a_resource("iam.Role"))
    assert found.unpriced == ["sagemaker.Endpoint, 2 of them"]
    assert found.free == ["iam.Role"]
    assert not found.items


def test_tables_that_stand_already_have_no_price_here() -> None:
    assert served(requests=1).unpriced == ["tables that stand already"]
    assert not served(a_table(), requests=1).unpriced


@pytest.mark.parametrize(
    ("kind", "costly", "plain", "what"),
    [
        ("apigateway.Stage", {"cacheClusterEnabled": True}, {"cacheClusterEnabled": False}, "its cache"),
        ("cognito.UserPool", {"userPoolTier": "PLUS"}, {"userPoolTier": "LITE"}, "its tier"),
        ("dynamodb.Table", {"tableClass": "STANDARD_INFREQUENT_ACCESS"}, {"tableClass": "STANDARD"}, "its table class"),
        ("dynamodb.Table", {"replicas": [{"regionName": "eu-west-1"}]}, {"replicas": []}, "its replicas"),
        ("lambda.Function", {"ephemeralStorage": {"size": 1024}}, {"ephemeralStorage": {"size": 512}}, "its storage"),
    ],
)
def test_what_a_known_type_has_that_costs_more_is_told(
    kind: str, costly: dict[str, Any], plain: dict[str, Any], what: str
) -> None:
    given = {"name": "it", "billingMode": "PAY_PER_REQUEST"}
    assert made(a_resource(kind, "it", **given, **costly)).unpriced == [f"{kind} it: {what}"]
    assert not made(a_resource(kind, "it", **given, **plain)).unpriced


def test_components_and_providers_are_not_resources_of_aws() -> None:
    component = a_resource("aws.Table")._replace(custom=False)
    assert made(component, a_resource("providers.aws")) == Bill([], [], [])


def test_no_type_is_both_billed_and_free() -> None:
    assert not BILLED.keys() & FREE
    assert UNPRICED.keys() <= BILLED.keys() | FREE


# What services do


@pytest.mark.parametrize("name", SERVICES)
def test_operations_of_a_workload_are_routes_and_schedules_of_its_service(name: str) -> None:
    service, workload = SERVICES[name], load(name).workload
    assert workload
    assert workload.reads
    assert workload.writes
    assert {one.trigger for one in workload.requests} <= {f"{r.method} {r.path}" for _, r in service.routes()}
    schedules = {schedule.name for function in service.functions for schedule in function.schedules}
    assert workload.schedules.keys() <= schedules


# Reports


def an_item(kind: str = "sns.Topic", *, amount: float = 2, usd: float = 3, fixed: bool = False) -> Item:
    return Item(kind, "messages", amount, "messages", usd, fixed)


def test_totals_are_by_service_and_environment_and_of_that_what_is_fixed() -> None:
    one = Bill([an_item(), an_item(usd=1000, fixed=True)], [], [])
    assert report.totals({"items": {"dev": one, "prod": one}}) == [
        ["USD a month", "dev", "prod"],
        ["items", "1,003.00", "1,003.00"],
        ["  of it fixed", "1,000.00", "1,000.00"],
    ]


def test_a_bill_has_a_line_for_all_that_comes_to_something() -> None:
    found = Bill([an_item(fixed=True), an_item(amount=0, usd=0)], [], [])
    assert report.items(found) == [
        ["resource", "billed for", "a month", "", "", "USD"],
        ["sns.Topic", "messages", "2", "messages", "fixed", "3.00"],
        ["total", "", "", "", "", "3.00"],
    ]


def test_a_bill_says_what_it_is_silent_about() -> None:
    found = Bill(
        [an_item(), an_item(amount=0), an_item("sqs.Queue", amount=0, usd=0)], ["iam.Role"], ["x.Y, 1 of them"]
    )
    assert [*report.remarks(found)] == [
        "comes to nothing in such a month: sqs.Queue",
        "costs nothing: iam.Role",
        "CANNOT BE PRICED: x.Y, 1 of them",
    ]
    assert not [*report.remarks(Bill([an_item()], [], []))]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.0004, "0.0004"), (0.34, "0.34"), (999, "999"), (1_234_567, "1,234,567")]
)
def test_numbers_are_written_as_people_do(value: float, text: str) -> None:
    assert report.number(value) == text


def test_what_is_measured_and_what_is_asked_is_documented() -> None:
    assert ["stock", "write", "reserve", "1", "8", "2", "0.75"] in report.work()
    assert [
        "`lambda.x86`",
        "GB-seconds",
        "0.0000166667",
        "1",
        "<https://aws.amazon.com/lambda/pricing/>",
    ] in report.prices()
    assert len(report.prices()) == len(PRICES) + 1
    assert ["`--writes`", "The share of them that change something.", "0.3"] in report.traffic()
    assert report.traffic()[5][2] == "measured"
