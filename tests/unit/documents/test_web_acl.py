"""What AWS WAF is told."""

from __future__ import annotations

from typing import Any

from lib.documents.web_acl import rules
from lib.settings import FirewallSettings, merge
from lib.settings.environments import BASIS


def told(**said: Any) -> dict[str, Any]:
    """The rules by their names."""
    return {rule["name"]: rule for rule in rules(merge(BASIS.firewall, FirewallSettings(**said)))}


def test_addresses_that_ask_too_much_are_blocked_before_anything_else() -> None:
    first = told(rate_limit=500)["rate"]
    assert (first["priority"], first["action"]) == (0, {"block": {}})
    assert first["statement"] == {
        "rate_based_statement": {"limit": 500, "aggregate_key_type": "IP", "evaluation_window_sec": 300}
    }


def test_groups_follow_in_their_order_each_with_a_priority_and_metrics_of_its_own() -> None:
    found = told(managed_rule_groups=("AWSManagedRulesB", "AWSManagedRulesA"))
    assert [(name, rule["priority"]) for name, rule in found.items()] == [
        ("rate", 0),
        ("AWSManagedRulesB", 1),
        ("AWSManagedRulesA", 2),
    ]
    assert [rule["visibility_config"]["metric_name"] for rule in found.values()] == list(found)
    assert found["AWSManagedRulesA"]["override_action"] == {"none": {}}


def test_long_bodies_queries_and_paths_are_only_counted() -> None:
    group = told()["AWSManagedRulesCommonRuleSet"]["statement"]["managed_rule_group_statement"]
    assert group["rule_action_overrides"] == [
        {"name": f"SizeRestrictions_{part}", "action_to_use": {"count": {}}}
        for part in ("BODY", "QUERYSTRING", "URIPATH")
    ]
    other = told()["AWSManagedRulesKnownBadInputsRuleSet"]["statement"]["managed_rule_group_statement"]
    assert other == {"name": "AWSManagedRulesKnownBadInputsRuleSet", "vendor_name": "AWS"}


def test_nothing_is_blocked_where_rules_only_count() -> None:
    found = told(count_only=True)
    assert found.pop("rate")["action"] == {"count": {}}
    assert {str(rule["override_action"]) for rule in found.values()} == {"{'count': {}}"}
