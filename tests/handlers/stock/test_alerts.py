"""Low-stock alerts: one per crossing of a threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from lib.runtime import outbox
from lib.runtime.http_client import AwsError

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.lambda_context import SPENT_SECONDS, Context
from ...support.metric_assertions import last_metrics
from .conftest import Shop
from .consistency import check, expected_alerts


def statuses(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["product_id"], message["status"]) for message in messages]


def sns_down(wire: FakeAws) -> None:
    """Close the connection of all further SNS requests."""
    wire.script = [lambda call: "hang up" if b"Action=Publish" in call.body else "pass"]


def test_alert_contains_product_warehouse_and_counts(shop: Shop) -> None:
    shop.create(stock_count=12, threshold_level=5)
    assert shop.sent_alerts() == []
    shop.reserve("r", 7)
    shop.run_schedule("stock-thresholds")
    (message,) = shop.topic.messages()
    assert message["Subject"] == "Low stock: lamp in main"
    shop.reserve("r2", 5)
    assert shop.sent_alerts() == [
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


def test_subject_is_truncated_to_the_limit_of_sns(shop: Shop) -> None:
    shop.create("p" * 100, warehouse_id="w" * 100, stock_count=0)
    shop.run_schedule("stock-thresholds")
    (message,) = shop.topic.messages()
    assert message["Subject"] == f"Out of stock: {'p' * 40} in {'w' * 30}"


def test_each_crossing_raises_one_alert(shop: Shop) -> None:
    shop.create(stock_count=20)
    for count in (12, 10, 9, 0, 3, 2, 30, 0, 1, 50, 10):
        shop.update(stock_count=count)
    alerts = sorted(shop.sent_alerts(), key=lambda alert: int(alert["sequence"]))
    statuses_sent = [alert["status"] for alert in alerts]
    assert statuses_sent == ["LOW_STOCK", "OUT_OF_STOCK", "OUT_OF_STOCK", "LOW_STOCK", "LOW_STOCK"]
    assert sorted((m["product_id"], m["warehouse_id"], m["sequence"], m["status"]) for m in alerts) == expected_alerts(
        shop
    )
    assert shop.sent_alerts() == []
    check(shop)


def test_every_command_that_reduces_stock_raises_an_alert(shop: Shop) -> None:
    for name in ("created", "set", "adjusted", "threshold", "reserved", "sold"):
        shop.create(name, stock_count=5 if name == "created" else 11)
    shop.update("set", stock_count=10)
    shop.update("adjusted", adjustment=-11, reason="x")
    shop.update("threshold", threshold_level=11)
    shop.reserve("r", 1, "reserved")
    shop.fulfill("sold", quantity=1)
    assert sorted(statuses(shop.sent_alerts())) == [
        ("adjusted", "OUT_OF_STOCK"),
        ("created", "LOW_STOCK"),
        ("reserved", "LOW_STOCK"),
        ("set", "LOW_STOCK"),
        ("sold", "LOW_STOCK"),
        ("threshold", "LOW_STOCK"),
    ]
    check(shop)


def test_expiry_in_several_transactions_raises_no_intermediate_alert(shop: Shop) -> None:
    shop.create(stock_count=200, threshold_level=50)
    for number in range(60):
        shop.reserve(f"r{number}", lifetime_minutes=1)
    shop.reserve("all", 140, lifetime_minutes=1)
    assert statuses(shop.sent_alerts()) == [("lamp", "OUT_OF_STOCK")]
    shop.clock.now += 60
    shop.run_expiry()
    assert shop.sent_alerts() == []


def test_alert_counts_exclude_expired_holds(shop: Shop) -> None:
    shop.create(stock_count=200, threshold_level=50)
    for number in range(100):
        shop.reserve(f"r{number}", lifetime_minutes=1)
    shop.clock.now += 60
    shop.fulfill(quantity=150)
    (alert,) = shop.sent_alerts()
    assert [alert[name] for name in ("status", "reserved_count", "available")] == ["LOW_STOCK", 0, 50]


def test_rearm_settings_control_repeated_alerts(shop: Shop, worker_environment: pytest.MonkeyPatch) -> None:
    worker_environment.setenv("ALERT_REARM_PERCENT", "50")
    worker_environment.setenv("ALERT_REARM_MINUTES", "1")
    shop.create(stock_count=20)
    for count in (10, 15, 10, 16, 10):
        shop.update(stock_count=count)
    assert len(shop.sent_alerts()) == 2
    shop.update(stock_count=11)
    shop.clock.now += 60
    shop.update(stock_count=10)
    assert len(shop.sent_alerts()) == 1


def records(shop: Shop, *products: str) -> dict[str, Any]:
    """Return the stream event of the movements of products, with each record twice."""
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{shop.movements_source}/stream/2027"
    keys = [
        {name: {"S": item[name]} for name in ("product_id", "movement_id")}
        for item in shop.items("movements")
        if item["product_id"] in products
    ]
    source = {"eventSource": "aws:dynamodb", "eventSourceARN": arn}
    return {"Records": [{**source, "dynamodb": {"Keys": key}} for key in keys * 2]}


def test_stream_consumer_sends_alerts_without_the_index(shop: Shop, wire: FakeAws) -> None:
    shop.create(stock_count=0)
    shop.create("desk", stock_count=0)
    wire.calls.clear()
    assert shop.api.handler(records(shop, "lamp"), Context(30)) == {"batchItemFailures": []}
    assert statuses(shop.published_alerts()) == [("lamp", "OUT_OF_STOCK")]
    assert not [call for call in wire.calls if b"IndexName" in call.body]
    assert shop.api.handler(records(shop, "lamp", "desk"), Context(30)) == {"batchItemFailures": []}
    assert statuses(shop.published_alerts()) == [("desk", "OUT_OF_STOCK")]
    check(shop)


def test_schedule_publishes_sent_alerts_and_age_of_the_oldest(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.create(stock_count=0)
    shop.clock.now += 100
    shop.create("desk", stock_count=0)
    shop.clock.now += 20
    shop.run_schedule("stock-thresholds")
    assert last_metrics(capsys.readouterr().out, "AlertAge", "AlertsSent") == {"AlertAge": 120, "AlertsSent": 2}
    shop.run_schedule("stock-thresholds")
    assert last_metrics(capsys.readouterr().out, "AlertAge", "AlertsSent") == {"AlertAge": 0, "AlertsSent": 0}


def test_alert_age_grows_while_the_oldest_alert_cannot_be_sent(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create(stock_count=0)
    sns_down(wire)
    for age in (0, 900, 1800):
        with pytest.raises(AwsError, match="NoResponse"):
            shop.run_schedule("stock-thresholds")
        assert last_metrics(capsys.readouterr().out, "AlertAge", "AlertsSent") == {"AlertAge": age, "AlertsSent": 0}
        shop.clock.now += 900
        shop.create(f"after-{age}", stock_count=0)


def test_metric_includes_alerts_sent_before_a_failure(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(11):
        shop.create(f"p{number}", stock_count=0)

    def fail_after_first_batch(call: RecordedCall) -> str:
        if b"REMOVE due" in call.body:
            sns_down(wire)
        return "pass"

    wire.script = [fail_after_first_batch]
    with pytest.raises(AwsError, match="NoResponse"):
        shop.run_schedule("stock-thresholds")
    assert last_metrics(capsys.readouterr().out, "AlertAge", "AlertsSent")["AlertsSent"] == 10
    wire.script = ["pass"]
    assert len(shop.sent_alerts()) == 11
    check(shop)


def published(wire: FakeAws) -> list[int]:
    """Return the number of entries of each published batch."""
    return [call.body.count(b".Id=") for call in wire.calls if b"Action=PublishBatch" in call.body]


def due(shop: Shop) -> list[str]:
    """Return the products of the alerts that were not sent yet."""
    return sorted(item["product_id"] for item in shop.items("movements") if "due" in item)


def reject_entry_of(product: str) -> Callable[[RecordedCall], Any]:
    """Return a fake SNS response that rejects only the batch entry of one product."""

    def respond(call: RecordedCall) -> Any:
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

    return respond


@pytest.mark.parametrize("trigger", ["schedule", "stream"])
def test_only_the_rejected_entry_of_a_batch_remains_due(shop: Shop, wire: FakeAws, trigger: str) -> None:
    products = ("chair", "desk", "lamp")
    for product in products:
        shop.create(product, stock_count=0)
    event = records(shop, *products) if trigger == "stream" else {"schedule": "stock-thresholds"}
    wire.script = [reject_entry_of("desk")]
    with pytest.raises(AwsError, match="InternalError"):
        shop.api.handler(event, Context(30))
    assert due(shop) == ["desk"]
    wire.script = ["pass"]
    shop.api.handler(event, Context(30))
    assert statuses(shop.published_alerts()) == [("desk", "OUT_OF_STOCK")]
    check(shop)


def test_alert_that_cannot_be_acquired_does_not_block_others(shop: Shop, wire: FakeAws) -> None:
    for product in ("chair", "desk", "lamp"):
        shop.create(product, stock_count=0)

    def broken(call: RecordedCall) -> Any:
        acquires_desk = b"SET due_at = :later" in call.body and b'"desk"' in call.body
        return (400, {"__type": "Broken"}) if acquires_desk else "pass"

    wire.script = [broken]
    with pytest.raises(AwsError, match="Broken"):
        shop.run_schedule("stock-thresholds")
    assert sorted(statuses(shop.published_alerts())) == [("chair", "OUT_OF_STOCK"), ("lamp", "OUT_OF_STOCK")]
    wire.script = ["pass"]
    assert statuses(shop.sent_alerts()) == [("desk", "OUT_OF_STOCK")]


def test_unreadable_alert_does_not_block_others(shop: Shop) -> None:
    for product in ("chair", "desk", "lamp"):
        shop.create(product, stock_count=0)
    (desk,) = (item for item in shop.items("movements") if item["product_id"] == "desk")
    shop.dynamodb.update_item(
        TableName=shop.api.tables["movements"],
        Key={name: {"S": desk[name]} for name in ("product_id", "movement_id")},
        UpdateExpression="REMOVE stock_count",
    )
    with pytest.raises(KeyError, match="stock_count"):
        shop.run_schedule("stock-thresholds")
    assert sorted(statuses(shop.published_alerts())) == [("chair", "OUT_OF_STOCK"), ("lamp", "OUT_OF_STOCK")]
    assert due(shop) == ["desk"]


def test_concurrent_schedules_send_every_alert_once(shop: Shop, wire: FakeAws) -> None:
    for number in range(23):
        shop.create(f"p{number}", stock_count=0)

    def run_concurrently(call: RecordedCall) -> str:
        if b"Action=PublishBatch" in call.body:
            wire.script = ["pass"]
            shop.run_schedule("stock-thresholds")
        return "pass"

    wire.script = [run_concurrently]
    shop.run_schedule("stock-thresholds")
    assert sorted(published(wire)) == [3, 10, 10]
    assert len(shop.published_alerts()) == 23
    check(shop)


def test_schedule_skips_alerts_that_a_concurrent_run_sends(shop: Shop, wire: FakeAws) -> None:
    shop.create(stock_count=0)

    def run_concurrently(_: RecordedCall) -> str:
        wire.script = ["pass"]
        shop.clock.now += 59
        shop.run_schedule("stock-thresholds")
        return "pass"

    wire.script = ["pass", "pass", run_concurrently]
    shop.run_schedule("stock-thresholds")
    assert len(shop.published_alerts()) == 1


def test_schedule_sends_alerts_of_all_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PAGE_SIZE", 2)
    products = [f"p{number}" for number in range(5)]
    for product in products:
        shop.create(product, stock_count=0)
    assert sorted(statuses(shop.sent_alerts())) == [(product, "OUT_OF_STOCK") for product in products]


def test_schedule_stops_before_the_lambda_timeout(shop: Shop) -> None:
    shop.create(stock_count=0)
    shop.api.handler({"schedule": "stock-thresholds"}, Context(SPENT_SECONDS))
    assert shop.published_alerts() == []
    assert len(shop.sent_alerts()) == 1
