"""What API Gateway is told."""

from __future__ import annotations

import json
from itertools import chain

import pytest

from lib.documents import rest_api
from lib.documents.rest_api import GatewayResponse, Path
from tests.support.builders import PAGE_SIZE, a_route


def test_paths_hold_every_path_above_once_and_parents_first() -> None:
    routes = [a_route(path="/a/b/{id}"), a_route(path="/a"), a_route(path="/c"), a_route(method="PUT", path="/a/b")]
    assert rest_api.paths(routes) == [
        Path("/a", "", "a"),
        Path("/a/b", "/a", "b"),
        Path("/a/b/{id}", "/a/b", "{id}"),
        Path("/c", "", "c"),
    ]


def test_methods_are_by_path_in_an_order_that_the_routes_do_not_decide() -> None:
    routes = [a_route(path="/a"), a_route(path="/b"), a_route(method="PUT", path="/a")]
    assert rest_api.methods(routes) == {"/a": ["GET", "PUT"], "/b": ["GET"]}
    assert rest_api.methods(reversed(routes)) == rest_api.methods(routes)


def test_preflight_of_an_allowed_origin_names_methods_and_headers() -> None:
    headers = rest_api.preflight_headers("https://shop.example.com", ["GET", "POST"])
    assert headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert headers["Access-Control-Allow-Methods"] == "GET,POST,OPTIONS"
    signing = {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"}
    ours = {"Content-Type", "Idempotency-Key", "If-Match", "X-Api-Key", "X-Correlation-Id"}
    assert set(headers["Access-Control-Allow-Headers"].split(",")) == signing | ours
    assert headers["Access-Control-Max-Age"] == "7200"


@pytest.mark.parametrize("origin", ["", None])
def test_without_an_origin_no_page_may_call(origin: str | None) -> None:
    assert not rest_api.cors_headers(origin)
    assert not rest_api.preflight_headers(origin, ["GET"])


def test_headers_are_mapped_as_quoted_constants() -> None:
    assert rest_api.mapped({"X-A": "1"}, "method.response") == {"method.response.header.X-A": "'1'"}


def test_headers_of_a_refusal_are_the_requests_id_which_the_origins_pages_may_read() -> None:
    ids = {"X-Request-Id": "context.requestId", "X-Correlation-Id": "context.requestId"}
    origin = "https://a.example"
    assert rest_api.mapped(rest_api.refusal_headers(""), "gatewayresponse") == {
        f"gatewayresponse.header.{name}": value for name, value in ids.items()
    }
    assert rest_api.refusal_headers(origin) == {
        **ids,
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "X-Request-Id,X-Correlation-Id",
    }


def test_path_parameters_are_required_and_query_parameters_are_not() -> None:
    assert rest_api.request_parameters(a_route(path="/parcels/{id}", query=PAGE_SIZE)) == {
        "method.request.path.id": True,
        "method.request.querystring.page_size": False,
    }


def test_model_is_draft_4_and_the_same_text_for_the_same_schema() -> None:
    model = rest_api.model({"type": "object", "minProperties": 1})
    assert json.loads(model)["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert model == rest_api.model({"minProperties": 1, "type": "object"})


def filled(response: GatewayResponse) -> dict[str, object]:
    """A refusal as a caller reads it."""
    text = rest_api.template(response).replace("$context.error.messageString", '"refused"')
    document: dict[str, object] = json.loads(text)
    return document


EVERY_RESPONSE = (*rest_api.GATEWAY_RESPONSES, *chain(*rest_api.AUTHORIZATION_RESPONSES.values()))


@pytest.mark.parametrize("response", EVERY_RESPONSE, ids=lambda response: f"{response.type}-{response.status}")
def test_refusal_is_json_in_the_common_shape(response: GatewayResponse) -> None:
    document = filled(response)
    assert document.keys() == {"error", "code", "requestId", "details"}
    assert document["error"] == response.message or response.message is None
    assert document["code"] == response.code
    assert document["requestId"] == "$context.requestId"


def test_refusal_of_a_body_says_what_is_wrong_with_it() -> None:
    (response,) = (r for r in rest_api.GATEWAY_RESPONSES if r.type == "BAD_REQUEST_BODY")
    assert filled(response)["details"] == ["$context.error.validationErrorString"]


def test_each_refusal_has_its_status_and_code() -> None:
    assert {response.type: (response.status, response.code) for response in rest_api.GATEWAY_RESPONSES} == {
        "DEFAULT_4XX": (None, "$context.error.responseType"),
        "DEFAULT_5XX": (None, "$context.error.responseType"),
        "BAD_REQUEST_BODY": (400, "INVALID_REQUEST"),
        "BAD_REQUEST_PARAMETERS": (400, "INVALID_REQUEST"),
        "INVALID_API_KEY": (403, "FORBIDDEN"),
        "MISSING_AUTHENTICATION_TOKEN": (404, "NOT_FOUND"),
    }


@pytest.mark.parametrize(
    ("authorization", "more"),
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
def test_what_is_refused_depends_on_how_callers_show_who_they_are(
    authorization: str | None, more: dict[str, tuple[int, str]]
) -> None:
    common = {response.type: (response.status, response.code) for response in rest_api.GATEWAY_RESPONSES}
    found = rest_api.responses(authorization)
    assert {response.type: (response.status, response.code) for response in found} == {**common, **more}
    assert len({response.type for response in found}) == len(found)


def test_access_log_is_a_line_of_json_that_names_the_request_and_no_key() -> None:
    assert "\n" not in rest_api.ACCESS_LOG_FORMAT
    line = json.loads(rest_api.ACCESS_LOG_FORMAT)
    assert line["requestId"] == "$context.requestId"
    assert line["errorMessage"] == "$context.error.message"
    assert all(value.startswith("$context.") for value in line.values())
    assert "$context.identity.apiKey" not in line.values()
    assert {"requestTime", "ip", "user", "apiKeyId", "method", "resourcePath", "status", "protocol"} <= line.keys()
    assert {"responseLength", "integrationLatencyMs", "integrationStatus", "errorType"} <= line.keys()


def test_only_pages_of_the_origin_may_read_an_answer() -> None:
    assert rest_api.cors_headers("https://a.example") == {"Access-Control-Allow-Origin": "https://a.example"}
    assert not rest_api.cors_headers("")


def test_fingerprint_changes_exactly_when_the_description_does() -> None:
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
def test_slashes_of_a_path_are_escaped_in_the_settings_of_a_stage(method: str, path: str, key: str) -> None:
    assert rest_api.method_path(a_route(method=method, path=path)) == key
