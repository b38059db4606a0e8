"""Deployed AWS resources of the stock service."""

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
ASYNC_FUNCTIONS = {"check-thresholds", "expire-reservations", "reconcile"}
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
    """Return the function configurations by function name in the service."""
    describe = client("lambda").get_function_configuration
    return {name: describe(FunctionName=function) for name, function in outputs["function_names"].items()}


@pytest.fixture(scope="module", name="methods")
def methods_fixture(outputs: Outputs, client: Client) -> dict[tuple[str, str], Any]:
    """Return the API methods by HTTP method and path."""
    pages = client("apigateway").get_paginator("get_resources")
    methods = {}
    for page in pages.paginate(restApiId=outputs["api_rest_id"], embed=["methods"]):
        for resource in page["items"]:
            for method in resource.get("resourceMethods", {}):
                params = {"restApiId": outputs["api_rest_id"], "resourceId": resource["id"], "httpMethod": method}
                methods[method, resource["path"]] = client("apigateway").get_method(**params)
    return methods


@pytest.fixture(scope="module", name="alarms")
def alarms_fixture(outputs: Outputs, client: Client) -> list[Any]:
    """Return all metric alarms of the deployment."""
    names = [*outputs["alarm_names"].values()]
    alarms = client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert len(alarms) == len(names)
    return list(alarms)


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
    indexes = {
        name: {index["IndexName"]: keys(index) for index in table["GlobalSecondaryIndexes"]}
        for name, table in tables.items()
    }
    assert indexes == INDEXES


@pytest.mark.parametrize(
    ("table", "attribute"),
    [("management", "tap#expires"), ("reservations", "reservation_expiry"), ("movements", None)],
)
def test_tables_have_time_to_live(outputs: Outputs, client: Client, table: str, attribute: str | None) -> None:
    ttl = client("dynamodb").describe_time_to_live(TableName=outputs["table_names"][table])["TimeToLiveDescription"]
    assert ttl.get("AttributeName") == attribute
    assert (ttl["TimeToLiveStatus"] in ("ENABLED", "ENABLING")) is bool(attribute)


def test_tables_are_billed_by_request_encrypted_and_restorable(
    tables: dict[str, Any], outputs: Outputs, client: Client
) -> None:
    for table in tables.values():
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert table["SSEDescription"]["Status"] == "ENABLED"
    for name in outputs["table_names"].values():
        backups = client("dynamodb").describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_each_function_has_a_dedicated_role(functions: dict[str, Any]) -> None:
    assert functions.keys() == FUNCTIONS
    assert len({function["Role"] for function in functions.values()}) == len(FUNCTIONS)


def test_roles_allow_only_resources_of_the_service(outputs: Outputs, client: Client) -> None:
    """NFR-2: only tables, topic and queue of the service, and the log group of the function; no action wildcards."""
    shared = (*outputs["table_arns"].values(), outputs["topic_arns"]["stock-alerts"], outputs["dead_letter_queue_arn"])
    for function, role in outputs["role_arns"].items():
        allowed = (*shared, f"{outputs['log_group_arns'][function]}:")
        params = {"RoleName": role.rpartition("/")[2]}
        for policy in client("iam").list_role_policies(**params)["PolicyNames"]:
            document = client("iam").get_role_policy(**params, PolicyName=policy)["PolicyDocument"]
            for statement in (json.loads(document) if isinstance(document, str) else document)["Statement"]:
                resources = statement["Resource"]
                for resource in [resources] if isinstance(resources, str) else resources:
                    assert resource.startswith(allowed), resource
                assert not [action for action in statement["Action"] if "*" in action]


@pytest.mark.parametrize(
    ("schedule", "function", "rate"),
    [
        ("stock-thresholds", "check-thresholds", "rate(15 minutes)"),
        ("stock-expiry", "expire-reservations", "rate(1 minute)"),
        ("stock-reconciliation", "reconcile", "rate(1 day)"),
    ],
)
def test_schedules_invoke_their_function(
    outputs: Outputs, client: Client, schedule: str, function: str, rate: str
) -> None:
    """4.3, 4.4, FR-6: without manual actions."""
    name = outputs["schedule_names"][schedule]
    rule = client("events").describe_rule(Name=name)
    assert (rule["ScheduleExpression"], rule["State"]) == (rate, "ENABLED")
    (target,) = client("events").list_targets_by_rule(Rule=name)["Targets"]
    assert target["Arn"] == outputs["function_arns"][function]
    assert json.loads(target["Input"]) == {"schedule": schedule}
    assert target["DeadLetterConfig"]["Arn"] == outputs["dead_letter_queue_arn"]


def test_stream_events_of_alerts_invoke_check_thresholds(outputs: Outputs, client: Client) -> None:
    """4.4: only movements that raise an alert, with a queue for failed events."""
    function = outputs["function_names"]["check-thresholds"]
    (mapping,) = client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    assert mapping["EventSourceArn"].startswith(f"{outputs['table_arns']['movements']}/stream/")
    (pattern,) = [json.loads(event_filter["Pattern"]) for event_filter in mapping["FilterCriteria"]["Filters"]]
    assert pattern == {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"due": {"S": ["alerts"]}}}}
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == outputs["dead_letter_queue_arn"]
    assert mapping["State"] in ("Enabled", "Enabling")


