"""Web ACL rules."""

from __future__ import annotations

from typing import Any

from lib.documents.web_acl import rules
from lib.settings import FirewallSettings, merge
from lib.settings.environments import BASIS


def rules_by_name(**overrides: Any) -> dict[str, Any]:
    """Return the rules by name."""
    return {rule["name"]: rule for rule in rules(merge(BASIS.firewall, FirewallSettings(**overrides)))}


def test_rate_limit_has_the_first_priority() -> None:
    first = rules_by_name(rate_limit=500)["rate"]
    assert (first["priority"], first["action"]) == (0, {"block": {}})
    assert first["statement"] == {
        "rate_based_statement": {"limit": 500, "aggregate_key_type": "IP", "evaluation_window_sec": 300}
    }


def test_managed_rule_groups_have_increasing_priorities_and_separate_metrics() -> None:
    by_name = rules_by_name(managed_rule_groups=("AWSManagedRulesB", "AWSManagedRulesA"))
    assert [(name, rule["priority"]) for name, rule in by_name.items()] == [
        ("rate", 0),
        ("AWSManagedRulesB", 1),
        ("AWSManagedRulesA", 2),
    ]
    assert [rule["visibility_config"]["metric_name"] for rule in by_name.values()] == list(by_name)
    assert by_name["AWSManagedRulesA"]["override_action"] == {"none": {}}


def test_size_rules_only_count() -> None:
    group = rules_by_name()["AWSManagedRulesCommonRuleSet"]["statement"]["managed_rule_group_statement"]
    assert group["rule_action_overrides"] == [
        {"name": f"SizeRestrictions_{part}", "action_to_use": {"count": {}}}
        for part in ("BODY", "QUERYSTRING", "URIPATH")
    ]
    other = rules_by_name()["AWSManagedRulesKnownBadInputsRuleSet"]["statement"]["managed_rule_group_statement"]
    assert other == {"name": "AWSManagedRulesKnownBadInputsRuleSet", "vendor_name": "AWS"}


def test_count_only_overrides_all_block_actions() -> None:
    by_name = rules_by_name(count_only=True)
    assert by_name.pop("rate")["action"] == {"count": {}}
    assert {str(rule["override_action"]) for rule in by_name.values()} == {"{'count': {}}"}
