"""Names in AWS of the resources of a stack."""

from __future__ import annotations

from ..documents.backup_vaults import name_suffix
from ..model import EventBus, EventConsumer, Queue, Resource, Secret, Service
from ..model import names as naming
from ..settings import Settings


class StackNames:
    """Names in AWS of the resources of one service in one environment."""

    def __init__(self, service: Service, environment: str) -> None:
        self._service, self._environment = service, environment
        self._single_prefix = service.api_type.removesuffix("api")

    def physical(self, kind: str, type_: str) -> str:
        """Return the name of one of several resources of a kind, by its type in the name pattern."""
        return naming.physical_name(self._service.name_pattern, kind, self._environment, type=type_)

    def only(self, kind: str, type_: str) -> str:
        """Return the name of the only resource of a kind.

        It differs from the name in another service with the same name pattern.
        """
        return self.physical(kind, f"{self._single_prefix}{type_}")

    def alarm(self, function: str, alarm: str) -> str:
        """Return the name of an alarm on a function or on another resource, by the name that the pattern inserts."""
        pattern = self._service.alarm_pattern or self._service.name_pattern
        if function in self._service.preflight_types().values() and "{function}" not in pattern:
            # The pattern yields the names of the alarms on the only function of the service.
            pattern = self._service.name_pattern
        parts = {"type": f"{function}-{alarm.lower()}", "function": function, "alarm": alarm}
        return naming.physical_name(pattern, "alarm", self._environment, **parts)

    def only_alarm(self, type_: str, alarm: str) -> str:
        """Return the name of an alarm on the only resource of a kind."""
        return self.alarm(f"{self._single_prefix}{type_}", alarm)

    def tables(self) -> dict[str, str]:
        """Return the name of every table of the stack by its name in the service definition."""
        return {table.name: self.physical("table", table.name) for table in self._service.created_tables()}

    def resource(self, kind: str, definition: Resource) -> str:
        """Return the name of a resource; for an existing one a placeholder, because only its ARN contains the name."""
        return f"<{definition.name}>" if definition.existing else self.physical(kind, definition.name)

    def bucket(self, bucket: Resource) -> str:
        """Return the name of a bucket, with an ellipsis in place of the suffix that AWS appends to a created one."""
        return self.resource("bucket", bucket) + ("" if bucket.existing else "-…")

    def functions(self) -> list[str]:
        """Return the names of the functions, in the order of the service definition."""
        return [self.physical("function", function.name) for function in self._service.functions]

    def unique(self) -> list[tuple[str, str]]:
        """Return the names that no other stack in the region and account can have, each with the kind of resource."""
        service = self._service
        topics = [topic.name for topic in service.created_topics()]
        topics += [] if service.defines_alarm_topic() else [service.alarms_type]
        rules = [schedule.name for _, schedule in service.schedules()]
        rules += [consumer.name for _, consumer in service.consumers() if isinstance(consumer, EventConsumer)]
        queues = [name for queue in service.created_queues() for name in (self.queue(queue), self.dead_letters(queue))]
        queues += [self.physical("queue", service.dead_letters)] if service.dead_letters else []
        return [
            *(("DynamoDB table", name) for name in self.tables().values()),
            *(("Lambda function", name) for name in self.functions()),
            *(("SNS topic", self.physical("topic", name)) for name in topics),
            *(("EventBridge rule", self.physical("rule", name)) for name in rules),
            *(("SQS queue", name) for name in queues),
            *(("EventBridge event bus", self.physical("event-bus", bus.name)) for bus in service.created_event_buses()),
            *(("parameter", self.parameter(parameter.name)) for parameter in service.parameters),
            *(("secret", self.secret(secret)) for secret in service.secrets),
            # AWS accepts APIs with one name, but their log groups and the alarms on them would have one name, too.
            *(("API", self.api(name)) for name in service.used_apis()),
        ]

    def check_lengths(self, settings: Settings, *, has_preflights: bool) -> None:
        """Raise `ValueError` if the name of a resource is too long in the environment.

        `has_preflights` is whether functions respond to OPTIONS.
        """
        service = self._service
        self.unique()
        if service.shared_type:
            self.physical("layer", service.shared_type)
        for preflight in service.preflight_types().values() if has_preflights else ():
            self.physical("function", preflight)
        for bucket in service.created_buckets():
            self.physical("bucket", bucket.name)
        for bus in service.created_event_buses():
            if bus.archive_days:
                self.archive(bus)
        for api in service.used_apis():
            self.usage_plan(api)
        uses = {
            ("key", "key"): settings.encryption.key == "create",
            ("application", "rollout"): settings.rollout.uses_codedeploy,
            ("network", "network"): settings.network.uses_vpc(),
            ("web-acl", "firewall"): bool(settings.firewall.enabled),
            ("dashboard", "dashboard"): bool(settings.observation.dashboard),
            ("budget", "budget"): settings.cost.has_budget,
            ("vault", "backup"): bool(settings.backup.retention_days and service.created_tables()),
        }
        for (kind, type_), is_used in uses.items():
            if is_used:
                self.only(kind, type_)

    def archive(self, bus: EventBus) -> str:
        """Return the name of the archive of an event bus."""
        return self.physical("archive", bus.name)

    def api(self, name: str) -> str:
        """Return the name of an API."""
        is_http = self._service.described_apis()[name].protocol == "HTTP"
        return self.physical("http-api" if is_http else "api", name)

    def usage_plan(self, api: str) -> str:
        """Return the name of the usage plan of an API."""
        return self.physical("api", f"{api}-usage-plan")

    def queue(self, queue: Queue) -> str:
        """Return the name of a queue; for an existing one a placeholder."""
        if queue.existing:
            return self.resource("queue", queue)
        return naming.queue_name(self._service.name_pattern, self._environment, queue.name, fifo=queue.fifo)

    def dead_letters(self, queue: Queue) -> str:
        """Return the name of the dead-letter queue of a queue, which is of the same type."""
        return naming.queue_name(self._service.name_pattern, self._environment, queue.dead_letters, fifo=queue.fifo)

    def parameter(self, name: str) -> str:
        """Return the path of a parameter."""
        return naming.parameter_name(self._service.name, self._environment, name)

    def secret(self, secret: Secret) -> str:
        """Return the name of a secret in its store."""
        return naming.secret_name(secret.store, self._service.name, self._environment, secret.name)

    def user_pool(self) -> str:
        """Return the name of the user pool."""
        return naming.user_pool_name(self._service.name, self._environment)

    def vault(self, number: int) -> str:
        """Return the name of a backup vault by its number."""
        return self.only("vault", f"backup{name_suffix(number)}")
