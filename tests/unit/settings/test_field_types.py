"""Types of the arguments of definitions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

from lib.model import BucketConsumer, Function, Route, Schedule
from lib.settings import Definition, FunctionSettings, Settings

SCHEDULE = Schedule(name="a", rate="rate(1 day)", operation="a")


@dataclass(frozen=True)
class Box(Definition):
    """A definition with fields of many types."""

    name: str
    weight: float = 0
    pieces: int = 1
    fragile: bool = False
    labels: tuple[str, ...] = ()
    size: tuple[str, tuple[int, ...]] | None = None
    contents: Mapping[str, tuple[int, ...]] | None = None
    color: Literal["red", "blue"] = "red"
    settings: FunctionSettings | None = None
    note: str | int = ""
    parts: tuple[FunctionSettings | Settings, ...] = ()
    value: Any = None


@pytest.mark.parametrize(
    "values",
    [
        {"weight": 1},
        {"weight": 1.5},
        {"labels": ("a", "b")},
        {"size": None},
        {"size": ("a", (1, 2))},
        {"contents": {"a": (1,)}},
        {"note": 3},
        {"parts": (Settings(), FunctionSettings())},
        {"value": object()},
    ],
)
def test_value_with_the_type_of_its_field_is_accepted(values: dict[str, Any]) -> None:
    assert Box("box", **values) == replace(Box("box"), **values)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"weight": "1"}, "weight must be a number, got '1'."),
        ({"weight": True}, "weight must be a number, got True."),
        ({"pieces": 1.5}, "pieces must be an integer, got 1.5."),
        ({"pieces": False}, "pieces must be an integer, got False."),
        ({"pieces": None}, "pieces must be an integer, got None."),
        ({"fragile": 1}, "fragile must be True or False, got 1."),
        ({"labels": "a"}, "labels must be a tuple of strings, got 'a'. A tuple of one value needs a comma: ('a',)."),
        ({"labels": ["a"]}, "labels must be a tuple of strings, got ['a']."),
        ({"labels": ("a", 1)}, "labels[1] must be a string, got 1."),
        ({"size": 7}, "size must be a tuple of a string, a tuple of integers or None, got 7."),
        ({"size": ("a",)}, "size must be a tuple of a string, a tuple of integers or None, got ('a',)."),
        ({"size": ("a", ("b",))}, "size[1][0] must be an integer, got 'b'."),
        ({"contents": ["a"]}, "contents must be a mapping or None, got ['a']."),
        ({"contents": {"a": ["b"]}}, "contents['a'] must be a tuple of integers, got ['b']."),
        ({"settings": 5}, "settings must be of the type FunctionSettings or None, got 5."),
        ({"note": 1.5}, "note must be a string or an integer, got 1.5."),
        ({"parts": 5}, "parts must be a tuple of FunctionSettings or Settings, got 5."),
    ],
)
def test_value_of_another_type_is_rejected(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"Box 'box' {problem}")):
        Box("box", **values)


def test_positional_argument_and_replaced_field_are_checked() -> None:
    with pytest.raises(ValueError, match=r"^Box 5 name must be a string, got 5"):
        Box(5)  # type: ignore[arg-type]  # the wrong type is the test
    with pytest.raises(ValueError, match=r"^Box 'box' pieces must be an integer, got '2'"):
        replace(Box("box"), pieces="2")  # type: ignore[arg-type]  # the wrong type is the test


@pytest.mark.parametrize(
    ("define", "problem"),
    [
        (
            lambda: BucketConsumer(name="resize", operation="resize", bucket="images", suffix=(".a", ".b")),  # type: ignore[arg-type]
            "BucketConsumer 'resize' suffix must be a string, got ('.a', '.b').",
        ),
        (
            lambda: Function(name="desk", handler="desk", settings=Settings()),  # type: ignore[arg-type]
            "Function 'desk' settings must be of the type FunctionSettings, got Settings(",
        ),
        (
            lambda: Function(name="desk", handler="desk", routes=(SCHEDULE,)),  # type: ignore[arg-type]
            "Function 'desk' routes[0] must be of the type Route, got Schedule(",
        ),
        (
            lambda: Route(method="GET", path="/a", operation="a", summary=5),  # type: ignore[arg-type]
            "Route GET /a summary must be a string, got 5.",
        ),
    ],
)
def test_definition_with_a_value_of_another_type_is_rejected(define: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}"):
        define()


def test_error_quotes_only_the_beginning_of_a_long_value() -> None:
    with pytest.raises(ValueError, match=r"^Box pieces must be an integer, got 'x{199}\.\.\.\.$"):
        Box(pieces="x" * 500)  # type: ignore[call-arg, arg-type]  # the wrong type is the test
