"""Tables, vaults and outputs of whole stacks."""

from __future__ import annotations

import pytest

from lib.program.recorder import Deployment, record
from lib.settings import LAYERS, BackupSettings, TableSettings, docs_of
from lib.stack.outputs import ServiceOutputs, StackOutputs

from ..support.programs import PRODUCTION, YARD, stacked

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

REPLACING = ("name", "hashKey", "rangeKey", "localSecondaryIndexes", "restoreSourceName", "importTable")
"""Properties of a table that the provider cannot change without a replacement."""


def test_vault_is_deleted_with_a_stack_whose_tables_are() -> None:
    deployment = record(stacked(**YARD, backup=BackupSettings(retention_days=35)))
    assert not deployment.single("backup.Vault").retained


def test_existing_tables_are_used() -> None:
    deployment = record(stacked(**YARD, table=TableSettings(existing=True)))
    assert not deployment.by_kind("dynamodb.Table")
    assert deployment.stack_outputs()["table_names"] == {"parcels": "yard-parcels-dev", "notes": "yard-notes-dev"}


@pytest.mark.parametrize("off", [name for name in PRODUCTION if name in LAYERS])
def test_turning_a_setting_off_again_replaces_no_table(production: Deployment, off: str) -> None:
    without = record(stacked(**{name: value for name, value in PRODUCTION.items() if name != off}))
    before, after = (
        {
            name: {key: inputs.get(key) for key in REPLACING}
            for name, inputs in deployment.inputs("dynamodb.Table").items()
        }
        for deployment in (production, without)
    )
    assert before == after


def test_every_output_is_documented(production: Deployment, inventory: Deployment, open_yard: Deployment) -> None:
    own = {"parcels_table_name", "parcels_table_arn", "notes_table_name", "notes_table_arn"}
    declared = {*docs_of(StackOutputs), *docs_of(ServiceOutputs), *own}
    for deployment in (production, inventory, open_yard):
        assert deployment.stack_outputs().keys() <= declared
