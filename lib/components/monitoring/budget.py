"""A monthly AWS budget and its notifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import pulumi
import pulumi_aws as aws

from ...settings import invalid_value

MIN_USD = 0.01


class BudgetNotification(NamedTuple):
    """A notification of AWS Budgets."""

    type: Literal["ACTUAL", "FORECASTED"]
    """Whether the actual or the forecasted cost of the month is compared with the threshold."""
    percent: int
    """Threshold in percent of the budget."""


NOTIFICATIONS = (BudgetNotification("FORECASTED", 80), BudgetNotification("ACTUAL", 100))


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """Arguments for `Budget`."""

    name: str
    """Physical name of the budget, unique in the account."""
    monthly_usd: float
    allocation: Mapping[str, str]
    """Tags of the resources that the budget includes. The account or its organization must activate their keys as cost
    allocation tags; see `docs/production/cost.md`."""
    topic_arn: pulumi.Input[str] | None = None
    """SNS topic to notify. Its policy must allow AWS Budgets to publish."""
    email: str = ""
    """Email address to notify if there is no topic."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.monthly_usd < MIN_USD:
            expected, remedy = f"at least {MIN_USD} US dollars", "Increase it, or create no budget."
            raise invalid_value("budget.monthly_usd", self.monthly_usd, expected, remedy)
        if not self.allocation:
            expected = "at least one cost allocation tag"
            raise invalid_value("budget.allocation", self.allocation, expected, "Pass the tags of the resources.")
        if (self.topic_arn is None) is not bool(self.email):
            expected = "an email address if topic_arn is unset, otherwise empty"
            raise invalid_value("budget.email", self.email, expected, "Set exactly one of email and topic_arn.")


class Budget(pulumi.ComponentResource):
    """A monthly budget in US dollars for the resources with certain tags."""

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Budget", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.budgets.Budget(
            f"{name}-budget",
            name=args.name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{args.monthly_usd:.2f}",
            limit_unit="USD",
            metrics="UnblendedCost",
            filter_expression=_filter(args.allocation),
            notifications=[_notification(notification, args) for notification in NOTIFICATIONS],
            tags=args.tags,
            opts=child,
        )
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def _filter(tags: Mapping[str, str]) -> aws.budgets.BudgetFilterExpressionArgsDict:
    first, *others = [_tag_filter(key, value) for key, value in tags.items()]
    return {"ands": [first, *others]} if others else {"tags": first["tags"]}


def _tag_filter(key: str, value: str) -> aws.budgets.BudgetFilterExpressionAndArgsDict:
    return {"tags": {"key": key, "values": [value]}}


def _notification(notification: BudgetNotification, args: BudgetArgs) -> aws.budgets.BudgetNotificationArgsDict:
    return {
        "notification_type": notification.type,
        "comparison_operator": "GREATER_THAN",
        "threshold": notification.percent,
        "threshold_type": "PERCENTAGE",
        "subscriber_sns_topic_arns": None if args.topic_arn is None else [args.topic_arn],
        "subscriber_email_addresses": [args.email] if args.email else None,
    }
