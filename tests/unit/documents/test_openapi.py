"""The OpenAPI document of a service."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import fastjsonschema
import pytest
from openapi_spec_validator import validate

from lib.documents.openapi import IDEMPOTENCY_KEY, IF_MATCH, document
from lib.documents.openapi_errors import ERROR_SCHEMA, codes, error_statuses
from lib.model import Call, LambdaAuthorizer, Route, Service, idempotency_table
from lib.model.matching import matching_route
from lib.services import SERVICES

from ...support.builders import (
    PARCELS,
    a_code,
    a_function,
    a_route,
    a_service,
    an_authorizer,
    an_optional_authorizer,
)
from ...support.gallery import service as gallery

ALWAYS = [400, 401, 403, 429, 500, 502, 503, 504]
BUILT_IN = [pytest.param(service, id=name) for name, service in SERVICES.items()]
ALL_SERVICES = [*BUILT_IN, pytest.param(PARCELS, id="external service")]

Document = dict[str, Any]


def document_of(*routes: Route, **changes: Any) -> Document:
    """Return the document of a service with these routes."""
    return document(a_service(functions=(a_function(*routes),), **changes))


def operation(route: Route, *demo: Call) -> Document:
    """Return the operation of the only route of a service."""
    methods: dict[str, Document] = document_of(route, demo=demo, schemas={"Parcel": {"type": "object"}})["paths"][
        route.path
    ]
    return methods[route.method.lower()]


def route_parameters(route: Route, *demo: Call) -> list[Document]:
    """Return the parameters of the only route of a service, without the parameter that all routes have."""
    parameters: list[Document]
    *parameters, common = operation(route, *demo)["parameters"]
    assert common == {"$ref": "#/components/parameters/X-Correlation-Id"}
    return parameters


def idempotent_post(**changes: Any) -> Route:
    """Return an idempotent POST route with a body."""
    return a_route(**{"method": "POST", "body": "Parcel", "responses": {201: "Parcel"}, "idempotent": True, **changes})


def operations(service: Service) -> dict[tuple[str, str], Document]:
    """Return all operations of a document by method and path."""
    paths = document(service)["paths"]
    return {(method.upper(), path): fields for path, methods in paths.items() for method, fields in methods.items()}


@pytest.mark.parametrize("service", ALL_SERVICES)
def test_document_is_valid_openapi(service: Service) -> None:
    validate(document(service))


@pytest.mark.parametrize("service", ALL_SERVICES)
def test_document_is_plain_json(service: Service) -> None:
    api = document(service)
    assert json.loads(json.dumps(api)) == api


@pytest.mark.parametrize("service", ALL_SERVICES)
def test_operations_are_the_routes(service: Service) -> None:
    summaries = {(route.method, route.path): route.summary for _, route in service.routes()}
    assert {route: fields["summary"] for route, fields in operations(service).items()} == summaries


@pytest.mark.parametrize("service", ALL_SERVICES)
def test_every_response_has_the_request_id_headers(service: Service) -> None:
    api = document(service)
    common = {f"#/components/responses/{name}": response for name, response in api["components"]["responses"].items()}
    responses = [
        common.get(response.get("$ref"), response)
        for fields in operations(service).values()
        for response in fields["responses"].values()
    ]
    for name in ("X-Request-Id", "X-Correlation-Id"):
        assert all(response["headers"][name] == {"$ref": f"#/components/headers/{name}"} for response in responses)
        assert name in api["components"]["headers"]


@pytest.mark.parametrize("service", BUILT_IN)
def test_every_example_body_matches_its_schema(service: Service) -> None:
    with_body = [(route, operations(service)[route.method, route.path]) for _, route in service.routes() if route.body]
    examples = {
        route.body: content["example"]
        for route, fields in with_body
        for content in fields["requestBody"]["content"].values()
        if "example" in content
    }
    assert examples.keys() == {route.body for route, _ in with_body}
    for body, example in examples.items():
        fastjsonschema.compile(dict(service.schemas[str(body)]))(example)


@pytest.mark.parametrize("service", BUILT_IN)
def test_no_type_is_null(service: Service) -> None:
    assert '"null"' not in json.dumps(document(service))


def test_document_contains_the_service_and_server_url() -> None:
    api = document(a_service(), server_url="https://api.example.com/dev")
    assert (api["info"]["title"], api["info"]["description"]) == ("Parcels", "Parcels at a post office.")
    assert api["servers"] == [{"url": "https://api.example.com/dev"}]


def test_operation_of_several_routes_has_an_id_for_each() -> None:
    routes = [
        a_route(path="/parcels/{id}", operation="read"),
        a_route(path="/parcels/{id}/{leg}", operation="read"),
        a_route(path="/letters/{id}/{leg}", operation="read"),
        a_route(path="/cards/{id}/{leg}", operation="read"),
    ]
    ids = [methods["get"]["operationId"] for methods in document_of(*routes)["paths"].values()]
    assert ids == ["read", "read_by_id_leg", "read_2", "read_3"]


def test_tag_is_the_first_part_of_the_path() -> None:
    api = document_of(a_route(path="/parcels/{id}"), a_route(path="/parcels"), a_route(path="/{anything}"))
    assert api["tags"] == [{"name": "parcels"}, {"name": "anything"}]
    assert api["paths"]["/parcels/{id}"]["get"]["tags"] == ["parcels"]


@pytest.mark.parametrize(
    ("route", "statuses"),
    [
        pytest.param(a_route(), ALWAYS, id="plain"),
        pytest.param(a_route(path="/parcels/{id}"), [*ALWAYS, 404], id="path parameter"),
        pytest.param(a_route(method="PUT", body="Parcel"), [*ALWAYS, 413, 415], id="body"),
        pytest.param(a_route(method="POST"), ALWAYS, id="POST"),
        pytest.param(a_route(method="POST", idempotent=True), [*ALWAYS, 409], id="POST with a key"),
        pytest.param(a_route(method="PUT", idempotent=True), [*ALWAYS, 409], id="PUT with a key"),
        pytest.param(a_route(method="PUT", versioned=True), [*ALWAYS, 412], id="versioned change"),
        pytest.param(a_route(method="DELETE", versioned=True), [*ALWAYS, 412], id="versioned deletion"),
        pytest.param(a_route(versioned=True), ALWAYS, id="versioned read"),
        pytest.param(a_route(method="POST", versioned=True), ALWAYS, id="versioned POST"),
        pytest.param(a_route(errors=(409, 410)), [*ALWAYS, 409, 410], id="declared"),
        pytest.param(a_route(codes=(a_code(status=410),)), [*ALWAYS, 410], id="code"),
    ],
)
def test_error_statuses_follow_from_the_route(route: Route, statuses: list[int]) -> None:
    assert error_statuses(route) == sorted(statuses)
    assert set(operation(route)["responses"]) == {"200", *map(str, statuses)}


def test_errors_have_the_common_schema() -> None:
    response = document_of(a_route(errors=(410,)))["components"]["responses"]["Error410"]
    assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}


def error_codes(fields: Document, status: int) -> tuple[list[str], str]:
    """Return the values of `code` in an error response of an operation, and the description of the response."""
    response = fields["responses"][str(status)]
    common, narrowed = response["content"]["application/json"]["schema"]["allOf"]
    assert common == {"$ref": "#/components/schemas/Error"}
    return narrowed["properties"]["code"]["enum"], response["description"]


def test_errors_of_a_status_have_only_the_codes_that_the_route_declares() -> None:
    route = a_route(method="PUT", codes=(a_code(), a_code(name="LOST", status=410, meaning="It is gone.")))
    assert error_codes(operation(route), 409) == (
        ["TOO_HEAVY"],
        "- `TOO_HEAVY`: The parcel is too heavy. Send two parcels.",
    )
    assert error_codes(operation(route), 410) == (["LOST"], "- `LOST`: It is gone.")
    assert "Error409" not in document_of(route)["components"]["responses"]


def test_idempotent_route_adds_the_idempotency_conflict_to_its_409_codes() -> None:
    codes_, description = error_codes(
        operation(idempotent_post(codes=(a_code(), a_code(name="LOST", status=410)))), 409
    )
    assert codes_ == ["TOO_HEAVY", "IDEMPOTENCY_CONFLICT"]
    assert description.splitlines()[1].startswith("- `IDEMPOTENCY_CONFLICT`: The `Idempotency-Key` was already used")
    assert error_codes(operation(idempotent_post(codes=(a_code(status=410),))), 410)[0] == ["TOO_HEAVY"]


def test_route_with_recorded_responses_documents_the_code_of_a_running_request() -> None:
    route = idempotent_post(codes=(a_code(),), idempotency="idempotency", idempotent=False)
    schemas = {"Parcel": {"type": "object"}}
    service = a_service(functions=(a_function(route),), tables=(idempotency_table(),), schemas=schemas)
    assert IDEMPOTENCY_KEY in document(service)["paths"]["/parcels"]["post"]["parameters"]
    expected = ["TOO_HEAVY", "IDEMPOTENCY_CONFLICT", "REQUEST_IN_PROGRESS"]
    assert error_codes(document(service)["paths"]["/parcels"]["post"], 409)[0] == expected
    assert {code.name for code in codes(service)} >= {*expected}
    assert "REQUEST_IN_PROGRESS" not in {code.name for code in codes(SERVICES["items"])}


def test_header_with_the_idempotency_key_is_documented_by_its_name() -> None:
    route = idempotent_post(codes=(a_code(),), idempotency="idempotency", idempotency_header="X-Delivery")
    schemas = {"Parcel": {"type": "object"}}
    service = a_service(functions=(a_function(route),), tables=(idempotency_table(),), schemas=schemas)
    post = document(service)["paths"]["/parcels"]["post"]
    assert {**IDEMPOTENCY_KEY, "name": "X-Delivery"} in post["parameters"]
    assert IDEMPOTENCY_KEY not in post["parameters"]
    meanings = [code.meaning for code in codes(service) if "X-Delivery" in code.meaning]
    assert [meaning.partition(" ")[0] for meaning in meanings] == ["The", "An"]
    assert all("Idempotency-Key" not in code.meaning for code in codes(service))
    declared = replace(route, headers={"x-delivery": {"type": "string", "required": True}})
    names = [
        p.get("name")
        for p in document(replace(service, functions=(a_function(declared),)))["paths"]["/parcels"]["post"][
            "parameters"
        ]
    ]
    assert names == ["x-delivery", None]


def test_code_of_a_different_request_is_documented_only_if_requests_are_compared() -> None:
    route = idempotent_post(codes=(a_code(),), idempotency="idempotency", idempotency_compares_requests=False)
    service = a_service(functions=(a_function(route),), tables=(idempotency_table(),), schemas={"Parcel": {}})
    assert error_codes(document(service)["paths"]["/parcels"]["post"], 409)[0] == ["TOO_HEAVY", "REQUEST_IN_PROGRESS"]


def test_status_without_declared_codes_has_the_common_description() -> None:
    api = document_of(idempotent_post(), a_route(method="PUT", codes=(a_code(),)), schemas={"Parcel": {}})
    assert api["paths"]["/parcels"]["post"]["responses"]["409"] == {"$ref": "#/components/responses/Error409"}
    assert "idempotency key" in api["components"]["responses"]["Error409"]["description"]


def test_codes_are_common_codes_and_declared_codes_sorted_by_status() -> None:
    routes = (a_route(path="/parcels/{id}", codes=(a_code(),)), a_route(method="PUT", codes=(a_code(),)))
    all_codes = codes(a_service(functions=(a_function(*routes),)))
    assert [(code.name, code.status) for code in all_codes] == [
        ("INVALID_REQUEST", 400),
        ("UNAUTHORIZED", 401),
        ("FORBIDDEN", 403),
        ("NOT_FOUND", 404),
        ("TOO_HEAVY", 409),
        ("THROTTLED", 429),
        ("QUOTA_EXCEEDED", 429),
        ("SERVICE_UNAVAILABLE", 503),
    ]


def test_example_of_the_error_schema_matches_it() -> None:
    fastjsonschema.compile(dict(ERROR_SCHEMA))(ERROR_SCHEMA["example"])
    assert set(ERROR_SCHEMA["example"]) == {"error", "code", "requestId", "details"}


def test_declared_response_overrides_a_derived_error() -> None:
    responses = operation(a_route(method="POST", responses={200: None, 409: "Parcel"}))["responses"]
    assert responses["409"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Parcel"}


def test_response_without_a_schema_has_no_content() -> None:
    responses = operation(a_route(method="DELETE", responses={204: None}))["responses"]
    assert "content" not in responses["204"]


def test_only_created_responses_have_a_location() -> None:
    responses = operation(idempotent_post(responses={200: "Parcel", 201: "Parcel"}))["responses"]
    assert "Location" in responses["201"]["headers"]
    assert "Location" not in responses["200"]["headers"]


def test_path_parameters_are_required_strings() -> None:
    (parameter,) = route_parameters(a_route(path="/parcels/{id}"))
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("id", "path", True)
    assert parameter["schema"]["type"] == "string"


def test_query_parameters_have_their_schemas() -> None:
    (parameter,) = route_parameters(
        a_route(query={"size": {"type": "integer", "maximum": 9, "description": "A page."}})
    )
    assert parameter == {
        "name": "size",
        "in": "query",
        "description": "A page.",
        "schema": {"type": "integer", "maximum": 9},
    }


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_only_idempotent_operations_accept_an_idempotency_key(method: str) -> None:
    assert route_parameters(a_route(method=method)) == []
    assert route_parameters(a_route(method=method, idempotent=True)) == [IDEMPOTENCY_KEY]


def test_idempotent_operations_of_built_in_services() -> None:
    idempotent = {
        f"{name} {route.operation}"
        for name, service in SERVICES.items()
        for _, route in service.routes()
        if route.idempotent
    }
    assert idempotent == {
        "items create_item",
        "inventory create_item",
        "inventory batch_items",
        "stock create_level",
        "stock update_level",
        "stock reserve",
        "stock release",
        "stock release_any",
        "stock fulfill",
    }


@pytest.mark.parametrize(
    ("key", "is_valid"),
    [("a", True), ("a b", True), ("!~", True), ("", False), (" a", False), ("a\n", False), ("é", False)],
)
def test_idempotency_key_is_printable_ascii_without_outer_spaces(key: str, is_valid: bool) -> None:
    assert bool(re.search(IDEMPOTENCY_KEY["schema"]["pattern"].replace("$", r"\Z"), key)) is is_valid


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_versioned_change_accepts_if_match(method: str) -> None:
    assert route_parameters(a_route(method=method, versioned=True)) == [IF_MATCH]
    assert route_parameters(a_route(method=method)) == []


def test_reads_and_creations_of_versioned_items_do_not_accept_if_match() -> None:
    assert route_parameters(a_route(versioned=True)) == []
    assert route_parameters(idempotent_post(versioned=True)) == [IDEMPOTENCY_KEY]


@pytest.mark.parametrize(
    ("version", "is_valid"),
    [("*", True), ('"1"', True), ('"120"', True), ("1", False), ('"0"', False), ('W/"1"', False), ('"1", "2"', False)],
)
def test_if_match_is_a_quoted_version_or_a_wildcard(version: str, is_valid: bool) -> None:
    assert bool(re.search(IF_MATCH["schema"]["pattern"], version)) is is_valid


def test_versioned_responses_and_precondition_errors_have_an_etag() -> None:
    api = document_of(a_route(method="PUT", versioned=True, responses={200: None, 202: None}), a_route())
    responses = api["paths"]["/parcels"]["put"]["responses"]
    version = {"$ref": "#/components/headers/ETag"}
    assert [responses[status]["headers"]["ETag"] for status in ("200", "202")] == [version, version]
    assert "ETag" not in api["paths"]["/parcels"]["get"]["responses"]["200"]["headers"]
    errors = {label: response["headers"].get("ETag") for label, response in api["components"]["responses"].items()}
    assert [label for label, header in errors.items() if header == version] == ["Error412"]
    assert "ETag" in api["components"]["headers"]


@pytest.mark.parametrize("type_", [["string", "null"], ["null", "string"]])
def test_null_types_become_nullable_at_every_level(type_: list[str]) -> None:
    string = {"type": type_, "maxLength": 9}
    schema = {
        "type": "object",
        "properties": {"a": string, "type": {"type": "array", "items": string}},
        "anyOf": [string, {}],
    }
    api = document_of(a_route(query={"by": string}), schemas={"Parcel": schema})
    nullable = {"type": "string", "maxLength": 9, "nullable": True}
    assert api["components"]["schemas"]["Parcel"] == {
        "type": "object",
        "properties": {"a": nullable, "type": {"type": "array", "items": nullable}},
        "anyOf": [nullable, {}],
    }
    assert api["paths"]["/parcels"]["get"]["parameters"][0]["schema"] == nullable


def test_null_in_an_enum_is_unchanged() -> None:
    schema = {"type": ["string", "null"], "enum": ["lost", None]}
    converted = document_of(schemas={"State": schema})["components"]["schemas"]["State"]
    assert converted == {"type": "string", "enum": ["lost", None], "nullable": True}


def test_body_is_required_and_references_its_schema() -> None:
    body = operation(idempotent_post())["requestBody"]
    assert body == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Parcel"}}},
    }
    assert "requestBody" not in operation(a_route())


def test_security_lists_all_schemes_and_the_scope_of_the_route() -> None:
    schemes = [{"ApiKeyAuth": []}, {"SignatureAuth": []}, {"TokenAuth": ["write"]}]
    assert operation(a_route(method="PUT", key_required=True))["security"] == schemes
    assert operation(a_route(method="PUT"))["security"] == [{}, *schemes]
    assert operation(a_route(scope="count"))["security"][-1] == {"TokenAuth": ["count"]}


def test_public_route_requires_no_authentication() -> None:
    assert operation(a_route(scope=""))["security"] == []
    assert error_statuses(a_route(scope="")) == [400, 403, 429, 500, 502, 503, 504]


def test_scopes_are_described_with_their_form_in_tokens() -> None:
    schemes = document_of(a_route(), a_route(method="DELETE", scope="clear"), name="post")["components"][
        "securitySchemes"
    ]
    scopes = {"clear": "`post-<environment>/clear` in tokens", "read": "`post-<environment>/read` in tokens"}
    assert [flow["scopes"] for flow in schemes["TokenAuth"]["flows"].values()] == [scopes, scopes]


def test_example_body_is_from_the_first_successful_call() -> None:
    calls = [
        Call(method="POST", path="/parcels", status=400, body={"to": 7}),
        Call(method="POST", path="/parcels", status=201, body={"to": "Ada"}),
        Call(method="POST", path="/parcels", status=201, body={"to": "Grace"}),
    ]
    assert operation(idempotent_post(), *calls)["requestBody"]["content"]["application/json"]["example"] == {
        "to": "Ada"
    }


def test_parameter_examples_are_decoded_and_typed() -> None:
    route = a_route(path="/parcels/{id}", query={"size": {"type": "integer"}, "by": {"type": "string"}, "token": {}})
    call = Call(method="GET", path="/parcels/a%20b?size=2&by=due+date", status=200)
    examples = {p["name"]: p.get("example") for p in route_parameters(route, call)}
    assert examples == {"id": "a b", "size": 2, "by": "due date", "token": None}


def test_placeholders_are_not_examples() -> None:
    route = a_route(method="PUT", path="/parcels/{id}/{leg}", body="Parcel", query={"by": {}, "size": {}})
    call = Call(
        method="PUT", path="/parcels/{first}/2?by={first}&size=2", status=200, body={"parts": [{"of": "no. {first}"}]}
    )
    fields = operation(route, call)
    assert {p["name"]: p.get("example") for p in route_parameters(route, call)} == {
        "id": None,
        "leg": "2",
        "by": None,
        "size": "2",
    }
    assert "example" not in fields["requestBody"]["content"]["application/json"]


def test_fixed_path_takes_precedence_over_a_parameter() -> None:
    lost, any_ = a_route(path="/parcels/lost"), a_route(path="/parcels/{id}")
    service = a_service(functions=(a_function(any_, lost),))
    assert matching_route(service, Call(method="GET", path="/parcels/lost?by=due", status=200)) == lost
    assert matching_route(service, Call(method="GET", path="/parcels/7", status=200)) == any_
    assert matching_route(service, Call(method="PUT", path="/parcels/7", status=200)) is None


def test_call_of_a_fixed_path_is_not_an_example_of_a_parameter() -> None:
    call = Call(method="GET", path="/parcels/lost", status=200)
    api = document_of(a_route(path="/parcels/{id}"), a_route(path="/parcels/lost"), demo=(call,))
    assert "example" not in api["paths"]["/parcels/{id}"]["get"]["parameters"][0]


def test_schema_named_like_the_error_schema_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"schema name must be another name .*, got 'Error'\. Rename"):
        a_service(schemas={"Error": {"type": "object"}})


def test_service_unavailable_response_has_retry_after() -> None:
    components = document_of(a_route())["components"]
    response = components["responses"]["Error503"]
    assert response["headers"]["Retry-After"] == {"$ref": "#/components/headers/Retry-After"}
    assert components["headers"]["Retry-After"]["schema"] == {"type": "integer", "minimum": 1}
    assert "Wait for `Retry-After`" in response["description"]
    assert [label for label, each in components["responses"].items() if "Retry-After" in each["headers"]] == [
        "Error503"
    ]


GALLERY = document(gallery.SERVICE)


def gallery_operation(method: str, path: str) -> Document:
    operation_: Document = GALLERY["paths"][path][method]
    return operation_


def test_document_with_media_types_is_valid() -> None:
    validate(json.loads(json.dumps(GALLERY)))


def test_greedy_parameter_and_root() -> None:
    read = gallery_operation("get", "/pictures/{key}")
    assert read["parameters"][0] == {
        "name": "key",
        "in": "path",
        "description": "One or more path segments, with the slashes between them.",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
        "example": "a/b.png",
    }
    assert (read["tags"], gallery_operation("get", "/")["tags"]) == (["pictures"], ["/"])


def test_response_has_its_media_type() -> None:
    png = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
    assert gallery_operation("get", "/pictures/{key}")["responses"]["200"]["content"] == png
    html = {"text/html": {"schema": {"type": "string"}}}
    assert gallery_operation("get", "/")["responses"]["200"]["content"] == html
    moved = gallery_operation("get", "/old")["responses"]["301"]
    assert "Location" in moved["headers"]
    assert "content" not in moved


def test_request_body_has_its_media_types() -> None:
    content = gallery_operation("post", "/orders")["requestBody"]["content"]
    schema = {"$ref": "#/components/schemas/Order"}
    assert content == {
        "application/json": {"schema": schema},
        gallery.FORM: {"schema": schema, "example": {"name": "Sunset", "copies": "2"}},
    }
    binary = {"schema": {"type": "string", "format": "binary"}}
    assert gallery_operation("put", "/pictures/{key}")["requestBody"] == {"content": {"image/*": binary}}
    form = {"content": {gallery.FORM: {"schema": {"type": "string"}}}}
    assert gallery_operation("post", "/forms")["requestBody"] == form
    assert "requestBody" not in gallery_operation("post", "/hooks")


def test_example_is_only_for_its_media_type() -> None:
    types = ("application/json", gallery.FORM)
    post = idempotent_post(content_types=types)
    call = Call(method="POST", path="/parcels", status=201, body={"a": 1})
    content = operation(post, call)["requestBody"]["content"]
    assert [content[media_type].get("example") for media_type in types] == [{"a": 1}, None]
    raw = Call(method="POST", path="/parcels", status=201, body=b"{}")
    assert "example" not in operation(post, raw)["requestBody"]["content"]["application/json"]


def test_unsupported_media_type_is_documented_only_if_a_route_restricts_it() -> None:
    assert 415 in error_statuses(a_route(method="POST", content_types=("text/csv",)))
    assert 415 in error_statuses(a_route(method="POST", body="Parcel"))
    for route in (a_route(method="POST"), a_route(method="PUT", content_types=("*/*",))):
        assert 415 not in error_statuses(route)
    assert 413 in error_statuses(a_route(method="PUT", content_types=("*/*",)))


def test_parameters_are_required_and_repeated() -> None:
    q, tag, limit, _ = gallery_operation("get", "/search")["parameters"]
    assert q == {
        "name": "q",
        "in": "query",
        "description": "",
        "required": True,
        "schema": {"type": "string"},
        "example": "a",
    }
    assert (tag["schema"]["type"], tag["example"], "required" in tag) == ("array", [1, 2], False)
    assert (limit["name"], limit["in"], limit["required"], limit["schema"]) == (
        "X-Limit",
        "header",
        True,
        {"type": "integer"},
    )


def test_declared_header_replaces_the_common_one() -> None:
    (header,) = route_parameters(idempotent_post(headers={"idempotency-key": {"maxLength": 9}}))
    assert header["schema"] == {"maxLength": 9}


def test_any_is_an_operation_for_each_method_without_a_route() -> None:
    methods = GALLERY["paths"]["/search"]
    assert methods.keys() == {"get", "head", "post", "put", "patch", "delete"}
    assert (methods["get"]["operationId"], methods["put"]["operationId"]) == ("search", "any_method_put")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/files/a", ("GET", "/files/{id}")),
        ("GET", "/files/a/b", ("GET", "/files/{id}/{key+}")),
        ("POST", "/files/a", ("ANY", "/files/{id}")),
        ("POST", "/files/a/b", ("ANY", "/{key+}")),
    ],
)
def test_most_specific_route_is_selected(method: str, path: str, expected: tuple[str, str]) -> None:
    routes = [
        a_route(method="ANY", path="/files/{id}"),
        a_route(path="/files/{id}"),
        a_route(path="/files/{id}/{key+}"),
        a_route(method="ANY", path="/{key+}"),
    ]
    service = a_service(functions=(a_function(*routes),))
    matched = matching_route(service, Call(method=method, path=path, status=200))
    assert matched
    assert (matched.method, matched.path) == expected


TOKEN = an_authorizer(description="Token of the desk.")
KEY_HEADER = an_authorizer(name="key", type="REQUEST", identity_sources=("method.request.header.X-Desk-Key",))
IN_QUERY = an_optional_authorizer(name="query", identity_sources=("method.request.querystring.token",))
BY_ADDRESS = an_authorizer(name="address", type="REQUEST", identity_sources=("context.identity.sourceIp",))


def authorized(authorizer: LambdaAuthorizer, **route: Any) -> tuple[Document, Document]:
    """Return the security scheme of an authorizer, and the operation of a route with it."""
    gate = a_function(name="gate", authorizers=(authorizer,), routes=(a_route(path="/gate"),))
    desk = a_function(a_route(authorizer=authorizer.name, **route))
    api = document(a_service(functions=(desk, gate)))
    validate(api)
    return api["components"]["securitySchemes"][authorizer.name], api["paths"]["/parcels"]["get"]


@pytest.mark.parametrize(
    ("authorizer", "scheme", "security"),
    [
        (
            TOKEN,
            {"type": "http", "scheme": "bearer", "description": "Token of the desk."},
            [{"token": []}],
        ),
        (KEY_HEADER, {"type": "apiKey", "in": "header", "name": "X-Desk-Key"}, [{"key": []}]),
        (IN_QUERY, {"type": "apiKey", "in": "query", "name": "token"}, [{}, {"query": []}]),
        (BY_ADDRESS, {"type": "http", "scheme": "bearer"}, [{"address": []}]),
    ],
)
def test_authorizer_is_a_security_scheme(
    authorizer: LambdaAuthorizer, scheme: Document, security: list[Document]
) -> None:
    documented, route = authorized(authorizer)
    assert (documented, route["security"]) == (scheme, security)
    assert "401" in route["responses"]


def test_route_can_require_an_api_key_in_addition_to_an_authorizer() -> None:
    _, route = authorized(TOKEN, key_required=True)
    assert route["security"] == [{"token": [], "ApiKeyAuth": []}]
    _, route = authorized(IN_QUERY, key_required=True)
    assert route["security"] == [{"ApiKeyAuth": []}, {"query": [], "ApiKeyAuth": []}]


def test_route_with_an_empty_authorizer_is_open() -> None:
    fields = operation(a_route(authorizer=""))
    assert (fields["security"], "401" in fields["responses"]) == ([], False)


def test_media_types_of_a_response_are_documented_each() -> None:
    image = {"schema": {"type": "string", "format": "binary"}}
    responses = {200: ("image/jpeg", "image/png"), 201: "image/*", 202: "application/json", 203: "application/hal+json"}
    documented = operation(a_route(responses=responses))["responses"]
    assert {status: documented[str(status)]["content"] for status in responses} == {
        200: {"image/jpeg": image, "image/png": image},
        201: {"image/*": image},
        202: {"application/json": {"schema": {}}},
        203: {"application/hal+json": {"schema": {}}},
    }


def test_json_body_without_a_schema_is_any_value() -> None:
    route = a_route(method="POST", content_types=("application/json", "text/plain"))
    content = {"application/json": {"schema": {}}, "text/plain": {"schema": {"type": "string"}}}
    assert operation(route)["requestBody"] == {"content": content}


def test_maximum_size_of_a_body_is_documented() -> None:
    limited = operation(idempotent_post(max_body_bytes=1_000))
    assert limited["requestBody"]["description"] == "At most 1000 bytes."
    assert "413" in operation(a_route(method="POST", max_body_bytes=1_000))["responses"]
    assert "413" not in operation(a_route(method="POST"))["responses"]


def test_second_route_of_an_operation_is_named_by_its_method_if_it_has_no_parameters() -> None:
    paths = document_of(a_route(path="/a"), a_route(path="/a", method="HEAD"), a_route(path="/b"))["paths"]
    ids = [method["operationId"] for methods in paths.values() for method in methods.values()]
    assert ids == ["list_parcels", "list_parcels_head", "list_parcels_get"]
