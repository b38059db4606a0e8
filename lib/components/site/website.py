"""An S3 bucket that is configured as a website."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import concat, derive
from ..storage.bucket import Bucket


@dataclass(frozen=True, kw_only=True)
class WebsiteArgs:
    """Arguments for `Website`."""

    bucket: Bucket
    """Bucket to serve; it must be public."""
    index: str = "index.html"


class Website(pulumi.ComponentResource):
    """A public S3 website. S3 serves it over HTTP only."""

    def __init__(self, name: str, args: WebsiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Website", name, None, opts)
        self.resource = aws.s3.BucketWebsiteConfiguration(
            f"{name}-website",
            bucket=args.bucket.name,
            index_document={"suffix": args.index},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.url = concat("http://", self.resource.website_endpoint)
        self.bucket_policy: pulumi.Output[dict[str, Any]] = derive(iam.allow_public_read, args.bucket.arn)
        self.register_outputs({"url": self.url})
