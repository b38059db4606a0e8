"""What a service's CloudWatch dashboard shows: pure data, made from the description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..model import Service
from ..runtime import metrics

WIDTH = 24
"""Columns of a dashboard."""
HEIGHT = 6
ALARMS_HEIGHT = 4
LOGS_HEIGHT = 8
MAX_LOG_GROUPS = 50
"""What one query of Logs Insights reads."""
ERRORS = (
    "fields @timestamp, message, route, correlationId, error | filter level = 'ERROR' | sort @timestamp desc | limit 50"
)
LIMITS = {"Throttles": "#d62728", "Errors": "#d62728", "5XXError": "#d62728", "4XXError": "#ff7f0e"}
"""Metrics that have a colour everywhere."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What the service became: names in AWS by those in the description."""

    region: str
    api: str
    stage: str
    functions: Mapping[str, str]
    tables: Mapping[str, str]
    queue: str = ""
    alarms: Sequence[str] = field(default_factory=list)
    """ARNs."""


class Metric(NamedTuple):
    """One line of a graph."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    stat: str = "Sum"
    label: str = ""


class Graph(NamedTuple):
    """Some lines over the same time."""

    title: str
    lines: Sequence[Metric]


def body(service: Service, made: Made) -> dict[str, Any]:
    """The document that CloudWatch is given."""
    widgets: list[dict[str, Any]] = []
    if made.alarms:
        shown = {"title": f"{service.title}: alarms", "alarms": list(made.alarms)[:100]}
        widgets.append(_placed("alarm", shown, Place(0, 0, WIDTH, ALARMS_HEIGHT)))
    top = ALARMS_HEIGHT
    for row in (
        _callers(made),
        _figures(service, made),
        _functions(made),
        *_tables(service, made),
        _limits(service, made),
    ):
        graphs = [graph for graph in row if graph.lines]
        for number, graph in enumerate(graphs):
            width = WIDTH // len(graphs)
            place = Place(number * width, top, width, HEIGHT)
            widgets.append(_placed("metric", _graph(graph, made.region), place))
        top += HEIGHT if graphs else 0
    return {"widgets": [*widgets, _placed("log", _errors(made), Place(0, top, WIDTH, LOGS_HEIGHT))]}


class Place(NamedTuple):
    """Where a widget is, in columns and rows."""

    x: int
    y: int
    width: int
    height: int


def _placed(kind: str, properties: dict[str, Any], place: Place) -> dict[str, Any]:
    return {"type": kind, **place._asdict(), "properties": properties}


def _graph(graph: Graph, region: str) -> dict[str, Any]:
    return {
        "title": graph.title,
        "region": region,
        "view": "timeSeries",
        "period": 60,
        "yAxis": {"left": {"min": 0}},
        "metrics": [_line(line) for line in graph.lines],
    }


def _line(line: Metric) -> list[Any]:
    names = [part for pair in line.dimensions.items() for part in pair]
    colour = {"color": LIMITS[line.name]} if line.name in LIMITS and not line.label else {}
    return [line.namespace, line.name, *names, {"stat": line.stat, "label": line.label or line.name, **colour}]


def _callers(made: Made) -> Iterator[Graph]:
    at = {"ApiName": made.api, "Stage": made.stage}

    def line(name: str, stat: str = "Sum", label: str = "") -> Metric:
        return Metric("AWS/ApiGateway", name, at, stat, label)

    yield Graph("Requests", [line("Count", label="requests"), line("4XXError"), line("5XXError")])
    yield Graph("Latency, ms", [line("Latency", stat, stat) for stat in ("p50", "p90", "p99")])
    yield Graph("Of that in functions, ms", [line("IntegrationLatency", stat, stat) for stat in ("p50", "p90", "p99")])


def _figures(service: Service, made: Made) -> Iterator[Graph]:
    """The service's own figures, those of one unit together."""
    lines: dict[str, list[Metric]] = {}
    for function in service.functions:
        at = {metrics.DIMENSION: made.functions[function.name]}
        for figure in function.metrics():
            stat = "Sum" if figure.unit == "Count" else "Maximum"
            label = figure.name if len(service.functions) == 1 else f"{figure.name} ({function.name})"
            lines.setdefault(figure.unit, []).append(Metric(metrics.NAMESPACE, figure.name, at, stat, label))
    for unit, found in lines.items():
        yield Graph(f"{service.title}, {unit.lower()}", found)


def _functions(made: Made) -> Iterator[Graph]:
    for title, metric, stat in (
        ("Invocations", "Invocations", "Sum"),
        ("Duration p90, ms", "Duration", "p90"),
        ("Errors", "Errors", "Sum"),
    ):
        yield _of_all(made, title, metric, stat)


def _of_all(made: Made, title: str, metric: str, stat: str) -> Graph:
    return Graph(title, [_of_function(made, name, metric, stat) for name in made.functions])


def _of_function(made: Made, name: str, metric: str, stat: str) -> Metric:
    return Metric("AWS/Lambda", metric, {"FunctionName": made.functions[name]}, stat, name)


def _tables(service: Service, made: Made) -> Iterator[Iterator[Graph]]:
    for table in service.tables:
        at = {"TableName": made.tables[table.name]}
        indexes = {index.name: {**at, "GlobalSecondaryIndexName": index.name} for index in table.indexes}
        yield _table(table.name, {"table": at, **indexes})


def _table(table: str, places: Mapping[str, Mapping[str, str]]) -> Iterator[Graph]:
    for kind in ("Read", "Write"):
        used = f"Consumed{kind}CapacityUnits"
        yield Graph(
            f"{table}: {kind.lower()} units a minute",
            [Metric("AWS/DynamoDB", used, at, "Sum", place) for place, at in places.items()],
        )
    throttles = [
        Metric("AWS/DynamoDB", f"{kind}ThrottleEvents", at, "Sum", f"{place} {kind.lower()}s")
        for place, at in places.items()
        for kind in ("Read", "Write")
    ]
    yield Graph(f"{table}: throttled", throttles)


def _limits(service: Service, made: Made) -> Iterator[Graph]:
    yield _of_all(made, "Executions at once", "ConcurrentExecutions", "Maximum")
    yield _of_all(made, "Executions refused", "Throttles", "Sum")
    told = [function.name for function in service.functions if function.consumers]
    yield Graph("Age of changes told, ms", [_of_function(made, name, "IteratorAge", "Maximum") for name in told])
    waiting = {"QueueName": made.queue}
    depth = Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", waiting, "Maximum", "messages")
    yield Graph("What failed for good", [depth] if made.queue else [])


def _errors(made: Made) -> dict[str, Any]:
    groups = [f"/aws/lambda/{name}" for name in made.functions.values()][:MAX_LOG_GROUPS]
    sources = " | ".join(f"SOURCE '{group}'" for group in groups)
    return {"title": "Errors", "region": made.region, "view": "table", "query": f"{sources} | {ERRORS}"}
