"""The archive of a Lambda function or layer."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi


def code_archive(files: Mapping[str, str]) -> pulumi.AssetArchive:
    """Return an archive with the content of each file by path. A newline is added to empty files.

    The Pulumi engine rejects empty string assets, in deployments and in policy packs.
    """
    return pulumi.AssetArchive({path: pulumi.StringAsset(content or "\n") for path, content in files.items()})
