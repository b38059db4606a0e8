"""Packages and data files in the code of functions, and Lambda's limits on the size of code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..model import Function, Service
from ..settings import FunctionSettings
from . import lock_file, packages
from .lambda_archive import HANDLER, package_of, shared_sources
from .packages import Size, files_in, installed_size, size_of
from .uv import UvError

MB = 1024 * 1024
MAX_SIZE = Size(unzipped=250 * MB, zipped=50 * MB)
"""Maximum size of a function with its layers, and of an archive that the Lambda API accepts."""
GENERATED = {HANDLER.partition(".")[0], "validators"}
"""Top-level names of the generated modules of a function."""


def code_paths(function: Function, settings: FunctionSettings) -> dict[str, Path]:
    """Return the data files and the installed packages of a function on this machine, by path in its code.

    Raise `ValueError` if a file does not exist, or if the packages cannot be installed for the runtime and the
    architecture of the function.
    """
    installed = _installed(function, settings)
    return {**_data_files(function), **({entry.name: entry for entry in installed.iterdir()} if installed else {})}


def check_code(service: Service, settings: Mapping[str, FunctionSettings]) -> None:
    """Raise `ValueError` if functions with packages or data files cannot be deployed.

    `settings` are those of each function by name.
    """
    functions = [function for function in service.functions if function.requirements or function.files]
    if functions and service.shared_type:
        _check_shared(service, settings)
        _check_size(f"layer {service.shared_type!r}", functions, settings[functions[0].name])
    for function in functions:
        _check_modules(function, settings[function.name])
        _check_size(f"function {function.name!r}", [function], settings[function.name])


def _data_files(function: Function) -> dict[str, Path]:
    path, folder = package_of(function.handler)
    files: dict[str, Path] = {}
    for pattern in function.files:
        # Before Python 3.13, a pattern that ends with ** matches only folders.
        matches = sorted(folder.glob(f"{pattern}/*" if pattern.endswith("**") else pattern))
        matches = [match for match in matches if match.is_file() and "__pycache__" not in match.parts]
        if not matches:
            remedy = f"No file in {folder} matches: create one, or correct the pattern."
            raise _invalid(function, "files", "patterns of existing files", repr(pattern), remedy)
        for match in matches:
            if not match.resolve().is_relative_to(folder.resolve()):
                remedy = f"It is a link to {match.resolve()}: copy the file."
                raise _invalid(function, "files", f"in the folder {folder}", repr(str(match)), remedy)
            if match.suffix != ".py":
                files[f"{path}/{match.relative_to(folder).as_posix()}"] = match
    return files


def _requirements(function: Function) -> Path | None:
    return package_of(function.handler)[1] / function.requirements if function.requirements else None


def _installed(function: Function, settings: FunctionSettings) -> Path | None:
    """Return the folder with the installed packages, or None for a function without requirements."""
    requirements, runtime, architecture = _requirements(function), settings.runtime or "", settings.architecture or ""
    if requirements is None:
        return None
    if not requirements.is_file():
        remedy = f"Create it, or correct the path, which is relative to {package_of(function.handler)[1]}."
        raise _invalid(function, "requirements", "an existing file", repr(function.requirements), remedy)
    try:
        return packages.install(lock_file.lock_of(requirements, runtime), runtime, architecture)
    except UvError as exc:
        has_no_wheel = "wheel" in str(exc)
        expected = f"packages with wheels for {runtime} on {architecture}" if has_no_wheel else "installable packages"
        remedy = "Require other versions, or change lambda_runtime or lambda_architecture." if has_no_wheel else ""
        raise _invalid(function, "requirements", expected, str(exc).rstrip("."), remedy) from exc
    except ValueError as exc:
        raise ValueError(f"function {function.name!r}: {exc}") from exc


def _check_modules(function: Function, settings: FunctionSettings) -> None:
    """Raise `ValueError` if an installed package has the name of other code in the function."""
    installed = _installed(function, settings)
    names = {entry.name.removesuffix(".py") for entry in installed.iterdir()} if installed else set()
    own = {path.partition("/")[0] for path in shared_sources(function.handler)} | GENERATED
    for name in sorted(names & own):
        remedy = "The function contains other code with this name: rename it, or remove the package."
        raise _invalid(function, "requirements", "packages with other modules", repr(name), remedy)


def _check_shared(service: Service, settings: Mapping[str, FunctionSettings]) -> None:
    """Raise `ValueError` if functions with a common layer require different packages."""
    variants = {}
    for function in service.functions:
        own = settings[function.name]
        variants[_requirements(function), own.runtime, own.architecture] = function.name
    if len(variants) > 1 and any(requirements for requirements, *_ in variants):
        functions = ", ".join(map(repr, variants.values()))
        raise ValueError(
            f"requirements, runtime and architecture must be the same for all functions with the layer "
            f"{service.shared_type!r}, got different ones for {functions}. Set split_functions to false."
        )


def _check_size(subject: str, functions: Iterable[Function], settings: FunctionSettings) -> None:
    """Raise `ValueError` if the code of functions with the same packages is too large for one archive."""
    sources: dict[str, str] = {}
    paths: dict[str, Path] = {}
    for function in functions:
        sources |= shared_sources(function.handler)
        paths |= code_paths(function, settings)
        installed = _installed(function, settings)
    sizes = {path: sum(file.stat().st_size for file in files_in(source).values()) for path, source in paths.items()}
    unzipped = sum(sizes.values()) + sum(len(source.encode()) for source in sources.values())
    if unzipped > MAX_SIZE.unzipped:
        raise _too_large(subject, unzipped, MAX_SIZE.unzipped, "unzipped", sizes)
    if unzipped <= MAX_SIZE.zipped:
        return
    names = {entry.name for entry in installed.iterdir()} if installed else set()
    zipped = sum(size_of(source).zipped for path, source in paths.items() if path not in names)
    zipped += installed_size(installed).zipped if installed else 0
    if zipped > MAX_SIZE.zipped:
        raise _too_large(subject, zipped, MAX_SIZE.zipped, "zipped", sizes)


def _too_large(subject: str, size: int, limit: int, kind: str, sizes: Mapping[str, int]) -> ValueError:
    largest = sorted(sizes, key=lambda path: sizes[path], reverse=True)[:3]
    listed = ", ".join(f"{path} {sizes[path] / MB:.1f} MB" for path in largest)
    return ValueError(
        f"{subject} code must be at most {limit // MB} MB {kind}, got {size / MB:.1f} MB (largest unzipped: {listed}). "
        "Remove packages or files, read large files from Amazon S3, or publish packages as a layer and set layers."
    )


def _invalid(function: Function, name: str, expected: str, value: str, remedy: str) -> ValueError:
    return ValueError(f"function {function.name!r} {name} must be {expected}, got {value}. {remedy}".rstrip())
