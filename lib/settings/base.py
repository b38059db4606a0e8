"""Base of the settings classes: validated fields, their docstrings, and merging."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any, ClassVar, Self, TypeVar

from .field_types import hints_of, mismatch

Check = tuple[Callable[[Any], bool], str]
"""Predicate for valid values, and the noun phrase that follows "must be" in the error for other values."""

MAX_VALUE_LENGTH = 200
"""Maximum length of the value in an error about its type, because definitions are long."""


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
    """Return whether `value` is a Pulumi Output. This package does not import Pulumi."""
    return hasattr(type(value), "apply")


def unknown_value(field_name: str, remedy: str) -> ValueError:
    """Return the error for an Output as a value that must be known before deployment."""
    return ValueError(f"{field_name} must be known before deployment, got an Output. {remedy}")


def setting(check: Check, *, key: str = "", default: Any = None, accepts_output: bool = False) -> Any:
    """Return a dataclass field of a `SettingsGroup`.

    `key` is its Pulumi config key. Default (empty): `<section>_<field>`. A field with a default other than None is
    never unset. If `accepts_output` is True, the value can be an Output, which is not checked.
    """
    metadata = {"check": check, "key": key, "accepts_output": accepts_output}
    return field(default=default, metadata=metadata)  # pylint: disable=invalid-field-call  # the caller is a class body


class Definition:
    """Base class of dataclasses that check the names and the types of their arguments.

    The error for an unknown argument suggests the right name.
    """

    def __new__(cls, *values: Any, **arguments: Any) -> Self:
        declared = [field_ for field_ in fields(cls) if field_.init]  # type: ignore[arg-type]  # a dataclass
        names = [field_.name for field_ in declared]
        for name in arguments:
            if name not in names:
                similar = difflib.get_close_matches(name, names, n=1)
                remedy = f"Did you mean {similar[0]}?" if similar else f"Use one of {', '.join(names)}."
                raise TypeError(f"{cls.__name__} has no argument {name!r}. {remedy}")
        positional = [field_.name for field_ in declared if not field_.kw_only]
        cls._check_types({**dict(zip(positional, values, strict=False)), **arguments})
        return super().__new__(cls)

    @classmethod
    def _check_types(cls, arguments: Mapping[str, Any]) -> None:
        """Raise `ValueError` for an argument that does not have the type of its field."""
        hints = cls._types()
        for name, value in arguments.items():
            if problem := mismatch(name, value, hints.get(name, Any)):
                identity = [repr(arguments[part]) for part in ("name", "on") if part in arguments][:1]
                identity += [str(arguments[part]) for part in ("method", "path") if part in arguments]
                label = " ".join([cls.__name__, *identity, problem.path])
                value = repr(problem.value)
                quoted = value if len(value) <= MAX_VALUE_LENGTH else f"{value[:MAX_VALUE_LENGTH]}..."
                raise ValueError(f"{label} must be {problem.expected}, got {quoted}. {problem.remedy}".rstrip())

    @classmethod
    def _types(cls) -> Mapping[str, Any]:
        """Return the annotations of the fields whose types are checked."""
        return hints_of(cls)  # type: ignore[arg-type]  # every class is hashable


@dataclass(frozen=True, kw_only=True)
class SettingsGroup(Definition):
    """Settings of one kind, declared with `setting`. A field that is None is unset."""

    SECTION: ClassVar[str] = ""
    """Name of the group in errors and config keys."""

    @classmethod
    def _types(cls) -> Mapping[str, Any]:
        """Return no annotations: the check of each field includes its type."""
        return {}

    def __post_init__(self) -> None:
        for declared in fields(self):
            value = getattr(self, declared.name)
            is_unset = value is None and declared.default is None
            if not is_unset:
                self._check(declared, value)

    def _check(self, declared: Field[Any], value: object) -> None:
        is_valid, expected = declared.metadata["check"]
        field_name = f"{self.SECTION}.{declared.name}"
        has_output = any(map(is_output, value if isinstance(value, tuple) else (value,)))
        if has_output and not declared.metadata["accepts_output"]:
            raise unknown_value(field_name, "Settings decide which resources exist: pass a plain value.")
        if not has_output and not is_valid(value):
            raise invalid_value(field_name, value, expected)

    @classmethod
    def checks(cls) -> Mapping[str, Check]:
        """Return the check of each field."""
        return {declared.name: declared.metadata["check"] for declared in fields(cls)}

    @classmethod
    def config_keys(cls) -> Mapping[str, str]:
        """Return the field that each config key sets."""
        return {declared.metadata["key"] or f"{cls.SECTION}_{declared.name}": declared.name for declared in fields(cls)}


_G = TypeVar("_G", bound=SettingsGroup)


def merge(base: _G, overrides: _G) -> _G:
    """Return `base`, overridden by the fields that are set in `overrides`."""
    values = {declared.name: getattr(overrides, declared.name) for declared in fields(overrides)}
    return replace(base, **{name: value for name, value in values.items() if value is not None})


def docs_of(cls: type) -> dict[str, str]:
    """Return the docstring of each name that the body of `cls` declares, on one line; empty if there is none."""
    (body,) = [node.body for node in ast.parse(inspect.getsource(cls)).body if isinstance(node, ast.ClassDef)]
    return {
        target.id: _docstring(following)
        for statement, following in pairwise([*body, ast.Pass()])
        for target in _assigned(statement)
        if isinstance(target, ast.Name)
    }


def _assigned(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.AnnAssign):
        return [statement.target]
    return statement.targets if isinstance(statement, ast.Assign) else []


def _docstring(node: ast.stmt) -> str:
    docstring = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else ""
    return " ".join(str(docstring).split())
