"""Definition of the service. The types of the operations determine the schemas of requests and responses."""

from tap_stack.model import (
    Call,
    Function,
    Grant,
    Index,
    Key,
    Queue,
    QueueConsumer,
    Route,
    Service,
    StreamConsumer,
    Table,
    idempotency_table,
)
from tap_stack.settings import FunctionSettings

from .handler import operations

READ_ORDER = Grant(on="orders", actions=("GetItem",), reason="read the order")
SET_STATUS = Grant(on="orders", actions=("UpdateItem",), reason="set the status of the order")
QUEUE_ORDER = Grant(on="orders-to-process", actions=("SendMessage",), reason="queue the order")
API = Function(
    name="api",
    handler="examples.orders.handler.operations",
    requirements="requirements.txt",
    routes=(
        Route.typed(
            operations.create_order,
            method="POST",
            path="/orders",
            status=201,
            idempotency="internal",
            grants=(Grant(on="orders", actions=("PutItem",), reason="store the order"), QUEUE_ORDER),
        ),
        Route.typed(operations.read_order, method="GET", path="/orders/{order_id}", grants=(READ_ORDER,)),
        Route.typed(
            operations.cancel_order,
            method="DELETE",
            path="/orders/{order_id}",
            errors=(409,),
            grants=(READ_ORDER, SET_STATUS, QUEUE_ORDER),
        ),
        Route.typed(
            operations.list_orders,
            method="GET",
            path="/customers/{customer}/orders",
            grants=(
                Grant(on="orders", actions=("Query",), indexes=("by-customer",), reason="list the orders"),
                Grant(
                    on="internal",
                    actions=("GetItem", "PutItem"),
                    keys=("tap#page-token-key",),
                    reason="read or create the key of page tokens",
                ),
            ),
        ),
        Route.typed(
            operations.read_totals,
            method="GET",
            path="/customers/{customer}/totals",
            grants=(Grant(on="totals", actions=("GetItem",), reason="read the totals"),),
        ),
    ),
)
WORKER = Function(
    name="worker",
    handler="examples.orders.handler.worker",
    requirements="requirements.txt",
    settings=FunctionSettings(timeout_seconds=5),
    consumers=(
        QueueConsumer(
            name="process-orders",
            queue="orders-to-process",
            operation="process_order",
            grants=(READ_ORDER, SET_STATUS),
        ),
        StreamConsumer(
            name="count-orders",
            table="orders",
            operation="count_order",
            grants=(
                Grant(on="totals", actions=("UpdateItem",), reason="add the change of the order"),
                Grant(on="internal", actions=("PutItem",), keys=("record#*",), reason="count each change once"),
            ),
        ),
    ),
)
QUOTES = Function(
    name="quotes",
    handler="examples.orders.handler.quotes",
    requirements="requirements.txt",
    routes=(
        Route(
            method="ANY",
            path="/quotes/{proxy+}",
            operation="call_application",
            summary="Call the quotes application",
            additional_query=True,
            responses={200: "application/json"},
        ),
    ),
)
ORDER = {
    "customer": "ada",
    "lines": [{"sku": "PEN", "quantity": 2, "price": "1.15"}],
    "payment": {"kind": "card", "token": "tok_visa"},
}
SERVICE = Service(
    name="orders",
    description="Takes orders, charges them in the background and keeps totals of customers.",
    tables=(
        Table(
            name="orders",
            variable="ORDERS_TABLE",
            hash_key=Key("id"),
            indexes=(Index(name="by-customer", hash_key=Key("customer"), range_key=Key("created_at")),),
            stream="NEW_AND_OLD_IMAGES",
        ),
        Table(name="totals", variable="TOTALS_TABLE", hash_key=Key("customer")),
        idempotency_table("internal", "INTERNAL_TABLE"),
    ),
    queues=(Queue(name="orders-to-process", variable="ORDERS_QUEUE", max_receives=3),),
    functions=(API, WORKER, QUOTES),
    demo=(
        Call(
            method="POST",
            path="/orders",
            status=201,
            body=ORDER,
            headers={"Idempotency-Key": "demo-1"},
            captures={"order": "id"},
        ),
        Call(method="GET", path="/orders/{order}", status=200),
        Call(method="GET", path="/customers/ada/orders?page_size=1", status=200),
        Call(method="DELETE", path="/orders/{order}", status=204),
        Call(method="GET", path="/customers/ada/totals", status=200),
        Call(method="POST", path="/quotes/orders", status=200, body=ORDER),
    ),
)
