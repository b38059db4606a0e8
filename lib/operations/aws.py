"""Clients of AWS's services."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

SIDE_BY_SIDE = 16
"""Most requests at once."""
ATTEMPTS = 5
"""How often a request is sent that is throttled or not answered."""
REFUSALS = (BotoCoreError, ClientError)
"""What a request ends with that AWS refuses, or that never reaches it."""


def client(service: str, region: str) -> Any:
    """A client that sends again what is throttled, and gives a region up that does not answer."""
    config = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
        max_pool_connections=SIDE_BY_SIDE,
    )
    return boto3.client(service, region_name=region, config=config)


def region_of(arn: str) -> str:
    """Where something is."""
    return arn.split(":")[3]
