"""What it may cost, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, boolean, setting


@dataclass(frozen=True, kw_only=True)
class CostSettings(SettingsGroup):
    """How costs are told apart and watched."""

    allocation_tags: bool | None = setting(boolean())
    """Tags `Service` and `Environment` on everything, by which AWS can tell costs apart; a budget has them anyway."""
    monthly_budget_usd: float | None = setting(between(0.0, 1e9, "US dollars (0: no budget)"), key="monthly_budget_usd")
    """Monthly cost of the service above which a budget sends a notification; 0: no budget."""

    SECTION: ClassVar[str] = "cost"

    @property
    def has_budget(self) -> bool:
        """Whether a budget watches the costs of the service."""
        return bool(self.monthly_budget_usd)
