"""Services without tables or without routes, existing resources, explicit statements, local indexes and alarms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from lib.audit.evaluate import audit
from lib.audit.graph import graph_of
from lib.components.lookup.previous_state import INVOKE
from lib.model import (
    Function,
    Index,
    Key,
    LocalIndex,
    Parameter,
    Schedule,
    Service,
    Statement,
    Table,
    Topic,
    TopicConsumer,
)
from lib.program.recorder import Deployment, record
from lib.settings import (
    AlarmSettings,
    ApiSettings,
    BackupSettings,
    CostSettings,
    EncryptionSettings,
    FirewallSettings,
    NetworkSettings,
    RolloutSettings,
    TableSettings,
)
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import (
    HANDLER,
    a_consumer,
    a_function,
    a_grant,
    a_route,
    a_service,
    a_table,
    a_worker,
    an_alarm,
    full_service,
    sharing,
)
from ..support.programs import stacked
from ..support.standard_mocks import at_module_level

ORDERS_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/shop-orders-dev"
OPS_ARN = "arn:aws:sns:us-east-1:123456789012:ops"
READ = INVOKE.rpartition(":")[2]


EXISTING: Mapping[str, str] = {"orders": ORDERS_ARN, "ops": OPS_ARN}


def shared(*grants: Any, **args: Any) -> Deployment:
    """Record a stack of `sharing`."""
    return record(stacked(**{"service": sharing(*grants), "existing": EXISTING, **args}))


def statements(deployment: Deployment, role: str = "post-desk-policy") -> list[dict[str, Any]]:
    """Return the statements of a role's inline policy."""
    policy: list[dict[str, Any]] = json.loads(deployment.inputs("iam.RolePolicy")[role]["policy"])["Statement"]
    return policy


def variables(deployment: Deployment) -> dict[str, Any]:
    """Return the environment variables of the only function."""
    found: dict[str, Any] = deployment.single("lambda.Function").inputs["environment"]["variables"]
    return found


EVERYTHING: dict[str, Any] = {
    "environment_suffix": "prod",
    "alarms": AlarmSettings(notification_email="ops@example.com"),
    "encryption": EncryptionSettings(key="create"),
    "network": NetworkSettings(vpc="create", nat_gateways="one"),
    "backup": BackupSettings(retention_days=35),
    "rollout": RolloutSettings(strategy="Linear10PercentEvery1Minute"),
    "table": TableSettings(replica_regions=("us-west-2",)),
    "cost": CostSettings(monthly_budget_usd=100.0),
}


@pytest.mark.parametrize("args", [{}, EVERYTHING], ids=["dev", "everything"])
def test_service_of_schedules_has_no_api_and_no_tables(args: dict[str, Any]) -> None:
    stacks: list[TapStack] = []
    deployment = record(lambda: stacks.append(stacked(service=a_worker(dead_letters="failures"), **args)()))
    kinds = {resource.kind for resource in deployment.registered}
    assert not {kind for kind in kinds if kind.startswith(("apigateway.", "dynamodb.", "backup.", "wafv2."))}
    assert {"cloudwatch.EventRule", "lambda.Function", "cloudwatch.MetricAlarm", "sqs.Queue"} <= kinds
    assert len(deployment.by_kind("cloudwatch.EventRule")) == 2
    outputs = deployment.stack_outputs()
    absent = {name for name in outputs if name.startswith(("api_", "dynamodb_", "backup_", "cors_", "access_log"))}
    assert not absent | {"authorization", "caller_policies"} & outputs.keys()
    assert outputs["table_names"] == {}
    assert stacks[0].api is None
    with pytest.raises(AttributeError, match="has no output 'api_url', because its settings create no such resource"):
        stacks[0].api_url  # noqa: B018  # pylint: disable=pointless-statement
    assert not [message for message in deployment.info_messages if "CORS" in message]


