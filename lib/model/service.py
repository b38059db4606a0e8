"""Definition of a service, from which its resources, code and documents are derived."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from ..settings import Settings, check_tags, merge
from . import json_schema
from .consumers import Consumer
from .function import Function
from .grants import Grant, action_problems, merge_grants
from .messaging import EventBus, Queue
from .resource import Resource
from .resources import SECRET_READ_ACTIONS, STANDARD_ALARMS, Alarm, Parameter, Schema, Secret, Site, Table, Topic
from .source_checks import consumer_problems
from .storage import Bucket
from .triggers import Route
from .validation import NAME, check_name, check_pattern, duplicates

LogAccess = Literal["write", "create", "managed"]
"""Permissions of functions in CloudWatch Logs. `write`: create streams and write events in their own log group.
`create`: also create that log group. `managed`: `AWSLambdaBasicExecutionRole`, which allows these actions on every log
group of the account."""
CORS_VARIABLE = "CORS_ORIGIN"
"""Environment variable with the allowed CORS origins, separated by commas. Functions have it if one of them is the site
of the service; the function that responds to OPTIONS always has it."""
GROUP_VARIABLE = "USER_POOL_GROUP"
"""Environment variable with the name of the group whose users can call the API."""
DEAD_LETTERS = "dead-letters"
DEFAULT_TAGS = {"Environment": "{environment}", "Service": "{service}", "ManagedBy": "Pulumi"}
"""Default tags of a service that defines none."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request for the smoke test, the load test, seed data, or an example in the API reference."""

    method: str
    path: str
    """Path with its query, such as `/items/pencil?page_size=2`."""
    status: int
    """Expected status of the response."""
    body: Any = None
    captures: Mapping[str, str] = field(default_factory=dict)
    """Members of the response by the placeholder that they replace in the paths and bodies of later calls, such as
    `{"desk": "itemId"}` for `{desk}`."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def calls(self, route: Route) -> bool:
        """Return whether the call matches a route."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path))
        return self.method == route.method and re.fullmatch(pattern, self.path.split("?")[0]) is not None


