"""Fixtures for tests of a deployed items service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session", name="outputs")
def outputs_fixture(deployed: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return deployed("items")
