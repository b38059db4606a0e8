"""Idempotent operations: requests with one key run the operation once, also at the same time and after a crash."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.runtime import http_client
from lib.runtime.errors import ApiError, BadRequest, Conflict, IdempotencyConflict, RequestInProgress
from lib.runtime.event_handler import Request, Response
from lib.runtime.http_client import DEADLINE, AwsError
from lib.runtime.idempotent import CLOCK_SKEW_SECONDS, MAX_RESPONSE_BYTES, idempotent

from ...support.fake_aws import FakeAws

TIMEOUT_SECONDS = 30.0
HEADERS = {"Location": "orders/1", "ETag": '"1"'}


class Operation:
    """An operation that counts its executions."""

    def __init__(self, run: Callable[[], Response] = lambda: Response(201, '{"id": 1}', HEADERS)) -> None:
        self.executions = 0
        self._run = run
        self._lock = threading.Lock()

    def __call__(self, _: Request) -> Response:
        with self._lock:
            self.executions += 1
        return self._run()


def decorated(
    operation: Operation, now: Callable[[], float] = time.time, **options: Any
) -> Callable[[Request], Response]:
    """Return the operation as the generated module `index.py` decorates it."""
    return idempotent("IDEMPOTENCY_TABLE", now=now, **options)(operation)


def a_request(key: str | None = "key", body: Any = None, caller: str = "ann", **path: str) -> Request:
    headers = {} if key is None else {"idempotency-key": key}
    return Request("POST /orders", path, {}, headers, body or {"sku": "PEN"}, caller, "request-1")


@pytest.fixture(autouse=True)
def _invocation(records: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start an invocation. The emulator does not accept the connections of all racing requests within 0.5 seconds."""
    assert records
    monkeypatch.setattr(http_client, "CONNECT_TIMEOUT_SECONDS", 10)
    DEADLINE.start(TIMEOUT_SECONDS)


def test_repeated_request_gets_the_recorded_response() -> None:
    operation = Operation()
    run = decorated(operation)
    assert [run(a_request()), run(a_request())] == [Response(201, '{"id": 1}', HEADERS)] * 2
    assert operation.executions == 1


@pytest.mark.parametrize("other", [a_request("other"), a_request(caller="bob"), a_request(None)])
def test_other_key_or_caller_runs_the_operation(other: Request) -> None:
    operation = Operation()
    run = decorated(operation)
    run(a_request())
    run(other)
    assert operation.executions == 2


@pytest.mark.parametrize("other", [a_request(body={"sku": "CAP"}), a_request(order_id="7")])
def test_key_of_another_request_is_rejected(other: Request) -> None:
    operation = Operation()
    run = decorated(operation)
    run(a_request())
    with pytest.raises(IdempotencyConflict):
        run(other)
    assert operation.executions == 1


def test_operation_without_a_response_can_be_repeated() -> None:
    operation = Operation(lambda: None)  # type: ignore[arg-type,return-value]  # the subject of the test
    for _ in range(2):
        with pytest.raises(TypeError, match="POST /orders must return a Response, got NoneType"):
            decorated(operation)(a_request())
    assert operation.executions == 2


def test_response_that_is_not_unicode_is_not_recorded() -> None:
    operation = Operation(lambda: Response(201, "\ud800"))
    assert decorated(operation)(a_request()).body == "\ud800"
    with pytest.raises(RequestInProgress):
        decorated(operation)(a_request())


def test_invalid_key_is_rejected() -> None:
    with pytest.raises(BadRequest, match="Idempotency-Key must be"):
        decorated(Operation())(a_request(" "))


def race(operation: Operation, rejections: threading.Barrier, now: Callable[[], float] = time.time) -> list[str]:
    """Send concurrent requests with one key, one for each party of a barrier. Return their results.

    The operation and the rejected requests wait at the barrier, so the operation finishes after the other requests.
    """

    def send(_: int) -> str:
        DEADLINE.start(TIMEOUT_SECONDS)
        try:
            return str(decorated(operation, now)(a_request()).body)
        except RequestInProgress as exc:
            rejections.wait(20)
            return exc.code if 1 <= int(exc.headers["Retry-After"]) <= TIMEOUT_SECONDS + CLOCK_SKEW_SECONDS else ""

    with ThreadPoolExecutor(rejections.parties) as threads:
        return sorted(threads.map(send, range(rejections.parties)))


def waiting_at(barrier: threading.Barrier) -> Operation:
    def run() -> Response:
        barrier.wait(20)
        return Response(201, "{}")

    return Operation(run)


def test_concurrent_requests_run_the_operation_once() -> None:
    rejections = threading.Barrier(8)
    operation = waiting_at(rejections)
    assert race(operation, rejections) == ["REQUEST_IN_PROGRESS"] * 7 + ["{}"]
    assert operation.executions == 1
    assert decorated(operation)(a_request()).body == "{}"


def test_request_after_a_crash_runs_the_operation_when_the_first_has_timed_out() -> None:
    clock = [1_000_000.0]
    crashes, continues = threading.Event(), threading.Event()

    def freeze() -> Response:
        crashes.set()
        assert continues.wait(20)
        return Response(201, "first")

    first = Operation(freeze)
    second = Operation(lambda: Response(201, "second"))
    with ThreadPoolExecutor(1) as threads:
        # The thread represents an execution environment that is frozen before its operation finishes.
        frozen = threads.submit(decorated(first, lambda: clock[0]), a_request())
        assert crashes.wait(20)
        run = decorated(second, lambda: clock[0])
        clock[0] += TIMEOUT_SECONDS
        with pytest.raises(RequestInProgress):
            run(a_request())
        clock[0] += CLOCK_SKEW_SECONDS + 1
        with pytest.raises(IdempotencyConflict):
            run(a_request(body={"sku": "CAP"}))
        assert run(a_request()).body == "second"
        continues.set()
        assert frozen.result().body == "first"
    # The first request does not replace the record of the second one.
    assert run(a_request()).body == "second"
    assert (first.executions, second.executions) == (1, 1)


