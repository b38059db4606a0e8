"""A pydantic model with the types that services use: its schemas accept and reject what the model does."""

from __future__ import annotations

import datetime
import importlib
import uuid
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from lib.assets.generated_code import generated_sources
from lib.documents.openapi import document
from lib.model import Route
from lib.runtime.errors import BadRequest
from lib.runtime.event_handler import Request, SchemaViolation
from lib.runtime.typed import typed

from ...support.builders import a_function, a_service

Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class Priority(Enum):
    """How fast a shipment is delivered."""

    NORMAL = "normal"
    EXPRESS = "express"


class Courier(BaseModel):
    """Delivery by a courier."""

    kind: Literal["courier"]
    phone: str = Field(pattern="^[0-9]{6,19}$")


class Locker(BaseModel):
    """Delivery to a locker."""

    kind: Literal["locker"]
    number: int


class Parcel(BaseModel):
    """A parcel of a shipment."""

    sku: str = Field(min_length=1, max_length=20)
    quantity: int = Field(gt=0, le=100)
    price: Money


class Category(BaseModel):
    """A category, which can contain others."""

    name: str
    children: list[Category] = Field(default=[], max_length=10)


class NewShipment(BaseModel):
    """A shipment to create."""

    model_config = ConfigDict(extra="forbid")

    parcels: list[Parcel] = Field(min_length=1, max_length=50)
    delivery: Annotated[Courier | Locker, Field(discriminator="kind")]
    priority: Priority = Priority.NORMAL
    discount: float = Field(default=0, ge=0, lt=0.9)
    note: str | None = Field(default=None, max_length=200)
    reference: int | str = ""
    due: datetime.datetime
    window: tuple[datetime.time, datetime.time] | None = None
    labels: dict[Literal["color", "size"], str] = {}
    tags: set[str] = set()
    category: Category | None = None

    @model_validator(mode="after")
    def _express_shipments_are_small(self) -> NewShipment:
        if self.priority is Priority.EXPRESS and len(self.parcels) > 3:
            raise ValueError("express shipments must have at most 3 parcels")
        return self


class Shipment(NewShipment):
    """A stored shipment."""

    id: uuid.UUID
    total: Money


def ship(shipment: NewShipment) -> Shipment:
    """Create a shipment."""
    total = sum((parcel.price * parcel.quantity for parcel in shipment.parcels), Decimal())
    return Shipment(**shipment.model_dump(), id=uuid.UUID(int=1), total=total)


SERVICE = a_service(functions=(a_function(Route.typed(ship, method="POST", path="/shipments", status=201)),))
PARCEL = {"sku": "PEN", "quantity": 2, "price": 1.15}
SHIPMENT: dict[str, Any] = {
    "parcels": [PARCEL],
    "delivery": {"kind": "courier", "phone": "4111111111"},
    "due": "2026-02-28T10:00:00Z",
}


def request(**changes: Any) -> str:
    """Return the response to a request with the schema and the model of its body, or the error."""
    names: dict[str, Any] = {}
    source = generated_sources(SERVICE, SERVICE.functions[0])["validators/body_NewShipment.py"]
    exec(source, names)  # noqa: S102  # pylint: disable=exec-used  # the generated validator
    body = {**SHIPMENT, **changes}
    try:
        names["validate"](body, name_prefix="body")
        return str(typed(ship, (), 201)(Request("POST /shipments", {}, {}, {}, body, "ann", "r")).body)
    except SchemaViolation as exc:
        return exc.message
    except BadRequest as exc:
        return " ".join(exc.details)


def test_operation_receives_the_body_as_a_model() -> None:
    response = request(tags=["a", "b"], category={"name": "x", "children": [{"name": "y"}]}, window=["10:00", "11:00"])
    shipment = Shipment.model_validate_json(response)
    assert (shipment.priority, shipment.tags, shipment.total) == (Priority.NORMAL, {"a", "b"}, Decimal("2.30"))
    assert shipment.category is not None
    assert shipment.category.children[0].name == "y"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"parcels": []}, "body.parcels must contain at least 1 items"),
        ({"parcels": [{**PARCEL, "quantity": 0}]}, "body.parcels[0].quantity must be bigger than 0"),
        ({"parcels": [{**PARCEL, "price": "many"}]}, "body.parcels[0].price"),
        ({"parcels": [{**PARCEL, "price": -1}]}, "body.parcels[0].price cannot be validated by any definition"),
        ({"delivery": {"kind": "bicycle"}}, "body.delivery must be valid exactly by one definition"),
        ({"priority": "slow"}, "body.priority must be one of"),
        ({"discount": 0.9}, "body.discount must be smaller than 0.9"),
        ({"note": 5}, "body.note must be string or null"),
        ({"reference": 1.5}, "body.reference cannot be validated"),
        ({"due": "tomorrow"}, "body.due must be date-time"),
        ({"window": ["10:00:00"]}, "body.window must contain at least 2 items"),
        ({"labels": {"weight": "1"}}, "body.labels must be named by propertyName definition"),
        ({"tags": ["a", "a"]}, "body.tags must contain unique items"),
        ({"category": {"name": "x", "children": [{"name": 1}]}}, "body.category cannot be validated"),
        ({"colour": "red"}, "body must not contain {'colour'} properties"),
        ({"priority": "express", "parcels": [PARCEL] * 4}, "express shipments must have at most 3 parcels"),
    ],
)
def test_invalid_body_is_rejected_with_its_path(changes: dict[str, Any], detail: str) -> None:
    assert detail in request(**changes)


def test_input_and_output_of_a_model_are_documented_separately() -> None:
    schemas = document(SERVICE)["components"]["schemas"]
    assert [*schemas] == [
        *("NewShipment", "Shipment", "Category", "Courier", "Locker", "Parcel", "Priority", "ParcelOutput", "Error"),
    ]
    parcel, output = schemas["Parcel"]["properties"], schemas["ParcelOutput"]["properties"]
    assert [option["type"] for option in parcel["price"]["anyOf"]] == ["number", "string"]
    assert output["price"]["type"] == "string"
    assert schemas["NewShipment"]["properties"]["note"] == {
        "type": "string",
        "maxLength": 200,
        "nullable": True,
        "title": "Note",
        "default": None,
    }


def test_results_match_their_schema() -> None:
    openapi = importlib.import_module("openapi_schema_validator")
    api = document(SERVICE)
    schema = {**api["components"]["schemas"]["Shipment"], "components": api["components"]}
    shipment = Shipment.model_validate_json(request())
    openapi.OAS30Validator(schema).validate(shipment.model_dump(mode="json"))
