"""Routes that are derived from functions with typed parameters, and schemas of Python types."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic_core import PydanticSerializationError
from typing_extensions import TypedDict

from lib.assets.generated_code import generated_sources
from lib.documents.openapi import document
from lib.model import Route, Service
from lib.runtime.errors import BadRequest
from lib.runtime.event_handler import Request, Response
from lib.runtime.typed import typed

from ...support.builders import a_function, a_route, a_service


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


class Parcel(pydantic.BaseModel):
    """A parcel."""

    to: str = pydantic.Field(alias="recipient")
    weight: Decimal = Decimal(1)


class Note(TypedDict, total=False):
    text: Annotated[str, pydantic.Field(max_length=9)]


@dataclasses.dataclass
class Van:
    parcels: list[Parcel]


def of(operation: Callable[..., Any], method: str = "POST", path: str = "/parcels", **fields: Any) -> Service:
    return a_service(functions=(a_function(Route.typed(operation, method=method, path=path, **fields)),))


def the_route(service: Service) -> Route:
    ((_, route),) = service.routes()
    return route


def accept(parcel: Parcel) -> Parcel:
    """Accept a parcel.

    It is weighed later.
    """
    return parcel


def test_route_is_derived_from_the_signature() -> None:
    route = the_route(of(accept, status=201, idempotent=True))
    assert (route.operation, route.summary, route.idempotent) == ("accept", "Accept a parcel", True)
    assert (route.body, route.responses) == ("Parcel", {201: "ParcelOutput"})


def test_schema_of_a_result_is_shared_with_the_body_if_it_is_equal() -> None:
    def load(van: Van) -> list[Van]:
        return [van]

    class Label(pydantic.BaseModel):
        text: str

    def label(label_: Label) -> Label:
        return label_

    label.__annotations__ = {"label_": Label, "return": Label}
    assert [*of(label).schemas] == ["Label"]
    assert sorted(of(load).schemas) == ["ListVan", "Parcel", "ParcelOutput", "Van", "VanOutput"]


def test_typed_dictionaries_have_schemas() -> None:
    def write(note: Note) -> Note:
        return note

    service = of(write)
    assert service.schemas["Note"]["properties"]["text"]["maxLength"] == 9
    response = typed(write, (), 200)(Request("POST /", {}, {}, {}, {"text": "x"}, "ann", "request-1"))
    assert response.body == '{"text":"x"}'


def test_fields_override_the_derived_ones() -> None:
    route = the_route(of(accept, summary="Take a parcel", responses={202: "Parcel"}))
    assert (route.summary, route.responses) == ("Take a parcel", {202: "Parcel"})


def test_parameters_are_assigned_by_name_and_type() -> None:
    def find(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # one of each kind
        van_id: int,
        request: Request,
        size: Size | None = None,
        kind: Literal["box", "letter"] = "box",
        since: datetime | None = None,
        weight: Annotated[Decimal, pydantic.Field(gt=0)] = Decimal(1),
        limit: int = 10,
        *,
        fragile: bool = False,
    ) -> None:
        """Find parcels."""
        calls.append((van_id, size, kind, since, weight, limit, fragile, request.id))

    calls: list[Any] = []
    route = the_route(of(find, "GET", "/vans/{van_id}/parcels"))
    assert route.responses == {204: None}
    assert {name: schema.get("type") for name, schema in route.query.items()} == {
        "size": "integer",
        "kind": "string",
        "since": "string",
        "weight": "string",
        "limit": "integer",
        "fragile": "boolean",
    }
    query = {"size": 2, "since": "2026-01-01T00:00:00Z", "weight": "2.50", "fragile": True}
    request = Request("GET /", {"van_id": "7"}, query, {}, None, "ann", "request-1")
    assert typed(find, ("van_id",), 204)(request) == Response(204)
    van_id, size, kind, since, weight, limit, fragile, id_ = calls.pop()
    assert (van_id, size, kind, since.year, weight) == (7, Size.LARGE, "box", 2026, Decimal("2.50"))
    assert (limit, fragile, id_) == (10, True, "request-1")


def test_required_query_parameter_must_be_sent() -> None:
    def find(name: str) -> None:
        raise AssertionError(name)

    with pytest.raises(BadRequest) as caught:
        typed(find, (), 204)(Request("GET /", {}, {}, {}, None, "ann", "request-1"))
    assert caught.value.details == ["query must contain 'name'"]


def test_body_and_result_use_aliases() -> None:
    response = typed(accept, (), 201)(Request("POST /", {}, {}, {}, {"recipient": "Ann"}, "ann", "request-1"))
    assert response == Response(201, '{"recipient":"Ann","weight":"1"}')


class Strict(pydantic.BaseModel):
    """A model that accepts a string as a date only in a JSON document."""

    model_config = pydantic.ConfigDict(strict=True)
    at: datetime
    sizes: set[int]


STRICT = '{"at":"2026-01-01T00:00:00Z","sizes":[1]}'


def send_strict(body: Any, raw: str, **headers: str) -> Response:
    def accept_strict(value: Strict) -> Strict:
        return value

    event = {"body": raw}
    return typed(accept_strict, (), 200)(Request("POST /", {}, {}, headers, body, "ann", "r", event=event))


def test_strict_model_accepts_a_json_document() -> None:
    assert send_strict(json.loads(STRICT), STRICT) == Response(200, STRICT)
    with pytest.raises(BadRequest) as caught:
        send_strict({"at": 1, "sizes": ["1"]}, '{"at":"today","sizes":["1"]}')
    assert [detail.partition(":")[0] for detail in caught.value.details] == ["body.at", "body.sizes[0]"]


def test_strict_model_rejects_the_strings_of_a_form() -> None:
    form = {"content-type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}
    with pytest.raises(BadRequest):
        send_strict(json.loads(STRICT), STRICT, **form)


def result_of(kind: Any, value: Any) -> str:
    """Return the body of the response of an operation with a result type and a result."""

    def operation() -> Any:
        return value

    operation.__annotations__["return"] = kind
    return str(typed(operation, (), 200)(Request("GET /", {}, {}, {}, None, "ann", "request-1")).body)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Parcel, "parcel"),
        (Parcel, None),
        (Parcel, Van([])),
        (Parcel, Parcel.model_construct(weight="heavy")),
        (list[Van], [Van([]), None]),
        (dict[str, int], {"a": "1"}),
        (int, "1"),
    ],
)
def test_result_of_another_type_is_an_error(kind: Any, value: Any) -> None:
    with pytest.raises((PydanticSerializationError, pydantic.ValidationError)):
        result_of(kind, value)


class Sent(TypedDict):
    """A parcel that was sent."""

    at: Annotated[str, pydantic.Field(alias="sentAt")]


def test_typed_dictionary_is_returned_with_its_aliases() -> None:
    assert result_of(Sent, {"at": "noon"}) == '{"sentAt":"noon"}'


def _positional(parcel: Parcel, /) -> None:
    raise AssertionError(parcel)


def _without_type(parcel) -> None:  # type: ignore[no-untyped-def]  # the subject of the test
    """Has a parameter without a type."""
    raise AssertionError(parcel)


def _without_result(parcel: Parcel):  # type: ignore[no-untyped-def]  # the subject of the test
    """Has no return type."""
    raise AssertionError(parcel)


def _of_two(first: Parcel, second: Van) -> None:
    raise AssertionError(first, second)


def _of_many(*parcels: Parcel) -> None:
    raise AssertionError(parcels)


def _of_unknown(parcel: Unknown) -> None:  # type: ignore[name-defined]  # noqa: F821  # pylint: disable=undefined-variable
    raise AssertionError(parcel)


def _of_object(thing: type[Any]) -> None:
    raise AssertionError(thing)


@pytest.mark.parametrize(
    ("operation", "method", "path", "problem"),
    [
        (
            _without_type,
            "POST",
            "/x",
            r"_without_type parameter 'parcel' must have a type and a name. Add an annotation",
        ),
        (_without_result, "POST", "/x", r"_without_result must have a return type. Annotate it, with None for"),
        (_of_two, "POST", "/x", r"_of_two must have at most one parameter for the body, got first, second\."),
        (
            _positional,
            "POST",
            "/x",
            r"parameter 'parcel' must have a type and a name\. .* remove \*args, \*\*kwargs and /\.",
        ),
        (_of_many, "POST", "/x", r"_of_many parameter 'parcels' must have a type and a name"),
        (_of_unknown, "POST", "/x", r"name 'Unknown' is not defined"),
        (accept, "POST", "/x/{id}", r"accept must have a parameter for each path parameter, got none for 'id'\."),
        (accept, "GET", "/x", r"must have no parameter for the body of a GET request, got <class .*Parcel'>"),
    ],
)
def test_signature_from_which_no_route_can_be_derived_is_rejected(
    operation: Callable[..., Any], method: str, path: str, problem: str
) -> None:
    location = rf"route {method} {path} operation {operation.__name__} \(.*test_typed_operations.py:[0-9]+\)"
    with pytest.raises(ValueError, match=f"^{location.replace('{', '[{]')}.*{problem}"):
        Route.typed(operation, method=method, path=path)


def test_type_without_a_schema_is_rejected() -> None:
    with pytest.raises(
        ValueError, match=r"route POST /parcels body must be a type with a JSON Schema, got .*Use a pyd"
    ):
        of(_of_object)


def test_route_can_refer_to_a_type_or_to_its_name_in_the_schemas() -> None:
    route = a_route(method="POST", operation="accept", body=Parcel, responses={201: Parcel, 204: None})
    service = a_service(functions=(a_function(route),), schemas={"Package": Parcel, "Other": {"type": "object"}})
    assert (the_route(service).body, the_route(service).responses) == ("Package", {201: "PackageOutput", 204: None})
    assert service.schemas["Package"]["required"] == ["recipient"]
    assert dataclasses.replace(service).schemas == service.schemas


def test_two_types_with_one_name_are_rejected() -> None:
    class Other(pydantic.BaseModel):
        text: str

    Other.__name__ = "Parcel"
    routes = (
        a_route(method="POST", operation="accept", body=Parcel),
        a_route(method="PUT", operation="accept", body=Other),
    )
    message = r"route PUT /parcels body must have another name than the other schema 'Parcel', got .*'OtherParcel'"
    with pytest.raises(ValueError, match=message):
        a_service(functions=(a_function(*routes),))
    with pytest.raises(ValueError, match="must have another name than the other schema 'Parcel'"):
        a_service(functions=(a_function(routes[0]),), schemas={"Parcel": {"type": "object"}})


def test_types_without_pydantic_name_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr("lib.model.schema_types.import_module", not_installed)
    with pytest.raises(ValueError, match=r"body is the type .*Van.*, whose schema needs pydantic. Install pydantic"):
        a_service(functions=(a_function(a_route(method="POST", body=Van)),))


def test_untyped_service_needs_no_pydantic() -> None:
    source = generated_sources(a_service(), a_service().functions[0])["index.py"]
    assert "typed" not in source
    assert "idempotent" not in source


def test_response_of_a_typed_operation_is_returned_unchanged() -> None:
    def find(name: str) -> Response:
        return Response(404, name)

    request = Request("GET /{name}", {"name": "lamp"}, {}, {}, None, "ann", "request-1")
    assert typed(find, ("name",), 200)(request) == Response(404, "lamp")


def search(
    limit: int = 20,
    size: Size = Size.LARGE,
    word: str | None = None,
    factor: Decimal = Decimal("1.5"),
    all_: bool = False,
) -> None:
    """Search parcels."""
    del limit, size, word, factor, all_


def test_default_of_a_query_parameter_is_documented() -> None:
    parameters = document(of(search, method="GET"))["paths"]["/parcels"]["get"]["parameters"]
    defaults = {p["name"]: p["schema"].get("default") for p in parameters if "name" in p}
    assert defaults == {"limit": 20, "size": 2, "word": None, "factor": "1.5", "all_": False}
    assert all("default" not in schema for schema in the_route(of(search, method="GET")).query.values())
