"""API Gateway resources."""

from __future__ import annotations

import json
from itertools import chain

import pytest

from lib.documents import rest_api
from lib.documents.access_log import access_log_format
from lib.documents.rest_api import GatewayResponse, Path
from tests.support.builders import PAGE_SIZE, a_route


def test_resource_paths_include_each_parent_once_and_first() -> None:
    routes = [a_route(path="/a/b/{id}"), a_route(path="/a"), a_route(path="/c"), a_route(method="PUT", path="/a/b")]
    assert rest_api.resource_paths(routes) == [
        Path("/a", "", "a"),
        Path("/a/b", "/a", "b"),
        Path("/a/b/{id}", "/a/b", "{id}"),
        Path("/c", "", "c"),
    ]


def test_order_of_methods_does_not_depend_on_the_order_of_routes() -> None:
    routes = [a_route(path="/a"), a_route(path="/b"), a_route(method="PUT", path="/a")]
    assert rest_api.methods_by_path(routes) == {"/a": ["GET", "PUT"], "/b": ["GET"]}
    assert rest_api.methods_by_path(reversed(routes)) == rest_api.methods_by_path(routes)


def test_preflight_response_lists_allowed_methods_and_headers() -> None:
    headers = rest_api.preflight_headers("https://shop.example.com", ["GET", "POST"])
    assert headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert headers["Access-Control-Allow-Methods"] == "GET,POST,OPTIONS"
    signature_headers = {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"}
    api_headers = {"Content-Type", "Idempotency-Key", "If-Match", "X-Api-Key", "X-Correlation-Id"}
    assert set(headers["Access-Control-Allow-Headers"].split(",")) == signature_headers | api_headers
    assert headers["Access-Control-Max-Age"] == "7200"


@pytest.mark.parametrize("origin", ["", None])
def test_without_an_origin_there_are_no_cors_headers(origin: str | None) -> None:
    assert not rest_api.cors_headers(origin)
    assert not rest_api.preflight_headers(origin, ["GET"])


def test_header_constants_are_quoted() -> None:
    assert rest_api.response_parameters({"X-A": "1"}, "method.response") == {"method.response.header.X-A": "'1'"}


def test_error_headers_are_request_ids_exposed_to_the_origin() -> None:
    ids = {"X-Request-Id": "context.requestId", "X-Correlation-Id": "context.requestId"}
    origin = "https://a.example"
    assert rest_api.response_parameters(rest_api.error_headers(""), "gatewayresponse") == {
        f"gatewayresponse.header.{name}": value for name, value in ids.items()
    }
    assert rest_api.error_headers(origin) == {
        **ids,
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "X-Request-Id,X-Correlation-Id",
    }


def test_path_parameters_are_required_and_query_parameters_optional() -> None:
    assert rest_api.request_parameters(a_route(path="/parcels/{id}", query=PAGE_SIZE)) == {
        "method.request.path.id": True,
        "method.request.querystring.page_size": False,
    }


def test_required_parameters_and_headers() -> None:
    route = a_route(path="/{key+}", query={"q": {"required": True}, "r": {}}, headers={"X-A": {"required": True}})
    assert rest_api.request_parameters(route) == {
        "method.request.path.key": True,
        "method.request.querystring.q": True,
        "method.request.querystring.r": False,
        "method.request.header.X-A": True,
    }


def test_root_is_no_resource_of_its_own() -> None:
    paths = rest_api.resource_paths([a_route(path="/"), a_route(path="/a/{key+}")])
    assert paths == [("/a", "", "a"), ("/a/{key+}", "/a", "{key+}")]


def test_any_allows_every_method_once() -> None:
    routes = [a_route(method="ANY", path="/a"), a_route(path="/a"), a_route(method="HEAD", path="/b")]
    assert rest_api.methods_by_path(routes) == {"/a": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], "/b": ["HEAD"]}


def test_preflight_response_allows_declared_headers_once() -> None:
    routes = [
        a_route(headers={"X-A": {}, "x-api-key": {}}),
        a_route(method="PUT", headers={"x-a": {}, "X-B": {}}),
        a_route(path="/b"),
        a_route(path="/hooks", idempotent=True, idempotency_header="X-Delivery"),
    ]
    assert rest_api.headers_by_path(routes) == {"/parcels": ["x-a", "X-B"], "/b": [], "/hooks": ["X-Delivery"]}
    mock = rest_api.preflight(["GET"], ["X-B"])
    assert mock.headers("*")["Access-Control-Allow-Headers"].endswith("X-Correlation-Id,X-B")


