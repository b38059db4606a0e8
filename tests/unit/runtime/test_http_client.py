"""The signing client: signatures, connections, retries."""

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

from ...support.fake_aws import Asked, FakeAws, canceled

THROTTLED = (400, {"__type": "com.amazonaws#ThrottlingException", "message": "slow down"})
BROKEN = (500, {"__type": "InternalServerError", "message": "oops"})
REFUSED = (400, {"__type": "ConditionalCheckFailedException", "message": "no"})
FINE: tuple[int, Any] = (200, {"Item": {}})


@pytest.fixture(name="budget", autouse=True)
def budget_fixture() -> Iterator[http_client.Budget]:
    """The invocation's time: without a limit, whatever was invoked before."""
    http_client.BUDGET.begin(float("inf"))
    yield http_client.BUDGET
    http_client.BUDGET.begin(float("inf"))


@pytest.fixture(name="pauses")
def pauses_fixture() -> list[float]:
    """How long the client paused, each time that it did."""
    return []


@pytest.fixture(name="client")
def client_fixture(fake_aws: FakeAws, pauses: list[float]) -> Iterator[Client]:
    """A client of the stand-in, in a hurry."""
    assert fake_aws.url
    made = Client("dynamodb", "DynamoDB_20120810", sleep=pauses.append)
    yield made
    made.close()


def signature_by_botocore(asked: Asked) -> str:
    """What botocore makes of the headers that a request says it signed."""
    signed = asked.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest("POST", f"http://{asked.headers['host']}/", {n: asked.headers[n] for n in signed}, asked.body)
    request.context["timestamp"] = asked.headers["x-amz-date"]
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "dynamodb", "us-east-1")
    canonical = auth.canonical_request(request)
    return str(auth.signature(auth.string_to_sign(request, canonical), request))


@pytest.mark.parametrize("session_token", ["session-token", None])
def test_calls_are_signed_as_botocore_would_with_the_key_of_the_day(
    client: Client, fake_aws: FakeAws, aws_environment: pytest.MonkeyPatch, session_token: str | None
) -> None:
    if session_token is None:
        aws_environment.delenv("AWS_SESSION_TOKEN")
    fake_aws.script = [FINE]
    for _ in range(2):
        client.call("GetItem", {"TableName": "t", "Key": {"id": {"S": "é"}}})
    today = datetime.now(UTC).strftime("%Y%m%d")
    for request in fake_aws.asked:
        assert f"/{today}/us-east-1/dynamodb/aws4_request" in request.headers["authorization"]
        assert request.headers["authorization"].endswith(f"Signature={signature_by_botocore(request)}")
        assert ("x-amz-security-token" in request.headers["authorization"]) == (session_token is not None)


