"""Every action in every role of the stock service is needed, and there is enough of them, with IAM enforced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy
from lib.program import project
from lib.services import SERVICES

from ..integration.conftest import Http
from ..integration.stock.conftest import Shop, new_id
from .taking import Need, needs, without

pytestmark = pytest.mark.untraced

STOCK = SERVICES["stock"]


@pytest.fixture(scope="module", name="emulator")
def emulator_fixture() -> Iterator[Emulator]:
    """One of its own."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module", name="shop")
def shop_fixture(emulator: Emulator) -> Shop:
    """The service, in which nothing happens unless a test has it happen."""
    here = project.read(Path())
    config = project.config(here, "iam", "stock")
    engine = Engine(emulator, lambda type_, name: None)
    outputs = deploy(here.program, engine, project=here.name, stack="iam", config=config, report=lambda line: None)
    for rule in outputs["schedule_names"].values():
        emulator.client("events").disable_rule(Name=rule)
    for mapping in emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        emulator.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    return Shop(Http(outputs, outputs["api_key"]), outputs, emulator.client)


def pages(shop: Shop, path: str) -> None:
    """Two pages, by a worker that finds no key of tokens."""
    key = {"product_id": {"S": "tap#page-token-key"}, "warehouse_id": {"S": "tap#"}}
    shop.client("dynamodb").delete_item(TableName=shop.outputs["table_names"]["management"], Key=key)
    first = shop.http("GET", f"{path}page_size=1")
    assert first.status == 200
    assert shop.http("GET", f"{path}page_size=1&page_token={first.body['next_page_token']}").status == 200


def get_level(shop: Shop) -> None:
    product = shop.make()
    assert shop.level(product)["warehouses"] == [shop.level(product, "main")]


def list_levels(shop: Shop) -> None:
    category = new_id("category")
    for _ in range(2):
        shop.make(category=category)
    pages(shop, f"/inventory?category={category}&")
    for query in (f"category={category}", "status=LOW_STOCK", f"category={category}&status=LOW_STOCK", "search=p"):
        assert len(shop.http("GET", f"/inventory?{query}").body.get("levels", [])) > 1


def list_movements(shop: Shop) -> None:
    product = shop.make()
    shop.held(product)
    pages(shop, f"/inventory/{product}/movements?")


def list_reservations(shop: Shop) -> None:
    product = shop.make()
    for _ in range(2):
        shop.held(product)
    pages(shop, f"/inventory/{product}/reservations?")


def create_level(shop: Shop) -> None:
    body, key = {"product_id": new_id(), "stock_count": 1}, new_id("key")
    for _ in range(2):
        assert shop.http("POST", "/inventory", body, Idempotency_Key=key).status == 201


def update_level(shop: Shop) -> None:
    product = shop.make(3)
    assert shop.update(product, stock_count=4).status == 200
    assert shop.update(product, stock_count=3, warehouse_id="main").status == 200
    shop.end(shop.held(product, 3))
    assert shop.update(product, stock_count=1).status == 200


def reserve(shop: Shop) -> None:
    product, reservation = shop.make(3), new_id("cart")
    for _ in range(2):
        shop.held(product, reservation=reservation, warehouse_id="main")
    shop.end(reservation)
    shop.held(product, 3)


def release(shop: Shop) -> None:
    product = shop.make(15, threshold_level=14)
    reservation = shop.held(product)
    shop.end(shop.held(product))
    assert shop.release(reservation, product).status == 204


def fulfill(shop: Shop) -> None:
    """Sell what is held, twice, and available units, those of an ended hold among them."""
    product = shop.make(5)
    reservation = shop.held(product)
    assert shop.fulfill(product, reservationId=reservation).status == 200
    # A line that the previous release sold has its response in its movement alone.
    shop.client("dynamodb").update_item(
        TableName=shop.outputs["table_names"]["reservations"],
        Key={"reservation_id": {"S": reservation}, "line": {"N": "0"}},
        UpdateExpression="REMOVE sale",
    )
    assert shop.fulfill(product, reservationId=reservation).status == 200
    assert shop.fulfill(product, quantity=1, warehouse_id="main").status == 200
    shop.end(shop.held(product, 3))
    assert shop.fulfill(product, quantity=3).status == 200


def check_thresholds(shop: Shop) -> None:
    shop.make(0)
    shop.run("check-thresholds", "stock-thresholds")


def expire_reservations(shop: Shop) -> None:
    product = shop.make()
    shop.end(shop.held(product))
    shop.sweep()
    assert shop.types(product)[-1] == "EXPIRED"


def reconcile(shop: Shop) -> None:
    """Mend a product, and compare everything."""
    product = shop.make()
    shop.held(product)
    shop.rest(product)
    wrong = {**shop.row(product), "reserved_count": {"N": "2"}}
    shop.client("dynamodb").put_item(TableName=shop.outputs["table_names"]["management"], Item=wrong)
    answer = shop.http("POST", f"/inventory/{product}/reconcile", {"repair": True})
    # What is not mended would be found by every later run.
    shop.client("dynamodb").put_item(
        TableName=shop.outputs["table_names"]["management"], Item={**wrong, "reserved_count": {"N": "1"}}
    )
    assert answer.status == 200
    shop.run("reconcile", "stock-reconciliation")


USES = {
    "get-level": get_level,
    "list-levels": list_levels,
    "list-movements": list_movements,
    "list-reservations": list_reservations,
    "create-level": create_level,
    "update-level": update_level,
    "reserve": reserve,
    "release": release,
    "fulfill": fulfill,
    "check-thresholds": check_thresholds,
    "expire-reservations": expire_reservations,
    "reconcile": reconcile,
}
"""Everything that a function can be asked to do."""


@pytest.mark.parametrize("function", USES)
def test_with_every_action_everything_works(shop: Shop, function: str) -> None:
    USES[function](shop)


@pytest.mark.parametrize("need", needs(STOCK), ids=lambda need: " ".join(map(str, need)))
def test_without_any_one_action_something_breaks(shop: Shop, emulator: Emulator, need: Need) -> None:
    with without(emulator, shop.outputs, need), pytest.raises(AssertionError):
        USES[need.function](shop)
