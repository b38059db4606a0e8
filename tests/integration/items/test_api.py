"""The items API over HTTP."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urljoin

import pytest

from ..conftest import Http, refused


@pytest.fixture(name="item_id")
def item_id_fixture() -> str:
    """An id nobody else uses."""
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture(name="origin")
def origin_fixture(outputs: dict[str, Any]) -> str:
    """The first allowed CORS origin."""
    if outputs["cors_origin"] == "none":
        pytest.skip("this deployment lets in no page of another origin")
    return str(outputs["cors_origin"]).partition(",")[0]


def test_an_item_lives_and_dies(http: Http, item_id: str) -> None:
    made = http("POST", "/items", {"ItemId": item_id, "price": 1.25})
    assert made.status == 201
    where = f"/items/{item_id}/{quote(made.body['CreatedAt'])}"
    assert http("GET", f"/items/{item_id}").body == made.body
    assert http("GET", where).body == made.body
    assert http("PUT", f"/items/{item_id}", {"price": 2}).body["price"] == 2
    assert http("PUT", where, {"stock": 3}).body == {**made.body, "price": 2, "stock": 3}
    assert http("DELETE", where).status == 204
    refused(http("GET", where), 404, "NOT_FOUND")
    refused(http("DELETE", f"/items/{item_id}"), 404, "NOT_FOUND")


def test_the_location_leads_to_the_item(http: Http, item_id: str) -> None:
    made = http("POST", "/items", {"ItemId": item_id})
    whole = urljoin(f"{http.url}/items", made.headers["location"])
    assert http("GET", whole.removeprefix(http.url)).body == made.body


def test_every_json_value_survives(http: Http, item_id: str) -> None:
    given: dict[str, Any] = {
        "integer": 98765432109876543210987654321098765432,
        "unicode": "snö ☃ 🛒",
        "empty": "",
        "nothing": None,
        "flags": [True, False],
        "nested": {"list": [1, [2, {"three": 3}]], "empty": {}},
    }
    http("POST", "/items", {"ItemId": item_id, **given, "decimal": 0.1})
    found = http("GET", f"/items/{item_id}").body
    assert {name: found[name] for name in given} == given
    assert found["decimal"] == Decimal("0.1")


def test_the_same_record_twice_is_a_conflict(http: Http, item_id: str) -> None:
    body = {"ItemId": item_id, "CreatedAt": "2026-01-01"}
    assert http("POST", "/items", body).status == 201
    refused(http("POST", "/items", body), 409, "CONFLICT")


def test_an_idempotency_key_repeats_the_answer(http: Http, item_id: str) -> None:
    first = http("POST", "/items", {"ItemId": item_id}, Idempotency_Key=item_id)
    assert http("POST", "/items", {"ItemId": item_id}, Idempotency_Key=item_id).body == first.body
    refused(http("POST", "/items", {"ItemId": "x"}, Idempotency_Key=item_id), 409, "IDEMPOTENCY_CONFLICT")


def test_pages_follow_each_other(http: Http, item_id: str) -> None:
    for n in range(5):
        http("POST", "/items", {"ItemId": f"{item_id}-{n}"})
    found, path = set(), "/items?page_size=2"
    while path:
        page = http("GET", path).body
        found |= {item["ItemId"] for item in page["items"]}
        path = page["next_page_token"] and f"/items?page_size=2&page_token={page['next_page_token']}"
    assert {f"{item_id}-{n}" for n in range(5)} <= found


@pytest.mark.parametrize("path", ["/items?page_size=0", "/items?colour=red", "/items?page_token=forged"])
def test_a_wrong_query_is_refused(http: Http, path: str) -> None:
    refused(http("GET", path), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b'{"ItemId": ""}', b'{"n": 1e999}'])
def test_a_wrong_body_is_refused(http: Http, body: bytes) -> None:
    refused(http("POST", "/items", body), 400, "INVALID_REQUEST")


def test_another_content_type_is_refused(http: Http) -> None:
    refused(http("POST", "/items", {}, Content_Type="text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_item_that_dynamodb_cannot_hold_is_refused(http: Http) -> None:
    refused(http("POST", "/items", {"text": "x" * 410_000}), 413, "ITEM_TOO_LARGE")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("PATCH", "/items"), ("POST", "/items/a"), ("GET", "/")]
)
def test_what_the_api_does_not_have_is_not_found(http: Http, method: str, path: str) -> None:
    refused(http(method, path, {} if method != "GET" else None), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/items", "GET,POST"), ("/items/a", "GET,PUT,DELETE"), ("/items/a/b", "GET,PUT,DELETE")],
)
def test_a_preflight_is_answered(http: Http, origin: str, path: str, methods: str) -> None:
    answer = http("OPTIONS", path, Origin=origin)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-methods"] == f"{methods},OPTIONS"
    assert {"Idempotency-Key", "X-Correlation-Id"} <= {*answer.headers["access-control-allow-headers"].split(",")}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "/items", None), ("GET", "/items/none", None), ("POST", "/items", b"{"), ("GET", "/nothing", None)],
    ids=["answer", "refusal", "gateway's refusal", "no such path"],
)
def test_cors_is_on_every_answer(http: Http, origin: str, method: str, path: str, body: Any) -> None:
    headers = http(method, path, body, Origin=origin).headers
    assert headers["access-control-allow-origin"] == origin
    assert {"X-Request-Id", "X-Correlation-Id"} <= {*headers["access-control-expose-headers"].split(",")}


@pytest.mark.parametrize("path", ["/items", "/items/none"])
def test_a_callers_correlation_id_comes_back(http: Http, path: str) -> None:
    answer = http("GET", path, X_Correlation_Id="night-run-7")
    assert answer.headers["x-correlation-id"] == "night-run-7" != answer.headers["x-request-id"]


def test_without_one_it_is_the_requests_id(http: Http) -> None:
    for given in ({}, {"X_Correlation_Id": "two words"}):
        answer = http("GET", "/items", **given)
        assert answer.headers["x-correlation-id"] == answer.headers["x-request-id"]


def test_an_item_can_be_sent_back_as_it_was_read(http: Http, item_id: str) -> None:
    made = http("POST", "/items", {"ItemId": item_id, "stock": 3}).body
    assert http("PUT", f"/items/{item_id}", made).body == made
    refused(http("PUT", f"/items/{item_id}", {**made, "CreatedAt": "later"}), 400, "INVALID_REQUEST")
