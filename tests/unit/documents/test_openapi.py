"""The OpenAPI document of a service."""

from __future__ import annotations

import json
import re
from typing import Any

import fastjsonschema
import pytest
from openapi_spec_validator import validate

from lib.documents.openapi import ERROR_SCHEMA, IDEMPOTENCY_KEY, IF_MATCH, answering, codes, document, refusals
from lib.model import Call, Route, Service
from lib.services import SERVICES

from ...support.builders import PARCELS, a_code, a_function, a_route, a_service

ALWAYS = [400, 401, 403, 429, 500, 502, 503, 504]
BUILT_IN = [pytest.param(service, id=name) for name, service in SERVICES.items()]
EVERY = [*BUILT_IN, pytest.param(PARCELS, id="described elsewhere")]

Document = dict[str, Any]


def of(*routes: Route, **changes: Any) -> Document:
    """The document of a service with these routes."""
    return document(a_service(functions=(a_function(*routes),), **changes))


def operation(route: Route, *demo: Call) -> Document:
    """What the document says of a service's only route."""
    found: dict[str, Document] = of(route, demo=demo, schemas={"Parcel": {"type": "object"}})["paths"][route.path]
    return found[route.method.lower()]


def own_parameters(route: Route, *demo: Call) -> list[Document]:
    """The parameters of a service's only route, besides what all take."""
    own: list[Document]
    *own, common = operation(route, *demo)["parameters"]
    assert common == {"$ref": "#/components/parameters/X-Correlation-Id"}
    return own


def accept(**changes: Any) -> Route:
    """A route that takes a body and makes something once, however often it is requested with the same key."""
    return a_route(**{"method": "POST", "body": "Parcel", "responses": {201: "Parcel"}, "idempotent": True, **changes})


def operations(service: Service) -> dict[tuple[str, str], Document]:
    """Every operation of a document by method and path."""
    paths = document(service)["paths"]
    return {(method.upper(), path): found for path, methods in paths.items() for method, found in methods.items()}


@pytest.mark.parametrize("service", EVERY)
def test_a_document_is_valid_openapi(service: Service) -> None:
    validate(document(service))


@pytest.mark.parametrize("service", EVERY)
def test_a_document_is_plain_json(service: Service) -> None:
    found = document(service)
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("service", EVERY)
def test_every_route_is_an_operation_and_nothing_else_is(service: Service) -> None:
    wanted = {(route.method, route.path): route.summary for _, route in service.routes()}
    assert {route: found["summary"] for route, found in operations(service).items()} == wanted


@pytest.mark.parametrize("service", EVERY)
def test_every_answer_carries_the_requests_ids(service: Service) -> None:
    found = document(service)
    answers = [
        answer
        for methods in found["paths"].values()
        for operation_ in methods.values()
        for answer in operation_["responses"].values()
    ]
    answers = [found["components"]["responses"][a["$ref"].split("/")[-1]] if "$ref" in a else a for a in answers]
    for name in ("X-Request-Id", "X-Correlation-Id"):
        assert all(answer["headers"][name] == {"$ref": f"#/components/headers/{name}"} for answer in answers)
        assert name in found["components"]["headers"]


@pytest.mark.parametrize("service", BUILT_IN)
def test_every_bodys_example_is_a_body_that_is_taken(service: Service) -> None:
    taken = [(route, operations(service)[route.method, route.path]) for _, route in service.routes() if route.body]
    examples = {
        route.body: content["example"]
        for route, found in taken
        for content in found["requestBody"]["content"].values()
        if "example" in content
    }
    assert examples.keys() == {route.body for route, _ in taken}
    for body, example in examples.items():
        fastjsonschema.compile(dict(service.schemas[str(body)]))(example)


@pytest.mark.parametrize("service", BUILT_IN)
def test_no_type_is_null(service: Service) -> None:
    assert '"null"' not in json.dumps(document(service))


def test_the_service_and_where_it_is_come_first() -> None:
    found = document(a_service(), server_url="https://api.example.com/dev")
    assert (found["info"]["title"], found["info"]["description"]) == ("Parcels", "Parcels at a post office.")
    assert found["servers"] == [{"url": "https://api.example.com/dev"}]


