"""AWS Budgets."""

from __future__ import annotations

from ..emulator import ACCOUNT, RegionalEmulator
from .base import CreatedResource, Inputs, call, provisions

SUBSCRIBERS = {"SNS": "subscriberSnsTopicArns", "EMAIL": "subscriberEmailAddresses"}


@provisions("budgets.Budget")
def budget(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a budget with notifications, which are never sent, because the emulator has no costs."""
    notifications = [
        {
            **notification,
            "subscribers": [
                {"subscriptionType": kind, "address": address}
                for kind, name in SUBSCRIBERS.items()
                for address in notification.get(name) or ()
            ],
        }
        for notification in inputs["notifications"]
    ]
    call(
        aws,
        "budgets",
        "create_budget",
        {**inputs, "accountId": ACCOUNT, "notifications": notifications},
        "Budget=. BudgetName=name BudgetLimit=. Amount=limitAmount Unit=limitUnit And=ands Or=ors ResourceTags=tags "
        "NotificationsWithSubscribers=notifications Notification=.",
    )
    name = inputs["name"]
    return CreatedResource(f"{ACCOUNT}:{name}", {"arn": f"arn:aws:budgets::{ACCOUNT}:budget/{name}"})
