"""Secrets: stores, permissions, and the confidentiality of values."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown

from lib.components.data.secret import Secret, SecretArgs
from lib.model import Service
from lib.program.monitor import plain
from lib.program.recorder import Deployment, record
from lib.settings import TableSettings
from lib.tap_stack import TapStackArgs

from ..support.builders import a_function, a_grant, a_route, a_secret, a_service
from ..support.programs import stacked

VALUE = "correct horse battery"
STORES = {"ssm": ("ssm.Parameter", "valueWo"), "secretsmanager": ("secretsmanager.SecretVersion", "secretStringWo")}
NAMES = {"ssm": "/parcels/dev/token", "secretsmanager": "parcels/dev/token"}
READING = {"ssm": "GetParameter", "secretsmanager": "GetSecretValue"}
every_store = pytest.mark.parametrize("store", STORES)


def a_service_with_secret(store: str = "ssm", **changes: Any) -> Service:
    """Return a service whose only function reads a secret."""
    desk = a_function(a_route(grants=(a_grant("token", READING[store]),)))
    return a_service(functions=(desk,), secrets=(a_secret(store=store, **changes),))


def deployed(store: str = "ssm", value: pulumi.Input[str] | None = VALUE, **args: Any) -> Deployment:
    """Record a stack with or without a configured value of the secret."""
    secrets = {} if value is None else {"token": value}
    return record(stacked(**{"service": a_service_with_secret(store), "secrets": secrets, **args}))


@cache
def with_value(store: str) -> Deployment:
    """Return the recording of a stack with a configured value. The stack is recorded once."""
    return deployed(store)


def secret_inputs(deployment: Deployment, store: str) -> dict[str, Any]:
    """Return the inputs of the resource that contains the value."""
    return deployment.single(STORES[store][0]).inputs


@every_store
def test_secret_has_the_configured_value(store: str) -> None:
    deployment = with_value(store)
    resource, value = deployment.single(STORES[store][0]), STORES[store][1]
    assert resource.inputs[value] == VALUE
    assert [resource.serialized_inputs[name] for name in (value, f"{value}Version")] == ["[secret]", "[secret]"]
    assert resource.ignore_changes == []
    assert deployment.stack_outputs()["secret_names"] == {"token": NAMES[store]}


@every_store
@pytest.mark.parametrize("wrap", [str, pulumi.Output.from_input, pulumi.Output.secret], ids=lambda wrap: wrap.__name__)
@pytest.mark.untraced
def test_value_is_confidential(store: str, wrap: Callable[[str], pulumi.Input[str]]) -> None:
    def program() -> None:
        stack = stacked(service=a_service_with_secret(store), secrets={"token": wrap(VALUE)})()
        pulumi.export("all", stack.outputs)

    deployment = record(program)
    assert VALUE in str([resource.inputs for resource in deployment.registered])
    inputs = str([resource.serialized_inputs for resource in deployment.registered])
    assert STORES[store][1] in inputs
    assert VALUE not in inputs
    messages = [*deployment.warnings, *deployment.info_messages]
    assert VALUE not in str([plain(deployment.outputs), deployment.exports, messages])
    assert VALUE not in repr(TapStackArgs(service=a_service_with_secret(store), secrets={"token": VALUE}))
    assert VALUE not in repr(SecretArgs(name="x", value=VALUE))


@every_store
@pytest.mark.untraced
def test_function_has_the_name_of_its_secret_and_can_read_only_this_secret(store: str) -> None:
    deployment = with_value(store)
    variables = deployment.single("lambda.Function").inputs["environment"]["variables"]
    assert variables == {"TOKEN": NAMES[store], "AWS_DNS_SUFFIX": "amazonaws.com"}
    arn = {"ssm": "arn:post-token-parameter", "secretsmanager": "arn:post-token-secret"}[store]
    assert json.loads(deployment.inputs("iam.RolePolicy")["post-desk-policy"]["policy"])["Statement"] == [
        {"Effect": "Allow", "Action": [f"{store}:{READING[store]}"], "Resource": arn}
    ]


@every_store
@pytest.mark.slow
@pytest.mark.untraced
def test_version_changes_with_the_value(store: str) -> None:
    def version(value: str) -> Any:
        return secret_inputs(deployed(store, value), store)[f"{STORES[store][1]}Version"]

    before: int = secret_inputs(with_value(store), store)[f"{STORES[store][1]}Version"]
    assert version(VALUE) == before != version("another")
    assert 0 < before < 2**31


@pytest.mark.untraced
def test_version_of_a_parameter_changes_with_its_description() -> None:
    """Without a new version, the provider would write an empty value."""
    before = secret_inputs(with_value("ssm"), "ssm")["valueWoVersion"]
    assert (
        before != secret_inputs(deployed(service=a_service_with_secret(description="another")), "ssm")["valueWoVersion"]
    )


@every_store
@pytest.mark.untraced
def test_value_that_is_not_configured_is_generated_once(store: str) -> None:
    first, second = (deployed(store, None) for _ in range(2))
    values = {secret_inputs(deployment, store)[STORES[store][1]] for deployment in (first, second)}
    assert len(values) == 2
    assert all(len(value) >= 43 for value in values)
    resource = first.single(STORES[store][0])
    assert resource.ignore_changes == [STORES[store][1]]
    assert resource.serialized_inputs[STORES[store][1]] == "[secret]"
    versions = {secret_inputs(deployment, store)[f"{STORES[store][1]}Version"] for deployment in (first, second)}
    assert len(versions) == 1


def test_generated_value_is_unknown_in_a_preview() -> None:
    previewed = record(stacked(service=a_service_with_secret()), preview=True)
    assert isinstance(previewed.single("ssm.Parameter").inputs["valueWo"], Unknown)


@every_store
@pytest.mark.parametrize(
    ("retains_tables", "value", "retained"), [(False, None, False), (True, None, True), (True, VALUE, False)]
)
@pytest.mark.slow
@pytest.mark.untraced
def test_generated_value_is_retained_if_tables_are(
    store: str, retains_tables: bool, value: str | None, retained: bool
) -> None:
    deployment = deployed(store, value, table=TableSettings(retain_on_delete=retains_tables))
    assert deployment.single(STORES[store][0]).retain_on_delete is retained


@pytest.mark.untraced
def test_secret_without_a_stack_requires_only_a_name() -> None:
    inputs = record(lambda: Secret("post", SecretArgs(name="/post/token"))).single("ssm.Parameter").inputs
    assert inputs["name"] == "/post/token"
    assert "description" not in inputs


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        (
            {},
            r"^secrets\['token'\] must be set, got None\. Pass secrets=\{'token': ...\}, or run pulumi config set",
        ),
        ({"token": "x", "tokn": VALUE}, r"^secrets must be among token, got 'tokn'\.$"),
        ({"token": ""}, r"^secrets\['token'\] size must be from 1 to 4096 bytes, got 0\.$"),
        ({"token": VALUE * 200}, r"^secrets\['token'\] size must be from 1 to 4096 bytes, got 4200\.$"),
        ({"token": 7}, r"^secrets\['token'\] must be a string, got <class 'int'>\.$"),
        ([VALUE], r"^secrets must be a mapping of names to strings, got <class 'list'>\.$"),
    ],
)
def test_error_for_invalid_secrets_does_not_contain_the_value(secrets: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as rejected:
        TapStackArgs(service=a_service_with_secret(generated=False), secrets=secrets)
    assert VALUE not in str(rejected.value)


def test_secret_that_the_service_does_not_define_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"^secrets must be empty for this service, got 'token'\.$"):
        TapStackArgs(secrets={"token": VALUE})
