"""What functions may do with resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from . import iam_actions


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Actions of a function on a table, a topic, a parameter or a secret: named as IAM names them, without the
    service."""

    on: str
    """The name of the table, topic, parameter or secret."""
    actions: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    """The indexes of the table that `Query` and `Scan` may read, and not the table itself."""
    keys: tuple[str, ...] = ()
    """The partition keys of the only rows it is for, `*` standing for any text; empty: all rows."""
    reason: str = ""
    """The reason, for reviewers of the role."""

    def __post_init__(self) -> None:
        for name in ("actions", "indexes", "keys"):
            value: object = getattr(self, name)
            if not isinstance(value, tuple) or not all(isinstance(one, str) for one in value):
                raise ValueError(
                    f"grant on {self.on!r} {name} must be a tuple of strings, got {value!r}. "
                    "A tuple of one string needs a comma: ('GetItem',)."
                )
        if self.indexes and self.keys:
            raise ValueError(f"grant on {self.on!r} must set only one of indexes and keys. Use one grant for each.")


def merged(grants: Iterable[Grant]) -> list[Grant]:
    """Return one grant for each resource, its indexes and its keys, without actions that another grant includes."""
    parts: dict[object, Grant] = {}
    found: list[Grant] = []
    for grant in grants:
        part = (grant.on, bool(grant.indexes), grant.actions if grant.keys else ())
        so_far = parts.get(part, Grant(on=grant.on, actions=()))
        parts[part] = replace(
            so_far,
            actions=tuple(dict.fromkeys(so_far.actions + grant.actions)),
            indexes=tuple(dict.fromkeys(so_far.indexes + grant.indexes)),
            keys=tuple(dict.fromkeys(so_far.keys + grant.keys)),
        )
    everywhere = {(g.on, action) for g in parts.values() if not (g.keys or g.indexes) for action in g.actions}
    for grant in parts.values():
        left = tuple(a for a in grant.actions if not grant.keys or (grant.on, a) not in everywhere)
        if left:
            found.append(replace(grant, actions=left))
    return found


def action_problems(where: str, grant: Grant, kind: str) -> Iterator[str]:
    """Yield a message for each action of a grant that IAM does not have for the kind of resource."""
    for action in grant.actions:
        if action not in iam_actions.ACTIONS[kind]:
            yield (
                f"{where} actions must be IAM actions for a resource of type {kind}, without a prefix, got "
                f"{action!r}. {iam_actions.remedy(action, kind)}"
            )
