"""Unit tests in the form that Pulumi documents. Each runs in a new thread, so that tests do not share state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import pulumi
from pulumi.runtime.settings import SETTINGS, get_monitor
from pulumi.runtime.stack import wait_for_rpcs

from lib.program.runner import event_loop

T = TypeVar("T")
Program = Callable[[], pulumi.ComponentResource]


class MyMocks(pulumi.runtime.Mocks):
    """Mocks that return the inputs of a resource and an empty result for each call."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> Any:
        """Return the ID and the state of a resource."""
        return [args.name + "_id", args.inputs]

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """Return the result of a function of the provider."""
        return {}


class RegisteredResources(NamedTuple):
    """Resources that a program registered."""

    component: pulumi.ComponentResource
    states: dict[tuple[str, str], dict[str, Any]]
    """States of the resources by type and name."""


def in_new_thread(test: Callable[[], T]) -> T:
    """Return the result of a unit test, or raise its error."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(_in_new_loop, test).result()


def _in_new_loop(test: Callable[[], T]) -> T:
    SETTINGS.outputs.clear()  # The SDK shares them between threads.
    try:
        with event_loop():  # Otherwise event loops of worker threads are garbage-collected in a later test.
            return test()
    finally:
        SETTINGS.outputs.clear()


def at_module_level(program: Program, **options: Any) -> RegisteredResources:
    """Run a program as the module of a unit test does, before its tests. Raise every error of an `apply`."""

    def module() -> RegisteredResources:
        pulumi.runtime.set_mocks(MyMocks(), **options)
        component = program()
        asyncio.get_event_loop().run_until_complete(wait_for_rpcs())
        return RegisteredResources(component, _states())

    return in_new_thread(module)


def in_test(program: Program, **options: Any) -> RegisteredResources:
    """Run a program as a function with the decorator `pulumi.runtime.test`."""
    components: list[pulumi.ComponentResource] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]  # of Pulumi's mocks
    def test() -> None:
        components.append(program())

    def module() -> RegisteredResources:
        pulumi.runtime.set_mocks(MyMocks(), **options)
        test()
        return RegisteredResources(components[0], _states())

    return in_new_thread(module)


def _states() -> dict[tuple[str, str], dict[str, Any]]:
    monitor: Any = get_monitor()
    registrations = monitor.get_registered_resources().values()
    return {identity(registered.urn): registered.state for registered in registrations}


def identity(urn: str) -> tuple[str, str]:
    """Return the type and the name of a resource."""
    _, _, types, name = urn.split("::")
    return types.rpartition("$")[2], name
