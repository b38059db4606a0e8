"""Settings of the stock service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ...settings import SettingsGroup, between, one_of, setting
from .handler import levels

NUMBER_MAX = levels.COUNT_MAX
MAX_MINUTES = 1440


@dataclass(frozen=True, kw_only=True)
class StockSettings(SettingsGroup):
    """Settings of the stock service."""

    reservation_minutes: int = setting(between(1, MAX_MINUTES, "minutes"), key="reservation_minutes", default=30)
    """Default lifetime of a reservation."""
    low_stock_threshold: int = setting(between(0, NUMBER_MAX), key="low_stock_threshold", default=10)
    """Default threshold of an inventory item or stock level. Stock is low at or below this number of units."""
    alert_rearm_percent: int = setting(between(0, 1000, "%"), key="alert_rearm_percent", default=10)
    """Percentage of the threshold, at least one unit, by which the available units must exceed the threshold before a
    recovered level can raise another alert. `alert_rearm_minutes` is an alternative condition."""
    alert_rearm_minutes: int = setting(between(0, 10_080, "minutes"), key="alert_rearm_minutes", default=15)
    """Time after the recovery of a level until it can raise another alert, regardless of `alert_rearm_percent`."""
    max_held_units: int = setting(between(0, NUMBER_MAX, "units"), key="max_held_units", default=0)
    """Maximum number of units of a product that one caller can reserve at a time; 0 disables the limit. A caller is a
    user or client of the user pool, an IAM user or role, or an API key, so set a limit only if each customer has
    a separate identity. A limit reduces the maximum number of cart lines to 24. Reservations created while the limit
    was disabled do not count."""
    anonymous_rate_per_second: float | None = setting(
        between(0.1, 1_000_000, "requests a second"), key="anonymous_rate_per_second"
    )
    """Maximum rate of anonymous requests of all callers; further requests receive 429. At most
    `throttle_rate_per_second`. Default: 250, or `throttle_rate_per_second` if that is lower."""
    anonymous_burst: int | None = setting(between(1, 1_000_000, "requests"), key="anonymous_burst")
    """Concurrent anonymous requests before the rate applies. At most `throttle_burst`. Default: 100, or
    `throttle_burst` if that is lower."""
    anonymous_response: Literal["full", "availability"] = setting(
        one_of("full", "availability"), key="anonymous_response", default="full"
    )
    """Response of `GET /inventory/{productId}`, the anonymous route: `full` is the level with its counts,
    `availability` only whether the product is in stock and whether stock is low."""

    SECTION: ClassVar[str] = "stock"
