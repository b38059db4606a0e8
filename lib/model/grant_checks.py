"""Checks of the access of functions to the resources of a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..runtime.reserved_keys import EXPIRES
from .function import part_label
from .grants import Grant, action_problems
from .resources import SECRET_READ_ACTIONS, Table
from .storage import Bucket
from .validation import suggestion
from .variables import deployed_value

if TYPE_CHECKING:
    from .service import Service


def grant_problems(service: Service) -> Iterator[str]:
    """Yield an error for each grant that IAM or the service does not support."""
    grantable = service.resources()
    indexes = {
        name: {*resource.index_names()} if isinstance(resource, Table) else set[str]()
        for name, resource in grantable.items()
    }
    read_actions = {secret.name: SECRET_READ_ACTIONS[secret.store] for secret in service.secrets}
    for function in service.functions:
        for grant in function.grants():
            field_name = f"function {function.name!r} grant on {grant.on!r}"
            if grant.on not in indexes:
                known = ", ".join(indexes) or "none, because the service has no resources"
                owners = [
                    p for p in function.parts() if any(isinstance(g, Grant) and g.on == grant.on for g in p.grants)
                ]
                label = f"function {function.name!r} {part_label(owners[0])} grant"
                yield f"{label} must be on one of {known}, got {grant.on!r}.{suggestion(grant.on, indexes)}"
            elif grant.keys and not isinstance(grantable[grant.on], Table | Bucket):
                yield f"{field_name} keys must be empty because it is not a table or a bucket, got {grant.keys}."
            elif grant.on in read_actions and grant.actions != (read_actions[grant.on],):
                yield f"{field_name} actions must be {(read_actions[grant.on],)}, got {grant.actions}."
            elif unknown := set(grant.indexes) - indexes[grant.on]:
                yield f"{field_name} indexes must be indexes of the table, got {sorted(unknown)}."
            elif grant.on not in read_actions:
                kind = "index" if grant.indexes else grantable[grant.on].KIND
                yield from action_problems(field_name, grant, kind)


def parameter_problems(service: Service) -> Iterator[str]:
    """Yield an error for each parameter with the name of a table that does not exist."""
    tables = [table.name for table in service.tables]
    for parameter in service.parameters:
        if parameter.table and parameter.table not in tables:
            expected = f"one of {', '.join(tables)}"
            remedy = suggestion(parameter.table, tables)
            yield f"parameter {parameter.name!r} table must be {expected}, got {parameter.table!r}.{remedy}"


def idempotency_problems(service: Service) -> Iterator[str]:
    """Yield an error for each route whose responses cannot be recorded in its table."""
    tables = {table.name: (table.hash_key.type, table.range_key, table.ttl) for table in service.tables}
    for _, route in service.routes():
        if route.idempotency and tables.get(route.idempotency) != ("S", None, EXPIRES):
            yield (
                f"route {route.method} {route.path} idempotency must be a table with a string as its only key and "
                f"ttl={EXPIRES!r}, got {route.idempotency!r}. Add idempotency_table() to the tables."
            )


def variable_problems(service: Service, reserved: set[str]) -> Iterator[str]:
    """Yield an error for each variable of a function that the stack sets, such as those of resources (`reserved`)."""
    reserved = reserved | {deployed_value(parameter.variable) for parameter in service.parameters}
    for function in service.functions:
        for name in sorted(reserved & function.variables.keys()):
            yield f"function {function.name!r} variables must differ from those that the stack sets, got {name!r}."
