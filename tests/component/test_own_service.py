"""A service of one's own: two functions, two tables, a topic, a schedule; in prod, and in other environments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.program.recorder import Deployment, record
from lib.settings import AlarmSettings, ApiSettings, FunctionSettings, TableSettings

from ..support.builders import a_function, a_route, a_service
from ..support.programs import stacked

pytestmark = pytest.mark.untraced

XRAY = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"


def deployed(**args: Any) -> Deployment:
    """What a stack of the parcel service is with other arguments."""
    return record(stacked(**args))


def test_tables_are_provisioned_protected_and_kept(parcels: Deployment) -> None:
    tables = parcels.of("dynamodb.Table")
    assert {table.inputs["name"] for table in tables.values()} == {"parcels-parcels-prod", "parcels-audit-prod"}
    for table in tables.values():
        assert table.inputs["billingMode"] == "PROVISIONED"
        assert (table.inputs["readCapacity"], table.inputs["writeCapacity"]) == (50, 50)
        assert table.inputs["deletionProtectionEnabled"]
        assert table.retained


def test_table_has_its_indexes_stream_and_ttl(parcels: Deployment) -> None:
    inputs = parcels.inputs("dynamodb.Table")["post-parcels-table"]
    capacity = {"readCapacity": 50, "writeCapacity": 50}
    state, due = {"attributeName": "state", "keyType": "HASH"}, {"attributeName": "due", "keyType": "RANGE"}
    assert inputs["globalSecondaryIndexes"] == [
        {"name": "by-state", "keySchemas": [state, due], "projectionType": "ALL", **capacity},
        {
            "name": "by-owner",
            "keySchemas": [{"attributeName": "owner", "keyType": "HASH"}],
            "projectionType": "KEYS_ONLY",
            **capacity,
        },
    ]
    assert {a["name"]: a["type"] for a in inputs["attributes"]} == {"id": "S", "state": "S", "due": "N", "owner": "S"}
    assert inputs["streamEnabled"]
    assert inputs["streamViewType"] == "NEW_AND_OLD_IMAGES"
    assert inputs["ttl"] == {"attributeName": "expires", "enabled": True}


def test_a_table_described_without_index_stream_and_ttl_has_none(parcels: Deployment) -> None:
    audit = parcels.inputs("dynamodb.Table")["post-audit-table"]
    assert audit.keys().isdisjoint({"globalSecondaryIndexes", "streamEnabled", "streamViewType", "ttl"})


def test_capacity_of_tables_and_indexes_scales_from_fifty_to_the_ceiling_of_the_profile(parcels: Deployment) -> None:
    targets = parcels.inputs("appautoscaling.Target").values()
    index = "table/parcels-parcels-prod/index"
    assert {
        (target["resourceId"], target["scalableDimension"], target["minCapacity"], target["maxCapacity"])
        for target in targets
    } == {
        (resource, f"dynamodb:{level}:{kind}CapacityUnits", 50, most)
        for resource, level in (
            ("table/parcels-parcels-prod", "table"),
            ("table/parcels-audit-prod", "table"),
            (f"{index}/by-state", "index"),
            (f"{index}/by-owner", "index"),
        )
        for kind, most in (("Read", 6_500), ("Write", 9_500))
    }
    assert {target["serviceNamespace"] for target in targets} == {"dynamodb"}


def test_every_capacity_is_scaled_at_seventy_percent_of_its_own_use(parcels: Deployment) -> None:
    policies = parcels.inputs("appautoscaling.Policy")
    targets = parcels.inputs("appautoscaling.Target")
    assert len(policies) == len(targets) == 8
    for name, policy in policies.items():
        target = targets[name.replace("-policy", "-target")]
        kind = "Read" if "Read" in target["scalableDimension"] else "Write"
        assert {key: policy[key] for key in ("resourceId", "scalableDimension", "serviceNamespace")} == {
            key: target[key] for key in ("resourceId", "scalableDimension", "serviceNamespace")
        }
        assert policy["policyType"] == "TargetTrackingScaling"
        assert policy["targetTrackingScalingPolicyConfiguration"] == {
            "predefinedMetricSpecification": {"predefinedMetricType": f"DynamoDB{kind}CapacityUtilization"},
            "targetValue": 70,
        }


def test_capacity_that_scaling_changed_is_left_alone(parcels: Deployment) -> None:
    ignored = parcels.of("dynamodb.Table")["post-parcels-table"].ignored
    assert {"readCapacity", "writeCapacity", "globalSecondaryIndexes[*].readCapacity"} <= set(ignored)


def test_scaling_reaches_what_the_arguments_say() -> None:
    made = deployed(environment_suffix="staging", table=TableSettings(max_read_capacity=40, max_write_capacity=30))
    limits = {
        (target["scalableDimension"], target["minCapacity"], target["maxCapacity"])
        for target in made.inputs("appautoscaling.Target").values()
        if target["resourceId"] == "table/parcels-audit-staging"
    }
    assert limits == {
        ("dynamodb:table:ReadCapacityUnits", 10, 40),
        ("dynamodb:table:WriteCapacityUnits", 10, 30),
    }


@pytest.mark.parametrize("suffix", ["dev", "test", "pr-123"])
def test_nothing_scales_and_nothing_is_kept_on_demand(suffix: str) -> None:
    made = deployed(environment_suffix=suffix)
    assert not made.of("appautoscaling.Target")
    for table in made.of("dynamodb.Table").values():
        assert table.inputs["billingMode"] == "PAY_PER_REQUEST"
        assert "readCapacity" not in table.inputs
        assert not table.retained
        assert table.ignored == ["replicas"]
    assert "readCapacity" not in made.inputs("dynamodb.Table")["post-parcels-table"]["globalSecondaryIndexes"][0]


def test_functions_are_large_traced_and_keep_executions(parcels: Deployment) -> None:
    functions = parcels.inputs("lambda.Function")
    assert {function["name"] for function in functions.values()} == {"parcels-desk-prod", "parcels-sweep-prod"}
    for function in functions.values():
        assert function["memorySize"] == 512
        assert function["reservedConcurrentExecutions"] == 530
        assert function["tracingConfig"] == {"mode": "Active"}
        assert function["runtime"] == "python3.13"


def test_functions_that_are_traced_may_send_traces(parcels: Deployment) -> None:
    attached = parcels.inputs("iam.RolePolicyAttachment").values()
    assert {a["role"] for a in attached if a["policyArn"] == XRAY} == {
        "parcels-desk-prod-role-made",
        "parcels-sweep-prod-role-made",
    }
    assert parcels.only("apigateway.Stage").inputs["xrayTracingEnabled"]


def test_functions_that_are_not_traced_may_not_send_traces() -> None:
    made = deployed(environment_suffix="dev")
    assert {a["policyArn"] for a in made.inputs("iam.RolePolicyAttachment").values()}.isdisjoint({XRAY})
    assert {f["tracingConfig"]["mode"] for f in made.inputs("lambda.Function").values()} == {"PassThrough"}


def test_logs_are_kept_for_thirty_days(parcels: Deployment) -> None:
    assert {(group["name"], group["retentionInDays"]) for group in parcels.inputs("cloudwatch.LogGroup").values()} == {
        ("/aws/lambda/parcels-desk-prod", 30),
        ("/aws/lambda/parcels-sweep-prod", 30),
    }


def test_a_function_finds_in_its_environment_only_what_it_was_granted(parcels: Deployment) -> None:
    functions = parcels.inputs("lambda.Function")
    assert functions["post-desk-function"]["environment"]["variables"] == {
        "PARCELS_TABLE": "parcels-parcels-prod",
        "AUDIT_TABLE": "parcels-audit-prod",
        "AWS_DNS_SUFFIX": "amazonaws.com",
    }
    assert functions["post-sweep-function"]["environment"]["variables"] == {
        "PARCELS_TABLE": "parcels-parcels-prod",
        "LOST_TOPIC": "arn:post-lost-topic",
        "AWS_DNS_SUFFIX": "amazonaws.com",
    }


def test_each_role_may_do_only_what_its_own_function_does(parcels: Deployment) -> None:
    grants = {n: p for n, p in parcels.inputs("iam.RolePolicy").items() if p["name"] == "grants"}
    documents = {name: json.loads(policy["policy"])["Statement"] for name, policy in grants.items()}
    query = {
        "Effect": "Allow",
        "Action": ["dynamodb:Query"],
        "Resource": "arn:post-parcels-table/index/by-state",
    }
    assert documents == {
        "post-desk-policy": [
            {
                "Effect": "Allow",
                "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem"],
                "Resource": "arn:post-parcels-table",
            },
            query,
            {"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": "arn:post-audit-table"},
        ],
        "post-sweep-policy": [
            query,
            {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": "arn:post-lost-topic"},
        ],
    }


def test_schedule_calls_its_function_and_says_which_it_is(parcels: Deployment) -> None:
    rule, target = parcels.only("cloudwatch.EventRule").inputs, parcels.only("cloudwatch.EventTarget").inputs
    assert (rule["name"], rule["scheduleExpression"]) == ("parcels-lost-parcels-prod", "rate(15 minutes)")
    assert (target["rule"], target["arn"]) == (rule["name"], "arn:post-sweep-function")
    assert json.loads(target["input"]) == {"schedule": "lost-parcels"}


def test_only_the_schedules_own_rule_may_call_its_function(parcels: Deployment) -> None:
    (permission,) = (
        p for p in parcels.inputs("lambda.Permission").values() if p["principal"] == "events.amazonaws.com"
    )
    assert permission["function"] == "parcels-sweep-prod"
    assert permission["sourceArn"] == "arn:post-lost-parcels-rule"


def test_the_api_may_call_only_functions_that_have_routes(parcels: Deployment) -> None:
    callers = [(p["principal"], p["function"]) for p in parcels.inputs("lambda.Permission").values()]
    assert ("apigateway.amazonaws.com", "parcels-desk-prod") in callers
    assert ("apigateway.amazonaws.com", "parcels-sweep-prod") not in callers


def test_every_route_asks_for_a_key(parcels: Deployment) -> None:
    keyless = [name for name, (method, _) in parcels.endpoints().items() if not method.get("apiKeyRequired")]
    assert keyless == [(method, path) for method, path in parcels.endpoints() if method == "OPTIONS"]


def test_key_is_counted_by_a_plan_with_quota_and_throttle(parcels: Deployment) -> None:
    plan = parcels.only("apigateway.UsagePlan").inputs
    assert plan["apiStages"] == [{"apiId": "post-api-api-id", "stage": "prod"}]
    assert plan["quotaSettings"] == {"limit": 1_000_000, "period": "MONTH"}
    assert plan["throttleSettings"] == {"rateLimit": 10_000, "burstLimit": 5_000}
    assert parcels.only("apigateway.UsagePlanKey").inputs == {
        "keyId": "post-api-usage-key-id",
        "keyType": "API_KEY",
        "usagePlanId": "post-api-usage-plan-id",
    }
    assert plan["name"] == "parcels-api-usage-plan-prod"
    assert parcels.only("apigateway.ApiKey").inputs["name"] == "parcels-api-key-prod"


def test_key_is_a_secret_output(parcels: Deployment) -> None:
    registered = parcels.stack_outputs()["api_key"]
    assert registered["value"] == "value:post-api-usage-key"
    assert len(registered) == 2  # the value, and the mark of a secret


def test_one_route_may_ask_for_a_key_where_the_others_do_not() -> None:
    routes = a_route(), a_route(method="DELETE", operation="drop_all", key_required=True)
    made = deployed(environment_suffix="dev", service=a_service(functions=(a_function(*routes),)))
    wanted = {name: method["apiKeyRequired"] for name, (method, _) in made.endpoints().items() if name[0] != "OPTIONS"}
    assert wanted == {("GET", "/parcels"): False, ("DELETE", "/parcels"): True}
    assert made.only("apigateway.ApiKey")


def cors_headers(made: Deployment) -> set[str]:
    """Every value of an Access-Control header that the gateway sends."""
    responses = [*made.inputs("apigateway.IntegrationResponse").values(), *made.inputs("apigateway.Response").values()]
    return {
        value
        for response in responses
        for name, value in response.get("responseParameters", {}).items()
        if "Access-Control-Allow-Origin" in name
    }


def test_no_page_of_another_origin_may_call_prod(parcels: Deployment) -> None:
    assert not cors_headers(parcels)


def test_pages_of_the_configured_origin_may_call_prod() -> None:
    origin = "https://shop.example.com"
    made = deployed(environment_suffix="prod", api=ApiSettings(cors_origin=origin))
    assert cors_headers(made) == {f"'{origin}'"}
    code = made.inputs("lambda.Function")["post-desk-function"]["code"]
    assert origin in code.assets["index.py"].text


def test_alarm_goes_to_the_address_in_the_arguments(parcels: Deployment) -> None:
    assert {
        "topic": "arn:post-alarms-topic",
        "protocol": "email",
        "endpoint": "ops@example.com",
    } in parcels.inputs("sns.TopicSubscription").values()


def test_every_function_has_its_alarms_by_the_name_pattern(parcels: Deployment) -> None:
    alarms = parcels.inputs("cloudwatch.MetricAlarm").values()
    standard = [alarm for alarm in alarms if alarm.get("metricName") in ("Duration", "Errors", "Throttles")]
    assert {a["name"]: a["dimensions"]["FunctionName"] for a in standard if "statistic" in a} == {
        f"parcels-{function}-{alarm}-prod": f"parcels-{function}-prod"
        for function in ("desk", "sweep")
        for alarm in ("duration", "errors", "throttles")
    }


def test_duration_alarms_at_four_fifths_of_the_timeout() -> None:
    slow = a_function(settings=FunctionSettings(timeout_seconds=20))
    made = deployed(environment_suffix="dev", service=a_service(functions=(slow,)))
    assert made.inputs("cloudwatch.MetricAlarm")["post-desk-duration"]["threshold"] == 16_000


def test_stage_has_the_name_of_its_environment(parcels: Deployment) -> None:
    assert parcels.only("apigateway.Stage").inputs["stageName"] == "prod"
    assert deployed(environment_suffix="pr-123").only("apigateway.Stage").inputs["stageName"] == "pr-123"


def test_an_argument_is_stronger_than_a_functions_own_figure() -> None:
    own = FunctionSettings(memory_mb=256, timeout_seconds=20)
    service = a_service(functions=(a_function(settings=own),))
    (function,) = (
        deployed(environment_suffix="dev", service=service, function=FunctionSettings(memory_mb=1024))
        .inputs("lambda.Function")
        .values()
    )
    assert (function["memorySize"], function["timeout"]) == (1024, 20)


def test_no_deprecated_runtime_and_so_no_warning(parcels: Deployment) -> None:
    assert not parcels.warnings


NO_SUBSCRIBER = "no one is subscribed to alarm notifications: set notification_email"


@pytest.mark.parametrize(
    ("email", "said"), [("", [NO_SUBSCRIBER]), ("ops@example.com", [])], ids=["nobody", "somebody"]
)
def test_who_deploys_is_told_where_nobody_hears_of_alarms(email: str, said: list[str]) -> None:
    made = deployed(environment_suffix="prod", alarms=AlarmSettings(notification_email=email))
    assert [message for message in made.notes if "alarm" in message] == said
    assert not made.warnings


def test_outputs_name_everything_of_which_there_are_several(parcels: Deployment) -> None:
    outputs = parcels.stack_outputs()
    assert outputs["table_names"] == {"parcels": "parcels-parcels-prod", "audit": "parcels-audit-prod"}
    assert outputs["function_names"] == {"desk": "parcels-desk-prod", "sweep": "parcels-sweep-prod"}
    assert outputs["topic_arns"] == {"lost": "arn:post-lost-topic"}
    assert outputs["schedule_names"] == {"lost-parcels": "parcels-lost-parcels-prod"}
    standard = {f"{name}-{kind}" for name in ("desk", "sweep") for kind in ("Duration", "Errors", "Throttles")}
    assert outputs["alarm_names"].keys() > standard
    assert outputs["dynamodb_table_name"] == "parcels-parcels-prod"
    assert len(outputs) >= 22


def test_items_keeps_its_figures_in_prod() -> None:
    made = deployed(environment_suffix="prod", service="items")
    function = made.only("lambda.Function").inputs
    assert (function["memorySize"], function["timeout"], function["reservedConcurrentExecutions"]) == (128, 5, -1)
    assert made.only("dynamodb.Table").inputs["billingMode"] == "PAY_PER_REQUEST"
    assert made.only("dynamodb.Table").inputs["deletionProtectionEnabled"]
    assert made.only("cloudwatch.LogGroup").inputs["retentionInDays"] == 14
    settings = made.only("apigateway.MethodSettings").inputs["settings"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (17, 50)
    assert made.only("apigateway.ApiKey")
