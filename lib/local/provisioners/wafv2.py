"""Web ACLs, which the emulator keeps and does not enforce."""

from __future__ import annotations

from ..emulator import Place
from .base import NOT_EMULATED, Inputs, Made, Row, chosen, provisions, rows, tag_list

NOT_EMULATED["aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"] = "the emulator's web ACLs do not log"


@provisions("aws:wafv2/webAcl:WebAcl")
def web_acl(place: Place, inputs: Inputs) -> Made:
    """A web ACL, with the names and priorities of its rules."""
    made = place.client("wafv2").create_web_acl(
        **chosen(inputs, Name="name", Scope="scope"),
        DefaultAction={"Allow": {}},
        Rules=[_rule(rule) for rule in inputs["rules"]],
        VisibilityConfig=_seen_as(inputs["visibilityConfig"]),
        Tags=tag_list(inputs),
    )["Summary"]
    return Made(made["Id"], {"arn": made["ARN"]})


def _rule(rule: Inputs) -> Inputs:
    statement = rule["statement"]
    group, rate = statement.get("managedRuleGroupStatement"), statement.get("rateBasedStatement")
    named = {"ManagedRuleGroupStatement": chosen(group, VendorName="vendorName", Name="name")} if group else {}
    counted = {"RateBasedStatement": chosen(rate, Limit="limit", AggregateKeyType="aggregateKeyType")} if rate else {}
    action = {kind: _titled(rule[given]) for kind, given in _ACTIONS.items() if rule.get(given)}
    return {
        **chosen(rule, Name="name", Priority="priority"),
        **action,
        "Statement": {**named, **counted},
        "VisibilityConfig": _seen_as(rule["visibilityConfig"]),
    }


_ACTIONS = {"Action": "action", "OverrideAction": "overrideAction"}


def _titled(action: Inputs) -> Inputs:
    return {kind.title(): {} for kind in action}


def _seen_as(inputs: Inputs) -> Inputs:
    return chosen(
        inputs,
        SampledRequestsEnabled="sampledRequestsEnabled",
        CloudWatchMetricsEnabled="cloudwatchMetricsEnabled",
        MetricName="metricName",
    )


rows(
    "wafv2",
    {
        "aws:wafv2/webAclAssociation:WebAclAssociation": Row(
            "associate_web_acl", "WebACLArn=webAclArn ResourceArn=resourceArn", "{webAclArn},{resourceArn}"
        ),
    },
)
