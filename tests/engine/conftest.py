"""Engines and stacks for tests. Without a Pulumi CLI and without Go, all tests are skipped."""

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
"""Attribute of the SDK with the options of connections to a CLI."""
REQUIRED = "TAP_ENGINE_REQUIRED"
"""Environment variable for continuous integration: tests fail, instead of being skipped, if the CLI is missing."""


@pytest.fixture(scope="session", name="pulumi_cli", autouse=True)
def pulumi_cli_fixture() -> None:
    """Build the CLI on first use, and remove the AWS and Pulumi configuration of this machine."""
    is_required = os.environ.get(REQUIRED)
    clean_environment()
    try:
        cli.root()
    except cli.CliUnavailable as error:
        give_up = pytest.fail if is_required else pytest.skip
        give_up(str(error))


@pytest.fixture(scope="session", autouse=True)
def _separate_connections() -> Iterator[None]:
    """Use a separate connection for each CLI.

    gRPC shares connections between the channels of a process. After a CLI has exited and its port has rejected a
    connection, gRPC does not retry the port for some time, even if the next CLI listens on it.
    """
    with pytest.MonkeyPatch.context() as patch:
        options = vars(settings)[CHANNEL_OPTIONS]
        patch.setattr(settings, CHANNEL_OPTIONS, [*options, ("grpc.use_local_subchannel_pool", 1)])
        yield


@pytest.fixture(scope="session", name="key_service")
def key_service_fixture() -> Iterator[KeyService]:
    """Start the key service of all stacks, except for the stack that tests the encryption of secrets."""
    with KeyService() as service:
        yield service


@pytest.fixture(name="engine")
def engine_fixture(tmp_path: Path, key_service: KeyService) -> Iterator[Engine]:
    """Create an engine with an empty AWS account."""
    engine = Engine(tmp_path, key_service=key_service)
    with engine.server:
        yield engine


@pytest.fixture(scope="session", name="new_stack")
def new_stack_fixture(
    tmp_path_factory: pytest.TempPathFactory, key_service: KeyService
) -> Iterator[Callable[[str], Stack]]:
    """Return a function that creates a stack in a separate account, which exists until the end of the session."""
    with ExitStack() as running:

        def create(name: str) -> Stack:
            engine = Engine(tmp_path_factory.mktemp(name), key_service=key_service)
            running.enter_context(engine.server)
            return engine.stack(name)

        yield create
