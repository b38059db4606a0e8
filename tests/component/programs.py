"""Programs of one stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lib.settings import AlarmSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..builders import PARCELS


def stacked(name: str = "post", **args: Any) -> Callable[[], TapStack]:
    """A program that is a stack of the parcel service, unless its arguments say otherwise."""
    return lambda: TapStack(name, TapStackArgs(**{"service": PARCELS, **args}))


PROGRAMS: dict[str, Callable[[], TapStack]] = {
    "items": lambda: TapStack("tap"),
    "parcels": stacked(environment_suffix="prod", alarms=AlarmSettings(notification_email="ops@example.com")),
}
