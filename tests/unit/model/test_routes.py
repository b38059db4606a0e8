"""Paths, methods, content types, parameters and calls of routes."""

from __future__ import annotations

from typing import Any

import pytest

from lib.model import Api, Call, Route, Throttle
from lib.model.matching import matching_route
from lib.model.media_types import FORM, binary_media_types, is_json, is_text

from ...support.builders import a_function, a_route, a_service

ORDER = {"type": "object", "properties": {"copies": {"type": "integer"}}}


def of_routes(*routes: Route, **changes: Any) -> Any:
    """Return a service with routes."""
    return a_service(functions=(a_function(*routes),), **changes)


@pytest.mark.parametrize("path", ["/", "/a", "/{key+}", "/a/{b}/{key+}", "/a.b/c_d-e"])
def test_path_is_accepted(path: str) -> None:
    assert of_routes(a_route(path=path)).routes()[0][1].path == path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": ""}, "route path must be / or segments"),
        ({"path": "/a/"}, "got '/a/'. Remove the trailing slash: API Gateway calls the same route"),
        ({"path": "//"}, "route path must be / or segments"),
        ({"path": "/{key+}/a"}, r"got '/{key\+}/a'. Only the last segment can be greedy."),
        ({"path": "/a{b}"}, "route path must be / or segments"),
        ({"path": None}, "Route GET None path must be a string, got None"),
        ({"operation": len}, "operation must be a string, got <built-in function len>. Use its name: 'len'.$"),
        ({"operation": None}, "Route GET /parcels operation must be a string, got None.$"),
        (
            {"content_types": "text/plain"},
            r"content_types must be a tuple of strings, got .* \('text/plain',\)\.$",
        ),
        ({"errors": 404}, r"Route GET /parcels errors must be a tuple of integers, got 404. A tuple .* \(404,\)\.$"),
        ({"scope": 5}, "Route GET /parcels scope must be a string or None, got 5"),
        ({"method": "OPTIONS"}, "route method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, ANY, got 'OPTIONS'"),
        ({"method": "HEAD", "body": "Order"}, "route HEAD /parcels body must be None for the method HEAD, got 'Order'"),
        ({"method": "ANY", "body": "Order"}, "body must be None for the method ANY"),
        (
            {"method": "ANY", "throttle": Throttle(rate_per_second=1, burst=1)},
            "route ANY /parcels throttle must be None for the method ANY, got .* add a route for each method",
        ),
        ({"content_types": ("text",)}, "content_types must be lowercase media types without parameters, got 'text'."),
        ({"content_types": ("Text/Plain",)}, "content_types must be lowercase media types"),
        ({"content_types": ("text/plain; charset=utf-8",)}, "content_types must be lowercase media types"),
        ({"content_types": ("*/png",)}, "content_types must be lowercase media types"),
        ({"method": "POST", "body": "Order", "content_types": ("image/png",)}, "got 'image/png'. Set body to None"),
        ({"responses": {200: "Image/PNG"}}, r"responses\[200\] must be lowercase media types .* got 'Image/PNG'"),
        (
            {"responses": {200: ("image/png", "Parcel")}},
            r"responses\[200\] must be lowercase media types .* got \('ima",
        ),
        ({"responses": {200: ("image/png", 5)}}, r"responses\[200\] must be lowercase media types .* got \('ima"),
        ({"responses": {200: ()}}, r"responses\[200\] must be lowercase media types .* got \(\)"),
        ({"errors": (999,)}, "errors must be HTTP statuses from 400 to 599, such as 404, got 999"),
        ({"errors": (404, 200)}, "errors must be HTTP statuses from 400 to 599, such as 404, got 200"),
        ({"max_body_bytes": 0}, "max_body_bytes must be from 1 to 6291456, got 0"),
        ({"max_body_bytes": 6_291_457}, "max_body_bytes must be from 1 to 6291456, got 6291457"),
        ({"max_body_bytes": "1 MB"}, "max_body_bytes must be an integer or None, got '1 MB'"),
        ({"idempotency_header": "X-Id"}, "idempotency_header must be unset without idempotency, got 'X-Id'. Set"),
        ({"idempotent": True, "idempotency_header": "a b"}, "idempotency_header must be the name of a header with a"),
        ({"idempotent": True, "idempotency_header": "Cookie"}, "idempotency_header must be the name .*, got 'Cookie'"),
        ({"idempotency_compares_requests": False}, "idempotency_compares_requests must be True without idempotency"),
        ({"headers": {"Content-Type": {}}}, "headers must be named .* got 'Content-Type'"),
        ({"headers": {"a b": {}}}, "headers must be named with letters, digits, '-' and '_', .* got 'a b'"),
        ({"headers": {"X-A": {}, "x-a": {}}}, "headers must be unique, got 'x-a' more than once"),
        ({"path": "/{id}/a/{id+}"}, r"parameter of the route path '/{id}/a/{id\+}' must be unique, got 'id' more than"),
        ({"responses": {600: None}}, "responses must be by HTTP status, such as 200, got 600"),
        ({"responses": {100: None}}, "responses must be by HTTP status, such as 200, got 100"),
        ({"responses": {"200": None}}, "responses must be by HTTP status, such as 200, got '200'"),
        ({"authorizer": "token", "scope": "a,b"}, r"route scope must be one word of ASCII .*, or empty, got 'a,b'"),
        ({"authorizer": "token", "scope": "[a]"}, r"route scope must be one word of ASCII .*, or empty, got '\[a\]'"),
    ],
)
def test_invalid_route_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_route(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"headers": {"X-A": {"type": "object"}}},
            "route POST /parcels header X-A/type must be one of boolean, integer",
        ),
        ({"headers": {"X-A": {"type": "string", "contentSize": 1}}}, "header X-A/contentSize is not supported"),
        ({"query": {"a": {"type": "array"}}}, "query parameter a/type must be .* or array with items of one of these"),
        ({"query": {"a": {"type": "array", "items": {"type": "object"}}}}, "query parameter a/type must be"),
        ({"query": {"a": 5}}, "query\\['a'\\] must be a mapping, got 5"),
        ({"query": {"a": {"type": "string", "required": "yes"}}}, "query parameter a/required must be"),
        ({"responses": {200: "Missing"}}, r"responses\[200\] must be .* \(Order, List, Deep\), got 'Missing'\.$"),
        (
            {"body": "Orders"},
            r"route POST /parcels body must be the name of .*, got 'Orders'\. Did you mean 'Order'\?$",
        ),
        ({"body": "List", "content_types": (FORM,)}, "schema List/type must be 'object' because a form has fields"),
        ({"body": "Deep", "content_types": (FORM,)}, "schema Deep/properties/a/type must be one of boolean"),
    ],
)
def test_route_that_does_not_fit_the_service_is_rejected(changes: dict[str, Any], message: str) -> None:
    schemas = {
        "Order": ORDER,
        "List": {"type": "array", "items": {}},
        "Deep": {"type": "object", "properties": {"a": {"type": "object"}}},
    }
    with pytest.raises(ValueError, match=message):
        of_routes(a_route(method="POST", **changes), schemas=schemas)


