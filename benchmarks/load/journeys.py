"""What a client does with a service, over and over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lib.model import Call

UNITS = 1_000_000
"""More than a client sells: nothing is refused for want of stock, and no alert is sent."""


@dataclass(frozen=True, kw_only=True)
class Journey:
    """Calls in order: `{client}` is the client's own, `{round}` new in every round, the rest what answers said."""

    first: tuple[Call, ...] = ()
    """Once."""
    rounds: tuple[Call, ...]


JOURNEYS: Mapping[str, Journey] = {
    "items": Journey(
        rounds=(
            Call(
                method="POST",
                path="/items",
                status=201,
                body={"ItemId": "load-{round}", "name": "Walnut desk, 140 cm", "price": 349.95, "quantity": 12},
                keeps={"at": "CreatedAt"},
            ),
            Call(method="GET", path="/items/load-{round}/{at}", status=200),
            Call(method="GET", path="/items/load-{round}", status=200),
            Call(method="PUT", path="/items/load-{round}/{at}", status=200, body={"quantity": 11}),
            Call(method="GET", path="/items/load-{round}/{at}", status=200),
            Call(method="GET", path="/items?page_size=20", status=200),
            Call(method="DELETE", path="/items/load-{round}/{at}", status=204),
        ),
    ),
    "inventory": Journey(
        rounds=(
            Call(
                method="POST",
                path="/items",
                status=201,
                body={"name": "Walnut desk", "category": "load-{client}", "quantity": 40, "price": 349.95},
                keeps={"item": "itemId"},
            ),
            Call(method="GET", path="/items/{item}", status=200),
            Call(method="GET", path="/items?category=load-{client}&page_size=20", status=200),
            Call(method="GET", path="/items/{item}", status=200),
            Call(method="PUT", path="/items/{item}", status=200, body={"quantity": 39}),
            Call(method="GET", path="/items/{item}", status=200),
            Call(method="GET", path="/items/{item}/history", status=200),
            Call(method="DELETE", path="/items/{item}", status=200),
        ),
    ),
    "stock": Journey(
        first=(
            Call(
                method="POST",
                path="/inventory",
                status=201,
                body={"product_id": "LOAD-{client}", "stock_count": UNITS, "threshold_level": 5, "category": "load"},
            ),
        ),
        rounds=(
            Call(method="GET", path="/inventory/LOAD-{client}", status=200),
            Call(method="GET", path="/inventory?category=load&page_size=10", status=200),
            Call(method="GET", path="/inventory/LOAD-{client}", status=200),
            Call(
                method="POST",
                path="/inventory/LOAD-{client}/reserve",
                status=201,
                body={"reservationId": "{round}-kept", "quantity": 1},
            ),
            Call(
                method="POST",
                path="/inventory/LOAD-{client}/reserve",
                status=201,
                body={"reservationId": "{round}-left", "quantity": 1},
            ),
            Call(method="GET", path="/inventory/LOAD-{client}", status=200),
            Call(method="DELETE", path="/inventory/reserve/{round}-left", status=204),
            Call(
                method="POST",
                path="/inventory/LOAD-{client}/fulfill",
                status=200,
                body={"reservationId": "{round}-kept"},
            ),
        ),
    ),
}
