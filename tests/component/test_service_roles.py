"""Roles of AWS services, which services can assume only on behalf of this account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from lib.components.api.api_account import ApiAccount, ApiAccountArgs
from lib.components.compute.rollout import Rollout, RolloutArgs
from lib.components.data.backup import Backup, BackupArgs
from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings, BackupSettings

from ..support.programs import PRODUCTION, stacked

pytestmark = pytest.mark.untraced

ACCOUNT = "210987654321"
CALLS: dict[str, Any] = {"getCallerIdentity": {"accountId": ACCOUNT}}
CONDITION = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
COMPONENTS: dict[str, Callable[[], pulumi.ComponentResource]] = {
    "apigateway.amazonaws.com": lambda: ApiAccount("gate", ApiAccountArgs(owner="post")),
    "backup.amazonaws.com": lambda: Backup(
        "post", BackupArgs(name="post", table_arns=["arn:table"], settings=BackupSettings(retention_days=35))
    ),
    "codedeploy.amazonaws.com": lambda: Rollout(
        "post", RolloutArgs(name="post", strategy="AllAtOnce", functions={}, alarms={})
    ),
}
"""Components without a stack, by the service that assumes their roles."""


def conditions(deployment: Deployment) -> dict[str, set[str]]:
    """Return the conditions of trust policies as JSON, by service."""
    by_service: dict[str, set[str]] = {}
    for role in deployment.inputs("iam.Role").values():
        for statement in json.loads(role["assumeRolePolicy"])["Statement"]:
            service = statement["Principal"]["Service"]
            by_service.setdefault(service, set()).add(json.dumps(statement.get("Condition")))
    return by_service


@pytest.mark.slow
def test_services_assume_the_roles_of_a_stack_for_its_account_only() -> None:
    settings = {**PRODUCTION, "api": ApiSettings(access_log=True, log_role="create")}
    by_service = conditions(record(stacked(**settings), calls=CALLS))
    # Lambda assumes a role only for functions that are configured with it, which requires iam:PassRole.
    assert by_service.pop("lambda.amazonaws.com") == {"null"}
    owner = {"StringEquals": {"aws:SourceAccount": "ownerId:post-network-vpc-vpc"}}
    assert by_service.pop("vpc-flow-logs.amazonaws.com") == {json.dumps(owner)}
    assert by_service == {service: {json.dumps(CONDITION)} for service in COMPONENTS}


@pytest.mark.parametrize("service", COMPONENTS)
def test_component_without_a_stack_looks_up_its_account(service: str) -> None:
    assert conditions(record(COMPONENTS[service], calls=CALLS)) == {service: {json.dumps(CONDITION)}}
