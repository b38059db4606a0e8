"""Lambda authorizers, and the claims of callers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.runtime.authorizers import Allow, AuthorizationRequest, Authorizer, Decision, Deny
from lib.runtime.claims import claims_of
from lib.runtime.errors import Forbidden, Unauthorized
from lib.runtime.event_handler import Api, InvalidCredentials, Request, Response, Route
from lib.runtime.http_client import AwsError

from ...support.lambda_context import Context
from .test_event_handler import accept

API_ARN = "arn:aws:execute-api:eu-west-1:123456789012:api"
TOKEN = {"type": "TOKEN", "authorizationToken": "Bearer abc", "methodArn": f"{API_ARN}/dev/GET/parcels/7"}
REQUEST = {
    "type": "REQUEST",
    "methodArn": f"{API_ARN}/dev/GET/parcels/7",
    "httpMethod": "GET",
    "resource": "/parcels/{id}",
    "headers": {"AUTHORIZATION": "bearer  abc", "X-Token": "xyz"},
    "queryStringParameters": {"token": "q"},
    "pathParameters": {"id": "7%2F8"},
    "requestContext": {"requestId": "request-1"},
}
HEADER = ("header", "Authorization")


@pytest.fixture(autouse=True)
def _function_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "parcels-desk-dev")


class Invocations:
    """A function with one authorizer, and the requests that its operation received."""

    def __init__(self, result: Any, source: Any = HEADER, optional: bool = False) -> None:
        self.requests: list[AuthorizationRequest] = []
        self._result = result
        authorizer = Authorizer(self._decide, source, optional)
        self._api = Api({}, {}, "", authorizers={"TOKEN": authorizer, "REQUEST": authorizer})

    def _decide(self, request: AuthorizationRequest) -> Decision:
        self.requests.append(request)
        if isinstance(self._result, Exception):
            raise self._result
        decision: Decision = self._result
        return decision

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        return self._api(event, Context())


def log_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return line


@pytest.mark.parametrize("event", [TOKEN, REQUEST], ids=lambda event: event["type"])
def test_policy_allows_every_route_because_it_is_cached(event: dict[str, Any]) -> None:
    policy = Invocations(Allow("ada", {"scope": "read"}))(event)
    (statement,) = policy["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", f"{API_ARN}/dev/*")
    assert (policy["principalId"], policy["context"]) == ("ada", {"scope": "read"})


@pytest.mark.parametrize("result", [Deny("ada"), Forbidden("no")], ids=["returned", "raised"])
def test_policy_denies_every_route(result: Any, capsys: pytest.CaptureFixture[str]) -> None:
    policy = Invocations(result)(TOKEN)
    (statement,) = policy["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", f"{API_ARN}/dev/*")
    assert log_line(capsys)["status"] == 403


def test_invalid_credentials_have_the_message_that_api_gateway_expects(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidCredentials, match=r"^Unauthorized$"):
        Invocations(Unauthorized("The token has expired."))(REQUEST)
    line = log_line(capsys)
    assert (line["message"], line["level"], line["status"]) == ("authorization", "INFO", 401)
    assert (line["requestId"], line["Unauthorized"], line["FunctionName"]) == ("request-1", 1, "parcels-desk-dev")


def test_allowed_request_is_logged_without_its_token(capsys: pytest.CaptureFixture[str]) -> None:
    Invocations(Allow("ada"))(TOKEN)
    line = log_line(capsys)
    assert (line["status"], line["authorizer"], line["Unauthorized"]) == (200, "TOKEN", 0)
    assert line["requestId"] == "invocation-1"
    assert not [word for word in ("abc", "ada") if word in json.dumps(line)]


@pytest.mark.parametrize("result", [KeyError("bug"), AwsError("Throttled", "", 500, {})], ids=repr)
def test_failure_is_no_rejection(result: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(type(result)):
        Invocations(result)(TOKEN)
    assert log_line(capsys)["status"] == 500


def test_operation_must_return_a_decision() -> None:
    with pytest.raises(TypeError, match="must return Allow or Deny, got bool"):
        Invocations(True)(TOKEN)


def test_operation_receives_the_token_and_the_request() -> None:
    function = Invocations(Allow("ada"))
    function(TOKEN)
    function(REQUEST)
    assert len(function.requests) == 2
    by_token, by_request = function.requests[0], function.requests[1]
    assert by_token[:3] == ("abc", "GET /parcels/7", TOKEN["methodArn"])
    assert (by_token.headers, by_token.query, by_token.path) == ({}, {}, {})
    assert by_request[:3] == ("abc", "GET /parcels/{id}", REQUEST["methodArn"])
    assert (by_request.headers["x-token"], by_request.query, by_request.path) == ("xyz", {"token": "q"}, {"id": "7/8"})
    assert by_request.event["httpMethod"] == "GET"


@pytest.mark.parametrize("arn", [f"{API_ARN}/dev/GET", f"{API_ARN}/dev/GET/"])
def test_method_of_the_root_has_a_path(arn: str) -> None:
    function = Invocations(Allow())
    assert function({**TOKEN, "methodArn": arn})["policyDocument"]["Statement"][0]["Resource"] == f"{API_ARN}/dev/*"
    assert function.requests[0].route == "GET /"


@pytest.mark.parametrize(
    ("source", "token"),
    [(("header", "x-TOKEN"), "xyz"), (("querystring", "token"), "q"), (("querystring", "TOKEN"), ""), (None, "")],
)
def test_token_is_the_first_identity_source(source: Any, token: str) -> None:
    function = Invocations(Allow(), source)
    function(REQUEST)
    assert function.requests[0].token == token


def test_http_api_receives_a_policy_for_invalid_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    policy = Invocations(Unauthorized("The token has expired."))({**REQUEST, "version": "1.0"})
    (statement,) = policy["policyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    line = log_line(capsys)
    # The invocation succeeds, so the alarm on errors has nothing to subtract.
    assert (line["status"], line["Unauthorized"]) == (403, 0)


@pytest.mark.parametrize("headers", [None, {}, {"authorization": ""}, {"authorization": "Bearer "}])
def test_optional_authorizer_allows_requests_without_a_token(headers: Any) -> None:
    function = Invocations(Unauthorized("no token"), optional=True)
    policy = function({**REQUEST, "headers": headers})
    assert (policy["principalId"], policy["context"], function.requests) == ("anonymous", {}, [])
    with pytest.raises(InvalidCredentials):
        function(REQUEST)


def test_context_has_only_values_that_api_gateway_accepts() -> None:
    values = {
        "text": "a",
        "number": 1.5,
        "flag": True,
        "list": ["a", 2],
        "object": {"a": [1]},
        "nested": [{"a": 1}],
        "nothing": None,
        "claims": "x",
        "principalId": "eve",
        "integrationLatency": 1,
    }
    assert Invocations(Allow("ada", values))(TOKEN)["context"] == {
        "text": "a",
        "number": 1.5,
        "flag": True,
        "list": "a,2",
        "object": '{"a":[1]}',
        "nested": '[{"a":1}]',
    }


def received(authorizer: Any, scope: str = "", identity: Any = None) -> tuple[dict[str, Any], list[Request]]:
    """Send a request with the result of an authorizer to a route."""
    requests: list[Request] = []

    def operation(request: Request) -> Response:
        requests.append(request)
        return Response(200, "{}")

    api = Api({("GET", "/a"): Route(operation, None, accept, {}, scope=scope)}, {}, "")
    context = {"requestId": "r", "authorizer": authorizer, "identity": identity}
    return api({"resource": "/a", "httpMethod": "GET", "requestContext": context}, Context()), requests


def test_context_of_an_authorizer_becomes_claims() -> None:
    _, (request,) = received({"principalId": "ada", "integrationLatency": 7, "role": "admin"})
    assert (request.actor, request.owner, request.claims) == ("ada", "ada", {"role": "admin"})


def test_anonymous_principal_is_no_owner() -> None:
    _, (request,) = received({"principalId": "anonymous"})
    assert (request.actor, request.owner, request.claims) == ("anonymous", "", {})
    _, (request,) = received({"principalId": "anonymous"}, identity={"apiKeyId": "key-1"})
    assert (request.actor, request.owner) == ("key-1", "")


@pytest.mark.parametrize(
    ("authorizer", "claims"),
    [
        ({"claims": {"sub": "ada"}}, {"sub": "ada"}),
        ({"claims": "text", "principalId": "ada"}, {}),
        (None, {}),
    ],
)
def test_claims_of_a_user_pool_token_or_none(authorizer: Any, claims: dict[str, str]) -> None:
    assert claims_of({"requestContext": {"authorizer": authorizer}}) == claims
    assert claims_of({}) == {}


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"scope": "orders:read orders:admin"}, 200),
        ({"scp": "orders:admin"}, 200),
        ({"scp": "orders:read,orders:admin"}, 200),
        ({"scope": "orders:admin-2 other/orders:admin"}, 403),
        ({"scope": ""}, 403),
        ({}, 403),
    ],
)
def test_claims_must_contain_the_scope_of_the_route(claims: dict[str, str], status: int) -> None:
    response, requests = received({"principalId": "ada", **claims}, "orders:admin")
    assert (response["statusCode"], len(requests)) == (status, int(status == 200))


def test_context_for_an_http_api_contains_the_principal() -> None:
    invocations = Invocations(Allow("ada", {"role": "admin"}))
    assert "principalId" not in invocations(REQUEST)["context"]
    context = invocations({**REQUEST, "version": "1.0"})["context"]
    assert (context["principalId"], context["role"]) == ("ada", "admin")
