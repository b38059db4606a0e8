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
    "description": "Made when not given. Several records may share one; at most 2048 bytes as UTF-8.",
}
CREATED_AT: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1024,
    "description": "The time of creation when not given. Records of one ItemId are in the order of this text.",
}
PAGE = page_query(default_size=DEFAULT_PAGE_SIZE, max_size=MAX_PAGE_SIZE, token_length=9000)

SCHEMAS: dict[str, Schema] = {
    "NewItem": {
        "type": "object",
        "description": "Any JSON attributes; what DynamoDB can hold comes out as it went in.",
        "properties": {"ItemId": ITEM_ID, "CreatedAt": CREATED_AT},
    },
    "ItemChanges": {
        "type": "object",
        "description": "The attributes to set, at most 300; the others stay. The keys cannot change: they can be sent "
        "back as they are stored, and another value is a 400.",
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
        body={"ItemId": "pencil", "CreatedAt": NOON, "price": 1.05, "colours": ["red", "blue"], "stock": {"shop": 12}},
    ),
    Call(method="POST", path="/items", status=201, body={"ItemId": "notebook", "pages": 96, "ruled": True}),
    Call(method="POST", path="/items", status=201, body={"ItemId": "sketchpad", "CreatedAt": MORNING, "sheets": 40}),
    Call(method="POST", path="/items", status=201, body={"name": "an item whose id is made for it", "price": 12.50}),
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


def _record_routes(path: str, which: str, *find: str) -> tuple[Route, ...]:
    """The routes of one record; `find` is what it takes to tell which one is meant."""
    why = " after finding the newest record" if find else ""
    return (
        Route(
            method="GET",
            path=path,
            operation="read_item",
            summary=f"Read {which}",
            responses={200: "Item"},
            grants=_grant(*(find or ("GetItem",)), reason="read one record"),
        ),
        Route(
            method="PUT",
            path=path,
            operation="update_item",
            summary=f"Set attributes of {which}",
            body="ItemChanges",
            responses={200: "Item"},
            grants=_grant("UpdateItem", *find, reason=f"change a record{why}"),
        ),
        Route(
            method="DELETE",
            path=path,
            operation="delete_item",
            summary=f"Delete {which}",
            responses={204: None},
            grants=_grant("DeleteItem", *find, reason=f"delete a record{why}"),
        ),
    )


SERVICE = Service(
    name="items",
    title="Items",
    description="Create, list, read, update and delete items of any JSON shape.",
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
                    grants=_grant("PutItem", reason="add a record, and the trace of its Idempotency-Key"),
                    metrics=(Metric("ItemsCreated", "Count", "Items created"),),
                ),
                Route(
                    method="GET",
                    path="/items",
                    operation="list_items",
                    summary="List items, a page at a time",
                    query=PAGE,
                    responses={200: "ItemPage"},
                    grants=_grant("Scan", "GetItem", "PutItem", reason="list records, and keep the page tokens' key"),
                ),
                *_record_routes("/items/{ItemId}", "the newest item of an id", "Query"),
                *_record_routes("/items/{ItemId}/{CreatedAt}", "exactly one item"),
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
