"""Secrets in Secrets Manager or Parameter Store. They are read on first use and masked in logs."""

from __future__ import annotations

import os
import time
from typing import Callable

from . import logging
from .http_client import AwsError, Client, is_retryable

MAX_AGE_SECONDS = 300.0
"""Maximum age of a cached value, and so the maximum time until a rotated value is used."""
MIN_AGE_SECONDS = 10.0
"""Minimum age at which an invalidated value is read again. It limits the calls that rejected requests cause."""


class Secret:
    """A secret that each execution environment caches until it expires or is invalidated."""

    def __init__(self, variable: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`variable` is the environment variable with the name of the secret."""
        self._variable = variable
        self._clock = clock
        self._value = ""
        self._read_at = float("-inf")
        self._is_invalid = False

    def value(self) -> str:
        """Return the current value. Raise `AwsError` if it cannot be read and no earlier value is cached."""
        age = self._clock() - self._read_at
        if age > MAX_AGE_SECONDS or (self._is_invalid and age > MIN_AGE_SECONDS):
            self._value = self._refresh()
            logging.mask(self._value)
            self._read_at, self._is_invalid = self._clock(), False
        return self._value

    def invalidate(self) -> None:
        """Read the value again before its next use. Call this if a service rejects it, because it might be rotated."""
        self._is_invalid = True

    def _refresh(self) -> str:
        name = os.environ[self._variable]
        try:
            return _read(name)
        except AwsError as exc:
            if not (self._value and is_retryable(exc)):
                raise
            logging.write("WARN", "secret not refreshed", name=name, error=exc.code)
            return self._value


def _read(name: str) -> str:
    # The library creates parameters with a leading slash, and secrets without one.
    in_parameter_store = name.startswith("/")
    client = (
        Client("ssm", "AmazonSSM", "1.1") if in_parameter_store else Client("secretsmanager", "secretsmanager", "1.1")
    )
    try:
        if in_parameter_store:
            response = client.call("GetParameter", {"Name": name, "WithDecryption": True})
            return str(response["Parameter"]["Value"])
        return str(client.call("GetSecretValue", {"SecretId": name})["SecretString"])
    finally:
        client.close()
