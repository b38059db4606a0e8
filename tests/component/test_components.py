"""Each component by itself, outside a TapStack."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.components.api.api_account import ApiAccount, ApiAccountArgs
from lib.components.api.api_logs import ApiLogs, ApiLogsArgs
from lib.components.api.domain import Domain, DomainArgs
from lib.components.api.rest_api import Api, ApiArgs
from lib.components.api.usage_plan import UsagePlan, UsagePlanArgs
from lib.components.compute.consumer import Consumer, ConsumerArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.components.compute.layer import Layer, LayerArgs
from lib.components.compute.role import Role, RoleArgs
from lib.components.compute.schedule import Schedule, ScheduleArgs
from lib.components.data.parameter import Parameter, ParameterArgs
from lib.components.data.table import Table, TableArgs
from lib.components.messaging.queue import Queue, QueueArgs
from lib.components.messaging.topic import Topic, TopicArgs
from lib.components.monitoring.alarm import Alarm, AlarmArgs
from lib.components.monitoring.function_alarms import Alarms, AlarmsArgs
from lib.components.site.bucket import Bucket, BucketArgs
from lib.components.site.site import Site, SiteArgs
from lib.documents import rest_api
from lib.model import Site as DescribedSite
from lib.model import Throttle
from lib.program.recorder import Deployment, record
from lib.settings import AlarmSettings, ApiSettings, AuthorizationSettings, FunctionSettings, TableSettings

from ..support.builders import NEW_PARCEL, a_route, a_table, an_alarm


def a_function(name: str = "desk", **changes: Any) -> Function:
    """A function under somebody else's role."""
    defaults = {"name": f"post-{name}", "role_arn": "arn:role", "files": {"index.py": "handler = print\n"}}
    return Function(name, FunctionArgs(**{**defaults, **changes}))


def made_table(**changes: Any) -> Deployment:
    """What a table alone registers."""
    return record(lambda: Table("parcels", TableArgs(**{"name": "post-parcels", "table": a_table(), **changes})))


KEYED = AuthorizationSettings(type="API_KEY")
"""Every route asks for a key."""


def made_api(**changes: Any) -> Deployment:
    """What an API of one function registers."""

    def program() -> None:
        routes = [(a_route(), a_function())]
        Api("counter", ApiArgs(**{"name": "post-counter", "routes": routes, **changes}))

    return record(program)


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


