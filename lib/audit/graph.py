"""The resources of a deployment and their relations, which controls evaluate."""

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
    """Resources of `kind` that reference the evaluated resource in `property`."""

    kind: str
    property: str


@dataclass(frozen=True, kw_only=True)
class Uses:
    """Resources of `kinds` that the evaluated resource references in `property`."""

    kinds: tuple[str, ...]
    property: str


@dataclass(frozen=True)
class InStack:
    """The `TapStack` of the evaluated resource."""


Relation = Link | Uses | InStack | tuple[Link, ...]
"""Relation of resources to the evaluated resource. A tuple contains the links of several kinds of resources."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a recorded program or of a preview."""

    kind: str
    """Short form of the type token: `dynamodb.Table` for `aws:dynamodb/table:Table`."""
    name: str
    urn: str
    props: Mapping[str, Any]
    """Inputs in camel case, or the outputs of a component."""
    sources: Mapping[str, Collection[str]] = field(default_factory=dict)
    """URNs of the resources on which each property depends."""
    parent: str = ""

    def get(self, path: str, default: Any = None) -> Any:
        """Return a property by its path, such as `tracingConfig.mode`."""
        value: Any = self.props
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return default if value is None else value

    def is_set(self, path: str) -> bool:
        """Return whether a property has a value other than None, 0, False and empty values."""
        return bool(self.get(path))

    def if_known(self, path: str) -> Any:
        """Return a property, or None if it is unset or unknown in a preview."""
        return self.get(path)

    def each(self, path: str) -> list[Resource]:
        """Return a resource for each object in a list property, with the members of the object as properties."""
        return [replace(self, props=item) for item in self.get(path, ())]

    def is_from_library(self) -> bool:
        """Return whether a component of this library created the resource."""
        return any(type_.startswith("tap:") for type_ in self.urn.split("::")[2].split("$"))


class ResourceScope(NamedTuple):
    """Service and environment profile of a resource. Both are empty for a resource outside a `TapStack`."""

    service: str = ""
    profile: str = ""


class Graph:
    """The resources of a deployment."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources = {resource.urn: resource for resource in resources}
        self._kinds: dict[str, list[Resource]] = defaultdict(list)
        for resource in self._resources.values():
            self._kinds[resource.kind].append(resource)

    def by_kind(self, kinds: Iterable[str]) -> list[Resource]:
        """Return the resources of all `kinds`."""
        return [resource for kind in kinds for resource in self._kinds.get(kind, ())]

    def related_resources(self, resource: Resource, link: Relation | None) -> list[Resource]:
        """Return the resources that a `Relation` relates to a resource."""
        if isinstance(link, tuple):
            return [other for each in link for other in self.related_resources(resource, each)]
        if isinstance(link, InStack):
            stack = self.stack_of(resource)
            return [stack] if stack else []
        if isinstance(link, Uses):
            used = (self._resources.get(urn) for urn in resource.sources.get(link.property, ()))
            return [other for other in used if other and other.kind in link.kinds]
        others = self._kinds.get(link.kind, ()) if link else ()
        return [other for other in others if link and resource.urn in other.sources.get(link.property, ())]

    def stack_of(self, resource: Resource) -> Resource | None:
        """Return the `TapStack` of a resource, or None."""
        ancestor: Resource | None = resource
        while ancestor and ancestor.kind != STACK:
            ancestor = self._resources.get(ancestor.parent)
        return ancestor

    def scope(self, resource: Resource) -> ResourceScope:
        """Return the service and the environment profile of a resource."""
        stack = self.stack_of(resource)
        profile = stack.get("environment_profile") if stack else None
        return ResourceScope(stack.get("service"), profile) if stack and profile else ResourceScope()


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
