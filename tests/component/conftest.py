"""Deployments that many tests read and none changes."""

import pytest

from lib.program.recorder import Deployment, record

from ..support.programs import PROGRAMS


@pytest.fixture(scope="session")
def items() -> Deployment:
    """What `TapStack("tap")` is."""
    return record(PROGRAMS["items"])


@pytest.fixture(scope="session")
def parcels() -> Deployment:
    """A service of one's own, in prod."""
    return record(PROGRAMS["parcels"])


@pytest.fixture(scope="session")
def inventory() -> Deployment:
    """The inventory service in prod, a function for each operation, under a domain of its own."""
    return record(PROGRAMS["inventory"])


@pytest.fixture(scope="session")
def yard() -> Deployment:
    """A service with a consumer, a queue, alarms of its own and a site, in dev."""
    return record(PROGRAMS["yard"])


@pytest.fixture(scope="session")
def open_yard() -> Deployment:
    """The same with a site that everybody can read."""
    return record(PROGRAMS["open_yard"])


@pytest.fixture(scope="session")
def production() -> Deployment:
    """The same in prod, with every setting of production on."""
    return record(PROGRAMS["production"])


@pytest.fixture(params=list(PROGRAMS))
def any_stack(request: pytest.FixtureRequest) -> Deployment:
    """One after the other."""
    made: Deployment = request.getfixturevalue(request.param)
    return made
