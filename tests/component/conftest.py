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


@pytest.fixture(scope="session")
def inventory() -> Deployment:
    """The inventory service in prod, a function for each operation, under a domain of its own."""
    return deploy(PROGRAMS["inventory"])


@pytest.fixture(params=["items", "parcels", "inventory"])
def any_stack(request: pytest.FixtureRequest) -> Deployment:
    """One after the other."""
    made: Deployment = request.getfixturevalue(request.param)
    return made
