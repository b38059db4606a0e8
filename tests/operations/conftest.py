"""A table in the emulator, and the commands that operate on it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import boto3
import pytest

from lib.cli import main
from lib.local.emulator import Emulator


class Desk:
    """A table in the emulator, and the outputs file of its stack."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.dynamodb = emulator.client("dynamodb")
        self.name = f"parcels-{uuid.uuid4().hex[:8]}"
        self.outputs = folder / "all-outputs.json"
        attributes = [("id", "S"), ("at", "N")]
        self.arn = self.dynamodb.create_table(
            TableName=self.name,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": type_} for name, type_ in attributes],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": "Owner", "Value": "desk"}],
        )["TableDescription"]["TableArn"]
        self.dynamodb.update_time_to_live(
            TableName=self.name, TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True}
        )
        self.write_outputs()

    def write_outputs(self, **additional: str) -> None:
        outputs = {"table_names": {"parcels": self.name}, "table_arns": {"parcels": self.arn}}
        self.outputs.write_text(json.dumps({"desk-dev": {**outputs, **additional}}), encoding="utf-8")

    def put(self, id_: str, **attributes: Any) -> None:
        """Write an item of the live table."""
        values = {name: {"N": str(v)} if isinstance(v, int) else {"S": v} for name, v in attributes.items()}
        self.dynamodb.put_item(TableName=self.name, Item={"id": {"S": id_}, "at": {"N": "1"}, **values})

    def delete(self, id_: str) -> None:
        """Delete an item of the live table."""
        self.dynamodb.delete_item(TableName=self.name, Key={"id": {"S": id_}, "at": {"N": "1"}})

    def items(self, table: str = "") -> dict[str, dict[str, Any]]:
        """Return the attributes of every item of a table, by default the live table, by ID."""
        items: Iterable[dict[str, Any]] = self.dynamodb.scan(TableName=table or self.name)["Items"]
        return {
            item["id"]["S"]: {k: v for k, (v,) in ((k, v.values()) for k, v in item.items()) if k not in ("id", "at")}
            for item in items
        }

    def restore(self, *words: str) -> int:
        """Run `tap restore`, and return its exit code."""
        options = ["--stack", "desk-dev", "--table", "parcels", "--outputs", str(self.outputs)]
        return main(["restore", *options, *words])


@pytest.fixture(name="aws")
def aws_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set the environment variables that let boto3 use the emulator instead of AWS."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # It might belong to another emulator.
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", emulator.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", emulator.secret_key)
    return monkeypatch


@pytest.fixture(name="desk")
def desk_fixture(aws: pytest.MonkeyPatch, emulator: Emulator, tmp_path: Path) -> Desk:
    """A table with three parcels."""
    del aws
    desk = Desk(emulator, tmp_path)
    for id_, to in (("a", "Ada"), ("b", "Bob"), ("c", "Cy")):
        desk.put(id_, to=to)
    return desk
