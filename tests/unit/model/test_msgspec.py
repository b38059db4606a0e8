"""Structs of msgspec as types of operations."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest

from lib.documents.openapi import document
from lib.model import Route, Service
from lib.runtime.errors import BadRequest
from lib.runtime.event_handler import Request, Response
from lib.runtime.typed import typed

from ...support.builders import a_function, a_service
from .test_json_schema import is_accepted

msgspec = pytest.importorskip("msgspec")


class Line(msgspec.Struct, rename="camel", forbid_unknown_fields=True):  # type: ignore[misc, name-defined, call-arg]
    """A line of an order."""

    sku_code: Annotated[str, msgspec.Meta(min_length=1, pattern="^[A-Z]+$")]
    quantity: Annotated[int, msgspec.Meta(gt=0, multiple_of=2)]
    price: Decimal
    weight: float = 1.5


class Card(msgspec.Struct, tag=True):  # type: ignore[misc, name-defined, call-arg]
    """Payment by card."""

    number: str


class Transfer(msgspec.Struct, tag=True):  # type: ignore[misc, name-defined, call-arg]
    """Payment by bank transfer."""

    iban: str


class Order(msgspec.Struct):  # type: ignore[misc, name-defined]
    """An order, which can replace another one."""

    lines: Annotated[list[Line], msgspec.Meta(min_length=1)]
    payment: Card | Transfer
    pair: tuple[int, str] = (1, "a")
    kind: Literal["a", "b"] = "a"
    names: dict[Annotated[str, msgspec.Meta(max_length=3)], int] = msgspec.field(default_factory=dict)
    replaces: Order | None = None


LINE = {"skuCode": "PEN", "quantity": 2, "price": "1.50", "weight": Decimal("2.25")}
ORDER: dict[str, Any] = {"lines": [LINE], "payment": {"type": "Card", "number": "4111"}}


def accept(order: Order, day: int, limit: int = 5) -> Order:
    """Accept an order."""
    assert (day, limit) == (7, 3)
    return order


@pytest.fixture(name="service")
def service_fixture() -> Service:
    """Return a service with a route to `accept`."""
    return a_service(functions=(a_function(Route.typed(accept, method="POST", path="/days/{day}")),))


def send(body: Any) -> Response:
    return typed(accept, ["day"], 201)(Request("POST /", {"day": "7"}, {"limit": 3}, {}, body, "ann", "request-1"))


def test_input_and_output_have_one_schema(service: Service) -> None:
    assert [*document(service)["components"]["schemas"]] == ["Order", "Line", "Card", "Transfer", "Error"]


@pytest.mark.parametrize(
    ("changes", "is_valid"),
    [
        ({"pair": [2, "b"], "kind": "b", "names": {"abc": 1}, "replaces": ORDER}, True),
        ({"lines": []}, False),
        ({"lines": [{**LINE, "quantity": 3}]}, False),
        ({"lines": [{**LINE, "quantity": 0}]}, False),
        ({"lines": [{**LINE, "size": 1}]}, False),
        ({"payment": {"type": "Cash"}}, False),
        ({"pair": [2, "b", 3]}, False),
        ({"names": {"abcd": 1}}, False),
        ({"replaces": {"lines": []}}, False),
    ],
)
def test_schema_is_validated(service: Service, changes: dict[str, Any], is_valid: bool) -> None:
    assert is_accepted(service, "Order", {**ORDER, **changes}) is is_valid


def test_request_is_converted_to_structs_and_the_result_to_json() -> None:
    response = send(ORDER)
    assert response.status == 201
    order = msgspec.json.decode(response.body, type=Order)
    assert order.lines == [Line("PEN", 2, Decimal("1.50"), 2.25)]
    assert '"price":"1.50"' in response.body


def test_value_that_cannot_be_converted_is_rejected() -> None:
    with pytest.raises(BadRequest) as caught:
        send({**ORDER, "lines": [{**LINE, "price": "much"}]})
    assert caught.value.details == ["body: Invalid decimal string - at `$.lines[0].price`"]


class Options(msgspec.Struct):  # type: ignore[misc, name-defined]
    """Options of an order, none of which is required."""

    gift: bool = False


def configure(options: Options) -> Options:
    """Set the options of orders."""
    return options


def test_struct_without_required_fields_has_a_schema() -> None:
    service = a_service(functions=(a_function(Route.typed(configure, method="PUT", path="/options")),))
    assert is_accepted(service, "Options", {})
    assert not is_accepted(service, "Options", {"gift": "yes"})
    assert "required" not in service.gateway_schema("Options")


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Options, None), (Options, Options(gift="yes")), (list[Card], [Card("4111"), Transfer("DE1")]), (int, "1")],
)
def test_result_of_another_type_is_an_error(kind: Any, value: Any) -> None:
    def operation(_card: Card | None = None) -> Any:
        return value

    operation.__annotations__["return"] = kind
    with pytest.raises(msgspec.ValidationError):
        typed(operation, (), 200)(Request("GET /", {}, {}, {}, None, "ann", "request-1"))
