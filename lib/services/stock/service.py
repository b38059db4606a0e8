"""The stock service: what can be sold now, held for carts, sold, and told of when it runs low."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from ...runtime.errors import ApiError, Conflict, VersionConflict
from ...service import (
    Alarm,
    Call,
    Code,
    Consumer,
    Function,
    Grant,
    Index,
    Key,
    Metric,
    Route,
    Schedule,
    Schema,
    Service,
    Site,
    Table,
    Throttle,
    Topic,
)
from ...settings import ApiSettings, FunctionSettings, Layer, Settings, TableSettings, between, one_of, setting
from ..pages import page_of, page_query
from ..tags import SERVICE_TAGS
from .handler import levels, movements
from .handler.api import DEFAULT_PAGE_SIZE, DEFAULT_WAREHOUSE, ID, MAX_PAGE_SIZE
from .handler.refusals import (
    BelowReserved,
    HoldLimit,
    InsufficientStock,
    ReferenceConflict,
    ReservationConflict,
    ReservationExpired,
    ReservationFulfilled,
)
from .handler.work import REARM

HANDLER = f"{__package__}.handler.api"
SITE = Path(__file__).parent / "site" / "dist"
NUMBER_MAX = levels.COUNT_MAX
MAX_LINES = 25
"""Most lines of a cart: of the 100 actions of a transaction each takes three."""
MAX_MINUTES = 1440
QUOTA_PER_MONTH = 1_000_000_000
"""Of the one key that a shop's server has: 385 requests a second all month.  A shop must not stop for it."""


@dataclass(frozen=True, kw_only=True)
class StockSettings(Layer):
    """What a shop can choose about its stock service."""

    reservation_minutes: int = setting(between(1, MAX_MINUTES, "minutes"), key="reservation_minutes", default=30)
    """How long a reservation holds that does not say."""
    low_stock_threshold: int = setting(between(0, NUMBER_MAX), key="low_stock_threshold", default=10)
    """So many or fewer are low stock, where an item or a level has no threshold of its own."""
    alert_rearm_percent: int = setting(between(0, 1000, "%"), key="alert_rearm_percent", default=10)
    """A level that has recovered raises an alert again once more than its threshold and this part of it are available,
    and at least one unit more ..."""
    alert_rearm_minutes: int = setting(between(0, 10_080, "minutes"), key="alert_rearm_minutes", default=15)
    """... or so long after it recovered, whichever comes first."""
    max_held_units: int = setting(between(0, NUMBER_MAX, "units"), key="max_held_units", default=0)
    """How many units of a product one caller can hold at a time; 0: as many as there are.  A caller is the user or
    client of the user pool, the IAM user or role, or the API key: a limit is for shops whose customers call the API.
    With a limit a cart has at most 24 lines, and what is held when the limit is set is not counted."""
    anonymous_rate_per_second: float | None = setting(
        between(0.1, 1_000_000, "requests a second"), key="anonymous_rate_per_second"
    )
    """Anonymous requests per second, over all callers; 429 above it. At most `throttle_rate_per_second`.
    Default: 250, or `throttle_rate_per_second` if that is lower."""
    anonymous_burst: int | None = setting(between(1, 1_000_000, "requests"), key="anonymous_burst")
    """Concurrent anonymous requests before the rate applies. At most `throttle_burst`. Default: 100, or
    `throttle_burst` if that is lower."""
    anonymous_response: Literal["full", "availability"] = setting(
        one_of("full", "availability"), key="anonymous_response", default="full"
    )
    """Response of `GET /inventory/{productId}`, the anonymous route: `full` is the level with its counts,
    `availability` only whether the product is in stock and whether stock is low."""

    WHERE: ClassVar[str] = "stock"


def stock(settings: StockSettings | None = None) -> Service:
    """The service as a shop wants it: `TapStackArgs(service=stock(StockSettings(reservation_minutes=15)))`."""
    settings = settings or StockSettings()
    return Service(
        name="stock",
        title="Stock",
        description="What a shop can sell right now: held for carts, sold once, told of when it runs low.",
        name_pattern="inventory-{type}-{environment}",
        api_type="stock-api",
        alarms_type="stock-alerts",
        schemas=SCHEMAS,
        demo=DEMO,
        tables=TABLES,
        topics=(Topic(name="stock-alerts", variable="ALERTS_TOPIC_ARN"),),
        functions=_functions(settings),
        shared_type="stock-shared",
        dead_letters="stock-dead-letters",
        alarms=ALARMS,
        site=Site(folder=SITE, type="stock-site", sign_in_pages=("", "admin-panel.html")),
        settings=Settings(
            table=TableSettings(billing_mode="PAY_PER_REQUEST"),
            api=ApiSettings(
                quota_per_month=QUOTA_PER_MONTH,
                access_log=True,
                execution_log_level="ERROR",
                metrics=True,
                log_role="made",
            ),
        ),
        default_tags=SERVICE_TAGS,
    )