def test_form_requires_a_schema_that_exists() -> None:
    with pytest.raises(ValueError, match="body must be the name of one of the schemas"):
        of_routes(a_route(method="POST", body="Missing", content_types=(FORM,)))


def test_parameters_below_a_segment_have_one_name() -> None:
    of_routes(a_route(path="/a/{id}"), a_route(path="/a/{id}/b/{id2}"), a_route(path="/b/{key+}"))
    for other in ("/a/{name}/b", "/a/{id+}"):
        with pytest.raises(ValueError, match=r"must have the same parameter below /a, got {id} and {.*} in .*: rename"):
            of_routes(a_route(path="/a/{id}"), a_route(path=other))
    with pytest.raises(ValueError, match=r"same parameter below /, got {a} and {b}"):
        of_routes(a_route(path="/{a}"), a_route(path="/{b}"))


@pytest.mark.parametrize(("method", "scope"), [("GET", "read"), ("HEAD", "read"), ("POST", "write"), ("ANY", "write")])
def test_default_scope_depends_on_the_method(method: str, scope: str) -> None:
    assert a_route(method=method).required_scope() == scope


def test_required_parameters() -> None:
    assert a_route(path="/{key+}").has_required_parameters()
    assert a_route(query={"q": {"required": True}}).has_required_parameters()
    assert a_route(headers={"X-A": {"required": True}}).has_required_parameters()
    assert not a_route(query={"q": {"required": False}, "r": {}}).has_required_parameters()


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([a_route(responses={200: "text/html"})], []),
        ([a_route(responses={200: "Order", 204: None})], []),
        ([a_route(responses={200: "application/problem+json"})], []),
        ([a_route(content_types=("text/csv", FORM, "image/svg+xml"))], []),
        (
            [a_route(content_types=("image/*", "application/pdf")), a_route(content_types=("image/*",))],
            ["application/pdf", "image/*"],
        ),
        ([a_route(content_types=("image/*", "*/*"))], ["*/*"]),
        ([a_route(content_types=("image/*",)), a_route(responses={200: "image/png"})], ["*/*"]),
        ([], []),
    ],
)
def test_binary_media_types(routes: list[Route], expected: list[str]) -> None:
    assert binary_media_types(routes) == expected


