"""A CloudFront distribution for a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from ...documents import iam, urls
from ..derived import derive
from ..storage.bucket import Bucket

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS managed cache policy: compression, and caching as set by `Cache-Control` (default: one day)."""
CORS_AND_SECURITY_HEADERS = "e61eb60c-9c35-4d20-a928-2b84e02af89c"
"""AWS managed response headers policy: allows all CORS origins and adds security headers."""


@dataclass(frozen=True, kw_only=True)
class DistributionArgs:
    """Arguments for `Distribution`."""

    bucket: Bucket
    """Bucket to serve. The caller must attach `Distribution.bucket_policy` to it."""
    index: str = "index.html"
    comment: str = ""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Distribution(pulumi.ComponentResource):
    """A CloudFront distribution for one bucket, HTTPS only, with edge locations in North America and Europe."""

    def __init__(self, name: str, args: DistributionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Distribution", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.access = aws.cloudfront.OriginAccessControl(
            f"{name}-access",
            # The name must be unique in the account. Bucket names are globally unique.
            name=args.bucket.name,
            description=args.comment,
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=child,
        )
        self.resource = aws.cloudfront.Distribution(
            f"{name}-distribution",
            enabled=True,
            comment=args.comment,
            default_root_object=args.index,
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class="PriceClass_100",
            origins=[
                {
                    "origin_id": "files",
                    "domain_name": args.bucket.resource.bucket_regional_domain_name,
                    "origin_access_control_id": self.access.id,
                }
            ],
            default_cache_behavior={
                "target_origin_id": "files",
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": ["GET", "HEAD", "OPTIONS"],
                "cached_methods": ["GET", "HEAD"],
                "compress": True,
                "cache_policy_id": CACHING_OPTIMIZED,
                "response_headers_policy_id": CORS_AND_SECURITY_HEADERS,
            },
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={"cloudfront_default_certificate": True},
            tags=args.tags,
            opts=child,
        )
        self.id = self.resource.id
        self.arn = self.resource.arn
        self.bucket_policy: pulumi.Output[dict[str, Any]] = derive(iam.allow_cloudfront_read, args.bucket.arn, self.arn)
        self.url = derive(urls.origin, self.resource.domain_name)
        self.register_outputs({"id": self.id, "arn": self.arn, "url": self.url})
