"""Every string that a client can send reaches an operation unchanged or gets a 400 response."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from lib.assets.validators import query_schema, validator
from lib.model import Schema
from lib.runtime.errors import MAX_MESSAGE_LENGTH, BadRequest
from lib.runtime.event_handler import Api, Request, Response, Route
from lib.runtime.payload import MAX_BODY_BYTES, payload_bytes

from ...support.builders import a_route
from ...support.lambda_context import Context


def validate_of(schema: Schema) -> Any:
    """Return a generated validator."""
    namespace: dict[str, Any] = {}
    exec(validator(schema), namespace)  # noqa: S102  # pylint: disable=exec-used  # generated code, as Lambda imports it
    return namespace["validate"]


BODY = validate_of({"properties": {"once": {"type": "array", "uniqueItems": True}}})
QUERY = validate_of(query_schema(a_route(query={"s": {"type": "string"}, "n": {"type": "integer", "maximum": 9}})))


def send(**event: Any) -> tuple[int, Any, list[Request]]:
    """Return the status and the body of the response, and the requests that the operation received."""
    received: list[Request] = []

    def operation(request: Request) -> Response:
        received.append(request)
        return Response(204)

    api = Api({("POST", "/a/{b}"): Route(operation, BODY, QUERY, {"n": "integer"})}, {}, "")
    defaults = {"resource": "/a/{b}", "httpMethod": "POST", "body": "{}", "requestContext": {"requestId": "r"}}
    response = api({**defaults, **event}, Context())
    return response["statusCode"], json.loads(response["body"] or "null"), received


def assert_rejected(message: str, **event: Any) -> None:
    """Assert that a request gets a 400 response in the common form and does not reach the operation."""
    status, body, received = send(**event)
    assert (status, body["code"], received) == (400, "INVALID_REQUEST", [])
    assert message in body["error"] + " ".join(body["details"])


@pytest.mark.parametrize(
    "text", ["", "\0", "\x1f", "\x7f", "\x85", "é", "e\u0301", "\u2028", "\ufffd", "\U0001f600", '"\\']
)
def test_every_character_reaches_the_operation_unchanged(text: str) -> None:
    status, _, (request,) = send(
        body=json.dumps({text: text}),
        pathParameters={"b": text},
        multiValueQueryStringParameters={"s": [text]},
    )
    assert status == 204
    assert (request.body, request.path, request.query) == ({text: text}, {"b": text}, {"s": text})


@pytest.mark.parametrize("body", ['{"a": "\ud800"}', '{"\udfff": 1}', '{"a": "\\ud800"}', '{"\\uDFFF": 1}'])
def test_unpaired_surrogate_in_a_body_is_rejected(body: str) -> None:
    assert_rejected("unpaired surrogate", body=body)


@pytest.mark.parametrize("value", ["\ud800", "a%20\udfff", "%ED%A0%80", "%ff"])
def test_path_parameter_that_is_not_unicode_is_rejected(value: str) -> None:
    assert_rejected("must be percent-encoded UTF-8", pathParameters={"b": value})


@pytest.mark.parametrize("name", ["s", "n", "\ud800"])
def test_query_parameter_that_is_not_unicode_is_rejected(name: str) -> None:
    assert_rejected("must be percent-encoded UTF-8", multiValueQueryStringParameters={name: ["\ud800"]})


def test_name_of_a_query_parameter_that_is_not_unicode_is_rejected() -> None:
    assert_rejected("query must not contain", multiValueQueryStringParameters={"\ud800": ["x"]})


@pytest.mark.parametrize(
    ("body", "name"),
    [('{"a": 1, "a": 1}', "'a'"), ('{"b": [{"c": 1, "": 2, "\\u0063": 3}]}', "'c'"), ('{"": 1, "": 2}', "''")],
)
def test_object_with_a_duplicate_name_is_rejected(body: str, name: str) -> None:
    assert_rejected(f"JSON objects must have unique names, got {name} more than once.", body=body)


def test_error_for_a_long_duplicate_name_is_truncated() -> None:
    _, body, _ = send(body=json.dumps({"a" * 9999: 1})[:-1] + ', "' + "a" * 9999 + '": 2}')
    assert len(body["error"]) < 200


@pytest.mark.parametrize("number", ["1" * 128, "-" + "1" * 5000, "1" * 5000, "1e" + "9" * 5000, "1e-99999999"])
def test_number_that_dynamodb_cannot_store_is_rejected(number: str) -> None:
    assert_rejected("Numbers in the body must have a magnitude", body=f'{{"a": {number}}}')
    assert_rejected("query.n must be integer", multiValueQueryStringParameters={"n": [number]})


@pytest.mark.parametrize("number", ["1" * 126, "-" + "1" * 126, "0." + "1" * 5000, "1e999"])
def test_other_numbers_reach_the_operation_with_all_digits(number: str) -> None:
    _, _, (request,) = send(body=f'{{"a": {number}}}')
    assert request.body["a"] == Decimal(number)


@pytest.mark.parametrize("depth", [500, 5_000, 100_000])
def test_deeply_nested_body_is_accepted_or_rejected_without_an_internal_error(depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        nested = opening * depth + "1" + closing * depth
        for body in (f'{{"a": {nested}}}', f'{{"once": [{nested}]}}', f'{{"a": "\\ud83d\\ude00", "b": {nested}}}'):
            assert send(body=body)[0] in (204, 400)


def test_body_that_exceeds_the_recursion_limit_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(*_: Any, **__: Any) -> None:
        raise RecursionError

    monkeypatch.setitem(globals(), "BODY", compare)
    assert_rejected("body has too many levels of arrays and objects", body="{}")


LONG_NAME = "Ж" * 60_000


@pytest.mark.parametrize(
    "error",
    [
        BadRequest(f"Names must not start with 'tap#', got {LONG_NAME * 60!r}."),
        BadRequest("Invalid request body; see details.", [f"body must not contain {{{LONG_NAME * 60!r}}} properties"]),
    ],
)
def test_error_with_a_long_name_is_truncated(error: BadRequest) -> None:
    document = error.document("r")
    texts = [document["error"], *document["details"]]
    assert all(len(text) <= MAX_MESSAGE_LENGTH for text in texts)
    assert [text for text in texts if "Ж" in text and text.endswith("...")]


def test_errors_of_the_largest_batch_fit_in_a_response() -> None:
    error = BadRequest("\U0001f600" * 10_000, ["\U0001f600" * 10_000])
    assert 25 * payload_bytes(json.dumps(error.document("r" * 36))) < MAX_BODY_BYTES


def test_error_up_to_the_maximum_length_is_not_truncated() -> None:
    document = BadRequest("e" * MAX_MESSAGE_LENGTH, ["d" * MAX_MESSAGE_LENGTH]).document("r")
    assert (document["error"], document["details"]) == ("e" * MAX_MESSAGE_LENGTH, ["d" * MAX_MESSAGE_LENGTH])
