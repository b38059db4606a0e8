"""The web ACL before the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, boolean, setting, unique_tuple


@dataclass(frozen=True, kw_only=True)
class FirewallSettings(SettingsGroup):
    """A web ACL of AWS WAF on the API's stage."""

    enabled: bool | None = setting(boolean())
    """Whether there is one."""
    rate_limit: int | None = setting(between(10, 2_000_000_000, "requests in five minutes"))
    """Requests of one address in five minutes above which it is blocked."""
    managed_rule_groups: tuple[str, ...] | None = setting(
        unique_tuple(r"AWSManagedRules\w+", "AWS managed rule groups, such as AWSManagedRulesCommonRuleSet")
    )
    """AWS's own rule groups, in the order of their priority."""
    count_only: bool | None = setting(boolean())
    """Rules count what they would block, and let it through: to try them out."""

    SECTION: ClassVar[str] = "firewall"
