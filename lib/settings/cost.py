"""Cost allocation and budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, boolean, setting


@dataclass(frozen=True, kw_only=True)
class CostSettings(SettingsGroup):
    """Settings of cost allocation tags and of the budget."""

    allocation_tags: bool | None = setting(boolean())
    """Whether every resource has the cost allocation tags `Service` and `Environment`. A budget implies them."""
    monthly_budget_usd: float | None = setting(between(0.0, 1e9, "US dollars (0: no budget)"), key="monthly_budget_usd")
    """Monthly budget of the service. AWS Budgets notifies the alarm topic when the forecast exceeds 80 % of it, and
    when the cost exceeds it. 0 creates no budget."""

    SECTION: ClassVar[str] = "cost"

    @property
    def has_budget(self) -> bool:
        """Whether the stack has a budget."""
        return bool(self.monthly_budget_usd)
