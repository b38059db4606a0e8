"""Code as Pulumi uploads it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi


def archive(files: Mapping[str, str], folder: str = "") -> pulumi.AssetArchive:
    """Return an archive of files, path to text, below `folder`.

    The engine rejects an asset with an empty text, so an empty file becomes an empty line.
    """
    prefix = f"{folder}/" if folder else ""
    return pulumi.AssetArchive({f"{prefix}{path}": pulumi.StringAsset(text or "\n") for path, text in files.items()})
