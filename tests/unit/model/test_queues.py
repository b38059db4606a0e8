"""Definitions of queues, and of the consumers of queues, streams and topics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lib.model import Topic

from ...support.builders import (
    a_consumer,
    a_function,
    a_queue,
    a_queue_consumer,
    a_service,
    a_table,
    a_topic_consumer,
)


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda: a_queue(name="Orders"), r"^queue name must be 1 to 64 lowercase letters.*, got 'Orders'\.$"),
        (lambda: a_queue(variable="orders"), "^queue 'orders' variable must be uppercase letters.*, got 'orders'"),
        (lambda: a_queue(max_receives=0), "^queue 'orders' max_receives must be .*1 to 1000 receives, got 0"),
        (lambda: a_queue(retention_seconds=59), "^queue 'orders' retention_seconds must be .*60 to 1209600.*, got 59"),
        (lambda: a_queue(delay_seconds=901), "^queue 'orders' delay_seconds must be .*0 to 900 seconds, got 901"),
        (lambda: a_queue(visibility_timeout_seconds=43_201), "visibility_timeout_seconds must be .*, got 43201"),
        (
            lambda: a_queue(deduplicate_by_content=True),
            "^queue 'orders' deduplicate_by_content must be False for a standard queue, got True. Set fifo=True",
        ),
        (lambda: a_queue(output_prefix="dead_letter"), "^queue 'orders' output_prefix must differ from 'dead_letter'"),
        (lambda: a_queue_consumer(name="Workers"), "^consumer name must be .*, got 'Workers'"),
        (lambda: a_queue_consumer(operation="a-b"), "^consumer operation must be the name of a Python function"),
        (
            lambda: a_queue_consumer(batch_size=11),
            "^consumer 'fulfillment' batch_size must be at most 10 without window_seconds, got 11. Set window_seconds",
        ),
        (lambda: a_queue_consumer(max_concurrency=1), "max_concurrency must be .*2 to 1000 invocations, got 1"),
        (lambda: a_queue_consumer(window_seconds=301), "window_seconds must be .*0 to 300 seconds, got 301"),
        (
            lambda: a_consumer(starting_position="AT_TIMESTAMP"),
            "^consumer 'arrivals' starting_position must be one of LATEST, TRIM_HORIZON, got 'AT_TIMESTAMP'",
        ),
        (
            lambda: a_topic_consumer(filter_scope="Message"),
            "^consumer 'announcements' filter_scope must be one of MessageAttributes, MessageBody, got 'Message'",
        ),
        (
            lambda: a_topic_consumer(filter_policy={"order": {"state": ["new"]}}),
            "filter_scope must be MessageBody because the filter policy contains objects, got 'MessageAttributes'",
        ),
    ],
)
def test_invalid_value_is_rejected_with_field_and_value(define: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        define()


FIFO = {"queues": (a_queue(fifo=True),)}
TOPIC = Topic(name="news", variable="NEWS_TOPIC")


def consuming(*consumers: Any) -> dict[str, Any]:
    """Return a change of a service: a function with consumers."""
    return {"functions": (a_function(consumers=consumers),)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (consuming(a_queue_consumer(queue="lost")), r"queue must be a queue of the service \(.*\), got 'lost'\.$"),
        (consuming(a_queue_consumer(queue="news")), r"'fulfillment' queue must be a queue of .*, got 'news'"),
        (
            consuming(a_queue_consumer(queue="order")) | FIFO,
            r"queue .* \(orders\), got 'order'\. Did you mean 'orders'\?$",
        ),
        (consuming(a_topic_consumer(topic="lost")), r"'announcements' topic must be a topic of .*, got 'lost'"),
        (
            consuming(a_queue_consumer(), a_queue_consumer(name="again")),
            "function 'desk' consumer of queue must be unique, got 'orders'",
        ),
        (
            consuming(a_topic_consumer(), a_topic_consumer(name="again")),
            "function 'desk' consumer of topic must be unique, got 'news'",
        ),
        (
            {
                "functions": tuple(
                    replace(a_function(), name=name, routes=routes, consumers=(a_queue_consumer(name=name),))
                    for name, routes in (("desk", a_function().routes), ("other", ()))
                )
            },
            "consumer of queue must be unique, got 'orders' more than once",
        ),
        (
            {**FIFO, **consuming(a_queue_consumer(batch_size=11, window_seconds=1))},
            "'fulfillment' batch_size must be at most 10 for the FIFO queue 'orders', got 11",
        ),
        (
            {**FIFO, **consuming(a_queue_consumer(window_seconds=1))},
            "'fulfillment' window_seconds must be at most 0 for the FIFO queue 'orders', got 1",
        ),
        (
            {"tables": (a_table(), a_table(name="orders-dead-letters", variable="OTHER"))},
            "resource must be unique, got 'orders-dead-letters' more than once",
        ),
        (
            {"tables": (a_table(variable="ORDERS_QUEUE"),)},
            "variable must be unique, got 'ORDERS_QUEUE' more than once",
        ),
    ],
)
def test_contradictory_definition_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^service 'parcels': .*{message}"):
        a_service(**{"queues": (a_queue(),), "topics": (TOPIC,), **changes})


def test_functions_can_share_a_topic() -> None:
    other = replace(a_function(), name="other", routes=(), consumers=(a_topic_consumer(name="others"),))
    service = a_service(topics=(TOPIC,), functions=(a_function(consumers=(a_topic_consumer(),)), other))
    assert service.dead_letters == "dead-letters"


def test_service_with_only_queue_consumers_has_no_dead_letter_queue_of_its_own() -> None:
    service = a_service(queues=(a_queue(),), functions=(a_function(consumers=(a_queue_consumer(),)),))
    assert service.dead_letters == ""


def test_filter_policy_of_a_message_body_can_contain_objects() -> None:
    policy = {"order": {"state": ["new"]}}
    assert a_topic_consumer(filter_policy=policy, filter_scope="MessageBody").filter_policy == policy
