"""What tells of a request in all that comes of it, and of whoever made it."""

from __future__ import annotations

import pytest

from ...support.lambda_context import Context
from .conftest import RESERVE, Shop
from .test_alerts import records

ID = {"X-Correlation-Id": "cart-77"}


def reserved(shop: Shop, quantity: int) -> None:
    """Units are held by a request with an id of its own."""
    body = {"reservationId": "r", "quantity": quantity, "lifetime_minutes": 1}
    assert shop.api("POST", RESERVE, body, keys=("lamp",), headers=ID).status == 201


def attributes(shop: Shop) -> list[str]:
    """The correlation ids of the messages since the last look."""
    return [message["MessageAttributes"]["correlationId"]["Value"] for message in shop.topic.heard()]


def test_every_movement_carries_the_id_of_what_made_it(shop: Shop) -> None:
    shop.create()
    reserved(shop, 1)
    shop.clock.now += 60
    shop.expire()
    assert [(move["type"], move["correlationId"]) for move in shop.moved()] == [
        ("CREATED", "request-1"),
        ("RESERVED", "cart-77"),
        ("EXPIRED", "invocation-1"),
    ]


@pytest.mark.parametrize("how", ["by the sweep", "as it comes"])
def test_an_alert_carries_the_id_of_the_request_that_caused_it(shop: Shop, how: str) -> None:
    shop.create(stock_count=11)
    reserved(shop, 1)
    if how == "by the sweep":
        shop.run("stock-thresholds")
    else:
        assert shop.api.handler(records(shop, "lamp"), Context(30)) == {}
    assert attributes(shop) == ["cart-77"]


def test_an_alert_that_does_not_say_what_caused_it_carries_the_sweeps(shop: Shop) -> None:
    shop.create(stock_count=0)
    (row,) = shop.rows("movements")
    shop.dynamodb.update_item(
        TableName=shop.api.tables["movements"],
        Key={name: {"S": row[name]} for name in ("product_id", "movement_id")},
        UpdateExpression="REMOVE correlationId",
    )
    shop.run("stock-thresholds")
    assert attributes(shop) == ["invocation-1"]
    assert "correlationId" not in shop.moved()[0]


def test_ledger_and_holds_know_a_user_pools_user_and_the_log_does_not(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create()
    context = {"requestId": "request-1", "authorizer": {"claims": {"cognito:username": "mara@example.com"}}}
    body = {"reservationId": "r", "quantity": 1}
    shop.api("POST", RESERVE, body, keys=("lamp",), requestContext=context)
    assert [move["actor"] for move in shop.moved()] == ["anonymous", "mara@example.com"]
    assert [hold["actor"] for hold in shop.held()] == ["mara@example.com"]
    assert "mara" not in capsys.readouterr().out
