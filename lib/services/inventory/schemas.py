"""The JSON Schemas of the inventory API."""

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
PRICE: Schema = {"type": "number", "minimum": 0, "maximum": NUMBER_MAX, "description": "A decimal, kept to the digit."}
CATEGORY: Schema = {**TEXT, "maxLength": 100}
SKU: Schema = {
    **TEXT,
    "maxLength": items.SKU_LENGTH,
    "description": "Unique. Stored in Unicode normal form C, without surplus white space; control, format and other "
    "invisible characters are a 400.",
}
STATUS: Schema = {
    "type": "string",
    "enum": list(STATUSES),
    "description": "Follows the quantity, `out_of_stock` at 0 and `available` above, unless it is `discontinued`.",
}
THRESHOLD: Schema = {
    **QUANTITY,
    "description": "At or under this quantity the stock is low; the service's when not given.",
}
VERSION: Schema = {"type": "integer", "minimum": 1, "maximum": NUMBER_MAX}
ITEM_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
TIME: Schema = {"type": "string", "format": "date-time", "description": "UTC, to the microsecond."}
REQUIRED: dict[str, Schema] = dict(zip(items.REQUIRED, (NAME, QUANTITY, CATEGORY), strict=True))
REMOVABLE: dict[str, Schema] = {"description": DESCRIPTION, "sku": SKU, "reorderThreshold": THRESHOLD}
STORED_TIME: Schema = {
    "type": "string",
    "maxLength": 100,
    "description": "Read-only. A value that is not the stored one is a 400.",
}
SENT_BACK: dict[str, Schema] = {
    "itemId": ITEM_ID,
    "version": {**VERSION, "description": "Same as `expectedVersion`, so that a stale copy of the item is a 409."},
    "createdAt": STORED_TIME,
    "lastUpdated": STORED_TIME,
}
"""Fields that are in a change because the caller sends back an item that it read."""
CHANGES: dict[str, Schema] = {
    **REQUIRED,
    "price": PRICE,
    "status": STATUS,
    **{name: {**schema, "type": [schema["type"], "null"]} for name, schema in REMOVABLE.items()},
    "expectedVersion": {**VERSION, "description": "Change the item only if this is its version; 409 otherwise."},
    **SENT_BACK,
}
"""What a change may hold: null takes an optional field away."""
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
        "description": "The fields to set; the others stay. null takes an optional one away. An item can be sent back "
        "as it was read, with fields changed.",
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
                    "description": f"With an `itemId` the changes of that item, without one a new item, "
                    f"which needs {', '.join(REQUIRED)}.",
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
                "description": "The caller's user, client, principal or ARN, the API key's id, or `anonymous`.",
            },
            "changes": {
                "type": "object",
                "description": "Of an update, the fields it changed.",
                "additionalProperties": {
                    "type": "object",
                    "description": "The values before and after; none where the field was not there.",
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
                "description": "One for each of the request's items, in their order.",
                "items": {
                    "type": "object",
                    "required": ["status"],
                    "properties": {
                        "status": {"type": "integer", "description": "What it would have been answered by itself."},
                        "item": {"$ref": "#/components/schemas/Item"},
                        "error": {"$ref": "#/components/schemas/Error"},
                    },
                },
            }
        },
    },
}