def test_an_operation_that_serves_several_routes_gets_an_id_for_each() -> None:
    routes = [
        a_route(path="/parcels/{id}", operation="read"),
        a_route(path="/parcels/{id}/{leg}", operation="read"),
        a_route(path="/letters/{id}/{leg}", operation="read"),
        a_route(path="/cards/{id}/{leg}", operation="read"),
    ]
    ids = [methods["get"]["operationId"] for methods in of(*routes)["paths"].values()]
    assert ids == ["read", "read_by_id_leg", "read_2", "read_3"]


def test_routes_are_tagged_by_the_first_part_of_their_path() -> None:
    found = of(a_route(path="/parcels/{id}"), a_route(path="/parcels"), a_route(path="/{anything}"))
    assert found["tags"] == [{"name": "parcels"}, {"name": "anything"}]
    assert found["paths"]["/parcels/{id}"]["get"]["tags"] == ["parcels"]


@pytest.mark.parametrize(
    ("route", "wanted"),
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
def test_refusals_follow_from_a_routes_shape(route: Route, wanted: list[int]) -> None:
    assert refusals(route) == sorted(wanted)
    assert set(operation(route)["responses"]) == {"200", *map(str, wanted)}


def test_refusals_have_the_common_shape() -> None:
    answer = of(a_route(errors=(410,)))["components"]["responses"]["Error410"]
    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}


def named(found: Document, status: int) -> tuple[list[str], str]:
    """What the `code` can be where an operation says it, and how it is described."""
    answer = found["responses"][str(status)]
    common, narrowed = answer["content"]["application/json"]["schema"]["allOf"]
    assert common == {"$ref": "#/components/schemas/Error"}
    return narrowed["properties"]["code"]["enum"], answer["description"]


def test_a_routes_codes_are_all_that_its_refusals_with_their_status_say() -> None:
    route = a_route(method="PUT", codes=(a_code(), a_code(name="LOST", status=410, meaning="It is gone.")))
    assert named(operation(route), 409) == (["TOO_HEAVY"], "- `TOO_HEAVY`: Nobody can lift it: send two.")
    assert named(operation(route), 410) == (["LOST"], "- `LOST`: It is gone.")
    assert "Error409" not in of(route)["components"]["responses"]


def test_the_code_of_a_key_that_was_used_for_something_else_goes_with_them() -> None:
    codes_, description = named(operation(accept(codes=(a_code(), a_code(name="LOST", status=410)))), 409)
    assert codes_ == ["TOO_HEAVY", "IDEMPOTENCY_CONFLICT"]
    assert description.splitlines()[1].startswith("- `IDEMPOTENCY_CONFLICT`: The `Idempotency-Key` came")
    assert named(operation(accept(codes=(a_code(status=410),))), 410)[0] == ["TOO_HEAVY"]


def test_a_status_without_codes_is_described_as_for_every_service() -> None:
    found = of(accept(), a_route(method="PUT", codes=(a_code(),)), schemas={"Parcel": {}})
    assert found["paths"]["/parcels"]["post"]["responses"]["409"] == {"$ref": "#/components/responses/Error409"}
    assert "Idempotency-Key" in found["components"]["responses"]["Error409"]["description"]


def test_codes_are_those_of_every_service_and_of_the_routes_each_once_by_status() -> None:
    routes = (a_route(path="/parcels/{id}", codes=(a_code(),)), a_route(method="PUT", codes=(a_code(),)))
    found = codes(a_service(functions=(a_function(*routes),)))
    assert [(code.name, code.status) for code in found] == [
        ("INVALID_REQUEST", 400),
        ("UNAUTHORIZED", 401),
        ("FORBIDDEN", 403),
        ("NOT_FOUND", 404),
        ("TOO_HEAVY", 409),
        ("THROTTLED", 429),
        ("QUOTA_EXCEEDED", 429),
        ("SERVICE_UNAVAILABLE", 503),
    ]


def test_the_common_shapes_example_has_that_shape() -> None:
    fastjsonschema.compile(dict(ERROR_SCHEMA))(ERROR_SCHEMA["example"])
    assert set(ERROR_SCHEMA["example"]) == {"error", "code", "requestId", "details"}


