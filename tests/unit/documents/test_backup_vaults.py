"""Selection of backup vaults."""

from __future__ import annotations

from typing import Any

import pytest

from lib.documents.backup_vaults import Vaults, name_suffix, plan

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def vault(number: int, key: str | None = None) -> dict[str, Any]:
    """Return the outputs of a vault."""
    return {"name": f"backup{name_suffix(number)}", "kmsKeyArn": key}


def test_first_deployment_uses_the_first_vault_for_any_key() -> None:
    assert plan("create", {}, {}, lambda _: True) == Vaults(1, {"1": "create"}, {})


def test_vault_with_the_same_key_is_reused() -> None:
    assert plan("aws_managed", {"1": "aws_managed"}, {1: vault(1)}, lambda _: False) == Vaults(
        1, {"1": "aws_managed"}, {}
    )


def test_changed_key_requires_a_new_vault_and_retains_one_with_recovery_points() -> None:
    vaults = plan("create", {"1": "aws_managed"}, {1: vault(1)}, lambda _: False)
    assert vaults == Vaults(2, {"1": "aws_managed", "2": "create"}, {1: None})


def test_changed_key_removes_an_empty_vault() -> None:
    assert plan("create", {"1": "aws_managed"}, {1: vault(1)}, lambda name: name == "backup") == Vaults(
        2, {"2": "create"}, {}
    )


def test_first_vault_is_reused_with_its_key() -> None:
    previous = {1: vault(1), 2: vault(2, KEY)}
    vaults = plan("aws_managed", {"1": "aws_managed", "2": "create"}, previous, lambda _: False)
    assert vaults == Vaults(1, {"1": "aws_managed", "2": "former"}, {2: KEY})


def test_vault_of_a_removed_key_is_never_reused() -> None:
    previous = {1: vault(1), 2: vault(2, KEY)}
    vaults = plan("create", {"1": "aws_managed", "2": "former"}, previous, lambda _: False)
    assert vaults == Vaults(3, {"1": "aws_managed", "2": "former", "3": "create"}, {1: None, 2: KEY})


@pytest.mark.parametrize(("number", "suffix"), [(1, ""), (2, "-2"), (11, "-11")])
def test_names_are_numbered_from_the_second_vault(number: int, suffix: str) -> None:
    assert name_suffix(number) == suffix
