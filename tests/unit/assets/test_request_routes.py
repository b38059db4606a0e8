"""Generated index of functions with requests and responses other than JSON."""

from __future__ import annotations

from typing import Any

from lib.assets.generated_code import generated_sources
from lib.model import Function, Route, idempotency_table

from ...support.builders import a_function, a_route, a_service
from ...support.gallery.service import SERVICE


def index(*routes: Route) -> str:
    """Return the generated index of a function with routes."""
    function: Function = a_function(*routes)
    return generated_sources(a_service(functions=(function,)), function)["index.py"]


def test_route_options_are_generated_only_if_they_differ_from_the_default() -> None:
    assert "('GET', '/parcels'): Route(operations.list_parcels, None, query_0.validate, {}),\n" in index(a_route())
    route = a_route(
        content_types=("text/csv",),
        query={"a": {}},
        additional_query=True,
        headers={"X-A": {"type": "integer"}},
        max_body_bytes=1_000,
    )
    assert (
        "Route(operations.list_parcels, None, query_0.validate, {'a': 'string'}, content_types=('text/csv',), "
        "additional_query=True, validate_headers=headers_0.validate, header_types={'x-a': 'integer'}, "
        "max_body_bytes=1000),\n"
    ) in index(route)
    assert "from validators import headers_0\n" in index(route)


def test_form_fields_have_the_types_of_the_schema() -> None:
    (function,) = SERVICE.functions
    assert (
        "content_types=('application/json', 'application/x-www-form-urlencoded'), "
        "form_types={'copies': 'integer', 'framed': 'boolean', 'tags': ('string',)}),\n"
    ) in generated_sources(SERVICE, function)["index.py"]


def test_function_encodes_bytes_if_a_route_of_the_service_returns_them() -> None:
    text, picture = a_route(), a_route(path="/logo", responses={200: "image/png"})
    functions = (a_function(text), a_function(picture, name="pictures"))
    service = a_service(functions=functions)
    assert "    binary=True,\n" in generated_sources(service, functions[0])["index.py"]
    assert "binary" not in index(text)
    assert "binary" not in index(a_route(method="PUT", content_types=("image/*",)))


def test_idempotency_options_are_generated_only_if_they_differ_from_the_default() -> None:
    def operation(**fields: Any) -> str:
        function = a_function(a_route(method="POST", idempotency="idempotency", **fields))
        service = a_service(functions=(function,), tables=(idempotency_table(),))
        return generated_sources(service, function)["index.py"].partition("idempotent(")[2].partition("(operations")[0]

    assert operation() == "'IDEMPOTENCY_TABLE', 'id')"
    assert operation(idempotency_header="X-Delivery", idempotency_compares_requests=False) == (
        "'IDEMPOTENCY_TABLE', 'id', header='X-Delivery', compares_requests=False)"
    )
