"""Correlation IDs and actors in movements, alerts and logs."""

from __future__ import annotations

import pytest

from ...support.lambda_context import Context
from .conftest import RESERVE, Shop
from .test_alerts import records

ID = {"X-Correlation-Id": "cart-77"}


def reserve_with_id(shop: Shop, quantity: int) -> None:
    """Reserve units for one minute in a request with a correlation ID."""
    body = {"reservationId": "r", "quantity": quantity, "lifetime_minutes": 1}
    assert shop.api("POST", RESERVE, body, keys=("lamp",), headers=ID).status == 201


def correlation_ids(shop: Shop) -> list[str]:
    """Return the correlation IDs of the messages published since the last call."""
    return [message["MessageAttributes"]["correlationId"]["Value"] for message in shop.topic.messages()]


def test_movement_contains_the_correlation_id_of_its_cause(shop: Shop) -> None:
    shop.create()
    reserve_with_id(shop, 1)
    shop.clock.now += 60
    shop.run_expiry()
    assert [(move["type"], move["correlationId"]) for move in shop.list_movements()] == [
        ("CREATED", "request-1"),
        ("RESERVED", "cart-77"),
        ("EXPIRED", "invocation-1"),
    ]


@pytest.mark.parametrize("trigger", ["schedule", "stream"])
def test_alert_has_the_correlation_id_of_the_request_that_caused_it(shop: Shop, trigger: str) -> None:
    shop.create(stock_count=11)
    reserve_with_id(shop, 1)
    if trigger == "schedule":
        shop.run_schedule("stock-thresholds")
    else:
        assert shop.api.handler(records(shop, "lamp"), Context(30)) == {"batchItemFailures": []}
    assert correlation_ids(shop) == ["cart-77"]


def test_alert_without_correlation_id_has_the_correlation_id_of_the_schedule(shop: Shop) -> None:
    shop.create(stock_count=0)
    (item,) = shop.items("movements")
    shop.dynamodb.update_item(
        TableName=shop.api.tables["movements"],
        Key={name: {"S": item[name]} for name in ("product_id", "movement_id")},
        UpdateExpression="REMOVE correlationId",
    )
    shop.run_schedule("stock-thresholds")
    assert correlation_ids(shop) == ["invocation-1"]
    assert "correlationId" not in shop.list_movements()[0]


def test_user_pool_user_is_in_movements_and_reservations_but_not_in_the_log(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create()
    context = {"requestId": "request-1", "authorizer": {"claims": {"cognito:username": "mara@example.com"}}}
    body = {"reservationId": "r", "quantity": 1}
    shop.api("POST", RESERVE, body, keys=("lamp",), requestContext=context)
    assert [move["actor"] for move in shop.list_movements()] == ["anonymous", "mara@example.com"]
    assert [line["actor"] for line in shop.list_reservations()] == ["mara@example.com"]
    assert "mara" not in capsys.readouterr().out
