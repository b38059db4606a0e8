"""What stands under the fields of a class, which Python forgets."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise


def fields(cls: type) -> dict[str, str]:
    """Return the docstring of each name that the body of `cls` declares, on one line; empty if there is none."""
    (body,) = [node.body for node in ast.parse(inspect.getsource(cls)).body if isinstance(node, ast.ClassDef)]
    return {
        target.id: _text(after)
        for statement, after in pairwise([*body, ast.Pass()])
        for target in _targets(statement)
        if isinstance(target, ast.Name)
    }


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.AnnAssign):
        return [statement.target]
    return statement.targets if isinstance(statement, ast.Assign) else []


def _text(node: ast.stmt) -> str:
    text = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else ""
    return " ".join(str(text).split())
