"""The body of a service's CloudWatch dashboard, derived from the service definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..model import API_METRICS, Service, StreamConsumer
from ..runtime import metrics
from ..runtime.records import FAILED_RECORDS

WIDTH = 24
"""Number of columns of a dashboard."""
HEIGHT = 6
ALARMS_HEIGHT = 4
LOGS_HEIGHT = 8
DAY_SECONDS = 86_400
MAX_LOG_GROUPS = 50
"""Maximum number of log groups in a CloudWatch Logs Insights query."""
ERRORS = (
    "fields @timestamp, message, route, correlationId, error | filter level = 'ERROR' | sort @timestamp desc | limit 50"
)
METRIC_COLORS = {
    "Throttles": "#d62728",
    "Errors": "#d62728",
    "5XXError": "#d62728",
    "5xx": "#d62728",
    "4XXError": "#ff7f0e",
    "4xx": "#ff7f0e",
}
"""Colors of metrics, the same in all graphs."""
VISIBLE = "ApproximateNumberOfMessagesVisible"


@dataclass(frozen=True, kw_only=True)
class DeployedNames:
    """Names of deployed resources. The keys of mappings are names in the service definition."""

    region: str
    apis: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Dimensions of the metrics of each API, by its name in the service definition."""
    functions: Mapping[str, str]
    tables: Mapping[str, str]
    buckets: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Metric dimensions of the rules of event consumers."""
    queue: str = ""
    """Name of the dead-letter queue of the service."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """Names of the queues and of their dead-letter queues."""
    alarms: Sequence[str] = field(default_factory=list)
    """ARNs of the alarms."""


class Metric(NamedTuple):
    """One line of a graph."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    stat: str = "Sum"
    label: str = ""
    period: int = 0
    """Seconds between data points; 0 for the period of the graph."""


class Graph(NamedTuple):
    """A graph of several metrics."""

    title: str
    lines: Sequence[Metric]


def body(service: Service, names: DeployedNames) -> dict[str, Any]:
    """Return the dashboard body."""
    widgets: list[dict[str, Any]] = []
    if names.alarms:
        alarms = {"title": f"{service.title}: alarms", "alarms": list(names.alarms)[:100]}
        widgets.append(_widget("alarm", alarms, Position(0, 0, WIDTH, ALARMS_HEIGHT)))
    top = ALARMS_HEIGHT
    for row in (
        *(_requests(service, name, dimensions) for name, dimensions in names.apis.items()),
        _urls(service, names),
        _custom_metrics(service, names),
        _functions(names),
        *_tables(service, names),
        _buckets(names),
        _rules(names),
        *(_queue(queue.name, names.queues[queue.name]) for queue in service.queues),
        _limits(service, names),
    ):
        graphs = [graph for graph in row if graph.lines]
        for number, graph in enumerate(graphs):
            width = WIDTH // len(graphs)
            position = Position(number * width, top, width, HEIGHT)
            widgets.append(_widget("metric", _graph(graph, names.region), position))
        top += HEIGHT if graphs else 0
    return {"widgets": [*widgets, _widget("log", _errors(names), Position(0, top, WIDTH, LOGS_HEIGHT))]}


class Position(NamedTuple):
    """Position and size of a widget, in dashboard columns and rows."""

    x: int
    y: int
    width: int
    height: int


def _widget(kind: str, properties: dict[str, Any], position: Position) -> dict[str, Any]:
    return {"type": kind, **position._asdict(), "properties": properties}


def _graph(graph: Graph, region: str) -> dict[str, Any]:
    return {
        "title": graph.title,
        "region": region,
        "view": "timeSeries",
        "period": 60,
        "yAxis": {"left": {"min": 0}},
        "metrics": [_metrics_entry(line) for line in graph.lines],
    }


def _metrics_entry(line: Metric) -> list[Any]:
    dimensions = [part for pair in line.dimensions.items() for part in pair]
    color = {"color": METRIC_COLORS[line.name]} if line.name in METRIC_COLORS and not line.label else {}
    period = {"period": line.period} if line.period else {}
    options = {"stat": line.stat, "label": line.label or line.name, **color, **period}
    return [line.namespace, line.name, *dimensions, options]


def _requests(service: Service, api: str, dimensions: Mapping[str, str]) -> Iterator[Graph]:
    apis = service.used_apis()
    prefix = f"{api}: " if len(apis) > 1 else ""
    count, client_errors, server_errors, latency, integration_latency = API_METRICS[apis[api].protocol][:5]

    def line(name: str, stat: str = "Sum", label: str = "") -> Metric:
        return Metric("AWS/ApiGateway", name, dimensions, stat, label)

    def percentiles(name: str) -> list[Metric]:
        return [line(name, stat, stat) for stat in ("p50", "p90", "p99")]

    yield Graph(f"{prefix}Requests", [line(count, label="requests"), line(client_errors), line(server_errors)])
    yield Graph(f"{prefix}Latency (ms)", percentiles(latency))
    yield Graph(f"{prefix}Integration latency (ms)", percentiles(integration_latency))


def _urls(service: Service, names: DeployedNames) -> Iterator[Graph]:
    functions = [function.name for function in service.function_urls()]
    for title, metric, stat in (
        ("URL requests", "UrlRequestCount", "Sum"),
        ("URL 5xx responses", "Url5xxCount", "Sum"),
        ("URL latency p90 (ms)", "UrlRequestLatency", "p90"),
    ):
        yield Graph(title, [_function_metric(names, function, metric, stat) for function in functions])


