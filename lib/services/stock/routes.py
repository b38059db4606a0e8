"""Routes of the stock API, their Lambda functions, and their error codes."""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Code, Function, Route, Throttle
from ...model.paging import page_query
from ...runtime.errors import ApiError, Conflict, VersionConflict
from ...settings import FunctionSettings
from .alarms import CROSSED, EXPIRED, LOW, OVERSELLS, RELEASED, RESERVED, SALES
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


ALREADY_EXISTS = _code(Conflict, "The product already exists in the warehouse. Use `PUT` to change it.")
VERSION_CHANGED = _code(
    VersionConflict,
    "The level does not have the `expected_version` or `expected_last_updated`; `details` contains the current values. "
    "Read the level again and repeat the update.",
)
BELOW_RESERVED = _code(
    BelowReserved,
    "The update leaves fewer units on hand than are reserved; `details` contains the reserved count. Set a higher "
    "stock_count or release units first.",
)
INSUFFICIENT_STOCK = _code(
    InsufficientStock,
    "More units are requested than are available, or an adjustment removes more units than are on hand; `details` "
    "contains the count. Request fewer units or try again after a release.",
)
LIMIT_EXCEEDED = _code(
    HoldLimit,
    "The request exceeds the limit `max_held_units` of the caller for the product; `details` contains the reserved "
    "units and the limit. Release units or request fewer.",
)
RESERVATION_FULFILLED = _code(ReservationFulfilled, "Units of this `reservationId` were sold. Use another ID.")
RESERVATION_CONFLICT = _code(
    ReservationConflict,
    "The `reservationId` belongs to another caller or request, has another `reference`, or some of its lines, listed "
    "in `details`, have ended. Fulfill exactly its lines, or use another ID.",
)
REFERENCE_CONFLICT = _code(
    ReferenceConflict,
    "The `reference` was already used to sell another quantity of the product, or from another warehouse; `details` "
    "lists that sale. Use another `line_id` to sell more with this reference.",
)
RESERVATION_EXPIRED = _code(
    ReservationExpired, "The reservation has expired. Fulfill available units without `reservationId`."
)


def function_settings(memory_mb: int, reserved_concurrency: int, timeout_seconds: int = 10) -> FunctionSettings:
    """Return the settings of a function."""
    return FunctionSettings(
        memory_mb=memory_mb, timeout_seconds=timeout_seconds, reserved_concurrency=reserved_concurrency
    )