def test_table_hands_out_statements_on_itself_or_its_indexes_or_some_rows() -> None:
    def program() -> None:
        table = Table("parcels", TableArgs(name="post-parcels", table=a_table()))
        pulumi.export("table", table.grant(["GetItem"]))
        pulumi.export("index", table.grant(["Query"], ["by-state"]))
        pulumi.export("rows", table.grant(["PutItem"], keys=["lost#*"]))

    arn = "arn:parcels-table"
    assert record(program).exports == {
        "table": {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": arn},
        "index": {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": f"{arn}/index/by-state"},
        "rows": {
            "Effect": "Allow",
            "Action": ["dynamodb:PutItem"],
            "Resource": arn,
            "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["lost#*"]}},
        },
    }


def test_topic_hands_out_statements_on_itself_and_writes_to_its_address() -> None:
    def program() -> None:
        topic = Topic("lost", TopicArgs(name="post-lost", email="ops@example.com"))
        pulumi.export("statement", topic.grant(["Publish"]))

    made = record(program)
    assert made.exports["statement"] == {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": "arn:lost-topic"}
    assert made.only("sns.TopicSubscription").inputs["endpoint"] == "ops@example.com"


def test_role_without_statements_has_no_policy_of_its_own() -> None:
    made = record(lambda: Role("clerk", RoleArgs(name_prefix="post-clerk-", trusted_service="events.amazonaws.com")))
    assert not made.of("iam.RolePolicy")
    trust = json.loads(made.only("iam.Role").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}
    assert not made.of("iam.RolePolicyAttachment")


def test_role_names_what_must_stand_before_anybody_works_under_it() -> None:
    roles: list[Role] = []
    statement = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "arn:queue"}
    args = RoleArgs(
        name_prefix="post-clerk-", statements=[statement], managed_policies=["service-role/AWSLambdaBasicExecutionRole"]
    )
    made = record(lambda: roles.append(Role("clerk", args)))
    assert {resource.pulumi_resource_name for resource in roles[0].permissions()} == {
        *made.of("iam.RolePolicy"),
        *made.of("iam.RolePolicyAttachment"),
    }
    assert len(roles[0].permissions()) == 2


def test_function_can_be_deployed_with_no_figure_given() -> None:
    inputs = record(a_function).only("lambda.Function").inputs
    assert (inputs["runtime"], inputs["memorySize"], inputs["timeout"]) == ("python3.13", 128, 10)
    assert inputs["publish"]
    assert "environment" not in inputs


def test_function_waits_for_what_it_is_told_to() -> None:
    def program() -> None:
        role = Role("clerk", RoleArgs(name_prefix="post-clerk-", managed_policies=["AWSXRayDaemonWriteAccess"]))
        a_function(role_arn=role.arn, depends_on=role.permissions(), environment={"DESK": "1"})

    function = record(program).only("lambda.Function")
    assert {"desk-logs", "clerk-AWSXRayDaemonWriteAccess"} <= set(function.depends_on)
    assert function.inputs["environment"] == {"variables": {"DESK": "1"}}


def test_function_is_traced_where_asked() -> None:
    made = record(lambda: a_function(settings=FunctionSettings(runtime="python3.13", tracing=True)))
    assert made.only("lambda.Function").inputs["tracingConfig"] == {"mode": "Active"}


def made_alarms(**settings: Any) -> Deployment:
    """What the alarms of one function register."""
    args = AlarmsArgs(
        function_name="post-desk",
        topic_arn="arn:topic",
        naming=lambda alarm: f"desk-{alarm}",
        settings=AlarmSettings(**settings),
    )
    return record(lambda: Alarms("desk", args))


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
    made = record(lambda: Schedule("nightly", args))
    assert made.only("cloudwatch.EventRule").inputs["scheduleExpression"] == args.rate
    assert made.only("lambda.Permission").inputs["sourceArn"] == "arn:nightly-rule"
    assert made.only("cloudwatch.EventTarget").inputs["arn"] == "arn:desk"


def test_schedule_leaves_what_it_cannot_hand_over_where_it_is_told() -> None:
    args = ScheduleArgs(
        name="post-nightly",
        schedule="nightly",
        rate="rate(1 day)",
        function_name="desk",
        function_arn="arn:desk",
        dead_letter_arn="arn:queue",
    )
    made = record(lambda: Schedule("nightly", args))
    assert made.only("cloudwatch.EventTarget").inputs["deadLetterConfig"] == {"arn": "arn:queue"}


def test_function_leaves_what_it_could_not_do_where_it_is_told() -> None:
    made = record(lambda: a_function(dead_letter_arn="arn:queue"))
    assert made.only("lambda.Function").inputs["deadLetterConfig"] == {"targetArn": "arn:queue"}


def test_consumer_gets_every_record_and_tells_nobody_when_nothing_else_is_said() -> None:
    args = ConsumerArgs(stream_arn="arn:stream", function_name="desk")
    inputs = record(lambda: Consumer("arrivals", args)).only("lambda.EventSourceMapping").inputs
    assert (inputs["eventSourceArn"], inputs["functionName"]) == ("arn:stream", "desk")
    assert inputs.keys().isdisjoint({"filterCriteria", "destinationConfig"})


def test_table_lets_a_role_read_its_stream() -> None:
    def program() -> None:
        table = Table("parcels", TableArgs(name="post-parcels", table=a_table(stream="KEYS_ONLY")))
        pulumi.export("stream", table.grant_stream())

    actions = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
    assert record(program).exports["stream"] == {
        "Effect": "Allow",
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": "streamArn:parcels-table",
    }


def test_queue_hands_out_statements_on_itself_and_by_itself_lets_nobody_in() -> None:
    def program() -> None:
        pulumi.export("statement", Queue("failures", QueueArgs(name="post-failures")).grant(["SendMessage"]))

    made = record(program)
    arn = "arn:failures-queue"
    assert made.exports["statement"] == {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": arn}
    (statement,) = json.loads(made.only("sqs.QueuePolicy").inputs["policy"])["Statement"]
    assert statement["Effect"] == "Deny"


def test_alarm_watches_any_metric() -> None:
    args = AlarmArgs(
        name="post-late",
        alarm=an_alarm(metric="Age", threshold=1.5),
        subject="post",
        namespace="AWS/SQS",
        dimensions={"QueueName": "post-failures"},
        topic_arn="arn:topic",
    )
    inputs = record(lambda: Alarm("late", args)).only("cloudwatch.MetricAlarm").inputs
    assert (inputs["namespace"], inputs["metricName"], inputs["threshold"]) == ("AWS/SQS", "Age", 1.5)


def test_bucket_by_itself_is_private_and_goes_with_all_that_is_in_it() -> None:
    made = record(lambda: Bucket("files", BucketArgs(name_prefix="post-")))
    assert made.only("s3.BucketPublicAccessBlock").inputs["blockPublicPolicy"]
    assert made.only("s3.Bucket").inputs["forceDestroy"]
    assert not made.only("s3.Bucket").retained


def test_site_by_itself_is_behind_cloudfront() -> None:
    args = SiteArgs(name_prefix="post-", site=DescribedSite(folder="pages", index="start.html"))
    made = record(lambda: Site("pages", args))
    assert made.only("cloudfront.Distribution").inputs["defaultRootObject"] == "start.html"
    assert not made.of("s3.BucketWebsiteConfiguration")


def test_api_may_be_told_an_origin_that_is_stronger_than_its_settings() -> None:
    made = made_api(
        cors_origins=["https://d1.cloudfront.net"], settings=ApiSettings(cors_origin="https://shop.example.com")
    )
    (answer,) = made.inputs("apigateway.IntegrationResponse").values()
    header = "method.response.header.Access-Control-Allow-Origin"
    assert answer["responseParameters"][header] == "'https://d1.cloudfront.net'"
    (declared,) = made.inputs("apigateway.MethodResponse").values()
    assert set(declared["responseParameters"]) == set(answer["responseParameters"])


def test_api_by_itself_is_open_on_the_stage_prod() -> None:
    made = made_api()
    assert made.only("apigateway.Stage").inputs["stageName"] == "prod"
    assert not made.of("apigateway.ApiKey")


def test_api_makes_models_only_of_bodies_that_routes_take() -> None:
    def program() -> None:
        route = a_route(method="POST", body="NewParcel")
        schemas = {"NewParcel": NEW_PARCEL, "Unused": NEW_PARCEL}
        Api("counter", ApiArgs(name="post-counter", routes=[(route, a_function())], schemas=schemas))

    assert {model["name"] for model in record(program).inputs("apigateway.Model").values()} == {"NewParcel"}


def test_key_is_throttled_and_counted_as_the_settings_say() -> None:
    settings = ApiSettings(throttle_rate_per_second=2.5, throttle_burst=5, quota_per_month=1000)
    plan = made_api(settings=settings, authorization=KEYED).only("apigateway.UsagePlan").inputs
    assert plan["quotaSettings"] == {"limit": 1000, "period": "MONTH"}
    assert plan["throttleSettings"] == {"rateLimit": 2.5, "burstLimit": 5}


@pytest.mark.parametrize(
    ("names", "plan", "key"),
    [
        ({}, "post-counter-usage-plan", "post-counter-key"),
        ({"usage_plan_name": "plan-of-ours", "key_name": "key-of-ours"}, "plan-of-ours", "key-of-ours"),
    ],
    ids=["made from the API's", "given"],
)
def test_usage_plan_and_key_have_names_of_their_own(names: dict[str, str], plan: str, key: str) -> None:
    made = made_api(authorization=KEYED, **names)
    assert made.only("apigateway.UsagePlan").inputs["name"] == plan
    assert made.only("apigateway.ApiKey").inputs["name"] == key


def test_usage_plan_by_itself_has_the_names_it_is_given() -> None:
    args = UsagePlanArgs(name="post-plan", key_name="post-key", api_id="a1b2", stage_name="live")
    made = record(lambda: UsagePlan("usage", args))
    assert made.only("apigateway.UsagePlan").inputs["name"] == "post-plan"
    assert made.only("apigateway.ApiKey").inputs["name"] == "post-key"


def test_two_apis_may_share_a_function() -> None:
    def program() -> None:
        desk = a_function()
        for name in ("front", "back"):
            Api(name, ApiArgs(name=f"post-{name}", routes=[(a_route(), desk)]))

    permissions = record(program).inputs("lambda.Permission").values()
    assert {p["sourceArn"] for p in permissions} == {"executionArn:front-api/*", "executionArn:back-api/*"}


@pytest.mark.parametrize("tracing", [True, False])
def test_stage_is_traced_where_asked(tracing: bool) -> None:
    assert made_api(tracing=tracing).only("apigateway.Stage").inputs["xrayTracingEnabled"] is tracing


def test_parameter_is_plain_text_and_hands_out_statements_on_itself() -> None:
    def program() -> None:
        made = Parameter("config", ParameterArgs(name="/post/dev/config", value="7", tags={"Owner": "post"}))
        pulumi.export("statement", made.grant(["GetParameter"]))

    made = record(program)
    assert made.only("ssm.Parameter").inputs == {
        "name": "/post/dev/config",
        "type": "String",
        "value": "7",
        "tags": {"Owner": "post"},
    }
    assert made.exports["statement"] == {
        "Effect": "Allow",
        "Action": ["ssm:GetParameter"],
        "Resource": "arn:config-parameter",
    }


def test_layer_holds_its_modules_where_lambda_looks_for_them() -> None:
    args = LayerArgs(name="post-shared", files={"post/__init__.py": "", "post/a.py": "A = 1"}, runtimes=["python3.13"])
    inputs = record(lambda: Layer("shared", args)).only("lambda.LayerVersion").inputs
    assert {path: asset.text for path, asset in inputs.pop("code").assets.items()} == {
        "python/post/__init__.py": "\n",
        "python/post/a.py": "A = 1",
    }
    assert inputs == {"layerName": "post-shared", "compatibleRuntimes": ["python3.13"]}


def test_function_has_the_layers_it_is_given_and_none_otherwise() -> None:
    assert record(lambda: a_function(layers=["arn:shared:1"])).only("lambda.Function").inputs["layers"] == [
        "arn:shared:1"
    ]
    assert "layers" not in record(a_function).only("lambda.Function").inputs


@pytest.mark.parametrize("kept", [True, False])
def test_role_is_left_behind_with_all_it_may_do_where_asked(kept: bool) -> None:
    statement = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "arn:queue"}
    args = RoleArgs(
        name_prefix="post-clerk-",
        statements=[statement],
        managed_policies=["AWSXRayDaemonWriteAccess"],
        retain_on_delete=kept,
    )
    made = record(lambda: Role("clerk", args))
    kinds = ("iam.Role", "iam.RolePolicyAttachment", "iam.RolePolicy")
    assert [made.only(kind).retained for kind in kinds] == [kept] * 3


def made_account(**args: Any) -> Deployment:
    """What the account-wide setting of an API registers."""
    return record(lambda: ApiAccount("gate", ApiAccountArgs(owner="post-counter", **args)))


def test_account_logs_with_a_role_that_outlives_the_stack() -> None:
    made = made_account(tags={"Owner": "post"})
    account, role, attached = (
        made.only(f"{kind}") for kind in ("apigateway.Account", "iam.Role", "iam.RolePolicyAttachment")
    )
    assert account.inputs == {"cloudwatchRoleArn": "arn:gate-writer-role"}
    assert attached.name in account.depends_on
    assert (role.inputs["namePrefix"], role.inputs["tags"]) == ("post-counter-role-", {"Owner": "post"})
    (trusted,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert attached.inputs["policyArn"].endswith("service-role/AmazonAPIGatewayPushToCloudWatchLogs")
    assert account.retained
    assert role.retained
    assert attached.retained


def test_account_logs_with_the_role_it_is_given() -> None:
    arn = "arn:aws:iam::123456789012:role/logs"
    made = made_account(role_arn=arn)
    assert made.only("apigateway.Account").inputs == {"cloudwatchRoleArn": arn}
    assert made.only("apigateway.Account").retained
    assert not made.of("iam.Role")


def made_logs(**settings: Any) -> Deployment:
    """What the logs of an API register."""
    args = ApiLogsArgs(
        api_name="post-counter", api_id="a1b2", settings=ApiSettings(stage_name="live", **settings), retention_days=30
    )
    return record(lambda: ApiLogs("logs", args))


@pytest.mark.parametrize(
    ("settings", "groups"),
    [
        ({}, set()),
        ({"access_log": True}, {"/aws/apigateway/post-counter"}),
        ({"execution_log_level": "ERROR"}, {"API-Gateway-Execution-Logs_a1b2/live"}),
        (
            {"access_log": True, "execution_log_level": "INFO"},
            {"/aws/apigateway/post-counter", "API-Gateway-Execution-Logs_a1b2/live"},
        ),
    ],
    ids=["none", "access", "execution", "both"],
)
def test_each_log_that_is_on_has_a_group_that_forgets(settings: dict[str, Any], groups: set[str]) -> None:
    made = made_logs(**settings)
    found = made.inputs("cloudwatch.LogGroup").values()
    assert {(group["name"], group["retentionInDays"]) for group in found} == {(name, 30) for name in groups}
    assert not made.of("apigateway.Account")


@pytest.mark.parametrize(("role", "made_roles"), [("made", 1), ("arn:aws:iam::123456789012:role/logs", 0)])
def test_logs_set_the_account_as_asked(role: str, made_roles: int) -> None:
    made = made_logs(log_role=role)
    assert len(made.of("apigateway.Account")) == 1
    assert len(made.of("iam.Role")) == made_roles


def test_logs_of_an_api_by_itself_are_kept_as_in_dev() -> None:
    made = made_api(settings=ApiSettings(access_log=True))
    assert {group["retentionInDays"] for group in made.inputs("cloudwatch.LogGroup").values()} == {7}


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"access_log": True}, "counter-logs-access"),
        ({"execution_log_level": "INFO"}, "counter-logs-execution"),
        ({"log_role": "made"}, "counter-logs-account-account"),
    ],
)
def test_stage_waits_for_what_it_logs_to(settings: dict[str, Any], name: str) -> None:
    assert name in made_api(settings=ApiSettings(**settings)).only("apigateway.Stage").depends_on


