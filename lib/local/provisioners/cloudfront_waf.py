"""CloudFront distributions, and AWS WAF web ACLs, which the emulator stores but does not enforce."""

from __future__ import annotations

import secrets

from ..emulator import RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations, select_inputs

register_creations(
    "cloudfront",
    {
        "cloudfront.OriginAccessControl": Creation(
            "create_origin_access_control", "{OriginAccessControl[Id]}", names="OriginAccessControlConfig=."
        )
    },
)
register_creations(
    "wafv2",
    {
        "wafv2.WebAcl": Creation("create_web_acl", "{Summary[Id]}", {"arn": "{Summary[ARN]}"}),
        "wafv2.WebAclAssociation": Creation("associate_web_acl", "{webAclArn},{resourceArn}"),
    },
)


@provisions("cloudfront.Distribution")
def distribution(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a distribution for a bucket, with a host name that resolves to the emulator."""
    behavior = inputs["defaultCacheBehavior"]
    methods = behavior["allowedMethods"]
    config = {
        **select_inputs(inputs, "defaultRootObject priceClass httpVersion isIpv6Enabled"),
        "callerReference": secrets.token_hex(8),
        "enabled": True,
        "comment": inputs.get("comment", ""),
        "origins": [_origin(origin) for origin in inputs["origins"]],
        "defaultCacheBehavior": {
            **select_inputs(behavior, "targetOriginId compress cachePolicyId responseHeadersPolicyId"),
            # The emulator does not support HTTPS.
            "viewerProtocolPolicy": "allow-all",
            "allowedMethods": {"quantity": len(methods), "items": methods, "cachedMethods": behavior["cachedMethods"]},
        },
        "tags": {"items": inputs.get("tags") or {}},
    }
    response = call(
        aws,
        "cloudfront",
        "create_distribution_with_tags",
        config,
        "DistributionConfigWithTags=. DistributionConfig=.",
    )["Distribution"]
    label = response["DomainName"].partition(".")[0]
    # Browsers and RFC 6761 resolvers resolve all names under localhost to the loopback address.
    domain = f"{label}.cloudfront.localhost:{aws.emulator.port}"
    return CreatedResource(response["Id"], {"arn": response["ARN"], "domainName": domain})


def _origin(origin: Inputs) -> Inputs:
    return {
        "id": origin["originId"],
        "domainName": origin["domainName"],
        "originAccessControlId": origin.get("originAccessControlId", ""),
        "s3OriginConfig": {"originAccessIdentity": ""},
    }
