"""Access control of the emulator.

The AWS APIs accept only requests with credentials that this process issued. Deployed APIs, sites and sign-in pages are
public, as on AWS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape  # does not parse XML

from .request_events import DOMAIN_REQUEST, DomainRequest

HEALTH = "/_ministack/health"
INTERNAL = ("/_ministack/", "/_localstack/", "/_aws/", "/_alb/")
"""Path prefixes of MiniStack's internal APIs, which require no credentials."""
STAGE = re.compile(r"/restapis/[^/]+/[^/]+/_user_request_(/|\Z)")
FUNCTION_URL = re.compile(r"/_aws/lambda-url/[a-z0-9]+(/|\Z)")
"""Path of a request to the URL of a function. MiniStack checks whether the URL requires a signature."""
LOCAL_HOST = re.compile(r"(127\.0\.0\.1|localhost|.+\.localhost)(:\d+)?", re.IGNORECASE)
SIGN_IN = {
    ("GET", "/oauth2/authorize"),
    ("GET", "/oauth2/userInfo"),
    ("GET", "/logout"),
    ("POST", "/login"),
    ("POST", "/oauth2/login"),
    ("POST", "/oauth2/token"),
    ("POST", "/oauth2/userInfo"),
}
"""Methods and paths of a user pool domain."""
COGNITO = "AWSCognitoIdentityProviderService."
"""Prefix of the header `X-Amz-Target` of requests to Amazon Cognito, which have the path `/`."""
PREFLIGHT = {("OPTIONS", path) for _, path in SIGN_IN} | {("OPTIONS", "/")}
POOL_DOCUMENT = re.compile(r"/[\w-]+_\w+/\.well-known/(jwks|openid-configuration)(\.json)?\Z")
READ_METHODS = {"GET", "HEAD"}
SIGNATURES = {"X-Amz-Signature", "Signature"}
"""Query parameters of presigned URLs, with which web pages can access objects. The CORS rules of the bucket apply."""
NOT_IN_SITES = ("/iceberg", "/v20180820/", "/v2/")
"""Path prefixes that MiniStack routes to AWS APIs for every host name."""

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Backend(NamedTuple):
    """The parts of MiniStack that the access check uses."""

    app: App
    resolve_domain: Callable[[str, str], tuple[str, str, str] | None]
    """Returns API, stage and remaining path for the host and path of a request to a custom domain."""
    is_domain: Callable[[str], bool]
    """Whether a host name is a custom domain."""
    is_distribution: Callable[[str], bool]
    """Whether a host name belongs to an existing CloudFront distribution."""
    is_bucket: Callable[[str], bool]
    """Whether a bucket exists. MiniStack itself checks whether the bucket is public."""
    key_id: Callable[[Mapping[str, str], Mapping[str, list[str]]], str]
    """Returns the access key ID of a request from its headers and query parameters."""
    is_issued: Callable[[str], bool]
    """Whether this process issued an access key ID and it is valid. MiniStack itself verifies the signature."""


