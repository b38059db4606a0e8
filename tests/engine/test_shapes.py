"""Stacks that share resources, services without an API, and local indexes, on the real engine."""

from __future__ import annotations

import json
from dataclasses import replace

import pulumi
import pytest

from lib.model import Bucket, Consumer, EventBus, EventConsumer, Index, Key, LocalIndex, Service, Topic
from lib.settings import TableSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import (
    a_consumer,
    a_function,
    a_grant,
    a_queue,
    a_queue_consumer,
    a_route,
    a_schedule,
    a_service,
    a_table,
    a_topic_consumer,
)
from .programs import tap_stack
from .stack import Engine, Program, Rejected

SHOP = a_service(name="shop", name_pattern="shop-{type}-{environment}", tables=(a_table(stream="NEW_IMAGE"),))
WORKER = Service(
    name="worker",
    tables=(a_table(stream="NEW_IMAGE", existing=True),),
    functions=(
        a_function(
            name="worker",
            routes=(),
            schedules=(a_schedule(), a_schedule(name="hourly", rate="rate(1 hour)")),
            consumers=(a_consumer(grants=(a_grant("parcels", "PutItem"),)),),
        ),
    ),
)


def shared(suffix: str = "dev") -> Program:
    """Return a program with a shop and a worker that uses its table."""

    def program() -> None:
        shop = TapStack("shop", TapStackArgs(service=SHOP, environment_suffix=suffix))
        existing = {"parcels": shop.tables["parcels"].arn}
        TapStack("worker", TapStackArgs(service=WORKER, environment_suffix=suffix, existing=existing))

    return program


