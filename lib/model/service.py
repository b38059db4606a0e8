"""Definition of a service, from which its resources, code and documents are derived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from ..settings import Definition, Settings, check_tags, merge
from . import alarm_targets
from .apis import Api
from .call import Call
from .consumers import Consumer, EventConsumer, TopicConsumer
from .function import Function
from .grants import Grant, Statement, merge_grants
from .jwt_authorizer import HANDLER as JWT_HANDLER
from .jwt_authorizer import JwtAuthorizer, authorizer_functions
from .messaging import EventBus, Queue
from .resources import Alarm, Parameter, Schema, Secret, Site, Table, Topic
from .route_schemas import named_schemas
from .schema_renderings import gateway_schema
from .service_checks import service_problems
from .service_endpoints import ServiceEndpoints
from .service_resources import ServiceResources
from .storage import Bucket
from .triggers import Schedule
from .validation import check_name, check_pattern

LogAccess = Literal["write", "create", "managed"]
"""Permissions of functions in CloudWatch Logs. `write`: create streams and write events in their own log group.
`create`: also create that log group. `managed`: `AWSLambdaBasicExecutionRole`, which allows these actions on every log
group of the account."""
DEAD_LETTERS = "dead-letters"
DEFAULT_TAGS = {"Environment": "{environment}", "Service": "{service}", "ManagedBy": "Pulumi"}
"""Default tags of a service that defines none."""


@dataclass(frozen=True, kw_only=True)
class Service(ServiceEndpoints, ServiceResources, Definition):
    """A serverless service that a `TapStack` deploys: an API, workers that schedules and events invoke, or both."""

    name: str
    title: str = ""
    """Title in documents and dashboards. Default: the name, capitalized and with spaces."""
    description: str = ""
    name_pattern: str = ""
    """Pattern of physical names, with the placeholders `{type}` and `{environment}`. Default:
    `<name>-{type}-{environment}`."""
    tables: tuple[Table, ...] = ()
    functions: tuple[Function, ...]
    schemas: Mapping[str, Any] = field(default_factory=dict)
    """Schemas of request and response bodies, by name: JSON Schemas, or Python types such as pydantic models. API
    Gateway model names have only letters and digits."""
    batches: Mapping[str, str] = field(default_factory=dict)
    """Array properties of batch requests by the name of the request schema. Entries are validated one by one: the
    operation receives the error of an invalid entry in `Request.invalid`, and the other entries are processed."""
    topics: tuple[Topic, ...] = ()
    queues: tuple[Queue, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    event_buses: tuple[EventBus, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    secrets: tuple[Secret, ...] = ()
    api_type: str = "api"
    """Name of the default API, which is the value of `{type}` in its name in AWS."""
    apis: tuple[Api, ...] = ()
    """APIs in addition to the default one, which is a REST API unless an entry named `api_type` describes it."""
    alarms_type: str = "alarms"
    """Value of `{type}` in the name of the alarm topic, which can be one of `topics`."""
    alarm_pattern: str | None = None
    """Pattern of alarm names, with `{function}`, `{alarm}` and `{environment}`. Default (None): the name pattern."""
    demo: tuple[Call, ...] = ()
    """Calls of the smoke test, in order, which cover every route and create data."""
    settings: Settings = field(default_factory=Settings)
    """Settings of the service in every environment, which the arguments of a `TapStack` override."""
    shared_type: str = ""
    """Value of `{type}` in the name of a Lambda layer with the common code. If empty, each function contains all its
    code."""
    dead_letters: str = DEAD_LETTERS
    """Value of `{type}` in the name of the dead-letter queue for failed events of schedules and of all consumers except
    those of queues, which have their own. Empty disables it, and so does the default without such triggers."""
    alarms: tuple[Alarm, ...] = ()
    """Alarms in addition to those that every function has."""
    site: Site | None = None
    authorizers: tuple[JwtAuthorizer, ...] = ()
    """Authorizers that verify the tokens of an issuer. They add functions to `functions`. Authorizers with code of
    the service are in `Function.authorizers`."""
    default_tags: Mapping[str, str] = field(default_factory=DEFAULT_TAGS.copy)
    """Default tags of every resource, which the `tags` of a `TapStack` override. Values can contain `{service}` and
    `{environment}`. Default: `Environment`, `Service` and `ManagedBy`."""
    log_access: LogAccess = "write"
    """Permissions of functions in CloudWatch Logs. `write` is sufficient, because the stack creates the log groups
    first."""

    def __post_init__(self) -> None:
        check_name("service", self.name)
        schemas, functions = named_schemas(self.schemas, self.functions)
        object.__setattr__(self, "schemas", schemas)
        object.__setattr__(self, "functions", functions)
        object.__setattr__(self, "title", self.title or self.name.replace("-", " ").capitalize())
        object.__setattr__(self, "name_pattern", self.name_pattern or f"{self.name}-{{type}}-{{environment}}")
        is_async = any(function.async_triggers() for function in self.functions)
        if self.dead_letters == DEAD_LETTERS and not is_async:
            object.__setattr__(self, "dead_letters", "")
        check_pattern("name_pattern", self.name_pattern, required={"type", "environment"})
        object.__setattr__(self, "functions", (*self.functions, *self._missing_authorizer_functions()))
        if self.log_access not in get_args(LogAccess):
            allowed = ", ".join(get_args(LogAccess))
            raise ValueError(f"service {self.name!r} log_access must be one of {allowed}, got {self.log_access!r}.")
        if self.alarm_pattern:
            required = {"alarm", "environment"} | ({"function"} if len(self.functions) > 1 else set())
            check_pattern("alarm_pattern", self.alarm_pattern, required, {"function"})
        for problem in service_problems(self):
            raise ValueError(f"service {self.name!r}: {problem}")
        check_tags(self.tags("dev"), f"service {self.name!r} default_tags")

    def tags(self, environment: str) -> dict[str, str]:
        """Return the default tags of the service in an environment."""
        return {
            key: value.replace("{service}", self.name).replace("{environment}", environment)
            for key, value in self.default_tags.items()
        }

    def schedules(self) -> list[tuple[Function, Schedule]]:
        """Return every schedule with its function."""
        return [(function, schedule) for function in self.functions for schedule in function.schedules]

    def consumers(self) -> list[tuple[Function, Consumer]]:
        """Return every consumer with its function."""
        return [(function, consumer) for function in self.functions for consumer in function.consumers]

    def alarm_targets(self) -> list[str]:
        """Return the possible targets of alarms, as `Alarm.on` names them."""
        events = [consumer.name for _, consumer in self.consumers() if isinstance(consumer, EventConsumer)]
        return [
            *map(self.api_target, self.used_apis()),
            *([alarm_targets.DEAD_LETTERS] if self.dead_letters else []),
            *(function.name for function in self.functions),
            *(alarm_targets.of_lambda(function.name) for function in self.functions),
            *(alarm_targets.of_table(table.name) for table in self.tables),
            *(alarm_targets.of_index(table.name, index.name) for table in self.tables for index in table.indexes),
            *(alarm_targets.of_topic(topic.name) for topic in self.topics),
            *(alarm_targets.of_queue(queue.name) for queue in self.queues),
            *(alarm_targets.of_queue(queue.dead_letters) for queue in self.created_queues()),
            *map(alarm_targets.of_rule, events),
        ]

    def defines_alarm_topic(self) -> bool:
        """Return whether the topic that alarms notify is one of `topics`."""
        return self.alarms_type in {topic.name for topic in self.topics}

    def is_emailed(self, topic: str) -> bool:
        """Return whether `notification_email` receives the messages of a topic: those of alarms, and those that no
        function of the service processes."""
        consumed = {consumer.topic for _, consumer in self.consumers() if isinstance(consumer, TopicConsumer)}
        return topic == self.alarms_type or topic not in consumed

    def existing_names(self) -> set[str]:
        """Return the names of the ARNs that `TapStackArgs.existing` must contain."""
        placeholders = {name for statement in self.statements() for name in statement.existing()}
        return placeholders | {resource.name for resource in self.existing()}

    def own_functions(self) -> tuple[Function, ...]:
        """Return the functions with code of the service, without those that this library provides."""
        return tuple(function for function in self.functions if function.handler != JWT_HANDLER)

    def _missing_authorizer_functions(self) -> Iterator[Function]:
        """Yield the functions of `authorizers` that a copied service does not already contain."""
        functions = [function for function in self.functions if function.handler == JWT_HANDLER]
        existing = {authorizer.name for function in functions for authorizer in function.authorizers}
        yield from authorizer_functions(a for a in self.authorizers if a.name not in existing)

    def scopes(self) -> list[str]:
        """Return the scopes that the routes of its APIs require."""
        return sorted({route.required_scope() for function, route in self.routes() if not function.url} - {""})

    def request_schema(self, name: str) -> Schema:
        """Return the schema of a request body, which for a batch excludes the schema of its entries."""
        schema: Schema = self.schemas[name]
        if name not in self.batches:
            return schema
        properties, array = schema["properties"], self.batches[name]
        envelope = {keyword: value for keyword, value in properties[array].items() if keyword != "items"}
        return {**schema, "properties": {**properties, array: envelope}}

    def entry_schema(self, name: str) -> Schema:
        """Return the schema of one entry of a batch."""
        schema: Schema = self.schemas[name]["properties"][self.batches[name]]["items"]
        return schema

    def gateway_schema(self, name: str) -> Schema:
        """Return the schema with which API Gateway validates a request body."""
        return gateway_schema(self.request_schema(name), self.schemas)

    def grants(self) -> list[Grant]:
        """Return the merged permissions of all functions."""
        return merge_grants(grant for function in self.functions for grant in function.grants())

    def statements(self) -> list[Statement]:
        """Return the explicit IAM statements of all functions, each once."""
        return list(dict.fromkeys(statement for function in self.functions for statement in function.statements()))

    def split(self) -> Service:
        """Return the service with one function for each operation, with the common code in a layer.

        A function with a URL is not split, because the URL serves all its routes. The functions of `authorizers` stay
        separate, with their own code.
        """
        functions = [
            function
            if function.url
            else replace(
                function,
                name=operation.replace("_", "-"),
                routes=tuple(route for route in function.routes if route.operation == operation),
                schedules=tuple(schedule for schedule in function.schedules if schedule.operation == operation),
                consumers=tuple(consumer for consumer in function.consumers if consumer.operation == operation),
                authorizers=tuple(a for a in function.authorizers if a.operation == operation),
                settings=merge(function.settings, settings),
            )
            for function in self.own_functions()
            for operation, settings in ({"": function.settings} if function.url else function.operations()).items()
        ]
        pattern = self.alarm_pattern if self.alarm_pattern and "{function}" in self.alarm_pattern else None
        alarms = tuple(split for alarm in self.alarms for split in self._split_alarm(alarm))
        return replace(self, functions=tuple(functions), alarm_pattern=pattern, shared_type="shared", alarms=alarms)

    def _split_alarm(self, alarm: Alarm) -> list[Alarm]:
        """Return one alarm for each split function that emits the metric or that replaces the function of the alarm, or
        an alarm that is not on a function."""
        name, is_lambda = alarm_targets.function_of(alarm.on)
        targets = [function for function in self.functions if function.name == name and not function.url]
        replacing = [f.operations() if is_lambda else f.operations_emitting(alarm.metric) for f in targets]
        functions = [operation.replace("_", "-") for operations in replacing for operation in operations]
        on = {each: alarm_targets.of_lambda(each) if is_lambda else each for each in functions or [name]}
        names = {each: f"{alarm.name}-{each}" if len(functions) > 1 else alarm.name for each in on}
        return [replace(alarm, name=names[each], on=on[each]) for each in on]
