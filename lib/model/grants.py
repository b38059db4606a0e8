"""Permissions of functions on resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from . import iam_actions


@dataclass(frozen=True, kw_only=True)
class Grant:
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
        for name in ("actions", "indexes", "keys"):
            value: object = getattr(self, name)
            if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
                raise ValueError(
                    f"grant on {self.on!r} {name} must be a tuple of strings, got {value!r}. "
                    "A tuple of one string needs a comma: ('GetItem',)."
                )
        if self.indexes and self.keys:
            raise ValueError(
                f"grant on {self.on!r} must set only one of indexes and keys, got both. Use one grant for each."
            )


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
