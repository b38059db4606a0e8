"""The JSON Schemas of the stock API."""

from __future__ import annotations

from typing import Any

from ...model import Schema
from ...model.paging import page_of
from .handler import levels, movements
from .handler.operations import DEFAULT_WAREHOUSE, ID
from .settings import MAX_MINUTES, NUMBER_MAX

MAX_LINES = 25
"""Most lines of a cart: of the 100 actions of a transaction each takes three."""
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
