"""Resources that a service uses but that its stack does not create, and their ARNs."""

from __future__ import annotations

import re
from typing import NamedTuple


class ArnFormat(NamedTuple):
    """The format of the ARNs of a kind of resource."""

    pattern: re.Pattern[str]
    """Pattern with the group `name`, the physical name."""
    example: str


def _format(service: str, resource: str, name: str) -> ArnFormat:
    pattern = rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:{resource}(?P<name>{name})"
    return ArnFormat(re.compile(pattern), f"arn:aws:{service}:us-east-1:123456789012:{resource}orders")


ARN_SEPARATORS = 5
"""Minimum number of colons in an ARN."""
ARN_FORMATS = {
    "table": _format("dynamodb", "table/", r"[A-Za-z0-9_.-]{3,255}"),
    "topic": _format("sns", "", r"[A-Za-z0-9_-]{1,256}"),
}
"""Formats of the ARNs of resources that can be existing ones, by kind."""


def name_from_arn(kind: str, field_name: str, arn: str) -> str:
    """Return the physical name in the ARN of a resource. Raise `ValueError` for another kind of ARN."""
    match = ARN_FORMATS[kind].pattern.fullmatch(arn)
    if not match:
        raise ValueError(
            f"{field_name} must be the ARN of a {kind}, got {arn!r}. Example: {ARN_FORMATS[kind].example}."
        )
    return match["name"]


def is_placeholder(arn: str) -> bool:
    """Return whether a string represents an ARN that mocks do not know: empty, or with too few parts, like `arn:name`.

    `tap cost`, `tap audit` and unit tests run programs with such mocks.
    """
    return not arn or (arn.startswith("arn:") and arn.count(":") < ARN_SEPARATORS)


def check_place(field_name: str, arn: str, region: str, account: str) -> None:
    """Raise `ValueError` unless a resource is in the region and the account of the stack.

    Functions call the endpoints of their own region, and a table name without an ARN is one of their own account. An
    empty region or account is unknown.
    """
    _, _, _, arn_region, arn_account, *_ = arn.split(":")
    if (region or arn_region, account or arn_account) != (arn_region, arn_account):
        raise ValueError(
            f"{field_name} must be in the region {region} and the account {account} of the stack, got {arn!r}. "
            "Use a resource of the same region and account, for example a replica of the table."
        )
