"""Lock files: pip requirements files with the exact version and the hashes of every package.

A lock file is valid for every platform and for each Python version from its minimum. `tap lock` writes it next to the
requirements file. A requirements file whose packages all have hashes is its own lock file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from . import uv
from .text_files import read_text

SUFFIX = ".lock"
MINIMUM_PYTHON = "3.11"
"""Default minimum Python version of a lock file: the oldest one that runs this library, and thus the local run."""
_HEADER = "# tap lock: Python {python} and later, requirements sha256:{digest}\n"
_HEADER_PATTERN = re.compile(r"# tap lock: Python 3\.(?P<minor>\d+) and later, requirements sha256:(?P<digest>\w+)")
_NESTED = re.compile(r"(?P<option>-r|-c|--requirement|--constraint)[ =]*(?P<path>\S.*)")
_CONSTRAINTS = ("-c", "--constraint")
_COMMENT = re.compile(r"(^|\s)#.*")
_INDEX_OPTION = re.compile(r"-[if]\b|--(?:index-url|extra-index-url|find-links|no-index|trusted-host)\b")
_EDITABLE = re.compile(r"(?:-e|--editable)[ =].*")
_PATH = re.compile(r"[./].*|file:.*")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def lock(requirements: Path, *, python: str = MINIMUM_PYTHON, upgrade: bool = False) -> Path:
    """Write the lock file of a requirements file, and return its path.

    Versions in an existing lock file stay unless the requirements exclude them or `upgrade` is true. Raise `UvError` if
    no versions satisfy the requirements, and `ValueError` if a nested requirements file does not exist.
    """
    path = requirements.with_suffix(SUFFIX)
    _check(requirements)
    header = _HEADER.format(python=python, digest=_digest(requirements))
    with _temporary_folder(requirements) as folder:
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
    content = read_text(path)
    header = _HEADER_PATTERN.match(content)
    # Other tools, which maintain the file without this header, are responsible for its contents.
    if header and header["digest"] != _digest(requirements):
        raise ValueError(f"{path} must match {requirements.name}, which has changed. Run tap lock {requirements}.")
    if header and int(header["minor"]) > _minor(python):
        raise ValueError(
            f"{path} must cover {runtime}, got versions for Python 3.{header['minor']} and later. "
            f"Run tap lock --python {python} {requirements}."
        )
    if missing := sorted(
        _names(_lines(requirements, constraints=False)) - _names(content.splitlines(), with_markers=True)
    ):
        raise ValueError(
            f"{path} must contain all packages of {requirements.name}, got none with the name {missing[0]!r}. "
            f"Run tap lock {requirements}."
        )
    return path


def _minor(python: str) -> int:
    return int(python.partition(".")[2])


def _digest(requirements: Path) -> str:
    return hashlib.sha256("\n".join(_lines(requirements)).encode()).hexdigest()


def _is_locked(requirements: Path) -> bool:
    lines = [*_lines(requirements)]
    packages = [line for line in lines if not line.startswith("-")]
    # The file identifies the packages in the cache, so it must contain all of them itself.
    is_complete = not any(map(_NESTED.fullmatch, lines))
    return bool(packages) and is_complete and all("--hash=" in line for line in packages)


def _lines(requirements: Path, including: tuple[Path, ...] = (), *, constraints: bool = True) -> Iterator[str]:
    """Yield the lines of a requirements file and of the files that it includes, without comments."""
    if not requirements.is_file():
        raise ValueError(f"requirements must be an existing file, got {str(requirements)!r}. Create it.")
    if requirements.resolve() in including:
        raise ValueError(f"requirements must not include each other, got {str(requirements)!r} twice. Remove the -r.")
    for line in read_text(requirements).replace("\\\n", " ").splitlines():
        if stripped := " ".join(_COMMENT.sub("", line).split()):
            yield stripped
            nested = _NESTED.fullmatch(stripped)
            if nested and (constraints or nested["option"] not in _CONSTRAINTS):
                path = requirements.parent / nested["path"]
                yield from _lines(path, (*including, requirements.resolve()), constraints=constraints)


def _check(requirements: Path) -> None:
    """Raise `ValueError` for lines that a lock file cannot replace: options of an index, and source code."""
    for line in _lines(requirements):
        if option := _INDEX_OPTION.match(line):
            remedy = "Set the variable UV_INDEX or UV_FIND_LINKS, or create a configuration file of uv."
            raise ValueError(f"{requirements} must not select a package index, got {option[0]}. {remedy}")
        path = line.partition(";")[0].rstrip()
        if _EDITABLE.fullmatch(path) or (_PATH.fullmatch(path) and not path.endswith(".whl")):
            remedy = "Move the code into the package of the handler, or build a wheel of it."
            raise ValueError(f"{requirements} must list packages of an index or wheels, got {line!r}. {remedy}")


def _names(lines: Iterable[str], *, with_markers: bool = False) -> set[str]:
    """Return the normalized names of the packages in lines of a requirements file, by default without those with an
    environment marker, which a lock file can omit."""
    matches = [_NAME.match(line) for line in lines if with_markers or ";" not in line]
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in matches if match}


def _temporary_folder(requirements: Path) -> TemporaryDirectory[str]:
    try:
        return TemporaryDirectory(dir=requirements.absolute().parent, prefix=".")
    except OSError as exc:
        raise ValueError(
            f"{requirements.parent} must be writable for the lock file of {requirements.name}, got {exc.strerror!r}. "
            f"Run tap lock {requirements} where it is, and deploy the lock file together with the requirements."
        ) from exc
