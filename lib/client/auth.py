"""Authorization of requests to a deployed API with an API key, a token or a signature, depending on its outputs."""

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

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ..model import Route
from .outputs_file import OutputsError

Authorization = Callable[[str, str, bytes | None], Mapping[str, str]]
"""Function that returns the authorization headers of a request from its method, URL and body."""

TIMEOUT_SECONDS = 30


class RedirectHandler(urllib.request.HTTPRedirectHandler):
    """Handler that does not follow redirects, so that they raise `HTTPError`."""

    def redirect_request(self, *_: object) -> None:
        """Return no request."""


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), RedirectHandler())


class TargetConnection(http.client.HTTPSConnection):
    """HTTPS connection to a target host that serves the host name of a URL, regardless of the DNS record."""

    def __init__(self, target: str, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._target = target

    def connect(self) -> None:
        """Connect to the target host. The TLS handshake uses the host of the URL."""
        connection = socket.create_connection((self._target, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)


class TargetHandler(urllib.request.HTTPSHandler):
    """Handler that opens `https:` URLs through a target host."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a URL through the target host."""
        return self.do_open(partial(TargetConnection, self._target), req)


def opener_to(target: str) -> urllib.request.OpenerDirector:
    """Return an opener that connects to `target` for every `https:` URL."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), RedirectHandler(), TargetHandler(target))


class AccessKey(Protocol):
    """AWS credentials, such as those of the root user of the emulator."""

    key_id: str
    secret_key: str


def authorization_of(
    outputs: Mapping[str, Any], access_key: AccessKey | None = None, api_key: str | None = None
) -> Authorization:
    """Return the authorization of a client with access to every route.

    With `AWS_IAM`, requests are signed with `access_key`, by default with the credentials of the AWS session. Secrets
    that the outputs do not contain are read from AWS.
    """
    signed_urls = [f"{outputs['function_urls'][name]}/" for name in outputs.get("function_url_policies", ())]
    if not signed_urls:
        return _api_authorization(outputs, access_key, api_key)
    sign, authorize = _signature(outputs, access_key, "lambda"), _api_authorization(outputs, access_key, api_key)
    return lambda method, url, body: (sign if url.startswith(tuple(signed_urls)) else authorize)(method, url, body)


def _api_authorization(outputs: Mapping[str, Any], access_key: AccessKey | None, api_key: str | None) -> Authorization:
    """Return the authorization of requests to APIs."""
    if outputs.get("authorization") == "AWS_IAM":
        return _signature(outputs, access_key, "execute-api")
    if not api_key and "machine_client_id" in outputs:
        return static_headers({"Authorization": f"Bearer {request_token(outputs, outputs['scopes'].values())}"})
    api_key = api_key or outputs.get("api_key") or _read_api_key(outputs)
    return static_headers({"x-api-key": api_key} if api_key else {})


def _signature(outputs: Mapping[str, Any], access_key: AccessKey | None, service: str) -> Authorization:
    region = (outputs.get("api_execution_arn") or outputs["lambda_function_arn"]).split(":")[3]
    credentials = (access_key.key_id, access_key.secret_key) if access_key else _session_credentials()
    return signature_headers(region, *credentials, service=service)


def _session_credentials() -> tuple[str, str, str | None]:
    credentials = boto3.Session().get_credentials()
    if credentials is None:
        raise OutputsError("The API requires signed requests. Set AWS_PROFILE to a profile with credentials.")
    key = credentials.get_frozen_credentials()
    return key.access_key, key.secret_key, key.token


def _read_api_key(outputs: Mapping[str, Any]) -> str:
    if "api_key_id" not in outputs:
        return ""
    return str(_aws("apigateway", outputs).get_api_key(apiKey=outputs["api_key_id"], includeValue=True)["value"])


def _read_client_secret(outputs: Mapping[str, Any]) -> str:
    client = {"UserPoolId": outputs["user_pool_id"], "ClientId": outputs["machine_client_id"]}
    return str(_aws("cognito-idp", outputs).describe_user_pool_client(**client)["UserPoolClient"]["ClientSecret"])


def _aws(service: str, outputs: Mapping[str, Any]) -> Any:
    return boto3.client(service, region_name=outputs["lambda_function_arn"].split(":")[3])


def static_headers(headers: Mapping[str, str]) -> Authorization:
    """Return an authorization with the same headers for every request."""
    return lambda _method, _url, _body: headers


def for_route(authorization: Authorization, route: Route | None) -> Authorization:
    """Return the authorization of requests to a route. A route with an authorizer of the service gets only the API key:
    a call sets the credentials itself, because their format depends on the authorizer."""
    if route is None or route.authorizer is None:
        return authorization

    def api_key(method: str, url: str, body: bytes | None) -> Mapping[str, str]:
        headers = authorization(method, url, body)
        return {name: value for name, value in headers.items() if name.lower() == "x-api-key"}

    return api_key


def signature_headers(
    region: str, key_id: str, secret: str, session_token: str | None = None, *, service: str = "execute-api"
) -> Authorization:
    """Return an authorization that signs each request: `execute-api` for APIs, `lambda` for function URLs."""
    signer = SigV4Auth(Credentials(key_id, secret, session_token), service, region)

    def sign(method: str, url: str, body: bytes | None) -> Mapping[str, str]:
        request = AWSRequest(method, url, data=body)
        signer.add_auth(request)
        return dict(request.headers)

    return sign


def request_token(outputs: Mapping[str, Any], scopes: Collection[str]) -> str:
    """Request an access token with `scopes` for the machine-to-machine client."""
    secret = outputs.get("machine_client_secret") or _read_client_secret(outputs)
    client = f"{outputs['machine_client_id']}:{secret}"
    form = urlencode({"grant_type": "client_credentials", "scope": " ".join(scopes)})
    basic = base64.b64encode(client.encode()).decode()
    request = urllib.request.Request(  # noqa: S310  # the URL is from the outputs
        f"{outputs['sign_in_url']}/oauth2/token", form.encode(), {"Authorization": f"Basic {basic}"}
    )
    with OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
        return str(json.load(response)["access_token"])
