"""Engines and stacks for the tests; without a Pulumi CLI and without Go all of them are skipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pulumi.runtime import settings

from . import cli
from .key_service import KeyService
from .stack import Engine, Stack, clean_environment

CHANNEL_OPTIONS = "_GRPC_CHANNEL_OPTIONS"
"""Options of the SDK's connections to a CLI."""
REQUIRED = "TAP_ENGINE_REQUIRED"
"""Variable that turns the skip into a failure, for continuous integration."""


@pytest.fixture(scope="session", name="pulumi_cli", autouse=True)
def pulumi_cli_fixture() -> None:
    """A CLI, built on first use, and none of this machine's settings for it."""
    required = os.environ.get(REQUIRED)
    clean_environment()
    try:
        cli.root()
    except cli.CliUnavailable as error:
        give_up = pytest.fail if required else pytest.skip
        give_up(str(error))


@pytest.fixture(scope="session", autouse=True)
def _own_connections() -> Iterator[None]:
    """Let no connection to one CLI wait for another CLI that had the same port.

    gRPC shares connections between the channels of a process: a port that rejected one, because its CLI had ended, is
    not tried again for a while, also if the next CLI listens on it.
    """
    with pytest.MonkeyPatch.context() as patch:
        options = vars(settings)[CHANNEL_OPTIONS]
        patch.setattr(settings, CHANNEL_OPTIONS, [*options, ("grpc.use_local_subchannel_pool", 1)])
        yield


@pytest.fixture(scope="session", name="key_service")
def key_service_fixture() -> Iterator[KeyService]:
    """The key service of every stack but those whose secrets are looked for."""
    with KeyService() as service:
        yield service


@pytest.fixture(name="engine")
def engine_fixture(tmp_path: Path, key_service: KeyService) -> Iterator[Engine]:
    """An engine with an AWS account in which nothing exists."""
    engine = Engine(tmp_path, key_service=key_service)
    with engine.server:
        yield engine


@pytest.fixture(scope="session", name="new_stack")
def new_stack_fixture(
    tmp_path_factory: pytest.TempPathFactory, key_service: KeyService
) -> Iterator[Callable[[str], Stack]]:
    """Create a stack in an account of its own, which lives until the end of the run."""
    with ExitStack() as running:

        def create(name: str) -> Stack:
            engine = Engine(tmp_path_factory.mktemp(name), key_service=key_service)
            running.enter_context(engine.server)
            return engine.stack(name)

        yield create
