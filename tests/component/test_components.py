"""Each component by itself, outside a TapStack."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.components.alarms import Alarms, AlarmsArgs
from lib.components.api import Api, ApiArgs
from lib.components.function import Function, FunctionArgs
from lib.components.role import Role, RoleArgs
from lib.components.schedule import Schedule, ScheduleArgs
from lib.components.table import Table, TableArgs
from lib.components.topic import Topic, TopicArgs
from lib.settings import AlarmSettings, ApiSettings, FunctionSettings, TableSettings

from ..builders import NEW_PARCEL, a_route, a_table
from .cloud import Deployment, deploy


def a_function(name: str = "desk", **changes: Any) -> Function:
    """A function under somebody else's role."""
    defaults = {"name": f"post-{name}", "role_arn": "arn:role", "files": {"index.py": "handler = print\n"}}
    return Function(name, FunctionArgs(**{**defaults, **changes}))


def made_table(**changes: Any) -> Deployment:
    """What a table alone registers."""
    return deploy(lambda: Table("parcels", TableArgs(**{"name": "post-parcels", "table": a_table(), **changes})))


def made_api(**changes: Any) -> Deployment:
    """What an API of one function registers."""

    def program() -> None:
        routes = [(a_route(), a_function())]
        Api("counter", ApiArgs(**{"name": "post-counter", "routes": routes, **changes}))

    return deploy(program)


def test_table_is_billed_per_request_when_nothing_else_is_said() -> None:
    made = made_table()
    assert made.only("dynamodb.Table").inputs["billingMode"] == "PAY_PER_REQUEST"
    assert made.only("dynamodb.Table").inputs["pointInTimeRecovery"] == {"enabled": True}
    assert not made.of("appautoscaling.Target")


def test_table_keeps_no_backup_where_none_is_wanted() -> None:
    made = made_table(settings=TableSettings(point_in_time_recovery=False))
    assert made.only("dynamodb.Table").inputs["pointInTimeRecovery"] == {"enabled": False}


def test_provisioned_table_has_some_capacity_of_each_kind_which_scales() -> None:
    made = made_table(settings=TableSettings(billing_mode="PROVISIONED"))
    inputs = made.only("dynamodb.Table").inputs
    assert inputs["readCapacity"] >= 1
    assert {target["minCapacity"] for target in made.inputs("appautoscaling.Target").values()} == {
        inputs["readCapacity"],
        inputs["writeCapacity"],
    }


def test_table_hands_out_statements_on_itself_and_its_indexes() -> None:
    def program() -> None:
        table = Table("parcels", TableArgs(name="post-parcels", table=a_table()))
        pulumi.export("statement", table.grant(["Query"], ["by-state"]))

    assert deploy(program).exports["statement"] == {
        "Effect": "Allow",
        "Action": ["dynamodb:Query"],
        "Resource": ["arn:parcels-table", "arn:parcels-table/index/by-state"],
    }


def test_topic_hands_out_statements_on_itself_and_writes_to_its_address() -> None:
    def program() -> None:
        topic = Topic("lost", TopicArgs(name="post-lost", email="ops@example.com"))
        pulumi.export("statement", topic.grant(["Publish"]))

    made = deploy(program)
    assert made.exports["statement"] == {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": "arn:lost-topic"}
    assert made.only("sns.TopicSubscription").inputs["endpoint"] == "ops@example.com"


def test_role_without_statements_has_no_policy_of_its_own() -> None:
    made = deploy(lambda: Role("clerk", RoleArgs(name_prefix="post-clerk-", trusted_service="events.amazonaws.com")))
    assert not made.of("iam.RolePolicy")
    trust = json.loads(made.only("iam.Role").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}
    assert made.only("iam.RolePolicyAttachment").inputs["policyArn"].endswith("/AWSLambdaBasicExecutionRole")


def test_role_names_what_must_stand_before_anybody_works_under_it() -> None:
    roles: list[Role] = []
    statement = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "arn:queue"}
    made = deploy(lambda: roles.append(Role("clerk", RoleArgs(name_prefix="post-clerk-", statements=[statement]))))
    assert {resource.pulumi_resource_name for resource in roles[0].permissions()} == {
        *made.of("iam.RolePolicy"),
        *made.of("iam.RolePolicyAttachment"),
    }
    assert len(roles[0].permissions()) == 2


def test_function_can_be_deployed_with_no_figure_given() -> None:
    inputs = deploy(a_function).only("lambda.Function").inputs
    assert (inputs["runtime"], inputs["memorySize"], inputs["timeout"]) == ("python3.13", 128, 10)
    assert inputs["publish"]
    assert "environment" not in inputs


