"""Visibility timeouts of queues."""

from __future__ import annotations

import pytest

from lib.model import Service
from lib.model.visibility import visibility_timeouts

from ...support.builders import a_function, a_queue, a_queue_consumer, a_service

TIMEOUTS = {"desk": 20}


def service_with(visibility: int | None = None, **consumer: int) -> Service:
    """Return a service with a queue that a function consumes, and with one that no function consumes."""
    queues = (a_queue(visibility_timeout_seconds=visibility), a_queue(name="outgoing", variable="OUTGOING_QUEUE"))
    return a_service(queues=queues, functions=(a_function(consumers=(a_queue_consumer(**consumer),)),))


def test_visibility_timeout_is_six_function_timeouts_plus_the_window() -> None:
    assert visibility_timeouts(service_with(), TIMEOUTS)["orders"] == 120
    assert visibility_timeouts(service_with(batch_size=100, window_seconds=60), TIMEOUTS)["orders"] == 180


def test_queue_without_a_consumer_has_the_default_of_sqs() -> None:
    assert visibility_timeouts(service_with(), TIMEOUTS)["outgoing"] == 30


@pytest.mark.parametrize("seconds", [20, 43_200])
def test_queue_can_set_any_visibility_timeout_from_that_of_the_function(seconds: int) -> None:
    assert visibility_timeouts(service_with(seconds), TIMEOUTS)["orders"] == seconds


def test_visibility_timeout_less_than_that_of_the_function_is_rejected() -> None:
    message = (
        r"^queue 'orders' visibility_timeout_seconds must be at least the timeout of the function 'desk' \(20 s\), "
        r"got 19\. Remove it for the default of 120 seconds, or lower the timeout of the function\.$"
    )
    with pytest.raises(ValueError, match=message):
        visibility_timeouts(service_with(19), TIMEOUTS)
