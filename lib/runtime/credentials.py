"""AWS credentials of a function: from its environment, or from the container endpoint that SnapStart uses."""

from __future__ import annotations

import http.client
import json
import os
import time
from calendar import timegm
from typing import NamedTuple
from urllib.parse import urlsplit

REFRESH_SECONDS = 300
"""Credentials are refreshed this long before they expire."""
FETCH_TIMEOUT_SECONDS = 2.0
FETCH_DELAYS_SECONDS = (0.1, 0.2, 0.0)
"""Delay after each failed attempt. The number of delays is the number of attempts."""


class Credentials(NamedTuple):
    """An access key and its expiration in epoch seconds."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: float


class CredentialsUnavailable(Exception):
    """Neither the environment nor the container endpoint provides credentials."""


class CredentialProvider:
    """Credentials that are cached, and refreshed before they expire."""

    def __init__(self) -> None:
        self._cached: Credentials | None = None

    def get(self) -> Credentials:
        """Return valid credentials."""
        if self._cached is None or time.time() > self._cached.expires - REFRESH_SECONDS:
            self._cached = self._load()
        return self._cached

    def _load(self) -> Credentials:
        env = os.environ
        if env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY"):
            token = env.get("AWS_SESSION_TOKEN", "")
            return Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], token, float("inf"))
        url = env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        if not url:
            raise CredentialsUnavailable("AWS_ACCESS_KEY_ID or AWS_CONTAINER_CREDENTIALS_FULL_URI must be set.")
        try:
            return _fetch_with_retries(url, env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""))
        except CredentialsUnavailable:
            if self._cached is not None and time.time() < self._cached.expires:
                return self._cached
            raise


def _fetch_with_retries(url: str, token: str) -> Credentials:
    error: Exception = CredentialsUnavailable("no attempt")
    for delay in FETCH_DELAYS_SECONDS:
        try:
            return _fetch(url, token)
        except (OSError, ValueError, KeyError, http.client.HTTPException) as exc:
            error = exc
            time.sleep(delay)
    raise CredentialsUnavailable(f"The container credentials endpoint failed: {error!r}.") from error


def _fetch(url: str, token: str) -> Credentials:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=FETCH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path, headers={"Authorization": token})
        document = json.load(connection.getresponse())
    finally:
        connection.close()
    expires = timegm(time.strptime(document["Expiration"][:19], "%Y-%m-%dT%H:%M:%S"))
    return Credentials(document["AccessKeyId"], document["SecretAccessKey"], document["Token"], float(expires))
