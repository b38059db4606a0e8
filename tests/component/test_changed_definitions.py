"""Changes of a service definition since the previous deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from lib.components.lookup.previous_state import INVOKE
from lib.model import Api, EventBus, EventConsumer, Function, Service
from lib.program.recorder import Deployment, record

from ..support.builders import (
    HANDLER,
    a_consumer,
    a_function,
    a_queue,
    a_queue_consumer,
    a_route,
    a_schedule,
    a_service,
    a_table,
    a_topic_consumer,
    queue_service,
)
from ..support.programs import stacked

PATH = "aws:apigateway/resource:Resource"
SCHEDULE, EVENT_CONSUMER = "tap:aws:Schedule", "tap:aws:EventConsumer"
RULE = "aws:cloudwatch/eventRule:EventRule"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
AWS = "us-east-1:123456789012"
WORKER = f"arn:aws:lambda:{AWS}:function:shop-worker-dev"
TOPIC, QUEUE = f"arn:aws:sns:{AWS}:shop-news-dev", f"arn:aws:sqs:{AWS}:shop-orders-dev"
STREAM = f"arn:aws:dynamodb:{AWS}:table/shop-parcels-dev/stream/2026-01-01T00:00:00.000"


def after(previous: Mapping[tuple[str, str], Mapping[str, Any]], service: Service, **args: Any) -> Deployment:
    """Record a stack after a deployment that created resources, with their outputs by type and logical name."""
    state = {
        f"urn:pulumi:test::tap::{token}::{name}": {"type": token, "outputs": outputs}
        for (token, name), outputs in previous.items()
    }
    return record(stacked(service=service, **args), calls={INVOKE.rpartition(":")[2]: {"outputs": state}})


def consuming(*consumers: Any, **changes: Any) -> Service:
    """Return a service with a table, a topic, a queue and a function with consumers."""
    worker = Function(name="worker", handler=HANDLER, consumers=consumers)
    tables = (a_table(stream="NEW_IMAGE"),)
    return queue_service(tables=tables, queues=(a_queue(),), functions=(a_function(), worker), **changes)


def with_paths(*paths: str, **changes: Any) -> Service:
    """Return a service with routes."""
    return a_service(functions=(a_function(*(a_route(path=path) for path in paths)),), **changes)


@pytest.mark.parametrize(
    ("former", "path", "message"),
    [
        ("/parcels/{id}", "/parcels/{key}/notes", r"parameter \{id\} below /parcels, got \{key\}: API Gateway"),
        ("/{page}", "/{proxy+}", r"route paths of api 'api' must keep the parameter \{page\} below /, got \{proxy\+\}"),
    ],
)
def test_parameter_of_a_path_keeps_its_name(former: str, path: str, message: str) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        after({(PATH, f"post-api{former}"): {}}, with_paths(path))


def test_parameters_of_other_paths_and_apis_can_have_other_names() -> None:
    previous: dict[tuple[str, str], dict[str, Any]] = {
        (PATH, "post-api/parcels/{id}"): {},
        (PATH, "post-api/letters/{id}"): {},
        (PATH, "post-admin-api/reports/{day}"): {},
    }
    after(previous, with_paths("/parcels/{id}/notes", "/letters", "/reports/{id}"))
    after(previous, with_paths("/parcels/{key}", apis=(Api(name="api", protocol="HTTP"),)))


def test_schedule_and_consumer_do_not_take_over_the_rule_of_each_other() -> None:
    watch = EventConsumer(name="nightly", operation="watch", pattern={"source": ["aws.health"]})
    consumer, schedule = consuming(watch), queue_service(functions=(replace(a_function(), schedules=(a_schedule(),)),))
    with pytest.raises(pulumi.RunError, match="consumer 'nightly' must have another name"):
        after({(SCHEDULE, "post-nightly"): {}, (RULE, "post-nightly-rule"): {"eventBusName": "default"}}, consumer)
    with pytest.raises(pulumi.RunError, match="schedule 'nightly' must have another name"):
        after({(EVENT_CONSUMER, "post-nightly"): {}, (RULE, "post-nightly-rule"): {}}, schedule)
    after({(EVENT_CONSUMER, "post-nightly"): {}, (RULE, "post-nightly-rule"): {"eventBusName": "shop-dev"}}, schedule)
    on_bus = consuming(replace(watch, bus="shop"), event_buses=(EventBus(name="shop", variable="SHOP"),))
    after({(SCHEDULE, "post-nightly"): {}, (RULE, "post-nightly-rule"): {}}, on_bus)


@pytest.mark.parametrize(
    ("consumer", "token", "label", "outputs"),
    [
        (a_topic_consumer(), SUBSCRIPTION, "post-old-subscription", {"topic": TOPIC, "endpoint": f"{WORKER}:live"}),
        (a_queue_consumer(), MAPPING, "post-old-mapping", {"eventSourceArn": QUEUE, "functionArn": WORKER}),
        (a_consumer(), MAPPING, "post-old-mapping", {"eventSourceArn": STREAM, "functionArn": WORKER}),
    ],
    ids=["topic", "queue", "stream"],
)
def test_renamed_consumer_keeps_its_subscription_or_mapping(
    consumer: Any, token: str, label: str, outputs: dict[str, str]
) -> None:
    def aliases(outputs: Mapping[str, str], *others: Any) -> list[Any]:
        deployment = after({(token, label): outputs}, consuming(consumer, *others))
        (resource,) = [each for each in deployment.registered if each.name == f"post-{consumer.name}"]
        return [alias.get("spec", {}).get("name") for alias in resource.options.get("aliases", ())]

    assert aliases(outputs) == ["post-old"]
    for name, arn in outputs.items():
        assert not aliases({**outputs, name: arn.replace("-dev", "-test")})
    still_used = EventConsumer(name="old", operation="watch", pattern={"source": ["aws.health"]})
    assert not aliases(outputs, still_used)
    same = label.replace("old", consumer.name)
    unchanged = after({(token, same): outputs, (token, label): outputs}, consuming(consumer))
    assert not any("aliases" in resource.options for resource in unchanged.registered)


@pytest.mark.parametrize(("arn", "has_alias"), [(TOPIC, True), (pulumi.Output.from_input(TOPIC), False)])
def test_renamed_consumer_of_an_existing_topic_needs_its_arn(arn: pulumi.Input[str], has_alias: bool) -> None:
    service = consuming(a_topic_consumer())
    service = replace(service, topics=tuple(replace(topic, existing=True) for topic in service.topics))
    previous = {(SUBSCRIPTION, "post-old-subscription"): {"topic": TOPIC, "endpoint": WORKER}}
    deployment = after(previous, service, existing={"news": arn})
    (resource,) = [each for each in deployment.registered if each.name == "post-announcements"]
    assert ("aliases" in resource.options) is has_alias
