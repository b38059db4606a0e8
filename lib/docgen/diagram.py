"""The architecture of a service as a Mermaid flowchart, derived from its definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..documents.http_api import DEFAULT_STAGE
from ..model import (
    DEFAULT_BUS,
    Api,
    Bucket,
    BucketConsumer,
    Consumer,
    EventConsumer,
    Function,
    Index,
    Parameter,
    QueueConsumer,
    Resource,
    Route,
    Service,
    StreamConsumer,
    Table,
    TopicConsumer,
)
from ..model.media_types import response_types
from ..settings import ApiSettings, FunctionSettings, Settings, merge
from ..settings.environments import ENVIRONMENTS, profile_name
from ..settings.function import ARCHITECTURES
from ..stack.names import StackNames
from .mermaid import NO_BREAK, Edge, Node, edge_line, escape, node_line

STORES = {"ssm": "in Parameter Store", "secretsmanager": "in Secrets Manager"}
READ_PREFIXES = ("BatchGet", "Describe", "Get", "List", "Query", "Scan")
"""Prefixes of the names of read-only actions."""
SENDING = {"PutEvents": "sends", "Publish": "publishes", "SendMessage": "sends"}
"""Labels of other actions than reads and writes."""
DEFAULT_BUS_KEY = "default event bus"


def flowchart(service: Service, environment: str = "dev") -> str:
    """Return a chart of the callers, the APIs, the functions and their access to resources, schedules and alarms."""
    nodes = list(_nodes(service, environment))
    lines = [
        "%%{init: {'flowchart': {'wrappingWidth': 600}}}%%",
        "flowchart LR",
        f"accTitle: Architecture of {escape(service.title)} in {escape(environment)}",
        *(node_line(node) for node in nodes if node.kind != "function"),
        'subgraph functions["Lambda functions"]',
        *(f"  {node_line(node)}" for node in nodes if node.kind == "function"),
        "end",
        *map(edge_line, _edges(service)),
    ]
    return "\n".join(lines) + "\n"


def _nodes(service: Service, environment: str) -> Iterator[Node]:
    names = StackNames(service, environment)
    physical = names.physical
    settings = ENVIRONMENTS[profile_name(environment)].merged_with(service.settings)
    yield from _endpoint_nodes(service, environment, settings)
    tables = {table.name: names.resource("table", table) for table in service.tables}
    for function in service.functions:
        merged = merge(settings.function, function.settings)
        yield Node("function", _key(function), physical("function", function.name), [_function_line(merged)])
        for schedule in function.schedules:
            yield Node("schedule", f"schedule {schedule.name}", physical("rule", schedule.name), [schedule.rate])
        for consumer in function.consumers:
            if isinstance(consumer, StreamConsumer):
                yield Node("stream", f"stream {consumer.name}", tables[consumer.table], [consumer.name])
    yield from _tables_and_parameters(service, names, tables)
    for secret in service.secrets:
        yield Node("secret", f"on {secret.name}", names.secret(secret), [STORES[secret.store]])
    yield from _topics(service, names)
    yield from (Node("service", f"service {name}", name) for name in {s.service: s for s in service.statements()})
    yield from _buckets_and_buses(service, names)
    yield from _queue_nodes(service, names)
    custom_alarms = [f"{alarm.on}: {alarm.name}" for alarm in service.alarms]
    yield Node("alarms", "alarms", "of each function", ["duration, errors, throttles", *custom_alarms])
    yield Node("email", "email", "notification_email", ["if configured"])


def _endpoint_nodes(service: Service, environment: str, settings: Settings) -> Iterator[Node]:
    physical = StackNames(service, environment).physical
    if service.routes():
        yield Node("callers", "callers", _protocol(service), [_keys_required(service, settings)])
    if service.site:
        access = "public, over HTTP" if settings.site.public else "private, behind CloudFront"
        yield Node("site", "site", f"{physical('bucket', service.site.type)}-…", [access])
    for name, api in service.used_apis().items():
        kind = "http-api" if api.protocol == "HTTP" else "api"
        lines = _api_lines(service, environment, api, merge(settings.api, api.settings))
        yield Node(kind, service.api_target(name), physical("api", name), lines)
    for function in service.function_urls():
        yield Node("url", f"url {function.name}", function.name, [f"auth {function.url.auth}"] if function.url else [])


def _tables_and_parameters(service: Service, names: StackNames, tables: Mapping[str, str]) -> Iterator[Node]:
    """Yield the nodes of tables and of parameters. `tables` are the physical names of the tables."""
    paths = {parameter.name: names.parameter(parameter.name) for parameter in service.parameters}
    for table in service.tables:
        parameters = [f"name in {paths[each.name]}" for each in service.parameters if each.table == table.name]
        yield Node("table", f"on {table.name}", tables[table.name], [*_table_lines(table), *parameters])
    for parameter in _separate_parameters(service):
        lines = [*(parameter.value or [tables[parameter.table]])]
        yield Node("parameter", f"on {parameter.name}", paths[parameter.name], lines)


def _function_line(settings: FunctionSettings) -> str:
    architecture = "" if settings.architecture == ARCHITECTURES[0] else f"{settings.architecture}, "
    return f"{settings.runtime}, {architecture}{settings.memory_mb} MB, {settings.timeout_seconds} s"


def _topics(service: Service, names: StackNames) -> Iterator[Node]:
    for topic in service.topics:
        yield Node("topic", f"on {topic.name}", names.resource("topic", topic), _existing_line(topic))
    if not service.defines_alarm_topic():
        yield Node("topic", f"on {service.alarms_type}", names.physical("topic", service.alarms_type))


def _existing_line(resource: Resource) -> list[str]:
    return ["existing"] if resource.existing else []


def _buckets_and_buses(service: Service, names: StackNames) -> Iterator[Node]:
    for bucket in service.buckets:
        yield Node("bucket", f"on {bucket.name}", names.bucket(bucket), _bucket_lines(bucket))
    for bus in service.event_buses:
        lines = _existing_line(bus) + ([f"archive of {bus.archive_days} days"] if bus.archive_days else [])
        yield Node("event_bus", f"on {bus.name}", names.resource("event-bus", bus), lines)
    if any(isinstance(consumer, EventConsumer) and consumer.bus == DEFAULT_BUS for _, consumer in service.consumers()):
        yield Node("event_bus", DEFAULT_BUS_KEY, DEFAULT_BUS, ["events of AWS services"])


def _queue_nodes(service: Service, names: StackNames) -> Iterator[Node]:
    for queue in service.queues:
        lines = _existing_line(queue) + (["FIFO"] if queue.fifo else [])
        yield Node("queue", f"on {queue.name}", names.queue(queue), lines)
        if not queue.existing:
            yield Node("queue", f"on {queue.dead_letters}", names.dead_letters(queue), ["failed messages"])
    if service.dead_letters:
        name = names.physical("queue", service.dead_letters)
        yield Node("queue", f"on {service.dead_letters}", name, ["failed events"])


def _edges(service: Service) -> Iterator[Edge]:
    for name in service.used_apis():
        yield Edge("callers", service.api_target(name))
    for function in service.function_urls():
        yield Edge("callers", f"url {function.name}")
    if service.site:
        yield Edge("callers", "site")
        yield Edge("site", "api")
    for function in service.functions:
        yield from _function_edges(service, function)
    for queue in service.created_queues():
        yield Edge(
            f"on {queue.name}", f"on {queue.dead_letters}", [f"after {queue.max_receives} receives"], dotted=True
        )
    yield Edge("functions", "alarms", ["metrics"], dotted=True)
    yield Edge("alarms", f"on {service.alarms_type}")
    # Existing topics have subscriptions that the stack does not know.
    topics = {topic.name for topic in service.created_topics()}
    if not service.defines_alarm_topic():
        topics.add(service.alarms_type)
    yield from (Edge(f"on {topic}", "email", dotted=True) for topic in sorted(topics) if service.is_emailed(topic))


def _function_edges(service: Service, function: Function) -> Iterator[Edge]:
    """Yield the edges from the triggers of a function, and to the resources that it has access to."""
    for endpoint, routes in service.endpoints().items():
        if labels := [_route_label(route) for owner, route in routes if owner is function]:
            source = f"url {function.name}" if function.url else service.api_target(endpoint)
            yield Edge(source, _key(function), labels)
    for name in service.used_apis():
        if names := [a.name for owner, a in service.authorizers_of(name) if owner is function]:
            labels = [f"authorizes: {', '.join(names)}"]
            yield Edge(service.api_target(name), _key(function), labels, dotted=True)
    yield from (Edge(f"schedule {schedule.name}", _key(function)) for schedule in function.schedules)
    for consumer in function.consumers:
        yield from _consumer_edges(function, consumer)
    for source, consumers in _consumed(function).items():
        yield Edge(source, _key(function), consumers)
    for resource, actions in _actions(service, function).items():
        yield Edge(_key(function), f"on {resource}", [_access(actions)])
    for statement in function.statements():
        yield Edge(_key(function), f"service {statement.service}", statement.actions)


def _consumer_edges(function: Function, consumer: Consumer) -> Iterator[Edge]:
    """Yield the edge from the source of a consumer to its function."""
    if isinstance(consumer, StreamConsumer):
        yield Edge(f"stream {consumer.name}", _key(function))
    if isinstance(consumer, QueueConsumer | TopicConsumer):
        yield Edge(f"on {consumer.source}", _key(function), [consumer.name])


def _key(function: Function) -> str:
    return f"function {function.name}"


def _consumed(function: Function) -> dict[str, list[str]]:
    """Return the descriptions of the consumers of a function by the key of the bucket or event bus."""
    consumers: dict[str, list[str]] = {}
    for consumer in function.consumers:
        if isinstance(consumer, BucketConsumer):
            keys = f" of {consumer.prefix}*{consumer.suffix}" if consumer.prefix or consumer.suffix else ""
            label = f"{consumer.name}: {', '.join(consumer.events)}{keys}"
            consumers.setdefault(f"on {consumer.bucket}", []).append(label)
        if isinstance(consumer, EventConsumer):
            bus = DEFAULT_BUS_KEY if consumer.bus == DEFAULT_BUS else f"on {consumer.bus}"
            consumers.setdefault(bus, []).append(consumer.name)
    return consumers


def _actions(service: Service, function: Function) -> dict[str, list[str]]:
    """Return the actions of a function by resource: those of its grants, and sending failed events to the queue."""
    actions: dict[str, list[str]] = {}
    for grant in function.grants():
        actions.setdefault(grant.on, []).extend(grant.actions)
    if service.dead_letters and function.async_triggers():
        actions.setdefault(service.dead_letters, []).append("SendMessage")
    return actions


def _access(actions: list[str]) -> str:
    """Return a summary of actions. The permissions page lists each of them."""
    kinds = ["reads" if action.startswith(READ_PREFIXES) else SENDING.get(action, "writes") for action in actions]
    return ", ".join(sorted(set(kinds)))


def _separate_parameters(service: Service) -> list[Parameter]:
    """Return the parameters with a separate node. A parameter with the name of a table is part of its node, unless a
    function reads it."""
    granted = {grant.on for function in service.functions for grant in function.grants()}
    return [parameter for parameter in service.parameters if parameter.value or parameter.name in granted]


def _protocol(service: Service) -> str:
    """Return the protocol of the callers, with JSON if all requests and responses have it."""
    routes = [route for _, route in service.routes()]
    others = any(route.content_types or any(map(response_types, route.responses.values())) for route in routes)
    return "HTTPS" if others else "HTTPS, JSON"


def _keys_required(service: Service, settings: Settings) -> str:
    by_default = settings.authorization.type == "API_KEY"
    required = {
        route.key_required or (by_default and bool(route.required_scope()))
        for function, route in service.routes()
        if not function.url
    }
    return {(True,): "API key required", (False, True): "API key on some routes"}.get(
        tuple(sorted(required)), "no API key"
    )


def _api_lines(service: Service, environment: str, api: Api, settings: ApiSettings) -> Iterator[str]:
    yield f"stage {settings.stage_name or (DEFAULT_STAGE if api.protocol == 'HTTP' else environment)}"
    yield f"{settings.throttle_rate_per_second:g} requests a second, burst {settings.throttle_burst}"
    for route in service.routes_of(api.name):
        if route.throttle:
            throttle = route.throttle.within(settings)
            yield f"{route.method} {route.path}: {throttle.rate_per_second:g} a second, burst {throttle.burst}"


def _table_lines(table: Table) -> Iterator[str]:
    yield from _existing_line(table)
    yield f"key {_keys(table)}"
    yield from (f"{index.name}: {_keys(index)}" for index in table.indexes)
    for local in table.local_indexes:
        yield f"{local.name}: {table.hash_key.name}, {local.range_key.name} ({local.range_key.type}), local"
    if table.ttl:
        yield f"expires by {table.ttl}"
    if table.stream:
        yield f"stream of {table.stream}"


def _bucket_lines(bucket: Bucket) -> Iterator[str]:
    yield from _existing_line(bucket)
    if bucket.versioned:
        yield f"earlier versions: {bucket.noncurrent_days} days"
    for expiration in bucket.expirations:
        yield f"{expiration.prefix}* expires after {expiration.days} days"


def _keys(source: Table | Index) -> str:
    return ", ".join(f"{key.name} ({key.type})" for key in (source.hash_key, source.range_key) if key)


def _route_label(route: Route) -> str:
    notes = [*(["API key"] if route.key_required else []), *([route.authorizer] if route.authorizer else [])]
    suffix = f" ({', '.join(notes)})" if notes else ""
    return f"{route.method} {route.path}{suffix}".replace(" ", NO_BREAK)