def test_stage_writes_its_access_log_only_where_there_is_one() -> None:
    logged = made_api(settings=ApiSettings(access_log=True)).only("apigateway.Stage").inputs
    assert logged["accessLogSettings"] == {
        "destinationArn": "arn:counter-logs-access",
        "format": rest_api.ACCESS_LOG_FORMAT,
    }
    silent = made_api(settings=ApiSettings(execution_log_level="INFO")).only("apigateway.Stage").inputs
    assert "accessLogSettings" not in silent


@pytest.mark.parametrize(
    ("settings", "level", "bodies", "metrics"),
    [
        ({}, "OFF", False, False),
        ({"execution_log_level": "INFO"}, "INFO", True, False),
        ({"execution_log_level": "ERROR", "execution_log_bodies": False, "metrics": True}, "ERROR", False, True),
    ],
    ids=["nothing", "log", "log without bodies and metrics"],
)
def test_methods_are_logged_and_measured_as_asked_and_what_is_off_is_said_to_be(
    settings: dict[str, Any], level: str, bodies: bool, metrics: bool
) -> None:
    made = made_api(settings=ApiSettings(**settings)).only("apigateway.MethodSettings").inputs["settings"]
    assert (made["loggingLevel"], made["dataTraceEnabled"], made["metricsEnabled"]) == (level, bodies, metrics)


