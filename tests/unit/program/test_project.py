"""The config of a project and of its stacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.program import project

PROJECT = """
name: shop
main: program.py
config:
  aws:region: eu-west-1
  color: {type: string, default: red}
  size: {type: integer, default: 0}
  undecided: {type: string}
"""
DEFAULTS = {"color": "red", "size": "0"}
SECRETS = "config: {'shop:secrets': {token: {secure: v1:x}, seal: open}, 'shop:color': {secure: v1:y}}"


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ("config: {'aws:region': x, 'shop:color': blue}", {**DEFAULTS, "color": "blue"}),
        ("", DEFAULTS),
        (None, DEFAULTS),
        ("config: {'shop:tags': {Owner: me}, 'shop:on': true}", {**DEFAULTS, "tags": '{"Owner": "me"}', "on": "true"}),
        (SECRETS, {**DEFAULTS, "secrets": json.dumps({"token": project.PLACEHOLDER, "seal": "open"})}),
    ],
    ids=["overridden", "empty file", "no file", "objects and booleans", "secrets"],
)
def test_config_has_the_values_of_the_stack_and_the_defaults_of_the_project(
    tmp_path: Path, stack: str | None, expected: dict[str, str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    if stack is not None:
        (tmp_path / "Pulumi.items-prod.yaml").write_text(stack, encoding="utf-8")
    shop = project.read(tmp_path)
    assert shop.program == tmp_path / "program.py"
    assert project.config(shop, "prod", "items") == {**expected, "environment": "prod", "service": "items"}
    assert project.config(shop, "prod", "stock") == {**DEFAULTS, "environment": "prod", "service": "stock"}