def test_asynchronous_functions_have_a_dead_letter_queue(
    functions: dict[str, Any], outputs: Outputs, client: Client
) -> None:
    targets = {name: function.get("DeadLetterConfig", {}).get("TargetArn") for name, function in functions.items()}
    queue = outputs["dead_letter_queue_arn"]
    assert targets == {name: queue if name in ASYNC_FUNCTIONS else None for name in FUNCTIONS}
    params = {"QueueUrl": outputs["dead_letter_queue_url"], "AttributeNames": ["All"]}
    attributes = client("sqs").get_queue_attributes(**params)["Attributes"]
    assert attributes["QueueArn"] == queue
    assert int(attributes["MessageRetentionPeriod"]) == 14 * 24 * 3600


def test_every_function_has_alarms(alarms: list[Any], outputs: Outputs) -> None:
    """NFR-3: for duration, errors and throttled invocations."""
    metrics_by_function: dict[str, set[str]] = {name: set() for name in outputs["function_names"].values()}
    for alarm in alarms:
        if alarm.get("Namespace") == "AWS/Lambda":
            dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
            metrics_by_function[dimensions["FunctionName"]].add(alarm["MetricName"])
    assert {frozenset(metrics) for metrics in metrics_by_function.values()} == {
        frozenset({"Duration", "Errors", "Throttles"})
    }


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
def test_service_has_custom_alarms(
    alarms: list[Any], outputs: Outputs, metric: str, threshold: float, missing: str
) -> None:
    """NFR-3: for API errors, dead-lettered events, jobs that do not run, and drifts."""
    (alarm,) = [alarm for alarm in alarms if alarm["MetricName"] == metric]
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (threshold, missing)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["AlarmActions"] == [outputs["alarm_topic_arn"]]


def test_alarms_and_alerts_use_one_topic(alarms: list[Any], outputs: Outputs) -> None:
    assert outputs["alarm_topic_arn"] == outputs["topic_arns"]["stock-alerts"]
    assert {arn for alarm in alarms for arn in alarm["AlarmActions"]} == {outputs["alarm_topic_arn"]}


@pytest.mark.usefixtures("keyed")
def test_every_route_except_the_anonymous_one_requires_an_api_key(methods: dict[tuple[str, str], Any]) -> None:
    """4.2, NFR-2: except preflight requests, which browsers send without a key."""
    key_required = {route: method["apiKeyRequired"] for route, method in methods.items()}
    assert {route for route, required in key_required.items() if required} == ROUTES - {
        ("GET", "/inventory/{productId}")
    }
    assert {method for (method, _), required in key_required.items() if not required} == {"GET", "OPTIONS"}
    assert {route for route in key_required if route[0] != "OPTIONS"} == ROUTES


@pytest.mark.usefixtures("keyed")
def test_api_key_is_in_the_usage_plan_of_the_stage(outputs: Outputs, client: Client) -> None:
    """4.2: the output contains the API key."""
    gateway = client("apigateway")
    key = gateway.get_api_key(apiKey=outputs["api_key_id"], includeValue=True)
    assert key["enabled"]
    stage = {"apiId": outputs["api_rest_id"], "stage": outputs["api_stage"]}
    (plan,) = [
        plan
        for plan in gateway.get_usage_plans()["items"]
        if stage in [{name: api_stage[name] for name in stage} for api_stage in plan["apiStages"]]
    ]
    plan_keys = gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    assert [plan_key["id"] for plan_key in plan_keys] == [outputs["api_key_id"]]
    if "api_key" in outputs:
        assert Http(outputs, outputs["api_key"])("GET", "/inventory").status == 200


def test_allowed_origins_receive_cors_headers(
    shop: Shop, methods: dict[tuple[str, str], Any], outputs: Outputs
) -> None:
    """NFR-2: in preflight responses of every path and in other responses."""
    paths = {path for _, path in ROUTES}
    assert {path for method, path in methods if method == "OPTIONS"} == paths
    for origin in outputs["cors_origin"].split(","):
        for method, path in (("GET", "/inventory"), ("OPTIONS", "/inventory"), ("GET", "/nowhere")):
            assert shop.http(method, path, Origin=origin).headers["access-control-allow-origin"] == origin


def test_preflight_responses_allow_the_methods_of_the_path(shop: Shop) -> None:
    for path in {path for _, path in ROUTES}:
        headers = shop.http("OPTIONS", path.replace("{", "").replace("}", "")).headers
        methods = {method for method, route_path in ROUTES if route_path == path}
        assert set(headers["access-control-allow-methods"].replace(" ", "").split(",")) == {*methods, "OPTIONS"}
        assert "x-api-key" in headers["access-control-allow-headers"].lower()


def test_log_groups_have_a_retention_period(outputs: Outputs, client: Client) -> None:
    """NFR-3: one log group per function."""
    for name in outputs["function_names"].values():
        (group,) = [
            log_group
            for log_group in client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
            if log_group["logGroupName"] == f"/aws/lambda/{name}"
        ]
        assert group["retentionInDays"] in (7, 30)


def test_api_stage_has_access_logs_and_metrics(outputs: Outputs, client: Client) -> None:
    """NFR-3: required by the alarm on 5xx responses."""
    stage = client("apigateway").get_stage(restApiId=outputs["api_rest_id"], stageName=outputs["api_stage"])
    assert stage["accessLogSettings"]["destinationArn"].endswith(f":log-group:{outputs['access_log_group_name']}")
    assert len(stage["methodSettings"]) == 2
    for settings in stage["methodSettings"].values():
        assert settings["metricsEnabled"] in (True, "true")
