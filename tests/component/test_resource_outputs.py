"""Outputs of each table, topic and queue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lib.model import RESERVED_OUTPUT_PREFIXES, Table, Topic
from lib.program.recorder import record
from lib.services import SERVICES
from lib.settings import docs_of
from lib.stack.outputs import CUSTOM_OUTPUTS, ServiceOutputs, StackOutputs
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import a_service, a_table
from .conftest import evaluate

PATTERN = re.compile(r"(\w+?)_((?:table|bucket)_(?:name|arn)|topic_arn|queue_(?:url|arn|dead_letter_url))")
"""Names of outputs of resources that a service definition names."""


def fixed_outputs() -> set[str]:
    """Return the names of outputs that do not depend on the service."""
    return set(docs_of(StackOutputs))


def test_custom_service_has_outputs_for_its_tables_and_topics() -> None:
    service = a_service(
        tables=(
            a_table(name="lost-parcels"),
            a_table(name="log", variable="LOG_TABLE", output_prefix="journal"),
            a_table(name="internal", variable="INTERNAL_TABLE", output_prefix=""),
        ),
        topics=(
            Topic(name="lost-and-found", variable="LOST_TOPIC"),
            Topic(name="errors", variable="ERRORS_TOPIC", output_prefix=""),
        ),
    )
    outputs = record(lambda: TapStack("tap", TapStackArgs(service=service))).stack_outputs()
    custom = {name: value for name, value in outputs.items() if PATTERN.fullmatch(name) and name not in fixed_outputs()}
    assert custom == {
        "lost_parcels_table_name": "parcels-lost-parcels-dev",
        "lost_parcels_table_arn": "arn:tap-lost-parcels-table",
        "journal_table_name": "parcels-log-dev",
        "journal_table_arn": "arn:tap-log-table",
        "lost_and_found_topic_arn": "arn:tap-lost-and-found-topic",
    }


def test_outputs_of_tables_and_topics_are_attributes_of_the_stack() -> None:
    stack = evaluate("inventory").stack
    assert stack.items_table_name is stack.tables["items"].name
    assert stack.audit_table_arn is stack.tables["audit"].arn
    assert stack.sns_topic_arn is stack.topics["alerts"].arn is stack.alarm_topic.arn


def test_outputs_of_the_built_in_services_are_declared() -> None:
    definitions: list[Table | Topic] = []
    for service in SERVICES.values():
        definitions += [*service.tables, *service.topics]
    named = {name for definition in definitions for name in definition.outputs().values()}
    assert named == docs_of(ServiceOutputs).keys()


@pytest.mark.parametrize("name", ["<table>_table_name", "<table>_table_arn", "<topic>_topic_arn"])
def test_form_of_the_outputs_of_custom_services_is_documented(name: str) -> None:
    assert CUSTOM_OUTPUTS[name]
    assert f"| `{name}` | " in Path("docs/reference/outputs.md").read_text(encoding="utf-8")


def test_prefixes_of_fixed_outputs_are_reserved() -> None:
    parts = [match.groups() for match in map(PATTERN.fullmatch, fixed_outputs()) if match]
    assert {kind.partition("_")[0]: prefix for prefix, kind in parts} == RESERVED_OUTPUT_PREFIXES
