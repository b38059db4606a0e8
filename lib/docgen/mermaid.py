"""Nodes and edges of a Mermaid flowchart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

SHAPES = {
    "callers": ("([", "])", "Callers"),
    "site": ("[", "]", "Static pages"),
    "api": ("[", "]", "REST API"),
    "http-api": ("[", "]", "HTTP API"),
    "url": ("[", "]", "Function URL"),
    "schedule": ("([", "])", "EventBridge rule"),
    "stream": ("([", "])", "DynamoDB stream"),
    "function": ("[[", "]]", "Lambda function"),
    "table": ("[(", ")]", "DynamoDB table"),
    "topic": (">", "]", "SNS topic"),
    "queue": ("[/", "/]", "SQS queue"),
    "bucket": ("[(", ")]", "S3 bucket"),
    "event_bus": ("([", "])", "Event bus"),
    "parameter": ("[", "]", "Parameter Store"),
    "secret": ("[", "]", "Secret"),
    "service": ("[", "]", "AWS service"),
    "alarms": ("{{", "}}", "CloudWatch alarms"),
    "email": ("([", "])", "Email"),
}
"""Brackets, which select the shape, and heading of each kind of node."""
NO_BREAK = "\N{NO-BREAK SPACE}"
ESCAPES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "\n": " "}
"""Mermaid codes of characters that have a special meaning in a label."""


class Node(NamedTuple):
    """A resource, or its callers."""

    kind: str
    key: str
    """Unique key in the chart."""
    name: str
    lines: Iterable[str] = ()


class Edge(NamedTuple):
    """An arrow from one node to another, by their keys."""

    source: str
    target: str
    label: Iterable[str] = ()
    dotted: bool = False


def node_line(node: Node) -> str:
    """Return the line of a node."""
    opening, closing, heading = SHAPES[node.kind]
    return f'{_id(node.key)}{opening}"{_label([f"<b>{heading}</b>"], [node.name, *node.lines])}"{closing}'


def edge_line(edge: Edge) -> str:
    """Return the line of an arrow."""
    arrow = "-.->" if edge.dotted else "-->"
    if label := _label([], edge.label):
        arrow += f'|"{label}"|'
    return f"{_id(edge.source)} {arrow} {_id(edge.target)}"


def _id(key: str) -> str:
    return re.sub(r"\W", "_", key)


def _label(headings: list[str], lines: Iterable[str]) -> str:
    return "<br>".join([*headings, *map(escape, lines)])


def escape(text: str) -> str:
    """Return a text with codes instead of characters that have a special meaning in a label."""
    return "".join(ESCAPES.get(character, character) for character in text)
