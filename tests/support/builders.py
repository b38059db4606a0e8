"""Service definitions for tests. Every builder has defaults for all fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lib.model import (
    Alarm,
    Api,
    Bucket,
    BucketConsumer,
    BucketCors,
    Code,
    EventBus,
    EventConsumer,
    Expiration,
    Function,
    FunctionUrl,
    Grant,
    Index,
    JwtAuthorizer,
    Key,
    LambdaAuthorizer,
    Metric,
    Queue,
    QueueConsumer,
    Route,
    Schedule,
    Secret,
    Service,
    ServiceFactory,
    Site,
    Statement,
    StreamConsumer,
    Table,
    Throttle,
    Topic,
    TopicConsumer,
)
from lib.services import LOADED
from lib.settings import ApiSettings

HANDLER = "lib.services.items.handler.operations"


def replace_service(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    """Register a service definition under its name, in place of a registered service with that name."""
    monkeypatch.setitem(LOADED, service.name, ServiceFactory(name=service.name, build=lambda _settings: service))


def a_route(**changes: Any) -> Route:
    return Route(**{"method": "GET", "path": "/parcels", "operation": "list_parcels", "summary": "", **changes})


def a_code(**changes: Any) -> Code:
    return Code(
        **{"name": "TOO_HEAVY", "status": 409, "meaning": "The parcel is too heavy. Send two parcels.", **changes}
    )


def a_metric(**changes: Any) -> Metric:
    return Metric(**{"name": "Arrivals", "unit": "Count", "description": "Received parcels", **changes})


def a_table(**changes: Any) -> Table:
    return Table(**{"name": "parcels", "variable": "PARCELS_TABLE", "hash_key": Key("id"), **changes})


def a_function(*routes: Route, **changes: Any) -> Function:
    """Return a function with `routes`, by default with one route."""
    return Function(**{"name": "desk", "handler": HANDLER, "routes": routes or (a_route(),), **changes})


def a_service(**changes: Any) -> Service:
    """Return a service with one table and one function."""
    defaults = {
        "name": "parcels",
        "title": "Parcels",
        "description": "Parcels at a post office.",
        "name_pattern": "parcels-{type}-{environment}",
        "tables": (a_table(),),
        "functions": (a_function(),),
    }
    return Service(**{**defaults, **changes})


def service_with_apis(**changes: Any) -> Service:
    """Return a service with a REST API, an HTTP API and a public function URL. One function has routes of both APIs."""
    limits = Throttle(rate_per_second=1, burst=2)
    desk = a_function(
        a_route(),
        a_route(path="/reports/{day}", api="admin-api"),
        a_route(method="POST", path="/reports", api="admin-api", throttle=limits),
    )
    hooks = a_function(a_route(method="POST", path="/hooks/{source}"), name="hooks", url=FunctionUrl(auth="NONE"))
    admin = Api(name="admin-api", protocol="HTTP", description="Reports.")
    return a_service(**{"functions": (desk, hooks), "apis": (admin,), **changes})


def a_grant(on: str, *actions: str, indexes: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Grant:
    return Grant(on=on, actions=actions, indexes=indexes, keys=keys)


def a_consumer(**changes: Any) -> StreamConsumer:
    return StreamConsumer(**{"name": "arrivals", "table": "parcels", "operation": "greet", **changes})


def a_schedule(**changes: Any) -> Schedule:
    return Schedule(**{"name": "nightly", "rate": "rate(1 day)", "operation": "sweep", **changes})


def a_secret(**changes: Any) -> Secret:
    """Return a secret that is generated if no value is configured."""
    defaults = {"name": "token", "variable": "TOKEN", "description": "Token for carriers", "generated": True}
    return Secret(**{**defaults, **changes})


def a_queue(**changes: Any) -> Queue:
    return Queue(**{"name": "orders", "variable": "ORDERS_QUEUE", **changes})


def a_queue_consumer(**changes: Any) -> QueueConsumer:
    return QueueConsumer(**{"name": "fulfillment", "queue": "orders", "operation": "fulfill", **changes})


def a_topic_consumer(**changes: Any) -> TopicConsumer:
    return TopicConsumer(**{"name": "announcements", "topic": "news", "operation": "announce", **changes})


def an_alarm(**changes: Any) -> Alarm:
    """Return an alarm for the API."""
    defaults = {
        "name": "rejections",
        "on": "api",
        "metric": "4XXError",
        "description": "has 4xx errors",
        "threshold": 5,
    }
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
"""A service with two functions, two tables with indexes, a stream and a TTL, a topic and a schedule."""

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
    description="contains failed events",
    threshold=0,
    statistic="Maximum",
)
NO_ARRIVALS = an_alarm(
    name="no-arrivals",
    on="watch",
    metric="Arrivals",
    description="receives no parcels",
    threshold=1,
    comparison="LessThanThreshold",
    period_seconds=3600,
    evaluation_periods=2,
    missing="breaching",
)


SEND_RECEIPTS = Statement(
    actions=("ses:SendEmail",),
    resources=("arn:{partition}:ses:{region}:{account}:identity/*",),
    reason="send receipts",
    condition={"StringEquals": {"ses:FromAddress": "shop@example.com"}},
)


def a_worker(**changes: Any) -> Service:
    """Return a service of two schedules, without routes and tables."""
    schedules = (
        Schedule(name="hourly", rate="rate(1 hour)", operation="list_items"),
        Schedule(name="nightly", rate="rate(1 day)", operation="get_item", grants=(SEND_RECEIPTS,)),
    )
    function = Function(name="worker", handler=HANDLER, schedules=schedules)
    return Service(**{"name": "jobs", "functions": (function,), **changes})


def sharing(*grants: Any, **changes: Any) -> Service:
    """Return a service with a route that has `grants`, an existing table and an existing topic."""
    defaults = {
        "tables": (a_table(name="orders", variable="ORDERS_TABLE", stream="NEW_IMAGE", existing=True),),
        "topics": (Topic(name="ops", variable="OPS_TOPIC", existing=True),),
        "functions": (a_function(a_route(grants=grants)),),
    }
    return a_service(**{**defaults, **changes})


GALLERY = a_service(
    name="gallery",
    title="Gallery",
    name_pattern="gallery-{type}-{environment}",
    buckets=(
        Bucket(
            name="images",
            variable="IMAGES_BUCKET",
            versioned=True,
            cors=(BucketCors(origins=("https://shop.example.com",)),),
            expirations=(Expiration(days=1, prefix="uploads/"), Expiration(days=365)),
        ),
        Bucket(name="reports", variable="REPORTS_BUCKET"),
    ),
    event_buses=(EventBus(name="shop", variable="SHOP_BUS", archive_days=30),),
    functions=(
        a_function(
            a_route(
                grants=(
                    a_grant("images", "GetObject", "ListBucket", keys=("thumbnails/*",)),
                    a_grant("reports", "PutObject"),
                    a_grant("shop", "PutEvents"),
                )
            ),
        ),
        Function(
            name="worker",
            handler=HANDLER,
            consumers=(
                BucketConsumer(
                    name="resize",
                    bucket="images",
                    operation="resize",
                    prefix="uploads/",
                    suffix=".jpg",
                    grants=(a_grant("images", "PutObject", keys=("thumbnails/*",)),),
                ),
                BucketConsumer(name="unlist", bucket="images", operation="unlist", events=("ObjectRemoved:*",)),
                EventConsumer(name="pack", bus="shop", operation="pack", pattern={"source": ["shop"]}),
                EventConsumer(name="watch", operation="watch", pattern={"source": ["aws.health"]}),
            ),
        ),
    ),
)
"""A service with buckets, an event bus, and consumers of them and of the default event bus."""


PAGES = Path(__file__).parent / "pages"


def full_service(**changes: Any) -> Service:
    """Return a service with the features that `PARCELS` lacks: consumer, queue, variables, alarms, secrets, site."""
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


def an_authorizer(**changes: Any) -> LambdaAuthorizer:
    return LambdaAuthorizer(**{"name": "token", "operation": "authorize", **changes})


def an_optional_authorizer(**changes: Any) -> LambdaAuthorizer:
    """Return an authorizer that allows requests without a token."""
    return an_authorizer(**{"name": "optional", "type": "REQUEST", "cache_seconds": 0, "optional": True, **changes})


def queue_service(**changes: Any) -> Service:
    """Return a service with a function that sends messages, and one that consumes two queues and a topic."""
    worker = Function(
        name="worker",
        handler=HANDLER,
        consumers=(
            a_queue_consumer(grants=(a_grant("steps", "SendMessage"),)),
            a_queue_consumer(name="progress", queue="steps", operation="proceed"),
            a_topic_consumer(),
        ),
    )
    defaults = {
        "name": "shop",
        "name_pattern": "shop-{type}-{environment}",
        "queues": (a_queue(), a_queue(name="steps", variable="STEPS_QUEUE", fifo=True)),
        "topics": (Topic(name="news", variable="NEWS_TOPIC"),),
        "functions": (a_function(a_route(grants=(a_grant("orders", "SendMessage"),))), worker),
    }
    return a_service(**{**defaults, **changes})


def market_service(**changes: Any) -> Service:
    """Return a service with two types of APIs, function URLs, authorizers, binary bodies and existing resources."""
    jwts = (JwtAuthorizer(name="login", issuer="https://id.example.com", audience=("market",)),)
    pictures = "/pictures/{key+}"
    stall = a_function(
        a_route(authorizer="token", grants=(a_grant("orders", "Query"), a_grant("ops", "Publish"))),
        a_route(path="/stalls", authorizer="optional"),
        a_route(path="/me", authorizer="login"),
        a_route(path="/open", authorizer=""),
        a_route(path=pictures, responses={200: "image/png"}),
        a_route(method="PUT", path=pictures, content_types=("image/*",)),
        a_route(path="/reports", api="admin-api", authorizer="login"),
        a_route(path="/reports/{day}", api="admin-api", authorizer="optional"),
        a_route(method="POST", path="/reports", api="admin-api", throttle=Throttle(rate_per_second=1, burst=2)),
        name="stall",
        authorizers=(an_authorizer(validation="^Bearer .+$"), an_optional_authorizer()),
    )
    hooks = a_function(a_route(method="POST", path="/hooks/{source}"), name="hooks", url=FunctionUrl(auth="NONE"))
    signed = a_function(a_route(path="/exports"), name="exports", url=FunctionUrl())
    totals = a_function(name="totals", routes=(), consumers=(a_consumer(table="orders", parallelization_factor=2),))
    defaults = {
        "name": "market",
        "title": "Market",
        "name_pattern": "market-{type}-{environment}",
        "tables": (a_table(name="orders", variable="ORDERS_TABLE", stream="NEW_IMAGE", existing=True),),
        "topics": (Topic(name="ops", variable="OPS_TOPIC", existing=True),),
        "functions": (stall, hooks, signed, totals),
        "apis": (Api(name="admin-api", protocol="HTTP", settings=ApiSettings(access_log=True)),),
        "authorizers": jwts,
    }
    return a_service(**{**defaults, **changes})