def test_dashboard_and_alarms_of_a_worker_have_no_api() -> None:
    deployment = record(stacked(service=a_worker(), **EVERYTHING))
    body = deployment.single("cloudwatch.Dashboard").inputs["dashboardBody"]
    assert "AWS/ApiGateway" not in body
    assert {widget["properties"]["region"] for widget in json.loads(body)["widgets"] if "region" in widget} <= {
        "us-east-1"
    }
    titles = [widget["properties"].get("title") for widget in json.loads(body)["widgets"]]
    assert titles == ["Jobs: alarms", *TITLES]
    namespaces = {alarm.get("namespace") for alarm in deployment.inputs("cloudwatch.MetricAlarm").values()}
    assert namespaces == {"AWS/Lambda", "AWS/SQS"}


TITLES = [
    *("Invocations", "Duration p90 (ms)", "Errors"),
    *("Concurrent executions", "Throttled invocations"),
    "Dead-letter queue depth",
    "Errors",
]


def test_key_of_a_service_without_tables_is_not_for_dynamodb() -> None:
    policy = record(stacked(service=a_worker(), **EVERYTHING)).single("kms.Key").inputs["policy"]
    assert "dynamodb" not in policy
    assert "backup." not in policy


def failed_controls(deployment: Deployment) -> set[tuple[str, str]]:
    """Return the failed audit controls and their resources."""
    findings = audit(graph_of(deployment))
    return {(finding.control.name, finding.resource.name) for finding in findings if finding.state == "failed"}


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize(
    "service", [a_worker(dead_letters="failures"), a_service(tables=())], ids=["worker", "API without tables"]
)
def test_no_control_fails_for_a_service_without_tables(service: Service, environment: str) -> None:
    alarms = AlarmSettings(notification_email="ops@example.com")
    assert not failed_controls(record(stacked(service=service, environment_suffix=environment, alarms=alarms)))


def test_statement_on_all_resources_fails_a_control() -> None:
    statement = Statement(actions=("textract:DetectDocumentText",), resources=("*",), reason="read scans")
    service = a_service(functions=(a_function(a_route(grants=(statement,))),))
    failed = failed_controls(record(stacked(service=service)))
    assert {resource for _, resource in failed} == {"post-desk-policy"}


def test_api_without_tables_has_no_outputs_of_tables() -> None:
    outputs = record(stacked(service=a_service(tables=()), backup=BackupSettings(retention_days=35))).stack_outputs()
    assert not {"dynamodb_table_name", "dynamodb_table_arn", "backup_vault_arn"} & outputs.keys()
    assert outputs["api_url"]


@pytest.mark.parametrize(
    ("args", "missing"),
    [
        ({"api": ApiSettings(domain_name="jobs.example.com", zone_id="Z0123456789ABC")}, "routes of the API 'api'"),
        ({"api": ApiSettings(health_route=True)}, "REST API"),
        ({"firewall": FirewallSettings(enabled=True)}, "REST API"),
    ],
)
def test_arguments_of_an_api_are_rejected_without_routes(args: dict[str, Any], missing: str) -> None:
    with pytest.raises(ValueError, match=rf"must be unset, because jobs has no {missing}, got"):
        TapStackArgs(service=a_worker(), **args)


def test_origins_of_a_worker_have_no_effect() -> None:
    origins = ApiSettings(cors_origin="https://a.example.com,https://b.example.com")
    deployment = record(stacked(service=a_worker(), api=origins))
    assert len(deployment.by_kind("lambda.Function")) == 1


def test_existing_resources_are_not_created() -> None:
    deployment = shared(a_grant("orders", "GetItem"), a_grant("ops", "Publish"))
    assert not deployment.by_kind("dynamodb.Table")
    assert {topic["name"] for topic in deployment.inputs("sns.Topic").values()} == {"parcels-alarms-dev"}
    outputs = deployment.stack_outputs()
    assert not {"orders_table_name", "ops_topic_arn", "dynamodb_table_name"} & outputs.keys()


