"""Errors of the stock service in addition to those of every service."""

from __future__ import annotations

from ....runtime.errors import ApiError, NotFound


class InsufficientStock(ApiError):
    """More units are requested than are available."""

    status = 409
    code = "INSUFFICIENT_STOCK"


class HoldLimit(ApiError):
    """The request exceeds the limit of units that one caller can reserve of a product."""

    status = 409
    code = "HOLD_LIMIT"


class BelowReserved(ApiError):
    """An update leaves fewer units on hand than are reserved."""

    status = 409
    code = "BELOW_RESERVED"


class BelowZero(ApiError):
    """An adjustment removes more units than are on hand."""

    status = 409
    code = "INSUFFICIENT_STOCK"


class ReservationFulfilled(ApiError):
    """Units of the reservation were sold, so its ID cannot be used for another one."""

    status = 409
    code = "RESERVATION_FULFILLED"


class ReservationConflict(ApiError):
    """The reservation differs from the request."""

    status = 409
    code = "RESERVATION_CONFLICT"


class ReferenceConflict(ApiError):
    """The reference was used to sell another quantity of the product, or from another warehouse."""

    status = 409
    code = "REFERENCE_CONFLICT"


class ReservationExpired(ApiError):
    """The reservation has expired, or the ID belongs to a later reservation."""

    status = 409
    code = "RESERVATION_EXPIRED"


def level_not_found(product_id: str, warehouse_id: str | None) -> NotFound:
    """Return the error for a product that does not exist, or not in the warehouse."""
    warehouse = f" in warehouse {warehouse_id!r}" if warehouse_id else ""
    return NotFound(f"Product {product_id!r}{warehouse} does not exist.")


def reservation_not_found(reservation_id: str, product_id: str | None) -> NotFound:
    """Return the error for a reservation that does not exist, or has no units of the product."""
    product = f" of product {product_id!r}" if product_id else ""
    return NotFound(f"Reservation {reservation_id!r}{product} does not exist.")
