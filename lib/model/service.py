"""Definition of a service, from which its resources, code and documents are derived."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from ..runtime.reserved_keys import EXPIRES
from ..settings import Definition, Settings, check_tags, invalid_value, merge
from . import json_schema
from .apis import API_METRICS, Api, Protocol, endpoint_of, endpoint_problems
from .authorizers import LambdaAuthorizer
from .consumers import Consumer, EventConsumer
from .function import MAX_LAYERS, Function
from .grants import Grant, Statement, action_problems, merge_grants
from .jwt_authorizer import HANDLER as JWT_HANDLER
from .jwt_authorizer import JwtAuthorizer
from .media_types import FORM, JSON, is_media_type
from .messaging import EventBus, Queue
from .resource import Resource
from .resources import SECRET_READ_ACTIONS, STANDARD_ALARMS, Alarm, Parameter, Schema, Secret, Site, Table, Topic
from .route_schemas import named_schemas
from .schema_renderings import gateway_schema, references
from .source_checks import consumer_problems
from .storage import Bucket
from .triggers import Route
from .validation import NAME, check_name, check_pattern, duplicates

LAMBDA = "lambda "
"""Prefix of the target of an alarm on a metric of Lambda, before the name of the function."""
MAX_MODEL_BYTES = 400_000
"""Maximum size of a model of API Gateway."""
ERROR_SCHEMA_NAME = "Error"
"""Name of the schema of error responses, to which schemas of responses can refer."""
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
class Call(Definition):
    """A request for the smoke test, the load test, seed data, or an example in the API reference."""

    method: str
    path: str
    """Path with its query, such as `/items/pencil?page_size=2`."""
    status: int
    """Expected status of the response. A redirect is not followed."""
    body: Any = None
    """JSON value, or bytes that are sent unchanged, with `Content-Type` in `headers` or `application/octet-stream`."""
    form: Mapping[str, str] | None = None
    """Fields of a URL-encoded form, which is sent instead of `body`."""
    content_type: str = ""
    """Expected media type of the response. Empty: any."""
    captures: Mapping[str, str] = field(default_factory=dict)
    """Members of the response by the placeholder that they replace in the paths, headers and bodies of later calls,
    such as `{"desk": "itemId"}` for `{desk}`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    api: str = ""
    """Name of the API, or of the function whose URL serves the route. Default (empty): the first of these with a
    matching route, in the order default API, other APIs, function URLs."""

    def __post_init__(self) -> None:
        if self.form is not None and self.body is not None:
            raise invalid_value(f"call {self.method} {self.path} body", self.body, "None with a form")

    def calls(self, route: Route) -> bool:
        """Return whether the call matches a route."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.sub(r"\\\{\w+\\\+\\\}", ".+", re.escape(route.path)))
        path = self.path.split("?")[0].rstrip("/") or "/"
        return self.method in route.methods() and re.fullmatch(pattern, path) is not None

    def encode(self) -> tuple[bytes | None, str]:
        """Return the request body and its media type."""
        if self.form is not None:
            return urlencode(self.form).encode(), FORM
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        return None if self.body is None else json.dumps(self.body).encode(), JSON


@dataclass(frozen=True, kw_only=True)
class Service(Definition):
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

    def endpoints(self) -> dict[str, list[tuple[Function, Route]]]:
        """Return every route with its function, by the name of its API or of the function whose URL serves it."""
        endpoints: dict[str, list[tuple[Function, Route]]] = {}
        for function, route in self.routes():
            endpoints.setdefault(endpoint_of(function, route, self.api_type), []).append((function, route))
        return endpoints

    def endpoints_of(self, call: Call) -> list[str]:
        """Return the endpoints that a call can have, the first of which has precedence."""
        names = [*self.used_apis(), *(function.name for function in self.function_urls())]
        return [name for name in names if call.api in ("", name)]

    def used_apis(self) -> dict[str, Api]:
        """Return the APIs that have routes by name, the default one first."""
        return {name: api for name, api in self._described_apis().items() if name in self.endpoints()}

    def _described_apis(self) -> dict[str, Api]:
        described = {api.name: api for api in self.apis}
        return {self.api_type: described.get(self.api_type) or Api(name=self.api_type), **described}

    def api_target(self, name: str) -> str:
        """Return the value of `Alarm.on` for the metrics of an API."""
        return "api" if name == self.api_type else f"api {name}"

    def has_api(self) -> bool:
        """Return whether the default API has routes."""
        return self.api_type in self.endpoints()

    def function_urls(self) -> list[Function]:
        """Return the functions with a URL."""
        return [function for function in self.functions if function.url]

    def existing(self) -> list[Resource]:
        """Return the resources that exist outside the stack."""
        return [resource for resource in self._resources() if resource.existing]

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

    def existing_names(self) -> set[str]:
        """Return the names of the ARNs that `TapStackArgs.existing` must contain."""
        placeholders = {name for statement in self.statements() for name in statement.existing()}
        return placeholders | {resource.name for resource in self.existing()}

    def preflight_types(self) -> dict[str, str]:
        """Return the value of `{type}` for the function that responds to OPTIONS if there are several CORS origins, by
        the name of each REST API."""
        return {name: f"{name}-preflight" for name, api in self.used_apis().items() if api.protocol == "REST"}

    def protocols(self, function: Function) -> set[Protocol]:
        """Return the types of the APIs that invoke a function."""
        apis = self.used_apis()
        names = {endpoint_of(function, route, self.api_type) for route in function.routes}
        return {apis[name].protocol for name in names if name in apis}

    def lambda_authorizers(self) -> list[tuple[Function, LambdaAuthorizer]]:
        """Return every authorizer with its function."""
        return [(function, authorizer) for function in self.functions for authorizer in function.authorizers]

    def authorizers_of(self, api: str) -> list[tuple[Function, LambdaAuthorizer]]:
        """Return the authorizers that the routes of an API use, with their functions. The default API also has those
        that no route uses."""
        endpoints = self.endpoints()
        used = {route.authorizer for _, route in endpoints.get(api, ())}
        if api == self.api_type:
            elsewhere = {route.authorizer for name in endpoints.keys() - {api} for _, route in endpoints[name]}
            used |= {authorizer.name for _, authorizer in self.lambda_authorizers()} - elsewhere
        return [(function, authorizer) for function, authorizer in self.lambda_authorizers() if authorizer.name in used]

    def native_authorizers(self) -> dict[str, JwtAuthorizer]:
        """Return the authorizers whose tokens an HTTP API verifies itself, without invoking their function."""
        return {authorizer.name: authorizer for authorizer in self.authorizers if not authorizer.optional}

    def own_functions(self) -> tuple[Function, ...]:
        """Return the functions with code of the service, without those that this library provides."""
        return tuple(function for function in self.functions if function.handler != JWT_HANDLER)

    def _missing_authorizer_functions(self) -> Iterator[Function]:
        """Yield the functions of `authorizers` that a copied service does not already contain."""
        existing = {function.name for function in self.functions if function.handler == JWT_HANDLER}
        yield from (a.function() for a in self.authorizers if a.function_name not in existing)

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
        name = alarm.on.removeprefix(LAMBDA)
        prefix = alarm.on.removesuffix(name)
        targets = [function for function in self.functions if function.name == name and not function.url]
        replacing = [f.operations() if prefix else f.operations_emitting(alarm.metric) for f in targets]
        functions = [operation.replace("_", "-") for operations in replacing for operation in operations]
        if len(functions) > 1:
            return [replace(alarm, name=f"{alarm.name}-{function}", on=prefix + function) for function in functions]
        return [replace(alarm, on=prefix + function) for function in functions or [name]]

    def _problems(self) -> Iterator[str]:
        if not self.functions:
            yield "functions must contain at least one function, got none."
        if not any(function.parts() for function in self.functions):
            yield "functions must contain at least one route, schedule or consumer, got none."
        if self.site and not self.has_api():
            yield f"site must be None without routes, got {self.site.type!r}. A site calls the API of its service."
        types = [] if self.alarms_type in {topic.name for topic in self.topics} else [self.alarms_type]
        types += [self.dead_letters] if self.dead_letters else []
        types += [queue.dead_letters for queue in self.created_queues()]
        yield from duplicates("resource", [resource.name for resource in self._resources()] + types)
        variables = [resource.variable for resource in self._resources() if resource.variable]
        variables += [CORS_VARIABLE] * bool(self.site)
        variables.append(GROUP_VARIABLE)
        yield from duplicates("variable", variables)
        outputs = [output for resource in self._resources() for output in resource.outputs().values()]
        yield from duplicates("output", outputs)
        yield from duplicates("function", [function.name for function in self.functions])
        yield from duplicates("api", [api.name for api in self.apis])
        yield from endpoint_problems(self.routes(), self._described_apis(), self.api_type, self.functions)
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
        yield from self._idempotency_problems()
        yield from self._grant_problems(self.resources())
        yield from self._variable_problems({*variables, *(f"{p.variable}_DEPLOYED" for p in self.parameters)})
        yield from self._consumer_problems()
        yield from self._layer_problems()
        yield from self._alarm_problems()
        for _, route in self.routes():
            declared = {route.body, *(name for name in route.responses.values() if not is_media_type(name))}
            for schema in declared - {None, *self.schemas}:
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
        yield from self._model_problems()

    def _route_authorizer_problems(self, names: list[str]) -> Iterator[str]:
        known = ", ".join(names) or "none"
        for _, route in self.routes():
            if route.authorizer and route.authorizer not in names:
                field_name = f"route {route.method} {route.path} authorizer"
                yield f"{field_name} must be an authorizer of the service ({known}), got {route.authorizer!r}."
        native = self.native_authorizers()
        for name in [name for name, api in self.used_apis().items() if api.protocol == "HTTP"]:
            for _, authorizer in self.authorizers_of(name):
                label = f"authorizer {authorizer.name!r}"
                if jwt := native.get(authorizer.name):
                    for field_name, value in jwt.unsupported_by_http_apis().items():
                        remedy = "HTTP APIs verify RS256, RS384 and RS512 with the keys in the metadata of the issuer."
                        expected = f"the default for the HTTP API {name!r}"
                        yield f"{label} {field_name} must be {expected}, got {value!r}. {remedy}"
                elif authorizer.type == "TOKEN":
                    yield f"{label} type must be REQUEST for the HTTP API {name!r}, got 'TOKEN'."

    def _schema_problems(self) -> Iterator[str]:
        checked = {str(route.body) for _, route in self.routes()}
        while further := {name for body in checked for name in references(self.schemas.get(body))} - checked:
            checked |= further
        for name, schema in self.schemas.items():
            yield from json_schema.problems(schema, f"schema {name}", checked=name in checked)
            for reference in sorted({*references(schema)} - {*self.schemas, ERROR_SCHEMA_NAME}):
                yield f"schema {name} $ref must be to one of {', '.join(self.schemas)}, got {reference!r}."
        for _, route in self.routes():
            for name, schema in route.query.items():
                path = f"route {route.method} {route.path} query parameter {name}"
                yield from json_schema.parameter_problems(schema, path)
            for name, schema in route.headers.items():
                yield from json_schema.parameter_problems(schema, f"route {route.method} {route.path} header {name}")
            if route.body and route.accepts_form():
                yield from json_schema.form_problems(self.schemas[route.body], f"schema {route.body}")

    def _model_problems(self) -> Iterator[str]:
        for name in {route.body: None for _, route in self.routes() if route.body}:
            size = len(json.dumps(self.gateway_schema(name)).encode())
            if size > MAX_MODEL_BYTES:
                yield (
                    f"schema {name} must have at most {MAX_MODEL_BYTES} bytes as a model of API Gateway, got {size}. "
                    "Shorten its descriptions, or split the request."
                )

    def _grant_problems(self, grantable: Mapping[str, Resource]) -> Iterator[str]:
        for parameter in self.parameters:
            if parameter.table and parameter.table not in {table.name for table in self.tables}:
                known = ", ".join(table.name for table in self.tables)
                yield f"parameter {parameter.name!r} table must be one of {known}, got {parameter.table!r}."
        indexes = {
            name: {*resource.index_names()} if isinstance(resource, Table) else set[str]()
            for name, resource in grantable.items()
        }
        read_actions = {secret.name: SECRET_READ_ACTIONS[secret.store] for secret in self.secrets}
        for function in self.functions:
            for grant in function.grants():
                field_name = f"function {function.name!r} grant on {grant.on!r}"
                if grant.on not in indexes:
                    known = ", ".join(indexes) or "none, because the service has no resources"
                    yield f"function {function.name!r} grant must be on one of {known}, got {grant.on!r}."
                elif grant.keys and not isinstance(grantable[grant.on], Table | Bucket):
                    yield f"{field_name} keys must be empty because it is not a table or a bucket, got {grant.keys}."
                elif grant.on in read_actions and grant.actions != (read_actions[grant.on],):
                    yield f"{field_name} actions must be {(read_actions[grant.on],)}, got {grant.actions}."
                elif unknown := set(grant.indexes) - indexes[grant.on]:
                    yield f"{field_name} indexes must be indexes of the table, got {sorted(unknown)}."
                elif grant.on not in read_actions:
                    kind = "index" if grant.indexes else grantable[grant.on].KIND
                    yield from action_problems(field_name, grant, kind)

    def _idempotency_problems(self) -> Iterator[str]:
        tables = {table.name: (table.hash_key.type, table.range_key, table.ttl) for table in self.tables}
        for _, route in self.routes():
            if route.idempotency and tables.get(route.idempotency) != ("S", None, EXPIRES):
                yield (
                    f"route {route.method} {route.path} idempotency must be a table with a string as its only key and "
                    f"ttl={EXPIRES!r}, got {route.idempotency!r}. Add idempotency_table() to the tables."
                )

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

    def alarm_targets(self) -> list[str]:
        """Return the possible targets of alarms, as `Alarm.on` names them."""
        return [
            *map(self.api_target, self.used_apis()),
            *["dead-letters"] * bool(self.dead_letters),
            *(function.name for function in self.functions),
            *(f"{LAMBDA}{function.name}" for function in self.functions),
            *(f"table {table.name}" for table in self.tables),
            *(f"index {table.name}/{index.name}" for table in self.tables for index in table.indexes),
            *(f"topic {topic.name}" for topic in self.topics),
            *(f"queue {queue.name}" for queue in self.queues),
            *(f"queue {queue.dead_letters}" for queue in self.created_queues()),
            *(f"rule {consumer.name}" for _, consumer in self.consumers() if isinstance(consumer, EventConsumer)),
        ]

    def _api_metrics(self) -> dict[str, tuple[str, ...]]:
        """Return the metrics of each API by the target of their alarms."""
        return {self.api_target(name): API_METRICS[api.protocol] for name, api in self.used_apis().items()}

    def _layer_problems(self) -> Iterator[str]:
        available = MAX_LAYERS - bool(self.shared_type)
        for function in self.functions:
            if len(function.layers) > available:
                yield (
                    f"function {function.name!r} layers must be at most {available} ARNs in addition to the layer with "
                    f"the common code, got {len(function.layers)}."
                )

    def _alarm_problems(self) -> Iterator[str]:
        targets = self.alarm_targets()
        functions = {function.name: function for function in self.functions}
        for alarm in self.alarms:
            if targets.count(alarm.on) != 1:
                remedy = f" Rename the function {alarm.on!r}." if alarm.on in targets else ""
                yield f"alarm {alarm.name!r} on must be exactly one of {', '.join(targets)}, got {alarm.on!r}.{remedy}"
            elif (known := self._api_metrics().get(alarm.on)) and alarm.metric not in known:
                yield f"alarm {alarm.name!r} metric must be one of {', '.join(known)}, got {alarm.metric!r}."
            elif alarm.on in functions and not functions[alarm.on].operations_emitting(alarm.metric):
                yield (
                    f"alarm {alarm.name!r} metric must be emitted by an operation of {alarm.on!r}, got "
                    f"{alarm.metric!r}. Add it to the metrics of the operation."
                )
