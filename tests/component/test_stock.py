"""The stock service, resource by resource as 004 asks for them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from lib.documents import openapi
from lib.program.recorder import Deployment, record
from lib.services.stock.service import stock
from lib.services.stock.settings import StockSettings
from lib.settings import AlarmSettings, ApiSettings

from ..support.programs import stacked

pytestmark = pytest.mark.untraced

LEVELS, HOLDS, LEDGER = (f"arn:shop-{name}-table" for name in ("management", "reservations", "movements"))
TOPIC = "arn:shop-stock-alerts-topic"
QUEUE = {"arn:shop-stock-dead-letters-queue": {"sqs:SendMessage"}}


def deployed(**args: Any) -> Deployment:
    """What a stack of the stock service is, in dev unless its arguments say otherwise."""
    return record(stacked("shop", **{"service": "stock", **args}))


@pytest.fixture(scope="module", name="dev")
def in_dev() -> Deployment:
    """The service as it comes, and somebody to write to."""
    return deployed(alarms=AlarmSettings(notification_email="ops@example.com"))


@pytest.fixture(scope="module", name="prod")
def in_prod() -> Deployment:
    """The service as it comes, in prod."""
    return deployed(environment_suffix="prod")


@pytest.fixture(params=["dev", "prod"], name="either")
def either_fixture(request: pytest.FixtureRequest) -> Deployment:
    """One after the other."""
    made: Deployment = request.getfixturevalue(request.param)
    return made


def statements(made: Deployment, function: str) -> dict[str, set[str]]:
    """What a function's role may do, by what it may do it to: an ARN, and the rows if it is not all of them."""
    found: dict[str, set[str]] = {}
    for statement in json.loads(made.inputs("iam.RolePolicy")[f"shop-{function}-policy"]["policy"])["Statement"]:
        resources = statement["Resource"]
        every_row: dict[str, dict[str, list[str]]] = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": []}}
        rows = statement.get("Condition", every_row)["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for arn in [resources] if isinstance(resources, str) else resources:
            found.setdefault(" ".join([arn, *rows]), set()).update(statement["Action"])
    return found


def on(resource: str, *actions: str) -> dict[str, set[str]]:
    return {resource: {f"dynamodb:{action}" for action in actions}}


READ = on(LEVELS, "Query", "BatchGetItem")
READ_AND_MOVE = {**on(LEVELS, "Query", "BatchGetItem", "PutItem"), **on(LEDGER, "PutItem")}
PRODUCT_INDEX = f"{HOLDS}/index/product-index"
FREE = {**on(PRODUCT_INDEX, "Query"), **on(HOLDS, "UpdateItem")}
TOKENS = on(f"{LEVELS} tap#page-token-key", "GetItem", "PutItem")
LISTINGS = ("listing-index", "category-index", "status-index", "category-status-index")
MAY: dict[str, dict[str, set[str]]] = {
    "get-level": READ,
    "list-levels": {
        **{arn: {"dynamodb:Query"} for arn in (f"{LEVELS}/index/{name}" for name in LISTINGS)},
        **on(LEVELS, "BatchGetItem"),
        **TOKENS,
    },
    "list-movements": {**on(LEDGER, "Query"), **TOKENS},
    "list-reservations": {**on(PRODUCT_INDEX, "Query"), **TOKENS},
    "create-level": {
        **on(LEVELS, "PutItem"),
        **on(LEDGER, "PutItem"),
        **on(f"{LEVELS} tap#idempotency#*", "BatchGetItem"),
    },
    "update-level": {**READ_AND_MOVE, **FREE},
    "reserve": {**READ_AND_MOVE, **FREE, **on(HOLDS, "Query", "UpdateItem", "PutItem")},
    "release": {
        **on(LEVELS, "BatchGetItem", "PutItem"),
        **on(LEDGER, "PutItem"),
        **FREE,
        **on(HOLDS, "Query", "UpdateItem"),
    },
    "fulfill": {
        **READ_AND_MOVE,
        **FREE,
        **on(HOLDS, "Query", "UpdateItem"),
        **on(LEDGER, "PutItem", "BatchGetItem"),
    },
    "check-thresholds": {
        **on(f"{LEDGER}/index/due-index", "Query"),
        **on(LEDGER, "UpdateItem"),
        TOPIC: {"sns:Publish"},
        **on("streamArn:shop-movements-table", "GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"),
        **QUEUE,
    },
    "expire-reservations": {
        **on(f"{LEVELS}/index/due-index", "Query"),
        **on(LEVELS, "BatchGetItem", "PutItem"),
        **on(LEDGER, "PutItem"),
        **FREE,
        **QUEUE,
    },
    "reconcile": {
        **READ_AND_MOVE,
        **on(LEDGER, "PutItem", "BatchGetItem"),
        **on(PRODUCT_INDEX, "Query", "Scan"),
        **on(f"{LEVELS}/index/listing-index", "Query"),
        **QUEUE,
    },
}
"""What each function may do where, and to which rows."""
FIGURES = {
    "get-level": (256, 5, 50),
    "list-levels": (256, 10, 10),
    "list-movements": (256, 10, 5),
    "list-reservations": (256, 10, 5),
    "create-level": (256, 10, 5),
    "update-level": (256, 10, 5),
    "reserve": (256, 10, 50),
    "release": (256, 10, 20),
    "fulfill": (256, 10, 20),
    "check-thresholds": (256, 60, 2),
    "expire-reservations": (256, 55, 2),
    "reconcile": (512, 900, 2),
}
"""Memory, timeout and reserved concurrency of each function."""
UNATTENDED = {"check-thresholds", "expire-reservations", "reconcile"}


def test_there_is_as_much_of_everything_as_is_needed(dev: Deployment) -> None:
    counted = Counter(resource.kind for resource in dev.registered)
    wanted = {
        "apigateway.RestApi": 1,
        "apigateway.ApiKey": 1,
        "apigateway.UsagePlan": 1,
        "lambda.Function": 12,
        "lambda.LayerVersion": 1,
        "lambda.EventSourceMapping": 1,
        "iam.RolePolicy": 2 * 12,
        "dynamodb.Table": 3,
        "sns.Topic": 1,
        "sns.TopicSubscription": 1,
        "sqs.Queue": 1,
        "cloudwatch.EventRule": 3,
        "cloudwatch.MetricAlarm": 3 * 12 + 5,
        "appautoscaling.Target": 0,
        "ssm.Parameter": 0,
    }
    assert {kind: counted[kind] for kind in wanted} == wanted


@pytest.mark.parametrize("function", FIGURES)
def test_each_functions_role_may_do_only_what_it_does(either: Deployment, function: str) -> None:
    assert statements(either, function) == MAY[function]


@pytest.mark.parametrize(("suffix", "reserves"), [("dev", False), ("prod", True)])
def test_functions_have_figures_of_their_own(request: pytest.FixtureRequest, suffix: str, reserves: bool) -> None:
    functions = request.getfixturevalue(suffix).inputs("lambda.Function").values()
    found = {
        function["name"].removeprefix("inventory-").removesuffix(f"-{suffix}"): (
            function["memorySize"],
            function["timeout"],
            function["reservedConcurrentExecutions"],
        )
        for function in functions
    }
    assert found == {name: (*figures, kept if reserves else -1) for name, (*figures, kept) in FIGURES.items()}


def test_tables_are_billed_by_request_in_every_environment(either: Deployment) -> None:
    for table in either.inputs("dynamodb.Table").values():
        assert table["billingMode"] == "PAY_PER_REQUEST"
        assert table["pointInTimeRecovery"] == {"enabled": True}
        assert table["serverSideEncryption"] == {"enabled": True}


def test_prods_tables_are_protected_and_kept(prod: Deployment) -> None:
    for table in prod.of("dynamodb.Table").values():
        assert table.inputs["deletionProtectionEnabled"]
        assert table.retained


def test_tables_end_what_nobody_needs_and_stream_what_somebody_hears(dev: Deployment) -> None:
    tables = dev.inputs("dynamodb.Table")
    assert {name: (table.get("ttl") or {}).get("attributeName") for name, table in tables.items()} == {
        "shop-management-table": "tap#expires",
        "shop-reservations-table": "reservation_expiry",
        "shop-movements-table": None,
    }
    assert {name: table.get("streamViewType") for name, table in tables.items()} == {
        "shop-management-table": None,
        "shop-reservations-table": None,
        "shop-movements-table": "NEW_IMAGE",
    }


def test_only_what_customers_ask_needs_no_key(either: Deployment) -> None:
    keyless = [name for name, (method, _) in either.endpoints().items() if not method.get("apiKeyRequired")]
    assert sorted(route for route in keyless if route[0] != "OPTIONS") == [("GET", "/inventory/{productId}")]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["dev", "staging", "prod"])
