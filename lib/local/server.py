"""Server process of the emulator: MiniStack with access control. `emulator.py` starts it.

The AWS APIs accept only requests with credentials that this process issued. Deployed APIs, sites and sign-in pages are
public, as on AWS. This file runs as a script, so it cannot import from the package.
"""

from __future__ import annotations

import hmac
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape  # does not parse XML

ROOT_KEY_ID, ROOT_SECRET_KEY = "TAP_ROOT_KEY_ID", "TAP_ROOT_SECRET_KEY"
"""Environment variables with the credentials of the root user."""
FUNCTION_LOG = "TAP_FUNCTION_LOG"
"""Environment variable with the path of the log file of all functions. If it is unset, no log file is written."""
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

STREAM_RETRY_SECONDS = 0.5
"""Time until failed records of a table stream are delivered again. MiniStack delivers other records only afterwards."""

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Detect = Callable[[str, str, Mapping[str, str], Mapping[str, Any]], str]
"""Returns the AWS service for the method, path, headers and query of a request."""


class Backend(NamedTuple):
    """The parts of MiniStack that the access check uses."""

    app: App
    resolve_domain: Callable[[str, str], tuple[str, str, str] | None]
    """Returns API, stage and remaining path for the host and path of a request to a custom domain."""
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
            path = self._path(scope, headers.get("host", ""))
            if message := self._rejection(scope, headers, path):
                await _reject(send, message, headers.get("content-type", ""))
                return
            scope = {**scope, "path": path}
        await self._backend.app(scope, receive, send)

    def _path(self, scope: Scope, host: str) -> str | None:
        """Return the path for MiniStack, or None if the host is unknown.

        API Gateway passes path parameters of a REST API to functions percent-encoded, and Lambda the path of a function
        URL. MiniStack reads them from `path`, which the web server has already decoded.
        """
        raw_path: str = scope["raw_path"].decode("latin-1")
        if LOCAL_HOST.fullmatch(host):
            return raw_path if STAGE.match(raw_path) or FUNCTION_URL.match(raw_path) else str(scope["path"])
        if (target := self._backend.resolve_domain(host, raw_path)) is None:
            return None
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
    headers = [
        (b"content-type", response_type),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-errortype", code.encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def role_credentials(secret: str, register: Callable[[str, dict[str, str]], None]) -> Callable[[Any], dict[str, str]]:
    """Return a function that issues credentials for the role of a Lambda function.

    MiniStack derives them only from the ARNs of function and role, which other users of the machine can guess.
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
        # If the code of a function does not start, there is only an error message.
        log = result.get("log") or (str(result["body"]["errorMessage"]) if failed else "")
        if log:
            record = {"function": config["FunctionName"], "failed": failed, "log": log}
            os.write(file, json.dumps(record).encode() + b"\n")
        return result

    return invoke_and_log


def with_matching_models(check: Callable[..., Any]) -> Callable[..., Any]:
    """Return a check of requests that validates a body only with the model for its content type, as API Gateway does.

    MiniStack validates bodies of other content types, such as forms, with the model for JSON.
    """

    def check_matching(
        method: Mapping[str, Any], api_id: str, request: Any, headers: Mapping[str, str], *rest: Any
    ) -> Any:
        models = method.get("requestModels") or {}
        content_type = headers.get("content-type", "application/json").split(";")[0].strip().lower()
        matching = {name: model for name, model in models.items() if name == content_type}
        return check({**method, "requestModels": matching}, api_id, request, headers, *rest)

    return check_matching


def with_buckets(detect: Detect, is_bucket: Callable[[str], bool]) -> Detect:
    """Detect unsigned and presigned requests to buckets by the name of the bucket.

    MiniStack detects the service of such a request by its path: `/tasks-files/1.png` would be a request to Amazon ECS.
    """

    def detect_bucket(method: str, path: str, headers: Mapping[str, str], query: Mapping[str, Any]) -> str:
        has_service = "authorization" in headers or "x-amz-target" in headers
        if not has_service and is_bucket(path.removeprefix("/").partition("/")[0]):
            return "s3"
        return detect(method, path, headers, query)

    return detect_bucket


def with_all_media_types(matches: Callable[[str, Any], bool]) -> Callable[[str, Any], bool]:
    """Return a check whether a media type is binary that accepts requests without a `Content-Type` or `Accept` header.

    If the binary media types of an API are `*/*`, API Gateway does not require these headers, but MiniStack does.
    """
    return lambda media_type, binary: "*/*" in (binary or ()) or matches(media_type, binary)


def with_stream_retries(
    execute: Callable[[Any, Any], Any],
    find_mapping: Callable[[str, str], Mapping[str, Any] | None],
    discard: Callable[..., None],
    seconds: float = STREAM_RETRY_SECONDS,
) -> Callable[[Any, Any], Any]:
    """Return a function that invokes a Lambda function, and delivers failed records of a table stream again.

    MiniStack ignores `batchItemFailures` of streams and `MaximumRetryAttempts`. As in Lambda, records from the first
    failed one are delivered again, `seconds` later. After the last attempt, it moves to the on-failure destination.
    """

    def execute_with_retries(function: Mapping[str, Any], event: Any) -> Any:
        records: Any = event.get("Records") if isinstance(event, dict) else None
        source = records[0].get("eventSourceARN", "") if records else ""
        mapping = find_mapping(function["config"]["FunctionName"], source) if ":dynamodb:" in source else None
        result = execute(function, event)
        if mapping is None:
            return result
        attempts = 0
        while (first := _first_failure(result, records)) is not None:
            attempts = 1 if first else attempts + 1
            records = records[first:]
            if attempts > mapping["MaximumRetryAttempts"]:
                discard(mapping, function, records[:1], source, result, "RetryAttemptsExhausted")
                attempts, records = 0, records[1:]
            if not records:
                break
            time.sleep(seconds)
            result = execute(function, {**event, "Records": records})
        return {**result, "error": False}

    return execute_with_retries


def _first_failure(result: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the index of the first failed record of a stream, or None. If the function fails, all records do."""
    if result.get("error"):
        return 0
    body = result.get("body")
    response = json.loads(body) if isinstance(body, str | bytes) and body else body
    failures = {failure["itemIdentifier"] for failure in (response or {}).get("batchItemFailures") or ()}
    numbers = (record["dynamodb"]["SequenceNumber"] for record in records)
    return next((index for index, number in enumerate(numbers) if number in failures), None)


def event_dispatcher(
    find_function: Callable[[str], tuple[Any, Any, str]],
    to_record: Callable[[Any, Any], Any],
    invoke: Callable[[Any, Any], None],
) -> Callable[[str, str], None]:
    """Return a function that invokes the target of an event asynchronously, and ignores a function that was deleted."""

    def dispatch(arn: str, payload: str) -> None:
        function, config, _ = find_function(arn)
        if function and config:
            invoke(to_record(function, config), json.loads(payload))

    return dispatch


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


PROVIDED = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "snapshot_restore_py", "urllib3")
"""Packages of Lambda's Python runtimes that functions can import without adding them to their archives."""
ISOLATION = """
import importlib.machinery, os, sys

class _Provided:
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.PathFinder.find_spec(name, __FOLDERS__) if name in __PROVIDED__ else None

sys.path[:] = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), *__STANDARD_LIBRARY__]
sys.meta_path[:] = [
    importlib.machinery.BuiltinImporter,
    importlib.machinery.FrozenImporter,
    importlib.machinery.PathFinder,
    _Provided(),
]
"""


