"""A budget without a stack."""

from __future__ import annotations

from typing import Any

import pytest

from lib.components.monitoring.budget import Budget, BudgetArgs
from lib.program.recorder import record

DEFAULTS: dict[str, Any] = {
    "name": "parcels-prod",
    "monthly_usd": 120,
    "allocation": {"Service": "parcels", "Environment": "prod"},
    "topic_arn": "arn:alarms",
}


def created_budget(**changes: Any) -> dict[str, Any]:
    """Return the inputs of a recorded budget."""
    budget = record(lambda: Budget("post", BudgetArgs(**{**DEFAULTS, **changes}))).single("budgets.Budget")
    return budget.inputs


def test_filter_with_one_tag_is_not_a_conjunction() -> None:
    inputs = created_budget(allocation={"Service": "parcels"})
    assert inputs["filterExpression"] == {"tags": {"key": "Service", "values": ["parcels"]}}


def test_email_address_is_notified_without_a_topic() -> None:
    for notification in created_budget(topic_arn=None, email="ops@example.com")["notifications"]:
        assert notification["subscriberEmailAddresses"] == ["ops@example.com"]
        assert "subscriberSnsTopicArns" not in notification


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"monthly_usd": 0}, r"budget.monthly_usd must be at least 0.01 US dollars, got 0\."),
        ({"allocation": {}}, r"budget.allocation must be at least one cost allocation tag, got \{\}\."),
        ({"topic_arn": None}, r"budget.email must be an email address .*, got ''\. Set exactly one"),
        ({"email": "ops@example.com"}, r"budget.email must be .* otherwise empty, got 'ops@example.com'\."),
    ],
)
def test_invalid_budget_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BudgetArgs(**{**DEFAULTS, **changes})