def test_what_a_route_answers_goes_before_what_its_shape_implies() -> None:
    answers = operation(a_route(method="POST", responses={200: None, 409: "Parcel"}))["responses"]
    assert answers["409"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Parcel"}


def test_an_answer_without_a_schema_has_no_content() -> None:
    answers = operation(a_route(method="DELETE", responses={204: None}))["responses"]
    assert "content" not in answers["204"]


def test_only_what_was_made_has_a_location() -> None:
    answers = operation(accept(responses={200: "Parcel", 201: "Parcel"}))["responses"]
    assert "Location" in answers["201"]["headers"]
    assert "Location" not in answers["200"]["headers"]


def test_path_parameters_are_required_texts() -> None:
    (parameter,) = own_parameters(a_route(path="/parcels/{id}"))
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("id", "path", True)
    assert parameter["schema"]["type"] == "string"


def test_query_parameters_have_their_schemas() -> None:
    (parameter,) = own_parameters(a_route(query={"size": {"type": "integer", "maximum": 9, "description": "A page."}}))
    assert parameter == {
        "name": "size",
        "in": "query",
        "description": "A page.",
        "schema": {"type": "integer", "maximum": 9},
    }


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_only_an_operation_declared_idempotent_takes_an_idempotency_key(method: str) -> None:
    assert own_parameters(a_route(method=method)) == []
    assert own_parameters(a_route(method=method, idempotent=True)) == [IDEMPOTENCY_KEY]


def test_the_shipped_operations_that_honour_an_idempotency_key_are_declared_idempotent() -> None:
    taken = {
        f"{name} {route.operation}"
        for name, service in SERVICES.items()
        for _, route in service.routes()
        if route.idempotent
    }
    assert taken == {
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
    ("key", "possible"),
    [("a", True), ("a b", True), ("!~", True), ("", False), (" a", False), ("a\n", False), ("é", False)],
)
def test_an_idempotency_key_is_printable_ascii_that_http_leaves_as_it_is(key: str, possible: bool) -> None:
    assert bool(re.search(IDEMPOTENCY_KEY["schema"]["pattern"].replace("$", r"\Z"), key)) is possible


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_versioned_change_takes_the_version_it_is_of(method: str) -> None:
    assert own_parameters(a_route(method=method, versioned=True)) == [IF_MATCH]
    assert own_parameters(a_route(method=method)) == []


def test_what_is_versioned_and_changes_nothing_there_takes_no_version() -> None:
    assert own_parameters(a_route(versioned=True)) == []
    assert own_parameters(accept(versioned=True)) == [IDEMPOTENCY_KEY]


@pytest.mark.parametrize(
    ("version", "possible"),
    [("*", True), ('"1"', True), ('"120"', True), ("1", False), ('"0"', False), ('W/"1"', False), ('"1", "2"', False)],
)
def test_a_version_is_a_number_in_quotes(version: str, possible: bool) -> None:
    assert bool(re.search(IF_MATCH["schema"]["pattern"], version)) is possible


def test_what_is_versioned_says_its_version_and_so_does_a_refusal_of_another() -> None:
    found = of(a_route(method="PUT", versioned=True, responses={200: None, 202: None}), a_route())
    answers = found["paths"]["/parcels"]["put"]["responses"]
    version = {"$ref": "#/components/headers/ETag"}
    assert [answers[status]["headers"]["ETag"] for status in ("200", "202")] == [version, version]
    assert "ETag" not in found["paths"]["/parcels"]["get"]["responses"]["200"]["headers"]
    refused = {label: answer["headers"].get("ETag") for label, answer in found["components"]["responses"].items()}
    assert [label for label, header in refused.items() if header == version] == ["Error412"]
    assert "ETag" in found["components"]["headers"]


@pytest.mark.parametrize("type_", [["string", "null"], ["null", "string"]])
def test_a_type_that_may_be_null_is_nullable_wherever_it_is(type_: list[str]) -> None:
    text = {"type": type_, "maxLength": 9}
    schema = {
        "type": "object",
        "properties": {"a": text, "type": {"type": "array", "items": text}},
        "anyOf": [text, {}],
    }
    found = of(a_route(query={"by": text}), schemas={"Parcel": schema})
    nullable = {"type": "string", "maxLength": 9, "nullable": True}
    assert found["components"]["schemas"]["Parcel"] == {
        "type": "object",
        "properties": {"a": nullable, "type": {"type": "array", "items": nullable}},
        "anyOf": [nullable, {}],
    }
    assert found["paths"]["/parcels"]["get"]["parameters"][0]["schema"] == nullable


def test_null_among_values_stays() -> None:
    schema = {"type": ["string", "null"], "enum": ["lost", None]}
    found = of(schemas={"State": schema})["components"]["schemas"]["State"]
    assert found == {"type": "string", "enum": ["lost", None], "nullable": True}


def test_a_body_is_required_and_named() -> None:
    body = operation(accept())["requestBody"]
    assert body == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Parcel"}}},
    }
    assert "requestBody" not in operation(a_route())


