"""The credentials a function signs with: from its environment, or from the container endpoint that SnapStart uses."""

from __future__ import annotations

import http.client
import json
import os
import time
from calendar import timegm
from typing import NamedTuple
from urllib.parse import urlsplit

REFRESH_SECONDS = 300
"""How long before they expire credentials are fetched anew."""
FETCH_TIMEOUT_SECONDS = 2.0
FETCH_PAUSES_SECONDS = (0.1, 0.2, 0.0)
"""What is waited after each failed attempt."""


class Credentials(NamedTuple):
    """An access key, and until when (epoch seconds) it holds."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: float


class CredentialsUnavailable(Exception):
    """Neither the environment nor the container endpoint gave credentials."""


class CredentialSource:
    """Hands out credentials that are good for now; asks the container endpoint again before they expire."""

    def __init__(self) -> None:
        self._held: Credentials | None = None

    def get(self) -> Credentials:
        """Credentials to sign with now."""
        if self._held is None or time.time() > self._held.expires - REFRESH_SECONDS:
            self._held = self._load()
        return self._held

    def _load(self) -> Credentials:
        env = os.environ
        if env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY"):
            token = env.get("AWS_SESSION_TOKEN", "")
            return Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], token, float("inf"))
        url = env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        if not url:
            raise CredentialsUnavailable("no AWS_ACCESS_KEY_ID and no AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
        try:
            return _fetch_patiently(url, env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""))
        except CredentialsUnavailable:
            if self._held is not None and time.time() < self._held.expires:
                return self._held
            raise


def _fetch_patiently(url: str, token: str) -> Credentials:
    problem: Exception = CredentialsUnavailable("never asked")
    for pause in FETCH_PAUSES_SECONDS:
        try:
            return _fetch(url, token)
        except (OSError, ValueError, KeyError, http.client.HTTPException) as exc:
            problem = exc
            time.sleep(pause)
    raise CredentialsUnavailable(f"the container credentials endpoint failed: {problem!r}") from problem


def _fetch(url: str, token: str) -> Credentials:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=FETCH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path, headers={"Authorization": token})
        found = json.load(connection.getresponse())
    finally:
        connection.close()
    expires = timegm(time.strptime(found["Expiration"][:19], "%Y-%m-%dT%H:%M:%S"))
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"], float(expires))
