"""The archive of a Lambda function or layer."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi


def code_archive(files: Mapping[str, str]) -> pulumi.AssetArchive:
    """Return an archive of text files by path, in which an empty file contains a line break.

    Pulumi's engine passes an empty text to policy packs as an asset without contents, which their SDK rejects.
    """
    return pulumi.AssetArchive({path: pulumi.StringAsset(text or "\n") for path, text in files.items()})
