"""Controls of CloudFront and AWS WAF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource
from ..iam_documents import as_list

DISTRIBUTION = ("cloudfront.Distribution",)
ACL = ("wafv2.WebAcl",)
DEPRECATED_TLS = {"SSLv3", "TLSv1", "TLSv1.1"}
CERTIFICATES = ("viewerCertificate.acmCertificateArn", "viewerCertificate.iamCertificateId")
RECENT_TLS = re.compile(r"TLSv1\.[23]_\d{4}")


def _requires_tls(distribution: Resource, _: Sequence[Resource]) -> bool:
    default = distribution.get("defaultCacheBehavior.viewerProtocolPolicy")
    others = [behavior.get("viewerProtocolPolicy") for behavior in distribution.each("orderedCacheBehaviors")]
    return all(policy in ("https-only", "redirect-to-https") for policy in (default, *others))


def _uses_origin_access_control(distribution: Resource, _: Sequence[Resource]) -> bool:
    return all(
        origin.is_set("customOriginConfig") or origin.is_set("originAccessControlId")
        for origin in distribution.each("origins")
    )


def _encrypts_origin_traffic(distribution: Resource, _: Sequence[Resource]) -> bool:
    return all(
        origin.get("customOriginConfig.originProtocolPolicy") == "https-only"
        and not DEPRECATED_TLS & {*as_list(origin.get("customOriginConfig.originSslProtocols"))}
        for origin in distribution.each("origins")
        if origin.is_set("customOriginConfig")
    )


CONTROLS = (
    Control(
        ids=("CloudFront.1", "CKV_AWS_305"),
        title="CloudFront distributions should have a default root object",
        severity="high",
        kinds=DISTRIBUTION,
        is_compliant=lambda distribution, _: distribution.is_set("defaultRootObject"),
        remediation="Set `defaultRootObject` of the `cloudfront.Distribution`.",
    ),
    Control(
        ids=("CloudFront.3", "CKV_AWS_34", "SEC09-BP02"),
        title="CloudFront distributions should require encryption in transit",
        severity="medium",
        kinds=DISTRIBUTION,
        is_compliant=_requires_tls,
        remediation="Set `viewerProtocolPolicy` of every cache behavior to redirect-to-https.",
    ),
    Control(
        ids=("CloudFront.9", "CloudFront.10", "CKV2_AWS_54", "CKV2_AWS_72"),
        title="CloudFront distributions should encrypt traffic to custom origins with TLS 1.2 or later",
        severity="medium",
        kinds=DISTRIBUTION,
        is_compliant=_encrypts_origin_traffic,
        remediation="Set `originProtocolPolicy` of custom origins to https-only, and `originSslProtocols` to TLSv1.2.",
    ),
    Control(
        ids=("CloudFront.13", "CKV2_AWS_46"),
        title="CloudFront distributions should use origin access control for S3 origins",
        severity="medium",
        kinds=DISTRIBUTION,
        is_compliant=_uses_origin_access_control,
        remediation="Set `originAccessControlId` of every S3 origin.",
    ),
    Control(
        ids=("CloudFront.7", "CKV2_AWS_42"),
        title="CloudFront distributions should use custom certificates",
        severity="low",
        kinds=DISTRIBUTION,
        is_compliant=lambda d, _: any(map(d.is_set, CERTIFICATES)),
        remediation="Set `viewerCertificate` and `aliases` of `site.distribution.resource` with a transform.",
        other_remediation="Set `viewerCertificate` and `aliases` of the `cloudfront.Distribution`.",
    ),
    Control(
        ids=("CloudFront.15", "CKV_AWS_174", "SEC09-BP02"),
        title="CloudFront distributions should require TLS 1.2 or later for viewers",
        severity="medium",
        kinds=DISTRIBUTION,
        is_compliant=lambda d, _: bool(RECENT_TLS.fullmatch(d.get("viewerCertificate.minimumProtocolVersion", ""))),
        remediation="Set `minimumProtocolVersion` in `viewerCertificate` of `site.distribution.resource` to "
        "TLSv1.2_2021 with a transform.",
    ),
    Control(
        ids=("CKV2_AWS_32",),
        title="CloudFront distributions should have a response headers policy",
        severity="low",
        kinds=DISTRIBUTION,
        is_compliant=lambda d, _: d.is_set("defaultCacheBehavior.responseHeadersPolicyId"),
        remediation="Set `responseHeadersPolicyId` of the default cache behavior.",
    ),
    Control(
        ids=("CloudFront.5", "CKV_AWS_86"),
        title="CloudFront distributions should have logging enabled",
        severity="medium",
        kinds=DISTRIBUTION,
        related=Link(kind="cloudwatch.LogDeliverySource", property="resourceArn"),
        is_compliant=lambda distribution, sources: distribution.is_set("loggingConfig.bucket") or bool(sources),
        remediation="Create a `cloudwatch.LogDeliverySource` for `site.distribution.arn`.",
    ),
    Control(
        ids=("CloudFront.6", "CKV_AWS_68"),
        title="CloudFront distributions should be associated with an AWS WAF web ACL",
        severity="medium",
        kinds=DISTRIBUTION,
        is_compliant=lambda distribution, _: distribution.is_set("webAclId"),
        remediation="Set `webAclId` of `site.distribution.resource` with a transform.",
    ),
    Control(
        ids=("CloudFront.4", "CKV_AWS_310"),
        title="CloudFront distributions should have origin failover configured",
        severity="low",
        kinds=DISTRIBUTION,
        is_compliant=lambda distribution, _: distribution.is_set("originGroups"),
        remediation="Set `originGroups` of `site.distribution.resource` with a transform.",
    ),
    Control(
        ids=("CKV_AWS_374",),
        title="CloudFront distributions should have geographic restrictions",
        severity="low",
        kinds=DISTRIBUTION,
        is_compliant=lambda d, _: d.get("restrictions.geoRestriction.restrictionType", "none") != "none",
        remediation="Set `geoRestriction` of `site.distribution.resource` with a transform.",
    ),
    Control(
        ids=("WAF.10", "CKV_AWS_175"),
        title="AWS WAF web ACLs should have at least one rule or rule group",
        severity="medium",
        kinds=ACL,
        is_compliant=lambda acl, _: acl.is_set("rules") or acl.is_set("ruleJson"),
        remediation="Set `firewall_managed_rule_groups`.",
        other_remediation="Add rules to the `wafv2.WebAcl`.",
    ),
    Control(
        ids=("WAF.11", "CKV2_AWS_31"),
        title="AWS WAF web ACLs should have logging enabled",
        severity="low",
        kinds=ACL,
        related=Link(kind="wafv2.WebAclLoggingConfiguration", property="resourceArn"),
        is_compliant=lambda _, configurations: bool(configurations),
        remediation="Create a `wafv2.WebAclLoggingConfiguration` for the web ACL.",
    ),
    Control(
        ids=("WAF.12",),
        title="AWS WAF rules should have CloudWatch metrics enabled",
        severity="medium",
        kinds=ACL,
        is_compliant=lambda acl, _: all(
            rule.is_set("visibilityConfig.cloudwatchMetricsEnabled") for rule in acl.each("rules")
        ),
        remediation="Set `cloudwatchMetricsEnabled` in the `visibilityConfig` of every rule to true.",
    ),
)
