"""Budgets in the emulator."""

from __future__ import annotations

import uuid

from lib.local.emulator import ACCOUNT, Emulator

from .conftest import Run

PROGRAM = """
from lib.components.monitoring.budget import Budget, BudgetArgs
topic = aws.sns.Topic("alarms", name="{name}")
both, one = dict(Service="post", Environment="dev"), dict(Service="post")
told = Budget("told", BudgetArgs(name="{name}", monthly_usd=50, allocation=both, topic_arn=topic.arn))
written = Budget("written", BudgetArgs(name="{name}-2", monthly_usd=9.5, allocation=one, email="ops@example.com"))
pulumi.export("topic", topic.arn)
pulumi.export("arn", told.arn)
"""


def test_a_budget_is_there_with_its_limit_its_tag_and_who_hears_of_it(run: Run, emulator: Emulator) -> None:
    name = f"budget-{uuid.uuid4().hex[:8]}"
    outputs = run(PROGRAM.format(name=name))
    budgets = emulator.client("budgets")
    found = [
        budgets.describe_budget(AccountId=ACCOUNT, BudgetName=which, ShowFilterExpression=True)["Budget"]
        for which in (name, f"{name}-2")
    ]
    budget = found[0]
    assert outputs["arn"] == f"arn:aws:budgets::{ACCOUNT}:budget/{name}"
    assert (float(budget["BudgetLimit"]["Amount"]), budget["BudgetLimit"]["Unit"]) == (50, "USD")
    service = {"Tags": {"Key": "Service", "Values": ["post"]}}
    assert [one["FilterExpression"] for one in found] == [
        {"And": [service, {"Tags": {"Key": "Environment", "Values": ["dev"]}}]},
        service,
    ]
    heard = {}
    for which in (name, f"{name}-2"):
        for notice in budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=which)["Notifications"]:
            subscribers = budgets.describe_subscribers_for_notification(
                AccountId=ACCOUNT, BudgetName=which, Notification=notice
            )["Subscribers"]
            heard[which, notice["NotificationType"], notice["Threshold"]] = [one["Address"] for one in subscribers]
    assert heard == {
        (name, "FORECASTED", 80): [outputs["topic"]],
        (name, "ACTUAL", 100): [outputs["topic"]],
        (f"{name}-2", "FORECASTED", 80): ["ops@example.com"],
        (f"{name}-2", "ACTUAL", 100): ["ops@example.com"],
    }
