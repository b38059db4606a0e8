"""What controls look at: the resources of a deployment, and how they hang together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..program.recorder import Deployment, RegisteredResource

STACK = "stack.TapStack"


@dataclass(frozen=True, kw_only=True)
class Link:
    """How another resource is about one: what it is, and which of its properties says about which."""

    kind: str
    property: str


@dataclass(frozen=True, kw_only=True)
class Uses:
    """Resources of some kinds whose outputs a property of the resource contains."""

    kinds: tuple[str, ...]
    property: str


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource, whoever tells of it."""

    kind: str
    """`dynamodb.Table` for `aws:dynamodb/table:Table`."""
    name: str
    urn: str
    props: Mapping[str, Any]
    """As Pulumi spells them; of a component, its outputs."""
    sources: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The URNs of the resources whose outputs a property is made of."""
    parent: str = ""

    def get(self, path: str, default: Any = None) -> Any:
        """A property by its path, such as `tracingConfig.mode`."""
        value: Any = self.props
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return default if value is None else value

    def given(self, path: str) -> bool:
        """Whether a property says anything."""
        return bool(self.get(path))

    def if_known(self, path: str) -> Any:
        """Return a property; None if it is not set, or if its value is unknown in a preview."""
        return self.get(path)

    def each(self, path: str) -> list[Resource]:
        """The objects in a list, each to be asked as the whole is."""
        return [replace(self, props=item) for item in self.get(path, ())]

    def ours(self) -> bool:
        """Whether a component of this library made it."""
        return any(type_.startswith("tap:") for type_ in self.urn.split("::")[2].split("$"))


class Place(NamedTuple):
    """Where a resource stands."""

    service: str = ""
    row: str = ""
    """The environment's row; empty outside a `TapStack`, as the service."""


class Graph:
    """The resources of a deployment."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources = {resource.urn: resource for resource in resources}
        self._kinds: dict[str, list[Resource]] = defaultdict(list)
        for resource in self._resources.values():
            self._kinds[resource.kind].append(resource)

    def of(self, kinds: Iterable[str]) -> list[Resource]:
        """Every resource of some kinds."""
        return [resource for kind in kinds for resource in self._kinds.get(kind, ())]

    def linked(self, resource: Resource, link: Link | Uses | None) -> list[Resource]:
        """Return the resources that a link relates to a resource."""
        if isinstance(link, Uses):
            used = (self._resources.get(urn) for urn in resource.sources.get(link.property, ()))
            return [other for other in used if other and other.kind in link.kinds]
        others = self._kinds.get(link.kind, ()) if link else ()
        return [other for other in others if link and resource.urn in other.sources.get(link.property, ())]

    def stack_of(self, resource: Resource) -> Resource | None:
        """Return the `TapStack` that a resource is part of."""
        above: Resource | None = resource
        while above and above.kind != STACK:
            above = self._resources.get(above.parent)
        return above

    def place(self, resource: Resource) -> Place:
        """Of which service and environment's row a resource is a part."""
        above = self.stack_of(resource)
        profile = above.get("environment_profile") if above else None
        return Place(above.get("service"), profile) if above and profile else Place()


def graph_of(deployment: Deployment) -> Graph:
    """Return the resources of a recorded program."""
    return Graph(
        _resource(registered, deployment.outputs.get(registered.urn, {})) for registered in deployment.registered
    )


def _resource(registered: RegisteredResource, outputs: Mapping[str, object]) -> Resource:
    return Resource(
        kind=registered.kind,
        name=registered.name,
        urn=registered.urn,
        props={**registered.inputs, **outputs},
        sources=registered.sources,
        parent=registered.parent,
    )