def test_a_call_names_its_target_and_carries_json(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [FINE]
    assert client.call("PutItem", {"TableName": "t"}) == {"Item": {}}
    (asked,) = fake_aws.asked
    assert asked.headers["x-amz-target"] == "DynamoDB_20120810.PutItem"
    assert asked.headers["content-type"] == "application/x-amz-json-1.0"
    assert json.loads(asked.body) == {"TableName": "t"}


def test_the_trace_of_the_invocation_is_passed_on(
    client: Client, fake_aws: FakeAws, aws_environment: pytest.MonkeyPatch
) -> None:
    aws_environment.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988")
    fake_aws.script = [FINE]
    client.call("GetItem", {})
    assert fake_aws.asked[0].headers["x-amzn-trace-id"] == "Root=1-5759e988"


def test_one_connection_serves_many_calls(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [FINE]
    for _ in range(3):
        client.call("GetItem", {})
    assert len({asked.connection for asked in fake_aws.asked}) == 1


def test_a_connection_the_server_wants_closed_is_not_kept(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [(200, {}, "close"), FINE]
    client.call("GetItem", {})
    client.call("GetItem", {})
    assert len({asked.connection for asked in fake_aws.asked}) == 2


def test_a_kept_connection_that_went_stale_is_replaced_at_once(
    client: Client, fake_aws: FakeAws, pauses: list[float]
) -> None:
    fake_aws.script = [(200, {}, "then hang up"), FINE]
    client.call("GetItem", {})
    assert fake_aws.closed.wait(60)
    assert client.call("GetItem", {}) == {"Item": {}}
    assert pauses == []


@pytest.mark.parametrize("trouble", [THROTTLED, BROKEN, (503, b"<html>"), "hang up"], ids=str)
def test_what_may_pass_is_tried_again_after_a_pause(
    client: Client, fake_aws: FakeAws, trouble: Any, pauses: list[float]
) -> None:
    fake_aws.script = [trouble, trouble, FINE]
    assert client.call("GetItem", {}) == {"Item": {}}
    assert len(pauses) == 2
    assert all(0 <= pause <= 1 for pause in pauses)


@pytest.mark.parametrize(
    ("trouble", "error", "ambiguous"),
    [
        (THROTTLED, "ThrottlingException: slow down", False),
        ("hang up", "NoAnswer: RemoteDisconnected", True),
    ],
)
def test_error_that_does_not_pass_is_raised_after_the_last_attempt(
    client: Client, fake_aws: FakeAws, trouble: Any, error: str, ambiguous: bool
) -> None:
    fake_aws.script = [trouble]
    with pytest.raises(AwsError, match=error) as caught:
        client.call("PutItem", {})
    assert len(fake_aws.asked) == len(http_client.PAUSES_SECONDS) + 1
    assert caught.value.ambiguous == ambiguous


def test_a_refusal_is_not_tried_again(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [REFUSED]
    with pytest.raises(AwsError) as caught:
        client.call("PutItem", {})
    assert (caught.value.code, caught.value.status) == ("ConditionalCheckFailedException", 400)
    assert len(fake_aws.asked) == 1


@pytest.mark.parametrize(("before", "ambiguous"), [(BROKEN, True), ("hang up", True), (THROTTLED, False)], ids=str)
def test_rejection_is_ambiguous_after_a_lost_response_alone(
    client: Client, fake_aws: FakeAws, before: Any, ambiguous: bool
) -> None:
    fake_aws.script = [before, REFUSED]
    with pytest.raises(AwsError) as caught:
        client.call("PutItem", {})
    assert caught.value.ambiguous == ambiguous


def test_an_endpoint_nobody_listens_at_was_asked_nothing(
    pauses: list[float], aws_environment: pytest.MonkeyPatch
) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    client = Client("dynamodb", "DynamoDB_20120810", sleep=pauses.append)
    with pytest.raises(AwsError, match="NoAnswer: ConnectionRefusedError") as caught:
        client.call("PutItem", {})
    assert not caught.value.ambiguous


def test_calls_together_are_under_way_at_once(client: Client, fake_aws: FakeAws) -> None:
    both = threading.Barrier(2, timeout=60)

    def meet(asked: Asked) -> Any:
        both.wait()
        return 200, json.loads(asked.body)

    fake_aws.script = [meet]
    assert client.call_all(("GetItem", {"n": 1}), ("PutItem", {"n": 2})) == [{"n": 1}, {"n": 2}]
    assert client.call_all(("GetItem", {"n": 3}), ("PutItem", {"n": 4})) == [{"n": 3}, {"n": 4}]
    assert len({asked.connection for asked in fake_aws.asked}) == 2


@pytest.mark.parametrize("trouble", [THROTTLED, BROKEN, "hang up"], ids=str)
def test_of_calls_together_only_those_that_failed_are_tried_again(
    client: Client, fake_aws: FakeAws, trouble: Any, pauses: list[float]
) -> None:
    troubles = iter([trouble, trouble])
    fake_aws.script = [lambda asked: next(troubles, FINE) if b"2" in asked.body else FINE]
    assert client.call_all(("GetItem", {"n": 1}), ("PutItem", {"n": 2})) == [FINE[1], FINE[1]]
    assert sorted(json.loads(asked.body)["n"] for asked in fake_aws.asked) == [1, 2, 2, 2]
    assert len(pauses) == 2


def test_the_refusal_of_one_is_that_of_calls_together(client: Client, fake_aws: FakeAws) -> None:
    fake_aws.script = [lambda asked: REFUSED if b"1" in asked.body else FINE]
    with pytest.raises(AwsError, match="ConditionalCheckFailedException"):
        client.call_all(("GetItem", {"n": 1}), ("PutItem", {"n": 2}))
    fake_aws.script = [FINE]
    assert client.call("GetItem", {}) == FINE[1]


def test_a_client_without_pauses_tries_once(fake_aws: FakeAws) -> None:
    fake_aws.script = [BROKEN]
    hasty = Client("dynamodb", "DynamoDB_20120810", pauses=())
    with pytest.raises(AwsError, match="oops"):
        hasty.call("GetItem", {})
    assert len(fake_aws.asked) == 1
    hasty.close()


def test_no_other_attempt_starts_when_it_might_not_end_in_time(
    client: Client, fake_aws: FakeAws, budget: http_client.Budget
) -> None:
    budget.begin(1.0)
    fake_aws.script = [BROKEN, FINE]
    with pytest.raises(AwsError, match="InternalServerError"):
        client.call("GetItem", {})


def test_calls_of_one_invocation_share_its_time(
    client: Client, fake_aws: FakeAws, budget: http_client.Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget.begin(http_client.RETRY_SECONDS + http_client.ANSWER_SECONDS + 60)
    fake_aws.script = [BROKEN, FINE]
    assert client.call("GetItem", {}) == {"Item": {}}
    minute_later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: minute_later)
    fake_aws.script = [BROKEN, FINE]
    with pytest.raises(AwsError, match="InternalServerError"):
        client.call("GetItem", {})


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_met_another_is_tried_again(client: Client, fake_aws: FakeAws, reason: str) -> None:
    fake_aws.script = [canceled("None", reason), (200, {})]
    client.call("TransactWriteItems", {})
    assert len(fake_aws.asked) == 2


@pytest.mark.parametrize("codes", [("ConditionalCheckFailed", "None"), ("None",), ("ValidationError", "None")])
def test_a_transaction_whose_condition_failed_is_not_tried_again(
    client: Client, fake_aws: FakeAws, codes: tuple[str, ...]
) -> None:
    fake_aws.script = [canceled(*codes)]
    with pytest.raises(AwsError):
        client.call("TransactWriteItems", {})
    assert len(fake_aws.asked) == 1


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


def test_the_endpoint_of_one_service_can_be_given(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL", "http://all")
    aws_environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://one")
    assert http_client.endpoint("dynamodb", "us-east-1") == "http://one"
    assert http_client.endpoint("sns", "us-east-1") == "http://all"


def test_an_https_endpoint_is_spoken_to_in_tls(
    fake_aws: FakeAws, pauses: list[float], aws_environment: pytest.MonkeyPatch
) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL", fake_aws.url.replace("http:", "https:"))
    client = Client("dynamodb", "DynamoDB_20120810", sleep=pauses.append)
    with pytest.raises(AwsError, match="NoAnswer: SSL"):
        client.call("GetItem", {})
    assert fake_aws.asked == []


def test_no_call_goes_out_once_the_time_of_the_invocation_has_passed(
    client: Client, fake_aws: FakeAws, budget: http_client.Budget
) -> None:
    budget.begin(0)
    fake_aws.script = [FINE]
    with pytest.raises(AwsError, match="NoAnswer: TimeoutError: no time is left") as caught:
        client.call("PutItem", {})
    assert not caught.value.ambiguous
    assert fake_aws.asked == []


def test_an_attempt_ends_before_its_invocation_does(
    budget: http_client.Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    longest = http_client.CONNECT_TIMEOUT_SECONDS + http_client.READ_TIMEOUT_SECONDS
    budget.begin(longest + http_client.ANSWER_SECONDS + 60)
    assert budget.attempt_deadline() == 100.0 + longest
    budget.begin(1.0)
    assert budget.attempt_deadline() == pytest.approx(101.0 - http_client.ANSWER_SECONDS)


def test_calls_together_that_get_no_response_share_the_time_of_one(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client("dynamodb", "DynamoDB_20120810", pauses=())
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    both = threading.Barrier(2, timeout=60)

    def respond_late(_: Asked) -> Any:
        both.wait()
        now[0] = 200.0
        return FINE

    fake_aws.script = [respond_late]
    with pytest.raises(AwsError, match="no time is left") as caught:
        client.call_all(("GetItem", {}), ("PutItem", {}))
    assert caught.value.ambiguous
    client.close()