def function_of_route(route: Route, settings: FunctionSettings, variables: Mapping[str, str] | None = None) -> Function:
    """Return a function with one route, named after its operation."""
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
docs/production/scaling.md), so half of this capacity remains for callers with a key."""
ANONYMOUS_RESPONSES = {
    "full": ("get_level", "Get the current level of a product", "ProductLevel"),
    "availability": ("get_availability", "Get whether a product is in stock", "Availability"),
}
"""Operation, summary and response schema of the route without an API key, by `anonymous_response`."""


def _anonymous_throttle(settings: StockSettings) -> Throttle:
    unset = tuple(name for name in ANONYMOUS_THROTTLE if getattr(settings, f"anonymous_{name}") is None)
    limits = {name: getattr(settings, f"anonymous_{name}") or default for name, default in ANONYMOUS_THROTTLE.items()}
    return Throttle(**limits, capped=unset, key_prefix="anonymous_")


def route_functions(settings: StockSettings) -> tuple[Function, ...]:
    """Return the functions of the API routes."""
    return (*_read_functions(settings), *_level_functions(settings), *_reservation_functions(settings))


def _read_functions(settings: StockSettings) -> tuple[Function, ...]:
    page = page_query(default_size=DEFAULT_PAGE_SIZE, max_size=MAX_PAGE_SIZE, token_length=4096)
    warehouse = {"warehouse_id": {**IDENTIFIER, "description": "Warehouse ID. Default: the sum over all warehouses."}}
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
                    # Browsers of customers call this route without an API key.
                    scope="",
                    throttle=_anonymous_throttle(settings),
                    grants=READ_LEVELS,
                ),
                Route(
                    method="GET",
                    path="/inventory/{productId}/level",
                    operation="get_level",
                    summary="Get the current level of a product with its counts",
                    query=warehouse,
                    responses={200: "ProductLevel"},
                    key_required=True,
                    grants=READ_LEVELS,
                ),
            ),
        ),
        function_of_route(
            Route(
                method="GET",
                path="/inventory",
                operation="list_levels",
                summary="List and search levels, sorted by product ID",
                query={
                    "category": CATEGORY,
                    "status": STATUS,
                    "search": {**IDENTIFIER, "description": "Prefix of the product ID."},
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
                    grant_levels("BatchGetItem", reason="read the current levels of a page"),
                    PAGE_TOKENS,
                ),
            ),
            function_settings(256, 10),
        ),
        function_of_route(
            Route(
                method="GET",
                path="/inventory/{productId}/movements",
                operation="list_movements",
                summary="List the movements of a product with the counts after each, newest first",
                query={
                    "warehouse_id": {
                        **IDENTIFIER,
                        "description": "Only movements of this warehouse. If it has few movements, pages before "
                        "the last one can be short or empty. Continue while next_page_token is set.",
                    },
                    **page,
                },
                responses={200: "MovementPage"},
                key_required=True,
                grants=(grant_movements("Query", reason="read movements"), PAGE_TOKENS),
            ),
            function_settings(256, 5),
        ),
        function_of_route(
            Route(
                method="GET",
                path="/inventory/{productId}/reservations",
                operation="list_reservations",
                summary="List the active reservation lines of a product, sorted by expiry",
                query=page,
                responses={200: "HoldPage"},
                key_required=True,
                grants=(
                    grant_reservations("Query", indexes=("product-index",), reason="read reserved lines"),
                    PAGE_TOKENS,
                ),
            ),
            function_settings(256, 5),
        ),
    )


def _level_functions(settings: StockSettings) -> tuple[Function, ...]:
    return (
        function_of_route(
            Route(
                method="POST",
                path="/inventory",
                operation="create_level",
                summary="Create the level of a product in a warehouse",
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
        function_of_route(
            Route(
                method="PUT",
                path="/inventory/{productId}",
                operation="update_level",
                summary="Update the stock count, threshold or category of a level",
                body="LevelChanges",
                responses={200: "Level"},
                codes=(VERSION_CHANGED, BELOW_RESERVED, INSUFFICIENT_STOCK),
                key_required=True,
                idempotent=True,
                grants=(*READ_LEVELS, *WRITE_LEVEL, *RELEASE_HOLDS, READ_IDEMPOTENCY),
                metrics=(*CROSSED, EXPIRED),
            ),
            function_settings(256, 5),
            variables=rearm_variables(settings),
        ),
    )


def _reservation_functions(settings: StockSettings) -> tuple[Function, ...]:
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
                    codes=(INSUFFICIENT_STOCK, LIMIT_EXCEEDED, RESERVATION_CONFLICT, RESERVATION_FULFILLED),
                    key_required=True,
                    grants=(
                        *READ_LEVELS,
                        *WRITE_LEVEL,
                        *RELEASE_HOLDS,
                        RESERVATION_LINES,
                        grant_reservations("PutItem", reason="write reservation lines, once per ID"),
                    ),
                    metrics=(*RESERVED, OVERSELLS, *CROSSED, EXPIRED),
                )
                for path, body, summary in (
                    ("/inventory/{productId}/reserve", "NewReservation", "Reserve units of a product"),
                    ("/inventory/reserve", "NewCart", "Reserve all lines of a cart, or none"),
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
                        "Release the units of a product from a reservation of the caller",
                    ),
                    ("/inventory/reserve/{reservationId}", "release", None, "Release a reservation of the caller"),
                    (
                        "/inventory/{productId}/reservations/{reservationId}",
                        "release_any",
                        "manage",
                        "Release the units of a product from a reservation of any caller",
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
                    codes=(INSUFFICIENT_STOCK, RESERVATION_CONFLICT, REFERENCE_CONFLICT, RESERVATION_EXPIRED),
                    key_required=True,
                    grants=(
                        *READ_LEVELS,
                        *WRITE_LEVEL,
                        *RELEASE_HOLDS,
                        RESERVATION_LINES,
                        grant_movements("BatchGetItem", reason="read the movements of a repeated fulfillment"),
                    ),
                    metrics=(*SALES, OVERSELLS, *CROSSED, EXPIRED),
                )
                for path, body, summary in (
                    ("/inventory/{productId}/fulfill", "Fulfilment", "Sell reserved or available units of a product"),
                    ("/inventory/fulfill", "CartFulfilment", "Sell reserved or available units of all lines of a cart"),
                )
            ),
        ),
    )
