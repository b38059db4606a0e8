"""Names, settings and options that the parts of a stack share."""

from __future__ import annotations

import pulumi

from ..components.lookup import existing_resources
from ..components.lookup.provider_info import ProviderInfo
from ..documents.backup_vaults import name_suffix
from ..model import EventConsumer, Queue, Resource, Secret, Service
from ..model import names as naming
from ..settings import USER_POOL
from . import collisions
from .args import TapStackArgs
from .diagnostics import Message
from .transitions import Transitions


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

    def functions(self) -> list[str]:
        """Return the names of the functions, in the order of the service definition."""
        return [self.physical("function", function.name) for function in self._service.functions]

    def api(self, name: str) -> str:
        """Return the name of an API."""
        return self.physical("api", name)

    def bucket(self, bucket: Resource) -> str:
        """Return the name of a bucket, with an ellipsis in place of the suffix that AWS appends to a created one."""
        return self.resource("bucket", bucket) + ("" if bucket.existing else "-…")

    def unique(self) -> list[tuple[str, str]]:
        """Return the names that no other stack in the region and account can have, each with the kind of resource."""
        service = self._service
        is_defined = service.alarms_type in {topic.name for topic in service.topics}
        topics = [topic.name for topic in service.created_topics()] + ([] if is_defined else [service.alarms_type])
        rules = [schedule.name for function in service.functions for schedule in function.schedules]
        rules += [consumer.name for _, consumer in service.consumers() if isinstance(consumer, EventConsumer)]
        queues = [name for queue in service.created_queues() for name in (self.queue(queue), self.dead_letters(queue))]
        buses = [self.physical("event-bus", bus.name) for bus in service.created_event_buses()]
        return [
            *(("DynamoDB table", name) for name in self.tables().values()),
            *(("Lambda function", name) for name in self.functions()),
            *(("SNS topic", self.physical("topic", name)) for name in topics),
            *(("EventBridge rule", self.physical("rule", name)) for name in rules),
            *(("SQS queue", self.physical("queue", name)) for name in [service.dead_letters] if name),
            *(("SQS queue", name) for name in queues),
            *(("EventBridge event bus", name) for name in buses),
            *(("parameter", self.parameter(parameter.name)) for parameter in service.parameters),
            *(("secret", self.secret(secret)) for secret in service.secrets),
        ]

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


class StackContext:
    """Arguments, names and options with which every part creates its resources as children of the `TapStack`."""

    def __init__(self, parent: pulumi.Resource, args: TapStackArgs, transitions: Transitions) -> None:
        self.parent, self.args, self.transitions = parent, args, transitions
        self.service = args.service_definition()
        self.settings = args.settings()
        self.tags = args.all_tags
        self.names = StackNames(self.service, args.environment)
        self.provider_info = ProviderInfo(parent)
        """Account, region and partition of the provider, which every component of the stack shares."""
        self.invoke_opts = pulumi.InvokeOptions(parent=parent)
        """Invoke options of data sources."""

    @property
    def has_backup(self) -> bool:
        """Whether the stack backs up its tables. A stack without tables has no backup."""
        return bool(self.settings.backup.retention_days and self.service.created_tables())

    @property
    def opts(self) -> pulumi.ResourceOptions:
        """Resource options of a child."""
        return pulumi.ResourceOptions(parent=self.parent)

    def child(self, suffix: str) -> str:
        """Return the logical name of a child."""
        return f"{self.transitions.prefix}-{suffix}"

    def log(self, message: Message) -> None:
        """Log a message about the stack."""
        log = {"info": pulumi.log.info, "warning": pulumi.log.warn}[message.severity]
        log(message.text, resource=self.parent)

    def warn(self, message: str) -> None:
        """Log a warning about the stack."""
        self.log(Message("warning", message))

    def claim_names(self) -> None:
        """Raise `RunError` if another stack of this program has a physical name of this one."""
        collisions.claim(self.parent, self.transitions.prefix, self.names.unique())

    def look_up_existing(self) -> None:
        """Find existing resources under the names of the stack. Raise `RunError` if they must not be adopted."""
        self.transitions.look_up(self._names_to_look_up(), self.invoke_opts)

    def replica_import_ids(self, token: str, owner: str = "") -> dict[str, str]:
        """Return the import IDs of existing replicas, by region."""
        ids = {
            region: self.transitions.adopted.import_id(token, f"{owner}{region}")
            for region in self.settings.table.replica_regions or ()
        }
        return {region: id_ for region, id_ in ids.items() if id_}

    def _names_to_look_up(self) -> existing_resources.Names:
        settings, names = self.settings, self.names
        creates_user_pool = settings.authorization.type == USER_POOL and settings.authorization.user_pool == "create"
        return existing_resources.Names(
            tables=[] if settings.table.existing else [*names.tables().values()],
            functions=names.functions(),
            vault_naming=names.vault if self.has_backup else None,
            replica_regions=settings.table.replica_regions or (),
            user_pool=names.user_pool() if creates_user_pool else "",
            secrets=[(secret.store, names.secret(secret)) for secret in self.service.secrets],
            creates_key=settings.encryption.key == "create" and not self.transitions.has_own_key(),
        )
