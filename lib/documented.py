"""What stands under the fields of a class, which Python forgets."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise


def fields(cls: type) -> dict[str, str]:
    """The text under each annotated name in the body of `cls`, on one line; empty where there is none."""
    (body,) = [node.body for node in ast.parse(inspect.getsource(cls)).body if isinstance(node, ast.ClassDef)]
    return {
        one.target.id: _text(after)
        for one, after in pairwise([*body, ast.Pass()])
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }


def _text(node: ast.stmt) -> str:
    text = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else ""
    return " ".join(str(text).split())
