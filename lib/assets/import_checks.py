"""Checks of the imports of Lambda code against the contents of its archive, without importing it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from ..model import Function
from .handler_operations import parse_module
from .handler_packages import FOLDER, LIBRARY, package_files, package_name, package_of
from .provided_packages import PROVIDED

_ALWAYS = {*sys.stdlib_module_names, *PROVIDED, "awslambdaric", LIBRARY, FOLDER.name, "index", "validators"}
"""Top-level modules that every function can import, or whose imports `check_handlers` checks."""


def import_problems(function: Function, paths: Collection[str]) -> Iterator[str]:
    """Yield an error for each module that the function imports when it starts, but that its archive does not contain.

    `paths` are the paths of packages and data files in its archive and in the layer of the service. Only imports that
    always run are checked: not those in functions, and not those in `if` and `try` statements. Existing layers can
    contain any module, so the imports of a function with such layers are not checked.
    """
    package = package_name(function.handler)
    if function.layers or package.startswith(f"{LIBRARY}."):
        return
    sources = {_module_name(path): (path, source) for path, source in package_files(package)}
    modules = {name for path in [*sources, *map(_module_name, paths)] for name in (path, *_parents(path))}
    pending, checked = [function.handler], set[str]()
    while pending:
        name = pending.pop()
        if name in checked or name not in sources:
            continue
        checked.add(name)
        path, source = sources[name]
        pending += _parents(name)
        for imported, line in _imports(name, path, source):
            top = imported.partition(".")[0]
            if top == package.partition(".")[0] and (found := _in_package(imported, sources, modules)):
                pending.append(found)
            elif top not in _ALWAYS and (top not in modules or top == package.partition(".")[0]):
                yield _problem(function, package, f"{path}:{line}", imported)


def _imports(name: str, path: str, source: str) -> Iterator[tuple[str, int]]:
    """Yield the imports of a module that always run, with their lines: for `from a import b`, `a.b`."""
    package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
    for statement in parse_module(source, path).body:
        if isinstance(statement, ast.Import):
            yield from ((alias.name, statement.lineno) for alias in statement.names)
        if isinstance(statement, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) + 1 - statement.level] if statement.level else []
            base = ".".join([*parents, *([statement.module] if statement.module else [])])
            yield from ((f"{base}.{alias.name}", statement.lineno) for alias in statement.names)


def _in_package(imported: str, sources: Mapping[str, tuple[str, str]], modules: Collection[str]) -> str | None:
    """Return the module that an import of the function's own code refers to, None if the archive does not contain it.

    The last part of the import can be an attribute of a module. The parents of the package are empty in the archive.
    """
    module, _, _ = imported.rpartition(".")
    if imported in modules:
        return imported
    return module if module in sources and sources[module][1] else None


def _problem(function: Function, package: str, location: str, imported: str) -> str:
    top = imported.partition(".")[0]
    if top == package.partition(".")[0]:
        remedy = f"Move the code into the package {package}: the archive contains no other code of {top}."
        expected = f"only modules in the archive of function {function.name!r}"
        return f"{location} must import {expected}, got {imported}. {remedy}"
    requirements = package_of(function.handler)[1] / (function.requirements or "requirements.txt")
    expected = "modules of Python, of Lambda, of its package or of its requirements"
    remedy = (
        f"Add its package to {requirements} and run tap lock {requirements}."
        if function.requirements
        else f"Create {requirements} with its package, and set requirements='requirements.txt' of the function."
    )
    return f"{location} of function {function.name!r} must import {expected}, got {top!r}. {remedy}"


def _module_name(path: str) -> str:
    """Return the name of the module at a path in an archive."""
    pure = PurePosixPath(path)
    parts = [*pure.parts[:-1], pure.name.partition(".")[0]]
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]
