"""The inventory service: versioned items, an audit trail, low-stock alerts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from ...service import (
    Call,
    Function,
    Grant,
    Index,
    Key,
    Metric,
    Parameter,
    Route,
    Schedule,
    Schema,
    Service,
    Table,
    Topic,
)
from ...settings import ApiSettings, FunctionSettings, Layer, Settings, between, flag, refuse, setting
from ..pages import page_of, page_query
from ..tags import SERVICE_TAGS
from .handler import rows, store

HANDLER = f"{__package__}.handler.api"
NUMBER_MAX = 999_999_999_999
MAX_PAGE_SIZE = store.MAX_PAGE_SIZE
STATUSES = ("available", "out_of_stock", "discontinued")
LISTED = Key("listedAt")
"""Only rows of items that are there have it, so nothing else is in an index."""
INDEXES = dict(rows.INDEXES.values())
"""The listing's indexes, and the partition key of each; all are in the order of `listedAt`."""


@dataclass(frozen=True, kw_only=True)
class InventorySettings(Layer):
    """What a shop can choose about its inventory service."""

    low_stock_threshold: int = setting(between(0, NUMBER_MAX), key="low_stock_threshold", default=10)
    """So many or fewer are low stock, where an item or a level has no threshold of its own."""
    default_page_size: int = setting(between(1, MAX_PAGE_SIZE, "items"), key="default_page_size", default=20)
    """Items a page when a request does not say."""
    max_page_size: int = setting(between(1, MAX_PAGE_SIZE, "items"), key="max_page_size", default=MAX_PAGE_SIZE)
    """Most items a page."""
    audit_reads: bool = setting(flag(), key="audit_reads", default=True)
    """Reads leave an audit row, too: a write unit and no time, as it is written beside the read."""

    WHERE: ClassVar[str] = "inventory"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.default_page_size > self.max_page_size:
            wanted = f"give at most max_page_size, {self.max_page_size}"
            raise refuse(f"{self.WHERE}.default_page_size", self.default_page_size, wanted)


def inventory(settings: InventorySettings | None = None) -> Service:
    """The service as a shop wants it: `TapStackArgs(service=inventory(InventorySettings(audit_reads=False)))`."""
    settings = settings or InventorySettings()
    return Service(
        name="inventory",
        title="Inventory",
        description="Items of a shop's inventory: every version kept, every change and read audited, low stock told.",
        name_pattern="inventory-{type}-{environment}",
        log_access="create",
        alarms_type="alerts",
        schemas=SCHEMAS,
        batches={"Batch": "items"},
        demo=DEMO,
        tables=TABLES,
        topics=(Topic(name="alerts", variable="ALERTS_TOPIC_ARN", output_prefix="sns"),),
        parameters=(
            Parameter(name="table-name", table="items"),
            Parameter(name="audit-table-name", table="audit"),
            Parameter(name="config", variable="CONFIG_PARAMETER", value=asdict(settings)),
        ),
        functions=(
            Function(
                name="api-lambda",
                handler=HANDLER,
                routes=(*_changes(), *_reads(settings)),
                schedules=(
                    Schedule(
                        name="send-alerts",
                        rate="rate(5 minutes)",
                        operation="send_alerts",
                        grants=_send_grants(),
                        settings=FunctionSettings(memory_mb=256, timeout_seconds=30, reserved_concurrency=1),
                    ),
                ),
            ),
        ),
        settings=Settings(
            api=ApiSettings(access_log=True, execution_log_level="INFO", metrics=True, log_role="made"),
        ),
        default_tags=SERVICE_TAGS,
    )


TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "pattern": r"\S"}
NAME: Schema = {**TEXT, "maxLength": 200}
DESCRIPTION: Schema = {"type": "string", "maxLength": 2000}
QUANTITY: Schema = {"type": "integer", "minimum": 0, "maximum": NUMBER_MAX}
PRICE: Schema = {"type": "number", "minimum": 0, "maximum": NUMBER_MAX, "description": "A decimal, kept to the digit."}
CATEGORY: Schema = {**TEXT, "maxLength": 100}
SKU: Schema = {
    **TEXT,
    "maxLength": rows.SKU_LENGTH,
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

REQUIRED: dict[str, Schema] = dict(zip(rows.REQUIRED, (NAME, QUANTITY, CATEGORY), strict=True))
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

TABLES = (
    Table(
        name="items",
        variable="ITEMS_TABLE_NAME",
        hash_key=Key("itemId"),
        range_key=Key("version", "N"),
        indexes=tuple(Index(name=name, hash_key=Key(key), range_key=LISTED) for name, key in INDEXES.items()),
        ttl="tap#expires",
        stream="NEW_AND_OLD_IMAGES",
    ),
    Table(name="audit", variable="AUDIT_TABLE_NAME", hash_key=Key("auditId"), range_key=Key("timestamp")),
)


ALERTS, SKUS, TOKENS = "tap#alert#*", "tap#sku#*", "tap#page-token-key"
"""The service's own rows, by their partition keys."""


def _items(*actions: str, reason: str, indexes: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Grant:
    return Grant(on="items", actions=actions, indexes=indexes, keys=keys, reason=reason)


PAGE_TOKENS = _items("GetItem", "PutItem", keys=(TOKENS,), reason="keep the page tokens' key")


CONFIG = Grant(on="config", actions=("GetParameter",), reason="read thresholds and page sizes, once per worker")
AUDIT = Grant(on="audit", actions=("PutItem",), reason="leave an audit row in the transaction of the change")
ALERT = Grant(on="alerts", actions=("Publish",), reason="tell of low stock")
WRITTEN = (AUDIT, ALERT, CONFIG)
"""What goes with a version that is written."""
CURRENT = _items("GetItem", reason="read what is to be changed")
CREATED = Metric("ItemsCreated", "Count", "Items created")
LOW = Metric("LowStock", "Count", "Items that came to or under their threshold")
OWN_ROWS = _items("UpdateItem", keys=(SKUS, ALERTS), reason="free the sku an item gave up, note that an alert was sent")


def _changes() -> tuple[Route, ...]:
    quick = FunctionSettings(memory_mb=256, timeout_seconds=10, reserved_concurrency=10)
    return (
        Route(
            method="POST",
            path="/items",
            operation="create_item",
            summary="Create an item, at version 1",
            body="NewItem",
            responses={201: "Item"},
            idempotent=True,
            versioned=True,
            grants=(
                _items("PutItem", reason="add the item, its first version, and the guard of its sku"),
                _items("GetItem", reason="answer a repeated Idempotency-Key with what it made"),
                _items("UpdateItem", keys=(ALERTS,), reason="note that an alert was sent"),
                *WRITTEN,
            ),
            metrics=(CREATED, LOW),
            settings=quick,
        ),
        Route(
            method="POST",
            path="/items/batch",
            operation="batch_items",
            summary="Create or change up to 25 items, each by itself",
            body="Batch",
            responses={200: "BatchResults"},
            idempotent=True,
            grants=(
                CURRENT,
                _items("PutItem", reason="add versions, and the guards of skus"),
                OWN_ROWS,
                *WRITTEN,
            ),
            metrics=(CREATED, LOW),
            settings=FunctionSettings(memory_mb=512, timeout_seconds=20, reserved_concurrency=5),
        ),
        Route(
            method="PUT",
            path="/items/{itemId}",
            operation="update_item",
            summary="Change an item",
            body="ItemChanges",
            responses={200: "Item"},
            versioned=True,
            errors=(409,),
            grants=(
                CURRENT,
                _items("PutItem", reason="add a version, and the guard of a new sku"),
                OWN_ROWS,
                *WRITTEN,
            ),
            metrics=(LOW,),
            settings=quick,
        ),
        Route(
            method="DELETE",
            path="/items/{itemId}",
            operation="delete_item",
            summary="Delete an item; its history stays",
            query={"sku": {**SKU, "description": "SKU that the item must have; 404 otherwise."}},
            responses={200: "Deleted"},
            versioned=True,
            grants=(
                _items("GetItem", reason="read what is to be deleted"),
                _items("PutItem", reason="add the version that says it is gone"),
                _items("UpdateItem", keys=(SKUS,), reason="free its sku"),
                AUDIT,
            ),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=5, reserved_concurrency=5),
        ),
    )


def _reads(settings: InventorySettings) -> tuple[Route, ...]:
    audit = Grant(on="audit", actions=("PutItem",), reason="leave an audit row beside the read")
    always = (audit, CONFIG) if settings.audit_reads else (CONFIG,)
    page = page_query(
        default_size=settings.default_page_size,
        max_size=settings.max_page_size,
        token_length=4096,
    )
    return (
        Route(
            method="GET",
            path="/items",
            operation="list_items",
            summary="List items, newest first, a page at a time",
            query={"category": CATEGORY, "status": STATUS, "sku": {**SKU, "description": "SKU of one item."}, **page},
            responses={200: "ItemPage"},
            grants=(
                _items("Query", indexes=tuple(INDEXES), reason="list items"),
                _items("GetItem", reason="find an item by its sku"),
                PAGE_TOKENS,
                *always,
            ),
            settings=FunctionSettings(memory_mb=512, timeout_seconds=10, reserved_concurrency=15),
        ),
        Route(
            method="GET",
            path="/items/{itemId}",
            operation="get_item",
            summary="Read an item",
            query={
                "version": {**VERSION, "description": "Version to return. Default: the latest."},
                "sku": {**SKU, "description": "SKU that the item must have now; 404 otherwise."},
            },
            responses={200: "Item"},
            versioned=True,
            grants=(_items("GetItem", reason="read an item"), *always),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=5, reserved_concurrency=20),
        ),
        Route(
            method="GET",
            path="/items/{itemId}/history",
            operation="get_history",
            summary="Every version of an item, newest first, a page at a time; also of a deleted one",
            query=page,
            responses={200: "History"},
            grants=(_items("Query", reason="read versions"), PAGE_TOKENS, *always),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=10, reserved_concurrency=5),
        ),
    )


