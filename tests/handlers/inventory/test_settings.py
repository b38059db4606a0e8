"""Settings of the inventory service in Parameter Store."""

from __future__ import annotations

import json

from lib.services.inventory.handler import operations

from ...support.fake_aws import FakeAws
from .conftest import CONFIG, Shop


def put(shop: Shop, name: str, **values: object) -> None:
    value = json.dumps({**CONFIG, **values})
    shop.emulator.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def test_setting_disables_the_audit_of_reads(shop: Shop, config: str) -> None:
    put(shop, config, audit_reads=False)
    item = shop.create()
    shop.read(item)
    shop.listed()
    shop.history(item)
    assert [row["operation"] for row in shop.audit()] == ["CREATE"]


def test_settings_are_read_once_during_initialization(shop: Shop, wire: FakeAws) -> None:
    operations.start()
    shop.create()
    shop.listed()
    targets = [call.headers.get("x-amz-target", "") for call in wire.calls]
    assert targets[0] == "AmazonSSM.GetParameter"
    assert targets.count("AmazonSSM.GetParameter") == 1
