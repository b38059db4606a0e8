"""Tables, backup vaults and outputs of stacks."""

from __future__ import annotations

import pytest

from lib.program.recorder import Deployment, record
from lib.settings import SETTINGS_GROUPS, BackupSettings, TableSettings, docs_of
from lib.stack.outputs import ServiceOutputs, StackOutputs

from ..support.programs import FULL_SERVICE, PRODUCTION, stacked

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

REPLACING = ("name", "hashKey", "rangeKey", "localSecondaryIndexes", "restoreSourceName", "importTable")
"""Properties of a table that the provider cannot change without a replacement."""


def test_vault_is_not_retained_if_tables_are_not() -> None:
    deployment = record(stacked(**FULL_SERVICE, backup=BackupSettings(retention_days=35)))
    assert not deployment.single("backup.Vault").retain_on_delete


def test_existing_tables_are_used() -> None:
    deployment = record(stacked(**FULL_SERVICE, table=TableSettings(existing=True)))
    assert not deployment.by_kind("dynamodb.Table")
    assert deployment.stack_outputs()["table_names"] == {"parcels": "yard-parcels-dev", "notes": "yard-notes-dev"}


@pytest.mark.parametrize("disabled", [name for name in PRODUCTION if name in SETTINGS_GROUPS])
def test_disabling_a_setting_does_not_replace_tables(production: Deployment, disabled: str) -> None:
    without = record(stacked(**{name: value for name, value in PRODUCTION.items() if name != disabled}))
    before, after = (
        {
            name: {key: inputs.get(key) for key in REPLACING}
            for name, inputs in deployment.inputs("dynamodb.Table").items()
        }
        for deployment in (production, without)
    )
    assert before == after


def test_every_output_is_documented(production: Deployment, inventory: Deployment, open_yard: Deployment) -> None:
    custom = {"parcels_table_name", "parcels_table_arn", "notes_table_name", "notes_table_arn"}
    declared = {*docs_of(StackOutputs), *docs_of(ServiceOutputs), *custom}
    for deployment in (production, inventory, open_yard):
        assert deployment.stack_outputs().keys() <= declared
