"""The stock service as it is deployed, and a shop that sells with it."""

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
from ..conftest import Answer, Http

MINUTE_SECONDS = 60
PATIENCE_SECONDS = 120
MAX_PAUSE_SECONDS = 8

Row = dict[str, Any]


def new_id(what: str = "product") -> str:
    """An id that nobody has."""
    return f"{what}-{uuid.uuid4().hex[:12]}"


def counts(level: Any) -> tuple[int, int, int]:
    """On hand, held, available."""
    return level["stock_count"], level["reserved_count"], level["available"]


def in_time(call: Callable[[], Answer], again: Collection[int] = (429,)) -> Answer:
    """What a call is answered once there is room for it; 429 says that nothing was done."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.1
    while (answer := call()).status in again and time.monotonic() < deadline:
        time.sleep(random.uniform(0, pause))  # noqa: S311  # to come at another moment than others
        pause = min(2 * pause, MAX_PAUSE_SECONDS)
    return answer


@dataclass
class Shop:
    """Who calls the API, and looks behind it."""

    http: Http
    outputs: dict[str, Any]
    client: Callable[[str], Any]

    def make(self, stock_count: int = 10, **fields: Any) -> str:
        """A new product."""
        product = fields.pop("product_id", None) or new_id()
        answer = self.http("POST", "/inventory", {"product_id": product, "stock_count": stock_count, **fields})
        assert answer.status == 201, answer.body
        return str(product)

    def level(self, product: str, warehouse: str = "") -> Any:
        """What there is of a product."""
        answer = self.http("GET", f"/inventory/{product}" + (f"?warehouse_id={warehouse}" if warehouse else ""))
        assert answer.status == 200, answer.body
        return answer.body

    def update(self, product: str, **fields: Any) -> Answer:
        """The answer to a change."""
        return self.http("PUT", f"/inventory/{product}", fields)

    def reserve(self, product: str, quantity: int = 1, reservation: str = "", **fields: Any) -> Answer:
        """The answer to a reservation."""
        body = {"reservationId": reservation or new_id("cart"), "quantity": quantity, **fields}
        return self.http("POST", f"/inventory/{product}/reserve", body)

    def held(self, product: str, quantity: int = 1, **fields: Any) -> str:
        """The id of a new reservation."""
        answer = self.reserve(product, quantity, **fields)
        assert answer.status == 201, answer.body
        return str(answer.body["reservationId"])

    def cart(self, reservation: str, quantities: dict[str, int], **fields: Any) -> Answer:
        """The answer to the reservation of several products."""
        lines = [{"product_id": product, "quantity": quantity} for product, quantity in quantities.items()]
        return self.http("POST", "/inventory/reserve", {"reservationId": reservation, "lines": lines, **fields})

    def release(self, reservation: str, product: str = "") -> Answer:
        """The answer to a release."""
        return self.http("DELETE", f"/inventory{product and f'/{product}'}/reserve/{reservation}")

    def fulfill(self, product: str, **fields: Any) -> Answer:
        """The answer to a sale."""
        return self.http("POST", f"/inventory/{product}/fulfill", fields)

    def all_of(self, product: str, what: str) -> list[Any]:
        """Every entry of a product's movements, the newest first, or reservations."""
        found: list[Any] = []
        path = f"/inventory/{product}/{what}?page_size=100"
        token = ""
        while True:
            answer = self.http("GET", path + token)
            assert answer.status == 200, answer.body
            found += answer.body[what]
            if answer.body["next_page_token"] is None:
                return found
            token = f"&page_token={answer.body['next_page_token']}"

    def types(self, product: str) -> list[str]:
        """What happened to a product, the oldest first."""
        return [movement["type"] for movement in reversed(self.all_of(product, "movements"))]

    def row(self, product: str, warehouse: str = "main") -> Row:
        """A level as it is stored."""
        key = {"product_id": {"S": product}, "warehouse_id": {"S": warehouse}}
        table = self.outputs["table_names"]["management"]
        found: Row = self.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        return found

    def lines(self, reservation: str) -> list[Row]:
        """A reservation as it is stored."""
        found: list[Row] = self.client("dynamodb").query(
            TableName=self.outputs["table_names"]["reservations"],
            KeyConditionExpression="reservation_id = :id",
            ExpressionAttributeValues={":id": {"S": reservation}},
            ConsistentRead=True,
        )["Items"]
        return found

    def end(self, reservation: str) -> None:
        """Let a reservation's time be over: rows are changed as if it had been made earlier."""
        ended = int(time.time() // MINUTE_SECONDS - 1) * MINUTE_SECONDS
        for line in self.lines(reservation):
            self._end(line, ended)

    def _end(self, line: Row, ended: int) -> None:
        level = self.row(line["product_id"]["S"], line["warehouse_id"]["S"])
        holds = {end: int(units["N"]) for end, units in level["holds"]["M"].items()}
        units = int(line["quantity"]["N"])
        holds[line["ends"]["N"]] -= units
        holds[str(ended)] = holds.get(str(ended), 0) + units
        holds = {end: held for end, held in holds.items() if held}
        of_level = {
            "TableName": self.outputs["table_names"]["management"],
            "Key": {name: level[name] for name in ("product_id", "warehouse_id")},
            "UpdateExpression": "SET holds = :holds, due_at = :first",
            "ConditionExpression": "#sequence = :sequence",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
            "ExpressionAttributeValues": {
                ":holds": {"M": {end: {"N": str(held)} for end, held in holds.items()}},
                ":first": {"N": min(holds, key=int)},
                ":sequence": level["sequence"],
            },
        }
        text = datetime.fromtimestamp(ended, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        of_line = {
            "TableName": self.outputs["table_names"]["reservations"],
            "Key": {name: line[name] for name in ("reservation_id", "line")},
            "UpdateExpression": "SET ends = :ended, expiry = :text",
            "ExpressionAttributeValues": {":ended": {"N": str(ended)}, ":text": {"S": text}},
        }
        self.client("dynamodb").transact_write_items(TransactItems=[{"Update": of_level}, {"Update": of_line}])

    def run(self, function: str, schedule: str) -> None:
        """Let a schedule come round."""
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs["function_names"][function], Payload=json.dumps({"schedule": schedule}).encode()
        )
        assert "FunctionError" not in answer, answer["Payload"].read().decode()

    def chosen(self, function: str, variable: str) -> int:
        """A figure that a function was given."""
        name = self.outputs["function_names"][function]
        found = self.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        return int(found[variable])

    def sweep(self) -> None:
        """Give back what has ended."""
        self.run("expire-reservations", "stock-expiry")

    def balanced(self, *products: str) -> None:
        """Counters are what reservations and movements come to, movements have no gap, and nothing is oversold."""
        for product in products:
            checked = in_time(lambda path=f"/inventory/{product}/reconcile": self.http("POST", path, {}))  # type: ignore[misc]
            assert (checked.status, checked.body["drifts"]) == (200, []), checked.body
            for level in self.level(product)["warehouses"]:
                self._balanced(level)

    def _balanced(self, level: Any) -> None:
        product, warehouse = level["product_id"], level["warehouse_id"]
        row = self.row(product, warehouse)
        moved = [m for m in self.all_of(product, "movements") if m["warehouse_id"] == warehouse][::-1]
        assert [movement["sequence"] for movement in moved] == [*range(1, len(moved) + 1)]
        on_hand = held = 0
        for movement in moved:
            on_hand += ON_HAND[movement["type"]] * movement["quantity"]
            held += HELD.get(movement["type"], 0) * movement["quantity"]
            held -= movement["quantity"] if movement["type"] == "FULFILLED" and "reservationId" in movement else 0
            assert (on_hand, held, on_hand - held) == counts(movement)
            assert 0 <= held <= on_hand
        assert (int(row["stock_count"]["N"]), int(row["reserved_count"]["N"])) == (on_hand, held)


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
"""What a movement's quantity does to what is on hand.  A repair is of what was changed without a movement."""
HELD = {"RESERVED": 1, "RELEASED": -1, "EXPIRED": -1}
"""And to what is held."""


@dataclass
class Administrator:
    """Hears what the topic is told."""

    listener: Listener
    _heard: list[Any] = field(default_factory=list)

    def told(self, product: str) -> list[Any]:
        """The alerts of a product so far."""
        self._heard += [json.loads(message["Message"]) for message in self.listener.heard()]
        return [message for message in self._heard if message.get("product_id") == product]


@pytest.fixture(scope="session", name="outputs")
def outputs_fixture(deployed: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Its flat outputs."""
    return deployed("stock")


@pytest.fixture(scope="module", name="shop")
def shop_fixture(http: Http, outputs: dict[str, Any], client: Callable[[str], Any]) -> Shop:
    """The shop."""
    return Shop(http, outputs, client)


@pytest.fixture(scope="module", name="customer")
def customer_fixture(outputs: dict[str, Any]) -> Http:
    """A caller without a key."""
    return Http(outputs, None)


@pytest.fixture(scope="module", name="denied")
def denied_fixture(outputs: dict[str, Any]) -> tuple[int, str]:
    """How somebody is refused who does not show who it is: the status and the code."""
    return (401, "UNAUTHORIZED") if "user_pool_id" in outputs else (403, "FORBIDDEN")


@pytest.fixture(scope="module", name="keyed")
def keyed_fixture(outputs: dict[str, Any]) -> None:
    """Skips what is about keys where none are asked for."""
    if "api_key_id" not in outputs:
        pytest.skip("callers of this deployment have no keys")


@pytest.fixture(scope="module", name="administrator")
def administrator_fixture(outputs: dict[str, Any], client: Callable[[str], Any]) -> Iterator[Administrator]:
    """Who is subscribed to the topic."""
    with listening(client, outputs["topic_arns"]["stock-alerts"]) as listener:
        yield Administrator(listener)
