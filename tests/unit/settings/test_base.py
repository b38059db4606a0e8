"""Docstrings of settings and outputs."""

from __future__ import annotations

import pytest

from lib.model import Grant, Key, Route
from lib.services import loadable
from lib.settings import SETTINGS_GROUPS, ApiSettings, Settings, docs_of
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
    ("cls", "arguments", "message"),
    [
        (Route, {"metod": "GET"}, "Route has no argument 'metod'. Did you mean method?"),
        (ApiSettings, {"cors_orgin": "*"}, "ApiSettings has no argument 'cors_orgin'. Did you mean cors_origin?"),
        (Settings, {"tabel": None}, "Settings has no argument 'tabel'. Did you mean table?"),
        (Key, {"xyz": 1}, "Key has no argument 'xyz'. Use one of name, type."),
        (Grant, {"action": ()}, "Grant has no argument 'action'. Did you mean actions?"),
    ],
)
def test_unknown_argument_suggests_the_right_one(cls: type, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        cls(**arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "cls", [*SETTINGS_GROUPS.values(), *(factory.settings for factory in loadable() if factory.settings), *OUTPUTS]
)
def test_every_setting_and_output_is_documented(cls: type) -> None:
    assert all(doc for name, doc in docs_of(cls).items() if name != "SECTION")