def throttled_api(throttle: Throttle, **settings: Any) -> Deployment:
    """Return what an API registers of whose two routes one has a throttle."""
    labels = a_route(method="POST", path="/parcels/{id}/labels", throttle=throttle)

    def program() -> None:
        routes = [(a_route(), a_function()), (labels, a_function("labels"))]
        Api("counter", ApiArgs(name="post-counter", routes=routes, settings=ApiSettings(**settings)))

    return record(program)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"execution_log_level": "INFO"},
        {"execution_log_level": "ERROR", "execution_log_bodies": False, "metrics": True},
    ],
    ids=["default", "log", "log without bodies and metrics"],
)
def test_throttle_of_a_route_replaces_the_limits_of_its_method_alone(settings: dict[str, Any]) -> None:
    throttle = Throttle(rate_per_second=2.5, burst=5)
    created = throttled_api(throttle, throttle_rate_per_second=20, throttle_burst=10, **settings)
    registered = created.inputs("apigateway.MethodSettings")
    assert {name: inputs["methodPath"] for name, inputs in registered.items()} == {
        "counter-throttle": "*/*",
        "counter/parcels/{id}/labels-post-throttle": "~1parcels~1{id}~1labels/POST",
    }
    stage, own = registered.values()
    limits = ("throttlingRateLimit", "throttlingBurstLimit")
    assert [[inputs["settings"][name] for name in limits] for inputs in (stage, own)] == [[20, 10], [2.5, 5]]
    others = [{k: v for k, v in inputs["settings"].items() if k not in limits} for inputs in (stage, own)]
    assert others[0] == others[1]
    assert others[0].keys() == {"loggingLevel", "dataTraceEnabled", "metricsEnabled"}
    assert (own["restApi"], own["stageName"]) == (stage["restApi"], stage["stageName"])


