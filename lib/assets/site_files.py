"""The files of a site, and how each is to be served: pure data."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..model import Site

CONFIG = "config.json"
"""What a site's pages read to know where their API is; a built file of this name is left out."""
REVALIDATED = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"

# Not Python's `mimetypes`, which knows what the machine it runs on knows.
CONTENT_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}


class File(NamedTuple):
    """A file of a site."""

    key: str
    """Its path under the site's address."""
    path: Path
    content_type: str
    cache_control: str


def files(site: Site) -> list[File]:
    """Every file of a site, the index last; none where it has not been built."""
    folder = Path(site.folder)
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    keys = sorted(paths.keys() - {CONFIG}, key=lambda key: (key == site.index, key))
    return [File(key, paths[key], content_type(key), _caching(site, key)) for key in keys]


def content_type(key: str) -> str:
    """What a file is, by the end of its name."""
    return CONTENT_TYPES.get(Path(key).suffix.lower(), "application/octet-stream")


def _caching(site: Site, key: str) -> str:
    return FOR_EVER if site.hashed and key.startswith(f"{site.hashed.strip('/')}/") else REVALIDATED