def test_anonymous_route_alone_has_a_lower_throttle(suffix: str) -> None:
    registered = deployed(environment_suffix=suffix).inputs("apigateway.MethodSettings")
    assert {inputs["methodPath"]: limits(inputs) for inputs in registered.values()} == {
        "*/*": (10_000, 5_000),
        "~1inventory~1{productId}/GET": (250, 100),
    }
    stage, anonymous = (inputs["settings"] for inputs in registered.values())
    lower = {"throttlingRateLimit": 250, "throttlingBurstLimit": 100}
    assert anonymous == {**stage, **lower}
    assert (anonymous["loggingLevel"], anonymous["metricsEnabled"]) == ("ERROR", True)
    assert [*registered] == ["shop-stock-api-throttle", "shop-stock-api/inventory/{productId}-get-throttle"]


def limits(inputs: dict[str, Any]) -> tuple[float, int]:
    """Return rate and burst of method settings."""
    return inputs["settings"]["throttlingRateLimit"], inputs["settings"]["throttlingBurstLimit"]


def anonymous_limits(settings: StockSettings, **api: Any) -> tuple[float, int]:
    """Return rate and burst of the anonymous route."""
    registered = deployed(service=stock(settings), api=ApiSettings(**api)).inputs("apigateway.MethodSettings")
    return limits(registered["shop-stock-api/inventory/{productId}-get-throttle"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "api", "expected"),
    [
        ({"anonymous_rate_per_second": 1_000, "anonymous_burst": 500}, {}, (1_000, 500)),
        ({"anonymous_rate_per_second": 10_000, "anonymous_burst": 5_000}, {}, (10_000, 5_000)),
        ({"anonymous_burst": 7}, {}, (250, 7)),
        ({}, {"throttle_rate_per_second": 50}, (50, 100)),
        ({"anonymous_rate_per_second": 5}, {"throttle_rate_per_second": 50, "throttle_burst": 20}, (5, 20)),
    ],
)
def test_throttle_of_the_anonymous_route_is_configurable(
    settings: dict[str, Any], api: dict[str, Any], expected: tuple[float, int]
) -> None:
    assert anonymous_limits(StockSettings(**settings), **api) == expected


