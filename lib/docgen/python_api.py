"""Reference of the Python API as text, from the sources: signatures, fields and docstrings."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from functools import cache
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from textwrap import indent
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCES = ("tap_stack.py", "stack/args.py", "stack/config.py", "model", "settings", "runtime", "components")
"""Modules and packages with the classes and functions of programs, definitions and handlers."""
MARGIN = " " * 4


class Part(NamedTuple):
    """A public class or function."""

    module: str
    """Module from which it is imported."""
    node: ast.ClassDef | ast.FunctionDef

    @property
    def path(self) -> str:
        """Dotted path."""
        return f"{self.module}.{self.node.name}"


def overview() -> Iterator[str]:
    """Yield the names of all parts by module."""
    modules: dict[str, list[str]] = {}
    for part in parts():
        modules.setdefault(part.module, []).append(part.node.name)
    for module, names in modules.items():
        yield f"{module}: {', '.join(sorted(names))}"


def describe(name: str) -> Iterator[str]:
    """Yield the descriptions of the parts with a name, such as `Route`, a dotted path, or the name of a module.

    Raise `ValueError` for an unknown name.
    """
    module, _, last = f".{name}".rpartition(".")
    found = [part for part in parts() if part.node.name == last and f".{part.module}.".find(f"{module}.") >= 0]
    found = found or [part for part in parts() if f".{part.module}".endswith(f".{name}")]
    # Modules such as `runtime.event_handler` also export names of other modules.
    found = found or [part for part in parts() if part.node.name == last]
    if not found:
        names = {part.node.name for part in parts()}
        nearest = difflib.get_close_matches(last, names, 1)
        remedy = f"Did you mean {nearest[0]}?" if nearest else "Run tap reference without a name for a list."
        raise ValueError(f"name must be a class, a function or a module of the API, got {name!r}. {remedy}")
    for part in found:
        yield "\n".join(_lines(part))


@cache
def parts() -> Sequence[Part]:
    """Return all public classes and functions of `SOURCES`."""
    return [part for source in SOURCES for part in _parts_of(ROOT / source)]


def _parts_of(source: Path) -> Iterator[Part]:
    exported = _exported(source / "__init__.py") if source.is_dir() else ()
    for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
        module = ".".join(("tap_stack", *path.relative_to(ROOT).with_suffix("").parts))
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                if not exported:
                    yield Part(module, node)
                elif node.name in exported:
                    yield Part(f"tap_stack.{source.name}", node)


def _exported(package: Path) -> Sequence[str]:
    """Return the names in `__all__` of a package; empty if it has none."""
    for node in ast.parse(package.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return ()


def _lines(part: Part) -> Iterator[str]:
    if isinstance(part.node, ast.FunctionDef):
        yield from _function(part.node, f"{part.module}.")
        return
    bases = ", ".join(map(ast.unparse, part.node.bases))
    yield f"class {part.path}({bases})"
    yield from _docstring(part.node)
    for declaration, text in _fields(part).values():
        yield f"\n{MARGIN}{declaration}"
        yield from _indented(text, 2)
    for method in part.node.body:
        if isinstance(method, ast.FunctionDef) and (method.name == "__init__" or not method.name.startswith("_")):
            yield ""
            yield from (indent(line, MARGIN) for line in _function(method))


def _fields(part: Part) -> dict[str, tuple[str, str]]:
    """Return the declaration and the docstring of each public field of a class, with inherited fields first."""
    fields: dict[str, tuple[str, str]] = {}
    for base in _bases(part):
        fields |= _fields(base)
    for statement, following in pairwise([*part.node.body, ast.Pass()]):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        # Names in uppercase are constants of the implementation.
        if isinstance(target, ast.Name) and not target.id.startswith("_") and not target.id.isupper():
            fields[target.id] = ast.unparse(statement), _text(following)
    return fields


def _text(statement: ast.stmt) -> str:
    """Return the docstring of the field before a statement; empty if the statement is no docstring."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return str(value.value) if isinstance(value, ast.Constant) else ""


def _bases(part: Part) -> Iterator[Part]:
    """Yield the base classes of a class in the same module or package."""
    names = [ast.unparse(base) for base in part.node.bases] if isinstance(part.node, ast.ClassDef) else []
    yield from (other for other in parts() if other.module == part.module and other.node.name in names)


def _function(node: ast.FunctionDef, prefix: str = "") -> Iterator[str]:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    is_property = any(ast.unparse(decorator) == "property" for decorator in node.decorator_list)
    yield f"{prefix}{node.name}" + ("" if is_property else f"({ast.unparse(node.args)})") + returns
    yield from _docstring(node)


def _docstring(node: ast.ClassDef | ast.FunctionDef) -> Iterator[str]:
    yield from _indented(ast.get_docstring(node) or "", 1)


def _indented(text: str, levels: int) -> Iterator[str]:
    if text:
        yield indent(cleandoc(text), MARGIN * levels)