def test_grants_and_variables_of_existing_resources_are_those_of_their_arns() -> None:
    by_state = Index(name="by-state", hash_key=Key("state"))
    orders = a_table(name="orders", variable="ORDERS_TABLE", existing=True, indexes=(by_state,))
    on_index = a_grant("orders", "Query", indexes=("by-state",))
    service = sharing(a_grant("orders", "GetItem"), on_index, a_grant("ops", "Publish"), tables=(orders,))
    deployment = shared(service=service)
    assert statements(deployment) == [
        {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": ORDERS_ARN},
        {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": f"{ORDERS_ARN}/index/by-state"},
        {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": OPS_ARN},
    ]
    assert variables(deployment)["ORDERS_TABLE"] == "shop-orders-dev"
    assert variables(deployment)["OPS_TOPIC"] == OPS_ARN


def sharing_program(arn: Callable[[TapStack], pulumi.Input[str]]) -> Callable[[], None]:
    """Return a program with a shop and a stack that uses its table."""

    def program() -> None:
        shop = TapStack("shop", TapStackArgs())
        service = sharing(a_grant("orders", "GetItem"), topics=())
        TapStack("post", TapStackArgs(service=service, existing={"orders": arn(shop)}))

    return program


def test_table_of_another_stack_in_the_program_is_an_existing_one() -> None:
    deployment = record(sharing_program(lambda shop: shop.tables["table"].arn))
    assert len(deployment.by_kind("dynamodb.Table")) == 1
    assert statements(deployment)[0]["Resource"] == "arn:shop-table-table"
    function = deployment.inputs("lambda.Function")["post-desk-function"]
    assert function["environment"]["variables"]["ORDERS_TABLE"] == "shop-table-table"


def test_output_that_is_no_arn_stops_the_deployment() -> None:
    with pytest.raises(ValueError, match=r"existing\['orders'\] must be the ARN of a table, got 'dev-items-table'"):
        record(sharing_program(lambda shop: shop.tables["table"].name))


def test_consumer_reads_the_stream_of_an_existing_table() -> None:
    service = sharing(functions=(a_function(consumers=(a_consumer(table="orders"),)),))
    stream = f"{ORDERS_ARN}/stream/2026-01-01T00:00:00.000"
    calls = {"getTable": lambda args: {"id": args["name"], "streamArn": stream} if args["name"] else {}}
    deployment = record(stacked(service=service, existing=EXISTING), calls=calls)
    assert deployment.single("lambda.EventSourceMapping").inputs["eventSourceArn"] == stream
    assert stream in [statement["Resource"] for statement in statements(deployment)]
    assert variables(deployment)["ORDERS_TABLE"] == "shop-orders-dev"


def test_existing_topic_can_receive_the_alarms() -> None:
    deployment = record(stacked(service=sharing(alarms_type="ops"), existing=EXISTING))
    assert not deployment.by_kind("sns.Topic")
    assert {str(alarm["alarmActions"]) for alarm in deployment.inputs("cloudwatch.MetricAlarm").values()} == {
        f"['{OPS_ARN}']"
    }
    outputs = deployment.stack_outputs()
    assert (outputs["alarm_topic_arn"], outputs["alarm_topic_name"]) == (OPS_ARN, "ops")


def test_messages_of_an_existing_topic_can_be_consumed() -> None:
    function = a_function(consumers=(TopicConsumer(name="on-page", topic="ops", operation="pack"),))
    deployment = record(
        stacked(service=replace(sharing(), functions=(function,), dead_letters="failed"), existing=EXISTING)
    )
    assert deployment.single("sns.TopicSubscription").inputs["topic"] == OPS_ARN
    assert OPS_ARN in [permission["sourceArn"] for permission in deployment.inputs("lambda.Permission").values()]
    (policy,) = deployment.inputs("sqs.QueuePolicy").values()
    assert ':ops"' in policy["policy"]


def test_own_key_is_not_used_for_existing_resources() -> None:
    deployment = shared(a_grant("orders", "GetItem"), encryption=EncryptionSettings(key="create"))
    assert [statement["Action"] for statement in statements(deployment)] == [["dynamodb:GetItem"]]


def test_parameter_can_contain_the_name_of_an_existing_table() -> None:
    service = sharing(parameters=(Parameter(name="orders-table", table="orders"),))
    deployment = record(stacked(service=service, existing=EXISTING))
    assert deployment.single("ssm.Parameter").inputs["value"] == "shop-orders-dev"


def test_existing_table_has_no_recommended_alarms_but_can_have_defined_ones() -> None:
    alarm = an_alarm(name="throttles-of-orders", on="table orders", metric="ReadThrottleEvents")
    deployment = record(stacked(service=sharing(alarms=(alarm,)), existing=EXISTING, **DETAILED))
    alarms = [a for a in deployment.inputs("cloudwatch.MetricAlarm").values() if a.get("namespace") == "AWS/DynamoDB"]
    assert [(a["name"], a["dimensions"]) for a in alarms] == [
        ("parcels-orders-throttles-of-orders-dev", {"TableName": "shop-orders-dev"})
    ]


DETAILED: dict[str, Any] = {"alarms": AlarmSettings(recommended=True)}


@pytest.mark.parametrize(
    ("existing", "message"),
    [
        ({"orders": ORDERS_ARN}, r"existing\['ops'\] must be the ARN of the existing topic, got None. Pass existing="),
        ({**EXISTING, "orders": ""}, r"existing\['orders'\] must be the ARN of the existing table, got ''"),
        ({**EXISTING, "orders": 3}, r"existing\['orders'\] must be the ARN of the existing table, got 3"),
        ({**EXISTING, "orders": "orders"}, r"existing\['orders'\] must be the ARN of a table, got 'orders'\. Exam"),
        ({**EXISTING, "ops": ORDERS_ARN}, r"existing\['ops'\] must be the ARN of a topic, got 'arn:aws:dynamodb"),
        ({**EXISTING, "alerts": OPS_ARN}, "existing must be among ops, orders, got 'alerts'"),
        (["orders"], r"existing must be a mapping of names to ARNs, got \['orders'\]"),
    ],
)  # fmt: skip
def test_arns_of_existing_resources_are_checked(existing: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TapStackArgs(service=sharing(), existing=existing)


def test_arns_are_rejected_for_a_service_without_existing_resources() -> None:
    message = (
        "existing must be empty for this service, got 'table'. The service defines existing resources with existing="
    )
    with pytest.raises(ValueError, match=message):
        TapStackArgs(existing={"table": ORDERS_ARN})


@pytest.mark.parametrize(("place", "is_valid"), [("us-east-1:123456789012", True), ("eu-west-1:123456789012", False),
                                                 ("us-east-1:210987654321", False)])  # fmt: skip
def test_existing_resource_of_another_region_or_account_is_rejected(place: str, is_valid: bool) -> None:
    existing = {**EXISTING, "orders": f"arn:aws:dynamodb:{place}:table/shop-orders-dev"}
    if is_valid:
        assert shared(a_grant("orders", "GetItem"), existing=existing)
        return
    with pytest.raises(ValueError, match=r"existing\['orders'\] must be in the region us-east-1 and the account"):
        shared(a_grant("orders", "GetItem"), existing=existing)


def test_email_cannot_subscribe_to_an_existing_alarm_topic() -> None:
    with pytest.raises(
        ValueError, match=r"alarms\.notification_email must be unset, because the alarm topic ops is an"
    ):
        TapStackArgs(
            service=sharing(alarms_type="ops"),
            existing=EXISTING,
            alarms=AlarmSettings(notification_email="ops@example.com"),
        )


SEND = Statement(
    actions=("ses:SendEmail",),
    resources=("arn:{partition}:ses:{region}:{account}:identity/*", "{existing[mailer]}"),
    reason="send receipts",
    condition={"StringEquals": {"ses:FromAddress": ["{environment}@example.com"]}},
)
MAILER_ARN = "arn:aws:ses:us-east-1:123456789012:configuration-set/mailer"


def test_explicit_statement_is_part_of_the_role() -> None:
    service = a_service(functions=(a_function(a_route(grants=(a_grant("parcels", "GetItem"), SEND))),))
    deployment = record(stacked(service=service, existing={"mailer": MAILER_ARN}))
    assert statements(deployment)[1:] == [
        {
            "Effect": "Allow",
            "Action": ["ses:SendEmail"],
            "Resource": ["arn:aws:ses:us-east-1:123456789012:identity/*", MAILER_ARN],
            "Condition": {"StringEquals": {"ses:FromAddress": ["dev@example.com"]}},
        }
    ]


def test_split_functions_have_only_their_own_statements() -> None:
    routes = (a_route(grants=(SEND,)), a_route(method="POST", operation="accept"))
    service = a_service(functions=(a_function(*routes),))
    deployment = record(stacked(service=service, existing={"mailer": MAILER_ARN}, split_functions=True))
    assert [s["Action"] for s in statements(deployment, "post-list-parcels-policy")] == [["ses:SendEmail"]]
    assert "post-accept-policy" not in deployment.by_kind("iam.RolePolicy")


def test_missing_arn_of_a_statement_is_rejected() -> None:
    service = a_service(functions=(a_function(a_route(grants=(SEND,))),))
    with pytest.raises(ValueError, match=r"existing\['mailer'\] must be the ARN of the existing resource, got None"):
        TapStackArgs(service=service)
    with pytest.raises(ValueError, match=r"existing\['mailer'\] must be an ARN, got 'mailer'"):
        TapStackArgs(service=service, existing={"mailer": "mailer"})


def test_variables_can_be_outputs() -> None:
    def program() -> None:
        queue = aws.sqs.Queue("orders", name="orders")
        function = a_function(variables={"QUEUE": queue.name, "GREETING": "hello"})
        TapStack("post", TapStackArgs(service=a_service(functions=(function,))))

    deployment = record(program)
    assert variables(deployment) == {"QUEUE": "orders", "GREETING": "hello"}
    queue = deployment.single("sqs.Queue")
    assert deployment.single("lambda.Function").sources["environment"] == [queue.urn]


LOCAL = a_table(
    range_key=Key("at", "N"),
    indexes=(Index(name="by-state", hash_key=Key("state"), projection="INCLUDE", attributes=("to",)),),
    local_indexes=(
        LocalIndex(name="by-weight", range_key=Key("weight", "N")),
        LocalIndex(name="by-owner", range_key=Key("owner"), projection="INCLUDE", attributes=("to", "note")),
    ),
)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_table_has_local_indexes_and_included_attributes(environment: str) -> None:
    route = a_route(grants=(a_grant("parcels", "Query", indexes=("by-weight", "by-state")),))
    service = a_service(tables=(LOCAL,), functions=(a_function(route),))
    deployment = record(stacked(service=service, environment_suffix=environment))
    table = deployment.single("dynamodb.Table").inputs
    assert table["localSecondaryIndexes"] == [
        {"name": "by-weight", "rangeKey": "weight", "projectionType": "ALL"},
        {"name": "by-owner", "rangeKey": "owner", "projectionType": "INCLUDE", "nonKeyAttributes": ["to", "note"]},
    ]
    assert table["globalSecondaryIndexes"][0]["nonKeyAttributes"] == ["to"]
    assert {attribute["name"] for attribute in table["attributes"]} == {"id", "at", "state", "weight", "owner"}
    arn = "arn:post-parcels-table"
    assert statements(deployment)[0]["Resource"] == [f"{arn}/index/by-weight", f"{arn}/index/by-state"]


def deploy_after(previous: Mapping[tuple[str, str], Mapping[str, Any]], program: Callable[[], object]) -> Deployment:
    """Record a program after a deployment that created resources, by type and logical name."""
    outputs = {
        f"urn:pulumi:test::tap::{token}::{name}": {"type": token, "outputs": values}
        for (token, name), values in previous.items()
    }
    return record(program, calls={READ: {"outputs": outputs}})


TABLE = ("aws:dynamodb/table:Table", "post-parcels-table")
COMPONENT = ("tap:aws:Table", "post-parcels")
DEPLOYED: dict[str, Any] = {
    "name": "parcels-parcels-dev",
    "arn": "arn:aws:dynamodb:us-east-1:123456789012:table/parcels-parcels-dev",
}
LOCAL_INDEXES = [
    {"name": "by-weight", "rangeKey": "weight", "projectionType": "ALL", "nonKeyAttributes": None},
    {"name": "by-owner", "rangeKey": "owner", "projectionType": "INCLUDE", "nonKeyAttributes": ["note", "to"]},
]


def test_unchanged_local_indexes_are_deployed_again() -> None:
    deployed = {TABLE: {**DEPLOYED, "localSecondaryIndexes": LOCAL_INDEXES}}
    assert deploy_after(deployed, stacked(service=a_service(tables=(LOCAL,))))


@pytest.mark.parametrize("before", [[], LOCAL_INDEXES[:1], None])
def test_changed_local_indexes_are_rejected(before: Any) -> None:
    deployed = {TABLE: {**DEPLOYED, "localSecondaryIndexes": before}}
    with pytest.raises(pulumi.RunError, match="table 'parcels' local_indexes must not change, got changes of by-owner"):
        deploy_after(deployed, stacked(service=a_service(tables=(LOCAL,))))


@pytest.mark.parametrize("is_retained", [True, False])
def test_table_of_the_stack_becomes_an_existing_one_only_if_it_is_retained(is_retained: bool) -> None:
    deployed: dict[tuple[str, str], dict[str, Any]] = {TABLE: DEPLOYED, COMPONENT: {"retain_on_delete": is_retained}}
    service = a_service(tables=(a_table(existing=True),))
    program = stacked(service=service, existing={"parcels": DEPLOYED["arn"]})
    if is_retained:
        assert not deploy_after(deployed, program).by_kind("dynamodb.Table")
        return
    with pytest.raises(pulumi.RunError, match="table 'parcels' must not become an existing one while it is part of"):
        deploy_after(deployed, program)


def test_alarms_watch_metrics_of_aws() -> None:
    alarms = (
        an_alarm(name="late", on="lambda watch", metric="IteratorAge", statistic="Maximum", threshold=5_000),
        an_alarm(name="busy", on="table parcels", metric="ConsumedWriteCapacityUnits"),
        an_alarm(name="not-delivered", on="topic lost", metric="NumberOfNotificationsFailed"),
        an_alarm(name="slow-index", on="index parcels/by-state", metric="ReadThrottleEvents"),
    )
    table = a_table(stream="NEW_IMAGE", indexes=(Index(name="by-state", hash_key=Key("state")),))
    notes = Table(name="notes", variable="NOTES_TABLE", hash_key=Key("id"))
    service = full_service(
        alarms=alarms, tables=(table, notes), topics=(Topic(name="lost", variable="LOST_TOPIC"),), site=None
    )
    deployment = record(stacked(service=service, **DETAILED))
    created = deployment.inputs("cloudwatch.MetricAlarm")
    watched = {name: (a["name"], a["namespace"], a["metricName"], a["dimensions"]) for name, a in created.items()
               if name in {f"post-{alarm.name}-alarm" for alarm in alarms}}  # fmt: skip
    name = "yard-parcels-dev"
    assert watched == {
        "post-late-alarm": ("yard-watch-late-dev", "AWS/Lambda", "IteratorAge", {"FunctionName": "yard-watch-dev"}),
        "post-busy-alarm": ("yard-parcels-busy-dev", "AWS/DynamoDB", "ConsumedWriteCapacityUnits", {"TableName": name}),
        "post-not-delivered-alarm": (
            "yard-lost-not-delivered-dev", "AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": "yard-lost-dev"},
        ),
        "post-slow-index-alarm": (
            "yard-parcels-by-state-slow-index-dev", "AWS/DynamoDB", "ReadThrottleEvents",
            {"TableName": name, "GlobalSecondaryIndexName": "by-state"},
        ),
    }  # fmt: skip
    # The recommended alarm on the same metric is not created in addition.
    assert [a["name"] for a in created.values() if a.get("metricName") == "IteratorAge"] == ["yard-watch-late-dev"]
    assert deployment.stack_outputs()["alarm_names"]["watch-late"] == "yard-watch-late-dev"


def test_alarm_on_a_metric_of_lambda_is_split_with_its_function() -> None:
    service = full_service(alarms=(an_alarm(name="late", on="lambda watch", metric="IteratorAge"),))
    assert [(alarm.name, alarm.on) for alarm in service.split().alarms] == [
        ("late-count", "lambda count"),
        ("late-greet", "lambda greet"),
    ]


def two_stacks(first: Service, second: Service, provider: str = "", **args: Any) -> Callable[[], None]:
    """Return a program with two stacks, the second optionally with an explicit provider."""

    def program() -> None:
        TapStack("first", TapStackArgs(service=first))
        opts = pulumi.ResourceOptions(provider=aws.Provider(provider, region=provider)) if provider else None
        TapStack("second", TapStackArgs(service=second, **args), opts)

    return program


@pytest.mark.parametrize(
    ("second", "name", "kind"),
    [
        (a_worker(), "jobs-worker-dev", "Lambda function"),
        (a_worker(name="others", name_pattern="jobs-{type}-{environment}",
                functions=(Function(name="other", handler=HANDLER, schedules=(
                    Schedule(name="hourly", rate="rate(1 hour)", operation="list_items"),)),)),
         "jobs-alarms-dev", "SNS topic"),
    ],
    ids=["same service", "same pattern"],
)  # fmt: skip
def test_stacks_of_one_program_must_have_different_names(second: Service, name: str, kind: str) -> None:
    message = (
        "TapStack 'second' and TapStack 'first' must have different names in AWS, got the "
        f"{kind} '{name}' in both. Set another environment_suffix"
    )
    with pytest.raises(pulumi.RunError, match=message):
        record(two_stacks(a_worker(), second))


@pytest.mark.parametrize(
    "program",
    [
        two_stacks(a_worker(), a_worker(), environment_suffix="pr-1"),
        two_stacks(a_worker(), a_worker(), "us-west-2"),
        two_stacks(a_worker(), a_worker(name="other")),
    ],
    ids=["environment", "region", "service"],
)
def test_stacks_with_different_names_or_regions_share_a_program(program: Callable[[], None]) -> None:
    assert len(record(program).by_kind("stack.TapStack")) == 2


def test_every_kind_of_name_is_unique_to_a_stack() -> None:
    service = full_service(parameters=(Parameter(name="limits", value={"low": 1}),), site=None)
    other = full_service(name="other", parameters=service.parameters, site=None, functions=(a_function(name="else"),),
                         dead_letters="", alarms=(), tables=(), secrets=(), topics=())  # fmt: skip
    with pytest.raises(pulumi.RunError, match="got the SNS topic 'yard-alarms-dev' in both"):
        record(two_stacks(service, other))


def test_apis_of_one_program_must_have_different_names() -> None:
    other = a_service(name="other", name_pattern="parcels-{type}-{environment}", alarms_type="other-alarms",
                      functions=(a_function(name="other"),), tables=())  # fmt: skip
    with pytest.raises(pulumi.RunError, match="got the API 'parcels-api-dev' in both"):
        record(two_stacks(a_service(), other))
    assert record(two_stacks(a_service(), replace(other, api_type="other-api")))


def test_unit_tests_can_create_stacks_with_the_same_names() -> None:
    def program() -> TapStack:
        TapStack("first", TapStackArgs(service=a_worker()))
        return TapStack("second", TapStackArgs(service=a_worker()))

    names = [
        state["name"]
        for (kind, _), state in at_module_level(program).states.items()
        if kind.endswith("/function:Function")
    ]
    assert names == ["jobs-worker-dev", "jobs-worker-dev"]
