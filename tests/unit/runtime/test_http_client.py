"""Signatures, connections and retries of the AWS client."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lib.local.emulator import free_port
from lib.runtime import http_client
from lib.runtime.http_client import AwsError, Client

from ...support.fake_aws import FakeAws, RecordedCall, canceled

THROTTLED = (400, {"__type": "com.amazonaws#ThrottlingException", "message": "slow down"})
BROKEN = (500, {"__type": "InternalServerError", "message": "oops"})
REJECTED = (400, {"__type": "ConditionalCheckFailedException", "message": "no"})
SUCCESS: tuple[int, Any] = (200, {"Item": {}})


@pytest.fixture(name="deadline", autouse=True)
def deadline_fixture() -> Iterator[http_client.RetryDeadline]:
    """Reset the deadline of earlier invocations."""
    http_client.DEADLINE.start(float("inf"))
    yield http_client.DEADLINE
    http_client.DEADLINE.start(float("inf"))


@pytest.fixture(name="delays")
def delays_fixture() -> list[float]:
    """Return the delays of the retries of `client`."""
    return []


@pytest.fixture(name="client")
def client_fixture(fake_aws: FakeAws, delays: list[float]) -> Iterator[Client]:
    """Return a client that records delays instead of sleeping."""
    assert fake_aws.url
    client = Client("dynamodb", "DynamoDB_20120810", sleep=delays.append)
    yield client
    client.close()


def signature_by_botocore(call: RecordedCall) -> str:
    """Return the signature that botocore computes for the signed headers of a request."""
    names = call.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest("POST", f"http://{call.headers['host']}/", {n: call.headers[n] for n in names}, call.body)
    request.context["timestamp"] = call.headers["x-amz-date"]
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "dynamodb", "us-east-1")
    canonical_request = auth.canonical_request(request)
    return str(auth.signature(auth.string_to_sign(request, canonical_request), request))


@pytest.mark.parametrize("session_token", ["session-token", None])
def test_signatures_equal_botocore_signatures(
    client: Client, fake_aws: FakeAws, aws_environment: pytest.MonkeyPatch, session_token: str | None
) -> None:
    if session_token is None:
        aws_environment.delenv("AWS_SESSION_TOKEN")
    fake_aws.script = [SUCCESS]
    for _ in range(2):
        client.call("GetItem", {"TableName": "t", "Key": {"id": {"S": "é"}}})
    today = datetime.now(UTC).strftime("%Y%m%d")
    for request in fake_aws.calls:
        assert f"/{today}/us-east-1/dynamodb/aws4_request" in request.headers["authorization"]
        assert request.headers["authorization"].endswith(f"Signature={signature_by_botocore(request)}")
        assert ("x-amz-security-token" in request.headers["authorization"]) == (session_token is not None)


def test_requests_have_a_target_header_and_a_json_body(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [SUCCESS]
    assert client.call("PutItem", {"TableName": "t"}) == {"Item": {}}
    (request,) = fake_aws.calls
    assert request.headers["x-amz-target"] == "DynamoDB_20120810.PutItem"
    assert request.headers["content-type"] == "application/x-amz-json-1.0"
    assert json.loads(request.body) == {"TableName": "t"}


def test_requests_have_the_trace_id_of_the_invocation(
    client: Client, fake_aws: FakeAws, aws_environment: pytest.MonkeyPatch
) -> None:
    aws_environment.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988")
    fake_aws.script = [SUCCESS]
    client.call("GetItem", {})
    assert fake_aws.calls[0].headers["x-amzn-trace-id"] == "Root=1-5759e988"


def test_connections_are_reused(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [SUCCESS]
    for _ in range(3):
        client.call("GetItem", {})
    assert len({request.connection for request in fake_aws.calls}) == 1


def test_connection_is_not_reused_if_the_server_closes_it(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [(200, {}, "close"), SUCCESS]
    client.call("GetItem", {})
    client.call("GetItem", {})
    assert len({request.connection for request in fake_aws.calls}) == 2


def test_closed_idle_connection_is_replaced_without_a_retry(
    client: Client, fake_aws: FakeAws, delays: list[float]
) -> None:
    fake_aws.script = [(200, {}, "then hang up"), SUCCESS]
    client.call("GetItem", {})
    assert fake_aws.closed.wait(60)
    assert client.call("GetItem", {}) == {"Item": {}}
    assert delays == []


@pytest.mark.parametrize("failure", [THROTTLED, BROKEN, (503, b"<html>"), "hang up"], ids=str)
def test_retryable_failures_are_retried_after_delays(
    client: Client, fake_aws: FakeAws, failure: Any, delays: list[float]
) -> None:
    fake_aws.script = [failure, failure, SUCCESS]
    assert client.call("GetItem", {}) == {"Item": {}}
    assert len(delays) == 2
    assert all(0 <= delay <= 1 for delay in delays)


@pytest.mark.parametrize(
    ("failure", "error", "ambiguous"),
    [
        (THROTTLED, "ThrottlingException: slow down", False),
        ("hang up", "NoResponse: RemoteDisconnected", True),
    ],
)
def test_error_is_raised_after_the_last_attempt(
    client: Client, fake_aws: FakeAws, failure: Any, error: str, ambiguous: bool
) -> None:
    fake_aws.script = [failure]
    with pytest.raises(AwsError, match=error) as caught:
        client.call("PutItem", {})
    assert len(fake_aws.calls) == len(http_client.BACKOFF_SECONDS) + 1
    assert caught.value.ambiguous == ambiguous


def test_rejected_call_is_not_retried(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [REJECTED]
    with pytest.raises(AwsError) as caught:
        client.call("PutItem", {})
    assert (caught.value.code, caught.value.status) == ("ConditionalCheckFailedException", 400)
    assert len(fake_aws.calls) == 1


@pytest.mark.parametrize(("before", "ambiguous"), [(BROKEN, True), ("hang up", True), (THROTTLED, False)], ids=str)
def test_rejection_is_ambiguous_only_after_an_attempt_without_a_response(
    client: Client, fake_aws: FakeAws, before: Any, ambiguous: bool
) -> None:
    fake_aws.script = [before, REJECTED]
    with pytest.raises(AwsError) as caught:
        client.call("PutItem", {})
    assert caught.value.ambiguous == ambiguous


def test_connection_error_is_not_ambiguous(delays: list[float], aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    client = Client("dynamodb", "DynamoDB_20120810", sleep=delays.append)
    with pytest.raises(AwsError, match="NoResponse: ConnectionRefusedError") as caught:
        client.call("PutItem", {})
    assert not caught.value.ambiguous


def test_call_all_sends_requests_concurrently(client: Client, fake_aws: FakeAws) -> None:
    barrier = threading.Barrier(2, timeout=60)

    def respond(request: RecordedCall) -> Any:
        barrier.wait()
        return 200, json.loads(request.body)

    fake_aws.script = [respond]
    assert client.call_all(("GetItem", {"n": 1}), ("PutItem", {"n": 2})) == [{"n": 1}, {"n": 2}]
    assert client.call_all(("GetItem", {"n": 3}), ("PutItem", {"n": 4})) == [{"n": 3}, {"n": 4}]
    assert len({request.connection for request in fake_aws.calls}) == 2


@pytest.mark.parametrize("failure", [THROTTLED, BROKEN, "hang up"], ids=str)
def test_call_all_retries_only_failed_calls(
    client: Client, fake_aws: FakeAws, failure: Any, delays: list[float]
) -> None:
    failures = iter([failure, failure])
    fake_aws.script = [lambda request: next(failures, SUCCESS) if b"2" in request.body else SUCCESS]
    assert client.call_all(("GetItem", {"n": 1}), ("PutItem", {"n": 2})) == [SUCCESS[1], SUCCESS[1]]
    assert sorted(json.loads(request.body)["n"] for request in fake_aws.calls) == [1, 2, 2, 2]
    assert len(delays) == 2


def test_call_all_raises_the_error_of_a_rejected_call(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [lambda request: REJECTED if b"1" in request.body else SUCCESS]
    with pytest.raises(AwsError, match="ConditionalCheckFailedException"):
        client.call_all(("GetItem", {"n": 1}), ("PutItem", {"n": 2}))
    fake_aws.script = [SUCCESS]
    assert client.call("GetItem", {}) == SUCCESS[1]


def test_client_without_backoff_does_not_retry(fake_aws: FakeAws) -> None:
    fake_aws.script = [BROKEN]
    client = Client("dynamodb", "DynamoDB_20120810", backoff=())
    with pytest.raises(AwsError, match="oops"):
        client.call("GetItem", {})
    assert len(fake_aws.calls) == 1
    client.close()


def test_call_is_not_retried_if_the_deadline_is_near(
    client: Client, fake_aws: FakeAws, deadline: http_client.RetryDeadline
) -> None:
    deadline.start(1.0)
    fake_aws.script = [BROKEN, SUCCESS]
    with pytest.raises(AwsError, match="InternalServerError"):
        client.call("GetItem", {})


def test_calls_of_an_invocation_share_its_deadline(
    client: Client, fake_aws: FakeAws, deadline: http_client.RetryDeadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline.start(http_client.RETRY_SECONDS + http_client.RESPONSE_SECONDS + 60)
    fake_aws.script = [BROKEN, SUCCESS]
    assert client.call("GetItem", {}) == {"Item": {}}
    minute_later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: minute_later)
    fake_aws.script = [BROKEN, SUCCESS]
    with pytest.raises(AwsError, match="InternalServerError"):
        client.call("GetItem", {})


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_transaction_is_retried_after_a_transient_cancellation(client: Client, fake_aws: FakeAws, reason: str) -> None:
    fake_aws.script = [canceled("None", reason), (200, {})]
    client.call("TransactWriteItems", {})
    assert len(fake_aws.calls) == 2


@pytest.mark.parametrize("codes", [("ConditionalCheckFailed", "None"), ("None",), ("ValidationError", "None")])
def test_transaction_is_not_retried_after_another_cancellation(
    client: Client, fake_aws: FakeAws, codes: tuple[str, ...]
) -> None:
    fake_aws.script = [canceled(*codes)]
    with pytest.raises(AwsError):
        client.call("TransactWriteItems", {})
    assert len(fake_aws.calls) == 1


@pytest.mark.parametrize(
    ("region", "suffix", "host"),
    [
        ("eu-west-1", None, "dynamodb.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com", "dynamodb.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn", "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu", "dynamodb.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_endpoint_has_the_region_and_the_dns_suffix_of_the_partition(
    aws_environment: pytest.MonkeyPatch, region: str, suffix: str | None, host: str
) -> None:
    aws_environment.delenv("AWS_DNS_SUFFIX", raising=False)
    if suffix:
        aws_environment.setenv("AWS_DNS_SUFFIX", suffix)
    endpoint = http_client.endpoint("dynamodb", region)
    assert endpoint == f"https://{host}"


def test_endpoint_of_a_service_overrides_the_common_endpoint(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL", "http://all")
    aws_environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb")
    assert http_client.endpoint("dynamodb", "us-east-1") == "http://dynamodb"
    assert http_client.endpoint("sns", "us-east-1") == "http://all"


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_client_without_a_region_reads_the_environment_at_its_first_call(
    fake_aws: FakeAws, aws_environment: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        aws_environment.delenv(name, raising=False)
    client = Client("dynamodb", "DynamoDB_20120810")
    with pytest.raises(ValueError, match=r"^AWS_REGION must be the region of .*, got no value\. Set the variable\.$"):
        client.call("GetItem", {})
    aws_environment.setenv(variable, "eu-west-1")
    fake_aws.script = [SUCCESS]
    assert client.call("GetItem", {}) == SUCCESS[1]
    assert "/eu-west-1/dynamodb/" in fake_aws.calls[0].headers["authorization"]
    client.close()


def test_client_creates_its_tls_context_before_the_first_call(aws_environment: pytest.MonkeyPatch) -> None:
    contexts: list[str] = []
    aws_environment.setattr(http_client, "_tls_context", lambda: contexts.append("created"))
    Client("dynamodb", "DynamoDB_20120810")
    assert contexts == ["created"]


def test_https_endpoints_use_tls(fake_aws: FakeAws, delays: list[float], aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL", fake_aws.url.replace("http:", "https:"))
    client = Client("dynamodb", "DynamoDB_20120810", sleep=delays.append)
    with pytest.raises(AwsError, match="NoResponse: SSL"):
        client.call("GetItem", {})
    assert fake_aws.calls == []


def test_no_request_is_sent_after_the_deadline(
    client: Client, fake_aws: FakeAws, deadline: http_client.RetryDeadline
) -> None:
    deadline.start(0)
    fake_aws.script = [SUCCESS]
    with pytest.raises(AwsError, match="NoResponse: TimeoutError: deadline exceeded") as caught:
        client.call("PutItem", {})
    assert not caught.value.ambiguous
    assert fake_aws.calls == []


def test_attempts_time_out_before_the_invocation(
    deadline: http_client.RetryDeadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    timeout = http_client.CONNECT_TIMEOUT_SECONDS + http_client.READ_TIMEOUT_SECONDS
    deadline.start(timeout + http_client.RESPONSE_SECONDS + 60)
    assert deadline.attempt_deadline() == 100.0 + timeout
    deadline.start(1.0)
    assert deadline.attempt_deadline() == pytest.approx(101.0 - http_client.RESPONSE_SECONDS)


def test_concurrent_calls_share_one_timeout(fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client("dynamodb", "DynamoDB_20120810", backoff=())
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    barrier = threading.Barrier(2, timeout=60)

    def respond_late(_: RecordedCall) -> Any:
        barrier.wait()
        now[0] = 200.0
        return SUCCESS

    fake_aws.script = [respond_late]
    with pytest.raises(AwsError, match="deadline exceeded") as caught:
        client.call_all(("GetItem", {}), ("PutItem", {}))
    assert caught.value.ambiguous
    client.close()
