"""Permissions of functions on resources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..settings import Definition, invalid_value
from . import iam_actions

ACTION = re.compile(r"([a-z0-9-]+):[A-Z][A-Za-z0-9]*\*?")
"""An IAM action with the prefix of its service. A wildcard at the end must follow a part of the name."""
PLACEHOLDERS = ("partition", "region", "account", "environment")
"""Placeholders in the resources and conditions of a statement, in addition to `{existing[NAME]}`."""
_PLACEHOLDER = re.compile(r"(?<!\$)\{([^{}]*)\}")
"""A placeholder. `${...}` is a policy variable of IAM."""
_EXISTING = re.compile(r"existing\[([a-z][a-z0-9-]*)\]")


@dataclass(frozen=True, kw_only=True)
class Grant(Definition):
    """Permission of a function on a resource of the service."""

    on: str
    """Name of the table, topic, queue, bucket, event bus, parameter or secret."""
    actions: tuple[str, ...]
    """IAM actions without the prefix of the service, such as `GetItem`."""
    indexes: tuple[str, ...] = ()
    """Indexes that `Query` and `Scan` can read. If set, the grant does not include the table itself."""
    keys: tuple[str, ...] = ()
    """Partition keys of the items, or keys of the objects, that the grant includes, with `*` for any string. Empty
    includes all. `ListBucket` and `ListBucketVersions` then allow only lists with one of the keys as prefix; other
    actions on a bucket itself are not restricted."""
    reason: str = ""
    """Purpose, which the generated permissions page lists for reviewers of the role."""

    def __post_init__(self) -> None:
        if self.indexes and self.keys:
            raise ValueError(
                f"grant on {self.on!r} must set only one of indexes and keys, got both. Use one grant for each."
            )


@dataclass(frozen=True, kw_only=True)
class Statement(Definition):
    """Permission of a function on resources that are not part of the service definition.

    Resources, and the values of the condition, can contain the placeholders `{partition}`, `{region}`, `{account}`,
    `{environment}`, and `{existing[NAME]}` for an ARN in `TapStackArgs.existing`.
    """

    actions: tuple[str, ...]
    """IAM actions of one service with its prefix, such as `ses:SendEmail`."""
    resources: tuple[str, ...]
    """ARNs, such as `arn:{partition}:ses:{region}:{account}:identity/*`. `*` only if the actions do not support
    resource-level permissions."""
    reason: str
    """Purpose, which the generated permissions page lists for reviewers of the role."""
    condition: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    """Conditions by operator and condition key, such as `{"StringEquals": {"ses:FromAddress": "shop@example.com"}}`."""

    def __post_init__(self) -> None:
        for name in ("actions", "resources"):
            if not (value := getattr(self, name)) or not all(value):
                raise invalid_value(f"statement {name}", value, "a tuple of one or more strings")
        for action in self.actions:
            if not ACTION.fullmatch(action):
                raise ValueError(
                    f"statement actions must be IAM actions with the prefix of their service, got {action!r}. "
                    "List the required actions, such as 'ses:SendEmail' or 'rekognition:Detect*'."
                )
        if len(services := sorted({action.partition(":")[0] for action in self.actions})) > 1:
            raise ValueError(
                f"statement actions must be of one service, got {', '.join(services)}. Use one statement for each."
            )
        if not self.reason.strip():
            raise ValueError(
                f"statement {self.actions[0]!r} reason must be the purpose of the permission, got {self.reason!r}."
            )
        for placeholder in self._placeholders():
            if placeholder not in PLACEHOLDERS and not _EXISTING.fullmatch(placeholder):
                allowed = ", ".join(f"{{{name}}}" for name in (*PLACEHOLDERS, "existing[NAME]"))
                raise ValueError(
                    f"statement {self.actions[0]!r} placeholders must be among {allowed}, got {{{placeholder}}}."
                )

    @property
    def service(self) -> str:
        """Prefix of the IAM actions, such as `ses`."""
        return self.actions[0].partition(":")[0]

    @property
    def is_called(self) -> bool:
        """Whether the function itself calls the service. With `kms:ViaService`, another service does on its behalf."""
        return not any("kms:ViaService" in keys for keys in self.condition.values())

    def existing(self) -> list[str]:
        """Return the names in `{existing[NAME]}` placeholders."""
        matches = [_EXISTING.fullmatch(placeholder) for placeholder in self._placeholders()]
        return list(dict.fromkeys(match[1] for match in matches if match))

    def filled(self, values: Mapping[str, str]) -> Statement:
        """Return the statement with placeholders replaced by `values`, e.g. `{"region": ..., "existing[a]": ...}`.

        Placeholders without a value are unchanged.
        """
        resources = tuple(_fill(resource, values) for resource in self.resources)
        return replace(self, resources=resources, condition=_fill(self.condition, values))

    def _placeholders(self) -> list[str]:
        return [name for string in _strings((self.resources, self.condition)) for name in _PLACEHOLDER.findall(string)]


def _strings(value: Any) -> Iterator[str]:
    """Yield the strings in lists and in the values of mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _strings(tuple(value.values()))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), value)
    if isinstance(value, Mapping):
        return {name: _fill(inner, values) for name, inner in value.items()}
    return [_fill(inner, values) for inner in value] if isinstance(value, list | tuple) else value


def merge_grants(grants: Iterable[Grant]) -> list[Grant]:
    """Return the merged grants of each resource.

    Grants on indexes stay separate. Grants with `keys` stay separate by actions, without the actions that another grant
    allows on all items.
    """
    by_target: dict[object, Grant] = {}
    merged: list[Grant] = []
    for grant in grants:
        target = (grant.on, bool(grant.indexes), grant.actions if grant.keys else ())
        previous = by_target.get(target, Grant(on=grant.on, actions=()))
        by_target[target] = replace(
            previous,
            actions=tuple(dict.fromkeys(previous.actions + grant.actions)),
            indexes=tuple(dict.fromkeys(previous.indexes + grant.indexes)),
            keys=tuple(dict.fromkeys(previous.keys + grant.keys)),
        )
    unrestricted = {(g.on, action) for g in by_target.values() if not (g.keys or g.indexes) for action in g.actions}
    for grant in by_target.values():
        remaining = tuple(a for a in grant.actions if not grant.keys or (grant.on, a) not in unrestricted)
        if remaining:
            merged.append(replace(grant, actions=remaining))
    return merged


def action_problems(field_name: str, grant: Grant, kind: str) -> Iterator[str]:
    """Yield a message for each action of a grant that IAM does not have for the kind of resource."""
    for action in grant.actions:
        if action not in iam_actions.actions_on(kind):
            yield (
                f"{field_name} actions must be IAM actions for a resource of type {kind}, without a prefix, got "
                f"{action!r}. {iam_actions.remedy(action, kind)}"
            )
