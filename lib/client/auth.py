"""How whoever calls a deployed API shows who it is, as the API's outputs say: not at all, by a key, a token, a
signature."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import urllib.request
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

Shown = Callable[[str, str, bytes | None], Mapping[str, str]]
"""The headers of one request by which its caller is known: of its method, its URL and its body."""

TIMEOUT_SECONDS = 30
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class TargetConnection(http.client.HTTPSConnection):
    """HTTPS connection to the host of a URL that connects to another host, regardless of the DNS record."""

    def __init__(self, target: str, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._target = target

    def connect(self) -> None:
        """Connect to the target, with the host of the URL in the TLS handshake."""
        connected = socket.create_connection((self._target, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(connected, server_hostname=self.host)


class TargetHandler(urllib.request.HTTPSHandler):
    """Handler that opens `https:` URLs on another host than theirs."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a URL."""
        return self.do_open(partial(TargetConnection, self._target), req)


def opener_to(target: str) -> urllib.request.OpenerDirector:
    """Return an opener that connects to `target` for every `https:` URL."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), TargetHandler(target))


class AccessKey(Protocol):
    """Credentials of AWS, such as those of the emulator's root user."""

    key_id: str
    secret_key: str


def shown(outputs: Mapping[str, Any], access_key: AccessKey | None = None) -> Shown:
    """Return the headers of a caller who may do everything, for a stack whose outputs contain its secrets.

    For `AWS_IAM` they are a signature with `access_key`.
    """
    if "machine_client_id" in outputs:
        return bearing({"Authorization": f"Bearer {token(outputs, outputs['scopes'].values())}"})
    if access_key and outputs.get("authorization") == "AWS_IAM":
        return signing(outputs["api_execution_arn"].split(":")[3], access_key.key_id, access_key.secret_key)
    return bearing({"x-api-key": outputs["api_key"]} if "api_key" in outputs else {})


def bearing(headers: Mapping[str, str]) -> Shown:
    """The same headers with every request."""
    return lambda _method, _url, _body: headers


def signing(region: str, key_id: str, secret: str, session_token: str | None = None) -> Shown:
    """A signature of each request."""
    signer = SigV4Auth(Credentials(key_id, secret, session_token), "execute-api", region)

    def signed(method: str, url: str, body: bytes | None) -> Mapping[str, str]:
        request = AWSRequest(method, url, data=body)
        signer.add_auth(request)
        return dict(request.headers)

    return signed


def token(outputs: Mapping[str, Any], scopes: Collection[str]) -> str:
    """A token for the client of programs, with some of its scopes."""
    client = f"{outputs['machine_client_id']}:{outputs['machine_client_secret']}"
    form = urlencode({"grant_type": "client_credentials", "scope": " ".join(scopes)})
    basic = base64.b64encode(client.encode()).decode()
    request = urllib.request.Request(  # noqa: S310  # our own URL
        f"{outputs['sign_in_url']}/oauth2/token", form.encode(), {"Authorization": f"Basic {basic}"}
    )
    with OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
        return str(json.load(answer)["access_token"])
