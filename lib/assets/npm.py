"""Build the web pages of services with npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ..model import Service

INSTALL = ("ci", "--no-audit", "--no-fund")
BUILD = ("run", "build")
CACHE_VARIABLE = "npm_config_cache"
LAST_LINES = 20
"""Number of output lines in the error message of a failed build."""


class Progress(Protocol):
    """Reports the progress of a build, e.g. `console.Terminal`."""

    def step(self, line: str) -> None:
        """Report the next step."""

    def show_transient(self, line: str) -> None:
        """Show a line that the next line replaces."""

    def print_line(self, line: str) -> None:
        """Print a line."""


class SiteError(Exception):
    """A failed build of web pages. The message contains the last output of npm."""


def build(services: Iterable[Service], progress: Progress) -> bool:
    """Build every site with changed sources. Return False if a build requires Node.js and it is not installed."""
    missing = False
    for service in services:
        for step in _steps(service):
            npm = shutil.which("npm")
            if npm is None:
                progress.print_line(
                    f"{service.name}: npm is required to build the web pages, but not installed. "
                    "Install Node.js from https://nodejs.org, then run make site."
                )
                missing = True
                break
            progress.step(f"{service.name}: npm {' '.join(step)}")
            _run(npm, step, _sources(service), progress)
            # Webpack does not write unchanged files, which would otherwise seem older than their sources.
            for file in _built(service) if step == BUILD else ():
                file.touch()
    return not missing


def _sources(service: Service) -> Path:
    """Return the parent folder of the built files. It contains a `package.json` if the site must be built."""
    return Path(service.site.folder).parent if service.site else Path()


def _built(service: Service) -> list[Path]:
    """Return the built files, without files in subfolders."""
    folder = Path(service.site.folder) if service.site else Path()
    return [file for file in folder.glob("*") if file.is_file()]


def _steps(service: Service) -> Iterator[tuple[str, ...]]:
    """Yield the required npm commands."""
    sources = _sources(service)
    if service.site is None or not (sources / "package.json").exists():
        return
    built = Path(service.site.folder)
    if _time(sources / "node_modules" / ".package-lock.json") < _time(sources / "package-lock.json"):
        yield INSTALL
    inputs = (path for path in sources.iterdir() if path.name != "node_modules" and path != built)
    if _newest([built]) < _newest(inputs):
        yield BUILD


def _newest(paths: Iterable[Path]) -> float:
    """Return the latest modification time of files, including the files in folders."""
    files = (file for path in paths for file in (path, *path.rglob("*")) if file.is_file())
    return max(map(_time, files), default=0.0)


def _time(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _run(npm: str, step: tuple[str, ...], folder: Path, progress: Progress) -> None:
    """Run npm and show its output. Raise `SiteError` if it fails."""
    last: deque[str] = deque(maxlen=LAST_LINES)
    with (
        _environment() as environment,
        subprocess.Popen(
            [npm, *step],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running,
    ):
        for line in running.stdout or ():
            last.append(line.rstrip())
            progress.show_transient(f"  {line.strip()}")
    if running.returncode:
        output = "\n".join(["", *last])
        raise SiteError(f"npm {' '.join(step)} failed in {folder}. Fix the errors below, then run make site.{output}")


@contextmanager
def _environment() -> Iterator[dict[str, str]]:
    """Yield environment variables for npm, with a temporary cache folder if the default one is read-only."""
    if _is_writable(Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".npm")):
        yield {**os.environ}
        return
    with TemporaryDirectory() as temporary:
        yield {**os.environ, CACHE_VARIABLE: temporary}


def _is_writable(folder: Path) -> bool:
    """Return whether a folder, or its nearest existing parent, is writable."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK)
