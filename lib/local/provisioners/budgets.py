"""Budgets."""

from __future__ import annotations

from ..emulator import ACCOUNT, Place
from .base import Inputs, Made, chosen, provisions, tag_list

SUBSCRIBERS = {"SNS": "subscriberSnsTopicArns", "EMAIL": "subscriberEmailAddresses"}


@provisions("aws:budgets/budget:Budget")
def budget(place: Place, inputs: Inputs) -> Made:
    """A budget with its notifications; nothing costs anything here, so nobody ever hears of it."""
    name = inputs["name"]
    place.client("budgets").create_budget(
        AccountId=ACCOUNT,
        Budget=chosen(inputs, BudgetName="name", BudgetType="budgetType", TimeUnit="timeUnit")
        | {
            "BudgetLimit": {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]},
            "Metrics": [inputs["metrics"]],
            "FilterExpression": _filter(inputs["filterExpression"]),
        },
        NotificationsWithSubscribers=[_notification(one) for one in inputs["notifications"]],
        ResourceTags=tag_list(inputs),
    )
    return Made(f"{ACCOUNT}:{name}", {"arn": f"arn:aws:budgets::{ACCOUNT}:budget/{name}"})


def _filter(given: Inputs) -> Inputs:
    if "ands" in given:
        return {"And": [_filter(one) for one in given["ands"]]}
    return {"Tags": chosen(given["tags"], Key="key", Values="values")}


def _notification(given: Inputs) -> Inputs:
    return {
        "Notification": chosen(
            given,
            NotificationType="notificationType",
            ComparisonOperator="comparisonOperator",
            Threshold="threshold",
            ThresholdType="thresholdType",
        ),
        "Subscribers": [
            {"SubscriptionType": kind, "Address": address}
            for kind, property_ in SUBSCRIBERS.items()
            for address in given.get(property_) or ()
        ],
    }
