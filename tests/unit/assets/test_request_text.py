"""Any text that a client can send reaches an operation as it is, or is a 400."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from lib.assets.lambda_archive import query_schema, validator
from lib.model import Schema
from lib.runtime.errors import MAX_MESSAGE_LENGTH, BadRequest
from lib.runtime.event_handler import Api, Request, Response, Route
from lib.runtime.payload import MAX_BODY_BYTES, payload_bytes

from ...support.builders import a_route
from ...support.lambda_context import Context


def validate_of(schema: Schema) -> Any:
    """A generated validator."""
    namespace: dict[str, Any] = {}
    exec(validator(schema), namespace)  # noqa: S102  # pylint: disable=exec-used  # our own code, as Lambda imports it
    return namespace["validate"]


BODY = validate_of({"properties": {"once": {"type": "array", "uniqueItems": True}}})
QUERY = validate_of(query_schema(a_route(query={"s": {"type": "string"}, "n": {"type": "integer", "maximum": 9}})))


def requested(**event: Any) -> tuple[int, Any, list[Request]]:
    """The status and the body of a response, and what the operation was given."""
    given: list[Request] = []

    def operation(request: Request) -> Response:
        given.append(request)
        return Response(204)

    api = Api({("POST", "/a/{b}"): Route(operation, BODY, QUERY, {"n": "integer"})}, {}, "")
    whole = {"resource": "/a/{b}", "httpMethod": "POST", "body": "{}", "requestContext": {"requestId": "r"}, **event}
    answer = api(whole, Context())
    return answer["statusCode"], json.loads(answer["body"] or "null"), given


def rejected(message: str, **event: Any) -> None:
    """A 400 in the common shape, which the operation does not see."""
    status, body, given = requested(**event)
    assert (status, body["code"], given) == (400, "INVALID_REQUEST", [])
    assert message in body["error"] + " ".join(body["details"])


@pytest.mark.parametrize(
    "text", ["", "\0", "\x1f", "\x7f", "\x85", "é", "e\u0301", "\u2028", "\ufffd", "\U0001f600", '"\\']
)
def test_every_character_arrives_as_it_was_sent(text: str) -> None:
    status, _, (request,) = requested(
        body=json.dumps({text: text}),
        pathParameters={"b": text},
        multiValueQueryStringParameters={"s": [text]},
    )
    assert status == 204
    assert (request.body, request.path, request.query) == ({text: text}, {"b": text}, {"s": text})


@pytest.mark.parametrize("body", ['{"a": "\ud800"}', '{"\udfff": 1}', '{"a": "\\ud800"}', '{"\\uDFFF": 1}'])
def test_half_of_a_surrogate_pair_in_a_body_is_rejected(body: str) -> None:
    rejected("unpaired surrogate", body=body)


@pytest.mark.parametrize("value", ["\ud800", "a%20\udfff", "%ED%A0%80", "%ff"])
def test_a_part_of_a_path_that_is_not_unicode_is_rejected(value: str) -> None:
    rejected("must be percent-encoded UTF-8", pathParameters={"b": value})


@pytest.mark.parametrize("name", ["s", "n", "\ud800"])
def test_a_query_parameter_that_is_not_unicode_is_rejected(name: str) -> None:
    rejected("must be percent-encoded UTF-8", multiValueQueryStringParameters={name: ["\ud800"]})


def test_a_name_of_a_query_parameter_that_is_not_unicode_is_rejected() -> None:
    rejected("query must not contain", multiValueQueryStringParameters={"\ud800": ["x"]})


@pytest.mark.parametrize(
    ("body", "name"),
    [('{"a": 1, "a": 1}', "'a'"), ('{"b": [{"c": 1, "": 2, "\\u0063": 3}]}', "'c'"), ('{"": 1, "": 2}', "''")],
)
def test_a_name_that_an_object_has_twice_is_rejected(body: str, name: str) -> None:
    rejected(f"JSON objects must have unique names, got {name} more than once.", body=body)


def test_a_long_name_that_an_object_has_twice_is_quoted_in_part() -> None:
    _, body, _ = requested(body=json.dumps({"a" * 9999: 1})[:-1] + ', "' + "a" * 9999 + '": 2}')
    assert len(body["error"]) < 200


@pytest.mark.parametrize("number", ["1" * 128, "-" + "1" * 5000, "1" * 5000, "1e" + "9" * 5000])
def test_a_number_that_is_beyond_any_that_can_be_stored_is_rejected(number: str) -> None:
    rejected("a number that is too large to store", body=f'{{"a": {number}}}')
    rejected("query.n must be integer", multiValueQueryStringParameters={"n": [number]})


@pytest.mark.parametrize("number", ["1" * 126, "-" + "1" * 126, "0." + "1" * 5000, "1e999"])
def test_any_other_number_arrives_to_the_last_digit(number: str) -> None:
    _, _, (request,) = requested(body=f'{{"a": {number}}}')
    assert request.body["a"] == Decimal(number)


@pytest.mark.parametrize("depth", [500, 5_000, 100_000])
def test_a_body_that_is_nested_deeply_arrives_or_is_rejected(depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        nested = opening * depth + "1" + closing * depth
        for body in (f'{{"a": {nested}}}', f'{{"once": [{nested}]}}', f'{{"a": "\\ud83d\\ude00", "b": {nested}}}'):
            assert requested(body=body)[0] in (204, 400)


def test_values_that_are_nested_too_deeply_to_be_compared_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(*_: Any, **__: Any) -> None:
        raise RecursionError

    monkeypatch.setitem(globals(), "BODY", compare)
    rejected("body has too many levels of arrays and objects", body="{}")


LONG_NAME = "Ж" * 60_000


@pytest.mark.parametrize(
    "raised",
    [
        BadRequest(f"{LONG_NAME * 60}: names that start with 'tap#' are reserved."),
        BadRequest("Invalid request body; see details.", [f"body must not contain {{{LONG_NAME * 60!r}}} properties"]),
    ],
)
def test_an_error_quotes_of_a_long_name_only_the_beginning(raised: BadRequest) -> None:
    document = raised.document("r")
    texts = [document["error"], *document["details"]]
    assert all(len(text) <= MAX_MESSAGE_LENGTH for text in texts)
    assert [text for text in texts if "Ж" in text and text.endswith("...")]


def test_the_errors_of_the_largest_batch_can_be_sent() -> None:
    error = BadRequest("\U0001f600" * 10_000, ["\U0001f600" * 10_000])
    assert 25 * payload_bytes(json.dumps(error.document("r" * 36))) < MAX_BODY_BYTES


def test_an_error_of_usual_length_is_sent_whole() -> None:
    document = BadRequest("e" * MAX_MESSAGE_LENGTH, ["d" * MAX_MESSAGE_LENGTH]).document("r")
    assert (document["error"], document["details"]) == ("e" * MAX_MESSAGE_LENGTH, ["d" * MAX_MESSAGE_LENGTH])
