"""The items API over HTTP."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

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


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"ItemId": ""}'])
def test_a_wrong_body_is_refused(http: Http, body: bytes) -> None:
    refused(http("POST", "/items", body), 400, "INVALID_REQUEST")


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
