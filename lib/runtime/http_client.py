"""Signed calls to one AWS service, over kept connections.

It does what botocore does between a call and its bytes (Signature Version 4, timeouts, retries with backoff, connection
reuse), at a third of its processor time, which at 128 MB of memory is what a caller waits for.  See `benchmarks/`.
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

from .credentials import Credentials, CredentialSource

CONNECT_TIMEOUT_SECONDS = 0.5
READ_TIMEOUT_SECONDS = float(os.environ.get("TAP_READ_TIMEOUT_SECONDS", "1.5"))
"""A local run sets a longer one, because an emulator on a busy machine can take longer than DynamoDB."""
ANSWER_SECONDS = 0.2
"""What is kept of an invocation's time for its answer."""
RETRY_SECONDS = 1.0
"""The time that must be left for another attempt of a call. It is shorter than a first attempt may take: most calls
take milliseconds, and an attempt ends with its invocation. With a timeout of 5 seconds, a function that gets no
response gives up after 4.5 seconds and three attempts: that is above the threshold of the duration alarm of `items`."""
DNS_SUFFIX_VARIABLE = "AWS_DNS_SUFFIX"
"""Environment variable with the DNS suffix of the function's partition, e.g. `amazonaws.com.cn`. A function definition
cannot set it: names that begin with `AWS_` are reserved."""
PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""A random part of each is waited before another attempt."""
RANDOM = random.SystemRandom()
"""Workers that begin from one snapshot would all draw the same numbers from `random`."""

THROTTLES = frozenset(
    (
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    )
)
RETRIED = THROTTLES | {"NoAnswer", "TransactionConflictException", "TransactionInProgressException"}

CONFLICT = "TransactionConflict"
TRANSIENT = frozenset((CONFLICT, "ThrottlingError", "ProvisionedThroughputExceeded"))
"""Why a transaction may be cancelled that would go through a moment later."""

_encode = json.JSONEncoder(separators=(",", ":")).encode

Sleep = Callable[[float], None]


class Budget:
    """How long this invocation may go on trying: an answer must be out before Lambda ends the function."""

    def __init__(self) -> None:
        self._end = float("inf")

    def begin(self, seconds: float) -> None:
        """An invocation begins, with so many seconds left to it."""
        self._end = time.monotonic() + seconds - ANSWER_SECONDS

    def spent(self, needed_seconds: float | None = None) -> bool:
        """Return whether less time than needed is left; by default, than one attempt can take."""
        needed = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS if needed_seconds is None else needed_seconds
        return time.monotonic() + needed > self._end

    def attempt_deadline(self) -> float:
        """Return the time, on the monotonic clock, by which an attempt that starts now must end."""
        return min(time.monotonic() + CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS, self._end)


BUDGET = Budget()


class AwsError(Exception):
    """AWS refused the call, or did not answer it."""

    def __init__(self, code: str, message: str, status: int, body: dict[str, Any], ambiguous: bool = False) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.body = body
        self.ambiguous = ambiguous
        """An attempt of the same call may have been carried out although its answer was lost."""


Call = tuple[str, dict[str, Any]]
"""An operation and its request."""


class Message(NamedTuple):
    """What of a request its protocol decides."""

    headers: dict[str, str]
    """Signed ones."""
    body: bytes


class Client:
    """One AWS service that speaks JSON.  Made once per worker; may be used by several threads at once."""

    def __init__(
        self,
        service: str,
        target: str = "",
        json_version: str = "1.0",
        *,
        credentials: CredentialSource | None = None,
        sleep: Sleep = time.sleep,
        pauses: Sequence[float] = PAUSES_SECONDS,
    ) -> None:
        """`pauses` has an entry for each attempt after the first."""
        env = os.environ
        self._service = service
        self._target = target
        self._content_type = f"application/x-amz-json-{json_version}"
        self._region = env.get("AWS_REGION") or env["AWS_DEFAULT_REGION"]
        address = urlsplit(endpoint(service, self._region))
        self._host = address.netloc
        self._tls = _tls() if address.scheme == "https" else None
        self._credentials = credentials or CredentialSource()
        self._sleep = sleep
        self._pauses = pauses
        self._idle: list[http.client.HTTPConnection] = []
        self._signing_key: tuple[str, bytes] = ("", b"")

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one operation; raises `AwsError`."""
        return self.call_all((operation, request))[0]

    def call_all(self, *calls: Call, final: Container[str] = ()) -> list[dict[str, Any]]:
        """Carry out operations side by side, in the time of the slowest; raises the first `AwsError` that stays.

        A transaction that is cancelled for a reason in `final` is not tried again.
        """
        messages = [self._message(*call) for call in calls]
        answers: list[dict[str, Any]] = [{} for _ in calls]
        pending: dict[int, bool] = dict.fromkeys(range(len(calls)), False)
        pauses = iter(self._pauses)
        while True:
            failed: list[AwsError] = []
            # One deadline for all: connections that time out one after another would outlast the invocation.
            deadline = BUDGET.attempt_deadline()
            begun = [(n, ambiguous, self._begun(messages[n], deadline)) for n, ambiguous in pending.items()]
            for number, ambiguous, connection in begun:
                try:
                    answers[number] = self._finished(connection, deadline)
                    del pending[number]
                except AwsError as exc:
                    pending[number] = exc.ambiguous = ambiguous or exc.ambiguous
                    failed.append(exc)
            if not failed:
                return answers
            pause = next(pauses, None)
            for error in failed:
                if pause is None or BUDGET.spent(RETRY_SECONDS) or not worth_retrying(error, final):
                    raise error
            self._sleep(RANDOM.uniform(0, pause or 0.0))

    def close(self) -> None:
        """Close the kept connections; the next call opens another."""
        while self._idle:
            self._idle.pop().close()

    def _message(self, operation: str, request: dict[str, Any]) -> Message:
        return Message({"x-amz-target": f"{self._target}.{operation}"}, _encode(request).encode())

    def _understood(self, status: int, answer: bytes) -> dict[str, Any]:
        """What an answer says; raises `AwsError` if it is a refusal."""
        try:
            found: dict[str, Any] = json.loads(answer) if answer else {}
        except ValueError:
            found = {}
        if status == 200:
            return found
        code = str(found.get("__type") or f"HTTP{status}").rpartition("#")[2]
        message = str(found.get("message") or found.get("Message") or "")
        raise AwsError(code, message, status, found, ambiguous=status >= 500)

    def _begun(self, message: Message, deadline: float) -> http.client.HTTPConnection | AwsError:
        """The connection over which a request has gone out, or why it has not."""
        sent = False
        connection = self._kept() or self._made()
        try:
            if connection.sock is None:
                connection.timeout = _seconds_until(deadline, CONNECT_TIMEOUT_SECONDS)
                connection.connect()
            connection.sock.settimeout(_seconds_until(deadline, READ_TIMEOUT_SECONDS))
            sent = True
            connection.request("POST", "/", message.body, self._headers(message))
            return connection
        except (OSError, http.client.HTTPException) as exc:
            return _no_answer(connection, exc, sent)

    def _finished(self, connection: http.client.HTTPConnection | AwsError, deadline: float) -> dict[str, Any]:
        if isinstance(connection, AwsError):
            raise connection
        try:
            connection.sock.settimeout(_seconds_until(deadline, READ_TIMEOUT_SECONDS))
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as exc:
            raise _no_answer(connection, exc, True) from exc
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return self._understood(response.status, answer)

    def _kept(self) -> http.client.HTTPConnection | None:
        """A kept connection, unless the other side has closed it while the worker slept: then it is readable."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread may have taken the last
                return None
            if not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()

    def _made(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host)
        return http.client.HTTPSConnection(self._host, context=self._tls)

    def _headers(self, message: Message) -> dict[str, str]:
        credentials = self._credentials.get()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        signed = {"host": self._host, "x-amz-date": stamp, **message.headers}
        if credentials.session_token:
            signed = {**signed, "x-amz-security-token": credentials.session_token}
        names = sorted(signed)
        canonical = "\n".join(
            [
                "POST",
                "/",
                "",
                *(f"{n}:{signed[n]}" for n in names),
                "",
                ";".join(names),
                hashlib.sha256(message.body).hexdigest(),
            ]
        )
        scope = f"{stamp[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._key(credentials, scope), text.encode(), "sha256").hexdigest()
        headers = {
            **signed,
            "content-type": self._content_type,
            "authorization": f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={signature}",
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        return {**headers, "x-amzn-trace-id": trace} if trace else headers

    def _key(self, credentials: Credentials, scope: str) -> bytes:
        """The day's signing key: four digests, made anew only when the day or the credentials change."""
        name = f"{credentials.secret_access_key}/{scope}"
        held, key = self._signing_key
        if held != name:
            key = f"AWS4{credentials.secret_access_key}".encode()
            for part in scope.split("/"):
                key = hmac.new(key, part.encode(), "sha256").digest()
            self._signing_key = (name, key)
        return key


@cache
def _tls() -> ssl.SSLContext:
    """One for all connections of all clients: loading the certificates takes longer than any call."""
    return ssl.create_default_context()


def _seconds_until(deadline: float, at_most: float) -> float:
    """Return the timeout of a step of an attempt. Raise `TimeoutError` if the deadline has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("no time is left for the call")
    return min(seconds, at_most)


def _no_answer(connection: http.client.HTTPConnection, exc: Exception, sent: bool) -> AwsError:
    connection.close()
    return AwsError("NoAnswer", f"{type(exc).__name__}: {exc}", 0, {}, ambiguous=sent)


def endpoint(service: str, region: str) -> str:
    """Where a service is asked: AWS's own address, or the one that the environment gives."""
    env = os.environ
    given = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL")
    return given or f"https://{service}.{region}.{env.get(DNS_SUFFIX_VARIABLE, 'amazonaws.com')}"


def worth_retrying(error: AwsError, final: Container[str] = ()) -> bool:
    """Whether the same call might succeed a moment later."""
    if error.code == "TransactionCanceledException":
        codes = [reason.get("Code") for reason in error.body.get("CancellationReasons", ())]
        return any(code in TRANSIENT and code not in final for code in codes)
    return error.status >= 500 or error.code in RETRIED
