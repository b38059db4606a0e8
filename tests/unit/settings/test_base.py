"""Docstrings of settings and outputs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from lib.model import EventConsumer, Function, Grant, Key, Route, Service, Table, Throttle
from lib.services import loadable
from lib.settings import SETTINGS_GROUPS, ApiSettings, Definition, FunctionSettings, Settings, docs_of
from lib.stack.args import TapStackArgs
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


ROUTE = Route(method="GET", path="/", operation="welcome")
TABLE = {"name": "parcels", "variable": "TABLE_NAME"}


@pytest.mark.parametrize(
    ("cls", "arguments", "message"),
    [
        (
            Function,
            {"name": "desk", "handler": "shop.desk", "routes": ROUTE},
            "Function 'desk' routes must be a tuple of Route, got Route(method='GET', path='/', operation='welcome', ",
        ),
        (Service, {"name": "shop", "functions": (5,)}, "Service 'shop' functions[0] must be of the type Function, "),
        (
            EventConsumer,
            {"name": "pack", "operation": "pack", "pattern": {"source": ["shop"]}, "grants": []},
            "EventConsumer 'pack' grants must be a tuple of Grant or Statement, got [].",
        ),
        (Table, {**TABLE, "hash_key": "id"}, "Table 'parcels' hash_key must be of the type Key, got 'id'."),
        (
            Table,
            {**TABLE, "hash_key": Key("id"), "range_key": "at"},
            "Table 'parcels' range_key must be of the type Key or None, got 'at'.",
        ),
        (
            Route,
            {"method": "GET", "path": "/", "operation": "welcome", "query": ["page"]},
            "Route GET / query must be a mapping, got ['page'].",
        ),
        (
            TapStackArgs,
            {"function": {"memory_mb": 256}},
            "TapStackArgs function must be of the type FunctionSettings, got {'memory_mb': 256}.",
        ),
    ],
)
def test_argument_of_another_type_is_rejected(cls: type, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        cls(**arguments)


def test_positional_argument_of_another_type_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"^Crate content must be of the type Key, got 'id'\.$"):
        Crate("id")  # type: ignore[arg-type]  # the subject of the test


@dataclass(frozen=True)
class Crate(Definition):
    """A definition with a positional argument."""

    content: Key
    throttle: Throttle | None = None


def test_arguments_of_the_declared_types_are_accepted() -> None:
    assert Crate(Key("id"), throttle=None).content.name == "id"
    assert TapStackArgs("pr-7", function=FunctionSettings(memory_mb=256)).function.memory_mb == 256


@pytest.mark.parametrize(
    "cls", [*SETTINGS_GROUPS.values(), *(factory.settings for factory in loadable() if factory.settings), *OUTPUTS]
)
def test_every_setting_and_output_is_documented(cls: type) -> None:
    assert all(doc for name, doc in docs_of(cls).items() if name != "SECTION")