def test_settings_of_methods_are_written_one_after_another() -> None:
    throttle = Throttle(rate_per_second=2.5, burst=5)

    def program() -> None:
        routes = [(a_route(path=f"/{name}", throttle=throttle), a_function(name)) for name in ("first", "second")]
        Api("counter", ApiArgs(name="post-counter", routes=routes))

    created = record(program).of("apigateway.MethodSettings")
    earlier = {name: created.keys() & {*resource.depends_on} for name, resource in created.items()}
    assert earlier == {
        "counter-throttle": set(),
        "counter/first-get-throttle": {"counter-throttle"},
        "counter/second-get-throttle": {"counter-throttle", "counter/first-get-throttle"},
    }


def test_throttle_of_a_route_does_not_redeploy_the_api() -> None:
    slow, fast = (throttled_api(Throttle(rate_per_second=rate, burst=5)) for rate in (1, 2))
    assert slow.only("apigateway.Deployment").inputs == fast.only("apigateway.Deployment").inputs


def test_api_rejects_a_route_with_a_throttle_above_the_default_of_the_stage() -> None:
    route = (a_route(throttle=Throttle(rate_per_second=10_001, burst=5)), None)
    with pytest.raises(
        ValueError, match=r"^throttle.rate_per_second must be at most throttle_rate_per_second, which is"
    ):
        ApiArgs(name="post-counter", routes=[route])  # type: ignore[list-item]


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"


