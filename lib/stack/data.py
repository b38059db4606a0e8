"""Data stores and messaging of a stack."""

from __future__ import annotations

import json

import pulumi

from .. import model
from ..components.data.backup import Backup, BackupArgs
from ..components.data.existing_table import ExistingTable
from ..components.data.parameter import Parameter, ParameterArgs
from ..components.data.secret import Secret, SecretArgs
from ..components.data.table import Table, TableArgs
from ..components.derived import concat, derive
from ..components.lookup import existing_resources
from ..components.messaging.event_bus import EventBus, EventBusArgs
from ..components.messaging.existing import ExistingEventBus, ExistingMessaging, ExistingQueue, ExistingTopic
from ..components.messaging.queue import Queue, QueueArgs
from ..components.messaging.topic import Topic, TopicArgs
from ..components.storage.bucket import Bucket, BucketArgs
from ..components.storage.existing_bucket import ExistingBucket
from ..model.existing import arn_kind, check_place, is_placeholder, name_from_arn
from ..model.names import bucket_name_prefix
from .context import StackContext
from .encryption import Encryption

AnyResource = (
    Table | ExistingTable | Topic | Queue | Bucket | ExistingBucket | EventBus | ExistingMessaging | Parameter | Secret
)
BUDGET_PUBLISHERS = ("cloudwatch", "budgets")
"""AWS services that publish to the alarm topic if the stack has a budget."""


