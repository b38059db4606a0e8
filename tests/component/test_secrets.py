"""Secrets: where they are kept, who may read them, and that nobody is told them."""

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


def a_safe(store: str = "ssm", **changes: Any) -> Service:
    """A service whose one function reads a secret."""
    desk = a_function(a_route(grants=(a_grant("token", READING[store]),)))
    return a_service(functions=(desk,), secrets=(a_secret(store=store, **changes),))


def deployed(store: str = "ssm", value: pulumi.Input[str] | None = VALUE, **args: Any) -> Deployment:
    """What a stack is with a value, or without."""
    secrets = {} if value is None else {"token": value}
    return record(stacked(**{"service": a_safe(store), "secrets": secrets, **args}))


@cache
def with_value(store: str) -> Deployment:
    """Return the resources of a stack with a value, which is run once."""
    return deployed(store)


def kept(made: Deployment, store: str) -> dict[str, Any]:
    """The inputs of what holds the value."""
    return made.single(STORES[store][0]).inputs


@every_store
def test_secret_has_its_name_and_the_value_that_is_set(store: str) -> None:
    deployment = with_value(store)
    resource, value = deployment.single(STORES[store][0]), STORES[store][1]
    assert resource.inputs[value] == VALUE
    assert [resource.serialized_inputs[name] for name in (value, f"{value}Version")] == ["[secret]", "[secret]"]
    assert resource.ignored == []
    assert deployment.stack_outputs()["secret_names"] == {"token": NAMES[store]}


@every_store
@pytest.mark.parametrize(
    "given", [str, pulumi.Output.from_input, pulumi.Output.secret], ids=lambda given: given.__name__
)
@pytest.mark.untraced
def test_value_is_told_to_nobody(store: str, given: Callable[[str], pulumi.Input[str]]) -> None:
    def program() -> None:
        stack = stacked(service=a_safe(store), secrets={"token": given(VALUE)})()
        pulumi.export("all", stack.outputs)

    made = record(program)
    assert VALUE in str([resource.inputs for resource in made.registered])
    told = [resource.serialized_inputs for resource in made.registered]
    assert VALUE not in str([told, plain(made.outputs), made.exports, made.warnings, made.info_messages])
    assert STORES[store][1] in str(told)
    assert VALUE not in repr(TapStackArgs(service=a_safe(store), secrets={"token": VALUE}))
    assert VALUE not in repr(SecretArgs(name="x", value=VALUE))


@every_store
@pytest.mark.untraced
def test_function_has_the_name_of_its_secret_and_can_read_that_only(store: str) -> None:
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
def test_another_value_is_another_version_and_the_same_is_the_same(store: str) -> None:
    def version(value: str) -> int:
        found: int = kept(deployed(store, value), store)[f"{STORES[store][1]}Version"]
        return found

    before: int = kept(with_value(store), store)[f"{STORES[store][1]}Version"]
    assert version(VALUE) == before != version("another")
    assert 0 < before < 2**31


@pytest.mark.untraced
def test_parameter_is_written_anew_when_anything_of_it_changes() -> None:
    """As otherwise the provider would write an empty value."""
    before = kept(with_value("ssm"), "ssm")["valueWoVersion"]
    assert before != kept(deployed(service=a_safe(description="another")), "ssm")["valueWoVersion"]


@every_store
@pytest.mark.untraced
def test_one_that_nobody_gives_is_made_up_once(store: str) -> None:
    first, second = (deployed(store, None) for _ in range(2))
    values = {kept(made, store)[STORES[store][1]] for made in (first, second)}
    assert len(values) == 2
    assert all(len(value) >= 43 for value in values)
    resource = first.single(STORES[store][0])
    assert resource.ignored == [STORES[store][1]]
    assert resource.serialized_inputs[STORES[store][1]] == "[secret]"
    versions = {kept(made, store)[f"{STORES[store][1]}Version"] for made in (first, second)}
    assert len(versions) == 1


def test_generated_value_is_unknown_in_a_preview() -> None:
    previewed = record(stacked(service=a_safe()), preview=True)
    assert isinstance(previewed.single("ssm.Parameter").inputs["valueWo"], Unknown)


@every_store
@pytest.mark.parametrize(
    ("tables_stay", "value", "stays"), [(False, None, False), (True, None, True), (True, VALUE, False)]
)
@pytest.mark.slow
@pytest.mark.untraced
def test_what_was_made_up_stays_where_tables_stay(
    store: str, tables_stay: bool, value: str | None, stays: bool
) -> None:
    made = deployed(store, value, table=TableSettings(retain_on_delete=tables_stay))
    assert made.single(STORES[store][0]).retained is stays


@pytest.mark.untraced
def test_secret_by_itself_needs_a_name_only() -> None:
    made = record(lambda: Secret("post", SecretArgs(name="/post/token")))
    assert made.single("ssm.Parameter").inputs["name"] == "/post/token"
    assert "description" not in made.single("ssm.Parameter").inputs


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
def test_what_cannot_be_is_refused_without_a_word_of_it(secrets: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        TapStackArgs(service=a_safe(generated=False), secrets=secrets)
    assert VALUE not in str(refused.value)


def test_a_service_without_secrets_takes_none() -> None:
    with pytest.raises(ValueError, match=r"^secrets must be empty for this service, got 'token'\.$"):
        TapStackArgs(secrets={"token": VALUE})
