"""Fixtures of handler tests: a proxy between the handler and the emulator, and the environment of the function."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from lib.local.emulator import REGION, Emulator

from ..support.fake_aws import FakeAws, serving
from ..support.listener import Listener, listening


@pytest.fixture(name="wire")
def wire_fixture(emulator: Emulator) -> Iterator[FakeAws]:
    """Return a proxy to the emulator that can drop requests and responses."""
    with serving(upstream=emulator.url.removeprefix("http://")) as fake:
        fake.script = ["pass"]
        yield fake


@pytest.fixture(name="worker_environment")
def worker_environment_fixture(
    wire: FakeAws, emulator: Emulator, aws_environment: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Set the environment variables of a function that calls AWS through the proxy."""
    aws_environment.setenv("AWS_ENDPOINT_URL", wire.url)
    aws_environment.setenv("AWS_REGION", REGION)
    aws_environment.setenv("AWS_LAMBDA_FUNCTION_NAME", "desk-dev")
    aws_environment.setenv("AWS_ACCESS_KEY_ID", emulator.key_id)
    aws_environment.setenv("AWS_SECRET_ACCESS_KEY", emulator.secret_key)
    aws_environment.delenv("AWS_SESSION_TOKEN")
    return aws_environment


@pytest.fixture(name="topic")
def topic_fixture(emulator: Emulator, worker_environment: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Return a subscriber of the topic to which the function publishes."""
    sns = emulator.client("sns")
    topic = sns.create_topic(Name=f"stock-alerts-{uuid.uuid4().hex[:8]}")["TopicArn"]
    worker_environment.setenv("ALERTS_TOPIC_ARN", topic)
    with listening(emulator.client, topic) as listener:
        yield listener
    sns.delete_topic(TopicArn=topic)
