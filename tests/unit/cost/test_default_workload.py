"""Workload that is derived from the definition of a service."""

from __future__ import annotations

import pytest

from lib.cost.bill import bill
from lib.cost.default_workload import COLD_PROCESSOR_MS, PROCESSOR_MS, derive
from lib.cost.month import Month
from lib.cost.traffic import Traffic
from lib.model import Index, Key, LocalIndex, Operation, Statement
from lib.model.aws_limits import ROUND_TRIP
from lib.program.recorder import record
from lib.tap_stack import TapStack, TapStackArgs

from ...support import builders
from ...support.builders import a_grant, a_route, a_schedule, a_service, a_table
from ...support.programs import MARKET

INDEXED = a_table(
    range_key=Key("at"),
    indexes=(Index(name="newest", hash_key=Key("day")),),
    local_indexes=(LocalIndex(name="by-size", range_key=Key("size")),),
)
MAIL = Statement(actions=("ses:SendEmail",), resources=("*",), reason="send a receipt")


def operation(name: str, trigger: str = "", reads: float = 0, writes: float = 0, calls: int = 0) -> Operation:
    return Operation(
        name=name,
        trigger=trigger,
        read_units=reads,
        write_units=writes,
        round_trips=(ROUND_TRIP,) * calls,
        processor_ms=PROCESSOR_MS,
        cold_processor_ms=COLD_PROCESSOR_MS,
    )


def test_requests_use_the_capacity_of_their_grants() -> None:
    table = INDEXED.name
    service = a_service(
        tables=(INDEXED,),
        functions=(
            builders.a_function(
                a_route(operation="show", grants=(a_grant(table, "GetItem"),)),
                a_route(path="/days", operation="days", grants=(a_grant(table, "Query", indexes=("newest",)),)),
                a_route(method="POST", operation="add", grants=(a_grant(table, "GetItem", "PutItem"), MAIL)),
                a_route(method="ANY", path="/idle", operation="idle"),
                schedules=(a_schedule(name="daily", grants=(a_grant(table, "Scan", "DeleteItem"),)),),
            ),
        ),
    )
    workload = derive(service)
    assert workload.reads == (
        operation("show", "GET /parcels", reads=1, calls=1),
        operation("days", "GET /days", reads=0.5, calls=1),
    )
    assert workload.writes == (
        operation("add", "POST /parcels", reads=1, writes=3, calls=3),
        operation("idle", "ANY /idle"),
    )
    assert workload.schedules == {"daily": operation("daily", reads=1, writes=3, calls=2)}


@pytest.mark.parametrize(
    "args",
    [
        TapStackArgs(service=builders.full_service()),
        TapStackArgs(service=builders.full_service(), split_functions=True),
        TapStackArgs(service=builders.service_with_apis()),
        TapStackArgs(service=builders.queue_service()),
        TapStackArgs(service=builders.GALLERY),
        TapStackArgs(**MARKET),
    ],
    ids=["full", "split", "apis", "queues", "buckets and events", "endpoints of every type"],
)
def test_every_operation_is_invoked(args: TapStackArgs) -> None:
    service = args.service_definition()
    deployment = record(lambda: TapStack("post", args))
    month = Month(deployment, Traffic(), derive(service), service)
    operations = {route.operation for _, route in service.routes()}
    operations |= {schedule.name for _, schedule in service.schedules()}
    operations |= {consumer.name for _, consumer in service.consumers()}
    assert {entry.operation.name for entry in month.invocations if entry.quantity} >= operations
    assert sum(month.request_shares.values()) == pytest.approx(1)
    assert not [label for label in bill(month).unpriced if "existing" not in label]
