"""Alarms and metrics of the stock service."""

from __future__ import annotations

from ...model import Alarm, Metric

ALARMS = (
    Alarm(
        name="stock-5xx",
        on="api",
        metric="5XXError",
        description="has a high 5xx rate: check the function logs",
        statistic="Average",
        threshold=0.05,
        evaluation_periods=3,
    ),
    Alarm(
        name="stock-depth",
        on="dead-letters",
        metric="ApproximateNumberOfMessagesVisible",
        description="contains events that functions failed to process: fix the cause, then redrive the messages",
        statistic="Maximum",
        threshold=0,
    ),
    Alarm(
        name="sweep-age",
        on="expire-reservations",
        metric="SweepAge",
        description="releases expired reservations late or does not run: check its log. Stock is not oversold",
        statistic="Maximum",
        threshold=180,
        evaluation_periods=3,
        missing="breaching",
    ),
    Alarm(
        name="alert-age",
        on="check-thresholds",
        metric="AlertAge",
        description="sends low-stock alerts late or does not run: check its log. Pending alerts are sent later",
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
        description="found levels that differ from reservations and movements: its log lists the products. Repair them "
        "with POST /inventory/{productId}/reconcile",
        statistic="Maximum",
        threshold=0,
        period_seconds=3600,
    ),
)
CROSSED = (
    LOW := Metric("LowStock", "Count", "Levels that entered the status `LOW_STOCK`"),
    Metric("OutOfStock", "Count", "Levels that entered the status `OUT_OF_STOCK`"),
)
RESERVED = (
    Metric("ReservationsMade", "Count", "Reservations created; a cart counts as one"),
    Metric("UnitsReserved", "Count", "Units of these reservations"),
)
RELEASED = Metric("ReservationsReleased", "Count", "Reservations released on request")
EXPIRED = Metric("ReservationsExpired", "Count", "Reservations released after their expiry")
SALES = (
    Metric("Fulfilments", "Count", "Sales of reserved or available units"),
    Metric("UnitsSold", "Count", "Units of these sales"),
)
OVERSELLS = Metric("OversellsRefused", "Count", "Requests rejected for insufficient stock")
