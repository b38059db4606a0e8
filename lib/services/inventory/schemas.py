"""JSON Schemas of the inventory API."""

from __future__ import annotations

from typing import Any

from ...model import Schema
from ...model.paging import page_of
from .handler import items
from .settings import NUMBER_MAX

STATUSES = ("available", "out_of_stock", "discontinued")
TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "pattern": r"\S"}
NAME: Schema = {**TEXT, "maxLength": 200}
DESCRIPTION: Schema = {"type": "string", "maxLength": 2000}
QUANTITY: Schema = {"type": "integer", "minimum": 0, "maximum": NUMBER_MAX}
PRICE: Schema = {
    "type": "number",
    "minimum": 0,
    "maximum": NUMBER_MAX,
    "description": "Decimal number, stored exactly.",
}
CATEGORY: Schema = {**TEXT, "maxLength": 100}
SKU: Schema = {
    **TEXT,
    "maxLength": items.SKU_LENGTH,
    "description": "Unique among items. Stored in Unicode normal form C, without leading, trailing or repeated white "
    "space. Control, format and other invisible characters are rejected with a 400.",
}
STATUS: Schema = {
    "type": "string",
    "enum": list(STATUSES),
    "description": "`discontinued`, or derived from the quantity: `out_of_stock` if it is 0, else `available`.",
}
THRESHOLD: Schema = {
    **QUANTITY,
    "description": "Quantity at or below which stock is low. Default: the setting `low_stock_threshold`.",
}
VERSION: Schema = {"type": "integer", "minimum": 1, "maximum": NUMBER_MAX}
ITEM_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
TIME: Schema = {"type": "string", "format": "date-time", "description": "UTC timestamp with microseconds."}
REQUIRED: dict[str, Schema] = dict(zip(items.REQUIRED, (NAME, QUANTITY, CATEGORY), strict=True))
REMOVABLE: dict[str, Schema] = {"description": DESCRIPTION, "sku": SKU, "reorderThreshold": THRESHOLD}
STORED_TIME: Schema = {
    "type": "string",
    "maxLength": 100,
    "description": "Read-only: must equal the stored value; 400 otherwise.",
}
READ_ONLY: dict[str, Schema] = {
    "itemId": ITEM_ID,
    "version": {**VERSION, "description": "Same as `expectedVersion`, so that an outdated copy is rejected."},
    "createdAt": STORED_TIME,
    "lastUpdated": STORED_TIME,
}
"""Fields that a change can contain so that callers can send an item that they have read."""
CHANGES: dict[str, Schema] = {
    **REQUIRED,
    "price": PRICE,
    "status": STATUS,
    **{name: {**schema, "type": [schema["type"], "null"]} for name, schema in REMOVABLE.items()},
    "expectedVersion": {**VERSION, "description": "Version that the item must have; 409 otherwise."},
    **READ_ONLY,
}
"""Fields of a change. `null` removes an optional field."""
SCHEMAS: dict[str, Schema] = {
    "NewItem": {
        "type": "object",
        "required": list(REQUIRED),
        "additionalProperties": False,
        "properties": {
            **REQUIRED,
            "price": {**PRICE, "description": f"{PRICE['description']} Default: 0."},
            "status": STATUS,
            **REMOVABLE,
        },
    },
    "ItemChanges": {
        "type": "object",
        "description": "Fields to set. Other fields keep their values; null removes an optional field. The body can be "
        "an item as it was read, with changed fields.",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": CHANGES,
    },
    "Batch": {
        "type": "object",
        "required": ["items"],
        "additionalProperties": False,
        "properties": {
            "items": {
                "type": "array",
                "minItems": 1,
                "maxItems": 25,
                "items": {
                    "type": "object",
                    "description": "Changes of the item with the `itemId`. Without it, a new item, which requires "
                    f"{', '.join(REQUIRED)}.",
                    "minProperties": 1,
                    "additionalProperties": False,
                    "properties": CHANGES,
                },
            }
        },
    },
    "Item": {
        "type": "object",
        "required": ["itemId", "version", *REQUIRED, "price", "status", "createdAt", "lastUpdated"],
        "properties": {
            "itemId": ITEM_ID,
            "version": VERSION,
            **REQUIRED,
            "price": PRICE,
            "status": STATUS,
            **REMOVABLE,
            "createdAt": TIME,
            "lastUpdated": TIME,
        },
    },
    "Deleted": {
        "type": "object",
        "required": ["message", "itemId", "version"],
        "properties": {"message": {"type": "string"}, "itemId": ITEM_ID, "version": VERSION},
    },
    "ItemPage": page_of("items", "Item"),
    "Version": {
        "type": "object",
        "required": ["version", "operation", "changedAt", "changedBy", "changes", "item"],
        "properties": {
            "version": VERSION,
            "operation": {"type": "string", "enum": ["CREATE", "UPDATE", "DELETE"]},
            "changedAt": TIME,
            "changedBy": {
                "type": "string",
                "description": "User, client, principal or ARN of the caller, ID of the API key, or `anonymous`.",
            },
            "changes": {
                "type": "object",
                "description": "Changed fields of an update.",
                "additionalProperties": {
                    "type": "object",
                    "description": "Values before and after the update. A missing value means an unset field.",
                    "properties": {"old": {}, "new": {}},
                },
            },
            "item": {"$ref": "#/components/schemas/Item"},
        },
    },
    "History": page_of("versions", "Version"),
    "BatchResults": {
        "type": "object",
        "required": ["results"],
        "properties": {
            "results": {
                "type": "array",
                "description": "One result per item of the request, in order.",
                "items": {
                    "type": "object",
                    "required": ["status"],
                    "properties": {
                        "status": {"type": "integer", "description": "HTTP status of the item."},
                        "item": {"$ref": "#/components/schemas/Item"},
                        "error": {"$ref": "#/components/schemas/Error"},
                    },
                },
            }
        },
    },
}