def isolated_worker_script(script: str, standard_library: Sequence[str], folders: Sequence[str]) -> str:
    """Return the script of a Python worker that imports only what Lambda has, not other packages of this environment.

    These are the archive of the function with its layers, the standard library in the folders `standard_library`, and
    `PROVIDED` in `folders`.
    """
    values = {"STANDARD_LIBRARY": [*standard_library], "FOLDERS": [*folders], "PROVIDED": PROVIDED}
    isolation = ISOLATION
    for name, value in values.items():
        isolation = isolation.replace(f"__{name}__", repr(value))
    return isolation + script


def _standard_library() -> list[str]:
    """Return the module search path of Python without packages."""
    command = [sys.executable, "-I", "-S", "-c", "import json, sys; print(json.dumps(sys.path))"]
    path: list[str] = json.loads(subprocess.check_output(command))  # noqa: S603  # fixed arguments
    return path


def _provided_folders() -> list[str]:
    """Return the folders of this environment that contain `PROVIDED`."""
    specs = filter(None, map(importlib.util.find_spec, PROVIDED))
    sources = ([*(spec.submodule_search_locations or ()), spec.origin or ""][0] for spec in specs)
    return list(dict.fromkeys(str(Path(source).parent) for source in sources))


def lazy_worker_script(script: str) -> str:
    """Return the script of a Python worker that instruments botocore only when a function imports it.

    MiniStack counts nested invocations with a botocore hook, so each worker imports botocore. The import takes 40 % of
    the CPU time of a cold start, even if the function does not use botocore.
    """
    call = "    _ms_install_invoke_depth()\n"
    if script.count(call) != 1:
        raise RuntimeError("Unsupported MiniStack release: its worker script has changed. Install the pinned release.")
    return LAZY_INVOKE_DEPTH + script.replace(call, "    sys.meta_path.insert(0, _OnImport())\n")


