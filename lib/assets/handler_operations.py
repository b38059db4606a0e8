"""Checks of the operations in the source of a handler module, without importing it."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path

from ..model import Consumer, Function, LambdaAuthorizer, Part, Route, Schedule
from ..model.function import part_label
from .text_files import read_text

ARGUMENTS = {Route: "the Request", LambdaAuthorizer: "the AuthorizationRequest", Schedule: ""}
"""Argument with which an operation is called, by the kind of its trigger other than consumers."""


def parse_module(source: str, path: str | Path) -> ast.Module:
    """Return the syntax tree of a module. Raise `ValueError` if it is not valid Python."""
    try:
        return ast.parse(source, path)
    except SyntaxError as exc:
        raise ValueError(
            f"{path}:{exc.lineno or 1} must be valid Python, got {exc.msg!r}. Correct the syntax."
        ) from exc


def operation_problems(function: Function, path: Path) -> Iterator[str]:
    """Yield an error for each operation that the module at `path` does not define, or that its trigger cannot call."""
    module = parse_module(read_text(path), path)
    definitions = dict(_definitions(module.body))
    for part in function.parts():
        label = f"{part_label(part)} operation"
        definition = definitions.get(part.operation)
        if definition is None and "*" not in definitions:
            similar = difflib.get_close_matches(part.operation, definitions, n=1)
            remedy = f"Did you mean {similar[0]}?" if similar else "Define it there."
            yield f"{label} must be a function in {path}, got {part.operation!r}. {remedy}"
        if isinstance(definition, ast.AsyncFunctionDef):
            yield f"{path}:{definition.lineno}: {label} must not be async, got {part.operation!r}. Remove async."
        elif isinstance(definition, ast.FunctionDef) and not definition.decorator_list:
            yield from _signature_problems(part, definition, f"{path}:{definition.lineno}: {label}")


def _definitions(statements: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the names that a module defines, with the statement of each. `*` represents unknown names."""
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, statement
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from (((alias.asname or alias.name).partition(".")[0], statement) for alias in aliases)
            case ast.Assign() | ast.AnnAssign():
                targets = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
                yield from ((node.id, statement) for node in targets if isinstance(node.ctx, ast.Store))
        for field in ("body", "orelse", "handlers", "finalbody"):
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _definitions(getattr(statement, field, []))


def _signature_problems(part: Part, definition: ast.FunctionDef, location: str) -> Iterator[str]:
    if isinstance(part, Route) and part.typed_status is not None:
        return
    records = "a list of records" if isinstance(part, Consumer) and part.batch else "a record"
    expected = ARGUMENTS.get(type(part), records)
    arguments = definition.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    required = len(names) - len(arguments.defaults)
    required += sum(default is None for default in arguments.kw_defaults)
    count = 1 if expected else 0
    if required > count or (len(names) < count and not arguments.vararg):
        listed = ", ".join([*names, *(argument.arg for argument in arguments.kwonlyargs)])
        remedy = " For typed parameters, use Route.typed." if isinstance(part, Route) else ""
        need = f"one argument, {expected}" if expected else "no argument"
        yield f"{location} must accept {need}, got {part.operation}({listed}).{remedy}"
