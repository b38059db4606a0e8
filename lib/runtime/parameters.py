"""Settings in Parameter Store, which functions read during initialization and, with `Settings`, again later."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import Any, Callable

from . import logging
from .http_client import BACKOFF_SECONDS, DEADLINE, AwsError, Client, is_retryable

INITIALIZATION_SECONDS = 6.0
"""Timeout for reading the parameter. Lambda limits initialization to ten seconds."""
RETRY_SECONDS = 10.0
"""Pause after a failed read before the parameter is read again. It limits the delay of requests during a failure."""


class Settings:
    """The settings in a parameter, which each execution environment reads again after a time.

    So a change applies without a deployment and without new execution environments.
    """

    def __init__(
        self, variable: str, max_age_seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`variable` is the environment variable with the name of the parameter.

        `max_age_seconds` is the time after which the parameter is read again, at its next use.
        """
        if max_age_seconds < 0:
            raise ValueError(f"max_age_seconds must be at least 0, got {max_age_seconds!r}.")
        self._variable = variable
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._values: dict[str, Any] = {}
        self._expires_at = float("-inf")

    def values(self) -> dict[str, Any]:
        """Return the current settings. The caller must not change them.

        The first call is `load`. If a later read fails, or its settings are invalid, the last valid ones remain.
        """
        if self._clock() >= self._expires_at:
            self._values, is_read = self._refresh() if self._values else _load(self._variable)
            self._expires_at = self._clock() + (self._max_age_seconds if is_read else RETRY_SECONDS)
        return self._values

    def __getitem__(self, name: str) -> Any:
        """Return the current value of a setting. Raise `KeyError` if the deployed settings do not contain it."""
        return self.values()[name]

    def _refresh(self) -> tuple[dict[str, Any], bool]:
        """Return the settings, and whether the parameter was read."""
        name = os.environ[self._variable]
        try:
            # Retries would take time from the request, and the last settings are still valid.
            value = _read(name, backoff=())
        except AwsError as exc:
            logging.write("WARN", "parameter not read", name=name, error=exc.code)
            return self._values, False
        deployed = _deployed(self._variable)
        settings, invalid_names = _parse(value, deployed)
        if not invalid_names:
            return {**deployed, **settings}, True
        logging.write("WARN", "parameter has invalid settings", name=name, unusable=invalid_names)
        last = self._values if invalid_names == [ENTIRE_VALUE] else _subset(self._values, invalid_names)
        return {**deployed, **last, **settings}, True


ENTIRE_VALUE = "entire value"
"""Name in the log of a parameter that is not a JSON object."""


def load(variable: str) -> dict[str, Any]:
    """Return the settings in the parameter that an environment variable names.

    Invalid settings keep their deployed values. If Parameter Store does not respond or throttles, return all deployed
    settings, because its default limit of 40 requests per second is lower than the possible rate of cold starts.
    """
    settings, _ = _load(variable)
    return settings


def _load(variable: str) -> tuple[dict[str, Any], bool]:
    """Return the settings, and whether the parameter was read."""
    deployed, name = _deployed(variable), os.environ[variable]
    if not DEADLINE.is_started:
        DEADLINE.start(INITIALIZATION_SECONDS)
    try:
        value = _read(name)
    except AwsError as exc:
        if not is_retryable(exc):
            raise
        logging.write("WARN", "parameter not read", name=name, error=exc.code)
        return deployed, False
    settings, invalid_names = _parse(value, deployed)
    if invalid_names:
        logging.write("WARN", "parameter has invalid settings", name=name, unusable=invalid_names)
    return {**deployed, **settings}, True


def _deployed(variable: str) -> dict[str, Any]:
    deployed: dict[str, Any] = json.loads(os.environ[f"{variable}_DEPLOYED"])
    return deployed


def _read(name: str, backoff: Sequence[float] = BACKOFF_SECONDS) -> str:
    client = Client("ssm", "AmazonSSM", "1.1", backoff=backoff)
    try:
        return str(client.call("GetParameter", {"Name": name})["Parameter"]["Value"])
    finally:
        client.close()


def _subset(values: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _parse(value: str, deployed: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the valid settings, and the names of the settings that are unknown or have another type than deployed."""
    try:
        settings = json.loads(value)
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        return {}, [ENTIRE_VALUE]
    valid = {name: value for name, value in settings.items() if type(value) is type(deployed.get(name))}
    numbers = {name for name, value in deployed.items() if isinstance(value, float)}
    # JSON does not distinguish 1 from 1.0.
    valid |= {name: float(settings[name]) for name in numbers & settings.keys() if _is_integer(settings[name])}
    return valid, sorted(settings.keys() - valid.keys())


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
