"""The alarms and the metrics of the stock service."""

from __future__ import annotations

from ...model import Alarm, Metric

ALARMS = (
    Alarm(
        name="stock-5xx",
        on="api",
        metric="5XXError",
        description="answers with errors of its own: the functions' logs have them",
        statistic="Average",
        threshold=0.05,
        evaluation_periods=3,
    ),
    Alarm(
        name="stock-depth",
        on="dead-letters",
        metric="ApproximateNumberOfMessagesVisible",
        description="has work that functions failed to do: the messages say which, send them again once that is mended",
        statistic="Maximum",
        threshold=0,
    ),
    Alarm(
        name="sweep-age",
        on="expire-reservations",
        metric="SweepAge",
        description="gives back late what carts held, or does not run: see its log; nothing is oversold by it",
        statistic="Maximum",
        threshold=180,
        evaluation_periods=3,
        missing="breaching",
    ),
    Alarm(
        name="alert-age",
        on="check-thresholds",
        metric="AlertAge",
        description="tells late of low stock, or does not run: see its log; nothing is lost, what waits is sent later",
        statistic="Maximum",
        threshold=1800,
        period_seconds=900,
        evaluation_periods=2,
        missing="breaching",
    ),
    Alarm(
        name="drift",
        on="reconcile",
        metric="Drift",
        description="found counters that differ from reservations and movements: its log names the products, "
        "POST /inventory/{productId}/reconcile mends them",
        statistic="Maximum",
        threshold=0,
        period_seconds=3600,
    ),
)
CROSSED = (
    LOW := Metric("LowStock", "Count", "Levels that came to `LOW_STOCK`"),
    Metric("OutOfStock", "Count", "Levels that came to `OUT_OF_STOCK`"),
)
MADE = (
    Metric("ReservationsMade", "Count", "Reservations made; a cart is one"),
    Metric("UnitsReserved", "Count", "Units held by them"),
)
RELEASED = Metric("ReservationsReleased", "Count", "Reservations released on request")
EXPIRED = Metric("ReservationsExpired", "Count", "Reservations released because they had expired")
SALES = (
    Metric("Fulfilments", "Count", "Checkouts: of what was held, or of free units"),
    Metric("UnitsSold", "Count", "Units sold in them"),
)
REFUSED = Metric("OversellsRefused", "Count", "Requests for more than was available")