IDENTIFIER: dict[str, Any] = {"type": "string", "pattern": f"^{ID}$"}
PRODUCT: Schema = {**IDENTIFIER, "description": "A letter or digit, then at most 99 of these or . _ ~ : @ -"}
WAREHOUSE: Schema = {**IDENTIFIER, "description": "Any warehouse with enough, or the only one, when not given."}
COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": NUMBER_MAX}
UNITS: Schema = {"type": "integer", "minimum": 1, "maximum": NUMBER_MAX}
CATEGORY: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^[^#]*[^#\s][^#]*$"}
STATUS: Schema = {"type": "string", "enum": [levels.IN_STOCK, levels.LOW_STOCK, levels.OUT_OF_STOCK]}
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
TIME: Schema = {"type": "string", "format": "date-time", "description": "UTC, to the microsecond."}
RESERVATION: Schema = {
    **IDENTIFIER,
    "description": "The caller's own, such as the cart's; default: an id that cannot be guessed. The same request "
    "again gets the same response. Once the reservation was released or has expired, the id can be used again; after a "
    "fulfillment it cannot.",
}
MINUTES: Schema = {
    "type": "integer",
    "minimum": 1,
    "maximum": MAX_MINUTES,
    "description": "How long it holds at least; `expiry` is up to 5 % later, or more for a level that has reservations "
    "with many different lifetimes. Default: that of the service.",
}
REFERENCE: Schema = {
    **TEXT,
    "pattern": r"\S",
    "description": "The caller's own, such as the order number; kept with the movements. A reservation has at most "
    "one. Without a reservation each sells a product once, or once for each line_id: a repetition gets the same "
    "response.",
}
LINE_ID: Schema = {**TEXT, "pattern": r"\S", "description": "Tells lines of the same product and reference apart."}
RESERVED_AT: Schema = {
    **TEXT,
    "description": "The reserved_at of the reservation, so that a late repetition does not reach a later one with the "
    "same id; a time of RFC 3339.",
}
LINES: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_LINES,
    "description": "Lines of the same product are added up.",
    "items": {
        "type": "object",
        "required": ["product_id", "quantity"],
        "additionalProperties": False,
        "properties": {"product_id": PRODUCT, "quantity": UNITS, "warehouse_id": WAREHOUSE},
    },
}
ORDER_LINES: Schema = {
    **LINES,
    "description": "With a reservationId, what that holds, or left out.",
    "items": {**LINES["items"], "properties": {**LINES["items"]["properties"], "line_id": LINE_ID}},
}


def _closed(required: tuple[str, ...], **properties: Schema) -> Schema:
    """A request's object."""
    needed = {"required": [*required]} if required else {}
    return {"type": "object", **needed, "additionalProperties": False, "properties": properties}


def _open(required: tuple[str, ...], **properties: Schema) -> Schema:
    """An answer's object, to which later versions may add."""
    return {"type": "object", "required": [*required], "properties": properties}


COUNTS: dict[str, Schema] = {
    "stock_count": {"type": "integer", "description": "On hand."},
    "reserved_count": {"type": "integer", "description": "Of those, held by somebody."},
    "available": {"type": "integer", "description": "The difference."},
}
LEVEL: dict[str, Schema] = {
    "product_id": PRODUCT,
    "warehouse_id": IDENTIFIER,
    **COUNTS,
    "threshold_level": {"type": "integer", "description": "At or under so many available units the stock is low."},
    "status": STATUS,
    "last_updated": {**TIME, "description": "When stock_count, threshold_level or category was last changed."},
    "version": {"type": "integer", "description": "How often they were; holding units is no change of them."},
}
AVAILABILITY: dict[str, Schema] = {
    "product_id": PRODUCT,
    "in_stock": {"type": "boolean", "description": "Whether any unit is available."},
    "low_stock": {"type": "boolean", "description": "Whether the status is LOW_STOCK, so units are still available."},
}
LINE: dict[str, Schema] = {"product_id": PRODUCT, "warehouse_id": IDENTIFIER, "quantity": UNITS}
SOLD: dict[str, Schema] = {**LINE, **COUNTS, "status": STATUS}

