"""What the stock service answers beside success, and beside what every service does."""

from __future__ import annotations

from ....runtime.errors import ApiError, NotFound


class InsufficientStock(ApiError):
    """There is less than somebody wants."""

    status = 409
    code = "INSUFFICIENT_STOCK"


class HoldLimit(ApiError):
    """The caller would hold more units of a product than one caller may."""

    status = 409
    code = "HOLD_LIMIT"


class BelowReserved(ApiError):
    """Somebody holds what would be taken away."""

    status = 409
    code = "BELOW_RESERVED"


class BelowZero(ApiError):
    """An adjustment takes away more than is on hand."""

    status = 409
    code = "INSUFFICIENT_STOCK"


class ReservationFulfilled(ApiError):
    """Units of the reservation were sold, so its id cannot start another one."""

    status = 409
    code = "RESERVATION_FULFILLED"


class ReservationConflict(ApiError):
    """The reservation is not what the request takes it for."""

    status = 409
    code = "RESERVATION_CONFLICT"


class ReferenceConflict(ApiError):
    """The reference has sold another quantity of the product, or from another warehouse."""

    status = 409
    code = "REFERENCE_CONFLICT"


class ReservationExpired(ApiError):
    """Nobody holds it any more."""

    status = 409
    code = "RESERVATION_EXPIRED"


def missing(product_id: str, warehouse_id: str | None) -> NotFound:
    """There is no such product, or it is not in the warehouse."""
    return NotFound(f"no product {product_id!r}" + (f" in warehouse {warehouse_id!r}" if warehouse_id else ""))


def no_reservation(reservation_id: str, product_id: str | None) -> NotFound:
    """Nobody holds anything under that id, or nothing of the product."""
    return NotFound(f"no reservation {reservation_id!r}" + (f" of product {product_id!r}" if product_id else ""))
