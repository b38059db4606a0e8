"""Functions of the stock service that are invoked by schedules and streams."""

from __future__ import annotations

from typing import Any

from ...model import Function, Grant, Metric, Route, Schedule, StreamConsumer
from .alarms import CROSSED, EXPIRED, LOW
from .handler import movements
from .routes import HANDLER, function_settings, rearm_variables
from .settings import StockSettings
from .tables import RELEASE_HOLDS, WRITE_LEVEL, grant_levels, grant_movements, grant_reservations

ALERT_PATTERN: dict[str, Any] = {
    "eventName": ["INSERT"],
    "dynamodb": {"NewImage": {"due": {"S": [movements.ALERTS_PARTITION]}}},
}
"""Filter pattern for stream events of movements that raise an alert."""


def job_functions(settings: StockSettings) -> tuple[Function, ...]:
    """Return the functions that send alerts, release expired holds and reconcile levels."""
    send = (
        grant_movements("UpdateItem", reason="acquire an alert and record that it was sent"),
        Grant(on="stock-alerts", actions=("Publish",), reason="publish low-stock alerts"),
    )
    unsent = grant_movements("Query", indexes=("due-index",), reason="find pending alerts")
    compare = (
        grant_levels("BatchGetItem", reason="read the levels"),
        grant_movements("BatchGetItem", reason="read the last movement of each level"),
        grant_reservations("Query", indexes=("product-index",), reason="sum the reserved units of a product"),
    )
    return (
        Function(
            name="check-thresholds",
            handler=HANDLER,
            settings=function_settings(256, 2, timeout_seconds=60),
            schedules=(
                Schedule(
                    name="stock-thresholds",
                    rate="rate(15 minutes)",
                    operation="check_thresholds",
                    grants=(unsent, *send),
                    metrics=(
                        Metric("AlertAge", "Seconds", "Age of the oldest pending alert"),
                        Metric("AlertsSent", "Count", "Pending alerts sent by the schedule"),
                    ),
                ),
            ),
            consumers=(
                StreamConsumer(
                    name="stock-crossings",
                    table="movements",
                    operation="tell_crossings",
                    batch=True,
                    pattern=ALERT_PATTERN,
                    grants=send,
                ),
            ),
        ),
        Function(
            name="expire-reservations",
            handler=HANDLER,
            settings=function_settings(256, 2, timeout_seconds=55),
            variables=rearm_variables(settings),
            schedules=(
                Schedule(
                    name="stock-expiry",
                    rate="rate(1 minute)",
                    operation="expire_reservations",
                    grants=(
                        grant_levels("Query", indexes=("due-index",), reason="find levels with expired holds"),
                        grant_levels("BatchGetItem", reason="read the levels of released holds"),
                        *WRITE_LEVEL,
                        *RELEASE_HOLDS,
                    ),
                    metrics=(
                        Metric("SweepAge", "Seconds", "Age of the oldest expired hold that was not released"),
                        EXPIRED,
                        LOW,
                    ),
                ),
            ),
        ),
        Function(
            name="reconcile",
            handler=HANDLER,
            settings=function_settings(512, 2, timeout_seconds=900),
            variables=rearm_variables(settings),
            routes=(
                Route(
                    method="POST",
                    path="/inventory/{productId}/reconcile",
                    operation="reconcile_product",
                    summary="Compare a product's levels with its reservations and movements, and repair differences",
                    body="Reconciling",
                    responses={200: "Reconciliation"},
                    key_required=True,
                    grants=(grant_levels("Query", reason="read the levels of the product"), *compare, *WRITE_LEVEL),
                    metrics=CROSSED,
                ),
            ),
            schedules=(
                Schedule(
                    name="stock-reconciliation",
                    rate="rate(1 day)",
                    operation="reconcile_all",
                    grants=(
                        grant_levels("Query", indexes=("listing-index",), reason="read the keys of all levels"),
                        grant_reservations("Scan", indexes=("product-index",), reason="sum all reserved units"),
                        *compare,
                        grant_levels(
                            "PutItem",
                            keys=("tap#reconcile-position",),
                            reason="store the position at which the next run continues",
                        ),
                    ),
                    metrics=(Metric("Drift", "Count", "Fields of levels that differ from reservations or movements"),),
                ),
            ),
        ),
    )