def test_a_route_asks_for_what_its_deployment_does_and_the_token_has_its_scope() -> None:
    ways = [{"ApiKeyAuth": []}, {"SignatureAuth": []}, {"TokenAuth": ["write"]}]
    assert operation(a_route(method="PUT", key_required=True))["security"] == ways
    assert operation(a_route(method="PUT"))["security"] == [{}, *ways]
    assert operation(a_route(scope="count"))["security"][-1] == {"TokenAuth": ["count"]}


def test_a_route_that_is_open_to_all_asks_for_nothing_and_refuses_no_token() -> None:
    assert operation(a_route(scope=""))["security"] == []
    assert refusals(a_route(scope="")) == [400, 403, 429, 500, 502, 503, 504]


def test_scopes_are_told_as_tokens_carry_them() -> None:
    schemes = of(a_route(), a_route(method="DELETE", scope="clear"), name="post")["components"]["securitySchemes"]
    scopes = {"clear": "`post-<environment>/clear` in tokens", "read": "`post-<environment>/read` in tokens"}
    assert [flow["scopes"] for flow in schemes["TokenAuth"]["flows"].values()] == [scopes, scopes]


def test_a_bodys_example_is_the_first_successful_call() -> None:
    calls = [
        Call(method="POST", path="/parcels", status=400, body={"to": 7}),
        Call(method="POST", path="/parcels", status=201, body={"to": "Ada"}),
        Call(method="POST", path="/parcels", status=201, body={"to": "Grace"}),
    ]
    assert operation(accept(), *calls)["requestBody"]["content"]["application/json"]["example"] == {"to": "Ada"}


def test_parameters_examples_are_what_a_call_gives_decoded_and_typed() -> None:
    route = a_route(path="/parcels/{id}", query={"size": {"type": "integer"}, "by": {"type": "string"}, "token": {}})
    call = Call(method="GET", path="/parcels/a%20b?size=2&by=due+date", status=200)
    examples = {p["name"]: p.get("example") for p in own_parameters(route, call)}
    assert examples == {"id": "a b", "size": 2, "by": "due date", "token": None}


def test_what_an_earlier_answer_said_is_no_example() -> None:
    route = a_route(method="PUT", path="/parcels/{id}/{leg}", body="Parcel", query={"by": {}, "size": {}})
    call = Call(
        method="PUT", path="/parcels/{first}/2?by={first}&size=2", status=200, body={"parts": [{"of": "no. {first}"}]}
    )
    found = operation(route, call)
    assert {p["name"]: p.get("example") for p in own_parameters(route, call)} == {
        "id": None,
        "leg": "2",
        "by": None,
        "size": "2",
    }
    assert "example" not in found["requestBody"]["content"]["application/json"]


def test_a_fixed_path_goes_before_a_parameter() -> None:
    lost, any_ = a_route(path="/parcels/lost"), a_route(path="/parcels/{id}")
    service = a_service(functions=(a_function(any_, lost),))
    assert answering(service, Call(method="GET", path="/parcels/lost?by=due", status=200)) == lost
    assert answering(service, Call(method="GET", path="/parcels/7", status=200)) == any_
    assert answering(service, Call(method="PUT", path="/parcels/7", status=200)) is None


def test_a_call_of_a_fixed_path_is_no_example_of_the_parameter_beside_it() -> None:
    call = Call(method="GET", path="/parcels/lost", status=200)
    found = of(a_route(path="/parcels/{id}"), a_route(path="/parcels/lost"), demo=(call,))
    assert "example" not in found["paths"]["/parcels/{id}"]["get"]["parameters"][0]


def test_a_schema_cannot_take_the_errors_name() -> None:
    with pytest.raises(ValueError, match="'parcels' schema names must differ from 'Error'"):
        document(a_service(schemas={"Error": {"type": "object"}}))


def test_a_response_to_an_outage_of_aws_has_the_time_to_repeat_the_request() -> None:
    found = of(a_route())["components"]
    answer = found["responses"]["Error503"]
    assert answer["headers"]["Retry-After"] == {"$ref": "#/components/headers/Retry-After"}
    assert found["headers"]["Retry-After"]["schema"] == {"type": "integer", "minimum": 1}
    assert "repeat it after `Retry-After`" in answer["description"]
    assert [label for label, one in found["responses"].items() if "Retry-After" in one["headers"]] == ["Error503"]
