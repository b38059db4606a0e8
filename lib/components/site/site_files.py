"""What a site serves."""

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
    """What `SiteFiles` are made from."""

    site: Site
    config: Mapping[str, Any]
    """What its pages find in `config.json`."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """S3 takes ten of an object: the first."""


class SiteFiles(pulumi.ComponentResource):
    """An object for each built file of a site, and its `config.json`; the index comes last, for it names others."""

    def __init__(self, name: str, args: SiteFilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:SiteFiles", name, None, opts)
        self.config = aws.s3.BucketObjectv2(
            f"{name}/{site_files.CONFIG}",
            bucket=args.site.bucket.name,
            key=site_files.CONFIG,
            content=pulumi.Output.json_dumps(args.config),
            content_type=site_files.content_type(site_files.CONFIG),
            cache_control=site_files.REVALIDATED,
            tags=_first(args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.site.bucket.ready()),
        )
        self.resources = {site_files.CONFIG: self.config}
        for file in site_files.files(args.site.described):
            self.resources[file.key] = self._object(name, file, args)
        self.register_outputs({"keys": list(self.resources)})

    def _object(self, name: str, file: site_files.File, args: SiteFilesArgs) -> aws.s3.BucketObjectv2:
        named = self.resources.values() if file.key == args.site.described.index else ()
        return aws.s3.BucketObjectv2(
            f"{name}/{file.key}",
            bucket=args.site.bucket.name,
            key=file.key,
            source=pulumi.FileAsset(file.path),
            content_type=file.content_type,
            cache_control=file.cache_control,
            tags=_first(args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.site.bucket.ready(), *named]),
        )


def _first(tags: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[str]]:
    return dict(islice(tags.items(), MAX_TAGS))
