"""Loops of functions that process the objects of a bucket and write others, which invoke them again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from .consumers import BucketConsumer
from .grants import Grant

CAUSED_EVENTS: Mapping[str, tuple[str, ...]] = {
    "PutObject": ("ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload"),
    "DeleteObject": ("ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated"),
    "DeleteObjectVersion": ("ObjectRemoved:Delete",),
    "PutObjectTagging": ("ObjectTagging:Put",),
    "PutObjectVersionTagging": ("ObjectTagging:Put",),
    "DeleteObjectTagging": ("ObjectTagging:Delete",),
    "DeleteObjectVersionTagging": ("ObjectTagging:Delete",),
}
"""Events that a function with an action can cause. Only HTML forms cause `ObjectCreated:Post`."""


def loop_problems(consumers: Sequence[BucketConsumer]) -> Iterator[str]:
    """Yield an error for each consumer that can cause its own events, directly or through other consumers."""
    following = {
        consumer.name: [other for other in consumers if _cause(consumer, other) is not None] for consumer in consumers
    }
    reported: set[str] = set()
    for consumer in consumers:
        if cause := _cause(consumer, consumer):
            grant, action = cause
            yield (
                f"consumer {consumer.name!r} grant on {grant.on!r} must not include objects that invoke it again, got "
                f"{action} on keys {grant.keys or '*'} and its events of prefix {consumer.prefix!r} and suffix "
                f"{consumer.suffix!r}. Limit Grant.keys to another prefix or suffix, or use another bucket."
            )
        elif consumer.name not in reported and (path := _path_back(consumer.name, following)):
            reported.update(path)
            yield (
                f"consumers must not invoke each other in a loop, got {' -> '.join([*path, path[0]])} in bucket "
                f"{consumer.bucket!r}. Limit Grant.keys of one of them to objects that none of the others processes."
            )


def _cause(consumer: BucketConsumer, other: BucketConsumer) -> tuple[Grant, str] | None:
    """Return a grant and an action with which a consumer can cause events of another one."""
    for grant in consumer.grants:
        if not isinstance(grant, Grant):
            continue
        keys = grant.keys or ("*",)
        if grant.on != other.bucket or not any(_can_match(key, other.prefix, other.suffix) for key in keys):
            continue
        for action in grant.actions:
            if any(_includes(event, caused) for event in other.events for caused in CAUSED_EVENTS.get(action, ())):
                return grant, action
    return None


def _includes(event: str, caused: str) -> bool:
    return event == caused or (event.endswith("*") and caused.startswith(event.removesuffix("*")))


def _can_match(key: str, prefix: str, suffix: str) -> bool:
    """Return whether a key with the wildcards `*` and `?` can have a prefix and a suffix."""
    start, wildcard, rest = key.replace("?", "*").partition("*")
    if not wildcard:
        return key.startswith(prefix) and key.endswith(suffix)
    end = rest.rpartition("*")[2]
    has_prefix = start.startswith(prefix) or prefix.startswith(start)
    return has_prefix and (end.endswith(suffix) or suffix.endswith(end))


def _path_back(name: str, following: Mapping[str, Sequence[BucketConsumer]]) -> list[str]:
    """Return the names of the consumers on the shortest loop through one of them; empty without a loop."""
    paths, seen = deque([[name]]), {name}
    while paths:
        path = paths.popleft()
        for consumer in following[path[-1]]:
            if consumer.name == name:
                return path
            if consumer.name not in seen:
                seen.add(consumer.name)
                paths.append([*path, consumer.name])
    return []
