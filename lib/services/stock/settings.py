"""The settings of the stock service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ...settings import SettingsGroup, between, one_of, setting
from .handler import levels

NUMBER_MAX = levels.COUNT_MAX
MAX_MINUTES = 1440


@dataclass(frozen=True, kw_only=True)
class StockSettings(SettingsGroup):
    """What a shop can choose about its stock service."""

    reservation_minutes: int = setting(between(1, MAX_MINUTES, "minutes"), key="reservation_minutes", default=30)
    """How long a reservation holds that does not say."""
    low_stock_threshold: int = setting(between(0, NUMBER_MAX), key="low_stock_threshold", default=10)
    """So many or fewer are low stock, where an item or a level has no threshold of its own."""
    alert_rearm_percent: int = setting(between(0, 1000, "%"), key="alert_rearm_percent", default=10)
    """A level that has recovered raises an alert again once more than its threshold and this part of it are available,
    and at least one unit more ..."""
    alert_rearm_minutes: int = setting(between(0, 10_080, "minutes"), key="alert_rearm_minutes", default=15)
    """... or so long after it recovered, whichever comes first."""
    max_held_units: int = setting(between(0, NUMBER_MAX, "units"), key="max_held_units", default=0)
    """How many units of a product one caller can hold at a time; 0: as many as there are.  A caller is the user or
    client of the user pool, the IAM user or role, or the API key: a limit is for shops whose customers call the API.
    With a limit a cart has at most 24 lines, and what is held when the limit is set is not counted."""
    anonymous_rate_per_second: float | None = setting(
        between(0.1, 1_000_000, "requests a second"), key="anonymous_rate_per_second"
    )
    """Anonymous requests per second, over all callers; 429 above it. At most `throttle_rate_per_second`.
    Default: 250, or `throttle_rate_per_second` if that is lower."""
    anonymous_burst: int | None = setting(between(1, 1_000_000, "requests"), key="anonymous_burst")
    """Concurrent anonymous requests before the rate applies. At most `throttle_burst`. Default: 100, or
    `throttle_burst` if that is lower."""
    anonymous_response: Literal["full", "availability"] = setting(
        one_of("full", "availability"), key="anonymous_response", default="full"
    )
    """Response of `GET /inventory/{productId}`, the anonymous route: `full` is the level with its counts,
    `availability` only whether the product is in stock and whether stock is low."""

    SECTION: ClassVar[str] = "stock"
