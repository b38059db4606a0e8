"""Outputs that are derived from other outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pulumi

_T = TypeVar("_T")


def derive(function: Callable[..., _T], *inputs: pulumi.Input[Any]) -> pulumi.Output[_T]:
    """Return the result of `function` for the values of `inputs`, with an empty string for each unset value.

    In a deployment, every value is set. Mocks of unit tests usually return only the inputs of a resource.
    """
    return pulumi.Output.all(*inputs).apply(
        lambda values: function(*("" if value is None else value for value in values))
    )


def concat(*parts: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return the concatenation of `parts`, in which an unset value is an empty string."""
    return derive(lambda *values: "".join(values), *parts)
