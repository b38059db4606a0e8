"""Declarations of the outputs of a stack."""

from __future__ import annotations

import pytest

from lib.program.recorder import record
from lib.stack.outputs import StackOutputs, declarations
from lib.tap_stack import TapStack


def test_every_declaration_has_a_type_in_the_documentation() -> None:
    labels = {output.label for output in declarations().values()}
    assert labels == {"string", "list of strings", "strings by name", "Boolean"}


def test_declaration_is_an_attribute_of_the_class() -> None:
    assert StackOutputs.api_url is declarations()["api_url"]


def test_missing_output_is_named() -> None:
    stacks: list[TapStack] = []
    record(lambda: stacks.append(TapStack("tap")))
    stack = stacks[0]
    assert "domain_url" not in stack.outputs
    assert not hasattr(stack, "domain_url")
    with pytest.raises(AttributeError, match="TapStack has no output 'domain_url', because its settings create no"):
        print(stack.domain_url)
