"""Resources of a service that grants can name."""

from __future__ import annotations

from .messaging import EventBus, Queue
from .resource import Resource
from .resources import Parameter, Secret, Table, Topic
from .storage import Bucket


class ServiceResources:
    """The resources of a service that grants can name. `Service` has the fields."""

    tables: tuple[Table, ...]
    topics: tuple[Topic, ...]
    queues: tuple[Queue, ...]
    buckets: tuple[Bucket, ...]
    event_buses: tuple[EventBus, ...]
    parameters: tuple[Parameter, ...]
    secrets: tuple[Secret, ...]

    def resources(self) -> dict[str, Resource]:
        """Return the resources that grants can name, by name."""
        return {resource.name: resource for resource in self.resource_definitions()}

    def resource_definitions(self) -> list[Resource]:
        """Return the same resources as a list, in which names can occur several times until the service is checked."""
        groups: tuple[tuple[Resource, ...], ...] = (
            *(self.tables, self.topics, self.queues, self.buckets, self.event_buses),
            *(self.parameters, self.secrets),
        )
        return [resource for group in groups for resource in group]

    def existing(self) -> list[Resource]:
        """Return the resources that exist outside the stack."""
        return [resource for resource in self.resource_definitions() if resource.existing]

    def created_tables(self) -> list[Table]:
        """Return the tables of the stack, without existing ones."""
        return [table for table in self.tables if not table.existing]

    def created_topics(self) -> list[Topic]:
        """Return the topics of the stack, without existing ones."""
        return [topic for topic in self.topics if not topic.existing]

    def created_queues(self) -> list[Queue]:
        """Return the queues of the stack, without existing ones."""
        return [queue for queue in self.queues if not queue.existing]

    def created_buckets(self) -> list[Bucket]:
        """Return the buckets of the stack, without existing ones."""
        return [bucket for bucket in self.buckets if not bucket.existing]

    def created_event_buses(self) -> list[EventBus]:
        """Return the custom event buses of the stack, without existing ones."""
        return [bus for bus in self.event_buses if not bus.existing]
