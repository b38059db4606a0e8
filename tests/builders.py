"""Descriptions to test with.  Every builder has a default for everything."""

from __future__ import annotations

from typing import Any

from lib.service import Function, Grant, Index, Key, Route, Schedule, Service, Table, Topic

HANDLER = "lib.services.items.handler.api"


def a_route(**changes: Any) -> Route:
    """A route."""
    return Route(**{"method": "GET", "path": "/parcels", "operation": "list_parcels", "summary": "", **changes})


def a_table(**changes: Any) -> Table:
    """A table."""
    return Table(**{"name": "parcels", "variable": "PARCELS_TABLE", "hash_key": Key("id"), **changes})


def a_function(*routes: Route, **changes: Any) -> Function:
    """A function with one route, or those given."""
    return Function(**{"name": "desk", "handler": HANDLER, "routes": routes or (a_route(),), **changes})


def a_service(**changes: Any) -> Service:
    """A service with one table and one function."""
    defaults = {
        "name": "parcels",
        "title": "Parcels",
        "description": "Parcels at a post office.",
        "name_pattern": "parcels-{type}-{environment}",
        "tables": (a_table(),),
        "functions": (a_function(),),
    }
    return Service(**{**defaults, **changes})


def a_grant(on: str, *actions: str, indexes: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Grant:
    """A grant."""
    return Grant(on=on, actions=actions, indexes=indexes, keys=keys)


NEW_PARCEL = {"type": "object", "required": ["to"], "properties": {"to": {"type": "string"}}}
PAGE_SIZE = {"page_size": {"type": "integer", "minimum": 1, "maximum": 50}}

DESK = a_function(
    a_route(method="POST", operation="accept", body="NewParcel", grants=(a_grant("parcels", "PutItem"),)),
    a_route(query=PAGE_SIZE, grants=(a_grant("parcels", "Query", indexes=("by-state",)),)),
    a_route(
        method="PATCH",
        path="/parcels/{id}",
        operation="hand_out",
        grants=(a_grant("parcels", "UpdateItem"), a_grant("audit", "PutItem")),
    ),
)
SWEEP = Function(
    name="sweep",
    handler=HANDLER,
    schedules=(
        Schedule(
            name="lost-parcels",
            rate="rate(15 minutes)",
            operation="report_lost",
            grants=(a_grant("parcels", "Query", indexes=("by-state",)), a_grant("lost", "Publish")),
        ),
    ),
)
PARCELS = a_service(
    schemas={"NewParcel": NEW_PARCEL},
    tables=(
        a_table(
            indexes=(
                Index(name="by-state", hash_key=Key("state"), range_key=Key("due", "N")),
                Index(name="by-owner", hash_key=Key("owner"), projection="KEYS_ONLY"),
            ),
            ttl="expires",
            stream="NEW_AND_OLD_IMAGES",
        ),
        Table(name="audit", variable="AUDIT_TABLE", hash_key=Key("id"), range_key=Key("at", "N")),
    ),
    topics=(Topic(name="lost", variable="LOST_TOPIC"),),
    functions=(DESK, SWEEP),
)
"""Two functions, two tables with indexes, a stream and a TTL, a topic, a schedule."""
