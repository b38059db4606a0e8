"""JSON Schemas of the stock API."""

from __future__ import annotations

from typing import Any

from ...model import Schema
from ...model.paging import page_of
from .handler import levels, movements
from .handler.operations import DEFAULT_WAREHOUSE, ID
from .settings import MAX_MINUTES, NUMBER_MAX

MAX_LINES = 25
"""Maximum number of lines of a cart. Each line needs 3 of the 100 actions of a transaction."""
IDENTIFIER: dict[str, Any] = {"type": "string", "pattern": f"^{ID}$"}
PRODUCT: Schema = {
    **IDENTIFIER,
    "description": "At most 100 letters, digits or . _ ~ : @ -, starting with a letter or digit.",
}
WAREHOUSE: Schema = {**IDENTIFIER, "description": "Default: a warehouse with enough units, or the only one."}
COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": NUMBER_MAX}
UNITS: Schema = {"type": "integer", "minimum": 1, "maximum": NUMBER_MAX}
CATEGORY: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^[^#]*[^#\s][^#]*$"}
STATUS: Schema = {"type": "string", "enum": [levels.IN_STOCK, levels.LOW_STOCK, levels.OUT_OF_STOCK]}
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
TIME: Schema = {"type": "string", "format": "date-time", "description": "UTC, to the microsecond."}
RESERVATION: Schema = {
    **IDENTIFIER,
    "description": "ID chosen by the caller, such as the cart ID. Default: a random ID. A repeated request receives "
    "the same response. The ID can be used again after the reservation was released or has expired, but not after it "
    "was fulfilled.",
}
MINUTES: Schema = {
    "type": "integer",
    "minimum": 1,
    "maximum": MAX_MINUTES,
    "description": "Minimum lifetime of the reservation. `expiry` is up to 5 % later, or more if the level has "
    "reservations with many different lifetimes. Default: set by the service.",
}
REFERENCE: Schema = {
    **TEXT,
    "pattern": r"\S",
    "description": "Reference chosen by the caller, such as the order number; stored in the movements. A reservation "
    "has at most one. Without a reservation, a reference sells each product once, or once per line_id: a repeated "
    "request receives the same response.",
}
LINE_ID: Schema = {
    **TEXT,
    "pattern": r"\S",
    "description": "Label that distinguishes lines of the same product and reference.",
}
RESERVED_AT: Schema = {
    **TEXT,
    "description": "`reserved_at` of the reservation, an RFC 3339 timestamp. With it, a late retry does not apply to a "
    "later reservation with the same ID.",
}
LINES: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_LINES,
    "description": "Lines of the same product and warehouse are merged.",
    "items": {
        "type": "object",
        "required": ["product_id", "quantity"],
        "additionalProperties": False,
        "properties": {"product_id": PRODUCT, "quantity": UNITS, "warehouse_id": WAREHOUSE},
    },
}
ORDER_LINES: Schema = {
    **LINES,
    "description": "Lines to sell. With a reservationId, omit them or set all lines of the reservation.",
    "items": {**LINES["items"], "properties": {**LINES["items"]["properties"], "line_id": LINE_ID}},
}


def _request(required: tuple[str, ...], **properties: Schema) -> Schema:
    """Return the schema of a request object."""
    required_names = {"required": [*required]} if required else {}
    return {"type": "object", **required_names, "additionalProperties": False, "properties": properties}


def _response(required: tuple[str, ...], **properties: Schema) -> Schema:
    """Return the schema of a response object. Later versions can add properties."""
    return {"type": "object", "required": [*required], "properties": properties}


