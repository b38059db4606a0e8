"""CloudFront and WAF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource
from ..iam_documents import listed

DISTRIBUTION = ("cloudfront.Distribution",)
ACL = ("wafv2.WebAcl",)
DEPRECATED_TLS = {"SSLv3", "TLSv1", "TLSv1.1"}
CERTIFICATES = ("viewerCertificate.acmCertificateArn", "viewerCertificate.iamCertificateId")
RECENT_TLS = re.compile(r"TLSv1\.[23]_\d{4}")


def _over_tls(distribution: Resource, _: Sequence[Resource]) -> bool:
    first = distribution.get("defaultCacheBehavior.viewerProtocolPolicy")
    others = [behaviour.get("viewerProtocolPolicy") for behaviour in distribution.each("orderedCacheBehaviors")]
    return all(policy in ("https-only", "redirect-to-https") for policy in (first, *others))


def _signs_for_buckets(distribution: Resource, _: Sequence[Resource]) -> bool:
    return all(
        origin.given("customOriginConfig") or origin.given("originAccessControlId")
        for origin in distribution.each("origins")
    )


def _tls_to_origins(distribution: Resource, _: Sequence[Resource]) -> bool:
    return all(
        origin.get("customOriginConfig.originProtocolPolicy") == "https-only"
        and not DEPRECATED_TLS & {*listed(origin.get("customOriginConfig.originSslProtocols"))}
        for origin in distribution.each("origins")
        if origin.given("customOriginConfig")
    )


CONTROLS = (
    Control(
        ids=("CloudFront.1", "CKV_AWS_305"),
        title="A distribution says which page is its first",
        severity="high",
        kinds=DISTRIBUTION,
        holds=lambda distribution, _: distribution.given("defaultRootObject"),
        remedy="Set `defaultRootObject` of `cloudfront.Distribution`.",
    ),
    Control(
        ids=("CloudFront.3", "CKV_AWS_34", "SEC09-BP02"),
        title="A distribution answers over TLS only",
        severity="medium",
        kinds=DISTRIBUTION,
        holds=_over_tls,
        remedy="Set `viewerProtocolPolicy` of every cache behavior to redirect-to-https.",
    ),
    Control(
        ids=("CloudFront.9", "CloudFront.10", "CKV2_AWS_54", "CKV2_AWS_72"),
        title="A distribution asks its origins over recent TLS",
        severity="medium",
        kinds=DISTRIBUTION,
        holds=_tls_to_origins,
        remedy="Set `originProtocolPolicy` of every custom origin to https-only, and its TLS version to TLSv1.2.",
    ),
    Control(
        ids=("CloudFront.13", "CKV2_AWS_46"),
        title="A distribution signs what it asks of buckets",
        severity="medium",
        kinds=DISTRIBUTION,
        holds=_signs_for_buckets,
        remedy="Set `originAccessControlId` of every origin that is a bucket.",
    ),
    Control(
        ids=("CloudFront.7", "CKV2_AWS_42"),
        title="A distribution has a certificate of its own",
        severity="low",
        kinds=DISTRIBUTION,
        holds=lambda d, _: any(map(d.given, CERTIFICATES)),
        remedy="Set `viewerCertificate` and `aliases` of `site.distribution.resource` by a transform.",
    ),
    Control(
        ids=("CloudFront.15", "CKV_AWS_174", "SEC09-BP02"),
        title="A distribution takes nothing older than TLS 1.2",
        severity="medium",
        kinds=DISTRIBUTION,
        holds=lambda d, _: bool(RECENT_TLS.fullmatch(d.get("viewerCertificate.minimumProtocolVersion", ""))),
        remedy="Set `minimumProtocolVersion` in the `viewerCertificate` of `site.distribution.resource`.",
    ),
    Control(
        ids=("CKV2_AWS_32",),
        title="A distribution tells browsers to be strict",
        severity="low",
        kinds=DISTRIBUTION,
        holds=lambda d, _: d.given("defaultCacheBehavior.responseHeadersPolicyId"),
        remedy="Set `responseHeadersPolicyId` of the default cache behavior.",
    ),
    Control(
        ids=("CloudFront.5", "CKV_AWS_86"),
        title="A distribution logs every request",
        severity="medium",
        kinds=DISTRIBUTION,
        beside=Link(kind="cloudwatch.LogDeliverySource", property="resourceArn"),
        holds=lambda distribution, sources: distribution.given("loggingConfig.bucket") or bool(sources),
        remedy="Make a `cloudwatch.LogDeliverySource` for `site.distribution.arn`.",
    ),
    Control(
        ids=("CloudFront.6", "CKV_AWS_68"),
        title="A web ACL is in front of a distribution",
        severity="medium",
        kinds=DISTRIBUTION,
        holds=lambda distribution, _: distribution.given("webAclId"),
        remedy="Set `webAclId` of `site.distribution.resource` by a transform.",
    ),
    Control(
        ids=("CloudFront.4", "CKV_AWS_310"),
        title="A distribution has another origin when one fails",
        severity="low",
        kinds=DISTRIBUTION,
        holds=lambda distribution, _: distribution.given("originGroups"),
        remedy="Set `originGroups` of `site.distribution.resource` by a transform.",
    ),
    Control(
        ids=("CKV_AWS_374",),
        title="A distribution serves some countries only",
        severity="low",
        kinds=DISTRIBUTION,
        holds=lambda d, _: d.get("restrictions.geoRestriction.restrictionType", "none") != "none",
        remedy="Set `geoRestriction` of `site.distribution.resource` by a transform.",
    ),
    Control(
        ids=("WAF.10", "CKV_AWS_175"),
        title="A web ACL has rules",
        severity="medium",
        kinds=ACL,
        holds=lambda acl, _: acl.given("rules") or acl.given("ruleJson"),
        remedy="Set `firewall_managed_rule_groups`.",
    ),
    Control(
        ids=("WAF.11", "CKV2_AWS_31"),
        title="A web ACL logs what it sees",
        severity="low",
        kinds=ACL,
        beside=Link(kind="wafv2.WebAclLoggingConfiguration", property="resourceArn"),
        holds=lambda _, configurations: bool(configurations),
        remedy="Make a `wafv2.WebAclLoggingConfiguration` for it.",
    ),
    Control(
        ids=("WAF.12",),
        title="A web ACL counts what its rules do",
        severity="medium",
        kinds=ACL,
        holds=lambda acl, _: all(rule.given("visibilityConfig.cloudwatchMetricsEnabled") for rule in acl.each("rules")),
        remedy="Set `cloudwatchMetricsEnabled` in the `visibilityConfig` of every rule.",
    ),
)
