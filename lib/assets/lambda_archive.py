"""The archive of a Lambda function: the runtime, the package of the handler, and generated modules.

The result is reproducible: the same sources produce the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from ..model import Function, Service
from .generated_code import generated_sources, preflight_index
from .handler_packages import RUNTIME, package_files, package_name
from .text_files import read_text

HANDLER = "index.handler"
"""Handler of every function, as set in Lambda."""

Content = str | bytes
"""Content of a file in an archive."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Earliest timestamp that a ZIP file can store."""


def sources(
    service: Service, function: Function, cors_origin: str | None = "", cors_credentials: bool = False
) -> dict[str, str]:
    """Return all files of `function` by path, sorted: shared files and generated modules.

    If the CORS origin is None, the function reads it from the environment variable `CORS_ORIGIN`.
    """
    generated = generated_sources(service, function, cors_origin, cors_credentials)
    return dict(sorted({**shared_sources(function.handler), **generated}.items()))


def shared_sources(handler: str) -> dict[str, str]:
    """Return the files by path, sorted, that all functions with operations in the module `handler` share."""
    return dict(sorted({**dict(package_files(RUNTIME)), **dict(package_files(package_name(handler)))}.items()))


def preflight_sources(headers: Mapping[str, Mapping[str, str]], credentials: bool = False) -> dict[str, str]:
    """Return the files by path, sorted, of the function that responds to preflight requests.

    `headers` are its constant response headers by path of the API, and `credentials` is whether pages of the allowed
    origins can send cookies.
    """
    runtime = {path: source for path, source in package_files(RUNTIME) if Path(path).name in ("__init__.py", "cors.py")}
    return dict(sorted({"index.py": preflight_index(headers, credentials), **runtime}.items()))


def read_file(path: Path) -> Content:
    """Return the content of a Python module in UTF-8 as a string, and of other files as bytes."""
    try:
        return read_text(path) if path.suffix == ".py" else path.read_bytes()
    except ValueError:
        return path.read_bytes()


def zip_files(files: Mapping[str, Content]) -> bytes:
    """Return a ZIP archive whose bytes depend only on `files`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()
