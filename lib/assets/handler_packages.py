"""Packages of Lambda code: their source files, and checks that they can run in Lambda."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from ..model import Service
from .handler_operations import operation_problems, parse_module
from .text_files import read_text

LIBRARY = __package__.rpartition(".")[0]
FOLDER = Path(__file__).parents[1]
"""Folder of this library."""
RUNTIME = f"{LIBRARY}.runtime"


def check_handlers(service: Service) -> None:
    """Raise `ValueError` if the package of a handler does not exist or contains code that cannot run in Lambda, or if
    its module lacks an operation."""
    for function in sorted(service.functions, key=lambda function: function.handler):
        _check_not_function(function.handler)
        package = package_name(function.handler)
        if package.startswith(f"{LIBRARY}."):
            continue
        for path, source in package_files(package):
            for module, line in _missing_modules(path, source):
                raise ValueError(_missing_module(function.handler, package, f"{path}:{line}", module))
        for problem in operation_problems(function, handler_path(function.handler)):
            raise ValueError(f"service {service.name!r}: {problem}")


def _check_not_function(handler: str) -> None:
    """Raise `ValueError` for the form of handlers in the Lambda API, which ends with the name of a function."""
    module, _, name = handler.rpartition(".")
    package = module.rpartition(".")[0]
    if package and (_folder(package) / f"{module.rpartition('.')[2]}.py").exists():
        raise ValueError(
            f"handler must be a module, got {handler!r}. Its last part {name!r} is a function in the module: set the "
            f"handler to {module!r}, and the operations of its triggers to functions in it."
        )


def handler_path(handler: str) -> Path:
    """Return the source file of a handler module. Raise `ValueError` if it does not exist."""
    package, _, module = handler.rpartition(".")
    candidates = [_folder(package) / f"{module}.py"] if package else []
    candidates.append(_folder(package) / module / "__init__.py" if package else _folder(handler) / "__init__.py")
    for path in candidates:
        if path.exists():
            return path
    raise ValueError(
        f"handler must be a module in the package {package}, got {handler!r}. Correct the name, or create "
        f"{candidates[0]}."
    )


def source_path(path: str) -> Path:
    """Return the source file of a path in an archive: in the working directory, or in an importable package."""
    top, _, rest = path.partition("/")
    if top == LIBRARY:
        return FOLDER / rest
    spec = None if "." in top or Path(path).exists() else importlib.util.find_spec(top)
    folders = spec and spec.submodule_search_locations
    return Path(folders[0], rest) if folders else Path(path)


def package_of(handler: str) -> tuple[str, Path]:
    """Return the path of a handler's package in archives, and its folder on this machine."""
    return package_name(handler).replace(".", "/"), _folder(handler.rpartition(".")[0] or handler)


def package_name(handler: str) -> str:
    """Return the name that the package of a handler has in archives. The handler can be the package itself."""
    package = handler.rpartition(".")[0] or handler
    folder = _folder(package)
    return ".".join((LIBRARY, *folder.relative_to(FOLDER).parts)) if folder.is_relative_to(FOLDER) else package


def _missing_modules(path: str, source: str) -> Iterator[tuple[str, int]]:
    """Yield the modules of this library that the module imports, but that archives do not contain, with the lines."""
    for statement in parse_module(source, path).body:
        names: list[str] = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        if isinstance(statement, ast.ImportFrom) and not statement.level:
            names = [f"{statement.module}.{alias.name}" for alias in statement.names]
        missing = [name for name in names if _is_library(name) and not f"{name}.".startswith(f"{RUNTIME}.")]
        yield from ((name, statement.lineno) for name in missing)


def _is_library(module: str) -> bool:
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top) if top in (LIBRARY, FOLDER.name) else None
    return spec is not None and spec.origin == str(FOLDER / "__init__.py")


def _missing_module(handler: str, package: str, path: str, module: str) -> str:
    name = module.partition(".")[2]
    if f"{name}.".startswith("runtime."):
        return f"handler {handler!r}: {path} must not import {module} in Lambda. Import {LIBRARY}.{name} instead."
    return (
        f"handler {handler!r}: {path} must not import {module}, because the package {package} is deployed to Lambda "
        f"with only {RUNTIME}. Move the Lambda code to a separate package, such as {package}.handler.operations."
    )


def _folder(package: str) -> Path:
    """Return the folder of a package. Raise `ValueError` if the package does not exist."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(
            f"handler must be in an importable package, got {package!r}. "
            "Set the handler to the dotted name of a module inside a package."
        )
    return Path(spec.submodule_search_locations[0])


def package_files(name: str) -> Iterator[tuple[str, str]]:
    """Yield the path and source of each module of a package. Its parent packages get an empty `__init__.py`."""
    folder, path = _folder(name), Path(*name.split("."))
    for parent in list(path.parents)[:-1]:
        yield (parent / "__init__.py").as_posix(), ""
    for file in folder.rglob("*.py"):
        # Editors create links with this suffix to files that do not exist.
        if file.is_file():
            yield (path / file.relative_to(folder)).as_posix(), read_text(file)
