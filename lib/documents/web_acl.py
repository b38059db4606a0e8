"""Rules and logging of an AWS WAF web ACL, with the field names of the Pulumi provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..settings import FirewallSettings

SECRET_HEADERS = ("authorization", "x-api-key", "x-amz-security-token")
"""Headers with credentials, which logs and sampled requests must not contain."""
DATA_PROTECTION: Any = {
    "data_protections": [
        {"action": "SUBSTITUTION", "field": {"field_type": "SINGLE_HEADER", "field_keys": [*SECRET_HEADERS]}}
    ]
}
"""Substitution of `SECRET_HEADERS` in all output of the web ACL. Log redaction does not cover sampled requests or the
match details of rules."""
WINDOW_SECONDS = 300
SIZE_RULES = {
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "SizeRestrictions_QUERYSTRING",
        "SizeRestrictions_URIPATH",
    )
}
"""Rules that block bodies over 8 KB, query strings over 2 KB and paths over 1 KB, by rule group. Batches, page tokens
and encoded IDs can be longer; API Gateway and the API have separate limits."""
LOGGING_FILTER: Any = {
    "default_behavior": "DROP",
    "filters": [
        {
            "behavior": "KEEP",
            "requirement": "MEETS_ANY",
            "conditions": [{"action_condition": {"action": action}} for action in ("BLOCK", "COUNT")],
        }
    ],
}
"""Only blocked and counted requests are logged; the access log of the API contains the others."""


ALLOW: Any = {"allow": {}}
"""Default action, for requests that match no rule."""


def visibility_config(metric: str) -> Any:
    """Return the visibility configuration: CloudWatch metrics with this name, and sampled requests."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": True}


def rules(settings: FirewallSettings) -> list[Any]:
    """Return the rules by priority: the rate limit, which uses the least capacity, then the managed rule groups."""
    return [
        {**rule, "priority": number, "visibility_config": visibility_config(rule["name"])}
        for number, rule in enumerate((_rate_rule(settings), *_managed_rules(settings)))
    ]


def _rate_rule(settings: FirewallSettings) -> dict[str, Any]:
    limit = {
        "limit": settings.rate_limit,
        "aggregate_key_type": "IP",
        "evaluation_window_sec": WINDOW_SECONDS,
    }
    return {
        "name": "rate",
        "action": _action("count" if settings.count_only else "block"),
        "statement": {"rate_based_statement": limit},
    }


def _managed_rules(settings: FirewallSettings) -> Iterator[dict[str, Any]]:
    for group in settings.managed_rule_groups or ():
        statement: dict[str, Any] = {"name": group, "vendor_name": "AWS"}
        if group in SIZE_RULES:
            statement["rule_action_overrides"] = [
                {"name": rule, "action_to_use": _action("count")} for rule in SIZE_RULES[group]
            ]
        action = _action("count" if settings.count_only else "none")
        yield {"name": group, "override_action": action, "statement": {"managed_rule_group_statement": statement}}


def _action(name: str) -> dict[str, dict[str, Any]]:
    return {name: {}}
