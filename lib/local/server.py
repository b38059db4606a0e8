"""MiniStack behind an access check, as the process that `emulator.py` starts.

The APIs of AWS accept only requests with credentials that were issued in this run. Deployed APIs, sites and sign-in
pages are public, as on AWS. This file runs as a script, so it imports nothing from the package.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape  # it parses nothing

ROOT_KEY_ID, ROOT_SECRET_KEY = "TAP_ROOT_KEY_ID", "TAP_ROOT_SECRET_KEY"
"""Environment variables with the credentials of the account's root user in this run."""
FUNCTION_LOG = "TAP_FUNCTION_LOG"
"""Environment variable with the path of the file for the log of all functions; unset: none is written."""
HEALTH = "/_ministack/health"
INTERNAL = ("/_ministack/", "/_localstack/", "/_aws/", "/_alb/")
"""Paths of MiniStack's own APIs, which require no credentials."""
STAGE = re.compile(r"/restapis/[^/]+/[^/]+/_user_request_(/|\Z)")
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
"""Operations of a user pool's domain."""
PREFLIGHT = {("OPTIONS", path) for _, path in SIGN_IN}
POOL_DOCUMENT = re.compile(r"/[\w-]+_\w+/\.well-known/(jwks|openid-configuration)(\.json)?")
READ_METHODS = {"GET", "HEAD"}
NOT_IN_SITES = ("/iceberg", "/v20180820/", "/v2/")
"""Paths that MiniStack routes to other APIs on every host name."""

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Backend(NamedTuple):
    """The parts of MiniStack that the access check uses."""

    app: App
    resolve_domain: Callable[[str, str], tuple[str, str, str] | None]
    """Returns the API, the stage and the remaining path for the host and the path of a custom domain."""
    is_distribution: Callable[[str], bool]
    """Whether a host name belongs to an existing CloudFront distribution."""
    is_bucket: Callable[[str], bool]
    """Whether a bucket exists. MiniStack itself checks whether the bucket is public."""
    key_id: Callable[[Mapping[str, str], Mapping[str, list[str]]], str]
    """Returns the access key id of a request from its headers and its query parameters."""
    is_issued: Callable[[str], bool]
    """Whether an access key id was issued in this run and is valid. MiniStack itself verifies the signature."""


