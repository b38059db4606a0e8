"""APIs that the real engine deploys to the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.client import smoke_test
from lib.local.emulator import Emulator
from lib.services import SERVICES

from .emulated import EmulatedProvider
from .programs import tap_stack
from .stack import Engine

ENVIRONMENT = "engine"
"""Environment suffix with the settings of `dev`, which no other test deploys to the shared emulator."""


@pytest.mark.parametrize("service", ["items", "stock"])
def test_deployed_api_responds(tmp_path: Path, emulator: Emulator, service: str) -> None:
    engine = Engine(tmp_path, EmulatedProvider(emulator))
    with engine.server:
        outputs = engine.stack(f"{service}-{ENVIRONMENT}").deploy(tap_stack(service, ENVIRONMENT)).outputs
    answers = smoke_test.run(SERVICES[service], outputs, lambda answer: None)
    assert smoke_test.has_passed(SERVICES[service], answers), answers
