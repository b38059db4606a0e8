"""Targets of alarms, as `Alarm.on` names them. The name of a function alone is the target for its custom metrics."""

DEAD_LETTERS = "dead-letters"
"""Target for the dead-letter queue of schedules and consumers."""
_LAMBDA = "lambda "


def of_api(name: str, default: str) -> str:
    """Return the target for an API. `default` is the name of the default API."""
    return "api" if name == default else f"api {name}"


def of_lambda(function: str) -> str:
    """Return the target for the metrics of Lambda on a function."""
    return f"{_LAMBDA}{function}"


def of_table(table: str) -> str:
    """Return the target for a table."""
    return f"table {table}"


def of_index(table: str, index: str) -> str:
    """Return the target for a global secondary index."""
    return f"index {table}/{index}"


def of_topic(topic: str) -> str:
    """Return the target for a topic."""
    return f"topic {topic}"


def of_queue(queue: str) -> str:
    """Return the target for a queue, or for its dead-letter queue."""
    return f"queue {queue}"


def of_rule(consumer: str) -> str:
    """Return the target for the EventBridge rule of a consumer."""
    return f"rule {consumer}"


def function_of(target: str) -> tuple[str, bool]:
    """Return the function of a target, and whether the target is for the metrics of Lambda."""
    return target.removeprefix(_LAMBDA), target.startswith(_LAMBDA)


def label(target: str) -> str:
    """Return the part of a target that is in the name of an alarm, such as `orders-by-date` for an index."""
    return (target.partition(" ")[2] or target).replace("/", "-")
