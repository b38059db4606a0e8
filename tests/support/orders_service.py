"""Definition of an orders API with schemas and operations of Python types."""

from lib.model import Function, Route, Service, idempotency_table

from .orders import operations

SERVICE = Service(
    name="orders",
    tables=(idempotency_table(),),
    functions=(
        Function(
            name="api",
            handler=operations.__name__,
            routes=(
                Route.typed(
                    operations.create_order, method="POST", path="/orders", status=201, idempotency="idempotency"
                ),
                Route.typed(operations.list_orders, method="GET", path="/orders"),
                Route.typed(operations.read_order, method="GET", path="/orders/{order_id}"),
                Route.typed(operations.delete_order, method="DELETE", path="/orders/{order_id}"),
                Route.typed(operations.export_order, method="GET", path="/orders/{order_id}/text"),
            ),
        ),
    ),
)
