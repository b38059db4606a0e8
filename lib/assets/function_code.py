"""Packages and data files in the code of functions, and Lambda's limits on the size of code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..model import Function, Service
from ..settings import FunctionSettings
from . import lock_file, packages
from .handler_packages import package_of
from .import_checks import import_problems
from .lambda_archive import HANDLER, shared_sources
from .packages import Size, files_in, installed_folder, installed_size, size_of
from .uv import UvError

SettingsByFunction = Mapping[str, FunctionSettings]
MB = 1024 * 1024
MAX_SIZE = Size(unzipped=250 * MB, zipped=50 * MB)
"""Maximum size of a function with its layers, and of an archive that the Lambda API accepts."""
GENERATED = {HANDLER.partition(".")[0], "validators"}
"""Top-level names of the generated modules of a function."""


def function_paths(service: Service, function: Function, settings: SettingsByFunction) -> dict[str, Path]:
    """Return the data files and the packages in the archive of a function, by path: their sources on this machine.

    `settings` are those of each function by name. Raise `ValueError` if a file does not exist, or if the packages
    cannot be installed for the runtime and the architecture of the function.
    """
    if service.shared_type and function in service.own_functions():
        return {} if _have_common_packages(service, settings) else _packages(function, settings[function.name])
    return {**_data_files(function), **_packages(function, settings[function.name])}


def layer_paths(service: Service, settings: SettingsByFunction) -> dict[str, Path]:
    """Return the same for the layer with the common code: the data files, and the packages if they are common."""
    paths = {path: source for function in service.own_functions() for path, source in _data_files(function).items()}
    first = service.own_functions()[0]
    return paths | (_packages(first, settings[first.name]) if _have_common_packages(service, settings) else {})


def check_code(service: Service, settings: SettingsByFunction) -> None:
    """Raise `ValueError` if functions with packages or data files cannot be deployed, or if a function imports a module
    that its code does not contain.

    `settings` are those of each function by name.
    """
    layer = layer_paths(service, settings) if service.shared_type else {}
    archives = {f"layer {service.shared_type!r}": layer}
    for function in service.functions:
        _check_modules(function, settings[function.name])
        own = archives[f"function {function.name!r}"] = function_paths(service, function, settings)
        code = {**layer, **own} if function in service.own_functions() else own
        for problem in import_problems(function, code):
            raise ValueError(problem)
        if code:
            _check_unzipped(function, code)
    for subject, paths in archives.items():
        _check_zipped(subject, paths)


def _have_common_packages(service: Service, settings: SettingsByFunction) -> bool:
    """Return whether the packages of all functions are the same, so that the layer can contain them."""
    variants = {
        (_requirements(function), settings[function.name].runtime, settings[function.name].architecture)
        for function in service.own_functions()
    }
    return len(variants) == 1


def _data_files(function: Function) -> dict[str, Path]:
    path, folder = package_of(function.handler)
    files: dict[str, Path] = {}
    for pattern in function.files:
        # Before Python 3.13, a pattern that ends with ** matches only folders.
        try:
            matches = sorted(folder.glob(f"{pattern}/*" if pattern.endswith("**") else pattern))
        except ValueError as exc:
            raise _invalid(function, "files", "valid glob patterns", repr(pattern), f"{exc}.") from exc
        matches = [match for match in matches if match.is_file() and "__pycache__" not in match.parts]
        if not matches:
            remedy = f"No file in {folder} matches: create one, or correct the pattern."
            raise _invalid(function, "files", "patterns of existing files", repr(pattern), remedy)
        for match in matches:
            if not match.resolve().is_relative_to(folder.resolve()):
                remedy = f"It is a link to {match.resolve()}: copy the file."
                raise _invalid(function, "files", f"in the folder {folder}", repr(str(match)), remedy)
            if not _is_unicode(match.name):
                remedy = "Rename the file: Pulumi cannot read it."
                raise _invalid(function, "files", "files with UTF-8 names", repr(str(match)), remedy)
            if match.suffix != ".py":
                files[f"{path}/{match.relative_to(folder).as_posix()}"] = match
    return files


def _is_unicode(name: str) -> bool:
    """Return whether a file name was decoded without replacing bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _requirements(function: Function) -> Path | None:
    return package_of(function.handler)[1] / function.requirements if function.requirements else None