@dataclass(frozen=True, kw_only=True)
class Service:
    """A serverless API that a `TapStack` deploys."""

    name: str
    title: str = ""
    """Title in documents and dashboards. Default: the name, capitalized and with spaces."""
    description: str = ""
    name_pattern: str = ""
    """Pattern of physical names, with the placeholders `{type}` and `{environment}`. Default:
    `<name>-{type}-{environment}`."""
    tables: tuple[Table, ...]
    functions: tuple[Function, ...]
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    """Schemas of request and response bodies, by name. API Gateway model names have only letters and digits."""
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
    """Value of `{type}` in the name of the API."""
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
    default_tags: Mapping[str, str] = field(default_factory=DEFAULT_TAGS.copy)
    """Default tags of every resource, which the `tags` of a `TapStack` override. Values can contain `{service}` and
    `{environment}`. Default: `Environment`, `Service` and `ManagedBy`."""
    log_access: LogAccess = "write"
    """Permissions of functions in CloudWatch Logs. `write` is sufficient, because the stack creates the log groups
    first."""

    def __post_init__(self) -> None:
        check_name("service", self.name)
        object.__setattr__(self, "title", self.title or self.name.replace("-", " ").capitalize())
        object.__setattr__(self, "name_pattern", self.name_pattern or f"{self.name}-{{type}}-{{environment}}")
        is_async = any(function.async_triggers() for function in self.functions)
        if self.dead_letters == DEAD_LETTERS and not is_async:
            object.__setattr__(self, "dead_letters", "")
        check_pattern("name_pattern", self.name_pattern, required={"type", "environment"})
        if self.log_access not in get_args(LogAccess):
            allowed = ", ".join(get_args(LogAccess))
            raise ValueError(f"service {self.name!r} log_access must be one of {allowed}, got {self.log_access!r}.")
        if self.alarm_pattern:
            required = {"alarm", "environment"} | ({"function"} if len(self.functions) > 1 else set())
            check_pattern("alarm_pattern", self.alarm_pattern, required, {"function"})
        for problem in self._problems():
            raise ValueError(f"service {self.name!r}: {problem}")
        tags: Mapping[str, Any] = self.default_tags
        for key, value in tags.items():
            if not isinstance(value, str):
                raise ValueError(f"service {self.name!r} default_tags[{key!r}] must be a string, got {value!r}.")
        check_tags(self.tags("dev"), f"service {self.name!r} default_tags")

    def tags(self, environment: str) -> dict[str, str]:
        """Return the default tags of the service in an environment."""
        return {
            key: value.replace("{service}", self.name).replace("{environment}", environment)
            for key, value in self.default_tags.items()
        }

    def routes(self) -> list[tuple[Function, Route]]:
        """Return every route with its function."""
        return [(function, route) for function in self.functions for route in function.routes]

    def resources(self) -> dict[str, Resource]:
        """Return the resources that grants can name, by name."""
        return {resource.name: resource for resource in self._resources()}

    def _resources(self) -> list[Resource]:
        groups: tuple[tuple[Resource, ...], ...] = (
            *(self.tables, self.topics, self.queues, self.buckets, self.event_buses),
            *(self.parameters, self.secrets),
        )
        return [resource for group in groups for resource in group]

    def consumers(self) -> list[tuple[Function, Consumer]]:
        """Return every consumer with its function."""
        return [(function, consumer) for function in self.functions for consumer in function.consumers]

    def preflight_type(self) -> str:
        """Return the value of `{type}` for the function that responds to OPTIONS if there are several CORS origins."""
        return f"{self.api_type}-preflight"

    def scopes(self) -> list[str]:
        """Return the scopes that its routes require."""
        return sorted({route.required_scope() for _, route in self.routes()} - {""})

    def request_schema(self, name: str) -> Schema:
        """Return the schema of a request body, which for a batch excludes the schema of its entries."""
        schema = self.schemas[name]
        if name not in self.batches:
            return schema
        properties, array = schema["properties"], self.batches[name]
        envelope = {keyword: value for keyword, value in properties[array].items() if keyword != "items"}
        return {**schema, "properties": {**properties, array: envelope}}

    def entry_schema(self, name: str) -> Schema:
        """Return the schema of one entry of a batch."""
        schema: Schema = self.schemas[name]["properties"][self.batches[name]]["items"]
        return schema

    def grants(self) -> list[Grant]:
        """Return the merged permissions of all functions."""
        return merge_grants(grant for function in self.functions for grant in function.grants())

    def split(self) -> Service:
        """Return the service with one function for each operation, with the common code in a layer."""
        functions = [
            replace(
                function,
                name=operation.replace("_", "-"),
                routes=tuple(route for route in function.routes if route.operation == operation),
                schedules=tuple(schedule for schedule in function.schedules if schedule.operation == operation),
                consumers=tuple(consumer for consumer in function.consumers if consumer.operation == operation),
                settings=merge(function.settings, settings),
            )
            for function in self.functions
            for operation, settings in function.operations().items()
        ]
        pattern = self.alarm_pattern if self.alarm_pattern and "{function}" in self.alarm_pattern else None
        alarms = tuple(split for alarm in self.alarms for split in self._split_alarm(alarm))
        return replace(self, functions=tuple(functions), alarm_pattern=pattern, shared_type="shared", alarms=alarms)

    def _split_alarm(self, alarm: Alarm) -> list[Alarm]:
        """Return one alarm for each split function that emits the metric, or an alarm that is not on a function."""
        targets = [function for function in self.functions if function.name == alarm.on]
        operations = [name.replace("_", "-") for f in targets for name in f.operations_emitting(alarm.metric)]
        if len(operations) > 1:
            return [replace(alarm, name=f"{alarm.name}-{operation}", on=operation) for operation in operations]
        return [replace(alarm, on=on) for on in operations or [alarm.on]]

    def _problems(self) -> Iterator[str]:
        for kind, members in {"table": self.tables, "function": self.functions, "route": self.routes()}.items():
            if not members:
                yield f"{kind}s must contain at least one {kind}, got none."
        types = [] if self.alarms_type in {topic.name for topic in self.topics} else [self.alarms_type]
        types += [self.dead_letters] if self.dead_letters else []
        types += [queue.dead_letters for queue in self.queues]
        yield from duplicates("resource", [resource.name for resource in self._resources()] + types)
        variables = [resource.variable for resource in self._resources() if resource.variable]
        variables += [CORS_VARIABLE] * bool(self.site)
        variables.append(GROUP_VARIABLE)
        yield from duplicates("variable", variables)
        outputs = [output for resource in self._resources() for output in resource.outputs().values()]
        yield from duplicates("output", outputs)
        yield from duplicates("function", [function.name for function in self.functions])
        yield from duplicates("route", [f"{route.method} {route.path}" for _, route in self.routes()])
        codes = dict.fromkeys(code for _, route in self.routes() for code in route.codes)
        yield from duplicates("code", [code.name for code in codes])
        yield from duplicates("schedule", [s.name for function in self.functions for s in function.schedules])
        yield from duplicates("consumer", [c.name for function in self.functions for c in function.consumers])
        metrics = dict.fromkeys(metric for function in self.functions for metric in function.metrics())
        yield from duplicates("metric", [metric.name for metric in metrics])
        yield from duplicates("alarm", [*(alarm.name for alarm in self.alarms), *map(str.lower, STANDARD_ALARMS)])
        yield from self._grant_problems(self.resources())
        yield from self._variable_problems({*variables, *(f"{p.variable}_DEPLOYED" for p in self.parameters)})
        yield from self._consumer_problems()
        yield from self._alarm_problems()
        for _, route in self.routes():
            for schema in {route.body, *route.responses.values()} - {None, *self.schemas}:
                known = ", ".join(self.schemas) or "none"
                yield f"route {route.method} {route.path} schemas must be among schemas ({known}), got {schema!r}."
        yield from self._schema_problems()
        for name, array in self.batches.items():
            body = self.schemas.get(name, {})
            entries = body.get("properties", {}).get(array, {})
            if (body.get("type"), entries.get("type"), "items" in entries) != ("object", "array", True):
                yield f"batches[{name!r}] must be an array with items in the object schema {name!r}, got {array!r}."
        for name in self.schemas:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name):
                yield f"schema name must be letters and digits, a letter first, got {name!r}."

    def _schema_problems(self) -> Iterator[str]:
        bodies = {route.body for _, route in self.routes()}
        for name, schema in self.schemas.items():
            yield from json_schema.problems(schema, f"schema {name}", checked=name in bodies)
        for _, route in self.routes():
            for name, schema in route.query.items():
                path = f"route {route.method} {route.path} query parameter {name}"
                yield from json_schema.query_problems(schema, path)

    def _grant_problems(self, grantable: Mapping[str, Resource]) -> Iterator[str]:
        for parameter in self.parameters:
            if parameter.table and parameter.table not in {table.name for table in self.tables}:
                known = ", ".join(table.name for table in self.tables)
                yield f"parameter {parameter.name!r} table must be one of {known}, got {parameter.table!r}."
        indexes = {
            name: {index.name for index in getattr(resource, "indexes", ())} for name, resource in grantable.items()
        }
        read_actions = {secret.name: SECRET_READ_ACTIONS[secret.store] for secret in self.secrets}
        for function in self.functions:
            for grant in function.grants():
                field_name = f"function {function.name!r} grant on {grant.on!r}"
                if grant.on not in indexes:
                    yield f"function {function.name!r} grant must be on one of {', '.join(indexes)}, got {grant.on!r}."
                elif grant.keys and not isinstance(grantable[grant.on], Table | Bucket):
                    yield f"{field_name} keys must be empty because it is not a table or a bucket, got {grant.keys}."
                elif grant.on in read_actions and grant.actions != (read_actions[grant.on],):
                    yield f"{field_name} actions must be {(read_actions[grant.on],)}, got {grant.actions}."
                elif unknown := set(grant.indexes) - indexes[grant.on]:
                    yield f"{field_name} indexes must be indexes of the table, got {sorted(unknown)}."
                elif grant.on not in read_actions:
                    kind = "index" if grant.indexes else grantable[grant.on].KIND
                    yield from action_problems(field_name, grant, kind)

    def _variable_problems(self, reserved: set[str]) -> Iterator[str]:
        for function in self.functions:
            for name in sorted(reserved & function.variables.keys()):
                yield f"function {function.name!r} variables must differ from those that the stack sets, got {name!r}."

    def _consumer_problems(self) -> Iterator[str]:
        yield from consumer_problems(self.functions, self.resources())
        if self.dead_letters:
            if not NAME.fullmatch(self.dead_letters):
                yield (
                    "dead_letters must be lowercase letters, digits and '-', a letter first, or empty, "
                    f"got {self.dead_letters!r}."
                )
            if not any(function.async_triggers() for function in self.functions):
                yield f"dead_letters must be empty without schedules and consumers, got {self.dead_letters!r}."

    def _alarm_problems(self) -> Iterator[str]:
        targets = ["api", *["dead-letters"] * bool(self.dead_letters), *(function.name for function in self.functions)]
        functions = {function.name: function for function in self.functions}
        for alarm in self.alarms:
            if targets.count(alarm.on) != 1:
                remedy = f" Rename the function {alarm.on!r}." if alarm.on in targets else ""
                yield f"alarm {alarm.name!r} on must be exactly one of {', '.join(targets)}, got {alarm.on!r}.{remedy}"
            elif alarm.on in functions and not functions[alarm.on].operations_emitting(alarm.metric):
                yield (
                    f"alarm {alarm.name!r} metric must be emitted by an operation of {alarm.on!r}, got "
                    f"{alarm.metric!r}. Add it to the metrics of the operation."
                )
