"""Where static web pages are served from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ... import model
from ...settings import SiteSettings, merge
from ...settings.environments import BASIS
from .bucket import Bucket, BucketArgs
from .distribution import Distribution, DistributionArgs
from .website import Website, WebsiteArgs


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """What a `Site` is made from."""

    name_prefix: str
    """How the name of its bucket begins."""
    site: model.Site
    """Its index, and what `SiteFiles` put into its bucket."""
    comment: str = ""
    """What CloudFront shows beside the distribution."""
    settings: SiteSettings = field(default_factory=SiteSettings)
    """What is not said here is as in `dev`."""
    kms_key_arn: pulumi.Input[str] | None = None
    """The key that encrypts its bucket, unless that is public; None: S3's own."""
    retain_on_delete: bool = False
    """`pulumi destroy` leaves the bucket."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Site(pulumi.ComponentResource):
    """A bucket that only CloudFront reads or, where the settings make it public, one that is a website by itself."""

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Site", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._public = bool(merge(BASIS.site, args.settings).public)
        self.described = args.site
        self.bucket = self._bucket()
        self.resource = self.bucket.resource
        self.front = self._website() if self._public else self._distribution()
        self.policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=self.bucket.name,
            policy=pulumi.Output.json_dumps(self.front.bucket_policy),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.bucket.ready()),
        )
        self.url = self.front.url
        self.register_outputs({"url": self.url, "bucket_name": self.bucket.name})

    @property
    def distribution(self) -> Distribution | None:
        """What serves it, unless S3 does."""
        return self.front if isinstance(self.front, Distribution) else None

    def _bucket(self) -> Bucket:
        args = self._args
        return Bucket(
            f"{self._prefix}-files",
            BucketArgs(
                name_prefix=args.name_prefix,
                public=self._public,
                kms_key_arn=args.kms_key_arn,
                retain_on_delete=args.retain_on_delete,
                tags=args.tags,
            ),
            self._child,
        )

    def _website(self) -> Website | Distribution:
        return Website(
            f"{self._prefix}-front", WebsiteArgs(bucket=self.bucket, index=self.described.index), self._child
        )

    def _distribution(self) -> Distribution:
        args = self._args
        return Distribution(
            f"{self._prefix}-front",
            DistributionArgs(bucket=self.bucket, index=args.site.index, comment=args.comment, tags=args.tags),
            self._child,
        )
