"""What AWS WAF is told: pure data, in the words of Pulumi's provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .settings import FirewallSettings

SECRET_HEADERS = ("authorization", "x-api-key")
"""What its log leaves out."""
WINDOW_SECONDS = 300
BODY_SIZE_RULES = {"AWSManagedRulesCommonRuleSet": "SizeRestrictions_BODY"}
"""The rule of a group that blocks bodies over 8 KB: a batch or a cart may well be longer, and the API's own limits
refuse what is too long."""
LOGGED: Any = {
    "default_behavior": "DROP",
    "filters": [
        {
            "behavior": "KEEP",
            "requirement": "MEETS_ANY",
            "conditions": [{"action_condition": {"action": action}} for action in ("BLOCK", "COUNT")],
        }
    ],
}
"""What it let through is in the access log."""


ALLOW: Any = {"allow": {}}
"""What becomes of a request that no rule is about."""


def seen_as(metric: str) -> Any:
    """Metrics under a name, and samples of requests."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": True}


def rules(settings: FirewallSettings) -> list[Any]:
    """The rate first, for it costs least; then AWS's groups in their order."""
    found = (_rate(settings), *_managed(settings))
    return [
        {**rule, "priority": number, "visibility_config": seen_as(rule["name"])} for number, rule in enumerate(found)
    ]


def _rate(settings: FirewallSettings) -> dict[str, Any]:
    limit = {
        "limit": settings.rate_limit,
        "aggregate_key_type": "IP",
        "evaluation_window_sec": WINDOW_SECONDS,
    }
    return {
        "name": "rate",
        "action": _only("count" if settings.count_only else "block"),
        "statement": {"rate_based_statement": limit},
    }


def _managed(settings: FirewallSettings) -> Iterator[dict[str, Any]]:
    for group in settings.managed_rule_groups or ():
        statement: dict[str, Any] = {"name": group, "vendor_name": "AWS"}
        if group in BODY_SIZE_RULES:
            counted = {"name": BODY_SIZE_RULES[group], "action_to_use": _only("count")}
            statement["rule_action_overrides"] = [counted]
        action = _only("count" if settings.count_only else "none")
        yield {"name": group, "override_action": action, "statement": {"managed_rule_group_statement": statement}}


def _only(action: str) -> dict[str, dict[str, Any]]:
    return {action: {}}