class AccessControl:
    """ASGI application that rejects unauthorized requests before they reach MiniStack."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to MiniStack, or respond with 403."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            headers = _headers(scope)
            host = headers.get("host", "")
            path = self._path(scope, host)
            if path is None and self._backend.is_domain(_name(host)):
                await _respond(send, b"application/json", b'{"message":"Forbidden"}')
                return
            if message := self._rejection(scope, headers, path):
                await _reject(send, message, headers.get("content-type", ""))
                return
            scope = {**scope, "path": path}
            if path and DOMAIN_REQUEST.get():
                scope["raw_path"] = path.encode("latin-1")
        await self._backend.app(scope, receive, send)

    def _path(self, scope: Scope, host: str) -> str | None:
        """Return the path for MiniStack, or None if the host is unknown.

        API Gateway passes path parameters of a REST API to functions percent-encoded, and Lambda the path of a function
        URL. MiniStack reads them from `path`, which the web server has already decoded.
        """
        raw_path: str = scope["raw_path"].decode("latin-1")
        DOMAIN_REQUEST.set(None)
        if LOCAL_HOST.fullmatch(host):
            return raw_path if STAGE.match(raw_path) or FUNCTION_URL.match(raw_path) else str(scope["path"])
        if (target := self._backend.resolve_domain(host, raw_path)) is None:
            return None
        DOMAIN_REQUEST.set(DomainRequest(_name(host), raw_path))
        api, stage, rest = target
        if not stage:
            stage, _, rest = rest.lstrip("/").partition("/")
        return f"/restapis/{api}/{stage}/_user_request_/{rest.removeprefix('/')}"

    def _rejection(self, scope: Scope, headers: Mapping[str, str], path: str | None) -> str | None:
        """Return the reason to reject a request, or None."""
        host, method = headers.get("host", ""), scope["method"]
        if path is None:
            return f"Host must be 127.0.0.1, localhost or the domain name of a deployed API, got {host!r}."
        if self._is_public(method, host, path) or (path == "/" and is_for_users(headers.get("x-amz-target", ""))):
            return None
        if path.startswith(INTERNAL):
            return f"{path} is not available in the local emulator."
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if "origin" in headers and not (SIGNATURES & query.keys() and self._is_in_bucket(path)):
            return (
                f"Web pages cannot call the AWS APIs of the local emulator, got a request from {headers['origin']!r}."
            )
        if not self._backend.is_issued(self._backend.key_id(headers, query)):
            return "Sign requests with the credentials in cfn-outputs/local-aws-config."
        return None

    def _is_public(self, method: str, host: str, path: str) -> bool:
        """Return whether a request requires no AWS credentials."""
        if FUNCTION_URL.match(path):
            return True
        if path.startswith(INTERNAL):
            return path == HEALTH
        if (
            STAGE.match(path)
            or (method, path) in SIGN_IN | PREFLIGHT
            or (method == "GET" and POOL_DOCUMENT.match(path))
        ):
            return True
        if method == "OPTIONS" and self._is_in_bucket(path):
            return True
        if method not in READ_METHODS or path.startswith(NOT_IN_SITES):
            return False
        return self._backend.is_distribution(host) or self._is_in_bucket(path)

    def _is_in_bucket(self, path: str) -> bool:
        return self._backend.is_bucket(path.removeprefix("/").partition("/")[0])


def is_for_users(target: str) -> bool:
    """Return whether users without AWS credentials call an operation, such as `SignUp` of Amazon Cognito."""
    return target.startswith(COGNITO) and target.removeprefix(COGNITO) in _operations_of_users()


@cache
def _operations_of_users() -> frozenset[str]:
    from botocore.session import get_session  # pylint: disable=import-outside-toplevel  # shortens the start

    operations = get_session().get_service_data("cognito-idp")["operations"]
    return frozenset(name for name, operation in operations.items() if operation.get("authtype") == "none")


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by lowercase name, with repeated headers joined, as MiniStack reads them."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _reject(send: Send, message: str, content_type: str) -> None:
    """Respond with an error that SDKs can parse: XML for services with form-encoded requests, otherwise JSON."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        code, response_type = "AccessDenied", b"text/xml"
        error = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
        body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode()
    else:
        code, response_type = "AccessDeniedException", b"application/json"
        body = json.dumps({"__type": code, "message": message}).encode()
    await _respond(send, response_type, body, (b"x-amzn-errortype", code.encode()))


async def _respond(send: Send, content_type: bytes, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    headers = (b"content-type", content_type), (b"content-length", str(len(body)).encode()), *headers
    await send({"type": "http.response.start", "status": 403, "headers": [*headers]})
    await send({"type": "http.response.body", "body": body})


def _name(host: str) -> str:
    """Return the domain name of the header `Host`, without a port."""
    return host.partition(":")[0].lower()
