"""Docstrings of settings and outputs."""

from __future__ import annotations

import pytest

from lib.services import loadable
from lib.settings import SETTINGS_GROUPS, docs_of
from lib.stack.outputs import ServiceOutputs, StackOutputs

OUTPUTS = (StackOutputs, ServiceOutputs)


HEAVIEST = "Weight in kilograms that one person can lift."


class Parcel:
    """A parcel."""

    weight_kg: float
    """What it weighs,
    with its paper."""
    sender: str
    heaviest = 30
    """Weight in kilograms that one person can lift."""
    first, second = 1, 2

    def heavy(self) -> bool:
        """Whether nobody can lift it."""
        return self.weight_kg > self.heaviest


def test_text_under_a_field_is_told_on_one_line() -> None:
    assert docs_of(Parcel) == {
        "weight_kg": "What it weighs, with its paper.",
        "sender": "",
        "heaviest": HEAVIEST,
    }


@pytest.mark.parametrize(
    "cls", [*SETTINGS_GROUPS.values(), *(factory.settings for factory in loadable() if factory.settings), *OUTPUTS]
)
def test_everything_that_users_set_or_are_told_is_documented(cls: type) -> None:
    assert all(text for name, text in docs_of(cls).items() if name != "SECTION")