def test_function_waits_for_what_it_is_told_to() -> None:
    def program() -> None:
        role = Role("clerk", RoleArgs(name_prefix="post-clerk-"))
        a_function(role_arn=role.arn, depends_on=role.permissions(), environment={"DESK": "1"})

    function = deploy(program).only("lambda.Function")
    assert {"desk-logs", "clerk-AWSLambdaBasicExecutionRole"} <= set(function.depends_on)
    assert function.inputs["environment"] == {"variables": {"DESK": "1"}}


def test_function_is_traced_where_asked() -> None:
    made = deploy(lambda: a_function(settings=FunctionSettings(runtime="python3.13", tracing=True)))
    assert made.only("lambda.Function").inputs["tracingConfig"] == {"mode": "Active"}


def made_alarms(**settings: Any) -> Deployment:
    """What the alarms of one function register."""
    args = AlarmsArgs(
        function_name="post-desk",
        topic_arn="arn:topic",
        naming=lambda alarm: f"desk-{alarm}",
        settings=AlarmSettings(**settings),
    )
    return deploy(lambda: Alarms("desk", args))


def test_alarms_watch_errors_and_throttles_when_nothing_else_is_said() -> None:
    alarms = {alarm["name"]: alarm for alarm in made_alarms().inputs("cloudwatch.MetricAlarm").values()}
    assert alarms.keys() == {"desk-Errors", "desk-Throttles"}
    for alarm in alarms.values():
        assert (alarm["threshold"], alarm["period"], alarm["evaluationPeriods"]) == (0, 60, 1)


def test_alarms_watch_the_duration_where_there_is_a_threshold() -> None:
    made = made_alarms(duration_ms=900, period_seconds=300, evaluation_periods=3)
    duration = made.inputs("cloudwatch.MetricAlarm")["desk-duration"]
    assert (duration["threshold"], duration["period"], duration["evaluationPeriods"]) == (900, 300, 3)


def test_schedule_calls_a_function_by_the_clock() -> None:
    args = ScheduleArgs(
        name="post-nightly", schedule="nightly", rate="cron(0 3 * * ? *)", function_name="desk", function_arn="arn:desk"
    )
    made = deploy(lambda: Schedule("nightly", args))
    assert made.only("cloudwatch.EventRule").inputs["scheduleExpression"] == args.rate
    assert made.only("lambda.Permission").inputs["sourceArn"] == "arn:nightly-rule"
    assert made.only("cloudwatch.EventTarget").inputs["arn"] == "arn:desk"


def test_api_by_itself_is_open_on_the_stage_prod() -> None:
    made = made_api()
    assert made.only("apigateway.Stage").inputs["stageName"] == "prod"
    assert not made.of("apigateway.ApiKey")


def test_api_makes_models_only_of_bodies_that_routes_take() -> None:
    def program() -> None:
        route = a_route(method="POST", body="NewParcel")
        schemas = {"NewParcel": NEW_PARCEL, "Unused": NEW_PARCEL}
        Api("counter", ApiArgs(name="post-counter", routes=[(route, a_function())], schemas=schemas))

    assert {model["name"] for model in deploy(program).inputs("apigateway.Model").values()} == {"NewParcel"}


def test_key_is_throttled_and_counted_as_the_settings_say() -> None:
    settings = ApiSettings(api_key_required=True, throttle_rate_per_second=2.5, throttle_burst=5, quota_per_month=1000)
    plan = made_api(settings=settings).only("apigateway.UsagePlan").inputs
    assert plan["quotaSettings"] == {"limit": 1000, "period": "MONTH"}
    assert plan["throttleSettings"] == {"rateLimit": 2.5, "burstLimit": 5}


def test_two_apis_may_share_a_function() -> None:
    def program() -> None:
        desk = a_function()
        for name in ("front", "back"):
            Api(name, ApiArgs(name=f"post-{name}", routes=[(a_route(), desk)]))

    permissions = deploy(program).inputs("lambda.Permission").values()
    assert {p["sourceArn"] for p in permissions} == {"executionArn:front-api/*", "executionArn:back-api/*"}


@pytest.mark.parametrize("tracing", [True, False])
def test_stage_is_traced_where_asked(tracing: bool) -> None:
    assert made_api(tracing=tracing).only("apigateway.Stage").inputs["xrayTracingEnabled"] is tracing