SCHEMAS: dict[str, Schema] = {
    "NewLevel": _closed(
        ("product_id", "stock_count"),
        product_id=PRODUCT,
        warehouse_id={**IDENTIFIER, "description": f"`{DEFAULT_WAREHOUSE}` when not given."},
        stock_count=COUNT,
        threshold_level={**COUNT, "description": "The service's when not given."},
        category={**CATEGORY, "description": "Any text without #."},
    ),
    "LevelChanges": _closed(
        (),
        warehouse_id={**IDENTIFIER, "description": "Needed where the product is in several."},
        stock_count=COUNT,
        adjustment={
            "type": "integer",
            "minimum": -NUMBER_MAX,
            "maximum": NUMBER_MAX,
            "description": "Added to stock_count, in its place; needs a reason.",
        },
        reason=TEXT,
        threshold_level=COUNT,
        category={**CATEGORY, "type": ["string", "null"], "description": "null takes it away."},
        expected_version={**UNITS, "description": "Change it only if this is its version; 409 otherwise."},
        expected_last_updated={
            **TEXT,
            "description": "The same with last_updated: a time of RFC 3339, compared as an instant.",
        },
    ),
    "NewReservation": _closed(
        ("quantity",),
        reservationId=RESERVATION,
        quantity=UNITS,
        warehouse_id=WAREHOUSE,
        lifetime_minutes=MINUTES,
        reference=REFERENCE,
    ),
    "NewCart": _closed(
        ("lines",), reservationId=RESERVATION, lines=LINES, lifetime_minutes=MINUTES, reference=REFERENCE
    ),
    "Fulfilment": _closed(
        (),
        reservationId={**IDENTIFIER, "description": "Whose units are sold; free ones when not given."},
        quantity={**UNITS, "description": "With a reservationId, what that holds, or left out."},
        warehouse_id=WAREHOUSE,
        reference=REFERENCE,
        line_id=LINE_ID,
        reserved_at=RESERVED_AT,
    ),
    "CartFulfilment": _closed(
        (),
        reservationId={**IDENTIFIER, "description": "Whose units are sold; free ones when not given."},
        lines=ORDER_LINES,
        reference=REFERENCE,
        reserved_at=RESERVED_AT,
    ),
    "Reconciling": _closed((), repair={"type": "boolean", "description": "Mend what differs."}),
    "Level": _open(tuple(LEVEL), **LEVEL, category=CATEGORY),
    "ProductLevel": {
        **_open(
            tuple(name for name in LEVEL if name not in ("warehouse_id", "version")),
            **LEVEL,
            category=CATEGORY,
            warehouses={"type": "array", "items": {"$ref": "#/components/schemas/Level"}},
        ),
        "description": "With `warehouse_id` the level there; without it the sum over `warehouses`, with a `version` if "
        "there is one warehouse.",
    },
    "Availability": {
        **_open(tuple(AVAILABILITY), **AVAILABILITY, warehouse_id={**IDENTIFIER, "description": "The one requested."}),
        "description": "Response of `GET /inventory/{productId}` if `anonymous_response` is `availability`.",
    },
    "LevelPage": page_of("levels", "Level"),
    "Reservation": _open(
        ("reservationId", "expiry", "reserved_at", "lines"),
        reservationId=IDENTIFIER,
        expiry=TIME,
        reserved_at=TIME,
        reference=TEXT,
        **{name: {**schema, "description": "Where there is one line."} for name, schema in LINE.items()},
        lines={"type": "array", "items": _open(tuple(LINE), **LINE)},
    ),
    "Sale": _open(
        ("lines",),
        reservationId=IDENTIFIER,
        reference=TEXT,
        lines={"type": "array", "items": _open(tuple(SOLD), **SOLD)},
    ),
    "Movement": _open(
        (*SOLD, "sequence", "type", "actor", "at", "threshold_level"),
        **{**SOLD, "quantity": {"type": "integer", "description": "Of stock_count, where that was set: its change."}},
        threshold_level=LEVEL["threshold_level"],
        sequence={"type": "integer", "description": "1 for the first of a product in a warehouse, and so on."},
        type={"type": "string", "enum": [*movements.TYPES]},
        reservationId=IDENTIFIER,
        reference={**TEXT, "description": "The caller's own, such as an order."},
        reason=TEXT,
        actor={
            "type": "string",
            "description": "The caller's user, client, principal or ARN, the API key's id, or `expiry`.",
        },
        correlationId={
            "type": "string",
            "description": "The `X-Correlation-Id` of the request that made it, or of the sweep that did.",
        },
        at=TIME,
    ),
    "MovementPage": page_of("movements", "Movement"),
    "Hold": _open(
        ("reservationId", *LINE, "expiry", "reserved_at", "actor"),
        reservationId=IDENTIFIER,
        **LINE,
        expiry=TIME,
        reserved_at=TIME,
        actor={"type": "string"},
        reference=TEXT,
    ),
    "HoldPage": page_of("reservations", "Hold"),
    "Reconciliation": _open(
        ("product_id", "repaired", "drifts"),
        product_id=PRODUCT,
        repaired={"type": "boolean"},
        drifts={
            "type": "array",
            "items": _open(
                ("product_id", "warehouse_id", "field", "counted", "found"),
                product_id=PRODUCT,
                warehouse_id=IDENTIFIER,
                field={"type": "string"},
                counted={"description": "What reservations or movements come to."},
                found={"description": "What the level said."},
            ),
        },
    ),
}

