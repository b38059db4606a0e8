"""Components without a TapStack."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from lib.components.api.api_account import ApiAccount, ApiAccountArgs
from lib.components.api.api_logs import ApiLogs, ApiLogsArgs
from lib.components.api.domain import Domain, DomainArgs
from lib.components.api.rest_api import Api, ApiArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.components.compute.function_target import FunctionTarget
from lib.components.compute.layer import Layer, LayerArgs
from lib.components.compute.role import Role, RoleArgs
from lib.components.compute.schedule import Schedule, ScheduleArgs
from lib.components.compute.stream_consumer import StreamConsumer, StreamConsumerArgs
from lib.components.data.parameter import Parameter, ParameterArgs
from lib.components.data.table import Table, TableArgs
from lib.components.messaging.queue import Queue, QueueArgs
from lib.components.messaging.topic import Topic, TopicArgs
from lib.components.monitoring.alarm import Alarm, AlarmArgs
from lib.components.monitoring.function_alarms import Alarms, AlarmsArgs
from lib.components.site.site import Site, SiteArgs
from lib.components.storage.bucket import Bucket, BucketArgs
from lib.documents.access_log import access_log_format
from lib.model import Site as DescribedSite
from lib.model import Throttle
from lib.program.recorder import Deployment, record
from lib.settings import AlarmSettings, ApiSettings, AuthorizationSettings, FunctionSettings, TableSettings

from ..support.builders import NEW_PARCEL, a_route, a_table, an_alarm

pytestmark = pytest.mark.untraced


def a_function(name: str = "desk", **changes: Any) -> Function:
    """Create a function with an existing role."""
    defaults = {"name": f"post-{name}", "role_arn": "arn:role", "files": {"index.py": "handler = print\n"}}
    return Function(name, FunctionArgs(**{**defaults, **changes}))


def a_queue() -> Queue:
    return Queue("failures", QueueArgs(name="post-failures"))


def a_topic() -> Topic:
    return Topic("lost", TopicArgs(name="post-lost", email="ops@example.com"))


def table_of_parcels(**changes: Any) -> Table:
    return Table("parcels", TableArgs(**{"name": "post-parcels", "table": a_table(), **changes}))


def an_api(**changes: Any) -> Api:
    """Create an API with a function."""
    return Api("counter", ApiArgs(**{"name": "post-counter", "routes": [(a_route(), a_function())], **changes}))


def alarms_of_a_function(**settings: Any) -> Alarms:
    """Create the alarms of a function."""
    args = AlarmsArgs(
        function_name="post-desk",
        topic_arn="arn:topic",
        naming=lambda alarm: f"desk-{alarm}",
        settings=AlarmSettings(**settings),
    )
    return Alarms("desk", args)


def an_alarm_of_a_queue() -> Alarm:
    """Create an alarm on a metric of SQS."""
    args = AlarmArgs(
        name="post-late",
        alarm=an_alarm(metric="Age", threshold=1.5),
        subject="post",
        namespace="AWS/SQS",
        dimensions={"QueueName": "post-failures"},
        topic_arn="arn:topic",
    )
    return Alarm("late", args)


def a_schedule(**changes: Any) -> Schedule:
    """Create a schedule of a function."""
    args = ScheduleArgs(
        name="post-nightly",
        schedule="nightly",
        rate="cron(0 3 * * ? *)",
        function=FunctionTarget(name="desk", arn="arn:desk"),
        **changes,
    )
    return Schedule("nightly", args)


def a_layer() -> Layer:
    args = LayerArgs(name="post-shared", files={"post/__init__.py": "", "post/a.py": "A = 1"}, runtimes=["python3.13"])
    return Layer("shared", args)


def a_parameter() -> Parameter:
    return Parameter("config", ParameterArgs(name="/post/dev/config", value="7", tags={"Owner": "post"}))


def a_site() -> Site:
    return Site("pages", SiteArgs(name_prefix="post-", site=DescribedSite(folder="pages", index="start.html")))


KEYED = AuthorizationSettings(type="API_KEY")
"""Every route requires a key."""
THROTTLED = ApiSettings(throttle_rate_per_second=2.5, throttle_burst=5, quota_per_month=1000)
PROVISIONED = TableSettings(billing_mode="PROVISIONED")
LOGGED = ApiSettings(access_log=True)
ALARM = "cloudwatch.MetricAlarm"


@pytest.mark.parametrize(
    ("program", "kind", "expected"),
    [
        (table_of_parcels, "dynamodb.Table", {"billingMode": "PAY_PER_REQUEST"}),
        (table_of_parcels, "dynamodb.Table", {"pointInTimeRecovery": {"enabled": True}}),
        (
            lambda: table_of_parcels(settings=TableSettings(point_in_time_recovery=False)),
            "dynamodb.Table",
            {"pointInTimeRecovery": {"enabled": False}},
        ),
        (a_topic, "sns.TopicSubscription", {"endpoint": "ops@example.com"}),
        (a_function, "lambda.Function", {"runtime": "python3.13", "memorySize": 128, "timeout": 10, "publish": True}),
        (
            lambda: a_function(settings=FunctionSettings(tracing=True), environment={"DESK": "1"}),
            "lambda.Function",
            {"tracingConfig": {"mode": "Active"}, "environment": {"variables": {"DESK": "1"}}},
        ),
        (
            lambda: a_function(dead_letter_arn="arn:queue", layers=["arn:shared:1"]),
            "lambda.Function",
            {"deadLetterConfig": {"targetArn": "arn:queue"}, "layers": ["arn:shared:1"]},
        ),
        (alarms_of_a_function, ALARM, {"threshold": 0, "period": 60, "evaluationPeriods": 1}),
        (
            lambda: alarms_of_a_function(period_seconds=300, evaluation_periods=3),
            ALARM,
            {"period": 300, "evaluationPeriods": 3},
        ),
        (an_alarm_of_a_queue, ALARM, {"namespace": "AWS/SQS", "metricName": "Age", "threshold": 1.5}),
        (a_schedule, "cloudwatch.EventRule", {"scheduleExpression": "cron(0 3 * * ? *)"}),
        (a_schedule, "lambda.Permission", {"sourceArn": "arn:nightly-rule"}),
        (a_schedule, "cloudwatch.EventTarget", {"arn": "arn:desk"}),
        (
            lambda: a_schedule(dead_letter_arn="arn:queue"),
            "cloudwatch.EventTarget",
            {"deadLetterConfig": {"arn": "arn:queue"}},
        ),
        (
            lambda: StreamConsumer("arrivals", StreamConsumerArgs(stream_arn="arn:stream", function_name="desk")),
            "lambda.EventSourceMapping",
            {"eventSourceArn": "arn:stream", "functionName": "desk"},
        ),
        (lambda: Bucket("files", BucketArgs(name_prefix="post-")), "s3.Bucket", {"forceDestroy": True}),
        (
            lambda: Bucket("files", BucketArgs(name_prefix="post-")),
            "s3.BucketPublicAccessBlock",
            {"blockPublicPolicy": True},
        ),
        (a_site, "cloudfront.Distribution", {"defaultRootObject": "start.html"}),
        (an_api, "apigateway.Stage", {"stageName": "prod", "xrayTracingEnabled": False}),
        (lambda: an_api(tracing=True), "apigateway.Stage", {"xrayTracingEnabled": True}),
        (
            lambda: an_api(settings=THROTTLED, authorization=KEYED),
            "apigateway.UsagePlan",
            {
                "name": "post-counter-usage-plan",
                "quotaSettings": {"limit": 1000, "period": "MONTH"},
                "throttleSettings": {"rateLimit": 2.5, "burstLimit": 5},
            },
        ),
        (lambda: an_api(authorization=KEYED), "apigateway.ApiKey", {"name": "post-counter-key"}),
        (lambda: an_api(authorization=KEYED, key_name="custom"), "apigateway.ApiKey", {"name": "custom"}),
        (lambda: an_api(authorization=KEYED, usage_plan_name="custom"), "apigateway.UsagePlan", {"name": "custom"}),
        (lambda: an_api(settings=LOGGED), "cloudwatch.LogGroup", {"retentionInDays": 7}),
        (
            lambda: an_api(settings=LOGGED),
            "apigateway.Stage",
            {
                "accessLogSettings": {
                    "destinationArn": "arn:counter-logs-access",
                    "format": access_log_format("REST"),
                }
            },
        ),
        (
            a_parameter,
            "ssm.Parameter",
            {"name": "/post/dev/config", "type": "String", "value": "7", "tags": {"Owner": "post"}},
        ),
        (a_layer, "lambda.LayerVersion", {"layerName": "post-shared", "compatibleRuntimes": ["python3.13"]}),
    ],
)
def test_component_sets_inputs_of_its_resources(
    program: Callable[[], object], kind: str, expected: dict[str, Any]
) -> None:
    resources = record(program).inputs(kind)
    assert resources
    assert [inputs for inputs in resources.values() if not inputs.items() >= expected.items()] == []


def test_function_has_an_alarm_for_its_duration_if_a_threshold_is_set() -> None:
    thresholds = [
        {alarm["name"]: alarm["threshold"] for alarm in record(program).inputs(ALARM).values()}
        for program in (alarms_of_a_function, lambda: alarms_of_a_function(duration_ms=900))
    ]
    default = {"desk-Errors": 0, "desk-Throttles": 0}
    assert thresholds == [default, {**default, "desk-Duration": 900}]


@pytest.mark.parametrize(
    ("program", "kind", "absent"),
    [
        (a_function, "lambda.Function", {"deadLetterConfig", "environment", "layers"}),
        (
            lambda: StreamConsumer("arrivals", StreamConsumerArgs(stream_arn="arn:stream", function_name="desk")),
            "lambda.EventSourceMapping",
            {"filterCriteria", "destinationConfig"},
        ),
        (
            lambda: an_api(settings=ApiSettings(execution_log_level="INFO")),
            "apigateway.Stage",
            {"accessLogSettings"},
        ),
    ],
)
def test_component_does_not_set_optional_inputs(program: Callable[[], object], kind: str, absent: set[str]) -> None:
    assert record(program).single(kind).inputs.keys().isdisjoint(absent)


@pytest.mark.parametrize(
    ("program", "kinds"),
    [
        (table_of_parcels, ["appautoscaling.Target"]),
        (a_site, ["s3.BucketWebsiteConfiguration"]),
        (an_api, ["apigateway.ApiKey", "apigateway.DomainName"]),
        (
            lambda: Role("clerk", RoleArgs(name_prefix="post-clerk-", trusted_service="events.amazonaws.com")),
            ["iam.RolePolicy", "iam.RolePolicyAttachment"],
        ),
    ],
)
def test_component_does_not_create_optional_resources(program: Callable[[], object], kinds: list[str]) -> None:
    deployment = record(program)
    assert not [kind for kind in kinds if deployment.by_kind(kind)]


def test_provisioned_table_scales_from_its_capacity() -> None:
    deployment = record(lambda: table_of_parcels(settings=PROVISIONED))
    inputs = deployment.single("dynamodb.Table").inputs
    assert inputs["readCapacity"] >= 1
    assert {target["minCapacity"] for target in deployment.inputs("appautoscaling.Target").values()} == {
        inputs["readCapacity"],
        inputs["writeCapacity"],
    }


STREAM_ACTIONS = ["GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"]
KEYS = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["lost#*"]}}


@pytest.mark.parametrize(
    ("grant", "service", "actions", "resource"),
    [
        (lambda: table_of_parcels().grant(["GetItem"]), "dynamodb", ["GetItem"], "arn:parcels-table"),
        (
            lambda: table_of_parcels().grant(["Query"], ["by-state"]),
            "dynamodb",
            ["Query"],
            "arn:parcels-table/index/by-state",
        ),
        (
            lambda: table_of_parcels(table=a_table(stream="KEYS_ONLY")).grant_stream(),
            "dynamodb",
            STREAM_ACTIONS,
            "streamArn:parcels-table",
        ),
        (lambda: a_topic().grant(["Publish"]), "sns", ["Publish"], "arn:lost-topic"),
        (lambda: a_queue().grant(["SendMessage"]), "sqs", ["SendMessage"], "arn:failures-queue"),
        (lambda: a_parameter().grant(["GetParameter"]), "ssm", ["GetParameter"], "arn:config-parameter"),
    ],
)
def test_component_grants_actions_on_its_resource(
    grant: Callable[[], Any], service: str, actions: list[str], resource: str
) -> None:
    statement = record(lambda: pulumi.export("statement", grant())).exports["statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in actions],
        "Resource": resource,
    }


def test_table_grants_actions_on_some_items() -> None:
    deployment = record(lambda: pulumi.export("items", table_of_parcels().grant(["PutItem"], keys=["lost#*"])))
    assert deployment.exports["items"]["Condition"] == KEYS


def test_queue_without_rules_allows_no_sender() -> None:
    (statement,) = json.loads(record(a_queue).single("sqs.QueuePolicy").inputs["policy"])["Statement"]
    assert statement["Effect"] == "Deny"


@pytest.mark.parametrize("retained", [True, False])
def test_role_lists_its_policies_and_is_retained_with_them(retained: bool) -> None:
    roles: list[Role] = []
    args = RoleArgs(
        name_prefix="post-clerk-",
        trusted_service="events.amazonaws.com",
        statements=[{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "arn:queue"}],
        managed_policies=["AWSXRayDaemonWriteAccess"],
        retain_on_delete=retained,
    )
    deployment = record(lambda: roles.append(Role("clerk", args)))
    policies = [deployment.single(kind) for kind in ("iam.RolePolicyAttachment", "iam.RolePolicy")]
    assert {policy.pulumi_resource_name for policy in roles[0].permissions()} == {policy.name for policy in policies}
    role = deployment.single("iam.Role")
    assert {resource.retain_on_delete for resource in (role, *policies)} == {retained}
    trust = json.loads(role.inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}


def test_function_is_created_after_its_dependencies() -> None:
    def program() -> None:
        role = Role("clerk", RoleArgs(name_prefix="post-clerk-", managed_policies=["AWSXRayDaemonWriteAccess"]))
        a_function(role_arn=role.arn, depends_on=role.permissions())

    function = record(program).single("lambda.Function")
    assert {"desk-logs", "clerk-AWSXRayDaemonWriteAccess"} <= set(function.depends_on)


def test_layer_contains_its_modules_in_the_python_folder() -> None:
    code = record(a_layer).single("lambda.LayerVersion").inputs["code"]
    assert {path: asset.text for path, asset in code.assets.items()} == {
        "python/post/__init__.py": "\n",
        "python/post/a.py": "A = 1",
    }


def record_api(**changes: Any) -> Deployment:
    """Record an API with a function."""
    return record(lambda: an_api(**changes))


def test_cors_origins_override_the_settings() -> None:
    created = record_api(
        cors_origins=["https://d1.cloudfront.net"], settings=ApiSettings(cors_origin="https://shop.example.com")
    )
    (response,) = created.inputs("apigateway.IntegrationResponse").values()
    header = "method.response.header.Access-Control-Allow-Origin"
    assert response["responseParameters"][header] == "'https://d1.cloudfront.net'"


def test_api_has_models_only_for_the_bodies_of_its_routes() -> None:
    def program() -> None:
        route = a_route(method="POST", body="NewParcel")
        schemas = {"NewParcel": NEW_PARCEL, "Unused": NEW_PARCEL}
        Api("counter", ApiArgs(name="post-counter", routes=[(route, a_function())], schemas=schemas))

    assert {model["name"] for model in record(program).inputs("apigateway.Model").values()} == {"NewParcel"}


def test_two_apis_can_share_a_function() -> None:
    def program() -> None:
        desk = a_function()
        for name in ("front", "back"):
            Api(name, ApiArgs(name=f"post-{name}", routes=[(a_route(), desk)]))

    permissions = record(program).inputs("lambda.Permission").values()
    assert {p["sourceArn"] for p in permissions} == {"executionArn:front-api/*", "executionArn:back-api/*"}


def test_account_logs_with_an_existing_role() -> None:
    arn = "arn:aws:iam::123456789012:role/logs"
    created = record(lambda: ApiAccount("gate", ApiAccountArgs(owner="post-counter", role_arn=arn)))
    assert created.single("apigateway.Account").inputs == {"cloudwatchRoleArn": arn}
    assert created.single("apigateway.Account").retain_on_delete
    assert not created.by_kind("iam.Role")


ACCESS_LOG, EXECUTION_LOG = "/aws/apigateway/post-counter", "API-Gateway-Execution-Logs_a1b2/live"


@pytest.mark.parametrize(
    ("settings", "groups"),
    [
        ({}, set()),
        ({"access_log": True}, {ACCESS_LOG}),
        ({"execution_log_level": "ERROR"}, {EXECUTION_LOG}),
        ({"access_log": True, "execution_log_level": "INFO"}, {ACCESS_LOG, EXECUTION_LOG}),
    ],
)
def test_each_log_that_is_enabled_has_a_group_with_a_retention(settings: dict[str, Any], groups: set[str]) -> None:
    args = ApiLogsArgs(
        api_name="post-counter", api_id="a1b2", settings=ApiSettings(stage_name="live", **settings), retention_days=30
    )
    created = record(lambda: ApiLogs("logs", args))
    created_groups = created.inputs("cloudwatch.LogGroup").values()
    assert {(group["name"], group["retentionInDays"]) for group in created_groups} == {(name, 30) for name in groups}
    assert not created.by_kind("apigateway.Account")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"access_log": True}, "counter-logs-access"),
        ({"execution_log_level": "INFO"}, "counter-logs-execution"),
        ({"log_role": "create"}, "counter-logs-account-account"),
    ],
)
def test_stage_is_created_after_its_logs(settings: dict[str, Any], name: str) -> None:
    assert name in record_api(settings=ApiSettings(**settings)).single("apigateway.Stage").depends_on


@pytest.mark.parametrize(
    ("settings", "level", "bodies", "metrics"),
    [
        ({}, "OFF", False, False),
        ({"execution_log_level": "INFO"}, "INFO", True, False),
        ({"execution_log_level": "ERROR", "execution_log_bodies": False, "metrics": True}, "ERROR", False, True),
    ],
    ids=["default", "log", "log without bodies and metrics"],
)
def test_logs_and_metrics_of_methods_follow_the_settings(
    settings: dict[str, Any], level: str, bodies: bool, metrics: bool
) -> None:
    inputs = record_api(settings=ApiSettings(**settings)).single("apigateway.MethodSettings").inputs["settings"]
    assert (inputs["loggingLevel"], inputs["dataTraceEnabled"], inputs["metricsEnabled"]) == (level, bodies, metrics)


def throttled_api(throttle: Throttle, **settings: Any) -> Deployment:
    """Record an API with two routes, one of which has a throttle."""
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
def test_throttle_of_a_route_changes_only_the_limits_of_its_method(settings: dict[str, Any]) -> None:
    throttle = Throttle(rate_per_second=2.5, burst=5)
    created = throttled_api(throttle, throttle_rate_per_second=20, throttle_burst=10, **settings)
    registered = created.inputs("apigateway.MethodSettings")
    assert {name: inputs["methodPath"] for name, inputs in registered.items()} == {
        "counter-throttle": "*/*",
        "counter/parcels/{id}/labels-post-throttle": "~1parcels~1{id}~1labels/POST",
    }
    stage, method = registered.values()
    limits = ("throttlingRateLimit", "throttlingBurstLimit")
    assert [[inputs["settings"][name] for name in limits] for inputs in (stage, method)] == [[20, 10], [2.5, 5]]
    others = [{k: v for k, v in inputs["settings"].items() if k not in limits} for inputs in (stage, method)]
    assert others[0] == others[1]
    assert others[0].keys() == {"loggingLevel", "dataTraceEnabled", "metricsEnabled"}
    assert (method["restApi"], method["stageName"]) == (stage["restApi"], stage["stageName"])


def test_method_settings_are_created_sequentially() -> None:
    throttle = Throttle(rate_per_second=2.5, burst=5)

    def program() -> None:
        routes = [(a_route(path=f"/{name}", throttle=throttle), a_function(name)) for name in ("first", "second")]
        Api("counter", ApiArgs(name="post-counter", routes=routes))

    created = record(program).by_kind("apigateway.MethodSettings")
    earlier = {name: created.keys() & {*resource.depends_on} for name, resource in created.items()}
    assert earlier == {
        "counter-throttle": set(),
        "counter/first-get-throttle": {"counter-throttle"},
        "counter/second-get-throttle": {"counter-throttle", "counter/first-get-throttle"},
    }


def test_throttle_of_a_route_does_not_redeploy_the_api() -> None:
    slow, fast = (throttled_api(Throttle(rate_per_second=rate, burst=5)) for rate in (1, 2))
    assert slow.single("apigateway.Deployment").inputs == fast.single("apigateway.Deployment").inputs


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"


@pytest.mark.parametrize(("base_path", "url"), [("v1", "https://a.example.com/v1"), ("", "https://a.example.com")])
def test_domain_is_mapped_to_the_stage(base_path: str, url: str) -> None:
    domains: list[Domain] = []
    args = DomainArgs(
        name="a.example.com", certificate_arn=CERTIFICATE, api_id="a1b2", stage_name="live", base_path=base_path
    )
    created = record(lambda: domains.append(Domain("own", args)))
    mapping = {"domainName": "a.example.com", "restApi": "a1b2", "stageName": "live"}
    path = {"basePath": base_path} if base_path else {}
    assert created.single("apigateway.BasePathMapping").inputs == {**mapping, **path}
    assert domains[0].url == url
