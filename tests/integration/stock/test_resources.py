"""What stands in the account for the stock service, as AWS tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..conftest import Client, Http, Outputs, keys
from .conftest import Shop

FUNCTIONS = {
    "get-level",
    "list-levels",
    "list-movements",
    "list-reservations",
    "create-level",
    "update-level",
    "reserve",
    "release",
    "fulfill",
    "check-thresholds",
    "expire-reservations",
    "reconcile",
}
UNATTENDED = {"check-thresholds", "expire-reservations", "reconcile"}
KEYS = {
    "management": ["product_id", "warehouse_id"],
    "reservations": ["reservation_id", "line"],
    "movements": ["product_id", "movement_id"],
}
INDEXES = {
    "management": {
        "listing-index": ["listing", "product_id"],
        "category-index": ["category", "product_id"],
        "status-index": ["status", "product_id"],
        "category-status-index": ["category_status", "product_id"],
        "due-index": ["due", "due_at"],
    },
    "reservations": {"product-index": ["held_for", "ends"]},
    "movements": {"due-index": ["due", "due_at"]},
}
ROUTES = {
    ("GET", "/inventory/{productId}"),
    ("GET", "/inventory"),
    ("POST", "/inventory"),
    ("PUT", "/inventory/{productId}"),
    ("POST", "/inventory/{productId}/reserve"),
    ("POST", "/inventory/reserve"),
    ("DELETE", "/inventory/{productId}/reserve/{reservationId}"),
    ("DELETE", "/inventory/reserve/{reservationId}"),
    ("POST", "/inventory/{productId}/fulfill"),
    ("POST", "/inventory/fulfill"),
    ("GET", "/inventory/{productId}/movements"),
    ("GET", "/inventory/{productId}/reservations"),
    ("DELETE", "/inventory/{productId}/reservations/{reservationId}"),
    ("GET", "/inventory/{productId}/level"),
    ("POST", "/inventory/{productId}/reconcile"),
}


@pytest.fixture(scope="module", name="functions")
def functions_fixture(outputs: Outputs, client: Client) -> dict[str, Any]:
    """The functions by their type."""
    describe = client("lambda").get_function_configuration
    return {name: describe(FunctionName=function) for name, function in outputs["function_names"].items()}


@pytest.fixture(scope="module", name="methods")
def methods_fixture(outputs: Outputs, client: Client) -> dict[tuple[str, str], Any]:
    """The methods of the API by method and path."""
    pages = client("apigateway").get_paginator("get_resources")
    found = {}
    for page in pages.paginate(restApiId=outputs["api_rest_id"], embed=["methods"]):
        for resource in page["items"]:
            for method in resource.get("resourceMethods", {}):
                asked = {"restApiId": outputs["api_rest_id"], "resourceId": resource["id"], "httpMethod": method}
                found[method, resource["path"]] = client("apigateway").get_method(**asked)
    return found


@pytest.fixture(scope="module", name="alarms")
def alarms_fixture(outputs: Outputs, client: Client) -> list[Any]:
    """Every alarm."""
    names = [*outputs["alarm_names"].values()]
    found = client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert len(found) == len(names)
    return list(found)


def test_names_follow_one_pattern(outputs: Outputs) -> None:
    suffix = outputs["environment"]
    assert outputs["table_names"] == {name: f"inventory-{name}-{suffix}" for name in KEYS}
    assert outputs["function_names"] == {name: f"inventory-{name}-{suffix}" for name in FUNCTIONS}
    assert outputs["topic_arns"]["stock-alerts"].endswith(f":inventory-stock-alerts-{suffix}")
    assert (outputs["api_name"], outputs["api_stage"]) == (f"inventory-stock-api-{suffix}", suffix)
    assert outputs["dead_letter_queue_name"] == f"inventory-stock-dead-letters-{suffix}"
    assert outputs["dynamodb_table_name"] == outputs["table_names"]["management"]


def test_tables_have_their_keys_and_indexes(tables: dict[str, Any]) -> None:
    assert {name: keys(table) for name, table in tables.items()} == KEYS
    found = {
        name: {index["IndexName"]: keys(index) for index in table["GlobalSecondaryIndexes"]}
        for name, table in tables.items()
    }
    assert found == INDEXES


@pytest.mark.parametrize(
    ("table", "attribute"),
    [("management", "tap#expires"), ("reservations", "reservation_expiry"), ("movements", None)],
)
def test_dynamodb_deletes_what_nobody_needs(
    outputs: Outputs, client: Client, table: str, attribute: str | None
) -> None:
    found = client("dynamodb").describe_time_to_live(TableName=outputs["table_names"][table])["TimeToLiveDescription"]
    assert found.get("AttributeName") == attribute
    assert (found["TimeToLiveStatus"] in ("ENABLED", "ENABLING")) is bool(attribute)


def test_tables_are_billed_by_request_encrypted_and_restorable(
    tables: dict[str, Any], outputs: Outputs, client: Client
) -> None:
    for table in tables.values():
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert table["SSEDescription"]["Status"] == "ENABLED"
    for name in outputs["table_names"].values():
        backups = client("dynamodb").describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_each_operation_has_a_function_and_a_role_of_its_own(functions: dict[str, Any]) -> None:
    assert functions.keys() == FUNCTIONS
    assert len({function["Role"] for function in functions.values()}) == len(FUNCTIONS)


def test_roles_name_what_they_are_for(outputs: Outputs, client: Client) -> None:
    """NFR-2: nothing but this service's tables, topic, queue and the function's log group, and not every action."""
    shared = (*outputs["table_arns"].values(), outputs["topic_arns"]["stock-alerts"], outputs["dead_letter_queue_arn"])
    for function, role in outputs["role_arns"].items():
        mine = (*shared, f"{outputs['log_group_arns'][function]}:")
        named = {"RoleName": role.rpartition("/")[2]}
        for policy in client("iam").list_role_policies(**named)["PolicyNames"]:
            document = client("iam").get_role_policy(**named, PolicyName=policy)["PolicyDocument"]
            for statement in (json.loads(document) if isinstance(document, str) else document)["Statement"]:
                resources = statement["Resource"]
                for resource in [resources] if isinstance(resources, str) else resources:
                    assert resource.startswith(mine), resource
                assert not [action for action in statement["Action"] if "*" in action]


@pytest.mark.parametrize(
    ("schedule", "function", "rate"),
    [
        ("stock-thresholds", "check-thresholds", "rate(15 minutes)"),
        ("stock-expiry", "expire-reservations", "rate(1 minute)"),
        ("stock-reconciliation", "reconcile", "rate(1 day)"),
    ],
)
def test_schedules_come_round(outputs: Outputs, client: Client, schedule: str, function: str, rate: str) -> None:
    """4.3, 4.4, FR-6: without anybody who thinks of it."""
    name = outputs["schedule_names"][schedule]
    rule = client("events").describe_rule(Name=name)
    assert (rule["ScheduleExpression"], rule["State"]) == (rate, "ENABLED")
    (target,) = client("events").list_targets_by_rule(Rule=name)["Targets"]
    assert target["Arn"] == outputs["function_arns"][function]
    assert json.loads(target["Input"]) == {"schedule": schedule}
    assert target["DeadLetterConfig"]["Arn"] == outputs["dead_letter_queue_arn"]


def test_movements_that_cross_a_threshold_call_the_check(outputs: Outputs, client: Client) -> None:
    """4.4: those alone, and what fails is kept."""
    function = outputs["function_names"]["check-thresholds"]
    (mapping,) = client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    assert mapping["EventSourceArn"].startswith(f"{outputs['table_arns']['movements']}/stream/")
    (pattern,) = [json.loads(one["Pattern"]) for one in mapping["FilterCriteria"]["Filters"]]
    assert pattern == {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"due": {"S": ["alerts"]}}}}
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == outputs["dead_letter_queue_arn"]
    assert mapping["State"] in ("Enabled", "Enabling")


def test_what_nobody_waits_for_has_a_queue_for_its_failures(
    functions: dict[str, Any], outputs: Outputs, client: Client
) -> None:
    found = {name: function.get("DeadLetterConfig", {}).get("TargetArn") for name, function in functions.items()}
    queue = outputs["dead_letter_queue_arn"]
    assert found == {name: queue if name in UNATTENDED else None for name in FUNCTIONS}
    asked = {"QueueUrl": outputs["dead_letter_queue_url"], "AttributeNames": ["All"]}
    attributes = client("sqs").get_queue_attributes(**asked)["Attributes"]
    assert attributes["QueueArn"] == queue
    assert int(attributes["MessageRetentionPeriod"]) == 14 * 24 * 3600


def test_every_function_has_alarms(alarms: list[Any], outputs: Outputs) -> None:
    """NFR-3: of its errors, and of calls that were turned away."""
    of_functions: dict[str, set[str]] = {name: set() for name in outputs["function_names"].values()}
    for alarm in alarms:
        if alarm.get("Namespace") == "AWS/Lambda":
            dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
            of_functions[dimensions["FunctionName"]].add(alarm["MetricName"])
    assert {frozenset(metrics) for metrics in of_functions.values()} == {frozenset({"Duration", "Errors", "Throttles"})}


@pytest.mark.parametrize(
    ("metric", "threshold", "missing"),
    [
        ("5XXError", 0.05, "notBreaching"),
        ("ApproximateNumberOfMessagesVisible", 0, "notBreaching"),
        ("SweepAge", 180, "breaching"),
        ("AlertAge", 1800, "breaching"),
        ("Drift", 0, "notBreaching"),
    ],
)
def test_the_service_has_alarms_of_its_own(
    alarms: list[Any], outputs: Outputs, metric: str, threshold: float, missing: str
) -> None:
    """NFR-3: the gateway's errors, what failed for good, sweeps that do not run, counters that differ."""
    (alarm,) = [alarm for alarm in alarms if alarm["MetricName"] == metric]
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (threshold, missing)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["AlarmActions"] == [outputs["alarm_topic_arn"]]


