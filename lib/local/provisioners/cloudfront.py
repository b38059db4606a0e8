"""Distributions."""

from __future__ import annotations

import secrets
from typing import Any

from ..emulator import Place
from .base import Inputs, Made, chosen, provisions, tag_list


@provisions("aws:cloudfront/originAccessControl:OriginAccessControl")
def origin_access_control(place: Place, inputs: Inputs) -> Made:
    """As whom a distribution reads its bucket."""
    config = chosen(
        inputs,
        Name="name",
        Description="description",
        OriginAccessControlOriginType="originAccessControlOriginType",
        SigningBehavior="signingBehavior",
        SigningProtocol="signingProtocol",
    )
    made = place.client("cloudfront").create_origin_access_control(OriginAccessControlConfig=config)
    return Made(made["OriginAccessControl"]["Id"], {})


@provisions("aws:cloudfront/distribution:Distribution")
def distribution(place: Place, inputs: Inputs) -> Made:
    """What serves a bucket's objects, by the bucket's policy, under a name of its own that leads to the emulator."""
    behaviour = inputs["defaultCacheBehavior"]
    methods, cached = behaviour["allowedMethods"], behaviour["cachedMethods"]
    config = {
        "CallerReference": secrets.token_hex(8),
        "Enabled": True,
        "Comment": inputs.get("comment", ""),
        **chosen(
            inputs,
            DefaultRootObject="defaultRootObject",
            PriceClass="priceClass",
            HttpVersion="httpVersion",
            IsIPV6Enabled="isIpv6Enabled",
        ),
        "Origins": _counted([_origin(origin) for origin in inputs["origins"]]),
        "DefaultCacheBehavior": {
            **chosen(
                behaviour,
                TargetOriginId="targetOriginId",
                Compress="compress",
                CachePolicyId="cachePolicyId",
                ResponseHeadersPolicyId="responseHeadersPolicyId",
            ),
            # It would redirect to an HTTPS that it has not got.
            "ViewerProtocolPolicy": "allow-all",
            "AllowedMethods": {**_counted(methods), "CachedMethods": _counted(cached)},
        },
    }
    tags = {"Items": tag_list(inputs)}
    made = place.client("cloudfront").create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags}
    )["Distribution"]
    label = made["DomainName"].partition(".")[0]
    # Browsers, and others by RFC 6761, take every name under localhost for this machine.
    return Made(made["Id"], {"arn": made["ARN"], "domainName": f"{label}.cloudfront.localhost:{place.emulator.port}"})


def _counted(items: list[Any]) -> Inputs:
    return {"Quantity": len(items), "Items": items}


def _origin(origin: Inputs) -> Inputs:
    return {
        "Id": origin["originId"],
        "DomainName": origin["domainName"],
        "OriginAccessControlId": origin.get("originAccessControlId", ""),
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