class DataLayer:
    """Tables with their backups, topics, queues, buckets, event buses, parameters and secrets."""

    def __init__(self, context: StackContext, encryption: Encryption) -> None:
        self._context, self._encryption = context, encryption
        definition = context.service
        self.tables = {table.name: self._table(table) for table in definition.created_tables()}
        self.topics = {topic.name: self._topic(topic.name) for topic in definition.created_topics()}
        self.existing_tables = {t.name: self._existing_table(t) for t in definition.tables if t.existing}
        self.existing_topics = {t.name: ExistingTopic(*self._existing(t)) for t in definition.topics if t.existing}
        self.existing_queues = {
            queue.name: self._existing_queue(queue) for queue in definition.queues if queue.existing
        }
        self.existing_buckets = {b.name: ExistingBucket(*self._existing(b)) for b in definition.buckets if b.existing}
        self.existing_event_buses = {
            bus.name: ExistingEventBus(*self._existing(bus)) for bus in definition.event_buses if bus.existing
        }
        self.queue_dead_letters = {
            queue.dead_letters: self._queue_dead_letters(queue) for queue in definition.created_queues()
        }
        """Dead-letter queues of the queues of the service definition, by name."""
        self.queues = {queue.name: self._queue(queue) for queue in definition.created_queues()}
        self.alarm_topic = self._alarm_topic(definition.alarms_type)
        self.backup = self._backup() if context.has_backup else None
        self.parameters = {parameter.name: self._parameter(parameter) for parameter in definition.parameters}
        self.secrets = {secret.name: self._secret(secret) for secret in definition.secrets}
        self.dead_letters = self._dead_letters() if definition.dead_letters else None
        self.buckets = {bucket.name: self._bucket(bucket) for bucket in definition.created_buckets()}
        self.event_buses = {bus.name: self._event_bus(bus) for bus in definition.created_event_buses()}

    def resource(self, name: str) -> AnyResource:
        """Return the component of a resource by its name in the service definition."""
        resources: dict[str, AnyResource] = {
            **self.tables,
            **self.existing_tables,
            **self.topics,
            **self.existing_topics,
            **self.queues,
            **self.existing_queues,
            **self.buckets,
            **self.existing_buckets,
            **self.event_buses,
            **self.existing_event_buses,
            **self.parameters,
            **self.secrets,
        }
        return resources[name]

    def table(self, name: str) -> Table | ExistingTable:
        """Return a table by its name in the service definition."""
        return self.existing_tables[name] if name in self.existing_tables else self.tables[name]

    def topic(self, name: str) -> Topic | ExistingTopic:
        """Return a topic by its name in the service definition."""
        return self.existing_topics[name] if name in self.existing_topics else self.topics[name]

    def queue(self, name: str) -> Queue | ExistingQueue:
        """Return a queue by its name in the service definition."""
        return self.existing_queues[name] if name in self.existing_queues else self.queues[name]

    def bucket(self, name: str) -> Bucket | ExistingBucket:
        """Return a bucket by its name in the service definition."""
        return self.existing_buckets[name] if name in self.existing_buckets else self.buckets[name]

    def event_bus(self, name: str) -> EventBus | ExistingEventBus:
        """Return a custom event bus by its name in the service definition."""
        return self.existing_event_buses[name] if name in self.existing_event_buses else self.event_buses[name]

    def _existing_table(self, table: model.Table) -> ExistingTable:
        return ExistingTable(*self._existing(table), self._context.invoke_opts)

    def _existing_queue(self, queue: model.Queue) -> ExistingQueue:
        return ExistingQueue(*self._existing(queue), self._context.provider_info.dns_suffix)

    def _existing(self, resource: model.Resource) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Return the ARN and the physical name of an existing resource.

        The deployment fails if it is of another kind, region or account.
        """
        info, field_name, kind = self._context.provider_info, f"existing[{resource.name!r}]", arn_kind(resource)

        def check(arn: str, region: str, account: str) -> str:
            if not is_placeholder(arn):
                name_from_arn(kind, field_name, arn)
                check_place(field_name, arn, region, account)
            return arn

        def name_in(arn: str) -> str:
            return arn.rpartition(":")[2] if is_placeholder(arn) else name_from_arn(kind, field_name, arn)

        arn = derive(check, self._context.args.existing[resource.name], info.region, info.account)
        return arn, derive(name_in, arn)

    def _table(self, table: model.Table) -> Table:
        context, settings = self._context, self._context.settings
        name, transitions = context.names.physical("table", table.name), context.transitions
        return Table(
            context.child(table.name),
            TableArgs(
                name=name,
                table=table,
                settings=settings.table,
                kms_key_arn=self._encryption.kms_key_arn,
                aws_owned_key=settings.encryption.key == "aws_owned",
                replica_key_arns=self._encryption.replica_kms_key_arns,
                aws_managed_key_arns=self._aws_managed_key_arns(table.name),
                was_replicated=transitions.was_replicated(table.name),
                was_on_demand=transitions.was_on_demand(table.name),
                import_id=transitions.adopted.import_id(existing_resources.TABLE, name),
                import_replica_ids=context.replica_import_ids(existing_resources.REPLICA, f"{name}/"),
                tags=context.tags,
            ),
            context.opts,
        )

    def _aws_managed_key_arns(self, table: str) -> dict[str, str]:
        """Return the AWS managed key of DynamoDB for each region in which it replaces a customer managed key.

        The empty string is the region of the table. If the ARN of a key is only removed, the provider retains the key,
        even if its deletion is scheduled.
        """
        settings, transitions = self._context.settings, self._context.transitions
        regions = ["", *(settings.table.replica_regions or ())] if settings.encryption.key == "aws_managed" else []
        arns = {
            region: self._aws_managed_key_arn(region)
            for region in regions
            if transitions.customer_key_of(table, region)
        }
        return {region: arn for region, arn in arns.items() if arn}

    def _aws_managed_key_arn(self, region: str) -> str:
        arn = existing_resources.aws_managed_key_arn(region, self._context.invoke_opts)
        if not arn and self._context.transitions.leaves_customer_key():
            self._context.warn(
                f"{existing_resources.AWS_MANAGED_KEY} does not exist or cannot be read, so tables keep the customer "
                "managed key. Before that key is deleted, set encryption_key to aws_owned and deploy again."
            )
        return arn

    def _alarm_topic(self, type_: str) -> Topic | ExistingTopic:
        is_defined = type_ in self.topics or type_ in self.existing_topics
        return self.topic(type_) if is_defined else self._topic(type_)

    def _topic(self, type_: str) -> Topic:
        context, settings = self._context, self._context.settings
        has_budget = settings.cost.has_budget and type_ == context.service.alarms_type
        email = settings.alarms.notification_email if context.service.is_emailed(type_) else ""
        return Topic(
            context.child(type_),
            TopicArgs(
                name=context.names.physical("topic", type_),
                email=email or "",
                publishers=BUDGET_PUBLISHERS if has_budget else (),
                kms_key_arn=self._encryption.kms_key_arn,
                tags=context.tags,
            ),
            context.opts,
        )

    def _topic_name(self, name: str) -> pulumi.Input[str]:
        existing = self.existing_topics.get(name)
        return existing.name if existing else self._context.names.physical("topic", name)

    def _bucket(self, bucket: model.Bucket) -> Bucket:
        context = self._context
        return Bucket(
            context.child(bucket.name),
            BucketArgs(
                name_prefix=bucket_name_prefix(context.names.physical("bucket", bucket.name)),
                kms_key_arn=self._encryption.kms_key_arn,
                versioned=bucket.versioned,
                noncurrent_days=bucket.noncurrent_days,
                cors=bucket.cors,
                expirations=bucket.expirations,
                requires_tls=True,
                retain_on_delete=bool(context.settings.table.retain_on_delete),
                tags=context.tags,
            ),
            context.opts,
        )

    def _queue_dead_letters(self, queue: model.Queue) -> Queue:
        context = self._context
        return Queue(
            context.child(queue.dead_letters),
            QueueArgs(
                name=context.names.dead_letters(queue),
                fifo=queue.fifo,
                kms_key_arn=self._encryption.kms_key_arn,
                tags=context.tags,
            ),
            context.opts,
        )

    def _event_bus(self, bus: model.EventBus) -> EventBus:
        context, names, kms_key_arn = self._context, self._context.names, self._encryption.kms_key_arn
        # EventBridge sends only events that it cannot encrypt or decrypt with a customer managed key.
        queue = self.dead_letters if kms_key_arn is not None else None
        return EventBus(
            context.child(bus.name),
            EventBusArgs(
                name=names.physical("event-bus", bus.name),
                archive_name=names.archive(bus) if bus.archive_days else "",
                archive_days=bus.archive_days,
                kms_key_arn=kms_key_arn,
                dead_letter_arn=queue.arn if queue else None,
                tags=context.tags,
            ),
            context.opts,
        )

    def _queue(self, queue: model.Queue) -> Queue:
        context = self._context
        return Queue(
            context.child(queue.name),
            QueueArgs(
                name=context.names.queue(queue),
                fifo=queue.fifo,
                deduplicate_by_content=queue.deduplicate_by_content,
                visibility_timeout_seconds=context.args.visibility_timeouts()[queue.name],
                delay_seconds=queue.delay_seconds,
                retention_seconds=queue.retention_seconds,
                dead_letters=self.queue_dead_letters[queue.dead_letters],
                max_receives=queue.max_receives,
                kms_key_arn=self._encryption.kms_key_arn,
                tags=context.tags,
            ),
            context.opts,
        )

    def _backup(self) -> Backup:
        context, names, transitions = self._context, self._context.names, self._context.transitions
        kms_key_arn = self._encryption.kms_key_arn
        return Backup(
            context.child("backup"),
            BackupArgs(
                name=names.vault(1),
                vault_naming=names.vault,
                vaults=transitions.vaults(
                    names.vault, lambda vault: existing_resources.is_empty_vault(vault, context.invoke_opts)
                ),
                import_vaults=transitions.adopted_vaults(names.vault),
                table_arns=[table.arn for table in self.tables.values()],
                settings=context.settings.backup,
                kms_key_arn=kms_key_arn,
                table_key_arns=[] if kms_key_arn is None else [kms_key_arn],
                retain_on_delete=bool(context.settings.table.retain_on_delete),
                provider_info=context.provider_info,
                tags=context.tags,
            ),
            context.opts,
        )

    def _parameter(self, parameter: model.Parameter) -> Parameter:
        context = self._context
        value: pulumi.Input[str] = (
            self.table(parameter.table).name
            if parameter.table
            else json.dumps(parameter.value, sort_keys=True, separators=(",", ":"))
        )
        return Parameter(
            context.child(parameter.name),
            ParameterArgs(
                name=context.names.parameter(parameter.name),
                value=value,
                description=f"{context.service.title}: {parameter.name.replace('-', ' ')}",
                tags=context.tags,
            ),
            context.opts,
        )

    def _secret(self, secret: model.Secret) -> Secret:
        context, value = self._context, self._context.args.secrets.get(secret.name)
        return Secret(
            context.child(secret.name),
            SecretArgs(
                name=context.names.secret(secret),
                store=secret.store,
                value=value,
                description=f"{context.service.title}: {secret.description}",
                kms_key_arn=self._encryption.kms_key_arn,
                # If a generated value is lost, so is the data of retained tables that it protects.
                retain_on_delete=value is None and bool(context.settings.table.retain_on_delete),
                tags=context.tags,
            ),
            context.opts,
        )

    def _dead_letters(self) -> Queue:
        context = self._context
        type_ = context.service.dead_letters
        events = [c for _, c in context.service.consumers() if isinstance(c, model.EventConsumer)]
        buses = [context.names.physical("event-bus", bus.name) for bus in context.service.created_event_buses()]
        topics = {c.topic: None for _, c in context.service.consumers() if isinstance(c, model.TopicConsumer)}
        return Queue(
            context.child(type_),
            QueueArgs(
                name=context.names.physical("queue", type_),
                rules=[
                    *(context.names.physical("rule", schedule.name) for _, schedule in context.service.schedules()),
                    *(self._rule_path(consumer) for consumer in events),
                ],
                buses=buses if self._encryption.kms_key_arn is not None else (),
                topics=[self._topic_name(topic) for topic in topics],
                kms_key_arn=self._encryption.kms_key_arn,
                tags=context.tags,
            ),
            context.opts,
        )

    def _rule_path(self, consumer: model.EventConsumer) -> pulumi.Input[str]:
        """Return the path of the rule of a consumer of events in ARNs: a rule of a custom bus has the bus as prefix."""
        names = self._context.names
        rule = names.physical("rule", consumer.name)
        if consumer.bus in self.existing_event_buses:
            return concat(self.existing_event_buses[consumer.bus].name, "/", rule)
        return rule if consumer.bus == model.DEFAULT_BUS else f"{names.physical('event-bus', consumer.bus)}/{rule}"