@pytest.mark.parametrize(("base_path", "url"), [("v1", "https://a.example.com/v1"), ("", "https://a.example.com")])
def test_domain_is_regional_and_leads_to_the_stage(base_path: str, url: str) -> None:
    domains: list[Domain] = []
    args = DomainArgs(
        name="a.example.com", certificate_arn=CERTIFICATE, api_id="a1b2", stage_name="live", base_path=base_path
    )
    made = record(lambda: domains.append(Domain("own", args)))
    assert made.only("apigateway.DomainName").inputs == {
        "domainName": "a.example.com",
        "regionalCertificateArn": CERTIFICATE,
        "endpointConfiguration": {"types": "REGIONAL"},
        "securityPolicy": "TLS_1_2",
        "tags": {},
    }
    mapping = {"domainName": "a.example.com", "restApi": "a1b2", "stageName": "live"}
    assert made.only("apigateway.BasePathMapping").inputs == {
        **mapping,
        **({"basePath": base_path} if base_path else {}),
    }
    assert domains[0].url == url


def test_api_has_a_domain_only_where_it_is_given_one() -> None:
    assert not made_api().of("apigateway.DomainName")
    settings = ApiSettings(domain_name="a.example.com", certificate_arn=CERTIFICATE)
    assert made_api(settings=settings).only("apigateway.BasePathMapping").inputs["stageName"] == "prod"


def test_api_without_a_stack_has_no_site_to_allow() -> None:
    message = r"^settings\.cors_origin 'site,https://shop\.example\.com': pass cors_origins, with the URL of the site"
    with pytest.raises(ValueError, match=message):
        ApiArgs(name="post-counter", routes=[], settings=ApiSettings(cors_origin="site,https://shop.example.com"))
