"""Capacity of tables and indexes: changes between on-demand and provisioned mode, and by auto scaling."""

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
    """Return a program with the inventory service in `dev`, on-demand unless it has a capacity."""
    mode: Any = "PROVISIONED" if read_capacity else "PAY_PER_REQUEST"
    settings = TableSettings(billing_mode=mode, read_capacity=read_capacity, write_capacity=write_capacity)
    return tap_stack("inventory", table=settings, **args)


def capacities(ledger: Ledger) -> set[tuple[Any, ...]]:
    """Return the different capacities of all tables and indexes in AWS."""
    tables = [wire.plain(entry.inputs) for entry in ledger.find(TABLE)]
    parts = [part for table in tables for part in (table, *table.get(INDEXES, ()))]
    assert len(parts) > len(tables) > 1, "The service must have several tables with indexes."
    return {tuple(part.get(name) for name in CAPACITY) for part in parts}


def scale(ledger: Ledger, read_capacity: int, write_capacity: int) -> None:
    """Change the capacity of every table and index like auto scaling does."""
    changed = dict(zip(CAPACITY, (read_capacity, write_capacity), strict=True))
    for entry in ledger.find(TABLE):
        for properties in (entry.inputs, entry.outputs):
            properties.update(changed)
            for index in properties.get(INDEXES, ()):
                index.update(changed)


def test_capacity_is_set_once_and_then_managed_by_auto_scaling(engine: Engine) -> None:
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
