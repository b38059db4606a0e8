"""The architecture of a service as a Mermaid flowchart, derived from its definition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..model import Function, Index, Parameter, Route, Service, Table
from ..settings import ApiSettings, Settings, merge
from ..settings.environments import ENVIRONMENTS, profile_name
from ..stack.context import StackNames

SHAPES = {
    "callers": ("([", "])", "Callers"),
    "site": ("[", "]", "Static pages"),
    "api": ("[", "]", "REST API"),
    "schedule": ("([", "])", "EventBridge rule"),
    "stream": ("([", "])", "DynamoDB stream"),
    "function": ("[[", "]]", "Lambda function"),
    "table": ("[(", ")]", "DynamoDB table"),
    "topic": (">", "]", "SNS topic"),
    "queue": ("[/", "/]", "SQS queue"),
    "parameter": ("[", "]", "Parameter Store"),
    "secret": ("[", "]", "Secret"),
    "alarms": ("{{", "}}", "CloudWatch alarms"),
    "email": ("([", "])", "Email"),
}
"""The brackets of each kind of node, which are its shape, and its heading."""
STORES = {"ssm": "in Parameter Store", "secretsmanager": "in Secrets Manager"}
READ_PREFIXES = ("BatchGet", "Describe", "Get", "Query", "Scan")
"""How the names of actions begin that change nothing."""
SENDING = {"Publish": "publishes", "SendMessage": "sends"}
"""What other actions are called, apart from writing."""
NO_BREAK = "\N{NO-BREAK SPACE}"
ESCAPES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "\n": " "}
"""Characters with a meaning in a label, and Mermaid's codes for them."""


class Node(NamedTuple):
    """A resource, or who uses it."""

    kind: str
    key: str
    """Unique in a chart."""
    name: str
    lines: Iterable[str] = ()


class Edge(NamedTuple):
    """An arrow from one node to another, by their keys."""

    source: str
    target: str
    label: Iterable[str] = ()
    dotted: bool = False


def flowchart(service: Service, environment: str = "dev") -> str:
    """Return the callers, the API, its functions and what they may do with which resource; schedules and alarms."""
    nodes = list(_nodes(service, environment))
    lines = [
        "%%{init: {'flowchart': {'wrappingWidth': 600}}}%%",
        "flowchart LR",
        f"accTitle: Architecture of {_escape(service.title)} in {_escape(environment)}",
        *(_node(node) for node in nodes if node.kind != "function"),
        'subgraph functions["Lambda functions"]',
        *(f"  {_node(node)}" for node in nodes if node.kind == "function"),
        "end",
        *map(_edge, _edges(service)),
    ]
    return "\n".join(lines) + "\n"


def _nodes(service: Service, environment: str) -> Iterator[Node]:
    names = StackNames(service, environment)
    named = names.physical
    settings = ENVIRONMENTS[profile_name(environment)].merged_with(service.settings)
    yield Node("callers", "callers", "HTTPS, JSON", [_keys_required(service, settings)])
    if service.site:
        access = "public, over HTTP" if settings.site.public else "private, behind CloudFront"
        yield Node("site", "site", f"{named('bucket', service.site.type)}-…", [access])
    yield Node("api", "api", named("api", service.api_type), _api_lines(service, environment, settings.api))
    for function in service.functions:
        runs = merge(settings.function, function.settings)
        lines = [f"{runs.runtime}, {runs.memory_mb} MB, {runs.timeout_seconds} s"]
        yield Node("function", _key(function), named("function", function.name), lines)
        for schedule in function.schedules:
            yield Node("schedule", f"schedule {schedule.name}", named("rule", schedule.name), [schedule.rate])
        for consumer in function.consumers:
            yield Node("stream", f"stream {consumer.name}", named("table", consumer.table), [consumer.name])
    paths = {one.name: names.parameter(one.name) for one in service.parameters}
    for table in service.tables:
        parameters = [f"name in {paths[one.name]}" for one in service.parameters if one.table == table.name]
        yield Node("table", f"on {table.name}", named("table", table.name), [*_table_lines(table), *parameters])
    for one in _separate_parameters(service):
        yield Node("parameter", f"on {one.name}", paths[one.name], one.value or [named("table", one.table)])
    for secret in service.secrets:
        yield Node("secret", f"on {secret.name}", names.secret(secret), [STORES[secret.store]])
    for topic in dict.fromkeys([*(one.name for one in service.topics), service.alarms_type]):
        yield Node("topic", f"on {topic}", named("topic", topic))
    if service.dead_letters:
        yield Node("queue", f"on {service.dead_letters}", named("queue", service.dead_letters), ["failed events"])
    own_alarms = [f"{alarm.on}: {alarm.name}" for alarm in service.alarms]
    yield Node("alarms", "alarms", "of each function", ["duration, errors, throttles", *own_alarms])
    yield Node("email", "email", "notification_email", ["if configured"])


