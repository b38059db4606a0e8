"""The archive of a Lambda function or layer."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi


def code_archive(files: Mapping[str, str]) -> pulumi.AssetArchive:
    """Return an archive of text files by path, in which an empty file contains a line break.

    The engine rejects an asset with an empty text, in deployments and in policy packs.
    """
    return pulumi.AssetArchive({path: pulumi.StringAsset(text or "\n") for path, text in files.items()})
