"""Settings in Parameter Store, which functions read during initialization."""

from __future__ import annotations

import json
import os
from typing import Any

from . import logging
from .http_client import DEADLINE, AwsError, Client, is_retryable

INITIALIZATION_SECONDS = 6.0
"""Timeout for reading the parameter. Lambda limits initialization to ten seconds."""


def load(variable: str) -> dict[str, Any]:
    """Return the settings in the parameter that an environment variable names.

    Invalid settings keep their deployed values. If Parameter Store does not respond or throttles, return all deployed
    settings, because its default limit of 40 requests per second is lower than the possible rate of cold starts.
    """
    deployed: dict[str, Any] = json.loads(os.environ[f"{variable}_DEPLOYED"])
    name = os.environ[variable]
    client = Client("ssm", "AmazonSSM", "1.1")
    DEADLINE.start(INITIALIZATION_SECONDS)
    try:
        value = client.call("GetParameter", {"Name": name})["Parameter"]["Value"]
    except AwsError as exc:
        if not is_retryable(exc):
            raise
        logging.write("WARN", "parameter not read", name=name, error=exc.code)
        return deployed
    finally:
        client.close()
    settings, invalid_names = _parse(value, deployed)
    if invalid_names:
        logging.write("WARN", "parameter has invalid settings", name=name, unusable=invalid_names)
    return {**deployed, **settings}


def _parse(value: str, deployed: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the valid settings, and the names of the settings that are unknown or have another type than deployed."""
    try:
        settings = json.loads(value)
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        return {}, ["entire value"]
    valid = {name: value for name, value in settings.items() if type(value) is type(deployed.get(name))}
    return valid, sorted(settings.keys() - valid.keys())
