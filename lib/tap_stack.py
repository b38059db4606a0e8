"""`TapStack`: a service description and an environment, as a running serverless API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import pulumi

from . import policies, site
from . import service as described
from .archive import own_sources, shared_sources, sources
from .components.alarm import Alarm, AlarmArgs
from .components.alarms import Alarms, AlarmsArgs
from .components.api import Api, ApiArgs
from .components.consumer import Consumer, ConsumerArgs
from .components.function import Function, FunctionArgs
from .components.layer import Layer, LayerArgs
from .components.parameter import Parameter, ParameterArgs
from .components.queue import Queue, QueueArgs
from .components.role import Role, RoleArgs
from .components.schedule import Schedule, ScheduleArgs
from .components.site import Site, SiteArgs
from .components.site_files import SiteFiles, SiteFilesArgs
from .components.table import Table, TableArgs
from .components.topic import Topic, TopicArgs
from .environments import ENVIRONMENTS, row_name
from .naming import bucket_name_prefix, check_environment_suffix, parameter_name, physical_name, role_name_prefix
from .runtime import metrics
from .services import SERVICES
from .settings import (
    AlarmSettings,
    ApiSettings,
    FunctionSettings,
    Settings,
    SiteSettings,
    TableSettings,
    check_domain,
    check_tags,
    over,
    refuse,
)

DEFAULT_TAGS = {"Project": "IaC-Nova-Test", "Owner": "LLM-Eval"}
DEPRECATED_RUNTIMES = {
    "python3.8": "2024-10-14",
    "python3.9": "2025-12-15",
}
"""Since when AWS no longer patches a runtime it still takes."""
KINDS: dict[str, type] = {
    "tags": Mapping,
    "function": FunctionSettings,
    "table": TableSettings,
    "api": ApiSettings,
    "alarms": AlarmSettings,
    "site": SiteSettings,
}
"""What each argument is."""
DURATION_ALARM_SHARE = 0.8
"""The part of its timeout that a function may take on average before somebody hears of it."""


class Watched(NamedTuple):
    """What an alarm is on: its name in AWS, and how CloudWatch tells its metrics from others."""

    name: pulumi.Output[str]
    namespace: str
    dimensions: dict[str, pulumi.Output[str]]


@dataclass(frozen=True, kw_only=True)
class TapStackArgs:
    """What to deploy, and where it differs from its environment's row.

    `TapStackArgs()` is the items service in `dev`.  A value that cannot be raises ValueError here, before anything
    is made.
    """

    environment_suffix: str | None = "dev"
    """Part of every name (`dev`, `pr-123`), and picks the environment's row: dev, test, staging, prod (or
    development, testing, production); any other gets dev's, and one that differs in case alone is refused.  Empty or
    None: dev."""
    tags: Mapping[str, str] | None = None
    """On everything that takes tags; laid over the default `Project` and `Owner`, key by key."""
    service: str | described.Service = "items"
    """The name of a service that comes with the library, or a description of your own."""
    split_functions: bool = False
    """A function for each operation, with a role and figures of its own; their common code is in a layer."""
    site: SiteSettings = field(default_factory=SiteSettings)
    """How the pages of a service that has any are served."""
    function: FunctionSettings = field(default_factory=FunctionSettings)
    """Runtime, memory, timeout, concurrency, tracing, log retention."""
    table: TableSettings = field(default_factory=TableSettings)
    """Billing, capacity, backup, protection."""
    api: ApiSettings = field(default_factory=ApiSettings)
    """Stage, CORS origin, throttle, keys, quota, logs, domain."""
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    """Thresholds, and who is written to."""

    def __post_init__(self) -> None:
        suffix = check_environment_suffix(self.environment_suffix or "dev")
        object.__setattr__(self, "environment_suffix", suffix)
        object.__setattr__(self, "tags", {} if self.tags is None else self.tags)
        for name, kind in KINDS.items():
            if not isinstance(getattr(self, name), kind):
                raise refuse(name, getattr(self, name), f"give {kind.__name__}(...)")
        if not isinstance(self.service, described.Service) and self.service not in SERVICES:
            raise refuse("service", self.service, f"give one of {', '.join(SERVICES)}, or a Service")
        if not isinstance(self.split_functions, bool):
            raise refuse("split_functions", self.split_functions, "give True or False")
        object.__setattr__(self, "tags", DEFAULT_TAGS | self.all_tags)
        check_tags(self.all_tags)
        check_domain(self.settings().api)
        alarming_ms = self.settings().alarms.duration_ms
        shortest_ms = min(map(self._timeout_seconds, self.description().functions)) * 1000
        if alarming_ms and alarming_ms >= shortest_ms:
            wanted = f"give less than the {shortest_ms} ms after which Lambda ends a function"
            raise refuse("alarms.duration_ms", alarming_ms, wanted)

    def function_settings(self, function: described.Function) -> FunctionSettings:
        """The figures of one function: the stack's, its own, and again what the arguments say.

        Where the stack reserves no concurrency, a function's own reservation counts for nothing.
        """
        stack, own = self.settings().function, function.settings
        if stack.reserved_concurrency in (None, -1):
            own = replace(own, reserved_concurrency=None)
        return over(over(stack, own), self.function)

    def _timeout_seconds(self, function: described.Function) -> int:
        return self.function_settings(function).timeout_seconds or 0

    def description(self) -> described.Service:
        """The service that is meant."""
        whole = self.service if isinstance(self.service, described.Service) else SERVICES[self.service]
        return whole.split() if self.split_functions else whole

    def settings(self) -> Settings:
        """Every figure: the environment's row, the service's own on top, these arguments on top of both."""
        row = ENVIRONMENTS[row_name(self.environment)]
        named = Settings(api=ApiSettings(stage_name=self.environment))
        said = Settings(function=self.function, table=self.table, api=self.api, alarms=self.alarms, site=self.site)
        if self.api.cors_origin == "*" and not row.api.cors_origin:
            raise refuse("api.cors_origin", "*", f"in {self.environment} give the one origin whose pages may call")
        return row.with_(named).with_(self.description().settings).with_(said)

    def called_by_its_site(self) -> bool:
        """Whether it is the service's own pages that may call, for nobody said an origin."""
        service = self.description()
        return bool(service.site) and self.api.cors_origin is None and service.settings.api.cors_origin is None

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags, which are never None once checked."""
        return dict(self.tags or {})

    @property
    def environment(self) -> str:
        """The suffix, which is never None once checked."""
        return self.environment_suffix or "dev"


class TapStack(pulumi.ComponentResource):
    """A serverless API: tables, topics, parameters, a queue, a site, roles, functions, what calls them, a REST API,
    alarms.

    Every resource it makes can be reached: `tables["..."].resource`, `functions["..."].resource`, `api.resource`, ...
    The attributes below are its outputs; where a service has several of a kind, the single ones are of the first.
    """

    service: str
    environment: str
    dynamodb_table_name: pulumi.Output[str]
    dynamodb_table_arn: pulumi.Output[str]
    table_names: dict[str, pulumi.Output[str]]
    table_arns: dict[str, pulumi.Output[str]]
    lambda_function_name: pulumi.Output[str]
    lambda_function_arn: pulumi.Output[str]
    lambda_function_version: pulumi.Output[str]
    lambda_role_name: pulumi.Output[str]
    lambda_role_arn: pulumi.Output[str]
    function_names: dict[str, pulumi.Output[str]]
    function_arns: dict[str, pulumi.Output[str]]
    role_arns: dict[str, pulumi.Output[str]]
    layer_arns: dict[str, pulumi.Output[str]]
    """Of the one layer, where functions share their code."""
    log_group_names: dict[str, pulumi.Output[str]]
    log_group_arns: dict[str, pulumi.Output[str]]
    api_rest_id: pulumi.Output[str]
    api_name: pulumi.Output[str]
    api_execution_arn: pulumi.Output[str]
    api_deployment_id: pulumi.Output[str]
    api_stage: pulumi.Output[str]
    api_stage_arn: pulumi.Output[str]
    api_url: pulumi.Output[str]
    cors_origin: pulumi.Input[str]
    lambda_runtime: pulumi.Output[str]
    tracing: bool
    api_key_id: pulumi.Output[str]
    """Only where a route asks for a key."""
    api_key: pulumi.Output[str]
    """A secret; only where a route asks for a key."""
    access_log_group_name: pulumi.Output[str]
    """Only where there is an access log."""
    execution_log_group_name: pulumi.Output[str]
    """Only where there is an execution log."""
    api_log_role_arn: pulumi.Output[str]
    """Only where the role was made here."""
    domain_name: str
    """This and what follows of the domain: only where there is one."""
    domain_url: str
    domain_target: pulumi.Output[str]
    """What DNS must point `domain_name` at, and in `domain_zone_id` the zone of Route 53 that target is in."""
    domain_zone_id: pulumi.Output[str]
    alarm_topic_arn: pulumi.Output[str]
    alarm_topic_name: pulumi.Output[str]
    topic_arns: dict[str, pulumi.Output[str]]
    parameter_names: dict[str, pulumi.Output[str]]
    alarm_names: dict[str, pulumi.Output[str]]
    alarm_arns: dict[str, pulumi.Output[str]]
    schedule_names: dict[str, pulumi.Output[str]]
    dead_letter_queue_name: pulumi.Output[str]
    """This and what follows of the queue: only where there is one."""
    dead_letter_queue_arn: pulumi.Output[str]
    dead_letter_queue_url: pulumi.Output[str]
    site_url: pulumi.Output[str]
    """The origin of the site's pages; this and its bucket only where there is one."""
    site_bucket_name: pulumi.Output[str]
    site_distribution_id: pulumi.Output[str]
    """Only where the site is behind CloudFront."""

    def __init__(self, name: str, args: TapStackArgs | None = None, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:stack:TapStack", name, None, opts)
        self.args = args or TapStackArgs()
        self.description = self.args.description()
        self.settings = self.args.settings()
        self._prefix = name
        self._warn()
        self.tables = {table.name: self._table(table) for table in self.description.tables}
        self.topics = {topic.name: self._topic(topic.name) for topic in self.description.topics}
        self.alarm_topic = self.topics.get(self.description.alarms_type) or self._topic(self.description.alarms_type)
        self.parameters = {parameter.name: self._parameter(parameter) for parameter in self.description.parameters}
        self.site = self._site(self.description.site) if self.description.site else None
        self.dead_letters = self._dead_letters() if self.description.dead_letters else None
        self.roles = {function.name: self._role(function) for function in self.description.functions}
        self.layers = {shared: self._layer(shared) for shared in [self.description.shared_type] if shared}
        self.functions = {function.name: self._function(function) for function in self.description.functions}
        self.schedules = self._schedules()
        self.consumers = self._consumers()
        self.api = self._api()
        self.site_files = self._site_files(self.site) if self.site else None
        self.alarms = {function.name: self._alarms(function) for function in self.description.functions}
        self.own_alarms = self._own_alarms()
        self.outputs = self._outputs()
        for output, value in self.outputs.items():
            setattr(self, output, value)
        self.register_outputs(self.outputs)

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    @property
    def _origin(self) -> pulumi.Output[str] | None:
        """The origin whose pages may call, where it is known only once the site is made."""
        return self.site.url if self.site and self.args.called_by_its_site() else None

    def _warn(self) -> None:
        runtimes = {self.args.function_settings(function).runtime for function in self.description.functions}
        for runtime in sorted(DEPRECATED_RUNTIMES.keys() & runtimes):
            pulumi.log.warn(
                f"{self.description.name} runs on {runtime}, deprecated by AWS since {DEPRECATED_RUNTIMES[runtime]}: "
                "set lambda_runtime, or TapStackArgs(function=FunctionSettings(runtime=...)), to python3.13",
                resource=self,
            )
        if not self.settings.alarms.notification_email:
            pulumi.log.info("nobody is written to when an alarm goes off: set notification_email", resource=self)
        if not self.settings.api.cors_origin and not self.args.called_by_its_site():
            pulumi.log.info(
                "no CORS origin is set, so no page of another origin may call the API: set cors_origin if one should",
                resource=self,
            )

        if self.description.site and not site.files(self.description.site):
            pulumi.log.warn(
                f"{self.description.name} has no pages, for {self.description.site.folder} holds no file: "
                "build them with make site, and deploy again",
                resource=self,
            )

    def _physical(self, kind: str, type_: str) -> str:
        return physical_name(self.description.name_pattern, kind, self.args.environment, type=type_)

    def _alarm_name(self, function: str, alarm: str) -> str:
        pattern = self.description.alarm_pattern or self.description.name_pattern
        parts = {"type": f"{function}-{alarm.lower()}", "function": function, "alarm": alarm}
        return physical_name(pattern, "alarm", self.args.environment, **parts)

    def _table(self, table: described.Table) -> Table:
        return Table(
            f"{self._prefix}-{table.name}",
            TableArgs(
                name=self._physical("table", table.name),
                table=table,
                settings=self.settings.table,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _topic(self, type_: str) -> Topic:
        return Topic(
            f"{self._prefix}-{type_}",
            TopicArgs(
                name=self._physical("topic", type_),
                email=self.settings.alarms.notification_email or "",
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _parameter(self, parameter: described.Parameter) -> Parameter:
        value: pulumi.Input[str] = (
            self.tables[parameter.table].name
            if parameter.table
            else json.dumps(parameter.value, sort_keys=True, separators=(",", ":"))
        )
        return Parameter(
            f"{self._prefix}-{parameter.name}",
            ParameterArgs(
                name=parameter_name(self.description.name, self.args.environment, parameter.name),
                value=value,
                description=f"{self.description.title}: {parameter.name.replace('-', ' ')}",
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _site(self, described_site: described.Site) -> Site:
        return Site(
            f"{self._prefix}-{described_site.type}",
            SiteArgs(
                name_prefix=bucket_name_prefix(self._physical("bucket", described_site.type)),
                site=described_site,
                comment=f"{self.description.title}, {self.args.environment}",
                settings=self.settings.site,
                retain_on_delete=bool(self.settings.table.retain_on_delete),
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _site_files(self, made: Site) -> SiteFiles:
        config = {"service": self.description.name, "environment": self.args.environment}
        return SiteFiles(
            f"{self._prefix}-{made.described.type}",
            SiteFilesArgs(
                site=made,
                config={"api_url": self.api.stage.invoke_url, **config},
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _dead_letters(self) -> Queue:
        type_ = self.description.dead_letters
        schedules = [schedule for function in self.description.functions for schedule in function.schedules]
        return Queue(
            f"{self._prefix}-{type_}",
            QueueArgs(
                name=self._physical("queue", type_),
                rules=[self._physical("rule", schedule.name) for schedule in schedules],
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _role(self, function: described.Function) -> Role:
        traced = [policies.XRAY_WRITE] if self.args.function_settings(function).tracing else []
        return Role(
            f"{self._prefix}-{function.name}",
            RoleArgs(
                name_prefix=role_name_prefix(self._physical("function", function.name)),
                statements=[
                    *(self._statement(grant) for grant in function.grants()),
                    *(self.tables[consumer.table].grant_stream() for consumer in function.consumers),
                    *(queue.grant(["SendMessage"]) for queue in self._left_to(function)),
                ],
                managed_policies=[policies.BASIC_EXECUTION, *traced],
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _left_to(self, function: described.Function) -> list[Queue]:
        """Where what a function could not do ends up, if it has runs that nobody waits for."""
        return [self.dead_letters] if self.dead_letters and function.runs() else []

    def _dead_letter_arn(self, function: described.Function) -> pulumi.Output[str] | None:
        return next((queue.arn for queue in self._left_to(function)), None)

    def _statement(self, grant: described.Grant) -> pulumi.Output[policies.Statement]:
        if grant.on in self.tables:
            return self.tables[grant.on].grant(grant.actions, grant.indexes, grant.keys)
        granting: Mapping[str, Topic | Parameter] = {**self.topics, **self.parameters}
        return granting[grant.on].grant(grant.actions)

    def _layer(self, type_: str) -> Layer:
        functions = self.description.functions
        shared = [shared_sources(handler) for handler in sorted({function.handler for function in functions})]
        runtimes = {self.args.function_settings(function).runtime or "" for function in functions}
        return Layer(
            f"{self._prefix}-{type_}",
            LayerArgs(
                name=self._physical("layer", type_),
                files={path: text for files in shared for path, text in files.items()},
                runtimes=sorted(runtimes),
            ),
            self._child,
        )

    def _function(self, function: described.Function) -> Function:
        role = self.roles[function.name]
        packed = own_sources if self.layers else sources
        return Function(
            f"{self._prefix}-{function.name}",
            FunctionArgs(
                name=self._physical("function", function.name),
                role_arn=role.arn,
                files=packed(self.description, function, None if self._origin else self.settings.api.cors_origin or ""),
                layers=[layer.arn for layer in self.layers.values()],
                environment=self._variables(function),
                dead_letter_arn=self._dead_letter_arn(function),
                settings=self.args.function_settings(function),
                tags=self.args.all_tags,
                depends_on=role.permissions(),
            ),
            self._child,
        )

    def _variables(self, function: described.Function) -> dict[str, pulumi.Input[str]]:
        """Its own, and what it was granted: names of tables, ARNs of topics, names and values of parameters."""
        granted = {grant.on for grant in function.grants()} | {consumer.table for consumer in function.consumers}
        found: dict[str, pulumi.Input[str]] = {**function.variables}
        if self._origin:
            found[described.CORS_VARIABLE] = self._origin
        found |= {t.variable: self.tables[t.name].name for t in self.description.tables if t.name in granted}
        found |= {t.variable: self.topics[t.name].arn for t in self.description.topics if t.name in granted}
        for parameter in self.description.parameters:
            if parameter.name in granted and parameter.variable:
                made = self.parameters[parameter.name]
                found |= {parameter.variable: made.name, f"{parameter.variable}_DEPLOYED": made.value}
        return found

    def _schedules(self) -> dict[str, Schedule]:
        return {
            schedule.name: Schedule(
                f"{self._prefix}-{schedule.name}",
                ScheduleArgs(
                    name=self._physical("rule", schedule.name),
                    schedule=schedule.name,
                    rate=schedule.rate,
                    function_name=self.functions[function.name].name,
                    function_arn=self.functions[function.name].arn,
                    dead_letter_arn=self._dead_letter_arn(function),
                    tags=self.args.all_tags,
                ),
                self._child,
            )
            for function in self.description.functions
            for schedule in function.schedules
        }

    def _consumers(self) -> dict[str, Consumer]:
        return {
            consumer.name: Consumer(
                f"{self._prefix}-{consumer.name}",
                ConsumerArgs(
                    stream_arn=self.tables[consumer.table].stream_arn,
                    function_name=self.functions[function.name].name,
                    pattern=consumer.pattern,
                    dead_letter_arn=self._dead_letter_arn(function),
                    tags=self.args.all_tags,
                ),
                self._child,
            )
            for function in self.description.functions
            for consumer in function.consumers
        }

    def _api(self) -> Api:
        return Api(
            f"{self._prefix}-{self.description.api_type}",
            ApiArgs(
                name=self._physical("api", self.description.api_type),
                usage_plan_name=self._physical("api", f"{self.description.api_type}-usage-plan"),
                key_name=self._physical("api", f"{self.description.api_type}-key"),
                description=self.description.description,
                routes=[(route, self.functions[function.name]) for function, route in self.description.routes()],
                schemas=self.description.schemas,
                settings=self.settings.api,
                cors_origin=self._origin,
                tracing=bool(self.settings.function.tracing),
                log_retention_days=self.settings.function.log_retention_days,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _alarms(self, function: described.Function) -> Alarms:
        timeout = self.args.function_settings(function).timeout_seconds
        derived = AlarmSettings(duration_ms=int(timeout * 1000 * DURATION_ALARM_SHARE) if timeout else None)
        return Alarms(
            f"{self._prefix}-{function.name}",
            AlarmsArgs(
                function_name=self.functions[function.name].name,
                topic_arn=self.alarm_topic.arn,
                naming=lambda alarm: self._alarm_name(function.name, alarm),
                settings=over(derived, self.settings.alarms),
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _own_alarms(self) -> dict[str, Alarm]:
        watched = self._watched()
        return {
            alarm.name: Alarm(
                f"{self._prefix}-{alarm.name}",
                AlarmArgs(
                    name=self._alarm_name(alarm.on, alarm.name),
                    alarm=alarm,
                    subject=watched[alarm.on].name,
                    namespace=watched[alarm.on].namespace,
                    dimensions=watched[alarm.on].dimensions,
                    topic_arn=self.alarm_topic.arn,
                    tags=self.args.all_tags,
                ),
                self._child,
            )
            for alarm in self.description.alarms
        }

    def _watched(self) -> dict[str, Watched]:
        """What an alarm can be on."""
        found = {
            name: Watched(function.name, metrics.NAMESPACE, {metrics.DIMENSION: function.name})
            for name, function in self.functions.items()
        }
        api, stage = self.api.resource.name, self.api.stage.stage_name
        found["api"] = Watched(api, "AWS/ApiGateway", {"ApiName": api, "Stage": stage})
        if queue := self.dead_letters:
            found["dead-letters"] = Watched(queue.name, "AWS/SQS", {"QueueName": queue.name})
        return found

    def _key_outputs(self) -> dict[str, pulumi.Output[str]]:
        plan = self.api.usage_plan
        return {"api_key_id": plan.key.id, "api_key": pulumi.Output.secret(plan.key.value)} if plan else {}

    def _log_outputs(self) -> dict[str, pulumi.Output[str]]:
        logs = self.api.logs
        if not logs:
            return {}
        return {
            **({"access_log_group_name": logs.access.name} if logs.access else {}),
            **({"execution_log_group_name": logs.execution.name} if logs.execution else {}),
            **({"api_log_role_arn": logs.account.role.arn} if logs.account and logs.account.role else {}),
        }

    def _domain_outputs(self) -> dict[str, Any]:
        domain = self.api.domain
        if not domain:
            return {}
        return {
            "domain_name": self.settings.api.domain_name,
            "domain_url": domain.url,
            "domain_target": domain.target,
            "domain_zone_id": domain.zone_id,
        }

    def _queue_outputs(self) -> dict[str, pulumi.Output[str]]:
        queue = self.dead_letters
        if not queue:
            return {}
        return {
            "dead_letter_queue_name": queue.name,
            "dead_letter_queue_arn": queue.arn,
            "dead_letter_queue_url": queue.url,
        }

    def _site_outputs(self) -> dict[str, pulumi.Output[str]]:
        if not self.site:
            return {}
        return {
            "site_url": self.site.url,
            "site_bucket_name": self.site.bucket.name,
            **({"site_distribution_id": self.site.distribution.id} if self.site.distribution else {}),
        }

    def _outputs(self) -> dict[str, Any]:
        """Ids, names and ARNs of everything made; where there are several, those of the first, and all by name."""
        table = next(iter(self.tables.values()))
        function = next(iter(self.functions.values()))
        role = next(iter(self.roles.values()))
        alarms = {
            f"{name}-{kind}": alarm for name, made in self.alarms.items() for kind, alarm in made.resources.items()
        }
        alarms |= {
            f"{alarm.on}-{alarm.name}": self.own_alarms[alarm.name].resource for alarm in self.description.alarms
        }
        return {
            "service": self.description.name,
            "environment": self.args.environment,
            "dynamodb_table_name": table.name,
            "dynamodb_table_arn": table.arn,
            "table_names": {name: made.name for name, made in self.tables.items()},
            "table_arns": {name: made.arn for name, made in self.tables.items()},
            "lambda_function_name": function.name,
            "lambda_function_arn": function.arn,
            "lambda_function_version": function.resource.version,
            "lambda_role_name": role.name,
            "lambda_role_arn": role.arn,
            "function_names": {name: made.name for name, made in self.functions.items()},
            "function_arns": {name: made.arn for name, made in self.functions.items()},
            "role_arns": {name: made.arn for name, made in self.roles.items()},
            "layer_arns": {name: made.arn for name, made in self.layers.items()},
            "log_group_names": {name: made.log_group.name for name, made in self.functions.items()},
            "log_group_arns": {name: made.log_group.arn for name, made in self.functions.items()},
            "api_rest_id": self.api.resource.id,
            "api_name": self.api.resource.name,
            "api_execution_arn": self.api.resource.execution_arn,
            "api_deployment_id": self.api.deployment.id,
            "api_stage": self.api.stage.stage_name,
            "api_stage_arn": self.api.stage.arn,
            "api_url": self.api.stage.invoke_url,
            "cors_origin": self._origin or self.settings.api.cors_origin or "none",
            "lambda_runtime": function.resource.runtime,
            "tracing": bool(self.settings.function.tracing),
            "alarm_topic_arn": self.alarm_topic.arn,
            "alarm_topic_name": self.alarm_topic.name,
            "topic_arns": {name: made.arn for name, made in self.topics.items()},
            "parameter_names": {name: made.name for name, made in self.parameters.items()},
            "alarm_names": {name: alarm.name for name, alarm in alarms.items()},
            "alarm_arns": {name: alarm.arn for name, alarm in alarms.items()},
            "schedule_names": {name: made.resource.name for name, made in self.schedules.items()},
            **self._key_outputs(),
            **self._log_outputs(),
            **self._domain_outputs(),
            **self._queue_outputs(),
            **self._site_outputs(),
        }