TABLES = (
    Table(
        name="management",
        variable="LEVELS_TABLE_NAME",
        hash_key=Key("product_id"),
        range_key=Key("warehouse_id"),
        indexes=(
            *(
                Index(name=name, hash_key=Key(partition), range_key=Key("product_id"), projection="KEYS_ONLY")
                for name, partition in levels.INDEXES.values()
            ),
            Index(name="due-index", hash_key=Key("due"), range_key=Key("due_at", "N"), projection="KEYS_ONLY"),
        ),
        ttl="tap#expires",
    ),
    Table(
        name="reservations",
        variable="RESERVATIONS_TABLE_NAME",
        hash_key=Key("reservation_id"),
        range_key=Key("line", "N"),
        indexes=(Index(name="product-index", hash_key=Key("held_for"), range_key=Key("ends", "N")),),
        ttl="reservation_expiry",
    ),
    Table(
        name="movements",
        variable="MOVEMENTS_TABLE_NAME",
        hash_key=Key("product_id"),
        range_key=Key("movement_id"),
        indexes=(Index(name="due-index", hash_key=Key("due"), range_key=Key("due_at", "N"), projection="KEYS_ONLY"),),
        stream="NEW_IMAGE",
    ),
)

TOLD: dict[str, Any] = {
    "eventName": ["INSERT"],
    "dynamodb": {"NewImage": {"due": {"S": [movements.ALERTS]}}},
}
"""Movements that somebody is to be told of."""

ALARMS = (
    Alarm(
        name="stock-5xx",
        on="api",
        metric="5XXError",
        description="answers with errors of its own: the functions' logs have them",
        statistic="Average",
        threshold=0.05,
        evaluation_periods=3,
    ),
    Alarm(
        name="stock-depth",
        on="dead-letters",
        metric="ApproximateNumberOfMessagesVisible",
        description="has work that functions failed to do: the messages say which, send them again once that is mended",
        statistic="Maximum",
        threshold=0,
    ),
    Alarm(
        name="sweep-age",
        on="expire-reservations",
        metric="SweepAge",
        description="gives back late what carts held, or does not run: see its log; nothing is oversold by it",
        statistic="Maximum",
        threshold=180,
        evaluation_periods=3,
        missing="breaching",
    ),
    Alarm(
        name="alert-age",
        on="check-thresholds",
        metric="AlertAge",
        description="tells late of low stock, or does not run: see its log; nothing is lost, what waits is sent later",
        statistic="Maximum",
        threshold=1800,
        period_seconds=900,
        evaluation_periods=2,
        missing="breaching",
    ),
    Alarm(
        name="drift",
        on="reconcile",
        metric="Drift",
        description="found counters that differ from reservations and movements: its log names the products, "
        "POST /inventory/{productId}/reconcile mends them",
        statistic="Maximum",
        threshold=0,
        period_seconds=3600,
    ),
)