@pytest.mark.slow
@pytest.mark.parametrize("response", ["full", "availability"])
@pytest.mark.parametrize("split", [False, True])
def test_level_route_requires_a_key_whatever_anonymous_callers_get(response: Any, split: bool) -> None:
    service = stock(StockSettings(anonymous_response=response))
    created = deployed(service=service, split_functions=split)
    endpoints = created.endpoints()
    method, _ = endpoints["GET", "/inventory/{productId}/level"]
    assert method["apiKeyRequired"]
    assert not endpoints["GET", "/inventory/{productId}"][0].get("apiKeyRequired")
    name = "get-availability" if split and response == "availability" else "get-level"
    assert statements(created, name) == statements(created, "get-level") == READ


def test_anonymous_response_decides_the_documented_schema() -> None:
    for response, schema in {"full": "ProductLevel", "availability": "Availability"}.items():
        paths = openapi.document(stock(StockSettings(anonymous_response=response)))["paths"]  # type: ignore[arg-type]
        documented = {
            path: paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            for path in ("/inventory/{productId}", "/inventory/{productId}/level")
        }
        assert documented == {
            "/inventory/{productId}": f"#/components/schemas/{schema}",
            "/inventory/{productId}/level": "#/components/schemas/ProductLevel",
        }


def test_both_shapes_of_the_anonymous_response_are_documented() -> None:
    availability = openapi.document(stock())["components"]["schemas"]["Availability"]
    assert availability["required"] == ["product_id", "in_stock", "low_stock"]
    assert availability["properties"].keys() == {"product_id", "in_stock", "low_stock", "warehouse_id"}


def test_functions_find_all_they_need_in_their_environment(dev: Deployment) -> None:
    functions = dev.inputs("lambda.Function")
    found = {name: set(functions[f"shop-{name}-function"]["environment"]["variables"]) for name in FIGURES}
    tables = {"LEVELS_TABLE_NAME", "RESERVATIONS_TABLE_NAME", "MOVEMENTS_TABLE_NAME"}
    own = {"create-level": {"LOW_STOCK_THRESHOLD"}, "reserve": {"RESERVATION_MINUTES"}}
    for name, variables in found.items():
        granted = " ".join(statements(dev, name))
        wanted = {
            variable for variable, arn in zip(sorted(tables), (LEVELS, LEDGER, HOLDS), strict=True) if arn in granted
        }
        assert variables & tables == wanted
        assert variables >= own.get(name, set())
        assert ("ALERTS_TOPIC_ARN" in variables) is (name == "check-thresholds")


@pytest.mark.slow
def test_chosen_options_are_in_the_environment() -> None:
    made = deployed(service=stock(StockSettings(reservation_minutes=15, low_stock_threshold=0)))
    functions = made.inputs("lambda.Function")
    assert functions["shop-reserve-function"]["environment"]["variables"]["RESERVATION_MINUTES"] == "15"
    assert functions["shop-create-level-function"]["environment"]["variables"]["LOW_STOCK_THRESHOLD"] == "0"


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("reservation_minutes", 0, "from 1 to 1440 minutes"),
        ("reservation_minutes", 1441, "from 1 to 1440 minutes"),
        ("reservation_minutes", None, "from 1 to 1440 minutes"),
        ("reservation_minutes", 2.5, "from 1 to 1440 minutes"),
        ("low_stock_threshold", -1, "from 0 to 999999999"),
        ("low_stock_threshold", None, "from 0 to 999999999"),
    ],
)
def test_options_that_cannot_be_are_refused(option: str, value: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=rf"^stock\.{option} {value}: give a whole number {wanted}$"):
        StockSettings(**{option: value})


