"""Fixtures for tests of a deployed stock service."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from ...support.listener import Listener, listening
from ..conftest import Http, HttpResponse

MINUTE_SECONDS = 60
PATIENCE_SECONDS = 120
MAX_PAUSE_SECONDS = 8

Item = dict[str, Any]


def new_id(prefix: str = "product") -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def counts(level: Any) -> tuple[int, int, int]:
    return level["stock_count"], level["reserved_count"], level["available"]


def with_retries(call: Callable[[], HttpResponse], retried: Collection[int] = (429,)) -> HttpResponse:
    """Repeat a call while its status code is one of `retried`, and return the last response."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.1
    while (response := call()).status in retried and time.monotonic() < deadline:
        time.sleep(random.uniform(0, pause))  # noqa: S311  # jitter
        pause = min(2 * pause, MAX_PAUSE_SECONDS)
    return response


@dataclass
class Shop:
    """Client of the API with access to its tables and functions."""

    http: Http
    outputs: dict[str, Any]
    client: Callable[[str], Any]

    def create(self, stock_count: int = 10, **fields: Any) -> str:
        """Create a level and return the product ID."""
        product = fields.pop("product_id", None) or new_id()
        response = self.http("POST", "/inventory", {"product_id": product, "stock_count": stock_count, **fields})
        assert response.status == 201, response.body
        return str(product)

    def level(self, product: str, warehouse: str = "") -> Any:
        response = self.http("GET", f"/inventory/{product}" + (f"?warehouse_id={warehouse}" if warehouse else ""))
        assert response.status == 200, response.body
        return response.body

    def update(self, product: str, **fields: Any) -> HttpResponse:
        return self.http("PUT", f"/inventory/{product}", fields)

    def reserve(self, product: str, quantity: int = 1, reservation: str = "", **fields: Any) -> HttpResponse:
        body = {"reservationId": reservation or new_id("cart"), "quantity": quantity, **fields}
        return self.http("POST", f"/inventory/{product}/reserve", body)

    def new_reservation(self, product: str, quantity: int = 1, **fields: Any) -> str:
        """Reserve units of a product and return the reservation ID."""
        response = self.reserve(product, quantity, **fields)
        assert response.status == 201, response.body
        return str(response.body["reservationId"])

    def reserve_cart(self, reservation: str, quantities: dict[str, int], **fields: Any) -> HttpResponse:
        lines = [{"product_id": product, "quantity": quantity} for product, quantity in quantities.items()]
        return self.http("POST", "/inventory/reserve", {"reservationId": reservation, "lines": lines, **fields})

    def release(self, reservation: str, product: str = "") -> HttpResponse:
        """Release a reservation or its units of one product."""
        return self.http("DELETE", f"/inventory{product and f'/{product}'}/reserve/{reservation}")

    def fulfill(self, product: str, **fields: Any) -> HttpResponse:
        return self.http("POST", f"/inventory/{product}/fulfill", fields)

    def list_all(self, product: str, collection: str) -> list[Any]:
        """Return all `movements` (newest first) or `reservations` of a product."""
        entries: list[Any] = []
        path = f"/inventory/{product}/{collection}?page_size=100"
        token = ""
        while True:
            response = self.http("GET", path + token)
            assert response.status == 200, response.body
            entries += response.body[collection]
            if response.body["next_page_token"] is None:
                return entries
            token = f"&page_token={response.body['next_page_token']}"

    def movement_types(self, product: str) -> list[str]:
        """Return the types of a product's movements, oldest first."""
        return [movement["type"] for movement in reversed(self.list_all(product, "movements"))]

    def level_item(self, product: str, warehouse: str = "main") -> Item:
        key = {"product_id": {"S": product}, "warehouse_id": {"S": warehouse}}
        table = self.outputs["table_names"]["management"]
        item: Item = self.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        return item

    def reservation_items(self, reservation: str) -> list[Item]:
        """Return the DynamoDB items of a reservation's lines."""
        items: list[Item] = self.client("dynamodb").query(
            TableName=self.outputs["table_names"]["reservations"],
            KeyConditionExpression="reservation_id = :id",
            ExpressionAttributeValues={":id": {"S": reservation}},
            ConsistentRead=True,
        )["Items"]
        return items

    def expire(self, reservation: str) -> None:
        """Set the expiry of a reservation to a time in the past."""
        expires_at = int(time.time() // MINUTE_SECONDS - 1) * MINUTE_SECONDS
        for line in self.reservation_items(reservation):
            self._set_expiry(line, expires_at)

    def _set_expiry(self, line: Item, expires_at: int) -> None:
        level = self.level_item(line["product_id"]["S"], line["warehouse_id"]["S"])
        holds = {key: int(units["N"]) for key, units in level["holds"]["M"].items()}
        units = int(line["quantity"]["N"])
        holds[line["ends"]["N"]] -= units
        holds[str(expires_at)] = holds.get(str(expires_at), 0) + units
        holds = {key: reserved for key, reserved in holds.items() if reserved}
        level_update = {
            "TableName": self.outputs["table_names"]["management"],
            "Key": {name: level[name] for name in ("product_id", "warehouse_id")},
            "UpdateExpression": "SET holds = :holds, due_at = :first",
            "ConditionExpression": "#sequence = :sequence",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
            "ExpressionAttributeValues": {
                ":holds": {"M": {key: {"N": str(reserved)} for key, reserved in holds.items()}},
                ":first": {"N": min(holds, key=int)},
                ":sequence": level["sequence"],
            },
        }
        expiry = datetime.fromtimestamp(expires_at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        line_update = {
            "TableName": self.outputs["table_names"]["reservations"],
            "Key": {name: line[name] for name in ("reservation_id", "line")},
            "UpdateExpression": "SET ends = :end, expiry = :expiry",
            "ExpressionAttributeValues": {":end": {"N": str(expires_at)}, ":expiry": {"S": expiry}},
        }
        self.client("dynamodb").transact_write_items(TransactItems=[{"Update": level_update}, {"Update": line_update}])

    def run_schedule(self, function: str, schedule: str) -> None:
        """Invoke a function with a scheduled event."""
        response = self.client("lambda").invoke(
            FunctionName=self.outputs["function_names"][function], Payload=json.dumps({"schedule": schedule}).encode()
        )
        assert "FunctionError" not in response, response["Payload"].read().decode()

    def int_variable(self, function: str, variable: str) -> int:
        """Return an integer environment variable of a function."""
        name = self.outputs["function_names"][function]
        variables = self.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        return int(variables[variable])

    def run_expiry(self) -> None:
        """Run the job that releases expired reservations."""
        self.run_schedule("expire-reservations", "stock-expiry")

    def check_consistency(self, *products: str) -> None:
        """Check that levels match reservations and movements, sequences have no gaps, and no units are oversold."""
        for product in products:
            response = with_retries(lambda path=f"/inventory/{product}/reconcile": self.http("POST", path, {}))  # type: ignore[misc]
            assert (response.status, response.body["drifts"]) == (200, []), response.body
            for level in self.level(product)["warehouses"]:
                self._check_level(level)

    def _check_level(self, level: Any) -> None:
        product, warehouse = level["product_id"], level["warehouse_id"]
        item = self.level_item(product, warehouse)
        movements = [m for m in self.list_all(product, "movements") if m["warehouse_id"] == warehouse][::-1]
        assert [movement["sequence"] for movement in movements] == [*range(1, len(movements) + 1)]
        on_hand = reserved = 0
        for movement in movements:
            on_hand += ON_HAND[movement["type"]] * movement["quantity"]
            reserved += RESERVED.get(movement["type"], 0) * movement["quantity"]
            reserved -= movement["quantity"] if movement["type"] == "FULFILLED" and "reservationId" in movement else 0
            assert (on_hand, reserved, on_hand - reserved) == counts(movement)
            assert 0 <= reserved <= on_hand
        assert (int(item["stock_count"]["N"]), int(item["reserved_count"]["N"])) == (on_hand, reserved)


ON_HAND = {
    "CREATED": 1,
    "UPDATED": 1,
    "ADJUSTED": 1,
    "REPAIRED": 0,
    "RESERVED": 0,
    "RELEASED": 0,
    "EXPIRED": 0,
    "FULFILLED": -1,
}
"""Factor of a movement's quantity in the stock count, by type. A repair has no effect on the sum of the movements."""
RESERVED = {"RESERVED": 1, "RELEASED": -1, "EXPIRED": -1}
"""Factor of a movement's quantity in the reserved count, by type."""


@dataclass
class Subscriber:
    """Subscriber of the alerts topic."""

    listener: Listener
    _messages: list[Any] = field(default_factory=list)

    def alerts(self, product: str) -> list[Any]:
        """Return the alerts of a product that were received so far."""
        self._messages += [json.loads(message["Message"]) for message in self.listener.messages()]
        return [message for message in self._messages if message.get("product_id") == product]


@pytest.fixture(scope="session", name="outputs")
def outputs_fixture(deployed: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return the flat outputs of the service."""
    return deployed("stock")


@pytest.fixture(scope="module", name="shop")
def shop_fixture(http: Http, outputs: dict[str, Any], client: Callable[[str], Any]) -> Shop:
    """Return a client of the service with its credentials."""
    return Shop(http, outputs, client)


@pytest.fixture(scope="module", name="customer")
def customer_fixture(outputs: dict[str, Any]) -> Http:
    return Http(outputs, None)


@pytest.fixture(scope="module", name="denied")
def denied_fixture(outputs: dict[str, Any]) -> tuple[int, str]:
    """Return the status code and the error code of requests without valid credentials."""
    return (401, "UNAUTHORIZED") if "user_pool_id" in outputs else (403, "FORBIDDEN")


@pytest.fixture(scope="module", name="keyed")
def keyed_fixture(outputs: dict[str, Any]) -> None:
    """Skip the test if the deployment does not require API keys."""
    if "api_key_id" not in outputs:
        pytest.skip("the deployment does not use API keys")


@pytest.fixture(scope="module", name="subscriber")
def subscriber_fixture(outputs: dict[str, Any], client: Callable[[str], Any]) -> Iterator[Subscriber]:
    """Return a subscriber of the alerts topic."""
    with listening(client, outputs["topic_arns"]["stock-alerts"]) as listener:
        yield Subscriber(listener)
