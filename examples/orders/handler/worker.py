"""Operations that process queued orders, and changes of orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from tap_stack.runtime.records import Message, StreamRecord

from . import payments, store
from .models import Status


def process_order(message: Message) -> None:
    """Charge a placed order, or refund a canceled one. An error leaves the message in the queue for another delivery.

    A repeated message has no effect, because the order has another status by then.
    """
    order_id = UUID(message.json()["order_id"])
    order = store.find_order(order_id)
    if order is None:
        raise LookupError(f"Order {order_id} not found.")
    if order.status is Status.CANCELED:
        payments.refund(order)
    elif order.status is Status.PLACED:
        status = Status.CONFIRMED if payments.charge(order) else Status.REJECTED
        if not store.set_status(order, status):
            raise RuntimeError(f"Order {order_id} was modified concurrently.")


def count_order(record: StreamRecord) -> None:
    """Add the difference between the old and the new state of an order to the totals of its customer."""
    (old_orders, old_amount), (new_orders, new_amount) = _counted(record.old), _counted(record.new)
    if old_orders != new_orders:
        customer = (record.new or record.old or {})["customer"]
        store.add_to_totals(customer, new_orders - old_orders, new_amount - old_amount, record.id)


def _counted(order: dict[str, Any] | None) -> tuple[int, Decimal]:
    """Return the number of orders in the totals, and their amount."""
    is_confirmed = order is not None and order["status"] == Status.CONFIRMED.value
    return (1, Decimal(order["total"])) if order is not None and is_confirmed else (0, Decimal())
