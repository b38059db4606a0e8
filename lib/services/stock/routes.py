"""The routes of the stock API, the functions that serve them, and their error codes."""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Code, Function, Route, Throttle
from ...model.paging import page_query
from ...runtime.errors import ApiError, Conflict, VersionConflict
from ...settings import FunctionSettings
from .alarms import CROSSED, EXPIRED, LOW, MADE, REFUSED, RELEASED, SALES
from .handler import levels
from .handler.errors import (
    BelowReserved,
    HoldLimit,
    InsufficientStock,
    ReferenceConflict,
    ReservationConflict,
    ReservationExpired,
    ReservationFulfilled,
)
from .handler.operations import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from .handler.unit_of_work import REARM
from .schemas import CATEGORY, IDENTIFIER, RESERVED_AT, STATUS
from .settings import StockSettings
from .tables import (
    PAGE_TOKENS,
    READ_IDEMPOTENCY,
    READ_LEVELS,
    RELEASE_HOLDS,
    RESERVATION_LINES,
    WRITE_LEVEL,
    grant_levels,
    grant_movements,
    grant_reservations,
)

HANDLER = f"{__package__}.handler.operations"


def _code(error: type[ApiError], meaning: str) -> Code:
    return Code(error.code, error.status, meaning)


ALREADY_EXISTS = _code(Conflict, "The product is in that warehouse already: `PUT` changes it.")
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
OTHER_RESERVATION = _code(
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


def function_settings(memory_mb: int, reserved_concurrency: int, timeout_seconds: int = 10) -> FunctionSettings:
    """Return the settings of a function."""
    return FunctionSettings(
        memory_mb=memory_mb, timeout_seconds=timeout_seconds, reserved_concurrency=reserved_concurrency
    )


def single(route: Route, settings: FunctionSettings, variables: Mapping[str, str] | None = None) -> Function:
    """Return the function of one route, named after its operation."""
    name = route.operation.replace("_", "-")
    return Function(name=name, handler=HANDLER, settings=settings, routes=(route,), variables=variables or {})


def rearm_variables(settings: StockSettings) -> dict[str, str]:
    """Return the environment variables of a function that changes levels."""
    return {
        REARM["percent"]: str(settings.alert_rearm_percent),
        REARM["minutes"]: str(settings.alert_rearm_minutes),
    }


ANONYMOUS_THROTTLE = {"rate_per_second": 250, "burst": 100}
"""Default limits of anonymous requests. The 50 reserved executions of `get-level` serve 500 requests per second (see
docs/production/scaling.md), so half of them remain for callers with a key."""
ANONYMOUS_RESPONSES = {
    "full": ("get_level", "What there is of a product, up to date", "ProductLevel"),
    "availability": ("get_availability", "Whether a product is in stock, up to date", "Availability"),
}
"""Operation, summary and response schema of the route without an API key, by `anonymous_response`."""


def _anonymous_throttle(settings: StockSettings) -> Throttle:
    unset = tuple(name for name in ANONYMOUS_THROTTLE if getattr(settings, f"anonymous_{name}") is None)
    limits = {name: getattr(settings, f"anonymous_{name}") or default for name, default in ANONYMOUS_THROTTLE.items()}
    return Throttle(**limits, capped=unset, key_prefix="anonymous_")


def route_functions(settings: StockSettings) -> tuple[Function, ...]:
    """Return the functions that serve the routes for callers."""
    return (*_reading(settings), *_changing(settings), *_holding(settings))


def _reading(settings: StockSettings) -> tuple[Function, ...]:
    page = page_query(default_size=DEFAULT_PAGE_SIZE, max_size=MAX_PAGE_SIZE, token_length=4096)
    warehouse = {"warehouse_id": {**IDENTIFIER, "description": "One warehouse; the sum of all without it."}}
    operation, summary, response = ANONYMOUS_RESPONSES[settings.anonymous_response]
    return (
        Function(
            name="get-level",
            handler=HANDLER,
            settings=function_settings(256, 50, timeout_seconds=5),
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
                    grants=READ_LEVELS,
                ),
                Route(
                    method="GET",
                    path="/inventory/{productId}/level",
                    operation="get_level",
                    summary="The level of a product with its counts, up to date",
                    query=warehouse,
                    responses={200: "ProductLevel"},
                    key_required=True,
                    grants=READ_LEVELS,
                ),
            ),
        ),
        single(
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
                    grant_levels(
                        "Query",
                        indexes=tuple(name for name, _ in levels.INDEXES.values()),
                        reason="list by category and status",
                    ),
                    grant_levels("BatchGetItem", reason="read what is listed, up to date"),
                    PAGE_TOKENS,
                ),
            ),
            function_settings(256, 10),
        ),
        single(
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
                grants=(grant_movements("Query", reason="read movements"), PAGE_TOKENS),
            ),
            function_settings(256, 5),
        ),
        single(
            Route(
                method="GET",
                path="/inventory/{productId}/reservations",
                operation="list_reservations",
                summary="What is held of a product, what ends first first, a page at a time",
                query=page,
                responses={200: "HoldPage"},
                key_required=True,
                grants=(
                    grant_reservations("Query", indexes=("product-index",), reason="read what is held"),
                    PAGE_TOKENS,
                ),
            ),
            function_settings(256, 5),
        ),
    )