def test_model_schema_is_deterministic_draft_4() -> None:
    model = rest_api.model_schema({"type": "object", "minProperties": 1})
    assert json.loads(model)["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert model == rest_api.model_schema({"minProperties": 1, "type": "object"})


def rendered(response: GatewayResponse) -> dict[str, object]:
    """Return the body of an error response."""
    template = rest_api.body_template(response).replace("$context.error.messageString", '"rejected"')
    body: dict[str, object] = json.loads(template)
    return body


ALL_RESPONSES = (*rest_api.GATEWAY_RESPONSES, *chain(*rest_api.AUTHORIZATION_RESPONSES.values()))


@pytest.mark.parametrize("response", ALL_RESPONSES, ids=lambda response: f"{response.type}-{response.status}")
def test_error_body_has_the_common_fields(response: GatewayResponse) -> None:
    body = rendered(response)
    assert body.keys() == {"error", "code", "requestId", "details"}
    assert body["error"] == response.message or response.message is None
    assert body["code"] == response.code
    assert body["requestId"] == "$context.requestId"


def test_invalid_body_response_contains_the_validation_error() -> None:
    (response,) = (each for each in rest_api.GATEWAY_RESPONSES if each.type == "BAD_REQUEST_BODY")
    assert rendered(response)["details"] == ["$context.error.validationErrorString"]


def test_each_gateway_response_has_a_status_and_a_code() -> None:
    assert {response.type: (response.status, response.code) for response in rest_api.GATEWAY_RESPONSES} == {
        "DEFAULT_4XX": (None, "$context.error.responseType"),
        "DEFAULT_5XX": (None, "$context.error.responseType"),
        "BAD_REQUEST_BODY": (400, "INVALID_REQUEST"),
        "BAD_REQUEST_PARAMETERS": (400, "INVALID_REQUEST"),
        "INVALID_API_KEY": (403, "FORBIDDEN"),
        "MISSING_AUTHENTICATION_TOKEN": (404, "NOT_FOUND"),
    }


@pytest.mark.parametrize(
    ("authorization", "additional"),
    [
        (None, {}),
        ("NONE", {}),
        ("API_KEY", {}),
        (
            "AWS_IAM",
            {"ACCESS_DENIED": (403, "FORBIDDEN"), "MISSING_AUTHENTICATION_TOKEN": (403, "FORBIDDEN")},
        ),
        ("COGNITO_USER_POOLS", {"UNAUTHORIZED": (401, "UNAUTHORIZED")}),
    ],
)
def test_authorization_type_adds_gateway_responses(
    authorization: str | None, additional: dict[str, tuple[int, str]]
) -> None:
    common = {response.type: (response.status, response.code) for response in rest_api.GATEWAY_RESPONSES}
    responses = rest_api.gateway_responses(authorization)
    assert {response.type: (response.status, response.code) for response in responses} == {**common, **additional}
    assert len({response.type for response in responses}) == len(responses)


def test_access_log_line_is_json_without_api_keys() -> None:
    assert "\n" not in access_log_format("REST")
    line = json.loads(access_log_format("REST"))
    assert line["requestId"] == "$context.requestId"
    assert line["errorMessage"] == "$context.error.message"
    assert all(value.startswith("$context.") for value in line.values())
    assert "$context.identity.apiKey" not in line.values()
    assert {"requestTime", "ip", "user", "apiKeyId", "method", "resourcePath", "status", "protocol"} <= line.keys()
    assert {"responseLength", "integrationLatencyMs", "integrationStatus", "errorType"} <= line.keys()


def test_only_the_origin_can_read_responses() -> None:
    assert rest_api.cors_headers("https://a.example") == {"Access-Control-Allow-Origin": "https://a.example"}
    assert not rest_api.cors_headers("")


def test_fingerprint_changes_only_with_the_captured_properties() -> None:
    first = {"a": [1, 2], "b": {"c": None, "d": True}}
    assert rest_api.fingerprint(first) == rest_api.fingerprint({"b": {"d": True, "c": None}, "a": (1, 2)})
    assert rest_api.fingerprint(first) != rest_api.fingerprint({**first, "a": [2, 1]})


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/parcels", "~1parcels/GET"),
        ("POST", "/parcels/{id}/labels", "~1parcels~1{id}~1labels/POST"),
    ],
)
def test_method_path_escapes_slashes(method: str, path: str, key: str) -> None:
    assert rest_api.method_path(a_route(method=method, path=path)) == key
