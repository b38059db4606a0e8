"""Base of the settings classes: checked fields, their docstrings, and layers that override each other."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any, ClassVar, TypeVar

Check = tuple[Callable[[Any], bool], str]
"""Predicate for valid values, and the noun phrase that follows "must be" in the error for other values."""


def between(low: float, high: float, unit: str = "") -> Check:
    """Accept a number in a closed range: only an integer if `low` is an integer."""
    kinds = (int,) if isinstance(low, int) else (int, float)
    expected = f"{'an integer' if isinstance(low, int) else 'a number'} from {low} to {high} {unit}".rstrip()
    return lambda v: isinstance(v, kinds) and not isinstance(v, bool) and low <= v <= high, expected


def one_of(*choices: object) -> Check:
    """Accept only the choices."""
    return lambda v: any(
        v is c or (type(v) is type(c) and v == c) for c in choices
    ), f"one of {', '.join(map(str, choices))}"


def matching(pattern: str, expected: str) -> Check:
    """Accept a string that matches the whole pattern."""
    return lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None, expected


def boolean() -> Check:
    """Accept True and False."""
    return lambda v: isinstance(v, bool), "true or false"


def unique_tuple(pattern: str, expected: str) -> Check:
    """Accept a tuple, which can be empty, of distinct strings that match the pattern."""
    is_valid, _ = matching(pattern, expected)
    return (
        lambda v: isinstance(v, tuple) and all(map(is_valid, v)) and len(set(v)) == len(v),
        f"a tuple of distinct {expected}",
    )


def invalid_value(field_name: str, value: object, expected: str, remedy: str = "") -> ValueError:
    """Return the error for an invalid value; `expected` is a noun phrase and `remedy` a sentence."""
    return ValueError(f"{field_name} must be {expected}, got {value!r}. {remedy}".rstrip())


def is_output(value: object) -> bool:
    """Return whether `value` is an Output of Pulumi, which this package does not import."""
    return hasattr(type(value), "apply")


def unknown_value(where: str, remedy: str) -> ValueError:
    """Return the error for an Output where the value decides what is created."""
    return ValueError(f"{where} must be known before deployment, got an Output. {remedy}")


def setting(check: Check, *, key: str = "", default: Any = None, accepts_output: bool = False) -> Any:
    """A field of a `SettingsGroup`; `key` is its name in Pulumi config, by default the layer's and the field's own.

    With a default other than None the field always says something.  If `accepts_output` is True, the value can be an
    Output, which is not checked.
    """
    metadata = {"check": check, "key": key, "accepts_output": accepts_output}
    return field(default=default, metadata=metadata)  # pylint: disable=invalid-field-call  # for one


@dataclass(frozen=True, kw_only=True)
class SettingsGroup:
    """Figures of one kind, each made by `setting`; one that is None says nothing, and the layer below decides."""

    SECTION: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            unsaid = value is None and one.default is None
            if not unsaid:
                self._check(one, value)

    def _check(self, one: Field[Any], value: object) -> None:
        possible, expected = one.metadata["check"]
        has_output = any(map(is_output, value if isinstance(value, tuple) else (value,)))
        if has_output and not one.metadata["accepts_output"]:
            raise unknown_value(
                f"{self.SECTION}.{one.name}", "Settings decide which resources exist: pass a plain value."
            )
        if not has_output and not possible(value):
            raise invalid_value(f"{self.SECTION}.{one.name}", value, expected)

    @classmethod
    def checks(cls) -> Mapping[str, Check]:
        """What each field can be."""
        return {one.name: one.metadata["check"] for one in fields(cls)}

    @classmethod
    def config_keys(cls) -> Mapping[str, str]:
        """Return the field that each config key sets."""
        return {one.metadata["key"] or f"{cls.SECTION}_{one.name}": one.name for one in fields(cls)}


_L = TypeVar("_L", bound=SettingsGroup)


def merge(base: _L, upper: _L) -> _L:
    """`base` with whatever `upper` says."""
    said = {f.name: getattr(upper, f.name) for f in fields(upper)}
    return replace(base, **{k: v for k, v in said.items() if v is not None})


def docs_of(cls: type) -> dict[str, str]:
    """Return the docstring of each name that the body of `cls` declares, on one line; empty if there is none."""
    (body,) = [node.body for node in ast.parse(inspect.getsource(cls)).body if isinstance(node, ast.ClassDef)]
    return {
        target.id: _docstring(after)
        for statement, after in pairwise([*body, ast.Pass()])
        for target in _assigned(statement)
        if isinstance(target, ast.Name)
    }


def _assigned(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.AnnAssign):
        return [statement.target]
    return statement.targets if isinstance(statement, ast.Assign) else []


def _docstring(node: ast.stmt) -> str:
    text = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else ""
    return " ".join(str(text).split())
