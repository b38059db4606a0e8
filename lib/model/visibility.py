"""Visibility timeouts of the queues of a service."""

from __future__ import annotations

from collections.abc import Mapping

from ..settings import invalid_value
from .consumers import QueueConsumer
from .service import Service

DEFAULT_SECONDS = 30
"""Visibility timeout of a queue without a consumer in the service, which is the default of SQS."""


def visibility_timeouts(service: Service, function_timeouts: Mapping[str, int]) -> dict[str, int]:
    """Return the visibility timeout of each queue of the stack in seconds, by name.

    `function_timeouts` are seconds by function.

    Raise `ValueError` if it is less than the timeout of the consuming function, which Lambda rejects.
    """
    consuming = {c.queue: (function, c) for function, c in service.consumers() if isinstance(c, QueueConsumer)}
    timeouts = {}
    for queue in service.created_queues():
        function, consumer = consuming.get(queue.name, (None, None))
        minimum = function_timeouts[function.name] if function else 0
        derived = consumer.visibility_timeout(minimum) if consumer else DEFAULT_SECONDS
        configured = queue.visibility_timeout_seconds
        if function and configured is not None and configured < minimum:
            expected = f"at least the timeout of the function {function.name!r} ({minimum} s)"
            remedy = f"Remove it for the default of {derived} seconds, or lower the timeout of the function."
            raise invalid_value(f"queue {queue.name!r} visibility_timeout_seconds", configured, expected, remedy)
        timeouts[queue.name] = derived if configured is None else configured
    return timeouts
