"""Definition of a service, from which its resources, code and documents are derived."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from ..settings import Settings, check_tags, merge
from . import json_schema
from .authorizers import LambdaAuthorizer
from .function import MAX_LAYERS, Function
from .grants import Grant, action_problems, merge_grants
from .jwt_authorizer import HANDLER as JWT_HANDLER
from .jwt_authorizer import JwtAuthorizer
from .resources import (
    SECRET_READ_ACTIONS,
    STANDARD_ALARMS,
    Alarm,
    Grantable,
    Parameter,
    Schema,
    Secret,
    Site,
    Table,
    Topic,
)
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
    """Members of the response by the placeholder that they replace in the paths, headers and bodies of later calls,
    such as `{"desk": "itemId"}` for `{desk}`."""
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
    dead_letters: str = ""
    """Value of `{type}` in the name of the dead-letter queue for failed events of schedules and streams. Empty disables
    it."""
    alarms: tuple[Alarm, ...] = ()
    """Alarms in addition to those that every function has."""
    site: Site | None = None
    authorizers: tuple[JwtAuthorizer, ...] = ()
    """Authorizers that verify the tokens of an issuer. Each adds a function to `functions`. Authorizers with code of
    the service are in `Function.authorizers`."""
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
        check_pattern("name_pattern", self.name_pattern, required={"type", "environment"})
        object.__setattr__(self, "functions", (*self.functions, *self._missing_authorizer_functions()))
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

    def lambda_authorizers(self) -> list[tuple[Function, LambdaAuthorizer]]:
        """Return every authorizer with its function."""
        return [(function, authorizer) for function in self.functions for authorizer in function.authorizers]

    def own_functions(self) -> tuple[Function, ...]:
        """Return the functions with code of the service, without those that this library provides."""
        return tuple(function for function in self.functions if function.handler != JWT_HANDLER)

    def _missing_authorizer_functions(self) -> Iterator[Function]:
        """Yield the functions of `authorizers` that a copied service does not already contain."""
        existing = {function.name for function in self.functions if function.handler == JWT_HANDLER}
        yield from (a.function() for a in self.authorizers if a.function_name not in existing)

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
        """Return the service with one function for each operation, with the common code in a layer.

        The functions of `authorizers` stay separate, with their own code.
        """
        functions = [
            replace(
                function,
                name=operation.replace("_", "-"),
                routes=tuple(route for route in function.routes if route.operation == operation),
                schedules=tuple(schedule for schedule in function.schedules if schedule.operation == operation),
                consumers=tuple(consumer for consumer in function.consumers if consumer.operation == operation),
                authorizers=tuple(a for a in function.authorizers if a.operation == operation),
                settings=merge(function.settings, settings),
            )
            for function in self.own_functions()
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
        grantable: tuple[Grantable, ...] = (*self.tables, *self.topics, *self.parameters, *self.secrets)
        types = [] if self.alarms_type in {topic.name for topic in self.topics} else [self.alarms_type]
        types += [self.dead_letters] if self.dead_letters else []
        yield from duplicates("table, topic, parameter or secret", [resource.name for resource in grantable] + types)
        variables = [resource.variable for resource in grantable if resource.variable]
        variables += [CORS_VARIABLE] * bool(self.site)
        variables.append(GROUP_VARIABLE)
        yield from duplicates("variable", variables)
        with_outputs: tuple[Table | Topic, ...] = (*self.tables, *self.topics)
        yield from duplicates("output", [output for resource in with_outputs for output in resource.outputs().values()])
        yield from duplicates("function", [function.name for function in self.functions])
        yield from duplicates("route", [f"{route.method} {route.path}" for _, route in self.routes()])
        codes = dict.fromkeys(code for _, route in self.routes() for code in route.codes)
        yield from duplicates("code", [code.name for code in codes])
        yield from duplicates("schedule", [s.name for function in self.functions for s in function.schedules])
        authorizers = [authorizer.name for _, authorizer in self.lambda_authorizers()]
        yield from duplicates("authorizer", authorizers)
        yield from self._route_authorizer_problems(authorizers)
        yield from duplicates("consumer", [c.name for function in self.functions for c in function.consumers])
        metrics = dict.fromkeys(metric for function in self.functions for metric in function.metrics())
        yield from duplicates("metric", [metric.name for metric in metrics])
        yield from duplicates("alarm", [*(alarm.name for alarm in self.alarms), *map(str.lower, STANDARD_ALARMS)])
        yield from self._grant_problems({resource.name: resource for resource in grantable})
        yield from self._variable_problems({*variables, *(f"{p.variable}_DEPLOYED" for p in self.parameters)})
        yield from self._consumer_problems()
        yield from self._layer_problems()
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

    def _route_authorizer_problems(self, names: list[str]) -> Iterator[str]:
        known = ", ".join(names) or "none"
        for _, route in self.routes():
            if route.authorizer and route.authorizer not in names:
                field_name = f"route {route.method} {route.path} authorizer"
                yield f"{field_name} must be an authorizer of the service ({known}), got {route.authorizer!r}."

    def _schema_problems(self) -> Iterator[str]:
        bodies = {route.body for _, route in self.routes()}
        for name, schema in self.schemas.items():
            yield from json_schema.problems(schema, f"schema {name}", checked=name in bodies)
        for _, route in self.routes():
            for name, schema in route.query.items():
                path = f"route {route.method} {route.path} query parameter {name}"
                yield from json_schema.query_problems(schema, path)

    def _grant_problems(self, grantable: Mapping[str, Grantable]) -> Iterator[str]:
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
                elif grant.keys and not isinstance(grantable[grant.on], Table):
                    yield f"{field_name} keys must be empty because it is not a table, got {grant.keys}."
                elif grant.on in read_actions and grant.actions != (read_actions[grant.on],):
                    yield f"{field_name} actions must be {(read_actions[grant.on],)}, got {grant.actions}."
                elif unknown := set(grant.indexes) - indexes[grant.on]:
                    yield f"{field_name} indexes must be indexes of the table, got {sorted(unknown)}."
                elif grant.on not in read_actions:
                    kind = "index" if grant.indexes else type(grantable[grant.on]).__name__.lower()
                    yield from action_problems(field_name, grant, kind)

    def _variable_problems(self, reserved: set[str]) -> Iterator[str]:
        for function in self.functions:
            for name in sorted(reserved & function.variables.keys()):
                yield f"function {function.name!r} variables must differ from those that the stack sets, got {name!r}."

    def _consumer_problems(self) -> Iterator[str]:
        streams = {table.name for table in self.tables if table.stream}
        for function in self.functions:
            for consumer in function.consumers:
                if consumer.table not in streams:
                    yield f"consumer {consumer.name!r} table must be a table with a stream, got {consumer.table!r}."
            tables = [consumer.table for consumer in function.consumers]
            yield from duplicates(f"function {function.name!r} consumer of table", tables)
        if self.dead_letters:
            if not NAME.fullmatch(self.dead_letters):
                yield (
                    "dead_letters must be lowercase letters, digits and '-', a letter first, or empty, "
                    f"got {self.dead_letters!r}."
                )
            if not any(function.async_triggers() for function in self.functions):
                yield f"dead_letters must be empty without schedules and consumers, got {self.dead_letters!r}."

    def _layer_problems(self) -> Iterator[str]:
        available = MAX_LAYERS - bool(self.shared_type)
        for function in self.functions:
            if len(function.layers) > available:
                yield (
                    f"function {function.name!r} layers must be at most {available} ARNs in addition to the layer with "
                    f"the common code, got {len(function.layers)}."
                )

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
