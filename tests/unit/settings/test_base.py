"""Docstrings of settings and outputs."""

from __future__ import annotations

import pytest

from lib.services import loadable
from lib.settings import SETTINGS_GROUPS, docs_of
from lib.stack.outputs import ServiceOutputs, StackOutputs

OUTPUTS = (StackOutputs, ServiceOutputs)


MAX_WEIGHT_DOC = "Weight in kilograms that one person can lift."


class Parcel:
    """A parcel."""

    weight_kg: float
    """Weight in kilograms,
    with the wrapping."""
    sender: str
    max_weight_kg = 30
    """Weight in kilograms that one person can lift."""
    first, second = 1, 2

    def is_heavy(self) -> bool:
        """Return whether the parcel is too heavy to lift."""
        return self.weight_kg > self.max_weight_kg


def test_docs_of_fields_are_joined_to_one_line() -> None:
    assert docs_of(Parcel) == {
        "weight_kg": "Weight in kilograms, with the wrapping.",
        "sender": "",
        "max_weight_kg": MAX_WEIGHT_DOC,
    }


@pytest.mark.parametrize(
    "cls", [*SETTINGS_GROUPS.values(), *(factory.settings for factory in loadable() if factory.settings), *OUTPUTS]
)
def test_every_setting_and_output_is_documented(cls: type) -> None:
    assert all(doc for name, doc in docs_of(cls).items() if name != "SECTION")
