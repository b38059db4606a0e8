"""Changes of queues, topics, buckets, event buses and their consumers and back, on the real engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from lib.model import Bucket, BucketConsumer, BucketCors, EventBus, EventConsumer, Expiration, Function, Topic
from lib.settings import RolloutSettings

from ..support.builders import (
    HANDLER,
    a_consumer,
    a_function,
    a_queue,
    a_queue_consumer,
    a_service,
    a_table,
    a_topic_consumer,
)
from .programs import tap_stack
from .stack import Engine

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
Step = dict[str, Any]


def step(*consumers: Any, **service: Any) -> Step:
    """Return a step with a function that has consumers."""
    worker = (Function(name="worker", handler=HANDLER, consumers=consumers),) if consumers else ()
    return {"service": a_service(functions=(a_function(), *worker), **service)}


def stream(**changes: Any) -> Step:
    return step(a_consumer(**changes), tables=(a_table(stream="NEW_IMAGE"),))


def queue(consumer: dict[str, Any] | None = None, **changes: Any) -> Step:
    return step(a_queue_consumer(**consumer or {}), queues=(a_queue(**changes),))


def topic(**changes: Any) -> Step:
    return step(a_topic_consumer(**changes), topics=(Topic(name="news", variable="NEWS_TOPIC"),))


def bucket(*consumers: BucketConsumer, **changes: Any) -> Step:
    return step(*consumers, buckets=(Bucket(**{"name": "images", "variable": "IMAGES_BUCKET", **changes}),))


def buses(consumer: EventConsumer, **changes: Any) -> Step:
    shop = EventBus(**{"name": "shop", "variable": "SHOP_BUS", **changes})
    return step(consumer, event_buses=(shop, EventBus(name="depot", variable="DEPOT_BUS")))


RESIZE = BucketConsumer(name="resize", bucket="images", operation="resize", prefix="uploads/", suffix=".jpg")
RENAMED = BucketConsumer(name="shrink", bucket="images", operation="resize", prefix="uploads/", suffix=".jpg")
UNLIST = BucketConsumer(name="unlist", bucket="images", operation="unlist", events=("ObjectRemoved:*",))
PACK = EventConsumer(name="pack", bus="shop", operation="pack", pattern={"source": ["shop"]})
SHIP = EventConsumer(name="pack", bus="depot", operation="pack", pattern={"source": ["shop"]})
HEALTH = EventConsumer(name="watch", operation="pack", pattern={"source": ["aws.health"]})

CHANGES: dict[str, Sequence[Step]] = {
    "stream consumer": [
        stream(),
        stream(parallelization_factor=4, window_seconds=5, batch_size=7, max_retries=0),
        stream(pattern={"eventName": ["INSERT"]}, starting_position="TRIM_HORIZON"),
        step(tables=(a_table(stream="NEW_IMAGE"),)),
    ],
    "queue": [
        queue(),
        queue({"max_concurrency": 3, "window_seconds": 5, "batch_size": 50}, delay_seconds=5, retention_seconds=60),
        queue({"pattern": {"body": {"type": ["order"]}}}, visibility_timeout_seconds=600, max_receives=2),
        queue(fifo=True, deduplicate_by_content=True),
        step(queues=(a_queue(),)),
    ],
    "topic consumer": [topic(), topic(filter_policy={"kind": ["a"]}), step(topics=())],
    "bucket": [
        bucket(RESIZE),
        bucket(RENAMED, versioned=True, cors=(BucketCors(origins=("https://shop.example.com",)),)),
        bucket(RESIZE, UNLIST, expirations=(Expiration(days=1, prefix="uploads/"),), noncurrent_days=3),
        bucket(),
    ],
    "event bus": [buses(PACK), buses(PACK, archive_days=30), buses(SHIP, archive_days=5), buses(HEALTH)],
}
"""Steps by name. After the last step, the stack returns to the first one."""


@pytest.mark.parametrize("name", CHANGES)
def test_change_and_back(engine: Engine, name: str) -> None:
    steps = CHANGES[name]
    stack = engine.stack("parcels")
    for each in (*steps, {**steps[0], "rollout": RolloutSettings(strategy="AllAtOnce")}, steps[0]):
        stack.deploy(tap_stack(**each))
    stack.destroy()
    assert not stack.ledger.entries


def test_changed_consumer_of_a_stream_is_the_same_with_its_default_parallelization(engine: Engine) -> None:
    stack = engine.stack("parcels")
    stack.deploy(tap_stack(**stream(parallelization_factor=4)))
    (before,) = stack.ledger.find(MAPPING)
    stack.deploy(tap_stack(**stream(starting_position="TRIM_HORIZON")))
    (after,) = stack.ledger.find(MAPPING)
    assert (after.id, after.outputs["parallelizationFactor"]) == (before.id, 1)


@pytest.mark.parametrize("renamed", [stream, topic], ids=["stream", "topic"])
def test_renamed_consumer_replaces_nothing(engine: Engine, renamed: Callable[..., Step]) -> None:
    stack = engine.stack()
    stack.deploy(tap_stack(**renamed(name="former")))
    again = stack.deploy(tap_stack(**renamed(name="renamed")))
    assert {*again.operations} <= {"same", "update"}
    stack.assert_unchanged(tap_stack(**renamed(name="renamed")))