def test_worker_uses_the_table_of_another_stack_of_the_program(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(shared())
    (table,) = stack.ledger.find("aws:dynamodb/table:Table")
    (mapping,) = stack.ledger.find("aws:lambda/eventSourceMapping:EventSourceMapping")
    assert mapping.outputs["eventSourceArn"] == table.outputs["streamArn"]
    policies = [entry.outputs["policy"] for entry in stack.ledger.find("aws:iam/rolePolicy:RolePolicy")]
    resources = [statement["Resource"] for policy in policies for statement in json.loads(policy)["Statement"]]
    assert {table.outputs["arn"], table.outputs["streamArn"]} <= {*resources}
    assert len(stack.ledger.find("aws:apigateway/restApi:RestApi")) == 1
    stack.assert_unchanged(shared())
    stack.destroy()
    assert not stack.ledger.entries


def test_worker_in_a_separate_stack_uses_a_stack_reference(engine: Engine) -> None:
    engine.stack("shop").deploy(tap_stack(SHOP))

    def program() -> None:
        arn = pulumi.StackReference("organization/tap/shop").require_output("parcels_table_arn")
        TapStack("worker", TapStackArgs(service=WORKER, existing={"parcels": arn}))

    worker = engine.stack("worker")
    worker.deploy(program)
    worker.destroy()
    assert len(worker.ledger.find("aws:dynamodb/table:Table")) == 1


def test_arn_of_another_kind_of_resource_stops_the_deployment(engine: Engine) -> None:
    def program() -> None:
        shop = TapStack("shop", TapStackArgs(service=SHOP))
        TapStack("worker", TapStackArgs(service=WORKER, existing={"parcels": shop.alarm_topic.arn}))

    with pytest.raises(Rejected, match=r"existing\['parcels'\] must be the ARN of a table, got 'arn:aws:sns"):
        engine.stack().up(program)


def test_stacks_of_one_program_with_the_same_names_are_rejected(engine: Engine) -> None:
    def program() -> None:
        TapStack("one", TapStackArgs(service=SHOP))
        TapStack("two", TapStackArgs(service=SHOP))

    stack = engine.stack()
    with pytest.raises(Rejected, match=r"TapStack 'two' and TapStack 'one' must have different names in AWS, got the"):
        stack.preview(program)
    assert not stack.ledger.entries


def test_second_stack_with_the_function_names_of_another_is_rejected(engine: Engine) -> None:
    engine.stack("first").up(
        tap_stack(a_service(functions=(a_function(), a_function(a_route(method="POST"), name="b"))))
    )
    other = a_service(
        name="other", tables=(), functions=(a_function(name="a"), a_function(a_route(method="POST"), name="b"))
    )
    with pytest.raises(Rejected, match=r"Lambda function parcels-b-dev. Another\s+stack deploys this service"):
        engine.stack("second").preview(tap_stack(other))


LOCAL = a_service(
    tables=(
        a_table(
            range_key=Key("at", "N"),
            indexes=(Index(name="by-state", hash_key=Key("state"), projection="INCLUDE", attributes=("to", "from")),),
            local_indexes=(
                LocalIndex(name="by-weight", range_key=Key("weight", "N")),
                LocalIndex(name="by-owner", range_key=Key("owner"), projection="INCLUDE", attributes=("to", "from")),
            ),
        ),
    )
)


def test_local_indexes_stay_the_same_and_cannot_change(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack(LOCAL))
    (table,) = LOCAL.tables
    changed = replace(LOCAL, tables=(replace(table, local_indexes=table.local_indexes[:1]),))
    with pytest.raises(Rejected, match=r"table 'parcels' local_indexes must not change, got changes of by-owner"):
        stack.preview(tap_stack(changed))


def test_table_is_released_after_a_deployment_that_retains_it(engine: Engine) -> None:
    stack, owner = engine.stack(), a_service(functions=(a_function(a_route(grants=(a_grant("parcels", "GetItem"),))),))
    user = replace(owner, tables=(replace(owner.tables[0], existing=True),))
    stack.up(tap_stack(owner))
    (table,) = stack.ledger.find("aws:dynamodb/table:Table")
    existing = {"parcels": table.outputs["arn"]}
    with pytest.raises(
        Rejected, match="table 'parcels' must not become an existing one while it is part of this stack"
    ):
        stack.preview(tap_stack(user, existing=existing))
    stack.up(tap_stack(owner, table=TableSettings(retain_on_delete=True)))
    stack.up(tap_stack(user, existing=existing))
    assert stack.ledger.find("aws:dynamodb/table:Table") == [table]
    stack.assert_unchanged(tap_stack(user, existing=existing))


OWNER = a_service(
    name="owner",
    name_pattern="owner-{type}-{environment}",
    tables=(),
    queues=(a_queue(),),
    buckets=(Bucket(name="files", variable="FILES_BUCKET"),),
    event_buses=(EventBus(name="bus", variable="BUS"),),
    topics=(Topic(name="news", variable="NEWS_TOPIC"),),
)


def using(*consumers: Consumer) -> Program:
    """Return a program with an owner of resources, and a worker that uses them."""

    def program() -> None:
        owner = TapStack("owner", TapStackArgs(service=OWNER))
        grants = (a_grant("files", "GetObject"), a_grant("bus", "PutEvents"), a_grant("orders", "SendMessage"))
        service = a_service(
            tables=(),
            queues=(a_queue(existing=True),),
            buckets=(Bucket(name="files", variable="FILES_BUCKET", existing=True),),
            event_buses=(EventBus(name="bus", variable="BUS", existing=True),),
            topics=(Topic(name="news", variable="NEWS_TOPIC", existing=True),),
            functions=(a_function(a_route(grants=grants), consumers=consumers),),
        )
        arns = {name: getattr(owner, kind)[name].arn for name, kind in KINDS.items()}
        TapStack("worker", TapStackArgs(service=service, existing=arns))

    return program


KINDS = {"orders": "queues", "files": "buckets", "bus": "event_buses", "news": "topics"}


def test_consumers_of_existing_resources_can_be_added_and_removed(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(using())
    on_bus = EventConsumer(name="pack", bus="bus", operation="pack", pattern={"source": ["shop"]})
    consuming = using(a_queue_consumer(), a_topic_consumer(), on_bus)
    stack.deploy(consuming)
    stack.assert_unchanged(consuming)
    (rule,) = stack.ledger.find("aws:cloudwatch/eventRule:EventRule")
    assert rule.outputs["eventBusName"] == "owner-bus-dev"
    stack.deploy(using())
    assert not stack.ledger.find("aws:lambda/eventSourceMapping:EventSourceMapping")
    stack.destroy()
    assert not stack.ledger.entries


def test_queue_of_a_stack_must_not_become_an_existing_one(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack(a_service(queues=(a_queue(),))))
    (queue,) = [q for q in stack.ledger.find("aws:sqs/queue:Queue") if "dead" not in q.outputs["name"]]
    changed = tap_stack(a_service(queues=(a_queue(existing=True),)), existing={"orders": queue.outputs["arn"]})
    with pytest.raises(Rejected, match=r"queue 'orders' must not become an existing one"):
        stack.up(changed)
    stack.destroy()
