"""Stand-in for a payment provider. A real one gets the order ID as its idempotency key, so that it charges once."""

from __future__ import annotations

from tap_stack.runtime import logging

from .models import Card, Order

DECLINED, UNAVAILABLE = "tok_declined", "tok_unavailable"


def charge(order: Order) -> bool:
    """Charge the total of an order. Return whether the payment was accepted."""
    token = order.payment.token if isinstance(order.payment, Card) else ""
    if token == UNAVAILABLE:
        raise ConnectionError("The payment provider does not respond.")
    return token != DECLINED


def refund(order: Order) -> None:
    """Refund an order that was charged."""
    logging.write("INFO", "refunded", order=str(order.id))
