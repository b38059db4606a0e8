"""Invalid values: previews and updates fail with one message, before any resource is created."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lib.settings import (
    AlarmSettings,
    ApiSettings,
    BackupSettings,
    FunctionSettings,
    NetworkSettings,
)

from ..support.builders import a_function, a_route, a_service
from .programs import tap_stack
from .stack import Engine, Program, Rejected, Stack

WITHOUT_HANDLER = a_service(functions=(a_function(a_route(), handler="nowhere.api"),))
ARGUMENTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "environment_suffix.*'pr 123'": lambda: {"environment": "pr 123"},
    "service.*'shop'": lambda: {"service": "shop"},
    "tags.*5": lambda: {"tags": {"Owner": 5}},
    "secrets.*'token'": lambda: {"secrets": {"token": "value"}},
    "function.memory_mb.*64": lambda: {"function": FunctionSettings(memory_mb=64)},
    "api.cors_origin.*'shop.example.com'": lambda: {"api": ApiSettings(cors_origin="shop.example.com")},
    "alarms.duration_ms.*60000": lambda: {"alarms": AlarmSettings(duration_ms=60_000)},
    "backup.cold_storage_after_days.*30": lambda: {
        "backup": BackupSettings(retention_days=35, cold_storage_after_days=30)
    },
    "network.vpc.*private_subnet_ids": lambda: {"network": NetworkSettings(vpc="vpc-0a1b2c3d")},
    "handler.*'nowhere'": lambda: {"service": WITHOUT_HANDLER},
}
"""Arguments of a `TapStack`, by a pattern of the error message: the invalid argument and its value."""
CONFIG: Mapping[str, Mapping[str, Any]] = {
    "environment_suffix.*'Prod'": {"environment": "Prod"},
    "service.*'shop'": {"service": "shop"},
    "lambda_memory_size.*64": {"lambda_memory_size": "64"},
    "lambda_timeout_seconds.*soon": {"lambda_timeout_seconds": "soon"},
    "tracing.*yes": {"tracing": "yes"},
    "tags.*Owner": {"tags": ["Owner"]},
    "adopt_retained.*maybe": {"adopt_retained": "maybe"},
}
"""Config of the program of this repository, by a pattern of the error message."""


def tap() -> None:
    """Run the program of this repository."""
    runpy.run_path("tap.py", run_name="__main__")


def with_arguments(arguments: Callable[[], dict[str, Any]]) -> Program:
    """Return a program with a `TapStack` that evaluates its arguments when it runs."""

    def program() -> None:
        tap_stack(**arguments())()

    return program


def assert_rejected(stack: Stack, run: Callable[[Program], object], program: Program, message: str) -> None:
    """Assert that a run fails with a one-line message and creates no resources."""
    with pytest.raises(Rejected) as caught:
        run(program)
    assert any(re.search(message, line) for line in str(caught.value).splitlines()), str(caught.value)
    assert not stack.ledger.events


def test_invalid_arguments(engine: Engine) -> None:
    stack = engine.stack()
    for message, arguments in ARGUMENTS.items():
        assert_rejected(stack, stack.preview, with_arguments(arguments), message)
    # The SDK registers resources that a program created before its error, so validation must come first.
    assert_rejected(stack, stack.up, tap_stack(WITHOUT_HANDLER), "handler.*'nowhere'")
    stack.deploy(tap_stack())


def test_invalid_config(engine: Engine) -> None:
    stack = engine.stack()
    for message, config in CONFIG.items():
        stack.configure(config)
        assert_rejected(stack, stack.preview, tap, message)
    stack.configure({"environment": "dev", "service": "items"})
    stack.deploy(tap)
