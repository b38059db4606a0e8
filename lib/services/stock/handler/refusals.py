"""What the stock service answers beside success, and beside what every service does."""

from ....runtime.errors import ApiError


class InsufficientStock(ApiError):
    """There is less than somebody wants."""

    status = 409
    code = "INSUFFICIENT_STOCK"


class BelowReserved(ApiError):
    """Somebody holds what would be taken away."""

    status = 409
    code = "BELOW_RESERVED"


class ReservationConflict(ApiError):
    """The reservation is not what the request takes it for."""

    status = 409
    code = "RESERVATION_CONFLICT"


class ReservationExpired(ApiError):
    """Nobody holds it any more."""

    status = 409
    code = "RESERVATION_EXPIRED"
