"""Who runs low is told of, once for each time it crosses a threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from lib.runtime import outbox
from lib.runtime.http_client import AwsError

from ...support.fake_aws import Asked, FakeAws
from ...support.lambda_context import SPENT_SECONDS, Context
from ...support.metric_assertions import last_metrics
from .conftest import Shop
from .consistency import alerts as alerts_raised
from .consistency import check


def statuses(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["product_id"], message["status"]) for message in messages]


def sns_down(wire: FakeAws) -> None:
    """From now on calls of SNS are hung up on."""
    wire.script = [lambda asked: "hang up" if b"Action=Publish" in asked.body else "pass"]


def test_a_crossing_is_told_with_product_warehouse_and_counts(shop: Shop) -> None:
    shop.create(stock_count=12, threshold_level=5)
    assert shop.told() == []
    shop.reserve("r", 7)
    shop.run("stock-thresholds")
    (message,) = shop.topic.heard()
    assert message["Subject"] == "Low stock: lamp in main"
    shop.reserve("r2", 5)
    assert shop.told() == [
        {
            "status": "OUT_OF_STOCK",
            "product_id": "lamp",
            "warehouse_id": "main",
            "stock_count": 12,
            "reserved_count": 12,
            "available": 0,
            "threshold_level": 5,
            "at": "2027-01-15T08:00:00.000002Z",
            "sequence": 3,
        }
    ]


def test_a_subject_is_never_longer_than_sns_takes(shop: Shop) -> None:
    shop.create("p" * 100, warehouse_id="w" * 100, stock_count=0)
    shop.run("stock-thresholds")
    (message,) = shop.topic.heard()
    assert message["Subject"] == f"Out of stock: {'p' * 40} in {'w' * 30}"


def test_each_crossing_is_told_once(shop: Shop) -> None:
    shop.create(stock_count=20)
    for count in (12, 10, 9, 0, 3, 2, 30, 0, 1, 50, 10):
        shop.update(stock_count=count)
    wanted = ["LOW_STOCK", "OUT_OF_STOCK", "OUT_OF_STOCK", "LOW_STOCK", "LOW_STOCK"]
    told = shop.told()
    assert [message["status"] for message in sorted(told, key=lambda message: int(message["sequence"]))] == wanted
    assert sorted((m["product_id"], m["warehouse_id"], m["sequence"], m["status"]) for m in told) == alerts_raised(shop)
    assert shop.told() == []
    check(shop)


def test_every_way_down_is_told(shop: Shop) -> None:
    for name in ("made", "set", "adjusted", "threshold", "held", "sold"):
        shop.create(name, stock_count=5 if name == "made" else 11)
    shop.update("set", stock_count=10)
    shop.update("adjusted", adjustment=-11, reason="x")
    shop.update("threshold", threshold_level=11)
    shop.reserve("r", 1, "held")
    shop.fulfill("sold", quantity=1)
    assert sorted(statuses(shop.told())) == [
        ("adjusted", "OUT_OF_STOCK"),
        ("held", "LOW_STOCK"),
        ("made", "LOW_STOCK"),
        ("set", "LOW_STOCK"),
        ("sold", "LOW_STOCK"),
        ("threshold", "LOW_STOCK"),
    ]
    check(shop)


def test_holds_that_end_in_several_transactions_raise_no_alert_between(shop: Shop) -> None:
    shop.create(stock_count=200, threshold_level=50)
    for number in range(60):
        shop.reserve(f"r{number}", lifetime_minutes=1)
    shop.reserve("all", 140, lifetime_minutes=1)
    assert statuses(shop.told()) == [("lamp", "OUT_OF_STOCK")]
    shop.clock.now += 60
    shop.expire()
    assert shop.told() == []


def test_an_alert_beside_ended_holds_says_what_is_available(shop: Shop) -> None:
    shop.create(stock_count=200, threshold_level=50)
    for number in range(100):
        shop.reserve(f"r{number}", lifetime_minutes=1)
    shop.clock.now += 60
    shop.fulfill(quantity=150)
    (alert,) = shop.told()
    assert [alert[name] for name in ("status", "reserved_count", "available")] == ["LOW_STOCK", 0, 50]


def test_the_shop_chooses_when_a_product_is_low_again(shop: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    worker_environment.setenv("ALERT_REARM_PERCENT", "50")
    worker_environment.setenv("ALERT_REARM_MINUTES", "1")
    shop.create(stock_count=20)
    for count in (10, 15, 10, 16, 10):
        shop.update(stock_count=count)
    assert len(shop.told()) == 2
    shop.update(stock_count=11)
    shop.clock.now += 60
    shop.update(stock_count=10)
    assert len(shop.told()) == 1


def records(shop: Shop, *products: str) -> dict[str, Any]:
    """What Lambda is told of the movements of some products."""
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{shop.movements_source}/stream/2027"
    keys = [
        {name: {"S": row[name]} for name in ("product_id", "movement_id")}
        for row in shop.rows("movements")
        if row["product_id"] in products
    ]
    return {"Records": [{"eventSourceARN": arn, "dynamodb": {"Keys": key}} for key in keys * 2]}


def test_crossings_are_told_as_they_come_whatever_the_index_knows(shop: Shop, wire: FakeAws) -> None:
    shop.create(stock_count=0)
    shop.create("desk", stock_count=0)
    wire.asked.clear()
    assert shop.api.handler(records(shop, "lamp"), Context(30)) == {}
    assert statuses(shop.heard()) == [("lamp", "OUT_OF_STOCK")]
    assert not [asked for asked in wire.asked if b"IndexName" in asked.body]
    assert shop.api.handler(records(shop, "lamp", "desk"), Context(30)) == {}
    assert statuses(shop.heard()) == [("desk", "OUT_OF_STOCK")]
    check(shop)


def test_a_sweep_tells_how_many_it_sent_and_how_long_the_oldest_waited(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create(stock_count=0)
    shop.clock.now += 100
    shop.create("desk", stock_count=0)
    shop.clock.now += 20
    shop.run("stock-thresholds")
    assert last_metrics(capsys.readouterr().out, "AlertAge", "AlertsSent") == {"AlertAge": 120, "AlertsSent": 2}
    shop.run("stock-thresholds")
    assert last_metrics(capsys.readouterr().out, "AlertAge", "AlertsSent") == {"AlertAge": 0, "AlertsSent": 0}


def test_what_cannot_be_sent_grows_old_whatever_comes_after_it(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create(stock_count=0)
    sns_down(wire)
    for age in (0, 900, 1800):
        with pytest.raises(AwsError, match="NoResponse"):
            shop.run("stock-thresholds")
        assert last_metrics(capsys.readouterr().out, "AlertAge", "AlertsSent") == {"AlertAge": age, "AlertsSent": 0}
        shop.clock.now += 900
        shop.create(f"after-{age}", stock_count=0)


def test_what_was_sent_before_a_failure_counts(shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(11):
        shop.create(f"p{number}", stock_count=0)

    def first_batch_alone(call: Asked) -> str:
        if b"REMOVE due" in call.body:
            sns_down(wire)
        return "pass"

    wire.script = [first_batch_alone]
    with pytest.raises(AwsError, match="NoResponse"):
        shop.run("stock-thresholds")
    assert last_metrics(capsys.readouterr().out, "AlertAge", "AlertsSent")["AlertsSent"] == 10
    wire.script = ["pass"]
    assert len(shop.told()) == 11
    check(shop)


def published(wire: FakeAws) -> list[int]:
    """The number of entries of each batch that was published."""
    return [call.body.count(b".Id=") for call in wire.asked if b"Action=PublishBatch" in call.body]


def due(shop: Shop) -> list[str]:
    """The products of the alerts that are still to be sent."""
    return sorted(row["product_id"] for row in shop.rows("movements") if "due" in row)


def accepting_all_but(product: str) -> Callable[[Asked], Any]:
    """An SNS that accepts all entries of a batch but the one about a product."""

    def answer(call: Asked) -> Any:
        if b"Action=PublishBatch" not in call.body:
            return "pass"
        form = {name: value for name, (value,) in parse_qs(call.body.decode()).items()}
        accepted = failed = ""
        for name, identifier in form.items():
            if name.endswith(".Id") and f" {product} in " in form[name.removesuffix("Id") + "Subject"]:
                failed += f"<member><Id>{identifier}</Id><Code>InternalError</Code></member>"
            elif name.endswith(".Id"):
                accepted += f"<member><Id>{identifier}</Id></member>"
        return 200, f"<Successful>{accepted}</Successful><Failed>{failed}</Failed>".encode()

    return answer


@pytest.mark.parametrize("how", ["by the sweep", "as it comes"])
def test_what_sns_refuses_of_a_batch_stays_due_alone(shop: Shop, wire: FakeAws, how: str) -> None:
    products = ("chair", "desk", "lamp")
    for product in products:
        shop.create(product, stock_count=0)
    event = records(shop, *products) if how == "as it comes" else {"schedule": "stock-thresholds"}
    wire.script = [accepting_all_but("desk")]
    with pytest.raises(AwsError, match="InternalError"):
        shop.api.handler(event, Context(30))
    assert due(shop) == ["desk"]
    wire.script = ["pass"]
    assert shop.api.handler(event, Context(30)) == {}
    assert statuses(shop.heard()) == [("desk", "OUT_OF_STOCK")]
    check(shop)


def test_an_alert_that_cannot_be_taken_keeps_no_other_back(shop: Shop, wire: FakeAws) -> None:
    for product in ("chair", "desk", "lamp"):
        shop.create(product, stock_count=0)

    def broken(call: Asked) -> Any:
        taking = b"SET due_at = :later" in call.body and b'"desk"' in call.body
        return (400, {"__type": "Broken"}) if taking else "pass"

    wire.script = [broken]
    with pytest.raises(AwsError, match="Broken"):
        shop.run("stock-thresholds")
    assert sorted(statuses(shop.heard())) == [("chair", "OUT_OF_STOCK"), ("lamp", "OUT_OF_STOCK")]
    wire.script = ["pass"]
    assert statuses(shop.told()) == [("desk", "OUT_OF_STOCK")]


def test_an_alert_that_cannot_be_read_keeps_no_other_back(shop: Shop) -> None:
    for product in ("chair", "desk", "lamp"):
        shop.create(product, stock_count=0)
    (desk,) = (row for row in shop.rows("movements") if row["product_id"] == "desk")
    shop.dynamodb.update_item(
        TableName=shop.api.tables["movements"],
        Key={name: {"S": desk[name]} for name in ("product_id", "movement_id")},
        UpdateExpression="REMOVE stock_count",
    )
    with pytest.raises(KeyError, match="stock_count"):
        shop.run("stock-thresholds")
    assert sorted(statuses(shop.heard())) == [("chair", "OUT_OF_STOCK"), ("lamp", "OUT_OF_STOCK")]
    assert due(shop) == ["desk"]


def test_sweeps_at_once_send_every_alert_once(shop: Shop, wire: FakeAws) -> None:
    for number in range(23):
        shop.create(f"p{number}", stock_count=0)

    def another(call: Asked) -> str:
        if b"Action=PublishBatch" in call.body:
            wire.script = ["pass"]
            shop.run("stock-thresholds")
        return "pass"

    wire.script = [another]
    shop.run("stock-thresholds")
    assert sorted(published(wire)) == [3, 10, 10]
    assert len(shop.heard()) == 23
    check(shop)


def test_a_sweep_that_is_sending_is_left_alone(shop: Shop, wire: FakeAws) -> None:
    shop.create(stock_count=0)

    def another(_: Asked) -> str:
        wire.script = ["pass"]
        shop.clock.now += 59
        shop.run("stock-thresholds")
        return "pass"

    wire.script = ["pass", "pass", another]
    shop.run("stock-thresholds")
    assert len(shop.heard()) == 1


def test_a_sweep_goes_on_after_a_page_of_alerts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PAGE_SIZE", 2)
    products = [f"p{number}" for number in range(5)]
    for product in products:
        shop.create(product, stock_count=0)
    assert sorted(statuses(shop.told())) == [(product, "OUT_OF_STOCK") for product in products]


def test_a_sweep_stops_before_lambda_stops_it(shop: Shop) -> None:
    shop.create(stock_count=0)
    shop.api.handler({"schedule": "stock-thresholds"}, Context(SPENT_SECONDS))
    assert shop.heard() == []
    assert len(shop.told()) == 1