def _retry_failed_invocations(functions: Any, topics: Any, event_buses: Any) -> None:
    """Let MiniStack invoke functions again for failed records and events."""
    # pylint: disable=protected-access  # the pinned release has no public names for these
    # Buckets invoke functions with two retries and the dead-letter queue. Let topics and event buses do the same.
    find, to_record = functions._get_func_record_for_ref, functions._execution_record_for_config
    invoke = functions.invoke_async_with_retry
    event_buses._dispatch_to_lambda = event_dispatcher(find, to_record, invoke)
    topics._lambda_svc = SimpleNamespace(
        _get_func_record_for_ref=find,
        _execution_record_for_config=to_record,
        _execute_function_with_config_scope=invoke,
    )

    def find_mapping(name: str, source: str) -> Mapping[str, Any] | None:
        mappings = (mapping for *_, mapping in functions._iter_all_esms())
        return next((m for m in mappings if (m["FunctionName"], m["EventSourceArn"]) == (name, source)), None)

    functions._execute_function = with_stream_retries(
        functions._execute_function, find_mapping, functions._send_ddb_stream_failure_record
    )


def main() -> None:
    """Serve MiniStack until the process is stopped."""
    # pylint: disable=import-outside-toplevel  # MiniStack reads the environment at import
    # pylint: disable=protected-access  # the pinned release has no public names for these
    from ministack import app as server
    from ministack.core import iam_evaluator, lambda_runtime, responses, router
    from ministack.services import sts

    # Functions inherit the environment, so remove the credentials and the log level of MiniStack from it.
    os.environ.pop("LOG_LEVEL", None)
    key_id, secret_key = os.environ.pop(ROOT_KEY_ID), os.environ.pop(ROOT_SECRET_KEY)
    account = responses.get_account_id()
    # MiniStack treats the key IDs 'test' and all 12-digit numbers as root, without verifying signatures. It verifies
    # the signatures of sessions. Requests without a key ID remain root, because MiniStack uses them for public APIs.
    iam_evaluator.is_root_access_key = sts.is_root_access_key = lambda id_: not id_
    root = {"Arn": f"arn:aws:iam::{account}:root", "UserId": account, "SecretAccessKey": secret_key}
    sts.register_session(key_id, {**root, "PrincipalType": "Root"})
    lambda_runtime.execution_credentials = role_credentials(secret_key, sts.register_session)
    apis = server._get_module("apigateway_v1")
    apis._check_request_validation = with_matching_models(apis._check_request_validation)
    apis._media_type_matches = with_all_media_types(apis._media_type_matches)
    lambda_runtime._PYTHON_WORKER_SCRIPT = isolated_worker_script(
        lazy_worker_script(lambda_runtime._PYTHON_WORKER_SCRIPT), _standard_library(), _provided_folders()
    )
    functions = server._get_module("lambda_svc")
    _retry_failed_invocations(functions, server._get_module("sns"), server._get_module("eventbridge"))
    if path := os.environ.pop(FUNCTION_LOG, ""):
        functions._execute_function_dispatch = with_log(functions._execute_function_dispatch, path)

    def is_distribution(host: str) -> bool:
        label = server._parse_cloudfront_dataplane_host(host)
        return label is not None and server._get_module("cloudfront").find_distribution_for_label(label) is not None

    def is_issued(id_: str) -> bool:
        return isinstance(iam_evaluator.resolve_credential(id_), iam_evaluator.ResolvedCredential) if id_ else False

    def is_bucket(name: str) -> bool:
        return server._get_module("s3")._bucket_owner_account(name) is not None

    server.detect_service = with_buckets(server.detect_service, is_bucket)
    server.app = AccessControl(
        Backend(
            app=server.app,
            resolve_domain=server._resolve_custom_domain_request,
            is_distribution=is_distribution,
            is_bucket=is_bucket,
            key_id=router.extract_access_key_id,
            is_issued=is_issued,
        )
    )
    server.main()


if __name__ == "__main__":
    main()
