"""Lock files: pip requirements files with the exact version and the hashes of every package.

A lock file is valid for every platform and for each Python version from its minimum. `tap lock` writes it next to the
requirements file. A requirements file whose packages all have hashes is its own lock file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from . import uv

SUFFIX = ".lock"
MINIMUM_PYTHON = "3.11"
"""Default minimum Python version of a lock file: the oldest one that runs this library, and thus the local run."""
_HEADER = "# tap lock: Python {python} and later, requirements sha256:{digest}\n"
_HEADER_PATTERN = re.compile(r"# tap lock: Python 3\.(?P<minor>\d+) and later, requirements sha256:(?P<digest>\w+)")
_NESTED = re.compile(r"(?:-r|-c|--requirement|--constraint)[ =]*(?P<path>\S.*)")
_COMMENT = re.compile(r"(^|\s)#.*")


def lock(requirements: Path, *, python: str = MINIMUM_PYTHON, upgrade: bool = False) -> Path:
    """Write the lock file of a requirements file, and return its path.

    Versions in an existing lock file stay unless the requirements exclude them or `upgrade` is true. Raise `UvError` if
    no versions satisfy the requirements, and `ValueError` if a nested requirements file does not exist.
    """
    path = requirements.with_suffix(SUFFIX)
    header = _HEADER.format(python=python, digest=_digest(requirements))
    with TemporaryDirectory(dir=requirements.absolute().parent, prefix=".") as folder:
        resolved = Path(folder, path.name)
        if path.exists():
            resolved.write_bytes(path.read_bytes())
        uv.run(
            *("compile", requirements.name, "--output-file", str(resolved)),
            *("--universal", "--python-version", python, "--generate-hashes", "--only-binary", ":all:", "--no-header"),
            *(["--upgrade"] if upgrade else []),
            folder=requirements.parent,
            step=f"Resolving the packages of {requirements}",
        )
        resolved.write_text(header + resolved.read_text(encoding="utf-8"), encoding="utf-8")
        resolved.replace(path)
    return path


def lock_of(requirements: Path, runtime: str) -> Path:
    """Return the lock file for a Lambda runtime. It is created if it does not exist.

    Raise `ValueError` if the lock file does not match the requirements or the runtime, and `UvError` if it cannot be
    created.
    """
    if _is_locked(requirements):
        return requirements
    path, python = requirements.with_suffix(SUFFIX), runtime.removeprefix("python")
    if not path.exists():
        return lock(requirements, python=min(python, MINIMUM_PYTHON, key=_minor))
    header = _HEADER_PATTERN.match(path.read_text(encoding="utf-8"))
    # Other tools, which maintain the file without this header, are responsible for its contents.
    if header and header["digest"] != _digest(requirements):
        raise ValueError(f"{path} must match {requirements.name}, which has changed. Run tap lock {requirements}.")
    if header and int(header["minor"]) > _minor(python):
        raise ValueError(
            f"{path} must cover {runtime}, got versions for Python 3.{header['minor']} and later. "
            f"Run tap lock --python {python} {requirements}."
        )
    return path


def _minor(python: str) -> int:
    return int(python.partition(".")[2])


def _digest(requirements: Path) -> str:
    return hashlib.sha256("\n".join(_lines(requirements)).encode()).hexdigest()


def _is_locked(requirements: Path) -> bool:
    packages = [line for line in _lines(requirements) if not line.startswith("-")]
    return bool(packages) and all("--hash=" in line for line in packages)


def _lines(requirements: Path) -> Iterator[str]:
    """Yield the lines of a requirements file and of the files that it includes, without comments."""
    if not requirements.is_file():
        raise ValueError(f"requirements must be an existing file, got {str(requirements)!r}. Create it.")
    for line in requirements.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if stripped := " ".join(_COMMENT.sub("", line).split()):
            yield stripped
            if nested := _NESTED.fullmatch(stripped):
                yield from _lines(requirements.parent / nested["path"])
