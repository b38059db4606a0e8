"""The capacity of tables and indexes that change between on demand and provisioned, and that auto scaling changes."""

from __future__ import annotations

from typing import Any

from lib.settings import FunctionSettings, TableSettings

from . import wire
from .ledger import Ledger
from .programs import tap_stack
from .stack import Engine, Program

TABLE = "aws:dynamodb/table:Table"
CAPACITY = ("readCapacity", "writeCapacity")
INDEXES = "globalSecondaryIndexes"


def inventory(read_capacity: int | None = None, write_capacity: int | None = None, **args: Any) -> Program:
    """Return the inventory service in `dev`, on demand unless it has a capacity."""
    mode: Any = "PROVISIONED" if read_capacity else "PAY_PER_REQUEST"
    settings = TableSettings(billing_mode=mode, read_capacity=read_capacity, write_capacity=write_capacity)
    return tap_stack("inventory", table=settings, **args)


def capacities(ledger: Ledger) -> set[tuple[Any, ...]]:
    """Return the different capacities of all tables and indexes in AWS."""
    found = [wire.plain(entry.inputs) for entry in ledger.find(TABLE)]
    parts = [part for table in found for part in (table, *table.get(INDEXES, ()))]
    assert len(parts) > len(found) > 1, "the service has tables and indexes"
    return {tuple(part.get(name) for name in CAPACITY) for part in parts}


def scale(ledger: Ledger, read_capacity: int, write_capacity: int) -> None:
    """Change the capacity of every table and index, as auto scaling does."""
    changed = dict(zip(CAPACITY, (read_capacity, write_capacity), strict=True))
    for entry in ledger.find(TABLE):
        for properties in (entry.inputs, entry.outputs):
            properties.update(changed)
            for index in properties.get(INDEXES, ()):
                index.update(changed)


def test_requested_capacity_arrives_everywhere_and_stays_as_auto_scaling_changed_it(engine: Engine) -> None:
    stack = engine.stack("inventory-dev")
    stack.deploy(inventory())
    assert capacities(stack.ledger) == {(None, None)}
    stack.deploy(inventory(7, 5))
    assert capacities(stack.ledger) == {(7, 5)}
    scale(stack.ledger, 40, 30)
    stack.refresh()
    stack.deploy(inventory(9, 8, function=FunctionSettings(memory_mb=1024)))
    assert capacities(stack.ledger) == {(40, 30)}
    stack.deploy(inventory())
    assert capacities(stack.ledger) == {(None, None)}
    stack.deploy(inventory(9, 8))
    assert capacities(stack.ledger) == {(9, 8)}
