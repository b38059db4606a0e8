"""The archive of a Lambda function or layer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pulumi


def code_archive(files: Mapping[str, str], paths: Mapping[str, Path] | None = None) -> pulumi.AssetArchive:
    """Return an archive with the content of each text file, and with files and folders of this machine, by path.

    A newline is added to empty text files: the Pulumi engine rejects empty string assets, in deployments and in policy
    packs.
    """
    texts = {path: pulumi.StringAsset(content or "\n") for path, content in files.items()}
    return pulumi.AssetArchive({**texts, **{path: _asset(source) for path, source in (paths or {}).items()}})


def _asset(source: Path) -> pulumi.FileAsset | pulumi.FileArchive:
    return pulumi.FileArchive(str(source)) if source.is_dir() else pulumi.FileAsset(str(source))
