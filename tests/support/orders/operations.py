"""Operations of the orders API."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated

from pydantic import Field
from tap_stack.runtime.errors import NotFound
from tap_stack.runtime.event_handler import Request, Response

from .models import NewOrder, Order, OrderPage, Priority

ORDERS: dict[uuid.UUID, Order] = {}


def create_order(order: NewOrder, request: Request) -> Order:
    """Create an order.

    Its ID is generated.
    """
    total = sum((line.price * line.quantity for line in order.lines), Decimal(0))
    created = Order(**order.model_dump(), id=uuid.uuid5(uuid.NAMESPACE_URL, request.id + str(len(ORDERS))), total=total)
    ORDERS[created.id] = created
    return created


def read_order(order_id: uuid.UUID) -> Order:
    """Get an order."""
    if order_id not in ORDERS:
        raise NotFound(f"Order {order_id} not found.")
    return ORDERS[order_id]


def list_orders(
    page_size: Annotated[int, Field(ge=1, le=100)] = 20,
    priority: Priority | None = None,
    min_total: Decimal | None = None,
) -> OrderPage:
    """List orders."""
    orders = [order for order in ORDERS.values() if priority in (None, order.priority)]
    orders = [order for order in orders if min_total is None or order.total >= min_total]
    return OrderPage(orders[:page_size], len(orders))


def delete_order(order_id: uuid.UUID) -> None:
    """Delete an order."""
    ORDERS.pop(order_id, None)


def export_order(order_id: uuid.UUID) -> Response:
    """Export an order as text."""
    return Response(200, f"order {order_id}", {"Content-Type": "text/plain"})
