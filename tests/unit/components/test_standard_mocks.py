"""Programs under the mocks that Pulumi documents for unit tests, which return only the inputs of resources."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import runpy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pulumi
import pytest
from pulumi.runtime.settings import get_monitor

from lib import components
from lib.components.compute.layer import Layer, LayerArgs
from lib.components.derived import concat, derive
from lib.program.recorder import record
from lib.settings import USER_POOL, AuthorizationSettings, EncryptionSettings, TableSettings
from lib.tap_stack import TapStack, TapStackArgs

from ...support.builders import full_service
from ...support.lone_components import LONE_COMPONENTS, POOL_ARN
from ...support.programs import EVERYTHING, PRODUCTION, PUBLIC_SERVICE
from ...support.standard_mocks import (
    MyMocks,
    Program,
    RegisteredResources,
    at_module_level,
    identity,
    in_new_thread,
    in_test,
)

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

NAMED = {"project": "shop", "stack": "dev"}
MODES: dict[str, Callable[[Program], RegisteredResources]] = {
    "test": in_test,
    "test-preview": lambda program: in_test(program, **NAMED, preview=True),
}
"""Ways to run a program in a unit test. `run_lone_component` adds a third: at module level with all arguments. A
preview at module level would test nothing new."""
SERVICES: dict[str, Any] = {"items": "items", "inventory": "inventory", "stock": "stock", "custom": full_service()}
EXISTING: dict[str, Any] = {
    "table": TableSettings(existing=True),
    "authorization": AuthorizationSettings(type=USER_POOL, user_pool=POOL_ARN),
    "encryption": EncryptionSettings(key="arn:aws:kms:us-east-1:123456789012:key/mrk-0a1b2c3d"),
}
"""Settings of a stack that uses existing tables, an existing user pool and an existing key."""
PRODUCTION_PROGRAMS: dict[str, Program] = {
    "custom": lambda: TapStack("post", TapStackArgs(**PRODUCTION)),
    "inventory": lambda: TapStack("shop", TapStackArgs(**EVERYTHING)),
    "stock": lambda: runpy.run_path("examples/production.py")["stock"],
    "existing-resources": lambda: TapStack("tap", TapStackArgs("prod", service="stock", **EXISTING)),
    "public-site": lambda: TapStack("post", TapStackArgs(**PUBLIC_SERVICE)),
}
"""Programs with the settings of production, and others with existing resources and with a public site."""


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


@cache
def run_lone_component(name: str) -> RegisteredResources:
    """Return the resources that a component registers. Each program runs once for all tests."""
    return at_module_level(LONE_COMPONENTS[name], **NAMED, preview=False)


@pytest.mark.parametrize("name", LONE_COMPONENTS)
def test_component_registers_all_of_its_resources(name: str) -> None:
    recorded = record(LONE_COMPONENTS[name])
    assert run_lone_component(name).states.keys() >= {identity(resource.urn) for resource in recorded.registered}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LONE_COMPONENTS)
def test_component_is_the_same_in_each_kind_of_unit_test(name: str, mode: str) -> None:
    assert MODES[mode](LONE_COMPONENTS[name]).states.keys() == run_lone_component(name).states.keys()


@pytest.mark.parametrize("name", LONE_COMPONENTS)
def test_unset_outputs_are_not_written_into_strings(name: str) -> None:
    states = run_lone_component(name).states
    assert not [value for state in states.values() for value in strings(state) if "None" in value]


def test_every_component_of_the_library_is_tested() -> None:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(components.__path__, f"{components.__name__}.")
    ]
    classes = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, pulumi.ComponentResource)
        and value.__module__ == module.__name__
    }
    assert classes == {type(run_lone_component(name).component) for name in LONE_COMPONENTS}


@pytest.mark.parametrize(("environment", "split"), [("dev", False), ("prod", False), ("prod", True)])
@pytest.mark.parametrize("service", SERVICES)
def test_stack_of_every_service_can_be_created(service: str, environment: str, split: bool) -> None:
    args = TapStackArgs(environment, service=SERVICES[service], split_functions=split)
    assert len(at_module_level(lambda: TapStack("tap", args)).states) > 50


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", SERVICES)
def test_stack_can_be_created_in_each_kind_of_unit_test(service: str, mode: str) -> None:
    assert len(MODES[mode](lambda: TapStack("tap", TapStackArgs(service=SERVICES[service]))).states) > 50


@pytest.mark.parametrize("mode", ["test", "test-preview"])
@pytest.mark.parametrize("name", PRODUCTION_PROGRAMS)
def test_stack_with_the_settings_of_production_can_be_created(name: str, mode: str) -> None:
    assert len(MODES[mode](PRODUCTION_PROGRAMS[name]).states) > 50


def test_program_of_the_project_can_be_imported_by_a_unit_test() -> None:
    states = at_module_level(lambda: runpy.run_path("tap.py")["stack"]).states
    assert ("aws:dynamodb/table:Table", "tap-table-table") in states


def test_unit_tests_can_read_the_values_of_outputs() -> None:
    values: list[Any] = []

    def module() -> None:
        pulumi.runtime.set_mocks(MyMocks(), preview=False)
        stack = TapStack("tap", TapStackArgs("dev", {"Owner": "x"}, service="inventory"))

        @pulumi.runtime.test  # type: ignore[untyped-decorator]  # of Pulumi's mocks
        def test_names() -> Any:
            names = (stack.dynamodb_table_name, stack.lambda_function_name, stack.api_stage)
            return pulumi.Output.all(*names).apply(values.extend)

        @pulumi.runtime.test  # type: ignore[untyped-decorator]  # of Pulumi's mocks
        def test_policy() -> Any:
            (role,) = stack.roles.values()
            assert role.policy
            return role.policy.policy.apply(lambda policy: values.append(json.loads(policy)["Statement"][0]["Effect"]))

        test_names()
        test_policy()

    in_new_thread(module)
    assert values == ["inventory-items-dev", "inventory-api-lambda-dev", "dev", "Allow"]


def test_error_of_a_derived_value_fails_a_unit_test() -> None:
    def program() -> pulumi.ComponentResource:
        derive(lambda _: 1 / 0, LONE_COMPONENTS["queue"]().urn)
        return LONE_COMPONENTS["layer"]()

    for mode in (at_module_level, in_test):
        with pytest.raises(ZeroDivisionError):
            mode(program)


def test_unit_test_does_not_change_the_state_of_others() -> None:
    before = get_monitor()
    in_test(LONE_COMPONENTS["layer"])
    assert get_monitor() is before


def test_unset_value_is_an_empty_string_in_derived_values() -> None:
    values: list[Any] = []

    def program() -> pulumi.ComponentResource:
        layer = Layer("shared", LayerArgs(name="shared", files={}, runtimes=[]))
        unset = layer.arn
        pulumi.Output.all(concat("arn:", unset, "/*"), derive(lambda *inputs: [*inputs], unset, 7, False)).apply(
            values.extend
        )
        return layer

    at_module_level(program)
    assert values == ["arn:/*", ["", 7, False]]
