"""A minimal client of AWS services: Signature Version 4, timeouts, retries with backoff, and connection reuse.

It takes a third of botocore's processor time, which determines the latency of functions with 128 MB of memory. See
`benchmarks/`.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import random
import select
import ssl
import time
from collections.abc import Container, Sequence
from functools import cache
from typing import Any, Callable, NamedTuple
from urllib.parse import urlsplit

from .credentials import CredentialProvider, Credentials

CONNECT_TIMEOUT_SECONDS = 0.5
READ_TIMEOUT_SECONDS = float(os.environ.get("TAP_READ_TIMEOUT_SECONDS", "1.5"))
"""Timeout of a response. Local deployments increase it, because the emulator can be slower than DynamoDB."""
RESPONSE_SECONDS = 0.2
"""Part of an invocation's time that is reserved for its response."""
RETRY_SECONDS = 1.0
"""Minimum remaining time for a retry. It is shorter than the timeout of an attempt, because most calls take only
milliseconds and the invocation's deadline limits each attempt. For example, a function with a timeout of 5 seconds that
gets no response fails after three attempts and 4.5 seconds, which exceeds the duration alarm threshold of `items`."""
DNS_SUFFIX_VARIABLE = "AWS_DNS_SUFFIX"
"""Environment variable with the DNS suffix of the function's partition, such as `amazonaws.com.cn`. A function
definition cannot set it, because names with the prefix `AWS_` are reserved."""
BACKOFF_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Maximum delay before each retry. The delay is random (full jitter)."""
RANDOM = random.SystemRandom()
"""Random numbers that differ between execution environments restored from the same SnapStart snapshot."""

THROTTLES = frozenset(
    (
        "KmsThrottled",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    )
)
NO_RESPONSE = "NoResponse"
"""Error code of calls without a response."""
RETRYABLE = THROTTLES | {NO_RESPONSE, "TransactionConflictException", "TransactionInProgressException"}

CONFLICT = "TransactionConflict"
TRANSIENT = frozenset((CONFLICT, "ThrottlingError", "ProvisionedThroughputExceeded"))
"""Cancellation reasons after which a transaction can succeed on retry."""

_encode = json.JSONEncoder(separators=(",", ":")).encode

Sleep = Callable[[float], None]


class RetryDeadline:
    """Deadline of the current invocation for calls to AWS: `RESPONSE_SECONDS` before its timeout."""

    def __init__(self) -> None:
        self._end = float("inf")

    def start(self, seconds: float) -> None:
        """Set the deadline of an invocation that times out in `seconds`."""
        self._end = time.monotonic() + seconds - RESPONSE_SECONDS

    @property
    def is_started(self) -> bool:
        """Whether a deadline is set. It is not during the initialization of an execution environment."""
        return self._end != float("inf")

    def is_exceeded(self, needed_seconds: float | None = None) -> bool:
        """Return whether less than `needed_seconds` remain. Default (None): the timeout of one attempt."""
        needed = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS if needed_seconds is None else needed_seconds
        return time.monotonic() + needed > self._end

    def remaining_seconds(self) -> float:
        """Return the time until the invocation times out."""
        return max(0.0, self._end + RESPONSE_SECONDS - time.monotonic())

    def attempt_deadline(self) -> float:
        """Return the time (`time.monotonic`) at which an attempt that starts now times out."""
        return min(time.monotonic() + CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS, self._end)


DEADLINE = RetryDeadline()


class AwsError(Exception):
    """An error response of AWS, or a call without a response (`NO_RESPONSE`)."""

    def __init__(self, code: str, message: str, status: int, body: dict[str, Any], ambiguous: bool = False) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.body = body
        self.ambiguous = ambiguous
        """Whether AWS might have executed an attempt of the call that failed without a response or with a server
        error."""


Call = tuple[str, dict[str, Any]]
"""Name of an operation, and its parameters."""


class HttpRequest(NamedTuple):
    """The parts of an HTTP request that depend on the protocol of the AWS service."""

    headers: dict[str, str]
    """Additional signed headers."""
    body: bytes


class Client:
    """A thread-safe client of an AWS service with a JSON protocol. It reuses connections."""

    def __init__(
        self,
        service: str,
        target: str = "",
        json_version: str = "1.0",
        *,
        credentials: CredentialProvider | None = None,
        sleep: Sleep = time.sleep,
        backoff: Sequence[float] = BACKOFF_SECONDS,
    ) -> None:
        """`backoff` contains the maximum delay before each retry. An empty sequence disables retries.

        Without a region in the environment, the client reads the region at its first call. So a module with a client
        can be imported anywhere, such as by tests and by a service definition.
        """
        self._service = service
        self._target = target
        self._content_type = f"application/x-amz-json-{json_version}"
        self._region = self._host = ""
        self._tls: ssl.SSLContext | None = None
        self._credentials = credentials or CredentialProvider()
        self._sleep = sleep
        self._backoff = backoff
        self._idle: list[http.client.HTTPConnection] = []
        self._signing_key: tuple[str, bytes] = ("", b"")
        # In Lambda, the TLS context is created in the initialization phase, which has the most CPU.
        if region := _region():
            self._connect_to(region)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Call an operation, with retries. Raise `AwsError` if it fails."""
        return self.call_all((operation, request))[0]

    def call_all(self, *calls: Call, not_retried: Container[str] = ()) -> list[dict[str, Any]]:
        """Call operations concurrently, with retries. Return their responses in order, or raise the first `AwsError`.

        A transaction with a cancellation reason in `not_retried` is not retried.
        """
        if not self._region:
            self._connect_to(_region())
        requests = [self._to_http(*call) for call in calls]
        responses: list[dict[str, Any]] = [{} for _ in calls]
        pending: dict[int, bool] = dict.fromkeys(range(len(calls)), False)
        delays = iter(self._backoff)
        while True:
            errors: list[AwsError] = []
            # All calls share one deadline: the sum of separate timeouts could exceed the time of the invocation.
            deadline = DEADLINE.attempt_deadline()
            sent = [(n, ambiguous, self._send(requests[n], deadline)) for n, ambiguous in pending.items()]
            for number, ambiguous, connection in sent:
                try:
                    responses[number] = self._receive(connection, deadline)
                    del pending[number]
                except AwsError as exc:
                    pending[number] = exc.ambiguous = ambiguous or exc.ambiguous
                    errors.append(exc)
            if not errors:
                return responses
            delay = next(delays, None)
            for error in errors:
                if delay is None or DEADLINE.is_exceeded(RETRY_SECONDS) or not is_retryable(error, not_retried):
                    raise error
            self._sleep(RANDOM.uniform(0, delay or 0.0))

    def close(self) -> None:
        """Close the idle connections. Later calls open new ones."""
        while self._idle:
            self._idle.pop().close()

    def _connect_to(self, region: str) -> None:
        if not region:
            raise ValueError("AWS_REGION must be the region of the AWS calls, got no value. Set the variable.")
        url = urlsplit(endpoint(self._service, region))
        self._host = url.netloc
        self._tls = _tls_context() if url.scheme == "https" else None
        self._region = region

    def _to_http(self, operation: str, request: dict[str, Any]) -> HttpRequest:
        return HttpRequest({"x-amz-target": f"{self._target}.{operation}"}, _encode(request).encode())

    def _parse(self, status: int, raw: bytes) -> dict[str, Any]:
        """Return the parsed body of a response. Raise `AwsError` for an error response."""
        try:
            body: dict[str, Any] = json.loads(raw) if raw else {}
        except ValueError:
            body = {}
        if status == 200:
            return body
        code = str(body.get("__type") or f"HTTP{status}").rpartition("#")[2]
        message = str(body.get("message") or body.get("Message") or "")
        raise AwsError(code, message, status, body, ambiguous=status >= 500)

    def _send(self, request: HttpRequest, deadline: float) -> http.client.HTTPConnection | AwsError:
        """Send a request. Return its connection, or the error if sending failed."""
        is_connected = False
        connection = self._idle_connection() or self._new_connection()
        try:
            if connection.sock is None:
                connection.timeout = _seconds_until(deadline, CONNECT_TIMEOUT_SECONDS)
                connection.connect()
            connection.sock.settimeout(_seconds_until(deadline, READ_TIMEOUT_SECONDS))
            is_connected = True
            connection.request("POST", "/", request.body, self._headers(request))
            return connection
        except (OSError, http.client.HTTPException) as exc:
            return _no_response(connection, exc, is_connected)

    def _receive(self, connection: http.client.HTTPConnection | AwsError, deadline: float) -> dict[str, Any]:
        if isinstance(connection, AwsError):
            raise connection
        try:
            connection.sock.settimeout(_seconds_until(deadline, READ_TIMEOUT_SECONDS))
            response = connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException) as exc:
            raise _no_response(connection, exc, True) from exc
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return self._parse(response.status, raw)

    def _idle_connection(self) -> http.client.HTTPConnection | None:
        """Return an idle connection, if there is one that the server has not closed."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:  # Checking the length first would not be thread-safe.
                return None
            # A connection that the server has closed is readable.
            if not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()

    def _new_connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host)
        return http.client.HTTPSConnection(self._host, context=self._tls)

    def _headers(self, request: HttpRequest) -> dict[str, str]:
        """Return the headers of a request, with its signature (Signature Version 4)."""
        credentials = self._credentials.get()
        timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        signed = {"host": self._host, "x-amz-date": timestamp, **request.headers}
        if credentials.session_token:
            signed = {**signed, "x-amz-security-token": credentials.session_token}
        names = sorted(signed)
        canonical_request = "\n".join(
            [
                "POST",
                "/",
                "",
                *(f"{n}:{signed[n]}" for n in names),
                "",
                ";".join(names),
                hashlib.sha256(request.body).hexdigest(),
            ]
        )
        scope = f"{timestamp[:8]}/{self._region}/{self._service}/aws4_request"
        digest = hashlib.sha256(canonical_request.encode()).hexdigest()
        string_to_sign = f"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"
        signature = hmac.new(self._derive_key(credentials, scope), string_to_sign.encode(), "sha256").hexdigest()
        headers = {
            **signed,
            "content-type": self._content_type,
            "authorization": f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={signature}",
        }
        trace_id = os.environ.get("_X_AMZN_TRACE_ID")
        return {**headers, "x-amzn-trace-id": trace_id} if trace_id else headers

    def _derive_key(self, credentials: Credentials, scope: str) -> bytes:
        """Return the signing key, which is cached until the date or the credentials change."""
        inputs = f"{credentials.secret_access_key}/{scope}"
        cached_inputs, key = self._signing_key
        if cached_inputs != inputs:
            key = f"AWS4{credentials.secret_access_key}".encode()
            for part in scope.split("/"):
                key = hmac.new(key, part.encode(), "sha256").digest()
            self._signing_key = (inputs, key)
        return key


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the TLS context of all clients, because loading the certificates takes longer than a call."""
    return ssl.create_default_context()


def _seconds_until(deadline: float, maximum: float) -> float:
    """Return the timeout of a step of an attempt. Raise `TimeoutError` if the deadline has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("deadline exceeded")
    return min(seconds, maximum)


def _no_response(connection: http.client.HTTPConnection, exc: Exception, is_connected: bool) -> AwsError:
    connection.close()
    return AwsError(NO_RESPONSE, f"{type(exc).__name__}: {exc}", 0, {}, ambiguous=is_connected)


def _region() -> str:
    """Return the region in the environment, or an empty string."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""


def endpoint(service: str, region: str) -> str:
    """Return the endpoint: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, or the Regional endpoint of AWS."""
    env = os.environ
    configured = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL")
    return configured or f"https://{service}.{region}.{env.get(DNS_SUFFIX_VARIABLE, 'amazonaws.com')}"


def is_retryable(error: AwsError, not_retried: Container[str] = ()) -> bool:
    """Return whether a retry of the call can succeed."""
    if error.code == "TransactionCanceledException":
        codes = [reason.get("Code") for reason in error.body.get("CancellationReasons", ())]
        return any(code in TRANSIENT and code not in not_retried for code in codes)
    return error.status >= 500 or error.code in RETRYABLE