def _packages(function: Function, settings: FunctionSettings) -> dict[str, Path]:
    """Return the installed packages of a function by path in its code."""
    requirements, runtime, architecture = _requirements(function), settings.runtime or "", settings.architecture or ""
    if requirements is None:
        return {}
    if not requirements.is_file():
        remedy = f"Create it, or correct the path, which is relative to {package_of(function.handler)[1]}."
        raise _invalid(function, "requirements", "an existing file", repr(function.requirements), remedy)
    try:
        folder = packages.install(lock_file.lock_of(requirements, runtime), runtime, architecture)
    except UvError as exc:
        has_no_wheel = "wheel" in str(exc)
        expected = f"packages with wheels for {runtime} on {architecture}" if has_no_wheel else "installable packages"
        remedy = "Require other versions, or change lambda_runtime or lambda_architecture." if has_no_wheel else ""
        raise _invalid(function, "requirements", expected, str(exc).rstrip("."), remedy) from exc
    except ValueError as exc:
        raise ValueError(f"function {function.name!r}: {exc}") from exc
    return {entry.name: entry for entry in sorted(folder.iterdir())}


def _check_modules(function: Function, settings: FunctionSettings) -> None:
    """Raise `ValueError` if an installed package has the name of other code in the function."""
    names = {name.removesuffix(".py") for name in _packages(function, settings)}
    own = {path.partition("/")[0] for path in shared_sources(function.handler)} | GENERATED
    for name in sorted(names & own):
        remedy = "The function contains other code with this name: rename it, or remove the package."
        raise _invalid(function, "requirements", "packages with other modules", repr(name), remedy)


def _check_unzipped(function: Function, paths: Mapping[str, Path]) -> None:
    sources = shared_sources(function.handler).values()
    size = sum(_sizes(paths).values()) + sum(len(source.encode()) for source in sources)
    if size > MAX_SIZE.unzipped:
        raise _too_large(f"function {function.name!r}", size, MAX_SIZE.unzipped, "unzipped", paths)


def _check_zipped(subject: str, paths: Mapping[str, Path]) -> None:
    if sum(_sizes(paths).values()) <= MAX_SIZE.zipped:
        return
    folders = {folder for source in paths.values() if (folder := installed_folder(source))}
    files = [source for source in paths.values() if not installed_folder(source)]
    size = sum(installed_size(folder).zipped for folder in folders) + sum(size_of(file).zipped for file in files)
    if size > MAX_SIZE.zipped:
        raise _too_large(subject, size, MAX_SIZE.zipped, "zipped", paths)


def _sizes(paths: Mapping[str, Path]) -> dict[str, int]:
    return {path: sum(file.stat().st_size for file in files_in(source).values()) for path, source in paths.items()}


def _too_large(subject: str, size: int, limit: int, kind: str, paths: Mapping[str, Path]) -> ValueError:
    sizes = _sizes(paths)
    largest = sorted(sizes, key=lambda path: sizes[path], reverse=True)[:3]
    listed = ", ".join(f"{path} {sizes[path] / MB:.1f} MB" for path in largest)
    return ValueError(
        f"{subject} code must be at most {limit // MB} MB {kind}, got {size / MB:.1f} MB (largest unzipped: {listed}). "
        "Remove packages or files, read large files from Amazon S3, or publish packages as a layer and set layers."
    )


def _invalid(function: Function, name: str, expected: str, value: str, remedy: str) -> ValueError:
    return ValueError(f"function {function.name!r} {name} must be {expected}, got {value}. {remedy}".rstrip())