def _send_grants() -> tuple[Grant, ...]:
    return (
        _items("Query", indexes=("listing-index",), reason="find alerts that were not sent"),
        _items("UpdateItem", keys=(ALERTS,), reason="take an alert, and note that it was sent"),
        ALERT,
    )


DESK: dict[str, Any] = {
    "name": "Walnut desk",
    "category": "furniture",
    "quantity": 40,
    "price": 349.95,
    "sku": "DESK-140",
}
LAMPS: list[dict[str, Any]] = [
    {"name": "Desk lamp", "category": "lighting", "quantity": 25, "price": 59, "sku": "LAMP-7"},
    {"name": "Floor lamp", "category": "lighting", "quantity": 4, "price": 129.50, "reorderThreshold": 5},
]

DEMO = (
    Call(method="POST", path="/items", status=201, body=DESK, keeps={"desk": "itemId"}),
    Call(method="POST", path="/items", status=409, body=DESK),
    Call(method="POST", path="/items", status=201, body={**DESK, "name": "Oak desk", "sku": "DESK-160"}),
    Call(method="POST", path="/items/batch", status=200, body={"items": LAMPS}),
    Call(method="POST", path="/items/batch", status=200, body={"items": [{"itemId": "{desk}", "price": 329.95}]}),
    Call(method="GET", path="/items?category=lighting&status=available&page_size=10", status=200),
    Call(method="GET", path="/items?sku=DESK-140", status=200),
    Call(method="PUT", path="/items/{desk}", status=200, body={"quantity": 8}, headers={"If-Match": '"2"'}),
    Call(method="PUT", path="/items/{desk}", status=412, body={"quantity": 7}, headers={"If-Match": '"2"'}),
    Call(method="PUT", path="/items/{desk}", status=200, body={"quantity": 60, "expectedVersion": 3}),
    Call(method="GET", path="/items/{desk}?version=1", status=200),
    Call(method="GET", path="/items/{desk}", status=200),
    Call(method="DELETE", path="/items/{desk}?sku=DESK-140", status=200),
    Call(method="GET", path="/items/{desk}/history", status=200),
)

SERVICE = inventory()