class AccessControl:
    """An ASGI application that rejects requests before they reach MiniStack."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or respond with 403."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            headers = _headers(scope)
            path = self._path(scope, headers.get("host", ""))
            if message := self._rejection(scope, headers, path):
                await _reject(send, message, headers.get("content-type", ""))
                return
            scope = {**scope, "path": path}
        await self._backend.app(scope, receive, send)

    def _path(self, scope: Scope, host: str) -> str | None:
        """Return the path for MiniStack, or None if the host is unknown.

        API Gateway passes the path parameters of a REST API to functions as they were sent, still percent-encoded.
        MiniStack takes them from `path`, which the web server has decoded.
        """
        sent: str = scope["raw_path"].decode("latin-1")
        if LOCAL_HOST.fullmatch(host):
            return sent if STAGE.match(sent) else str(scope["path"])
        if (found := self._backend.resolve_domain(host, sent)) is None:
            return None
        api, stage, rest = found
        if not stage:
            stage, _, rest = rest.lstrip("/").partition("/")
        return f"/restapis/{api}/{stage}/_user_request_/{rest.removeprefix('/')}"

    def _rejection(self, scope: Scope, headers: Mapping[str, str], path: str | None) -> str | None:
        """Return the reason to reject a request, or None."""
        host, method = headers.get("host", ""), scope["method"]
        if path is None:
            return f"Host must be 127.0.0.1, localhost or the domain name of a deployed API, got {host!r}."
        if self._is_public(method, host, path):
            return None
        if path.startswith(INTERNAL):
            return f"{path} is not available in a local run."
        if "origin" in headers:
            return f"Web pages cannot call the AWS APIs of a local run, got a request from {headers['origin']!r}."
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not self._backend.is_issued(self._backend.key_id(headers, query)):
            return "Sign requests with the credentials of this run, which are in cfn-outputs/local-aws-config."
        return None

    def _is_public(self, method: str, host: str, path: str) -> bool:
        """Return whether a request needs no credentials of AWS."""
        if path.startswith(INTERNAL):
            return path == HEALTH
        if STAGE.match(path) or (method, path) in SIGN_IN | PREFLIGHT:
            return True
        if method == "GET" and POOL_DOCUMENT.fullmatch(path):
            return True
        if method not in READ_METHODS or path.startswith(NOT_IN_SITES):
            return False
        return self._backend.is_distribution(host) or self._backend.is_bucket(path.removeprefix("/").partition("/")[0])


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by their names in lower case, repeated ones joined, which is what MiniStack reads."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def _reject(send: Send, message: str, content_type: str) -> None:
    """Respond with an error that SDKs can parse: XML to the services whose requests are forms, else JSON."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        code, responded = "AccessDenied", b"text/xml"
        error = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
        body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode()
    else:
        code, responded = "AccessDeniedException", b"application/json"
        body = json.dumps({"__type": code, "message": message}).encode()
    headers = [
        (b"content-type", responded),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-errortype", code.encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def role_credentials(secret: str, register: Callable[[str, dict[str, str]], None]) -> Callable[[Any], dict[str, str]]:
    """Return a function that issues the credentials of a Lambda function's role.

    MiniStack derives them from the ARNs of function and role alone, which every user of the machine can guess.
    """

    def issue(config: Mapping[str, Any]) -> dict[str, str]:
        function, role = config["FunctionArn"], config["Role"]

        def derive(purpose: str) -> str:
            return hmac.new(secret.encode(), f"{purpose} {function} {role}".encode(), "sha256").hexdigest()

        key_id, secret_key, token = f"ASIA{derive('id')[:16].upper()}", derive("key"), derive("token")
        role_name = role.rpartition("/")[2]
        session = {
            "Arn": f"arn:aws:sts::{function.split(':')[4]}:assumed-role/{role_name}/{config['FunctionName'][:64]}",
            "UserId": f"{role_name}:{config['FunctionName'][:64]}",
            "SecretAccessKey": secret_key,
            "SessionToken": token,
        }
        register(key_id, session)
        return {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret_key, "AWS_SESSION_TOKEN": token}

    return issue


def with_log(invoke: Callable[..., Any], path: str) -> Callable[..., Any]:
    """Return a function that invokes a Lambda function and appends the log of the invocation to a file as JSON."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def invoke_and_log(function: Any, config: Mapping[str, Any], *arguments: Any) -> Any:
        result = invoke(function, config, *arguments)
        failed = bool(result.get("error"))
        # Where the code of a function cannot be started there is only the message of the error.
        log = result.get("log") or (str(result["body"]["errorMessage"]) if failed else "")
        if log:
            record = {"function": config["FunctionName"], "failed": failed, "log": log}
            os.write(file, json.dumps(record).encode() + b"\n")
        return result

    return invoke_and_log


LAZY_INVOKE_DEPTH = """
class _OnImport:
    def find_spec(self, name, path=None, target=None):
        if name != "botocore.handlers":
            return None
        sys.meta_path.remove(self)
        import importlib.util
        spec = importlib.util.find_spec(name)
        exec_module = spec.loader.exec_module

        def exec_and_install(module):
            exec_module(module)
            sys.modules["botocore"].handlers = module
            _ms_install_invoke_depth()

        spec.loader.exec_module = exec_and_install
        return spec
"""


def lazy_worker_script(script: str) -> str:
    """Return the script of a Python worker that instruments botocore when a function imports it.

    MiniStack counts nested invocations in every client of botocore, so each worker imports botocore: two fifths of the
    processor time of a cold start, for nothing where the function does not use botocore.
    """
    call = "    _ms_install_invoke_depth()\n"
    if script.count(call) != 1:
        raise RuntimeError("The worker script of this release of MiniStack is unknown: install the pinned release.")
    return LAZY_INVOKE_DEPTH + script.replace(call, "    sys.meta_path.insert(0, _OnImport())\n")


def main() -> None:
    """Serve MiniStack until the process ends."""
    # pylint: disable=import-outside-toplevel  # MiniStack reads the environment when it is imported
    # pylint: disable=protected-access  # the pinned release has no public names for these
    from ministack import app as server
    from ministack.core import iam_evaluator, lambda_runtime, responses, router
    from ministack.services import sts

    # Functions inherit the environment.
    key_id, secret_key = os.environ.pop(ROOT_KEY_ID), os.environ.pop(ROOT_SECRET_KEY)
    account = responses.get_account_id()
    # MiniStack does not verify signatures of the key ids that are root to it: 'test' and every number of 12 digits.
    # It verifies those of a session. A request without a key id stays root: MiniStack calls public APIs as root.
    iam_evaluator.is_root_access_key = sts.is_root_access_key = lambda id_: not id_
    root = {"Arn": f"arn:aws:iam::{account}:root", "UserId": account, "SecretAccessKey": secret_key}
    sts.register_session(key_id, {**root, "PrincipalType": "Root"})
    lambda_runtime.execution_credentials = role_credentials(secret_key, sts.register_session)
    lambda_runtime._PYTHON_WORKER_SCRIPT = lazy_worker_script(lambda_runtime._PYTHON_WORKER_SCRIPT)
    if path := os.environ.pop(FUNCTION_LOG, ""):
        functions = server._get_module("lambda_svc")
        functions._execute_function_dispatch = with_log(functions._execute_function_dispatch, path)

    def is_distribution(host: str) -> bool:
        label = server._parse_cloudfront_dataplane_host(host)
        return label is not None and server._get_module("cloudfront").find_distribution_for_label(label) is not None

    def is_issued(id_: str) -> bool:
        return isinstance(iam_evaluator.resolve_credential(id_), iam_evaluator.ResolvedCredential) if id_ else False

    server.app = AccessControl(
        Backend(
            app=server.app,
            resolve_domain=server._resolve_custom_domain_request,
            is_distribution=is_distribution,
            is_bucket=lambda name: server._get_module("s3")._bucket_owner_account(name) is not None,
            key_id=router.extract_access_key_id,
            is_issued=is_issued,
        )
    )
    server.main()


if __name__ == "__main__":
    main()
