"""Schedules and consumers of a stack, which invoke its functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi

from .. import model
from ..components.compute.event_consumer import EventConsumer, EventConsumerArgs
from ..components.compute.queue_consumer import QueueConsumer, QueueConsumerArgs
from ..components.compute.schedule import Schedule, ScheduleArgs
from ..components.compute.stream_consumer import StreamConsumer, StreamConsumerArgs
from ..components.compute.topic_consumer import TopicConsumer, TopicConsumerArgs
from ..components.storage.notification import BucketNotification, BucketNotificationArgs, BucketTarget
from .access import Access
from .compute import Compute
from .context import StackContext
from .data import DataLayer
from .renamed_consumers import former_name

MIN_CONCURRENCY, MAX_CONCURRENCY = 2, 1_000
"""Limits of the maximum concurrency of a queue consumer."""
Consumer = StreamConsumer | QueueConsumer | TopicConsumer | EventConsumer


class Triggers:
    """Schedules, and consumers of records and events."""

    def __init__(self, context: StackContext, data: DataLayer, access: Access, compute: Compute) -> None:
        self._context, self._data, self._access = context, data, access
        self._functions, self._function_settings = compute.functions, compute.function_settings
        self.schedules = {
            schedule.name: self._schedule(function, schedule) for function, schedule in context.service.schedules()
        }
        self.consumers = self._consumers()
        """Consumers by name, except those of buckets."""
        self.bucket_notifications = self._bucket_notifications()
        """Consumers of each bucket with consumers, by the name of the bucket."""

    @property
    def event_consumers(self) -> dict[str, EventConsumer]:
        """Consumers of events, by name."""
        return {name: each for name, each in self.consumers.items() if isinstance(each, EventConsumer)}

    def _consumers(self) -> dict[str, Consumer]:
        creators: dict[type[model.Consumer], Callable[[model.Function, Any], Consumer]] = {
            model.StreamConsumer: self._stream_consumer,
            model.QueueConsumer: self._queue_consumer,
            model.TopicConsumer: self._topic_consumer,
            model.EventConsumer: self._event_consumer,
        }
        return {
            consumer.name: create(function, consumer)
            for function, consumer in self._context.service.consumers()
            for kind, create in creators.items()
            if isinstance(consumer, kind)
        }

    def _schedule(self, definition: model.Function, schedule: model.Schedule) -> Schedule:
        context = self._context
        return Schedule(
            context.child(schedule.name),
            ScheduleArgs(
                name=context.names.physical("rule", schedule.name),
                schedule=schedule.name,
                rate=schedule.rate,
                function=self._functions[definition.name].target(),
                dead_letter_arn=self._access.dead_letter_arn(definition),
                tags=context.tags,
            ),
            context.opts,
        )

    def _consumer_opts(self, definition: model.Function, consumer: model.Consumer) -> pulumi.ResourceOptions:
        context, former = self._context, former_name(self._context, definition, consumer)
        aliases = [pulumi.Alias(name=context.child(former))] if former else None
        return pulumi.ResourceOptions.merge(context.opts, pulumi.ResourceOptions(aliases=aliases))

    def _stream_consumer(self, definition: model.Function, consumer: model.StreamConsumer) -> StreamConsumer:
        context = self._context
        return StreamConsumer(
            context.child(consumer.name),
            StreamConsumerArgs(
                stream_arn=self._data.table(consumer.table).stream_arn,
                function_name=self._functions[definition.name].target_name,
                pattern=consumer.pattern,
                batch_size=consumer.batch_size,
                window_seconds=consumer.window_seconds,
                parallelization_factor=consumer.parallelization_factor,
                max_retries=consumer.max_retries,
                starting_position=consumer.starting_position,
                dead_letter_arn=self._access.dead_letter_arn(definition),
                tags=context.tags,
            ),
            self._consumer_opts(definition, consumer),
        )

    def _event_consumer(self, definition: model.Function, consumer: model.EventConsumer) -> EventConsumer:
        context = self._context
        bus = None if consumer.bus == model.DEFAULT_BUS else self._data.event_bus(consumer.bus)
        return EventConsumer(
            context.child(consumer.name),
            EventConsumerArgs(
                name=context.names.physical("rule", consumer.name),
                consumer=consumer.name,
                pattern=consumer.pattern,
                bus_name=bus.name if bus else None,
                function=self._functions[definition.name].target(),
                dead_letter_arn=self._access.dead_letter_arn(definition),
                tags=context.tags,
            ),
            context.opts,
        )

    def _queue_consumer(self, definition: model.Function, consumer: model.QueueConsumer) -> QueueConsumer:
        context = self._context
        return QueueConsumer(
            context.child(consumer.name),
            QueueConsumerArgs(
                queue_arn=self._data.queue(consumer.queue).arn,
                function_name=self._functions[definition.name].target_name,
                pattern=consumer.pattern,
                batch_size=consumer.batch_size,
                window_seconds=consumer.window_seconds,
                max_concurrency=consumer.max_concurrency or self._share_of_reserved_concurrency(definition),
                tags=context.tags,
            ),
            self._consumer_opts(definition, consumer),
        )

    def _share_of_reserved_concurrency(self, definition: model.Function) -> int | None:
        """Return the default of the maximum concurrency of a queue consumer; None for no limit."""
        reserved = self._function_settings[definition.name].reserved_concurrency or 0
        consumers = [consumer for consumer in definition.consumers if isinstance(consumer, model.QueueConsumer)]
        share = min(reserved // len(consumers), MAX_CONCURRENCY)
        return share if share >= MIN_CONCURRENCY else None

    def _topic_consumer(self, definition: model.Function, consumer: model.TopicConsumer) -> TopicConsumer:
        context = self._context
        return TopicConsumer(
            context.child(consumer.name),
            TopicConsumerArgs(
                topic_arn=self._data.topic(consumer.topic).arn,
                function=self._functions[definition.name].target(),
                filter_policy=consumer.filter_policy,
                filter_scope=consumer.filter_scope,
                dead_letter_arn=self._access.dead_letter_arn(definition),
            ),
            self._consumer_opts(definition, consumer),
        )

    def _bucket_notifications(self) -> dict[str, BucketNotification]:
        """Create the notification configuration of each bucket with consumers, by name of the bucket."""
        targets: dict[str, list[BucketTarget]] = {}
        for definition, consumer in self._context.service.consumers():
            if isinstance(consumer, model.BucketConsumer):
                targets.setdefault(consumer.bucket, []).append(self._bucket_target(definition, consumer))
        return {bucket: self._bucket_notification(bucket, consumers) for bucket, consumers in targets.items()}

    def _bucket_target(self, definition: model.Function, consumer: model.BucketConsumer) -> BucketTarget:
        return BucketTarget(consumer=consumer, function=self._functions[definition.name].target())

    def _bucket_notification(self, bucket: str, targets: list[BucketTarget]) -> BucketNotification:
        context = self._context
        return BucketNotification(
            context.child(bucket),
            BucketNotificationArgs(
                bucket=self._data.buckets[bucket], targets=targets, account=context.provider_info.account
            ),
            context.opts,
        )
