"""A budget: what a month may cost, and who hears when it will cost more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import pulumi
import pulumi_aws as aws

from ...settings import invalid_value

LEAST_USD = 0.01


class Notice(NamedTuple):
    """When AWS Budgets writes."""

    of: Literal["ACTUAL", "FORECASTED"]
    """What was spent, or what the month will come to."""
    percent: int
    """Of the budget; above it somebody hears of it."""


NOTICES = (Notice("FORECASTED", 80), Notice("ACTUAL", 100))


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """What a `Budget` is made from."""

    name: str
    """The budget's name in AWS, one of its account's."""
    monthly_usd: float
    allocation: Mapping[str, str]
    """The tags that all of what it counts carries.  AWS tells costs apart by tags only once their keys are activated as
    cost allocation tags, which is the account's, or its organization's, to do: `docs/production/cost.md`."""
    topic_arn: pulumi.Input[str] | None = None
    """The topic that hears of it; its policy must let AWS Budgets publish: `policies.publishing`."""
    email: str = ""
    """The address that does, where there is no topic."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.monthly_usd < LEAST_USD:
            expected, remedy = f"at least {LEAST_USD} US dollars", "Raise it, or create no budget."
            raise invalid_value("budget.monthly_usd", self.monthly_usd, expected, remedy)
        if not self.allocation:
            expected = "at least one cost allocation tag"
            raise invalid_value("budget.allocation", self.allocation, expected, "Pass the tags of the resources.")
        if (self.topic_arn is None) is not bool(self.email):
            expected = "an email address if topic_arn is unset, otherwise empty"
            raise invalid_value("budget.email", self.email, expected, "Set exactly one of email and topic_arn.")


class Budget(pulumi.ComponentResource):
    """A monthly budget, in US dollars, of what carries certain tags."""

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
            notifications=[_notification(notice, args) for notice in NOTICES],
            tags=args.tags,
            opts=child,
        )
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def _filter(tags: Mapping[str, str]) -> aws.budgets.BudgetFilterExpressionArgsDict:
    first, *others = [_tagged(key, value) for key, value in tags.items()]
    return {"ands": [first, *others]} if others else {"tags": first["tags"]}


def _tagged(key: str, value: str) -> aws.budgets.BudgetFilterExpressionAndArgsDict:
    return {"tags": {"key": key, "values": [value]}}


def _notification(notice: Notice, args: BudgetArgs) -> aws.budgets.BudgetNotificationArgsDict:
    return {
        "notification_type": notice.of,
        "comparison_operator": "GREATER_THAN",
        "threshold": notice.percent,
        "threshold_type": "PERCENTAGE",
        "subscriber_sns_topic_arns": None if args.topic_arn is None else [args.topic_arn],
        "subscriber_email_addresses": [args.email] if args.email else None,
    }
