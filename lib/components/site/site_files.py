"""The files of a site in its bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pulumi
import pulumi_aws as aws

from ...assets import site_files
from .site import Site

MAX_TAGS = 10


@dataclass(frozen=True, kw_only=True)
class SiteFilesArgs:
    """Arguments for `SiteFiles`."""

    site: Site
    config: Mapping[str, Any]
    """Content of `config.json`, which the pages read."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Tags of the objects. Only the first ten are used, because S3 does not accept more."""


class SiteFiles(pulumi.ComponentResource):
    """An S3 object for each built file of a site and for its `config.json`. The index page is uploaded last, because it
    refers to the other files.
    """

    def __init__(self, name: str, args: SiteFilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:SiteFiles", name, None, opts)
        self.config = aws.s3.BucketObjectv2(
            f"{name}/{site_files.CONFIG}",
            bucket=args.site.bucket.name,
            key=site_files.CONFIG,
            content=pulumi.Output.json_dumps(args.config),
            content_type=site_files.content_type(site_files.CONFIG),
            cache_control=site_files.REVALIDATED,
            tags=_first_tags(args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.site.bucket.ready()),
        )
        self.resources = {site_files.CONFIG: self.config}
        for file in site_files.files(args.site.definition):
            self.resources[file.key] = self._object(name, file, args)
        self.register_outputs({"keys": list(self.resources)})

    def _object(self, name: str, file: site_files.File, args: SiteFilesArgs) -> aws.s3.BucketObjectv2:
        referenced = self.resources.values() if file.key == args.site.definition.index else ()
        return aws.s3.BucketObjectv2(
            f"{name}/{file.key}",
            bucket=args.site.bucket.name,
            key=file.key,
            source=pulumi.FileAsset(file.path),
            content_type=file.content_type,
            cache_control=file.cache_control,
            tags=_first_tags(args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.site.bucket.ready(), *referenced]),
        )


def _first_tags(tags: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[str]]:
    return dict(islice(tags.items(), MAX_TAGS))