def _custom_metrics(service: Service, names: DeployedNames) -> Iterator[Graph]:
    """Yield one graph per unit with the custom metrics of the service."""
    lines: dict[str, list[Metric]] = {}
    for function in service.functions:
        dimensions = {metrics.DIMENSION: names.functions[function.name]}
        for metric in function.metrics():
            stat = "Sum" if metric.unit == "Count" else "Maximum"
            label = metric.name if len(service.functions) == 1 else f"{metric.name} ({function.name})"
            line = Metric(metrics.NAMESPACE, metric.name, dimensions, stat, label)
            lines.setdefault(metric.unit, []).append(line)
    for unit, unit_lines in lines.items():
        yield Graph(f"{service.title} ({unit.lower()})", unit_lines)


def _functions(names: DeployedNames) -> Iterator[Graph]:
    for title, metric, stat in (
        ("Invocations", "Invocations", "Sum"),
        ("Duration p90 (ms)", "Duration", "p90"),
        ("Errors", "Errors", "Sum"),
    ):
        yield _per_function_graph(names, title, metric, stat)


def _per_function_graph(names: DeployedNames, title: str, metric: str, stat: str) -> Graph:
    return Graph(title, [_function_metric(names, function, metric, stat) for function in names.functions])


def _function_metric(names: DeployedNames, function: str, metric: str, stat: str) -> Metric:
    return Metric("AWS/Lambda", metric, {"FunctionName": names.functions[function]}, stat, function)


def _tables(service: Service, names: DeployedNames) -> Iterator[Iterator[Graph]]:
    for table in service.tables:
        dimensions = {"TableName": names.tables[table.name]}
        indexes = {index.name: {**dimensions, "GlobalSecondaryIndexName": index.name} for index in table.indexes}
        yield _table(table.name, {"table": dimensions, **indexes})


def _table(table: str, dimensions_by_label: Mapping[str, Mapping[str, str]]) -> Iterator[Graph]:
    for kind in ("Read", "Write"):
        metric = f"Consumed{kind}CapacityUnits"
        yield Graph(
            f"{table}: consumed {kind.lower()} units per minute",
            [
                Metric("AWS/DynamoDB", metric, dimensions, "Sum", label)
                for label, dimensions in dimensions_by_label.items()
            ],
        )
    throttles = [
        Metric("AWS/DynamoDB", f"{kind}ThrottleEvents", dimensions, "Sum", f"{label} {kind.lower()}s")
        for label, dimensions in dimensions_by_label.items()
        for kind in ("Read", "Write")
    ]
    yield Graph(f"{table}: throttled requests", throttles)


def _buckets(names: DeployedNames) -> Iterator[Graph]:
    """Yield graphs of the storage, which S3 reports once a day."""
    for title, metric, storage_type in (
        ("Bucket size (bytes)", "BucketSizeBytes", "StandardStorage"),
        ("Objects", "NumberOfObjects", "AllStorageTypes"),
    ):
        lines = [
            Metric("AWS/S3", metric, {"BucketName": name, "StorageType": storage_type}, "Average", bucket, DAY_SECONDS)
            for bucket, name in names.buckets.items()
        ]
        yield Graph(title, lines)


def _rules(names: DeployedNames) -> Iterator[Graph]:
    for title, metric in (("Consumed events", "Invocations"), ("Failed event deliveries", "FailedInvocations")):
        lines = [Metric("AWS/Events", metric, names.rules[consumer], "Sum", consumer) for consumer in names.rules]
        yield Graph(title, lines)


def _queue(label: str, name: str) -> Iterator[Graph]:
    yield Graph(
        f"{label}: messages per minute",
        [
            _queue_metric(name, "NumberOfMessagesSent", "Sum", "sent"),
            _queue_metric(name, "NumberOfMessagesDeleted", "Sum", "processed"),
        ],
    )
    yield Graph(
        f"{label}: depth",
        [
            _queue_metric(name, VISIBLE, "Maximum", "waiting"),
            _queue_metric(name, "ApproximateNumberOfMessagesNotVisible", "Maximum", "in flight"),
        ],
    )
    age = _queue_metric(name, "ApproximateAgeOfOldestMessage", "Maximum", "oldest message")
    yield Graph(f"{label}: age (s)", [age])


def _queue_metric(queue: str, metric: str, stat: str, label: str) -> Metric:
    return Metric("AWS/SQS", metric, {"QueueName": queue}, stat, label)


def _failed_records(names: DeployedNames, function: str) -> Metric:
    dimensions = {metrics.DIMENSION: names.functions[function]}
    return Metric(metrics.NAMESPACE, FAILED_RECORDS, dimensions, "Sum", function)


def _limits(service: Service, names: DeployedNames) -> Iterator[Graph]:
    yield _per_function_graph(names, "Concurrent executions", "ConcurrentExecutions", "Maximum")
    yield _per_function_graph(names, "Throttled invocations", "Throttles", "Sum")
    consuming = dict.fromkeys(f.name for f, consumer in service.consumers() if isinstance(consumer, StreamConsumer))
    ages = [_function_metric(names, function, "IteratorAge", "Maximum") for function in consuming]
    yield Graph("Stream iterator age (ms)", ages)
    reporting = [function.name for function in service.functions if function.reports_failed_records()]
    yield Graph("Failed records", [_failed_records(names, function) for function in reporting])
    depths = [_queue_metric(names.queue, VISIBLE, "Maximum", "messages")] if names.queue else []
    for queue in service.created_queues():
        depths.append(_queue_metric(names.queues[queue.dead_letters], VISIBLE, "Maximum", queue.dead_letters))
    yield Graph("Dead-letter queue depth", depths)


def _errors(names: DeployedNames) -> dict[str, Any]:
    groups = [f"/aws/lambda/{name}" for name in names.functions.values()][:MAX_LOG_GROUPS]
    sources = " | ".join(f"SOURCE '{group}'" for group in groups)
    return {"title": "Errors", "region": names.region, "view": "table", "query": f"{sources} | {ERRORS}"}
