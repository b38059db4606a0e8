"""Aliases: what is called, what is kept started, and who moves them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.program.recorder import Deployment, record
from lib.settings import FunctionSettings, RolloutSettings

from ..support.programs import YARD, stacked


def deployed(**args: Any) -> Deployment:
    return record(stacked(**{**YARD, **args}))


CANARY = RolloutSettings(strategy="Canary10Percent5Minutes")
STARTED = FunctionSettings(provisioned_concurrency=5)
SNAPPED = FunctionSettings(snap_start=True)


def test_nothing_of_it_is_made_unasked(yard: Deployment) -> None:
    assert not yard.of("lambda.Alias")
    assert not yard.of("lambda.ProvisionedConcurrencyConfig")
    assert not yard.of("codedeploy.Application")
    assert "alias_arns" in yard.stack_outputs()


@pytest.mark.parametrize(
    ("strategy", "ignored"), [("AllAtOnce", []), (CANARY.strategy, ["functionVersion", "routingConfig"])]
)
def test_everything_that_calls_a_function_calls_its_alias(strategy: str, ignored: list[str]) -> None:
    made = deployed(rollout=RolloutSettings(strategy=strategy))
    aliases = made.of("lambda.Alias")
    assert {name: one.inputs for name, one in aliases.items()} == {
        f"post-{name}-alias": {
            "name": "live",
            "functionName": f"yard-{name}-dev",
            "functionVersion": f"version:post-{name}-function",
        }
        for name in ("desk", "watch")
    }
    assert [one.ignored for one in aliases.values()] == [ignored] * 2
    (integration,) = (i for i in made.inputs("apigateway.Integration").values() if i["type"] == "AWS_PROXY")
    assert integration["uri"] == "invokeArn:post-desk-alias"
    assert made.only("cloudwatch.EventTarget").inputs["arn"] == "arn:post-watch-alias"
    assert made.only("lambda.EventSourceMapping").inputs["functionName"] == "arn:post-watch-alias"
    assert {p["qualifier"] for p in made.inputs("lambda.Permission").values()} == {"live"}


def test_only_functions_that_somebody_waits_for_are_kept_started() -> None:
    made = deployed(function=STARTED)
    assert made.only("lambda.ProvisionedConcurrencyConfig").inputs == {
        "functionName": "yard-desk-dev",
        "qualifier": "live",
        "provisionedConcurrentExecutions": 5,
    }
    assert list(made.of("lambda.Alias")) == ["post-desk-alias"]


def test_only_functions_that_somebody_waits_for_begin_from_a_snapshot() -> None:
    made = deployed(function=SNAPPED)
    said = {name: one.get("snapStart") for name, one in made.inputs("lambda.Function").items()}
    assert said == {"post-desk-function": {"applyOn": "PublishedVersions"}, "post-watch-function": None}


def test_each_function_has_a_deployment_group_that_its_own_alarms_stop() -> None:
    made = deployed(rollout=CANARY)
    assert made.only("codedeploy.Application").inputs["computePlatform"] == "Lambda"
    group = made.inputs("codedeploy.DeploymentGroup")["post-rollout-watch"]
    assert group["deploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert group["deploymentStyle"] == {"deploymentOption": "WITH_TRAFFIC_CONTROL", "deploymentType": "BLUE_GREEN"}
    assert group["alarmConfiguration"] == {
        "enabled": True,
        "alarms": [f"yard-watch-{kind}-dev" for kind in ("duration", "errors", "throttles")],
    }
    assert group["autoRollbackConfiguration"] == {
        "enabled": True,
        "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
    }


def test_codedeploy_may_move_these_aliases_and_look_at_these_alarms_and_nothing_else() -> None:
    made = deployed(rollout=CANARY)
    role = made.of("iam.Role")["post-rollout-mover-role"].inputs
    assert json.loads(role["assumeRolePolicy"])["Statement"][0]["Principal"] == {"Service": "codedeploy.amazonaws.com"}
    moving, watching = json.loads(made.of("iam.RolePolicy")["post-rollout-mover-policy"].inputs["policy"])["Statement"]
    functions = [f"arn:post-{name}-function" for name in ("desk", "watch")]
    assert moving["Action"] == [
        f"lambda:{may}" for may in ("GetAlias", "UpdateAlias", "GetProvisionedConcurrencyConfig")
    ]
    assert moving["Resource"] == [arn for function in functions for arn in (function, f"{function}:*")]
    assert watching["Action"] == ["cloudwatch:DescribeAlarms"]
    assert sorted(watching["Resource"]) == sorted(
        f"arn:post-{name}-{kind}" for name in ("desk", "watch") for kind in ("duration", "errors", "throttles")
    )
    assert not [a for a in made.inputs("iam.RolePolicyAttachment").values() if "rollout" in str(a["role"])]


def test_outputs_tell_what_is_called_and_what_moves_it() -> None:
    outputs = deployed(rollout=CANARY).stack_outputs()
    assert outputs["alias_arns"] == {name: f"arn:post-{name}-alias" for name in ("desk", "watch")}
    assert outputs["function_versions"] == {name: f"version:post-{name}-function" for name in ("desk", "watch")}
    assert outputs["rollout_application"] == "yard-rollout-dev"


def test_more_is_not_kept_started_than_a_function_may_run() -> None:
    with pytest.raises(ValueError, match=r"^function\.provisioned_concurrency 600: give at most what is reserved, 530"):
        deployed(environment_suffix="prod", function=FunctionSettings(provisioned_concurrency=600))
