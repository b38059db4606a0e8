"""Outputs as arguments: accepted for properties of resources, rejected for settings that decide which resources are
created."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from lib.audit.evaluate import audit
from lib.audit.graph import graph_of
from lib.cost.bill import bill_of
from lib.cost.traffic import Traffic
from lib.program.recorder import Deployment, record
from lib.settings import (
    AlarmSettings,
    ApiSettings,
    BackupSettings,
    CostSettings,
    FunctionSettings,
    NetworkSettings,
    ObservationSettings,
)
from lib.tap_stack import TapStack, TapStackArgs

pytestmark = pytest.mark.slow

EMAIL, OWNER = "oncall@example.com", "web-team"


def deployed(wrap: Callable[[str], Any], *, preview: bool = False) -> Deployment:
    """Record a stock service with all resources that have tags. `wrap` wraps the email address and the owner tag."""

    def program() -> None:
        args = TapStackArgs(
            service="stock",
            environment_suffix="prod",
            tags={"Owner": wrap(OWNER)},
            alarms=AlarmSettings(notification_email=wrap(EMAIL), recommended=True),
            observation=ObservationSettings(dashboard=True),
            network=NetworkSettings(vpc="create"),
            backup=BackupSettings(retention_days=35),
            cost=CostSettings(monthly_budget_usd=100.0),
        )
        for name, value in TapStack("stock", args).outputs.items():
            pulumi.export(name, value)

    return record(program, preview=preview)


def findings(deployment: Deployment) -> set[tuple[str, str, str]]:
    """Return the state of every control for every resource."""
    return {(finding.control.title, finding.resource.urn, finding.state) for finding in audit(graph_of(deployment))}


def costs(deployment: Deployment) -> dict[tuple[str, str], Any]:
    """Return the amount of every item of the cost estimate."""
    items = bill_of(deployment, Traffic(), "stock").items
    return {(item.kind, item.label): pytest.approx(item.usd) for item in items}


@pytest.fixture(name="stock", scope="module")
def stock_fixture() -> Deployment:
    """Record a deployment with secret Outputs."""
    return deployed(pulumi.Output.secret)


@pytest.mark.untraced
def test_email_address_can_be_an_output(stock: Deployment) -> None:
    addresses = [subscription.inputs["endpoint"] for subscription in stock.by_kind("sns.TopicSubscription").values()]
    assert set(addresses) == {EMAIL}
    assert {
        subscription.serialized_inputs["endpoint"] for subscription in stock.by_kind("sns.TopicSubscription").values()
    } == {"[secret]"}


def test_value_of_a_tag_can_be_an_output(stock: Deployment) -> None:
    tagged = [resource for resource in stock.registered if "tags" in resource.inputs]
    assert len(tagged) > 100
    assert {resource.inputs["tags"]["Owner"] for resource in tagged} == {OWNER}
    assert {resource.serialized_inputs["tags"]["Owner"] for resource in tagged} == {"[secret]"}
    (rule,) = stock.single("backup.Plan").inputs["rules"]
    assert rule["recoveryPointTags"]["Owner"] == OWNER


@pytest.mark.untraced
def test_outputs_audit_and_cost_are_the_same_as_with_plain_values(stock: Deployment) -> None:
    plain = deployed(str)
    assert stock.exports == plain.exports
    assert findings(stock) == findings(plain)
    assert costs(stock) == costs(plain)


@pytest.mark.untraced
def test_preview_does_not_require_the_values() -> None:
    assert deployed(pulumi.Output.from_input, preview=True).by_kind("sns.TopicSubscription")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            lambda value: {"environment_suffix": value},
            "environment_suffix must be known before deployment, got an Output. "
            "Names and settings depend on it: pass a string, such as pulumi.get_stack().",
        ),
        (
            lambda value: {"tags": value},
            "tags must be known before deployment, got an Output. Pass a mapping; only its values can be Outputs.",
        ),
        (
            lambda value: {"service": value},
            "service must be known before deployment, got an Output. Pass a plain value.",
        ),
        (
            lambda value: {"function": FunctionSettings(memory_mb=value)},
            "function.memory_mb must be known before deployment, got an Output. "
            "Settings decide which resources exist: pass a plain value.",
        ),
        (
            lambda value: {"network": NetworkSettings(private_subnet_ids=("subnet-0a1b2c3d", value))},
            "network.private_subnet_ids must be known before deployment, got an Output. "
            "Settings decide which resources exist: pass a plain value.",
        ),
        (
            lambda value: {"api": ApiSettings(cors_origin=value)},
            "api.cors_origin must be known before deployment, got an Output. "
            "Settings decide which resources exist: pass a plain value.",
        ),
    ],
)
def test_output_is_rejected_if_its_value_selects_resources(arguments: Any, message: str) -> None:
    def program() -> None:
        with pytest.raises(ValueError, match="Output") as raised:
            TapStackArgs(**arguments(pulumi.Output.from_input("web")))
        assert str(raised.value) == message

    record(program)


def test_key_of_a_tag_next_to_an_output_is_checked() -> None:
    def program() -> None:
        with pytest.raises(
            ValueError, match=r"^tags must not have keys or values that begin with 'aws:', got 'aws:Owner'"
        ):
            TapStackArgs(tags={"aws:Owner": pulumi.Output.from_input(OWNER)})

    record(program)
