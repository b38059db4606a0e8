"""Types of the arguments of dataclasses, checked against the annotations of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

_NOUNS = {str: "a string", int: "an integer", float: "a number", bool: "True or False", NoneType: "None"}
_MAX_QUOTED = 40
"""Maximum length of a value in a remedy."""
_PLURALS = {str: "strings", int: "integers", float: "numbers"}


class Mismatch(NamedTuple):
    """A value that does not have the type of its field."""

    path: str
    """Name of the field, with the index or key of an element, such as `files[1]`."""
    value: object
    expected: str
    """Noun phrase for the type."""
    remedy: str = ""


@cache
def hints_of(cls: Any) -> Mapping[str, Any]:
    """Return the annotations of a class by field."""
    return get_type_hints(cls)


def mismatch(path: str, value: object, hint: Any) -> Mismatch | None:
    """Return the first part of a value that does not match an annotation, or None.

    Types without a check match every value: `Any`, `Literal`, whose values the classes check, and generic types other
    than tuples and mappings.
    """
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _union_mismatch(path, value, hint)
    if origin is tuple:
        return _tuple_mismatch(path, value, get_args(hint))
    if origin is Mapping:
        return _mapping_mismatch(path, value, get_args(hint)[1])
    is_class = isinstance(hint, type) and origin is None and hint is not Any
    if not is_class or _is_instance(value, hint):
        return None
    name = getattr(value, "__name__", "") if hint is str else ""
    return Mismatch(path, value, describe(hint), f"Use its name: {name!r}." if name else "")


def _is_instance(value: object, cls: type) -> bool:
    """Return whether a value has a type. A boolean is no number, and an integer is a `float`."""
    if cls in (int, float):
        return isinstance(value, (int, cls)) and not isinstance(value, bool)
    return isinstance(value, cls)


def _union_mismatch(path: str, value: object, hint: Any) -> Mismatch | None:
    problems = [mismatch(path, value, member) for member in get_args(hint)]
    if None in problems:
        return None
    inside = [problem for problem in problems if problem and problem.path != path]
    return inside[0] if inside else Mismatch(path, value, describe(hint))


def _tuple_mismatch(path: str, value: object, members: tuple[Any, ...]) -> Mismatch | None:
    is_open = members[-1] is Ellipsis
    expected = describe(tuple[members])  # type: ignore[valid-type]  # the members are known only here
    if not isinstance(value, tuple) or not (is_open or len(value) == len(members)):
        return Mismatch(path, value, expected, "" if mismatch(path, value, members[0]) else _with_comma(value))
    hints = members[:1] * len(value) if is_open else members
    elements = enumerate(zip(value, hints, strict=True))
    return next(filter(None, (mismatch(f"{path}[{n}]", element, hint) for n, (element, hint) in elements)), None)


def _with_comma(value: object) -> str:
    quoted = repr(value)
    return f"A tuple of one value needs a comma: ({quoted if len(quoted) <= _MAX_QUOTED else 'value'},)."


def _mapping_mismatch(path: str, value: object, member: Any) -> Mismatch | None:
    if not isinstance(value, Mapping):
        return Mismatch(path, value, "a mapping")
    return next(filter(None, (mismatch(f"{path}[{key!r}]", element, member) for key, element in value.items())), None)


def describe(hint: Any) -> str:
    """Return the noun phrase of a type."""
    origin, members = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(map(describe, members))
    if origin is tuple:
        return f"a tuple of {_describe_elements(members)}"
    if origin is Mapping:
        return "a mapping"
    return _NOUNS.get(hint, f"of the type {getattr(hint, '__name__', hint)}")


def _describe_elements(members: tuple[Any, ...]) -> str:
    if members[-1] is not Ellipsis:
        return ", ".join(map(describe, members))
    element = members[0]
    choices = get_args(element) if get_origin(element) in (Union, UnionType) else (element,)
    return " or ".join(_PLURALS.get(choice, "values" if choice is Any else choice.__name__) for choice in choices)
