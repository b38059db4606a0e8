"""The role is neither too narrow nor too wide, with IAM enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.client import smoke_test
from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy
from lib.program import project
from lib.services import SERVICES

ITEMS = SERVICES["items"]


@pytest.fixture(scope="module", name="stack")
def stack_fixture() -> Iterator[tuple[Emulator, dict[str, Any]]]:
    """The items service in an emulator of its own."""
    here = project.read(Path())
    with Emulator() as emulator:
        config = project.config(here, "iam", "items")
        engine = Engine(emulator, lambda type_, name: None)
        yield (
            emulator,
            deploy(here.program, engine, project=here.name, stack="iam", config=config, report=lambda line: None),
        )


def policy(emulator: Emulator, role: str) -> tuple[str, dict[str, Any]]:
    iam = emulator.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return name, iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


def failures(outputs: dict[str, Any]) -> set[str]:
    """The operations of which a demo call was answered as nobody wants."""
    answers = smoke_test.run(ITEMS, outputs, lambda answer: None)
    routes = [route for _, route in ITEMS.routes()]
    return {route.operation for a in answers for route in routes if a.call.calls(route) and a.status >= 500}


@pytest.mark.parametrize(
    ("action", "fails"),
    [
        ("PutItem", "create_item"),
        ("Scan", "list_items"),
        ("GetItem", "read_item"),
        ("Query", "read_item"),
        ("UpdateItem", "update_item"),
        ("DeleteItem", "delete_item"),
    ],
)
@pytest.mark.untraced
def test_taking_an_action_away_breaks_its_route(
    stack: tuple[Emulator, dict[str, Any]], action: str, fails: str
) -> None:
    emulator, outputs = stack
    role = outputs["lambda_role_name"]
    name, whole = policy(emulator, role)
    (statement,) = whole["Statement"]
    fewer = {**statement, "Action": [a for a in statement["Action"] if a != f"dynamodb:{action}"]}
    put = emulator.client("iam").put_role_policy
    put(RoleName=role, PolicyName=name, PolicyDocument=json.dumps({**whole, "Statement": [fewer]}))
    try:
        assert fails in failures(outputs)
    finally:
        put(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(whole))


def test_with_every_action_every_route_works(stack: tuple[Emulator, dict[str, Any]]) -> None:
    assert failures(stack[1]) == set()
