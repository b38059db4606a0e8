"""What Parameter Store says, and what happens when it says nothing."""

from __future__ import annotations

import json

from lib.services.inventory.handler import operations

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
    targets = [asked.headers.get("x-amz-target", "") for asked in wire.calls]
    assert targets[0] == "AmazonSSM.GetParameter"
    assert targets.count("AmazonSSM.GetParameter") == 1
