"""What a worker of the stock service finds in AWS."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from lib.local.emulator import Emulator
from lib.model import Service, Table
from lib.services.stock.handler import levels
from lib.services.stock.handler.levels import Level
from lib.services.stock.service import SERVICE

from ..contenders import lambda_environment
from ..stage import create_table

PLENTY = 900_000_000
"""More units than any run holds: no alert is sent, nothing is refused."""


class Stage(NamedTuple):
    """Tables with nothing in them."""

    environment: dict[str, str]
    """Of a worker."""
    tables: dict[str, Table]
    """By their names in AWS."""
    names: dict[str, str]
    """Their names in AWS, by those in the description."""


def whole(service: Service = SERVICE) -> Service:
    """The service with one function for all operations, so that one worker serves them."""
    parts = service.functions
    one = replace(
        parts[0],
        routes=tuple(route for function in parts for route in function.routes),
        schedules=tuple(schedule for function in parts for schedule in function.schedules),
        consumers=tuple(consumer for function in parts for consumer in function.consumers),
    )
    return replace(service, functions=(one,), alarms=())


def alone(name: str) -> Service:
    """The service with one of its functions."""
    functions = tuple(function for function in SERVICE.functions if function.name == name)
    return replace(SERVICE, functions=functions, alarms=(), dead_letters="")


def set_up(emulator: Emulator, endpoint: str, name: str = "benchmark") -> Stage:
    """The tables, the topic and the variables of a service that reaches AWS at `endpoint`."""
    names = {table.name: f"{name}-{table.name}" for table in SERVICE.tables}
    for table in SERVICE.tables:
        create_table(emulator, table, names[table.name])
    variables = {key: value for function in SERVICE.functions for key, value in function.variables.items()}
    environment = {
        **lambda_environment(emulator, endpoint),
        **variables,
        **{table.variable: names[table.name] for table in SERVICE.tables},
        "ALERTS_TOPIC_ARN": emulator.client("sns").create_topic(Name=f"{name}-alerts")["TopicArn"],
    }
    return Stage(environment, {names[table.name]: table for table in SERVICE.tables}, names)


def put_level(emulator: Emulator, stage: Stage, level: Level) -> None:
    """A level that is there without anybody having asked for it."""
    emulator.client("dynamodb").put_item(TableName=stage.names["management"], Item=levels.row(level))