def _changing(settings: StockSettings) -> tuple[Function, ...]:
    return (
        single(
            Route(
                method="POST",
                path="/inventory",
                operation="create_level",
                summary="A new product, or a product in a new warehouse",
                body="NewLevel",
                responses={201: "Level"},
                idempotent=True,
                codes=(ALREADY_EXISTS,),
                key_required=True,
                grants=(*WRITE_LEVEL, READ_IDEMPOTENCY),
                metrics=CROSSED,
            ),
            function_settings(256, 5),
            variables={"LOW_STOCK_THRESHOLD": str(settings.low_stock_threshold), **rearm_variables(settings)},
        ),
        single(
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
                grants=(*READ_LEVELS, *WRITE_LEVEL, *RELEASE_HOLDS, READ_IDEMPOTENCY),
                metrics=(*CROSSED, EXPIRED),
            ),
            function_settings(256, 5),
            variables=rearm_variables(settings),
        ),
    )


def _holding(settings: StockSettings) -> tuple[Function, ...]:
    limit = {"MAX_HELD_UNITS": str(settings.max_held_units)}
    return (
        Function(
            name="reserve",
            handler=HANDLER,
            settings=function_settings(256, 50),
            variables={"RESERVATION_MINUTES": str(settings.reservation_minutes), **rearm_variables(settings), **limit},
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
                    codes=(INSUFFICIENT, LIMITED, OTHER_RESERVATION, FULFILLED),
                    key_required=True,
                    grants=(
                        *READ_LEVELS,
                        *WRITE_LEVEL,
                        *RELEASE_HOLDS,
                        RESERVATION_LINES,
                        grant_reservations("PutItem", reason="write what is held, once for an id"),
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
            settings=function_settings(256, 20),
            variables={**rearm_variables(settings), **limit},
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
                        grant_levels("BatchGetItem", reason="read the levels of released holds"),
                        *WRITE_LEVEL,
                        *RELEASE_HOLDS,
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
            settings=function_settings(256, 20),
            variables={**rearm_variables(settings), **limit},
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
                    codes=(INSUFFICIENT, OTHER_RESERVATION, SOLD_OTHERWISE, ENDED),
                    key_required=True,
                    grants=(
                        *READ_LEVELS,
                        *WRITE_LEVEL,
                        *RELEASE_HOLDS,
                        RESERVATION_LINES,
                        grant_movements("BatchGetItem", reason="answer a repeated fulfilment as before"),
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