def _edges(service: Service) -> Iterator[Edge]:
    yield Edge("callers", "api")
    if service.site:
        yield Edge("callers", "site")
        yield Edge("site", "api")
    for function in service.functions:
        if function.routes:
            yield Edge("api", _key(function), [_route_label(one) for one in function.routes])
        yield from (Edge(f"schedule {one.name}", _key(function)) for one in function.schedules)
        yield from (Edge(f"stream {one.name}", _key(function)) for one in function.consumers)
        for resource, actions in _actions(service, function).items():
            yield Edge(_key(function), f"on {resource}", [_access(actions)])
    yield Edge("functions", "alarms", ["metrics"], dotted=True)
    yield Edge("alarms", f"on {service.alarms_type}")
    topics = {f"on {one.name}" for one in service.topics} | {f"on {service.alarms_type}"}
    yield from (Edge(topic, "email", dotted=True) for topic in sorted(topics))


def _key(function: Function) -> str:
    return f"function {function.name}"


def _actions(service: Service, function: Function) -> dict[str, list[str]]:
    """Return what a function may do with each resource: what its parts need, and to send failed events to the queue."""
    actions: dict[str, list[str]] = {}
    for grant in function.grants():
        actions.setdefault(grant.on, []).extend(grant.actions)
    if service.dead_letters and function.async_triggers():
        actions.setdefault(service.dead_letters, []).append("SendMessage")
    return actions


def _access(actions: list[str]) -> str:
    """Return a summary of actions; the permissions list each of them."""
    kinds = ["reads" if action.startswith(READ_PREFIXES) else SENDING.get(action, "writes") for action in actions]
    return ", ".join(sorted(set(kinds)))


def _separate_parameters(service: Service) -> list[Parameter]:
    """Return the parameters with a node of their own: a table's node has the one with its name, unless it is read."""
    granted = {grant.on for function in service.functions for grant in function.grants()}
    return [one for one in service.parameters if one.value or one.name in granted]


def _keys_required(service: Service, settings: Settings) -> str:
    by_default = settings.authorization.type == "API_KEY"
    required = {route.key_required or (by_default and bool(route.required_scope())) for _, route in service.routes()}
    return {(True,): "API key required", (False, True): "API key on some routes"}.get(
        tuple(sorted(required)), "no API key"
    )


def _api_lines(service: Service, environment: str, api: ApiSettings) -> Iterator[str]:
    yield f"stage {api.stage_name or environment}"
    yield f"{api.throttle_rate_per_second:g} requests a second, burst {api.throttle_burst}"
    for _, route in service.routes():
        if route.throttle:
            throttle = route.throttle.within(api)
            yield f"{route.method} {route.path}: {throttle.rate_per_second:g} a second, burst {throttle.burst}"


def _table_lines(table: Table) -> Iterator[str]:
    yield f"key {_keys(table)}"
    yield from (f"{index.name}: {_keys(index)}" for index in table.indexes)
    if table.ttl:
        yield f"expires by {table.ttl}"
    if table.stream:
        yield f"stream of {table.stream}"


def _keys(of: Table | Index) -> str:
    return ", ".join(f"{key.name} ({key.type})" for key in (of.hash_key, of.range_key) if key)


def _route_label(route: Route) -> str:
    return f"{route.method} {route.path}{' (API key)' if route.key_required else ''}".replace(" ", NO_BREAK)


def _node(node: Node) -> str:
    opening, closing, heading = SHAPES[node.kind]
    return f'{_id(node.key)}{opening}"{_label([f"<b>{heading}</b>"], [node.name, *node.lines])}"{closing}'


def _edge(edge: Edge) -> str:
    arrow = "-.->" if edge.dotted else "-->"
    if label := _label([], edge.label):
        arrow += f'|"{label}"|'
    return f"{_id(edge.source)} {arrow} {_id(edge.target)}"


def _id(key: str) -> str:
    return re.sub(r"\W", "_", key)


def _label(headings: list[str], lines: Iterable[str]) -> str:
    return "<br>".join([*headings, *map(_escape, lines)])


def _escape(text: str) -> str:
    return "".join(ESCAPES.get(character, character) for character in text)
