"""Clients of AWS services."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

MAX_CONCURRENCY = 16
"""Maximum number of concurrent requests."""
MAX_ATTEMPTS = 5
"""Maximum number of attempts for a request that is throttled or receives no response."""
AWS_ERRORS = (BotoCoreError, ClientError)
"""Exceptions of clients: rejected requests, connection errors and missing credentials."""


def client(service: str, region: str) -> Any:
    """Return a client that retries throttled requests and has short timeouts."""
    config = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "max_attempts": MAX_ATTEMPTS},
        max_pool_connections=MAX_CONCURRENCY,
    )
    return boto3.client(service, region_name=region, config=config)


def region_of(arn: str) -> str:
    """Return the region in an ARN."""
    return arn.split(":")[3]
