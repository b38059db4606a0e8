"""Alarms, the dashboard and the budget of a stack."""

from __future__ import annotations

from typing import NamedTuple

import pulumi

from .. import model
from ..components.compute.function import Function
from ..components.derived import concat
from ..components.messaging.existing import ExistingQueue
from ..components.messaging.queue import Queue
from ..components.monitoring.alarm import Alarm, AlarmArgs
from ..components.monitoring.budget import Budget, BudgetArgs
from ..components.monitoring.composite_alarm import CompositeAlarm, CompositeAlarmArgs
from ..components.monitoring.dashboard import Dashboard, DashboardArgs
from ..components.monitoring.function_alarms import Alarms, AlarmsArgs
from ..model import alarm_targets
from ..runtime import metrics
from ..settings import AlarmSettings
from .compute import Compute
from .context import StackContext
from .data import DataLayer
from .edge import Edge
from .triggers import Triggers


class AlarmTarget(NamedTuple):
    """A resource with alarms: its name in AWS, and the namespace and dimensions of its CloudWatch metrics."""

    name: pulumi.Output[str]
    namespace: str
    dimensions: dict[str, pulumi.Output[str]]


class Monitoring:
    """Alarms on functions and on other resources, their composite alarm, the dashboard and the budget."""

    def __init__(
        self, context: StackContext, data: DataLayer, compute: Compute, triggers: Triggers, edge: Edge
    ) -> None:
        self._context, self._data, self._compute, self._triggers, self._edge = context, data, compute, triggers, edge
        settings = context.settings
        self.alarms = self._alarms()
        self.additional_alarms = self._additional_alarms()
        on_functions = [alarm for alarms in self.alarms.values() for alarm in alarms.resources.values()]
        additional = [alarm.resource for alarm in self.additional_alarms.values()]
        names = [alarm.name for alarm in (*on_functions, *additional)]
        arns = [alarm.arn for alarm in (*additional, *on_functions)]
        self.health = self._health(names) if settings.alarms.recommended else None
        self.dashboard = self._dashboard(arns) if settings.observation.dashboard else None
        self.budget = self._budget() if settings.cost.has_budget else None

    def _alarms(self) -> dict[str, Alarms]:
        definition, args, functions = self._context.service, self._context.args, self._compute.functions
        alarms = {
            function.name: self._function_alarms(
                function.name,
                functions[function.name],
                args.alarm_settings(function),
                is_authorizer=bool(function.authorizers),
            )
            for function in definition.functions
        }
        for name, type_ in definition.preflight_types().items():
            if preflight := self._edge.apis[name].preflight:
                alarms[type_] = self._function_alarms(type_, preflight.function, self._context.settings.alarms)
        return alarms

    def _function_alarms(
        self, name: str, function: Function, settings: AlarmSettings, *, is_authorizer: bool = False
    ) -> Alarms:
        context = self._context
        return Alarms(
            context.child(name),
            AlarmsArgs(
                function_name=function.name,
                topic_arn=self._data.alarm_topic.arn,
                naming=lambda alarm: context.names.alarm(name, alarm),
                settings=settings,
                rejections=(metrics.NAMESPACE, model.UNAUTHORIZED.name) if is_authorizer else None,
                tags=context.tags,
            ),
            context.opts,
        )

    def _additional_alarms(self) -> dict[str, Alarm]:
        """Create the alarms of the service definition, by name, and recommended alarms, by target and name."""
        targets = self._targets()
        service = self._context.service
        default_api = service.api_target(service.api_type)
        default_labels = {default_api: service.api_type, alarm_targets.DEAD_LETTERS: service.dead_letters}
        alarms = {alarm.name: (alarm_targets.label(alarm.on), alarm) for alarm in service.alarms}
        for alarm in self._context.args.recommended_alarms():
            label = default_labels.get(alarm.on) or alarm_targets.label(alarm.on)
            alarms[f"{label}-{alarm.name}"] = (label, alarm)
        return {
            suffix: self._additional_alarm(suffix, label, alarm, targets[alarm.on])
            for suffix, (label, alarm) in alarms.items()
        }

    def _additional_alarm(self, suffix: str, label: str, alarm: model.Alarm, target: AlarmTarget) -> Alarm:
        context = self._context
        return Alarm(
            context.child(suffix),
            AlarmArgs(
                name=context.names.alarm(label, alarm.name),
                alarm=alarm,
                subject=target.name,
                namespace=target.namespace,
                dimensions=target.dimensions,
                topic_arn=self._data.alarm_topic.arn,
                runbook=context.settings.alarms.runbook_url or "",
                tags=context.tags,
            ),
            context.opts,
        )

    def _targets(self) -> dict[str, AlarmTarget]:
        """Return the possible targets of alarms, by the name that alarms refer to."""
        functions = self._compute.functions.items()
        targets = {
            name: AlarmTarget(function.name, metrics.NAMESPACE, {metrics.DIMENSION: function.name})
            for name, function in functions
        }
        for name, api in self._edge.apis.items():
            on = self._context.service.api_target(name)
            targets[on] = AlarmTarget(api.resource.name, "AWS/ApiGateway", api.metric_dimensions())
        for name, function in functions:
            targets[alarm_targets.of_lambda(name)] = AlarmTarget(
                function.name, "AWS/Lambda", {"FunctionName": function.name}
            )
        for table in self._context.service.tables:
            targets |= self._table_targets(table, self._data.table(table.name).name)
        for definition in self._context.service.topics:
            topic = self._data.topic(definition.name).name
            targets[alarm_targets.of_topic(definition.name)] = AlarmTarget(topic, "AWS/SNS", {"TopicName": topic})
        for name, consumer in self._triggers.event_consumers.items():
            targets[alarm_targets.of_rule(name)] = AlarmTarget(
                consumer.resource.name, "AWS/Events", consumer.dimensions
            )
        queues: dict[str, Queue | ExistingQueue] = {
            alarm_targets.of_queue(name): queue for name, queue in self._queues().items()
        }
        if dead_letters := self._data.dead_letters:
            queues[alarm_targets.DEAD_LETTERS] = dead_letters
        for target, queue in queues.items():
            targets[target] = AlarmTarget(queue.name, "AWS/SQS", {"QueueName": queue.name})
        return targets

    def _queues(self) -> dict[str, Queue | ExistingQueue]:
        """Return the queues of the service definition and their dead-letter queues, by name."""
        return {**self._data.queues, **self._data.existing_queues, **self._data.queue_dead_letters}

    def _table_targets(self, table: model.Table, name: pulumi.Output[str]) -> dict[str, AlarmTarget]:
        targets = {alarm_targets.of_table(table.name): AlarmTarget(name, "AWS/DynamoDB", {"TableName": name})}
        for index in table.indexes:
            dimensions = {"TableName": name, "GlobalSecondaryIndexName": pulumi.Output.from_input(index.name)}
            subject = concat(name, "'s ", index.name)
            targets[alarm_targets.of_index(table.name, index.name)] = AlarmTarget(subject, "AWS/DynamoDB", dimensions)
        return targets

    def _health(self, alarm_names: list[pulumi.Output[str]]) -> CompositeAlarm:
        context = self._context
        return CompositeAlarm(
            context.child("health"),
            CompositeAlarmArgs(
                name=context.names.only_alarm("service", "health"),
                description=f"{context.service.title}: another alarm of the service is in ALARM state, see there.",
                alarms=alarm_names,
                topic_arn=self._data.alarm_topic.arn,
                tags=context.tags,
            ),
            context.opts,
        )

    def _dashboard(self, alarm_arns: list[pulumi.Output[str]]) -> Dashboard:
        context, api, queue = self._context, self._edge.api, self._data.dead_letters
        return Dashboard(
            context.child("dashboard"),
            DashboardArgs(
                name=context.names.only("dashboard", "dashboard"),
                service=context.service,
                names={
                    "region": api.resource.region if api else context.provider_info.region,
                    "apis": {name: api.metric_dimensions() for name, api in self._edge.apis.items()},
                    "functions": {name: function.name for name, function in self._compute.functions.items()},
                    "tables": {table.name: self._data.table(table.name).name for table in context.service.tables},
                    "buckets": {bucket.name: self._data.bucket(bucket.name).name for bucket in context.service.buckets},
                    "rules": {name: consumer.dimensions for name, consumer in self._triggers.event_consumers.items()},
                    "queue": queue.name if queue else "",
                    "queues": {name: queue.name for name, queue in self._queues().items()},
                    "alarms": [*([self.health.arn] if self.health else []), *alarm_arns],
                },
            ),
            context.opts,
        )

    def _budget(self) -> Budget:
        context = self._context
        return Budget(
            context.child("budget"),
            BudgetArgs(
                name=context.names.only("budget", "budget"),
                monthly_usd=context.settings.cost.monthly_budget_usd or 0,
                allocation=context.args.cost_allocation_tags(),
                topic_arn=self._data.alarm_topic.arn,
                tags=context.tags,
            ),
            context.opts,
        )
