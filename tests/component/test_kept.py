"""Backups, replicas and a budget of a whole stack."""

from __future__ import annotations

import json
import runpy
from typing import Any

import pytest

from lib.program.recorder import Deployment, record
from lib.settings import LAYERS, BackupSettings, CostSettings, TableSettings, docs_of
from lib.stack.outputs import ServiceOutputs, StackOutputs

from ..support.programs import PRODUCTION, YARD, stacked

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

REPLACING = ("name", "hashKey", "rangeKey", "localSecondaryIndexes", "restoreSourceName", "importTable")
"""Properties of a table that the provider cannot change where it stands."""


def deployed(**args: Any) -> Deployment:
    return record(stacked(**{**YARD, **args}))


def test_nothing_of_it_is_made_unasked(yard: Deployment) -> None:
    assert not {one.kind for one in yard.registered if one.kind.startswith(("backup.", "budgets."))}
    assert not yard.of("dynamodb.TableReplica")
    assert not yard.of("sns.TopicPolicy")


def test_every_table_is_backed_up(production: Deployment) -> None:
    assert production.only("backup.Selection").inputs["resources"] == [
        "arn:post-parcels-table",
        "arn:post-notes-table",
    ]
    assert production.stack_outputs()["backup_vault_arn"] == "arn:post-backup-vault"
    assert production.stack_outputs()["backup_restore_role_arn"] == "arn:post-backup-restore-role"


def test_backups_outlive_a_stack_whose_tables_do() -> None:
    kept = BackupSettings(retention_days=35)
    assert deployed(environment_suffix="prod", backup=kept).only("backup.Vault").retained
    assert not deployed(backup=kept).only("backup.Vault").retained


def test_every_table_has_a_replica_in_each_region() -> None:
    made = deployed(table=TableSettings(replica_regions=("us-west-2", "eu-west-1")))
    assert sorted((r["globalTableArn"], r["region"]) for r in made.inputs("dynamodb.TableReplica").values()) == sorted(
        (f"arn:post-{table}-table", region) for table in ("parcels", "notes") for region in ("us-west-2", "eu-west-1")
    )
    assert made.stack_outputs()["replica_regions"] == ["us-west-2", "eu-west-1"]


def test_tables_that_stand_are_used() -> None:
    made = deployed(table=TableSettings(existing=True))
    assert made.stack_outputs()["table_names"] == {"parcels": "yard-parcels-dev", "notes": "yard-notes-dev"}


def test_budget_counts_what_carries_the_tags_of_the_service_and_tells_the_topic_of_alarms() -> None:
    made = deployed(cost=CostSettings(monthly_budget_usd=100.0))
    budget = made.only("budgets.Budget").inputs
    assert budget["limitAmount"] == "100.00"
    assert [one["tags"] for one in budget["filterExpression"]["ands"]] == [
        {"key": "Service", "values": ["yard"]},
        {"key": "Environment", "values": ["dev"]},
    ]
    assert {topic for one in budget["notifications"] for topic in one["subscriberSnsTopicArns"]} == {
        "arn:post-alarms-topic"
    }
    assert made.only("sns.Topic").inputs["tags"].items() >= {"Service": "yard", "Environment": "dev"}.items()
    policy = json.loads(made.only("sns.TopicPolicy").inputs["policy"])
    assert [one["Principal"]["Service"] for one in policy["Statement"]] == [
        "cloudwatch.amazonaws.com",
        "budgets.amazonaws.com",
    ]


def test_costs_can_be_told_apart_without_a_budget() -> None:
    made = deployed(cost=CostSettings(allocation_tags=True))
    assert made.only("sqs.Queue").inputs["tags"].keys() >= {"Service", "Environment"}
    assert not made.of("budgets.Budget")


@pytest.mark.parametrize("off", [name for name in PRODUCTION if name in LAYERS])
def test_turning_a_setting_off_again_replaces_no_table(production: Deployment, off: str) -> None:
    without = record(stacked(**{name: said for name, said in PRODUCTION.items() if name != off}))
    before, after = (made.inputs("dynamodb.Table") for made in (production, without))
    assert before.keys() == after.keys()
    for name, inputs in after.items():
        assert {key: inputs.get(key) for key in REPLACING} == {key: before[name].get(key) for key in REPLACING}


def test_example_of_production_asks_for_everything() -> None:
    made = record(lambda: runpy.run_path("examples/production.py"))
    assert set(made.exports) == {"api", "panel", "dashboard"}
    wanted = {"ec2.Vpc", "kms.Key", "backup.Plan", "cognito.UserPool", "wafv2.WebAcl", "acm.Certificate"}
    wanted |= {"codedeploy.Application", "budgets.Budget", "dynamodb.TableReplica", "cloudwatch.Dashboard"}
    assert wanted <= {one.kind for one in made.registered}


def test_every_output_is_documented(production: Deployment, inventory: Deployment, open_yard: Deployment) -> None:
    told = [made.stack_outputs().keys() for made in (production, inventory, open_yard)]
    forms = {"parcels_table_name", "parcels_table_arn", "notes_table_name", "notes_table_arn"}
    declared = {*docs_of(StackOutputs), *docs_of(ServiceOutputs), *forms}
    assert all(outputs <= declared for outputs in told)
    assert all(len(outputs) >= 22 for outputs in told)
