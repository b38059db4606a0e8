"""Build the pages of services with npm."""

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
"""How much of what npm said is told when it fails."""


class Progress(Protocol):
    """Shows how far a build is, such as `console.Terminal`."""

    def step(self, text: str) -> None:
        """Show the next step."""

    def passing(self, text: str) -> None:
        """Show a line until the next one."""

    def say(self, text: str) -> None:
        """Show a message."""


class SiteError(Exception):
    """The pages of a service could not be built; the message says what npm said last."""


def build(services: Iterable[Service], progress: Progress) -> bool:
    """Build every site that is not as its sources are; False if that takes Node.js, which is missing."""
    missing = False
    for service in services:
        for step in _steps(service):
            npm = shutil.which("npm")
            if npm is None:
                progress.say(
                    f"{service.name}: its pages are not built, for there is no npm: "
                    "install Node.js from https://nodejs.org, then run make site"
                )
                missing = True
                break
            progress.step(f"{service.name}: npm {' '.join(step)}")
            _run(npm, step, _sources(service), progress)
            # What comes out as it was, webpack does not write again.
            for file in _built(service) if step == BUILD else ():
                file.touch()
    return not missing


def _sources(service: Service) -> Path:
    """The folder around that of the built files: it has a `package.json` where they are built from something."""
    return Path(service.site.folder).parent if service.site else Path()


def _built(service: Service) -> list[Path]:
    """What is at the top of the built files."""
    folder = Path(service.site.folder) if service.site else Path()
    return [file for file in folder.glob("*") if file.is_file()]


def _steps(service: Service) -> Iterator[tuple[str, ...]]:
    """What npm is to do."""
    sources = _sources(service)
    if service.site is None or not (sources / "package.json").exists():
        return
    built = Path(service.site.folder)
    if _time(sources / "node_modules" / ".package-lock.json") < _time(sources / "package-lock.json"):
        yield INSTALL
    own = (path for path in sources.iterdir() if path.name != "node_modules" and path != built)
    if _newest([built]) < _newest(own):
        yield BUILD


def _newest(paths: Iterable[Path]) -> float:
    """When the last of some files, and of those in some folders, was written."""
    files = (file for path in paths for file in (path, *path.rglob("*")) if file.is_file())
    return max(map(_time, files), default=0.0)


def _time(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _run(npm: str, step: tuple[str, ...], folder: Path, progress: Progress) -> None:
    """Run npm, its lines passing by."""
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
            progress.passing(f"  {line.strip()}")
    if running.returncode:
        said = "\n".join(["", *last])
        raise SiteError(f"npm {' '.join(step)} failed in {folder}: put right what it says, then run make site{said}")


@contextmanager
def _environment() -> Iterator[dict[str, str]]:
    """Yield the environment variables of npm: with a temporary cache if the one in the home folder is read-only."""
    if _can_be_written(Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".npm")):
        yield {**os.environ}
        return
    with TemporaryDirectory() as temporary:
        yield {**os.environ, CACHE_VARIABLE: temporary}


def _can_be_written(folder: Path) -> bool:
    """Return whether a folder, or the part of its path that exists, can be written."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK)
