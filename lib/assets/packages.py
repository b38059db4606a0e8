"""Installation of locked packages into the cache folder, for a Lambda runtime or for the current interpreter.

Each folder in the cache is complete, because it is renamed from a temporary folder, and is never changed. Its contents
depend only on the lock file and the platform.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
import sysconfig
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from . import uv

FOLDER = "packages-1"
"""Folder in the cache folder. Its name changes with the format of the installed folders."""
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Machine in the names of wheels, by architecture of Lambda."""
OLD_LINUX = ("python3.9", "python3.10", "python3.11")
"""Runtimes on Amazon Linux 2, which has glibc 2.26. Later runtimes have glibc 2.34."""
_CHUNK_BYTES = 1024 * 1024
_ZIP_HEADER_BYTES = 92
"""Local header, data descriptor and entry in the central directory of a file in a ZIP archive, without its name."""
_INSTALLATION = threading.Lock()
"""Lock of installations: the functions of a stack are deployed concurrently, and can have the same packages."""
_LOCK, _FILES, _SIZE, _ORIGIN = "requirements.lock", "files", "size.json", "origin.txt"
_OMITTED = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")
"""Files of `*.dist-info` folders that depend on the installation."""


class Size(NamedTuple):
    """Size of files in bytes."""

    unzipped: int
    zipped: int


def install(lock: Path, runtime: str, architecture: str) -> Path:
    """Return the folder with the packages of a lock file for Lambda. Raise `UvError` if they cannot be installed."""
    linux = "manylinux_2_17" if runtime in OLD_LINUX else "manylinux_2_34"
    platform = ("--python-platform", f"{MACHINES[architecture]}-{linux}")
    version = ("--python-version", runtime.removeprefix("python"))
    return _install(lock, f"{runtime}-{architecture}", *platform, *version)


def installed_size(folder: Path) -> Size:
    """Return the size of a folder that `install` returned."""
    return Size(**json.loads((folder.parent / _SIZE).read_text(encoding="utf-8")))


def installed_folder(path: Path) -> Path | None:
    """Return the folder, as returned by `install`, that contains a path. Return None for other paths."""
    root = uv.cache_folder() / FOLDER
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
    return root.joinpath(*parts[:3]) if len(parts) > 3 else None


def for_interpreter(folder: Path) -> Path:
    """Return a folder with the same packages for the current interpreter instead of Lambda.

    Raise `UvError` if they cannot be installed.
    """
    parent = folder.parents[1]
    origin = parent / _ORIGIN
    working = Path(origin.read_text(encoding="utf-8")) if origin.exists() else parent
    platform = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
    return _install(parent / _LOCK, platform, working=working if working.is_dir() else parent)


def size_of(path: Path) -> Size:
    """Return the size of a file, or of all files in a folder."""
    files = files_in(path)
    zipped = sum(_zipped(name, file) for name, file in files.items())
    return Size(sum(file.stat().st_size for file in files.values()), zipped)


def _zipped(name: str, path: Path) -> int:
    """Return the size of a file in a ZIP archive: its compressed content, and its headers with two copies of the
    name."""
    compressor, size = zlib.compressobj(), _ZIP_HEADER_BYTES + 2 * len(name.encode())
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            size += len(compressor.compress(chunk))
    return size + len(compressor.flush())


def files_in(path: Path) -> dict[str, Path]:
    """Return the files in a folder by relative path, sorted. A file has the relative path `.`."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return {file.relative_to(path).as_posix(): file for file in files}


def _install(lock: Path, platform: str, *options: str, working: Path | None = None) -> Path:
    """Install the packages of a lock file, in whose folder uv finds its configuration and relative paths.

    `working` is another folder instead.
    """
    working = working or lock.absolute().parent
    content = lock.read_bytes()
    result = uv.cache_folder() / FOLDER / hashlib.sha256(content).hexdigest()[:16] / platform
    with _INSTALLATION:
        if not result.is_dir():
            _install_new(lock, content, result, options, working)
    return result / _FILES


def _install_new(lock: Path, content: bytes, result: Path, options: Sequence[str], working: Path) -> None:
    parent = result.parent
    with _temporary_folder(parent) as name:
        temporary = Path(name, "result")
        files = temporary / _FILES
        files.mkdir(parents=True)
        uv.run(
            *("install", "--requirements", str(lock.absolute()), "--target", str(files)),
            *options,
            *("--no-deps", "--require-hashes", "--only-binary", ":all:"),
            folder=working,
            step=f"Installing the packages of {lock} for {result.name}",
        )
        _remove_variable_files(files)
        (temporary / _SIZE).write_text(json.dumps(size_of(files)._asdict()), encoding="utf-8")
        copy = Path(name, _LOCK)
        copy.write_bytes(content)
        copy.replace(parent / _LOCK)
        origin = Path(name, _ORIGIN)
        origin.write_text(str(working), encoding="utf-8")
        origin.replace(parent / _ORIGIN)
        # Another process can have installed the same folder in the meantime.
        with contextlib.suppress(OSError):
            temporary.rename(result)


def _temporary_folder(parent: Path) -> TemporaryDirectory[str]:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        return TemporaryDirectory(dir=parent, prefix=".", ignore_cleanup_errors=True)
    except OSError as exc:
        raise ValueError(
            f"The cache folder {uv.cache_folder()} must be writable, got {exc.strerror!r}. "
            f"Set {uv.CACHE_VARIABLE} to a writable folder."
        ) from exc


def _remove_variable_files(folder: Path) -> None:
    """Delete the files that differ between machines: scripts, compiled modules and records of the installation."""
    for path in [folder / "bin", *folder.rglob("__pycache__")]:
        shutil.rmtree(path, ignore_errors=True)
    for path in [folder / ".lock", *(path for name in _OMITTED for path in folder.glob(f"*.dist-info/{name}"))]:
        path.unlink(missing_ok=True)