def test_media_types_of_text_and_json() -> None:
    assert [*map(is_text, ("text/x", "application/xml", "application/soap+xml", "application/zip"))] == [True] * 3 + [
        False
    ]
    assert [*map(is_json, ("application/json", "application/ld+json", "text/json"))] == [True, True, False]


@pytest.mark.parametrize(
    ("method", "path", "calls"),
    [
        ("GET", "/a/b/c?x=1", True),
        ("DELETE", "/a/b/", True),
        ("GET", "/a", False),
        ("GET", "/a/", False),
        ("OPTIONS", "/a/b", False),
    ],
)
def test_call_of_a_greedy_path_with_any_method(method: str, path: str, calls: bool) -> None:
    call = Call(method=method, path=path, status=200)
    assert call.calls(a_route(method="ANY", path="/a/{key+}")) == calls


def test_call_of_the_root_and_with_a_trailing_slash() -> None:
    assert Call(method="GET", path="/?a=1", status=200).calls(a_route(path="/"))
    assert Call(method="GET", path="", status=200).calls(a_route(path="/"))
    assert Call(method="GET", path="/parcels/", status=200).calls(a_route())
    assert not Call(method="GET", path="/parcels/a/", status=200).calls(a_route())


def test_body_of_a_call() -> None:
    def encode(**changes: Any) -> tuple[bytes | None, str]:
        return Call(method="POST", path="/", status=200, **changes).encode()

    assert encode() == (None, "application/json")
    assert encode(body={"a": 1}) == (b'{"a": 1}', "application/json")
    assert encode(body=b"\x89") == (b"\x89", "application/octet-stream")
    assert encode(form={"a": "b c", "d": "1"}) == (b"a=b+c&d=1", FORM)
    with pytest.raises(ValueError, match=r"call POST / body must be None with a form, got {}"):
        encode(form={}, body={})


@pytest.mark.parametrize(("protocol", "path"), [("REST", "/parcels/{key+}"), ("HTTP", "/{area}/lost")])
def test_only_a_rest_api_prefers_a_longer_literal_to_a_complete_path(protocol: Any, path: str) -> None:
    routes = (a_route(path="/{area}/lost"), a_route(path="/parcels/{key+}"))
    service = of_routes(*routes, apis=(Api(name="api", protocol=protocol),))
    match = matching_route(service, Call(method="GET", path="/parcels/lost", status=200))
    assert match is not None
    assert match.path == path
