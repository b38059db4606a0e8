"""Aliases of functions, provisioned concurrency and SnapStart."""

from __future__ import annotations

from typing import Any

import pytest

from lib.program.recorder import Deployment, record
from lib.settings import FunctionSettings, RolloutSettings

from ..support.programs import FULL_SERVICE, stacked


def deployed(**args: Any) -> Deployment:
    return record(stacked(**{**FULL_SERVICE, **args}))


@pytest.mark.parametrize(
    ("strategy", "ignored"),
    [("AllAtOnce", []), ("Canary10Percent5Minutes", ["functionVersion", "routingConfig"])],
)
@pytest.mark.untraced
def test_all_invocations_use_the_alias_of_the_function(strategy: str, ignored: list[str]) -> None:
    deployment = deployed(rollout=RolloutSettings(strategy=strategy))
    aliases = deployment.by_kind("lambda.Alias")
    assert [alias.ignore_changes for alias in aliases.values()] == [ignored] * 2
    (integration,) = (i for i in deployment.inputs("apigateway.Integration").values() if i["type"] == "AWS_PROXY")
    assert integration["uri"] == "invokeArn:post-desk-alias"
    assert deployment.single("cloudwatch.EventTarget").inputs["arn"] == "arn:post-watch-alias"
    assert deployment.single("lambda.EventSourceMapping").inputs["functionName"] == "arn:post-watch-alias"
    assert {p["qualifier"] for p in deployment.inputs("lambda.Permission").values()} == {"live"}


@pytest.mark.untraced
def test_only_functions_with_routes_have_provisioned_concurrency() -> None:
    deployment = deployed(function=FunctionSettings(provisioned_concurrency=5))
    assert deployment.single("lambda.ProvisionedConcurrencyConfig").inputs == {
        "functionName": "yard-desk-dev",
        "qualifier": "live",
        "provisionedConcurrentExecutions": 5,
    }
    assert list(deployment.by_kind("lambda.Alias")) == ["post-desk-alias"]


@pytest.mark.untraced
def test_only_functions_with_routes_use_snap_start() -> None:
    functions = deployed(function=FunctionSettings(snap_start=True)).inputs("lambda.Function")
    assert {name: inputs.get("snapStart") for name, inputs in functions.items()} == {
        "post-desk-function": {"applyOn": "PublishedVersions"},
        "post-watch-function": None,
    }


def test_provisioned_concurrency_is_at_most_the_reserved_concurrency() -> None:
    with pytest.raises(
        ValueError, match=r"^function\.provisioned_concurrency must be at most reserved_concurrency, 530, got 600"
    ):
        deployed(environment_suffix="prod", function=FunctionSettings(provisioned_concurrency=600))
