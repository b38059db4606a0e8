"""Small wheels, and a package index of only these."""

from __future__ import annotations

import hashlib
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

LOCAL = f"cp3{sys.version_info.minor}-cp3{sys.version_info.minor}-" + sysconfig.get_platform().translate(
    str.maketrans("-.", "__")
)
"""Tag of wheels for the current interpreter."""


class Index:
    """A package index that uv uses instead of PyPI, and a new cache folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder / "index"
        self._folder.mkdir()
        self.cache = folder / "cache"
        settings = folder / "uv.toml"
        settings.write_text(f"index-url = '{self._folder.as_uri()}'\n")
        monkeypatch.setenv("UV_CONFIG_FILE", str(settings))
        monkeypatch.setenv("TAP_CACHE_DIR", str(self.cache))

    def add(
        self,
        name: str,
        source: str | bytes = "",
        *,
        version: str = "1.0",
        tag: str = "py3-none-any",
        requires: Sequence[str] = (),
    ) -> None:
        """Add a wheel that contains the package `name`, whose `__init__.py` has the content `source`."""
        info = f"{name}-{version}.dist-info"
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        files: dict[str, str | bytes] = {
            f"{name}/__init__.py": source,
            f"{info}/METADATA": "\n".join([*metadata, *(f"Requires-Dist: {each}" for each in requires), ""]),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: false\nTag: {tag}\n",
            f"{info}/entry_points.txt": f"[console_scripts]\n{name}-run = {name}:main\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
        folder = self._folder / name.replace("_", "-")
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            for path, content in files.items():
                wheel.writestr(path, content)
        wheels = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.whl")}
        links = [f'<a href="{file}#sha256={digest}">{file}</a>' for file, digest in wheels.items()]
        (folder / "index.html").write_text("\n".join(links))
