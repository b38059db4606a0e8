"""The items API over HTTP."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

import pytest

from ..conftest import Http, assert_error


@pytest.fixture(name="item_id")
def item_id_fixture() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture(name="origin")
def origin_fixture(outputs: dict[str, Any]) -> str:
    if outputs["cors_origin"] == "none":
        pytest.skip("the deployment allows no CORS origin")
    return str(outputs["cors_origin"]).partition(",")[0]


def test_item_is_created_read_updated_and_deleted(http: Http, item_id: str) -> None:
    created = http("POST", "/items", {"ItemId": item_id, "price": 1.25})
    assert created.status == 201
    path = f"/items/{item_id}/{quote(created.body['CreatedAt'])}"
    assert http("GET", f"/items/{item_id}").body == created.body
    assert http("GET", path).body == created.body
    assert http("PUT", f"/items/{item_id}", {"price": 2}).body["price"] == 2
    assert http("PUT", path, {"stock": 3}).body == {**created.body, "price": 2, "stock": 3}
    assert http("DELETE", path).status == 204
    assert_error(http("GET", path), 404, "NOT_FOUND")
    assert_error(http("DELETE", f"/items/{item_id}"), 404, "NOT_FOUND")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"ItemId": ""}'])
def test_invalid_bodies_are_rejected(http: Http, body: bytes) -> None:
    assert_error(http("POST", "/items", body), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("PATCH", "/items"), ("POST", "/items/a"), ("GET", "/")]
)
def test_unknown_routes_are_not_found(http: Http, method: str, path: str) -> None:
    assert_error(http(method, path, {} if method != "GET" else None), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/items", "GET,POST"), ("/items/a", "GET,PUT,DELETE"), ("/items/a/b", "GET,PUT,DELETE")],
)
def test_preflight_response_allows_the_methods_of_the_path(http: Http, origin: str, path: str, methods: str) -> None:
    response = http("OPTIONS", path, Origin=origin)
    assert response.status == 204
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-methods"] == f"{methods},OPTIONS"
    assert {"Idempotency-Key", "X-Correlation-Id"} <= {*response.headers["access-control-allow-headers"].split(",")}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "/items", None), ("GET", "/items/none", None), ("POST", "/items", b"{"), ("GET", "/nothing", None)],
    ids=["success", "error of the function", "error of API Gateway", "unknown path"],
)
def test_all_responses_have_cors_headers(http: Http, origin: str, method: str, path: str, body: Any) -> None:
    headers = http(method, path, body, Origin=origin).headers
    assert headers["access-control-allow-origin"] == origin
    assert {"X-Request-Id", "X-Correlation-Id"} <= {*headers["access-control-expose-headers"].split(",")}


@pytest.mark.parametrize("path", ["/items", "/items/none"])
def test_responses_have_the_correlation_id_of_the_request(http: Http, path: str) -> None:
    response = http("GET", path, X_Correlation_Id="night-run-7")
    assert response.headers["x-correlation-id"] == "night-run-7" != response.headers["x-request-id"]
