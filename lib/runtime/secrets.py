"""Secrets, read when somebody first needs them.  No line of the log shows a value that was read."""

from __future__ import annotations

import os
import time
from typing import Callable

from . import logging
from .http_client import AwsError, Client, worth_retrying

MOST_SECONDS = 300.0
"""How old a value may get: so soon after its rotation everybody has the new one."""
LEAST_SECONDS = 10.0
"""How old it must be to be read anew because it was refused: refusals must not become calls to its store."""


class Secret:
    """A secret, read once per worker and again when it is too old or was refused."""

    def __init__(self, variable: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`variable` is the environment variable that holds its name."""
        self._variable = variable
        self._clock = clock
        self._value = ""
        self._read_at = float("-inf")
        self._refused = False

    def value(self) -> str:
        """The value to use now; raises `AwsError` where none was ever read and its store gives none."""
        age = self._clock() - self._read_at
        if age > MOST_SECONDS or (self._refused and age > LEAST_SECONDS):
            self._value = self._renewed()
            logging.mask(self._value)
            self._read_at, self._refused = self._clock(), False
        return self._value

    def refused(self) -> None:
        """Somebody did not take the value: it may have been rotated."""
        self._refused = True

    def _renewed(self) -> str:
        name = os.environ[self._variable]
        try:
            return _read(name)
        except AwsError as exc:
            if not (self._value and worth_retrying(exc)):
                raise
            logging.write("WARN", "secret", name=name, error=exc.code)
            return self._value


def _read(name: str) -> str:
    # Parameter Store's names are paths; Secrets Manager's are not, here.
    in_parameter_store = name.startswith("/")
    client = (
        Client("ssm", "AmazonSSM", "1.1") if in_parameter_store else Client("secretsmanager", "secretsmanager", "1.1")
    )
    try:
        if in_parameter_store:
            found = client.call("GetParameter", {"Name": name, "WithDecryption": True})
            return str(found["Parameter"]["Value"])
        return str(client.call("GetSecretValue", {"SecretId": name})["SecretString"])
    finally:
        client.close()
