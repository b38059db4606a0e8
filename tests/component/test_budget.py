"""The budget, outside a TapStack."""

from __future__ import annotations

from typing import Any

import pytest

from lib.components.monitoring.budget import Budget, BudgetArgs
from lib.program.recorder import Deployment, record

DEFAULTS: dict[str, Any] = {
    "name": "parcels-prod",
    "monthly_usd": 120,
    "allocation": {"Service": "parcels", "Environment": "prod"},
    "topic_arn": "arn:alarms",
}


def made_budget(**changes: Any) -> Deployment:
    """What a budget alone registers."""
    return record(lambda: Budget("post", BudgetArgs(**{**DEFAULTS, **changes})))


def notices(**changes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made_budget(**changes).only("budgets.Budget").inputs["notifications"]
    return found


def test_budget_is_of_what_a_month_costs_in_dollars() -> None:
    inputs = made_budget(tags={"Owner": "post"}).only("budgets.Budget").inputs
    told = {key: inputs[key] for key in ("name", "budgetType", "timeUnit", "limitAmount", "limitUnit", "tags")}
    assert told == {
        "name": "parcels-prod",
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "120.00",
        "limitUnit": "USD",
        "tags": {"Owner": "post"},
    }


def test_budget_counts_what_carries_all_its_tags() -> None:
    inputs = made_budget().only("budgets.Budget").inputs
    assert inputs["metrics"] == "UnblendedCost"
    assert inputs["filterExpression"] == {
        "ands": [
            {"tags": {"key": "Service", "values": ["parcels"]}},
            {"tags": {"key": "Environment", "values": ["prod"]}},
        ]
    }


def test_a_filter_of_one_tag_needs_no_other() -> None:
    inputs = made_budget(allocation={"Service": "parcels"}).only("budgets.Budget").inputs
    assert inputs["filterExpression"] == {"tags": {"key": "Service", "values": ["parcels"]}}


def test_topic_hears_of_a_forecast_of_four_fifths_and_of_all_that_is_spent() -> None:
    assert [(one["notificationType"], one["threshold"], one["thresholdType"]) for one in notices()] == [
        ("FORECASTED", 80, "PERCENTAGE"),
        ("ACTUAL", 100, "PERCENTAGE"),
    ]
    for one in notices():
        assert one["comparisonOperator"] == "GREATER_THAN"
        assert one["subscriberSnsTopicArns"] == ["arn:alarms"]
        assert "subscriberEmailAddresses" not in one


def test_address_hears_of_it_where_there_is_no_topic() -> None:
    for one in notices(topic_arn=None, email="ops@example.com"):
        assert one["subscriberEmailAddresses"] == ["ops@example.com"]
        assert "subscriberSnsTopicArns" not in one


def test_budget_tells_its_name_and_is_its_resources_parent() -> None:
    made = made_budget(topic_arn="arn:alarms")
    component = made.only("aws.Budget")
    assert made.outputs[component.urn] == {"name": "parcels-prod", "arn": "arn:post-budget"}
    assert made.only("budgets.Budget").parent == component.urn


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"monthly_usd": 0}, r"budget.monthly_usd 0: give at least 0.01 USD, or make no budget"),
        ({"allocation": {}}, r"budget.allocation \{\}: give the tags that what it counts carries"),
        ({"topic_arn": None}, r"budget.email '': give an address or a topic_arn, one of both"),
        ({"email": "ops@example.com"}, r"budget.email 'ops@example.com': give an address or a topic_arn"),
    ],
    ids=["nothing", "no tag", "nobody", "both"],
)
def test_budget_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BudgetArgs(**{**DEFAULTS, **changes})
