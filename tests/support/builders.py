"""Descriptions to test with.  Every builder has a default for everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lib.model import (
    Alarm,
    Code,
    Consumer,
    Function,
    Grant,
    Index,
    Key,
    Metric,
    Route,
    Schedule,
    Secret,
    Service,
    ServiceFactory,
    Site,
    Table,
    Topic,
)
from lib.services import LOADED

HANDLER = "lib.services.items.handler.operations"


def replace_service(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    """Register a description under its name, in place of a service that has it."""
    monkeypatch.setitem(LOADED, service.name, ServiceFactory(name=service.name, build=lambda _settings: service))


def a_route(**changes: Any) -> Route:
    """A route."""
    return Route(**{"method": "GET", "path": "/parcels", "operation": "list_parcels", "summary": "", **changes})


def a_code(**changes: Any) -> Code:
    """What a refusal's `code` can be."""
    return Code(
        **{"name": "TOO_HEAVY", "status": 409, "meaning": "The parcel is too heavy. Send two parcels.", **changes}
    )


def a_metric(**changes: Any) -> Metric:
    """A figure."""
    return Metric(**{"name": "Arrivals", "unit": "Count", "description": "Parcels that came", **changes})


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


def a_consumer(**changes: Any) -> Consumer:
    """What runs when a table changes."""
    return Consumer(**{"name": "arrivals", "table": "parcels", "operation": "greet", **changes})


def a_secret(**changes: Any) -> Secret:
    """A secret that is made up where nobody gives it."""
    defaults = {"name": "token", "variable": "TOKEN", "description": "what carriers ask for", "generated": True}
    return Secret(**{**defaults, **changes})


def an_alarm(**changes: Any) -> Alarm:
    """An alarm on the API."""
    defaults = {"name": "refusals", "on": "api", "metric": "4XXError", "description": "refuses much", "threshold": 5}
    return Alarm(**{**defaults, **changes})


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

WATCH = Function(
    name="watch",
    handler=HANDLER,
    schedules=(Schedule(name="nightly", rate="rate(1 day)", operation="count", metrics=(a_metric(),)),),
    consumers=(
        a_consumer(pattern={"eventName": ["INSERT"]}, grants=(a_grant("notes", "PutItem"),), metrics=(a_metric(),)),
    ),
    variables={"GREETING": "hello"},
)
DEPTH = an_alarm(
    name="depth",
    on="dead-letters",
    metric="ApproximateNumberOfMessagesVisible",
    description="holds what failed",
    threshold=0,
    statistic="Maximum",
)
NO_ARRIVALS = an_alarm(
    name="no-arrivals",
    on="watch",
    metric="Arrivals",
    description="sees no parcel come",
    threshold=1,
    comparison="LessThanThreshold",
    period_seconds=3600,
    evaluation_periods=2,
    missing="breaching",
)


PAGES = Path(__file__).parent / "pages"


def a_yard(**changes: Any) -> Service:
    """A service with everything that `PARCELS` lacks: a consumer, a queue, variables, alarms of its own, secrets, a
    site."""
    defaults = {
        "name": "yard",
        "title": "Yard",
        "name_pattern": "yard-{type}-{environment}",
        "tables": (
            a_table(stream="NEW_IMAGE"),
            Table(name="notes", variable="NOTES_TABLE", hash_key=Key("id")),
        ),
        "functions": (a_function(a_route(grants=(a_grant("parcels", "Query"),))), WATCH),
        "dead_letters": "failures",
        "alarms": (an_alarm(), DEPTH, NO_ARRIVALS),
        "secrets": (a_secret(), a_secret(name="seal", variable="SEAL", store="secretsmanager")),
        "site": Site(folder=PAGES, hashed="assets/"),
    }
    return a_service(**{**defaults, **changes})
