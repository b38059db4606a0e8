"""Public keys of an issuer, from its JSON Web Key Set (JWKS)."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Callable

from ...runtime.errors import Unauthorized

TIMEOUT_SECONDS = 3
MAX_AGE_SECONDS = 3600
"""Time after which keys are read again, so that removed keys are no longer accepted."""
MIN_INTERVAL_SECONDS = 10
"""Minimum time between two reads, so that tokens with unknown keys cannot cause a request each."""
MAX_BYTES = 1_000_000
DISCOVERY_PATH = "/.well-known/openid-configuration"

Fetch = Callable[[str], Any]
"""Function that returns the JSON document at a URL. It raises `OSError` or `ValueError`."""


class KeysUnavailable(Exception):
    """The issuer did not return its keys. The token can be valid, so the response is 503 instead of 401."""


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Treats redirects as errors, because the target could be a URL without TLS."""

    def redirect_request(self, *_: Any) -> None:
        """Return None, which is an error."""


OPENER = urllib.request.build_opener(NoRedirects)


def fetch(url: str) -> Any:
    """Return the JSON document at a URL."""
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310  # the URL is a setting
    with OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
        return json.loads(response.read(MAX_BYTES))


class Keys:
    """The keys of an issuer, which are read when they are needed and then kept in memory."""

    def __init__(
        self, issuer: str, url: str = "", fetch_json: Fetch = fetch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`url` is the URL of the keys. If it is empty, the discovery document of the issuer contains it."""
        self._issuer = issuer
        self._url = url
        self._fetch = fetch_json
        self._clock = clock
        self._keys: dict[object, Mapping[str, Any]] = {}
        """Keys by their ID, or by their position if they have none."""
        self._read_at = self._tried_at = float("-inf")

    def find(self, key_id: str | None) -> Mapping[str, Any]:
        """Return the key with an ID, or the only key if a token has no ID.

        Raise `Unauthorized` if the issuer has no such key, and `KeysUnavailable` if its keys are not known.
        """
        now = self._clock()
        is_due = now - self._read_at >= MAX_AGE_SECONDS or self._select(key_id) is None
        if is_due and now - self._tried_at >= MIN_INTERVAL_SECONDS:
            self._read(now)
        key = self._select(key_id)
        if key is not None:
            return key
        if self._read_at < self._tried_at:
            raise KeysUnavailable(f"The keys of {self._issuer} could not be read.")
        raise Unauthorized("The issuer has no key with the ID in the token.")

    def _select(self, key_id: str | None) -> Mapping[str, Any] | None:
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _read(self, now: float) -> None:
        """Read the keys. If the issuer does not respond, keep those that were read before."""
        self._tried_at = now
        try:
            self._url = self._url or self._discovered_url()
            keys = self._fetch(self._url)["keys"]
            self._keys = {key.get("kid", n): key for n, key in enumerate(keys) if key.get("use", "sig") == "sig"}
        except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
            if not self._keys:
                raise KeysUnavailable(f"The keys of {self._issuer} could not be read: {exc!r}.") from exc
            return
        self._read_at = now

    def _discovered_url(self) -> str:
        document = self._fetch(self._issuer.rstrip("/") + DISCOVERY_PATH)
        url = document["jwks_uri"]
        scheme, separator, _ = self._issuer.partition("://")
        if document["issuer"] != self._issuer or not str(url).startswith(scheme + separator):
            raise ValueError(f"the discovery document is of {document['issuer']!r} with keys at {url!r}")
        return str(url)
