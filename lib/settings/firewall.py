"""AWS WAF web ACL of the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, boolean, setting, unique_tuple


@dataclass(frozen=True, kw_only=True)
class FirewallSettings(SettingsGroup):
    """Settings of the AWS WAF web ACL of the API stage."""

    enabled: bool | None = setting(boolean())
    """Whether the stage has a web ACL."""
    rate_limit: int | None = setting(between(10, 2_000_000_000, "requests in five minutes"))
    """Requests from one IP address in five minutes above which AWS WAF blocks it."""
    managed_rule_groups: tuple[str, ...] | None = setting(
        unique_tuple(r"AWSManagedRules\w+", "AWS managed rule groups, such as AWSManagedRulesCommonRuleSet")
    )
    """AWS managed rule groups in order of priority."""
    count_only: bool | None = setting(boolean())
    """Whether the rules only count matching requests instead of blocking them, for trying out new rules."""

    SECTION: ClassVar[str] = "firewall"
