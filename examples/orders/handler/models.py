"""Types of requests, responses and items."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

TWO_PLACES = AfterValidator(lambda value: value.quantize(Decimal("0.01")))
"""DynamoDB does not store zeros at the end of a number."""
Amount = Annotated[Decimal, TWO_PLACES]
Price = Annotated[Decimal, Field(ge=0, max_digits=8, decimal_places=2), TWO_PLACES]
CustomerId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,50}$")]


class Status(Enum):
    """State of an order."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELED = "canceled"


class Card(BaseModel):
    """Payment by card."""

    kind: Literal["card"]
    token: str = Field(min_length=1, max_length=100)


class Transfer(BaseModel):
    """Payment by bank transfer."""

    kind: Literal["transfer"]
    iban: str = Field(pattern="^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")


class Line(BaseModel):
    """A line of an order."""

    sku: str = Field(min_length=1, max_length=20)
    quantity: int = Field(gt=0, le=100)
    price: Price


class NewOrder(BaseModel):
    """An order to create."""

    model_config = ConfigDict(extra="forbid")

    customer: CustomerId
    lines: list[Line] = Field(min_length=1, max_length=50)
    payment: Annotated[Card | Transfer, Field(discriminator="kind")]
    note: str | None = Field(default=None, max_length=200)
    deliver_after: AwareDatetime | None = None

    @model_validator(mode="after")
    def _no_repeated_sku(self) -> NewOrder:
        if len({line.sku for line in self.lines}) < len(self.lines):
            raise ValueError("each sku must have one line")
        return self

    def amount(self) -> Decimal:
        """Return the sum of the lines."""
        return sum((line.price * line.quantity for line in self.lines), Decimal())


class Order(NewOrder):
    """A stored order."""

    id: UUID
    status: Status
    total: Amount
    created_at: AwareDatetime


class OrderPage(BaseModel):
    """A page of orders, the newest first."""

    orders: list[Order]
    next_page_token: str | None


class Totals(BaseModel):
    """Confirmed orders of a customer."""

    customer: CustomerId
    orders: int = 0
    amount: Amount = Decimal("0.00")