COUNTS: dict[str, Schema] = {
    "stock_count": {"type": "integer", "description": "Units on hand."},
    "reserved_count": {"type": "integer", "description": "Reserved units of `stock_count`."},
    "available": {"type": "integer", "description": "`stock_count` minus `reserved_count`."},
}
LEVEL: dict[str, Schema] = {
    "product_id": PRODUCT,
    "warehouse_id": IDENTIFIER,
    **COUNTS,
    "threshold_level": {"type": "integer", "description": "Stock is low at or below this number of available units."},
    "status": STATUS,
    "last_updated": {**TIME, "description": "Time of the last change of stock_count, threshold_level or category."},
    "version": {
        "type": "integer",
        "description": "Number of changes of stock_count, threshold_level and category, including the creation.",
    },
}
AVAILABILITY: dict[str, Schema] = {
    "product_id": PRODUCT,
    "in_stock": {"type": "boolean", "description": "Whether any unit is available."},
    "low_stock": {"type": "boolean", "description": "Whether the status is LOW_STOCK, so units are still available."},
}
LINE: dict[str, Schema] = {"product_id": PRODUCT, "warehouse_id": IDENTIFIER, "quantity": UNITS}
SOLD: dict[str, Schema] = {**LINE, **COUNTS, "status": STATUS}
SCHEMAS: dict[str, Schema] = {
    "NewLevel": _request(
        ("product_id", "stock_count"),
        product_id=PRODUCT,
        warehouse_id={**IDENTIFIER, "description": f"Default: `{DEFAULT_WAREHOUSE}`."},
        stock_count=COUNT,
        threshold_level={**COUNT, "description": "Default: set by the service."},
        category={**CATEGORY, "description": "Any string without #."},
    ),
    "LevelChanges": _request(
        (),
        warehouse_id={**IDENTIFIER, "description": "Required if the product is in several warehouses."},
        stock_count=COUNT,
        adjustment={
            "type": "integer",
            "minimum": -NUMBER_MAX,
            "maximum": NUMBER_MAX,
            "description": "Units to add to stock_count. Requires a reason and excludes stock_count.",
        },
        reason=TEXT,
        threshold_level=COUNT,
        category={**CATEGORY, "type": ["string", "null"], "description": "`null` removes the category."},
        expected_version={**UNITS, "description": "Update the level only if it has this version; otherwise 409."},
        expected_last_updated={
            **TEXT,
            "description": "Update the level only if it has this last_updated (RFC 3339); otherwise 409.",
        },
    ),
    "NewReservation": _request(
        ("quantity",),
        reservationId=RESERVATION,
        quantity=UNITS,
        warehouse_id=WAREHOUSE,
        lifetime_minutes=MINUTES,
        reference=REFERENCE,
    ),
    "NewCart": _request(
        ("lines",), reservationId=RESERVATION, lines=LINES, lifetime_minutes=MINUTES, reference=REFERENCE
    ),
    "Fulfilment": _request(
        (),
        reservationId={**IDENTIFIER, "description": "Reservation to sell. Default: sell available units."},
        quantity={
            **UNITS,
            "description": "Units to sell. With a reservationId, omit it or set all units of the reservation.",
        },
        warehouse_id=WAREHOUSE,
        reference=REFERENCE,
        line_id=LINE_ID,
        reserved_at=RESERVED_AT,
    ),
    "CartFulfilment": _request(
        (),
        reservationId={**IDENTIFIER, "description": "Reservation to sell. Default: sell available units."},
        lines=ORDER_LINES,
        reference=REFERENCE,
        reserved_at=RESERVED_AT,
    ),
    "Reconciling": _request((), repair={"type": "boolean", "description": "Repair differences."}),
    "Level": _response(tuple(LEVEL), **LEVEL, category=CATEGORY),
    "ProductLevel": {
        **_response(
            tuple(name for name in LEVEL if name not in ("warehouse_id", "version")),
            **LEVEL,
            category=CATEGORY,
            warehouses={"type": "array", "items": {"$ref": "#/components/schemas/Level"}},
        ),
        "description": "Level in `warehouse_id` if that is set, otherwise the sum over `warehouses`. The sum has a "
        "`version` only if there is one warehouse.",
    },
    "Availability": {
        **_response(tuple(AVAILABILITY), **AVAILABILITY, warehouse_id={**IDENTIFIER, "description": "As requested."}),
        "description": "Response of `GET /inventory/{productId}` if `anonymous_response` is `availability`.",
    },
    "LevelPage": page_of("levels", "Level"),
    "Reservation": _response(
        ("reservationId", "expiry", "reserved_at", "lines"),
        reservationId=IDENTIFIER,
        expiry=TIME,
        reserved_at=TIME,
        reference=TEXT,
        **{name: {**schema, "description": "Set if the reservation has one line."} for name, schema in LINE.items()},
        lines={"type": "array", "items": _response(tuple(LINE), **LINE)},
    ),
    "Sale": _response(
        ("lines",),
        reservationId=IDENTIFIER,
        reference=TEXT,
        lines={"type": "array", "items": _response(tuple(SOLD), **SOLD)},
    ),
    "Movement": _response(
        (*SOLD, "sequence", "type", "actor", "at", "threshold_level"),
        **{**SOLD, "quantity": {"type": "integer", "description": "Units; the change of stock_count for an update."}},
        threshold_level=LEVEL["threshold_level"],
        sequence={"type": "integer", "description": "Number of the movement of the level, starting with 1."},
        type={"type": "string", "enum": [*movements.TYPES]},
        reservationId=IDENTIFIER,
        reference={**TEXT, "description": "Reference chosen by the caller, such as the order number."},
        reason=TEXT,
        actor={
            "type": "string",
            "description": "User, client, principal or ARN of the caller, the ID of the API key, or `expiry`.",
        },
        correlationId={
            "type": "string",
            "description": "`X-Correlation-Id` of the request or scheduled job that caused the movement.",
        },
        at=TIME,
    ),
    "MovementPage": page_of("movements", "Movement"),
    "Hold": _response(
        ("reservationId", *LINE, "expiry", "reserved_at", "actor"),
        reservationId=IDENTIFIER,
        **LINE,
        expiry=TIME,
        reserved_at=TIME,
        actor={"type": "string"},
        reference=TEXT,
    ),
    "HoldPage": page_of("reservations", "Hold"),
    "Reconciliation": _response(
        ("product_id", "repaired", "drifts"),
        product_id=PRODUCT,
        repaired={"type": "boolean"},
        drifts={
            "type": "array",
            "items": _response(
                ("product_id", "warehouse_id", "field", "counted", "found"),
                product_id=PRODUCT,
                warehouse_id=IDENTIFIER,
                field={"type": "string"},
                counted={"description": "Value computed from reservations or movements."},
                found={"description": "Stored value."},
            ),
        },
    ),
}
