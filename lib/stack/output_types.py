"""Types of the outputs of a `TapStack`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar, overload

import pulumi

if TYPE_CHECKING:
    from ..tap_stack import TapStack

_T = TypeVar("_T")


class StackOutput(Generic[_T]):
    """Declaration of an output. The value is an attribute of the stack; a stack without the output lacks it."""

    label: ClassVar[str]
    """Name of the type in the documentation."""

    def __init__(self, compute: Callable[[TapStack], _T | None]) -> None:
        self.compute = compute
        """Function from a stack to the value; None if the stack does not have the output."""
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...

    def __get__(self, instance: object | None, owner: type) -> Self | _T:
        if instance is None:
            return self
        # Python calls this only if the stack lacks the output; otherwise the instance has an attribute with the value.
        raise AttributeError(
            f"{owner.__name__} has no output {self._name!r}, because its settings create no such resource.",
            name=self._name,
            obj=instance,
        )


class String(StackOutput[pulumi.Output[str]]):
    """A string."""

    label = "string"


class StringInput(StackOutput[pulumi.Input[str]]):
    """A string that can be known before the deployment."""

    label = "string"


class StringMap(StackOutput[dict[str, pulumi.Output[str]]]):
    """Strings by name."""

    label = "strings by name"


class StringInputMap(StackOutput[dict[str, pulumi.Input[str]]]):
    """Strings by name that can be known before the deployment."""

    label = "strings by name"


class StringList(StackOutput[Sequence[pulumi.Input[str]]]):
    """A list of strings."""

    label = "list of strings"


class PlainString(StackOutput[str]):
    """A string that is known before the deployment."""

    label = "string"


class PlainStringList(StackOutput[list[str]]):
    """A list of strings that are known before the deployment."""

    label = "list of strings"


class PlainBoolean(StackOutput[bool]):
    """A Boolean that is known before the deployment."""

    label = "Boolean"