def test_alarms_and_alerts_go_to_one_topic(alarms: list[Any], outputs: Outputs) -> None:
    assert outputs["alarm_topic_arn"] == outputs["topic_arns"]["stock-alerts"]
    assert {arn for alarm in alarms for arn in alarm["AlarmActions"]} == {outputs["alarm_topic_arn"]}


@pytest.mark.usefixtures("keyed")
def test_every_route_but_the_customers_asks_for_a_key(methods: dict[tuple[str, str], Any]) -> None:
    """4.2, NFR-2: and a preflight, which browsers send without one."""
    asking = {route: method["apiKeyRequired"] for route, method in methods.items()}
    assert {route for route, asks in asking.items() if asks} == ROUTES - {("GET", "/inventory/{productId}")}
    assert {method for (method, _), asks in asking.items() if not asks} == {"GET", "OPTIONS"}
    assert {route for route in asking if route[0] != "OPTIONS"} == ROUTES


@pytest.mark.usefixtures("keyed")
def test_the_key_is_in_the_plan_of_the_stage(outputs: Outputs, client: Client) -> None:
    """4.2: and the output is the key that callers send."""
    gateway = client("apigateway")
    key = gateway.get_api_key(apiKey=outputs["api_key_id"], includeValue=True)
    assert key["enabled"]
    stage = {"apiId": outputs["api_rest_id"], "stage": outputs["api_stage"]}
    (plan,) = [
        plan
        for plan in gateway.get_usage_plans()["items"]
        if stage in [{name: one[name] for name in stage} for one in plan["apiStages"]]
    ]
    found = gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    assert [one["id"] for one in found] == [outputs["api_key_id"]]
    if "api_key" in outputs:
        assert Http(outputs, outputs["api_key"])("GET", "/inventory").status == 200


