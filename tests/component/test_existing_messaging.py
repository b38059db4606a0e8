"""Existing queues, buckets, event buses and topics, and the functions that consume them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from lib.components.lookup.previous_state import INVOKE
from lib.cost.bill import bill
from lib.cost.month import Month
from lib.cost.traffic import Traffic
from lib.docgen.diagram import flowchart
from lib.documents.alarms import recommended_alarms
from lib.model import (
    Bucket,
    BucketConsumer,
    EventBus,
    EventConsumer,
    Function,
    Queue,
    Resource,
    Service,
    Topic,
    Workload,
)
from lib.model.existing import name_from_arn, queue_url
from lib.program.recorder import Deployment, record
from lib.settings import EncryptionSettings
from lib.settings.environments import BASIS
from lib.stack.names import StackNames
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import (
    HANDLER,
    a_function,
    a_grant,
    a_queue,
    a_queue_consumer,
    a_route,
    a_service,
    a_topic_consumer,
    an_alarm,
)
from ..support.programs import stacked

QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:shop-orders"
BUCKET_ARN = "arn:aws:s3:::shop-files"
BUS_ARN = "arn:aws:events:us-east-1:123456789012:event-bus/shop"
TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:shop-news"
EXISTING: Mapping[str, str] = {"orders": QUEUE_ARN, "files": BUCKET_ARN, "shop": BUS_ARN, "news": TOPIC_ARN}


def an_event_consumer(**changes: Any) -> EventConsumer:
    return EventConsumer(
        **{"name": "pack", "bus": "shop", "operation": "pack", "pattern": {"source": ["x"]}, **changes}
    )


def sharing(*consumers: Any, **changes: Any) -> Service:
    """Return a service with an existing resource of every kind, a route with grants on them, and a worker."""
    grants = (
        a_grant("orders", "SendMessage"),
        a_grant("files", "GetObject", "ListBucket", keys=("in/*",)),
        a_grant("shop", "PutEvents"),
    )
    worker = Function(name="worker", handler=HANDLER, consumers=consumers)
    defaults = {
        "tables": (),
        "queues": (a_queue(existing=True),),
        "buckets": (Bucket(name="files", variable="FILES_BUCKET", existing=True),),
        "event_buses": (EventBus(name="shop", variable="SHOP_BUS", existing=True),),
        "topics": (Topic(name="news", variable="NEWS_TOPIC", existing=True),),
        "functions": (a_function(a_route(grants=grants)), *([worker] if consumers else [])),
    }
    return a_service(**{**defaults, **changes})


def shared(*consumers: Any, **args: Any) -> Deployment:
    return record(stacked(**{"service": sharing(*consumers), "existing": EXISTING, **args}))


def policy(deployment: Deployment, function: str) -> list[dict[str, Any]]:
    """Return the statements of the role of a function."""
    document: str = deployment.inputs("iam.RolePolicy")[f"post-{function}-policy"]["policy"]
    statements: list[dict[str, Any]] = json.loads(document)["Statement"]
    return statements


def test_existing_resources_are_granted_but_not_created() -> None:
    deployment = shared()
    created = {resource.kind for resource in deployment.registered}
    assert not created & {"sqs.Queue", "s3.Bucket", "cloudwatch.EventBus"}
    assert policy(deployment, "desk") == [
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": QUEUE_ARN},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"{BUCKET_ARN}/in/*"},
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": BUCKET_ARN,
            "Condition": {"StringLike": {"s3:prefix": ["in/*"]}},
        },
        {"Effect": "Allow", "Action": ["events:PutEvents"], "Resource": BUS_ARN},
    ]
    variables = deployment.inputs("lambda.Function")["post-desk-function"]["environment"]["variables"]
    assert variables["ORDERS_QUEUE"] == "https://sqs.us-east-1.amazonaws.com/123456789012/shop-orders"
    assert (variables["FILES_BUCKET"], variables["SHOP_BUS"]) == ("shop-files", "shop")
    outputs = deployment.stack_outputs()
    assert not {"bucket_names", "queue_urls", "event_bus_names", "orders_queue_url", "files_bucket_name"} & {*outputs}


def test_existing_sources_invoke_a_function() -> None:
    deployment = shared(a_queue_consumer(), an_event_consumer(), a_topic_consumer())
    assert deployment.single("lambda.EventSourceMapping").inputs["eventSourceArn"] == QUEUE_ARN
    assert deployment.single("sns.TopicSubscription").inputs["topic"] == TOPIC_ARN
    rule, target = deployment.single("cloudwatch.EventRule").inputs, deployment.single("cloudwatch.EventTarget").inputs
    assert rule["eventBusName"] == target["eventBusName"] == "shop"
    consumption = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    (statement,) = [s for s in policy(deployment, "worker") if s["Resource"] == QUEUE_ARN]
    assert {*statement["Action"]} == consumption


def test_dead_letter_queue_accepts_events_of_existing_sources() -> None:
    deployment = shared(an_event_consumer(), an_event_consumer(name="watch", bus="default"), a_topic_consumer())
    document = json.loads(deployment.single("sqs.QueuePolicy").inputs["policy"])
    senders = {s["Principal"]["Service"]: s["Condition"]["ArnEquals"]["aws:SourceArn"]
               for s in document["Statement"] if s["Effect"] == "Allow"}  # fmt: skip
    assert [arn.rpartition(":")[2] for arn in senders["sns.amazonaws.com"]] == ["shop-news"]
    rules = [arn.rpartition(":rule/")[2] for arn in senders["events.amazonaws.com"]]
    assert rules == ["shop/parcels-pack-dev", "parcels-watch-dev"]


def test_own_key_is_not_used_for_existing_resources() -> None:
    deployment = shared(a_queue_consumer(), encryption=EncryptionSettings(key="create"))
    for function in ("desk", "worker"):
        assert not [s for s in policy(deployment, function) if s["Action"] == ["kms:Decrypt"]]
    users = deployment.single("kms.Key").inputs["policy"]
    assert not any(f"{service}.*" in users for service in ("sqs", "s3"))


def test_alarms_of_existing_queues_are_only_those_of_the_definition() -> None:
    consumer = a_queue_consumer()
    assert not [a for a in recommended_alarms(sharing(consumer), BASIS.alarms, {"desk": 1}) if "queue" in a.on]
    alarm = an_alarm(name="age", on="queue orders", metric="ApproximateAgeOfOldestMessage")
    deployment = record(stacked(service=sharing(consumer, alarms=(alarm,)), existing=EXISTING))
    (age,) = [a for a in deployment.inputs("cloudwatch.MetricAlarm").values() if a["namespace"] == "AWS/SQS"]
    assert age["dimensions"] == {"QueueName": "shop-orders"}
    with pytest.raises(ValueError, match=r"on must be exactly one of .*got 'queue orders-dead-letters'"):
        sharing(consumer, alarms=(an_alarm(on="queue orders-dead-letters"),))


def test_dashboard_shows_existing_queues_and_buckets() -> None:
    deployment = shared(a_queue_consumer(), environment_suffix="prod")
    body = deployment.single("cloudwatch.Dashboard").inputs["dashboardBody"]
    assert "shop-orders" in body
    assert "shop-files" in body


def test_resources_of_another_stack_in_the_program_are_existing_ones() -> None:
    def program() -> None:
        queues, buses = (a_queue(),), (EventBus(name="shop", variable="SHOP_BUS"),)
        buckets = (Bucket(name="files", variable="FILES_BUCKET"),)
        owner = a_service(name="owner", name_pattern="owner-{type}-{environment}", tables=(), queues=queues,
                          buckets=buckets, event_buses=buses)  # fmt: skip
        shop = TapStack("shop", TapStackArgs(service=owner))
        arns: dict[str, pulumi.Input[str]] = {
            "orders": shop.queues["orders"].arn,
            "files": shop.buckets["files"].arn,
            "shop": shop.event_buses["shop"].arn,
            "news": TOPIC_ARN,
        }
        TapStack("post", TapStackArgs(service=sharing(a_queue_consumer(), an_event_consumer()), existing=arns))

    deployment = record(program)
    mapping = deployment.single("lambda.EventSourceMapping").inputs
    assert mapping["eventSourceArn"] == "arn:shop-orders-queue"
    assert len(deployment.by_kind("cloudwatch.EventBus")) == 1


@pytest.mark.parametrize(
    ("name", "arn", "message"),
    [
        ("orders", f"{QUEUE_ARN}.fifo", "must be the ARN of a standard queue, got"),
        ("orders", TOPIC_ARN, "must be the ARN of a standard queue, got"),
        ("orders", QUEUE_ARN.replace("us-east-1", "eu-west-1"), "must be in the region us-east-1 and the account"),
        ("files", f"{BUCKET_ARN}/*", "must be the ARN of a bucket, got .* Example: arn:aws:s3:::orders"),
        ("shop", BUS_ARN.replace("/shop", "/default"), "must be the ARN of a custom event bus, got"),
        ("shop", BUS_ARN.replace("123456789012", "210987654321"), "must be in the region us-east-1 and the account"),
        ("shop", None, "must be the ARN of the existing event bus, got None"),
    ],
)
def test_other_arns_are_rejected(name: str, arn: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"existing\['{name}'\] {message}"):
        shared(existing={**EXISTING, name: arn})


def test_existing_resource_has_one_name_in_the_definition() -> None:
    topics = tuple(Topic(name=name, variable=name.upper(), existing=True) for name in ("news", "twin"))
    with pytest.raises(ValueError, match=r"existing must be unique, got 'arn:.*:shop-news'\. Define the resource once"):
        TapStackArgs(service=sharing(topics=topics), existing={**EXISTING, "twin": TOPIC_ARN})


def test_existing_fifo_queue_has_its_type_in_the_definition() -> None:
    arn = f"{QUEUE_ARN}.fifo"
    service = sharing(a_queue_consumer(), queues=(a_queue(existing=True, fifo=True),))
    deployment = record(stacked(service=service, existing={**EXISTING, "orders": arn}))
    assert deployment.single("lambda.EventSourceMapping").inputs["eventSourceArn"] == arn
    with pytest.raises(ValueError, match=r"existing\['orders'\] must be the ARN of a FIFO queue, got .*\.fifo\.$"):
        TapStackArgs(service=service, existing=EXISTING)


def test_events_of_an_existing_bucket_are_consumed_from_eventbridge() -> None:
    message = r"bucket must be a bucket that the stack creates, got the existing bucket 'files': .* EventConsumer\("
    with pytest.raises(ValueError, match=message):
        sharing(BucketConsumer(name="resize", bucket="files", operation="resize"))


@pytest.mark.parametrize(
    ("define", "field", "value"),
    [
        (a_queue, "visibility_timeout_seconds", 60),
        (a_queue, "max_receives", 3),
        (a_queue, "retention_seconds", 60),
        (a_queue, "delay_seconds", 1),
        (lambda **fields: Bucket(name="files", variable="FILES", **fields), "versioned", True),
        (lambda **fields: Bucket(name="files", variable="FILES", **fields), "noncurrent_days", 1),
        (lambda **fields: EventBus(name="shop", variable="SHOP", **fields), "archive_days", 1),
    ],
)
def test_properties_of_existing_resources_are_rejected(define: Callable[..., Any], field: str, value: Any) -> None:
    assert define(**{field: value})
    with pytest.raises(ValueError, match=rf"{field} must be unset with existing=True, got {value}\. The stack that"):
        define(existing=True, **{field: value})


def test_names_are_the_last_parts_of_the_arns() -> None:
    assert name_from_arn("bucket", "", "arn:aws-cn:s3:::a.b-c") == "a.b-c"
    assert name_from_arn("event_bus", "", f"{BUS_ARN}/partner/1") == "shop/partner/1"
    url = queue_url("arn:aws-cn:sqs:cn-north-1:123456789012:a.fifo", "amazonaws.com.cn")
    assert url == "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/a.fifo"


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (a_queue(existing=True), "<orders>"),
        (a_queue(), "parcels-orders-dev"),
        (Bucket(name="files", variable="FILES", existing=True), "<files>"),
    ],
)
def test_documents_contain_a_placeholder_for_the_name(resource: Resource, name: str) -> None:
    names = StackNames(a_service(), "dev")
    assert (names.queue(resource) if isinstance(resource, Queue) else names.bucket(resource)) == name


def after(token: str, name: str, **outputs: Any) -> Deployment:
    """Record a stack of existing resources after a deployment that created one of them."""
    state = {f"urn:pulumi:test::tap::{token}::{name}": {"type": token, "outputs": outputs}}
    calls = {INVOKE.rpartition(":")[2]: {"outputs": state}}
    return record(stacked(service=sharing(), existing=EXISTING), calls=calls)


@pytest.mark.parametrize(
    ("token", "name", "kind"),
    [
        ("aws:sqs/queue:Queue", "post-orders-queue", "queue 'orders'"),
        ("aws:sns/topic:Topic", "post-news-topic", "topic 'news'"),
        ("aws:cloudwatch/eventBus:EventBus", "post-shop-bus", "event bus 'shop'"),
    ],
)
def test_resource_of_the_stack_must_not_become_an_existing_one(token: str, name: str, kind: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"^{kind} must not become an existing one while it is part of this"):
        after(token, name, arn="arn:x")


def test_only_a_retained_bucket_of_the_stack_can_become_an_existing_one() -> None:
    bucket = ("aws:s3/bucket:Bucket", "post-files-bucket")
    assert after(*bucket, forceDestroy=False)
    with pytest.raises(pulumi.RunError, match=r"bucket 'files' must not become .* retain_on_delete set to true"):
        after(*bucket, forceDestroy=True)


def test_cost_of_existing_resources_is_unknown_except_for_invocations() -> None:
    service = sharing(a_queue_consumer())
    month = Month(record(stacked(service=service, existing=EXISTING)), Traffic(queue_messages=7), Workload(), service)
    assert bill(month).unpriced == ["existing queues", "existing buckets", "existing event buses"]
    assert [entry.quantity for entry in month.invocations] == [7]


def test_diagram_shows_existing_resources_without_dead_letter_queues() -> None:
    diagram = flowchart(sharing(a_queue_consumer()))
    (node,) = [line for line in diagram.splitlines() if line.startswith("on_orders") and "--" not in line]
    assert "existing" in node
    assert "orders_dead_letters" not in diagram
