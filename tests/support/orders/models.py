"""Types of the orders API."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class Priority(Enum):
    """How fast an order is delivered."""

    NORMAL = "normal"
    EXPRESS = "express"


class Card(BaseModel):
    """Payment by card."""

    kind: Literal["card"]
    number: str = Field(pattern="^[0-9]{12,19}$")


class Transfer(BaseModel):
    """Payment by bank transfer."""

    kind: Literal["transfer"]
    iban: str = Field(min_length=15, max_length=34)


class Line(BaseModel):
    """A line of an order."""

    sku: str = Field(min_length=1, max_length=20)
    quantity: int = Field(gt=0, le=100)
    price: Money


class Category(BaseModel):
    """A category, which can contain others."""

    name: str
    children: list[Category] = Field(default=[], max_length=10)


class NewOrder(BaseModel):
    """An order to create."""

    model_config = ConfigDict(extra="forbid")

    lines: list[Line] = Field(min_length=1, max_length=50)
    payment: Annotated[Card | Transfer, Field(discriminator="kind")]
    priority: Priority = Priority.NORMAL
    discount: float = Field(default=0, ge=0, lt=0.9)
    note: str | None = Field(default=None, max_length=200)
    reference: int | str = ""
    due: datetime.datetime
    delivery_window: tuple[datetime.time, datetime.time] | None = None
    labels: dict[Literal["color", "size"], str] = {}
    tags: set[str] = set()
    category: Category | None = None

    @model_validator(mode="after")
    def _express_orders_are_small(self) -> NewOrder:
        if self.priority is Priority.EXPRESS and len(self.lines) > 3:
            raise ValueError("express orders must have at most 3 lines")
        return self


class Order(NewOrder):
    """A stored order."""

    id: uuid.UUID
    total: Money


@dataclass
class OrderPage:
    """A page of orders."""

    orders: list[Order]
    count: int
    next_page_token: str | None = None
