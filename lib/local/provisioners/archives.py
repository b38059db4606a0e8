"""Code as Pulumi hands it over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi

from ...assets.lambda_archive import zipped


def archive_bytes(archive: Any) -> bytes:
    """The zip of a Pulumi archive of texts and files."""
    return zipped(archive_files(archive))


def archive_files(archive: Any) -> dict[str, str]:
    """The texts of a Pulumi archive, by path."""
    if not isinstance(archive, pulumi.AssetArchive):
        raise TypeError(f"{type(archive).__name__}: the local run takes function code as an AssetArchive")
    return {path: _text(path, asset) for path, asset in archive.assets.items()}


def _text(path: str, asset: Any) -> str:
    if isinstance(asset, pulumi.StringAsset):
        return asset.text
    if isinstance(asset, pulumi.FileAsset):
        return Path(asset.path).read_text(encoding="utf-8")
    raise TypeError(f"{path}: {type(asset).__name__} in an archive; the local run takes StringAsset and FileAsset")
