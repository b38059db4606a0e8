"""Deployments that tests share and do not modify."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest

from lib.program.recorder import Deployment, record
from lib.tap_stack import TapStack

from ..support.programs import PROGRAMS


class Evaluation(NamedTuple):
    """Result of a program of `PROGRAMS`, which runs only once."""

    program: str
    stack: TapStack
    deployment: Deployment


@cache
def evaluate(program: str) -> Evaluation:
    """Run a program when the first test needs it."""
    stacks: list[TapStack] = []
    deployment = record(lambda: stacks.append(PROGRAMS[program]()))
    return Evaluation(program, stacks[0], deployment)


def _deployment_of(program: str) -> Callable[[], Deployment]:
    """Return a fixture with the resources that a program registers."""
    return pytest.fixture(scope="session", name=program)(lambda: evaluate(program).deployment)


parcels = _deployment_of("parcels")
inventory = _deployment_of("inventory")
yard = _deployment_of("yard")
open_yard = _deployment_of("open_yard")
production = _deployment_of("production")
gallery = _deployment_of("gallery")


@pytest.fixture(scope="session", params=PROGRAMS, name="evaluation")
def evaluation_fixture(request: pytest.FixtureRequest) -> Evaluation:
    """Return the evaluation of each program of `PROGRAMS`."""
    return evaluate(request.param)


@pytest.fixture(scope="session")
def any_stack(evaluation: Evaluation) -> Deployment:
    """Return the resources that each program of `PROGRAMS` registers."""
    return evaluation.deployment
