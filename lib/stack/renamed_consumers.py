"""Consumers with a new name.

A function has only one subscription to a topic, and only one event source mapping of a table or queue. Without an
alias, Pulumi would create the one of the new name, which AWS rejects or identifies with the former one, and then delete
the former one.
"""

from __future__ import annotations

from typing import NamedTuple

from .. import model
from .context import StackContext


class Link(NamedTuple):
    """The resource that connects a source to a function, as the state contains it."""

    token: str
    suffix: str
    """Suffix of the logical name, after the name of the consumer."""
    source: str
    """Property with the ARN of the source."""
    function: str
    """Property with the ARN of the function or of its alias."""


_MAPPING = Link("aws:lambda/eventSourceMapping:EventSourceMapping", "mapping", "eventSourceArn", "functionArn")
LINKS: dict[type[model.Consumer], Link] = {
    model.StreamConsumer: _MAPPING,
    model.QueueConsumer: _MAPPING,
    model.TopicConsumer: Link("aws:sns/topicSubscription:TopicSubscription", "subscription", "topic", "endpoint"),
}


def former_name(context: StackContext, function: model.Function, consumer: model.Consumer) -> str:
    """Return the name that a consumer of a function had in the previous deployment; empty if it is new or unchanged."""
    link = LINKS.get(type(consumer))
    previous = context.transitions.previous_children(link.token, link.suffix) if link else {}
    if link is None or consumer.name in previous:
        return ""
    names = [current.name for _, current in context.service.consumers()]
    ends = (_source_name(context, consumer), context.names.physical("function", function.name))
    for name, outputs in previous.items():
        arns = str(outputs.get(link.source)), str(outputs.get(link.function))
        if name not in names and (_name_in(arns[0]), _function_in(arns[1])) == ends:
            return name
    return ""


def _source_name(context: StackContext, consumer: model.Consumer) -> str:
    """Return the physical name of the source of a consumer; empty for an existing one whose ARN is an Output."""
    resource = context.service.resources()[consumer.source]
    if resource.existing:
        arn = context.args.existing[resource.name]
        return _name_in(arn) if isinstance(arn, str) else ""
    if isinstance(resource, model.Queue):
        return context.names.queue(resource)
    return context.names.physical(resource.KIND, resource.name)


def _name_in(arn: str) -> str:
    """Return the physical name in the ARN of a topic, of a queue, of a table or of its stream."""
    return arn.split("/")[1] if "/" in arn else arn.rpartition(":")[2]


def _function_in(arn: str) -> str:
    """Return the name of the function in the ARN of a function or of its alias."""
    return f"{arn}:::::::".split(":")[6]