def test_schedules_come_round_and_leave_what_fails(either: Deployment) -> None:
    rules = {
        rule["name"].rsplit("-", 1)[0]: rule["scheduleExpression"]
        for rule in either.inputs("cloudwatch.EventRule").values()
    }
    assert rules == {
        "inventory-stock-thresholds": "rate(15 minutes)",
        "inventory-stock-expiry": "rate(1 minute)",
        "inventory-stock-reconciliation": "rate(1 day)",
    }
    for target in either.inputs("cloudwatch.EventTarget").values():
        assert target["deadLetterConfig"] == {"arn": "arn:shop-stock-dead-letters-queue"}
    left = {
        name.removeprefix("shop-").removesuffix("-function")
        for name, function in either.inputs("lambda.Function").items()
        if "deadLetterConfig" in function
    }
    assert left == UNATTENDED


def test_movements_that_cross_a_threshold_are_heard_of(either: Deployment) -> None:
    mapping = either.only("lambda.EventSourceMapping").inputs
    assert mapping["eventSourceArn"] == "streamArn:shop-movements-table"
    assert mapping["destinationConfig"] == {"onFailure": {"destinationArn": "arn:shop-stock-dead-letters-queue"}}
    (pattern,) = mapping["filterCriteria"]["filters"]
    assert json.loads(pattern["pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"due": {"S": ["alerts"]}}},
    }


ALARMS = {
    "stock-5xx": ("AWS/ApiGateway", "5XXError", "Average", 0.05, 60, 3, "notBreaching"),
    "stock-depth": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0, 60, 1, "notBreaching"),
    "sweep-age": ("TapStack", "SweepAge", "Maximum", 180, 60, 3, "breaching"),
    "alert-age": ("TapStack", "AlertAge", "Maximum", 1800, 900, 2, "breaching"),
    "drift": ("TapStack", "Drift", "Maximum", 0, 3600, 1, "notBreaching"),
}
TOLD_OF = ("namespace", "metricName", "statistic", "threshold", "period", "evaluationPeriods", "treatMissingData")


@pytest.mark.parametrize("name", ALARMS)
@pytest.mark.slow
def test_the_service_has_alarms_of_its_own(either: Deployment, name: str) -> None:
    alarm = either.inputs("cloudwatch.MetricAlarm")[f"shop-{name}-alarm"]
    assert tuple(alarm[what] for what in TOLD_OF) == ALARMS[name]
    assert alarm["alarmActions"] == [TOPIC]


@pytest.mark.slow
def test_split_functions_have_the_alarms_of_what_they_emit() -> None:
    alarms = deployed(split_functions=True).inputs("cloudwatch.MetricAlarm").values()
    emitted = {alarm["metricName"]: alarm["dimensions"] for alarm in alarms if alarm["namespace"] == "TapStack"}
    assert len(emitted) == len([alarm for alarm in alarms if alarm["namespace"] == "TapStack"])
    assert {metric: dimensions["FunctionName"] for metric, dimensions in emitted.items()} == {
        "SweepAge": "inventory-expire-reservations-dev",
        "AlertAge": "inventory-check-thresholds-dev",
        "Drift": "inventory-reconcile-all-dev",
    }


def test_alerts_go_to_the_address_that_is_configured(dev: Deployment) -> None:
    subscription = dev.only("sns.TopicSubscription").inputs
    assert subscription == {"topic": TOPIC, "protocol": "email", "endpoint": "ops@example.com"}
    assert dev.stack_outputs()["alarm_topic_arn"] == dev.stack_outputs()["topic_arns"]["stock-alerts"]


@pytest.mark.parametrize("suffix", ["dev", "prod"])
@pytest.mark.slow
def test_a_preview_knows_no_output_and_registers_the_same(request: pytest.FixtureRequest, suffix: str) -> None:
    made: Deployment = request.getfixturevalue(suffix)
    alarms = AlarmSettings(notification_email="ops@example.com" if suffix == "dev" else None)
    planned = record(stacked("shop", service="stock", environment_suffix=suffix, alarms=alarms), preview=True)
    assert {(r.kind, r.name) for r in planned.registered} == {(r.kind, r.name) for r in made.registered}


def test_an_origin_of_ones_own_may_call_instead_of_the_pages() -> None:
    made = deployed(api=ApiSettings(cors_origin="https://shop.example.com"))
    assert made.stack_outputs()["cors_origin"] == "https://shop.example.com"
