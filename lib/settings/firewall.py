"""The web ACL before the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Layer, between, flag, setting, several


@dataclass(frozen=True, kw_only=True)
class FirewallSettings(Layer):
    """A web ACL of AWS WAF on the API's stage."""

    enabled: bool | None = setting(flag())
    """Whether there is one."""
    rate_limit: int | None = setting(between(10, 2_000_000_000, "requests in five minutes"))
    """Requests of one address in five minutes above which it is blocked."""
    managed_rule_groups: tuple[str, ...] | None = setting(
        several(r"AWSManagedRules\w+", "give different rule groups of AWS, e.g. AWSManagedRulesCommonRuleSet")
    )
    """AWS's own rule groups, in the order of their priority."""
    count_only: bool | None = setting(flag())
    """Rules count what they would block, and let it through: to try them out."""

    WHERE: ClassVar[str] = "firewall"
