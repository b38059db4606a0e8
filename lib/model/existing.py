"""Resources that a service uses but that its stack does not create, and their ARNs."""

from __future__ import annotations

import re
from typing import NamedTuple

from .resource import Resource


class ArnFormat(NamedTuple):
    """The format of the ARNs of a kind of resource."""

    label: str
    """Kind of resource with its article."""
    pattern: re.Pattern[str]
    """Pattern with the group `name`, the physical name."""
    example: str


def _format(label: str, service: str, resource: str, name: str, example: str = "orders") -> ArnFormat:
    pattern = rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:{resource}(?P<name>{name})"
    return ArnFormat(label, re.compile(pattern), f"arn:aws:{service}:us-east-1:123456789012:{resource}{example}")


ARN_SEPARATORS = 5
"""Minimum number of colons in an ARN."""
FIFO_QUEUE = "fifo_queue"
ARN_FORMATS = {
    "table": _format("a table", "dynamodb", "table/", r"[A-Za-z0-9_.-]{3,255}"),
    "topic": _format("a topic", "sns", "", r"[A-Za-z0-9_-]{1,256}"),
    "queue": _format("a standard queue", "sqs", "", r"[A-Za-z0-9_-]{1,80}"),
    FIFO_QUEUE: _format("a FIFO queue", "sqs", "", r"[A-Za-z0-9_-]{1,75}\.fifo", "orders.fifo"),
    # Every account has the default bus, which service definitions do not name.
    "event_bus": _format("a custom event bus", "events", "event-bus/", r"(?!default\Z)[A-Za-z0-9/_.-]{1,256}"),
    "bucket": ArnFormat(
        "a bucket", re.compile(r"arn:aws[a-z-]*:s3:::(?P<name>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])"), "arn:aws:s3:::orders"
    ),
}
"""Formats of the ARNs of resources that can be existing ones, by kind."""


def arn_kind(resource: Resource) -> str:
    """Return the kind of a resource in `ARN_FORMATS`."""
    return FIFO_QUEUE if getattr(resource, "fifo", False) else resource.KIND


def name_from_arn(kind: str, field_name: str, arn: str) -> str:
    """Return the physical name in the ARN of a resource. Raise `ValueError` for another kind of ARN."""
    label, pattern, example = ARN_FORMATS[kind]
    match = pattern.fullmatch(arn)
    if not match:
        raise ValueError(f"{field_name} must be the ARN of {label}, got {arn!r}. Example: {example}.")
    return match["name"]


def is_placeholder(arn: str) -> bool:
    """Return whether a string represents an ARN that mocks do not know: empty, or with too few parts, like `arn:name`.

    `tap cost`, `tap audit` and unit tests run programs with such mocks.
    """
    return not arn or (arn.startswith("arn:") and arn.count(":") < ARN_SEPARATORS)


def check_place(field_name: str, arn: str, region: str, account: str) -> None:
    """Raise `ValueError` unless a resource is in the region and the account of the stack.

    Functions call the endpoints of their own region, and a name without an ARN is one of their own account. An empty
    region or account is unknown. The ARN of a bucket has neither.
    """
    _, _, _, arn_region, arn_account, *_ = arn.split(":")
    if arn_region and (region or arn_region, account or arn_account) != (arn_region, arn_account):
        raise ValueError(
            f"{field_name} must be in the region {region} and the account {account} of the stack, got {arn!r}. "
            "Use a resource of the same region and account, for example a replica of the table."
        )


def queue_url(arn: str, dns_suffix: str) -> str:
    """Return the URL of a queue in a partition whose domain names end with `dns_suffix`."""
    if is_placeholder(arn):
        return arn
    _, _, _, region, account, name = arn.split(":")
    return f"https://sqs.{region}.{dns_suffix}/{account}/{name}"
