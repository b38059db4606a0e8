"""Operations of the API."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import cache
from typing import Annotated
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from pydantic import Field
from tap_stack.runtime.errors import Conflict, NotFound
from tap_stack.runtime.event_handler import Request
from tap_stack.runtime.sqs import Sqs

from . import store
from .models import CustomerId, NewOrder, Order, OrderPage, Status, Totals

PageSize = Annotated[int, Field(ge=1, le=50)]


@cache
def queue() -> Sqs:
    """Return the client of this execution environment."""
    return Sqs()


def create_order(order: NewOrder, request: Request) -> Order:
    """Create an order.

    It is stored first and then queued. If the function stops in between, a request with the same idempotency key
    finds the stored order by its ID and queues it.
    """
    created = store.add_order(
        Order(
            **dict(order),
            id=_order_id(order, request),
            status=Status.PLACED,
            total=order.amount(),
            created_at=datetime.now(UTC),
        )
    )
    _enqueue(created.id)
    return created


def read_order(order_id: UUID) -> Order:
    """Get an order."""
    order = store.find_order(order_id)
    if order is None:
        raise NotFound(f"Order {order_id} not found.")
    return order


def cancel_order(order_id: UUID) -> None:
    """Cancel an order."""
    order = read_order(order_id)
    if order.status is Status.REJECTED:
        raise Conflict(f"Order {order_id} must be placed or confirmed, got rejected.")
    if order.status is not Status.CANCELED and not store.set_status(order, Status.CANCELED):
        raise Conflict(f"Order {order_id} was modified concurrently. Send the request again.")
    _enqueue(order_id)


def list_orders(
    customer: CustomerId, status: Status | None = None, page_size: PageSize = 20, page_token: str | None = None
) -> OrderPage:
    """List the orders of a customer, the newest first."""
    orders, next_page_token = store.list_orders(customer, status, page_size, page_token)
    return OrderPage(orders=orders, next_page_token=next_page_token)


def read_totals(customer: CustomerId) -> Totals:
    """Get the totals of a customer."""
    return store.read_totals(customer)


def _enqueue(order_id: UUID) -> None:
    queue().send(os.environ["ORDERS_QUEUE"], json.dumps({"order_id": str(order_id)}))


def _order_id(order: NewOrder, request: Request) -> UUID:
    """Return the same ID for requests with the same idempotency key, caller and body."""
    key = request.headers.get("idempotency-key")
    return uuid5(NAMESPACE_OID, f"{request.caller}\n{key}\n{order.model_dump_json()}") if key else uuid4()