def _levels(*actions: str, reason: str, indexes: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Grant:
    return Grant(on="management", actions=actions, indexes=indexes, keys=keys, reason=reason)


def _holds(*actions: str, reason: str, indexes: tuple[str, ...] = ()) -> Grant:
    return Grant(on="reservations", actions=actions, indexes=indexes, reason=reason)


def _ledger(*actions: str, reason: str, indexes: tuple[str, ...] = ()) -> Grant:
    return Grant(on="movements", actions=actions, indexes=indexes, reason=reason)


READ = (
    _levels("Query", reason="read a product in all its warehouses"),
    _levels("BatchGetItem", reason="read products in certain warehouses"),
)
MOVE = (
    _levels("PutItem", reason="write the new level, if it is still the one that was read"),
    _ledger("PutItem", reason="write the movement in the transaction that makes it"),
)
FREE = (
    _holds("Query", indexes=("product-index",), reason="find what was held and has ended"),
    _holds("UpdateItem", reason="end a hold"),
)
PAGE_TOKENS = _levels("GetItem", "PutItem", keys=("tap#page-token-key",), reason="keep the page tokens' key")
ANSWERED = _levels("BatchGetItem", keys=("tap#idempotency#*",), reason="answer a repeated Idempotency-Key as before")
RESERVATION_LINES = _holds("Query", reason="read a reservation")


CROSSED = (
    LOW := Metric("LowStock", "Count", "Levels that came to `LOW_STOCK`"),
    Metric("OutOfStock", "Count", "Levels that came to `OUT_OF_STOCK`"),
)
MADE = (
    Metric("ReservationsMade", "Count", "Reservations made; a cart is one"),
    Metric("UnitsReserved", "Count", "Units held by them"),
)
RELEASED = Metric("ReservationsReleased", "Count", "Reservations released on request")
EXPIRED = Metric("ReservationsExpired", "Count", "Reservations released because they had expired")
SALES = (
    Metric("Fulfilments", "Count", "Checkouts: of what was held, or of free units"),
    Metric("UnitsSold", "Count", "Units sold in them"),
)
REFUSED = Metric("OversellsRefused", "Count", "Requests for more than was available")


def _code(error: type[ApiError], meaning: str) -> Code:
    return Code(error.code, error.status, meaning)


THERE_ALREADY = _code(Conflict, "The product is in that warehouse already: `PUT` changes it.")
CHANGED = _code(
    VersionConflict,
    "The level is not at `expected_version`, or `expected_last_updated`; `details` say what it is: read it again, then "
    "change that.",
)
BELOW_RESERVED = _code(
    BelowReserved,
    "So few on hand would be fewer than are held; `details` say how many those are: leave as many, or release them "
    "first.",
)
INSUFFICIENT = _code(
    InsufficientStock,
    "Fewer are available than are wanted, or an adjustment takes away more than is on hand; `details` say how many "
    "there are: request no more than that, or try again after a release.",
)
LIMITED = _code(
    HoldLimit,
    "The caller would hold more units of the product than `max_held_units`, which `details` list: release some, or "
    "request fewer.",
)
FULFILLED = _code(ReservationFulfilled, "Units under this `reservationId` were sold: reserve under another id.")
ANOTHERS = _code(
    ReservationConflict,
    "The `reservationId` belongs to another caller or request, or has another `reference`, or some of its lines have "
    "ended, which `details` list: fulfill what it holds, or reserve under another id.",
)
SOLD_OTHERWISE = _code(
    ReferenceConflict,
    "The `reference` has sold another quantity of the product, or from another warehouse, which `details` list: send "
    "another `line_id` for a further sale under it.",
)
ENDED = _code(
    ReservationExpired, "The reservation ended before it was fulfilled: fulfil without it, from what is available."
)


def _sized(memory_mb: int, reserved_concurrency: int, timeout_seconds: int = 10) -> FunctionSettings:
    return FunctionSettings(
        memory_mb=memory_mb, timeout_seconds=timeout_seconds, reserved_concurrency=reserved_concurrency
    )


def _functions(settings: StockSettings) -> tuple[Function, ...]:
    return (*_reading(settings), *_changing(settings), *_holding(settings), *_watching(settings))


def _rearm(settings: StockSettings) -> dict[str, str]:
    """The variables of a function that changes levels."""
    return {
        REARM["percent"]: str(settings.alert_rearm_percent),
        REARM["minutes"]: str(settings.alert_rearm_minutes),
    }


ANONYMOUS_THROTTLE = {"rate_per_second": 250, "burst": 100}
"""Default limits of anonymous requests.  The 50 reserved executions of `get-level` serve 500 requests per second (see
docs/scaling.md), so half of them remain for callers with a key."""
ANONYMOUS_RESPONSES = {
    "full": ("get_level", "What there is of a product, up to date", "ProductLevel"),
    "availability": ("get_availability", "Whether a product is in stock, up to date", "Availability"),
}
"""Operation, summary and response schema of the route without an API key, by `anonymous_response`."""


def _anonymous_throttle(settings: StockSettings) -> Throttle:
    unset = tuple(name for name in ANONYMOUS_THROTTLE if getattr(settings, f"anonymous_{name}") is None)
    limits = {name: getattr(settings, f"anonymous_{name}") or default for name, default in ANONYMOUS_THROTTLE.items()}
    return Throttle(**limits, capped=unset, key_prefix="anonymous_")


def _reading(settings: StockSettings) -> tuple[Function, ...]:
    page = page_query(default_size=DEFAULT_PAGE_SIZE, max_size=MAX_PAGE_SIZE, token_length=4096)
    warehouse = {"warehouse_id": {**IDENTIFIER, "description": "One warehouse; the sum of all without it."}}
    operation, summary, response = ANONYMOUS_RESPONSES[settings.anonymous_response]
    return (
        Function(
            name="get-level",
            handler=HANDLER,
            settings=_sized(256, 50, timeout_seconds=5),
            routes=(
                Route(
                    method="GET",
                    path="/inventory/{productId}",
                    operation=operation,
                    summary=summary,
                    query=warehouse,
                    responses={200: response},
                    # Customers' browsers ask it, and have no key.
                    scope="",
                    throttle=_anonymous_throttle(settings),
                    grants=READ,
                ),
                Route(
                    method="GET",
                    path="/inventory/{productId}/level",
                    operation="get_level",
                    summary="The level of a product with its counts, up to date",
                    query=warehouse,
                    responses={200: "ProductLevel"},
                    key_required=True,
                    grants=READ,
                ),
            ),
        ),
        Function(
            name="list-levels",
            handler=HANDLER,
            settings=_sized(256, 10),
            routes=(
                Route(
                    method="GET",
                    path="/inventory",
                    operation="list_levels",
                    summary="List and search what there is, in the products' order, a page at a time",
                    query={
                        "category": CATEGORY,
                        "status": STATUS,
                        "search": {**IDENTIFIER, "description": "How the product's id begins."},
                        **page,
                    },
                    responses={200: "LevelPage"},
                    key_required=True,
                    grants=(
                        _levels(
                            "Query",
                            indexes=tuple(name for name, _ in levels.INDEXES.values()),
                            reason="list by category and status",
                        ),
                        _levels("BatchGetItem", reason="read what is listed, up to date"),
                        PAGE_TOKENS,
                    ),
                ),
            ),
        ),
        Function(
            name="list-movements",
            handler=HANDLER,
            settings=_sized(256, 5),
            routes=(
                Route(
                    method="GET",
                    path="/inventory/{productId}/movements",
                    operation="list_movements",
                    summary="Every movement of a product with the counts after it, newest first, a page at a time",
                    query={
                        "warehouse_id": {
                            **IDENTIFIER,
                            "description": "Only movements of this warehouse. If it moves rarely, pages before the "
                            "last one can be short or empty: continue while there is a next_page_token.",
                        },
                        **page,
                    },
                    responses={200: "MovementPage"},
                    key_required=True,
                    grants=(_ledger("Query", reason="read movements"), PAGE_TOKENS),
                ),
            ),
        ),
        Function(
            name="list-reservations",
            handler=HANDLER,
            settings=_sized(256, 5),
            routes=(
                Route(
                    method="GET",
                    path="/inventory/{productId}/reservations",
                    operation="list_reservations",
                    summary="What is held of a product, what ends first first, a page at a time",
                    query=page,
                    responses={200: "HoldPage"},
                    key_required=True,
                    grants=(_holds("Query", indexes=("product-index",), reason="read what is held"), PAGE_TOKENS),
                ),
            ),
        ),
    )


def _changing(settings: StockSettings) -> tuple[Function, ...]:
    return (
        Function(
            name="create-level",
            handler=HANDLER,
            settings=_sized(256, 5),
            variables={"LOW_STOCK_THRESHOLD": str(settings.low_stock_threshold), **_rearm(settings)},
            routes=(
                Route(
                    method="POST",
                    path="/inventory",
                    operation="create_level",
                    summary="A new product, or a product in a new warehouse",
                    body="NewLevel",
                    responses={201: "Level"},
                    idempotent=True,
                    codes=(THERE_ALREADY,),
                    key_required=True,
                    grants=(*MOVE, ANSWERED),
                    metrics=CROSSED,
                ),
            ),
        ),
        Function(
            name="update-level",
            handler=HANDLER,
            settings=_sized(256, 5),
            variables=_rearm(settings),
            routes=(
                Route(
                    method="PUT",
                    path="/inventory/{productId}",
                    operation="update_level",
                    summary="Set or adjust what is on hand, the threshold, the category",
                    body="LevelChanges",
                    responses={200: "Level"},
                    codes=(CHANGED, BELOW_RESERVED, INSUFFICIENT),
                    key_required=True,
                    idempotent=True,
                    grants=(*READ, *MOVE, *FREE, ANSWERED),
                    metrics=(*CROSSED, EXPIRED),
                ),
            ),
        ),
    )


def _holding(settings: StockSettings) -> tuple[Function, ...]:
    limit = {"MAX_HELD_UNITS": str(settings.max_held_units)}
    return (
        Function(
            name="reserve",
            handler=HANDLER,
            settings=_sized(256, 50),
            variables={"RESERVATION_MINUTES": str(settings.reservation_minutes), **_rearm(settings), **limit},
            routes=tuple(
                Route(
                    method="POST",
                    path=path,
                    operation="reserve",
                    summary=summary,
                    body=body,
                    responses={201: "Reservation"},
                    idempotent=True,
                    errors=(404,),
                    codes=(INSUFFICIENT, LIMITED, ANOTHERS, FULFILLED),
                    key_required=True,
                    grants=(
                        *READ,
                        *MOVE,
                        *FREE,
                        RESERVATION_LINES,
                        _holds("PutItem", reason="write what is held, once for an id"),
                    ),
                    metrics=(*MADE, REFUSED, *CROSSED, EXPIRED),
                )
                for path, body, summary in (
                    ("/inventory/{productId}/reserve", "NewReservation", "Hold units of a product for a while"),
                    ("/inventory/reserve", "NewCart", "Hold all of a cart for a while, or nothing"),
                )
            ),
        ),
        Function(
            name="release",
            handler=HANDLER,
            settings=_sized(256, 20),
            variables={**_rearm(settings), **limit},
            routes=tuple(
                Route(
                    method="DELETE",
                    path=path,
                    operation=operation,
                    summary=summary,
                    query={"reserved_at": RESERVED_AT},
                    responses={204: None},
                    key_required=True,
                    scope=scope,
                    idempotent=True,
                    grants=(
                        _levels("BatchGetItem", reason="read the levels of released holds"),
                        *MOVE,
                        *FREE,
                        RESERVATION_LINES,
                    ),
                    metrics=(RELEASED, LOW, EXPIRED),
                )
                for path, operation, scope, summary in (
                    (
                        "/inventory/{productId}/reserve/{reservationId}",
                        "release",
                        None,
                        "Release what a reservation of the caller holds of a product",
                    ),
                    ("/inventory/reserve/{reservationId}", "release", None, "Release all that it holds"),
                    (
                        "/inventory/{productId}/reservations/{reservationId}",
                        "release_any",
                        "manage",
                        "Release what a reservation of any caller holds of a product",
                    ),
                )
            ),
        ),
        Function(
            name="fulfill",
            handler=HANDLER,
            settings=_sized(256, 20),
            variables={**_rearm(settings), **limit},
            routes=tuple(
                Route(
                    method="POST",
                    path=path,
                    operation="fulfill",
                    summary=summary,
                    body=body,
                    responses={200: "Sale"},
                    idempotent=True,
                    errors=(404,),
                    codes=(INSUFFICIENT, ANOTHERS, SOLD_OTHERWISE, ENDED),
                    key_required=True,
                    grants=(
                        *READ,
                        *MOVE,
                        *FREE,
                        RESERVATION_LINES,
                        _ledger("BatchGetItem", reason="answer a repeated fulfilment as before"),
                    ),
                    metrics=(*SALES, REFUSED, *CROSSED, EXPIRED),
                )
                for path, body, summary in (
                    ("/inventory/{productId}/fulfill", "Fulfilment", "Sell what is held of a product, or free units"),
                    ("/inventory/fulfill", "CartFulfilment", "Sell all of a cart, held or free, or nothing"),
                )
            ),
        ),
    )


def _watching(settings: StockSettings) -> tuple[Function, ...]:
    tell = (
        _ledger("UpdateItem", reason="take an alert, and note that it was sent"),
        Grant(on="stock-alerts", actions=("Publish",), reason="tell of low stock"),
    )
    untold = _ledger("Query", indexes=("due-index",), reason="find movements that nobody was told of")
    compare = (
        _levels("BatchGetItem", reason="read the counters"),
        _ledger("BatchGetItem", reason="read the last movements"),
        _holds("Query", indexes=("product-index",), reason="count what is held of a product"),
    )
    return (
        Function(
            name="check-thresholds",
            handler=HANDLER,
            settings=_sized(256, 2, timeout_seconds=60),
            schedules=(
                Schedule(
                    name="stock-thresholds",
                    rate="rate(15 minutes)",
                    operation="check_thresholds",
                    grants=(untold, *tell),
                    metrics=(
                        Metric("AlertAge", "Seconds", "How long the oldest alert has waited to be sent"),
                        Metric("AlertsSent", "Count", "Alerts sent that had not been when they arose"),
                    ),
                ),
            ),
            consumers=(
                Consumer(
                    name="stock-crossings", table="movements", operation="tell_crossings", pattern=TOLD, grants=tell
                ),
            ),
        ),
        Function(
            name="expire-reservations",
            handler=HANDLER,
            settings=_sized(256, 2, timeout_seconds=55),
            variables=_rearm(settings),
            schedules=(
                Schedule(
                    name="stock-expiry",
                    rate="rate(1 minute)",
                    operation="expire_reservations",
                    grants=(
                        _levels("Query", indexes=("due-index",), reason="find levels of which a hold has ended"),
                        _levels("BatchGetItem", reason="read the levels of released holds"),
                        *MOVE,
                        *FREE,
                    ),
                    metrics=(
                        Metric("SweepAge", "Seconds", "How long ago the first hold expired that was to be released"),
                        EXPIRED,
                        LOW,
                    ),
                ),
            ),
        ),
        Function(
            name="reconcile",
            handler=HANDLER,
            settings=_sized(512, 2, timeout_seconds=900),
            variables=_rearm(settings),
            routes=(
                Route(
                    method="POST",
                    path="/inventory/{productId}/reconcile",
                    operation="reconcile_product",
                    summary="Compare a product's counters with its reservations and movements, and repair them",
                    body="Reconciling",
                    responses={200: "Reconciliation"},
                    key_required=True,
                    grants=(_levels("Query", reason="find the product's warehouses"), *compare, *MOVE),
                    metrics=CROSSED,
                ),
            ),
            schedules=(
                Schedule(
                    name="stock-reconciliation",
                    rate="rate(1 day)",
                    operation="reconcile_all",
                    grants=(
                        _levels("Query", indexes=("listing-index",), reason="go through everything"),
                        _holds("Scan", indexes=("product-index",), reason="count all that is held"),
                        *compare,
                        _levels(
                            "PutItem",
                            keys=("tap#reconcile-position",),
                            reason="record where the next run continues after running out of time",
                        ),
                    ),
                    metrics=(Metric("Drift", "Count", "Figures of levels that differ from reservations or movements"),),
                ),
            ),
        ),
    )


LAMP: dict[str, Any] = {"product_id": "LAMP-7", "stock_count": 12, "threshold_level": 5, "category": "lighting"}
DESK: dict[str, Any] = {"product_id": "DESK-140", "stock_count": 40, "category": "furniture", "warehouse_id": "north"}
CART: list[dict[str, Any]] = [{"product_id": "LAMP-7", "quantity": 1}, {"product_id": "DESK-140", "quantity": 2}]

DEMO = (
    Call(method="POST", path="/inventory", status=201, body=LAMP),
    Call(method="POST", path="/inventory", status=409, body=LAMP),
    Call(method="POST", path="/inventory", status=201, body=DESK),
    Call(method="GET", path="/inventory?category=lighting&status=IN_STOCK&page_size=10", status=200),
    Call(method="PUT", path="/inventory/LAMP-7", status=200, body={"stock_count": 10, "expected_version": 1}),
    Call(method="PUT", path="/inventory/LAMP-7", status=409, body={"stock_count": 11, "expected_version": 1}),
    Call(method="PUT", path="/inventory/DESK-140", status=200, body={"adjustment": -1, "reason": "scratched"}),
    Call(method="POST", path="/inventory/LAMP-7/reserve", status=201, body={"reservationId": "alice", "quantity": 7}),
    Call(method="POST", path="/inventory/LAMP-7/reserve", status=409, body={"reservationId": "bob", "quantity": 4}),
    Call(method="GET", path="/inventory/LAMP-7/reservations", status=200),
    Call(method="POST", path="/inventory/LAMP-7/fulfill", status=200, body={"reservationId": "alice"}),
    Call(method="POST", path="/inventory/reserve", status=201, body={"reservationId": "carol", "lines": CART}),
    Call(method="DELETE", path="/inventory/LAMP-7/reserve/carol", status=204),
    Call(
        method="POST",
        path="/inventory/fulfill",
        status=200,
        body={"reservationId": "carol", "reference": "order 1001"},
    ),
    Call(method="POST", path="/inventory/reserve", status=201, body={"reservationId": "dave", "lines": CART}),
    Call(method="DELETE", path="/inventory/reserve/dave", status=204),
    Call(method="POST", path="/inventory/LAMP-7/reserve", status=201, body={"reservationId": "erin", "quantity": 1}),
    Call(method="DELETE", path="/inventory/LAMP-7/reservations/erin", status=204),
    Call(method="GET", path="/inventory/LAMP-7/movements?warehouse_id=main", status=200),
    Call(method="POST", path="/inventory/LAMP-7/reconcile", status=200, body={"repair": False}),
    Call(method="GET", path="/inventory/LAMP-7", status=200),
    Call(method="GET", path="/inventory/LAMP-7/level", status=200),
)

SERVICE = stock()