def test_one_of_several_requests_takes_over_after_a_crash() -> None:
    clock = [1_000_000.0]
    started, release = threading.Event(), threading.Event()

    def freeze() -> Response:
        started.set()
        assert release.wait(20)
        return Response(201, "frozen")

    rejections = threading.Barrier(8)
    operation = waiting_at(rejections)
    with ThreadPoolExecutor(1) as threads:
        frozen = threads.submit(decorated(Operation(freeze), lambda: clock[0]), a_request())
        assert started.wait(20)
        clock[0] += TIMEOUT_SECONDS + CLOCK_SKEW_SECONDS + 1
        results = race(operation, rejections, lambda: clock[0])
        release.set()
        assert frozen.result().body == "frozen"
    assert (results, operation.executions) == (["REQUEST_IN_PROGRESS"] * 7 + ["{}"], 1)


def test_record_expires() -> None:
    clock = [1_000_000.0]
    operation = Operation()
    run = decorated(operation, lambda: clock[0])
    run(a_request())
    clock[0] += 24 * 3600 + 1
    run(a_request(body={"sku": "CAP"}))
    assert operation.executions == 2


@pytest.mark.parametrize("error", [BadRequest("no"), RuntimeError("bug"), SystemExit()])
def test_failed_operation_is_run_again(error: BaseException, emulator: Emulator, records: str) -> None:
    def fail() -> Response:
        raise error

    with pytest.raises(type(error)):
        decorated(Operation(fail))(a_request())
    assert emulator.client("dynamodb").scan(TableName=records)["Items"] == []
    operation = Operation()
    decorated(operation)(a_request(body={"sku": "corrected"}))
    assert operation.executions == 1


def test_error_response_is_not_recorded() -> None:
    operation = Operation(lambda: Response(422, "{}"))
    run = decorated(operation)
    assert [run(a_request()).status, run(a_request()).status] == [422, 422]
    assert operation.executions == 2


def test_response_that_is_too_large_is_not_repeated() -> None:
    operation = Operation(lambda: Response(200, "x" * (MAX_RESPONSE_BYTES + 1)))
    run = decorated(operation)
    assert len(run(a_request()).body) == MAX_RESPONSE_BYTES + 1
    with pytest.raises(Conflict, match="its response is too large to be repeated"):
        run(a_request())
    assert operation.executions == 1


def test_claim_without_a_response_of_dynamodb_is_recognized(wire: FakeAws) -> None:
    operation = Operation()
    wire.script = ["lose", "pass"]
    decorated(operation)(a_request())
    assert operation.executions == 1


THROTTLED = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"})


@pytest.mark.parametrize("failure", ["hang up", THROTTLED], ids=str)
def test_response_is_returned_although_it_cannot_be_recorded(
    wire: FakeAws, capsys: pytest.CaptureFixture[str], failure: Any
) -> None:
    def stop_dynamodb() -> Response:
        DEADLINE.start(0.3)
        wire.script = [failure]
        return Response(201, "{}")

    assert decorated(Operation(stop_dynamodb))(a_request()).status == 201
    assert '"message":"response not recorded"' in capsys.readouterr().out


@pytest.mark.parametrize("failure", ["hang up", THROTTLED], ids=str)
def test_error_of_the_operation_is_raised_although_the_record_cannot_be_deleted(
    wire: FakeAws, capsys: pytest.CaptureFixture[str], failure: Any
) -> None:
    def fail() -> Response:
        DEADLINE.start(0.3)
        wire.script = [failure]
        raise BadRequest("no")

    with pytest.raises(ApiError, match="no"):
        decorated(Operation(fail))(a_request())
    assert '"message":"idempotency record not deleted"' in capsys.readouterr().out


def test_operation_does_not_run_without_a_record(wire: FakeAws) -> None:
    wire.script = ["hang up"]
    operation = Operation()
    with pytest.raises(AwsError):
        decorated(operation)(a_request())
    assert operation.executions == 0


def a_delivery(identifier: str, attempt: int) -> Request:
    return Request("POST /hooks", {}, {}, {"x-delivery": identifier}, {"attempt": attempt}, "anonymous", "request-1")


def test_key_in_another_header_is_used_and_named_in_errors() -> None:
    operation = Operation()
    run = decorated(operation, header="X-Delivery")
    assert [run(a_delivery("d1", 1)), run(a_delivery("d1", 1))] == [Response(201, '{"id": 1}', HEADERS)] * 2
    assert operation.executions == 1
    with pytest.raises(IdempotencyConflict, match=r"^This X-Delivery was already used with a different request"):
        run(a_delivery("d1", 2))
    with pytest.raises(BadRequest, match=r"^X-Delivery must be 1 to 255 printable ASCII characters"):
        run(a_delivery(" d1", 1))


def test_key_in_another_header_is_named_while_the_first_request_runs() -> None:
    def repeat() -> Response:
        with pytest.raises(RequestInProgress, match=r"^An earlier request with this X-Delivery has not finished"):
            run(a_delivery("d2", 1))
        return Response(202)

    run = decorated(Operation(repeat), header="X-Delivery")
    assert run(a_delivery("d2", 1)).status == 202


def test_other_request_with_a_used_key_gets_the_recorded_response_if_requests_are_not_compared() -> None:
    operation = Operation()
    run = decorated(operation, header="X-Delivery", compares_requests=False)
    assert [run(a_delivery("d3", attempt)).status for attempt in (1, 2)] == [201, 201]
    assert operation.executions == 1
