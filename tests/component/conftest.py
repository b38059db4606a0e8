"""Deployments that many tests read and none changes."""

import pytest

from .cloud import Deployment, deploy
from .programs import PROGRAMS


@pytest.fixture(scope="session")
def items() -> Deployment:
    """What `TapStack("tap")` is."""
    return deploy(PROGRAMS["items"])


@pytest.fixture(scope="session")
def parcels() -> Deployment:
    """A service of one's own, in prod."""
    return deploy(PROGRAMS["parcels"])


@pytest.fixture(params=["items", "parcels"])
def either(request: pytest.FixtureRequest) -> Deployment:
    """One, then the other."""
    made: Deployment = request.getfixturevalue(request.param)
    return made