def test_pages_of_every_allowed_origin_may_call(
    shop: Shop, methods: dict[tuple[str, str], Any], outputs: Outputs
) -> None:
    """NFR-2: every path has a preflight; the answers themselves say so, too."""
    paths = {path for _, path in ROUTES}
    assert {path for method, path in methods if method == "OPTIONS"} == paths
    for origin in outputs["cors_origin"].split(","):
        for method, path in (("GET", "/inventory"), ("OPTIONS", "/inventory"), ("GET", "/nowhere")):
            assert shop.http(method, path, Origin=origin).headers["access-control-allow-origin"] == origin


def test_preflights_allow_the_methods_there_are(shop: Shop) -> None:
    for path in {path for _, path in ROUTES}:
        headers = shop.http("OPTIONS", path.replace("{", "").replace("}", "")).headers
        there = {method for method, of in ROUTES if of == path}
        assert set(headers["access-control-allow-methods"].replace(" ", "").split(",")) == {*there, "OPTIONS"}
        assert "x-api-key" in headers["access-control-allow-headers"].lower()


def test_functions_write_logs_that_are_kept_for_a_while(outputs: Outputs, client: Client) -> None:
    """NFR-3: each its own."""
    for name in outputs["function_names"].values():
        (group,) = [
            found
            for found in client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
            if found["logGroupName"] == f"/aws/lambda/{name}"
        ]
        assert group["retentionInDays"] in (7, 30)


def test_the_gateway_logs_requests_and_measures_itself(outputs: Outputs, client: Client) -> None:
    """NFR-3: which its alarm needs."""
    stage = client("apigateway").get_stage(restApiId=outputs["api_rest_id"], stageName=outputs["api_stage"])
    assert stage["accessLogSettings"]["destinationArn"].endswith(f":log-group:{outputs['access_log_group_name']}")
    assert len(stage["methodSettings"]) == 2
    for settings in stage["methodSettings"].values():
        assert settings["metricsEnabled"] in (True, "true")
