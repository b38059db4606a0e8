"""The hosting of static web pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ... import model
from ...settings import SiteSettings, merge
from ...settings.environments import BASIS
from ..storage.bucket import Bucket, BucketArgs
from .distribution import Distribution, DistributionArgs
from .website import Website, WebsiteArgs

OLD_VERSION_DAYS = 90
"""Retention of overwritten and deleted files."""
READ_FROM_ANY_ORIGIN = model.BucketCors(origins=("*",), methods=("GET", "HEAD"), headers=(), exposed_headers=())


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """Arguments for `Site`."""

    name_prefix: str
    """Prefix of the name of the bucket."""
    site: model.Site
    """Definition of the site: its index page and the folder that `SiteFiles` uploads."""
    comment: str = ""
    """Comment of the CloudFront distribution."""
    settings: SiteSettings = field(default_factory=SiteSettings)
    """Unset fields use the `dev` defaults."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the bucket, unless it is public. Default (None): the S3 managed key."""
    retain_on_delete: bool = False
    """Whether `pulumi destroy` retains the bucket."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Site(pulumi.ComponentResource):
    """A bucket that only CloudFront can read or, if the settings make it public, an S3 website."""

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Site", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._public = bool(merge(BASIS.site, args.settings).public)
        self.definition = args.site
        self.bucket = self._bucket()
        self.resource = self.bucket.resource
        self.endpoint = self._website() if self._public else self._distribution()
        self.policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=self.bucket.name,
            policy=pulumi.Output.json_dumps(self.endpoint.bucket_policy),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.bucket.ready()),
        )
        self.url = self.endpoint.url
        self.register_outputs({"url": self.url, "bucket_name": self.bucket.name})

    @property
    def distribution(self) -> Distribution | None:
        """CloudFront distribution. None if the site is an S3 website."""
        return self.endpoint if isinstance(self.endpoint, Distribution) else None

    def _bucket(self) -> Bucket:
        args = self._args
        return Bucket(
            f"{self._prefix}-files",
            BucketArgs(
                name_prefix=args.name_prefix,
                public=self._public,
                kms_key_arn=args.kms_key_arn,
                versioned=True,
                noncurrent_days=OLD_VERSION_DAYS,
                cors=(READ_FROM_ANY_ORIGIN,),
                retain_on_delete=args.retain_on_delete,
                tags=args.tags,
            ),
            self._child,
        )

    def _website(self) -> Website | Distribution:
        return Website(
            f"{self._prefix}-front", WebsiteArgs(bucket=self.bucket, index=self.definition.index), self._child
        )

    def _distribution(self) -> Distribution:
        args = self._args
        return Distribution(
            f"{self._prefix}-front",
            DistributionArgs(bucket=self.bucket, index=args.site.index, comment=args.comment, tags=args.tags),
            self._child,
        )
