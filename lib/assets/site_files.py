"""The files of a site with their content types and caching."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..model import Site

CONFIG = "config.json"
"""Generated file with the URL of the API for the web pages. A built file with this name is ignored."""
REVALIDATED = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"

# Python's `mimetypes` depends on the operating system.
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
    """Path relative to the URL of the site."""
    path: Path
    content_type: str
    cache_control: str


def files(site: Site) -> list[File]:
    """Return the files of a site, with the index page last. Empty if the site is not built."""
    folder = Path(site.folder)
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    keys = sorted(paths.keys() - {CONFIG}, key=lambda key: (key == site.index, key))
    return [File(key, paths[key], content_type(key), _cache_control(site, key)) for key in keys]


def content_type(key: str) -> str:
    """Return the content type of a file name extension."""
    return CONTENT_TYPES.get(Path(key).suffix.lower(), "application/octet-stream")


def _cache_control(site: Site, key: str) -> str:
    return IMMUTABLE if site.hashed and key.startswith(f"{site.hashed.strip('/')}/") else REVALIDATED
