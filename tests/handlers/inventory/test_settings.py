"""What Parameter Store says, and what happens when it says nothing."""

from __future__ import annotations

import json

import pytest

from lib.runtime.http_client import AwsError
from lib.services.inventory.handler import operations, repository

from ...support.fake_aws import FakeAws
from .conftest import CONFIG, Shop


def put(shop: Shop, name: str, **values: object) -> None:
    value = json.dumps({**CONFIG, **values})
    shop.emulator.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def test_reads_are_not_audited_where_they_need_not_be(shop: Shop, config: str) -> None:
    put(shop, config, audit_reads=False)
    item = shop.create()
    shop.read(item)
    shop.listed()
    shop.history(item)
    assert [row["operation"] for row in shop.audit()] == ["CREATE"]


def test_settings_are_read_when_a_worker_starts_and_not_again(shop: Shop, wire: FakeAws) -> None:
    operations.start()
    shop.create()
    shop.listed()
    targets = [asked.headers.get("x-amz-target", "") for asked in wire.asked]
    assert targets[0] == "AmazonSSM.GetParameter"
    assert targets.count("AmazonSSM.GetParameter") == 1


@pytest.mark.slow
def test_a_worker_that_parameter_store_does_not_answer_goes_by_what_was_deployed(
    shop: Shop, wire: FakeAws, capsys: pytest.CaptureFixture[str], worker_environment: pytest.MonkeyPatch
) -> None:
    worker_environment.setenv("CONFIG_PARAMETER_DEPLOYED", json.dumps({**CONFIG, "low_stock_threshold": 7}))
    throttled = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
    wire.script = [*[throttled] * 6, "pass"]
    assert repository.inventory().config().low_stock_threshold == 7
    assert '"message":"parameter"' in capsys.readouterr().out
    assert shop.create()["version"] == 1


def test_a_worker_that_may_not_read_its_settings_does_not_start(shop: Shop, wire: FakeAws) -> None:
    assert shop.api.tables
    wire.script = [(400, {"__type": "AccessDeniedException", "Message": "not authorized"})]
    with pytest.raises(AwsError, match="AccessDeniedException: not authorized"):
        operations.start()
