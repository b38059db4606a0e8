"""Budgets in the emulator."""

from __future__ import annotations

import uuid

from lib.local.emulator import ACCOUNT, Emulator

from .conftest import Run

PROGRAM = """
from lib.components.monitoring.budget import Budget, BudgetArgs
topic = aws.sns.Topic("alarms", name="{name}")
two_tags, one_tag = dict(Service="post", Environment="dev"), dict(Service="post")
sns = Budget("sns", BudgetArgs(name="{name}", monthly_usd=50, allocation=two_tags, topic_arn=topic.arn))
email = Budget("email", BudgetArgs(name="{name}-2", monthly_usd=9.5, allocation=one_tag, email="ops@example.com"))
pulumi.export("topic", topic.arn)
pulumi.export("arn", sns.arn)
"""


def test_budget_has_its_limit_tag_filter_and_subscribers(run: Run, emulator: Emulator) -> None:
    name = f"budget-{uuid.uuid4().hex[:8]}"
    outputs = run(PROGRAM.format(name=name))
    budgets = emulator.client("budgets")
    names = (name, f"{name}-2")
    descriptions = [
        budgets.describe_budget(AccountId=ACCOUNT, BudgetName=each, ShowFilterExpression=True)["Budget"]
        for each in names
    ]
    budget = descriptions[0]
    assert outputs["arn"] == f"arn:aws:budgets::{ACCOUNT}:budget/{name}"
    assert (float(budget["BudgetLimit"]["Amount"]), budget["BudgetLimit"]["Unit"]) == (50, "USD")
    service = {"Tags": {"Key": "Service", "Values": ["post"]}}
    assert [description["FilterExpression"] for description in descriptions] == [
        {"And": [service, {"Tags": {"Key": "Environment", "Values": ["dev"]}}]},
        service,
    ]
    addresses = {}
    for each in names:
        budget_id = {"AccountId": ACCOUNT, "BudgetName": each}
        for notification in budgets.describe_notifications_for_budget(**budget_id)["Notifications"]:
            subscribers = budgets.describe_subscribers_for_notification(**budget_id, Notification=notification)
            key = each, notification["NotificationType"], notification["Threshold"]
            addresses[key] = [subscriber["Address"] for subscriber in subscribers["Subscribers"]]
    assert addresses == {
        (name, "FORECASTED", 80): [outputs["topic"]],
        (name, "ACTUAL", 100): [outputs["topic"]],
        (f"{name}-2", "FORECASTED", 80): ["ops@example.com"],
        (f"{name}-2", "ACTUAL", 100): ["ops@example.com"],
    }
