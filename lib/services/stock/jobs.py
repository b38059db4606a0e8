"""The functions of the stock service that schedules and streams call."""

from __future__ import annotations

from typing import Any

from ...model import Consumer, Function, Grant, Metric, Route, Schedule
from .alarms import CROSSED, EXPIRED, LOW
from .handler import movements
from .routes import HANDLER, function_settings, rearm_variables
from .settings import StockSettings
from .tables import RELEASE_HOLDS, WRITE_LEVEL, grant_levels, grant_movements, grant_reservations

ALERT_PATTERN: dict[str, Any] = {
    "eventName": ["INSERT"],
    "dynamodb": {"NewImage": {"due": {"S": [movements.ALERTS]}}},
}
"""The stream's events of movements that cause an alert."""


def job_functions(settings: StockSettings) -> tuple[Function, ...]:
    """Return the functions that find thresholds crossed, holds expired, and counters that differ."""
    send = (
        grant_movements("UpdateItem", reason="take an alert, and note that it was sent"),
        Grant(on="stock-alerts", actions=("Publish",), reason="publish low-stock alerts"),
    )
    unsent = grant_movements("Query", indexes=("due-index",), reason="find movements that nobody was told of")
    compare = (
        grant_levels("BatchGetItem", reason="read the counters"),
        grant_movements("BatchGetItem", reason="read the last movements"),
        grant_reservations("Query", indexes=("product-index",), reason="count what is held of a product"),
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
                        Metric("AlertAge", "Seconds", "How long the oldest alert has waited to be sent"),
                        Metric("AlertsSent", "Count", "Alerts sent that had not been when they arose"),
                    ),
                ),
            ),
            consumers=(
                Consumer(
                    name="stock-crossings",
                    table="movements",
                    operation="tell_crossings",
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
                        grant_levels("Query", indexes=("due-index",), reason="find levels of which a hold has ended"),
                        grant_levels("BatchGetItem", reason="read the levels of released holds"),
                        *WRITE_LEVEL,
                        *RELEASE_HOLDS,
                    ),
                    metrics=(
                        Metric("SweepAge", "Seconds", "How long ago the first hold expired that was to be released"),
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
                    summary="Compare a product's counters with its reservations and movements, and repair them",
                    body="Reconciling",
                    responses={200: "Reconciliation"},
                    key_required=True,
                    grants=(grant_levels("Query", reason="find the product's warehouses"), *compare, *WRITE_LEVEL),
                    metrics=CROSSED,
                ),
            ),
            schedules=(
                Schedule(
                    name="stock-reconciliation",
                    rate="rate(1 day)",
                    operation="reconcile_all",
                    grants=(
                        grant_levels("Query", indexes=("listing-index",), reason="go through everything"),
                        grant_reservations("Scan", indexes=("product-index",), reason="count all that is held"),
                        *compare,
                        grant_levels(
                            "PutItem",
                            keys=("tap#reconcile-position",),
                            reason="record where the next run continues after running out of time",
                        ),
                    ),
                    metrics=(Metric("Drift", "Count", "Figures of levels that differ from reservations or movements"),),
                ),
            ),
        ),
    )
