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
  plain: blue
  shop:set: {value: 3}
"""
DEFAULTS = {"color": "red", "size": "0", "plain": "blue", "set": "3"}
SECRETS = """
config:
  shop:secrets: {token: {secure: v1:x}, seal: open}
  shop:color: {secure: v1:y}
  shop:notification_email: {secure: v1:y}
  shop:own: {secure: v1:z}
"""


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ("config: {'aws:region': x, 'shop:color': blue}", {**DEFAULTS, "color": "blue"}),
        ("", DEFAULTS),
        (None, DEFAULTS),
        ("config: {'shop:tags': {Owner: me}, 'shop:on': true}", {**DEFAULTS, "tags": '{"Owner": "me"}', "on": "true"}),
        (
            SECRETS,
            {
                **DEFAULTS,
                "secrets": json.dumps({"token": project.PLACEHOLDER, "seal": "open"}),
                "own": project.PLACEHOLDER,
            },
        ),
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


def test_config_of_a_program_without_a_selected_service_has_no_service(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {'shop:color': blue}", encoding="utf-8")
    shop = project.read(tmp_path)
    assert not shop.selects_service
    assert project.config(shop, "prod", "", "prod") == {**DEFAULTS, "color": "blue", "environment": "prod"}


def test_config_option_accepts_keys_of_the_library_and_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    values = {"undecided": "1", "plain": "red", "tracing": "true", "secrets": "{}", "low_stock_threshold": "3"}
    assert project.parse_config_pairs(project.read(tmp_path), [f"{k}={v}" for k, v in values.items()]) == values


def test_folder_without_a_project_has_an_empty_one(tmp_path: Path) -> None:
    assert project.read_if_exists(tmp_path) == ("tap", tmp_path, tmp_path / "__main__.py", {}, frozenset())
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    assert project.read_if_exists(tmp_path) == project.read(tmp_path)
