"""Settings from Parameter Store, read when a worker starts."""

from __future__ import annotations

import json
import os
from typing import Any

from . import logging
from .http_client import BUDGET, AwsError, Client, worth_retrying

START_SECONDS = 6.0
"""What may be spent on it of the ten seconds that Lambda gives a worker to start."""


def load(variable: str) -> dict[str, Any]:
    """The JSON object of the parameter that an environment variable names.

    Parameter Store answers 40 requests a second by default, fewer than there may be workers starting: one that it
    does not answer takes what the function was deployed with.  So does one for what somebody has made unusable.
    """
    deployed: dict[str, Any] = json.loads(os.environ[f"{variable}_DEPLOYED"])
    name = os.environ[variable]
    client = Client("ssm", "AmazonSSM", "1.1")
    BUDGET.begin(START_SECONDS)
    try:
        text = client.call("GetParameter", {"Name": name})["Parameter"]["Value"]
    except AwsError as exc:
        if not worth_retrying(exc):
            raise
        logging.write("WARN", "parameter", name=name, error=exc.code)
        return deployed
    finally:
        client.close()
    usable, unusable = _sorted(text, deployed)
    if unusable:
        logging.write("WARN", "parameter", name=name, unusable=unusable)
    return {**deployed, **usable}


def _sorted(text: str, deployed: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What of a parameter can be used, and the names of what cannot: it is nothing known, or of another type."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {}, ["the whole of it"]
    fits = {name: value for name, value in found.items() if type(value) is type(deployed.get(name))}
    return fits, sorted(found.keys() - fits.keys())
