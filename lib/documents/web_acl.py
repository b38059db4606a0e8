"""What AWS WAF is told: pure data, in the words of Pulumi's provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..settings import FirewallSettings

SECRET_HEADERS = ("authorization", "x-api-key", "x-amz-security-token")
"""Headers with credentials, which its log and its samples do not contain."""
PROTECTED: Any = {
    "data_protections": [
        {"action": "SUBSTITUTION", "field": {"field_type": "SINGLE_HEADER", "field_keys": [*SECRET_HEADERS]}}
    ]
}
"""Replacement of these headers in every output of the web ACL. The redaction of a log does not cover samples, nor what
a rule matched."""
WINDOW_SECONDS = 300
SIZE_RULES = {
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "SizeRestrictions_QUERYSTRING",
        "SizeRestrictions_URIPATH",
    )
}
"""Rules of a group that block bodies over 8 KB, queries over 2 KB and paths over 1 KB. Batches, page tokens and encoded
ids can be longer, and API Gateway and the API have limits of their own."""
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
        if group in SIZE_RULES:
            statement["rule_action_overrides"] = [
                {"name": rule, "action_to_use": _only("count")} for rule in SIZE_RULES[group]
            ]
        action = _only("count" if settings.count_only else "none")
        yield {"name": group, "override_action": action, "statement": {"managed_rule_group_statement": statement}}


def _only(action: str) -> dict[str, dict[str, Any]]:
    return {action: {}}
