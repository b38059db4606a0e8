"""The items service: a small CRUD API over one table."""

from ...model import Call, Function, Grant, Key, Metric, Route, Schema, Service, Table
from ...model.paging import page_of, page_query
from ...settings import AlarmSettings, ApiSettings, FunctionSettings, ObservationSettings, Settings, TableSettings
from ..tags import PROJECT_TAGS
from .handler.operations import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

HANDLER = f"{__package__}.handler.operations"

ITEM_ID: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 2048,
    "description": "Partition key. Several items can have the same one. Maximum: 2048 bytes in UTF-8. "
    "Default: a generated ID.",
}
CREATED_AT: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1024,
    "description": "Sort key. Items with the same ItemId are sorted by this string. Maximum: 1024 bytes in UTF-8. "
    "Default: the current time.",
}
PAGE = page_query(default_size=DEFAULT_PAGE_SIZE, max_size=MAX_PAGE_SIZE, token_length=9000)

SCHEMAS: dict[str, Schema] = {
    "NewItem": {
        "type": "object",
        "description": "JSON object with any attributes that DynamoDB can store. Values are returned unchanged.",
        "properties": {"ItemId": ITEM_ID, "CreatedAt": CREATED_AT},
    },
    "ItemChanges": {
        "type": "object",
        "description": "Attributes to set, at most 300. Other attributes keep their values. Keys cannot change: they "
        "must be omitted or equal the stored values, otherwise the response is a 400.",
        "minProperties": 1,
        "maxProperties": 302,
    },
    "Item": {
        "type": "object",
        "required": ["ItemId", "CreatedAt"],
        "properties": {"ItemId": ITEM_ID, "CreatedAt": CREATED_AT},
    },
    "ItemPage": page_of("items", "Item"),
}


MORNING, NOON = "2026-01-05T08:00:00Z", "2026-01-05T12:00:00Z"

DEMO = (
    Call(method="POST", path="/items", status=201, body={"ItemId": "pencil", "CreatedAt": MORNING, "price": 0.95}),
    Call(
        method="POST",
        path="/items",
        status=201,
        body={"ItemId": "pencil", "CreatedAt": NOON, "price": 1.05, "colors": ["red", "blue"], "stock": {"shop": 12}},
    ),
    Call(method="POST", path="/items", status=201, body={"ItemId": "notebook", "pages": 96, "ruled": True}),
    Call(method="POST", path="/items", status=201, body={"ItemId": "sketchpad", "CreatedAt": MORNING, "sheets": 40}),
    Call(method="POST", path="/items", status=201, body={"name": "an item with a generated ID", "price": 12.50}),
    Call(method="GET", path="/items?page_size=2", status=200),
    Call(method="GET", path="/items/pencil", status=200),
    Call(method="PUT", path="/items/pencil", status=200, body={"price": 1.10}),
    Call(method="GET", path=f"/items/pencil/{MORNING}", status=200),
    Call(method="PUT", path=f"/items/pencil/{MORNING}", status=200, body={"discontinued": True}),
    Call(method="DELETE", path=f"/items/pencil/{MORNING}", status=204),
    Call(method="DELETE", path="/items/sketchpad", status=204),
)


def _grant(*actions: str, reason: str) -> tuple[Grant, ...]:
    return (Grant(on="table", actions=actions, reason=reason),)


def _item_routes(path: str, item: str, *lookup_actions: str) -> tuple[Route, ...]:
    """Return the routes of a single item. `lookup_actions` are the permissions to find the newest item of an ID."""
    lookup = " after looking up the newest item" if lookup_actions else ""
    return (
        Route(
            method="GET",
            path=path,
            operation="read_item",
            summary=f"Get {item}",
            responses={200: "Item"},
            grants=_grant(*(lookup_actions or ("GetItem",)), reason="read an item"),
        ),
        Route(
            method="PUT",
            path=path,
            operation="update_item",
            summary=f"Update attributes of {item}",
            body="ItemChanges",
            responses={200: "Item"},
            grants=_grant("UpdateItem", *lookup_actions, reason=f"update an item{lookup}"),
        ),
        Route(
            method="DELETE",
            path=path,
            operation="delete_item",
            summary=f"Delete {item}",
            responses={204: None},
            grants=_grant("DeleteItem", *lookup_actions, reason=f"delete an item{lookup}"),
        ),
    )


SERVICE = Service(
    name="items",
    title="Items",
    description="Create, list, read, update and delete items, which are JSON objects with any attributes.",
    name_pattern="{environment}-items-{type}",
    log_access="managed",
    alarm_pattern="lambda{alarm}Alarm-{environment}",
    schemas=SCHEMAS,
    demo=DEMO,
    tables=(
        Table(
            name="table",
            variable="DYNAMODB_TABLE_NAME",
            hash_key=Key("ItemId"),
            range_key=Key("CreatedAt"),
            ttl="tap#expires",
            output_prefix="",
        ),
    ),
    functions=(
        Function(
            name="lambda",
            handler=HANDLER,
            routes=(
                Route(
                    method="POST",
                    path="/items",
                    operation="create_item",
                    summary="Create an item",
                    body="NewItem",
                    responses={201: "Item"},
                    idempotent=True,
                    grants=_grant("PutItem", reason="write an item and its idempotency record"),
                    metrics=(Metric("ItemsCreated", "Count", "Items created"),),
                ),
                Route(
                    method="GET",
                    path="/items",
                    operation="list_items",
                    summary="List items in pages",
                    query=PAGE,
                    responses={200: "ItemPage"},
                    grants=_grant(
                        "Scan", "GetItem", "PutItem", reason="list items, and read or create the key of page tokens"
                    ),
                ),
                *_item_routes("/items/{ItemId}", "the newest item of an ID", "Query"),
                *_item_routes("/items/{ItemId}/{CreatedAt}", "an item"),
            ),
        ),
    ),
    settings=Settings(
        function=FunctionSettings(
            runtime="python3.9", memory_mb=128, timeout_seconds=5, reserved_concurrency=-1, log_retention_days=14
        ),
        table=TableSettings(billing_mode="PAY_PER_REQUEST"),
        api=ApiSettings(stage_name="prod", throttle_rate_per_second=17, throttle_burst=50),
        alarms=AlarmSettings(duration_ms=4000, errors=0, throttles=0, recommended=False),
        observation=ObservationSettings(dashboard=False),
    ),
    default_tags=PROJECT_TAGS,
)
