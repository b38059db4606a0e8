"""Which backup vault is in use, and which older ones stay."""

from __future__ import annotations

from typing import Any

import pytest

from lib.documents.backup_vaults import Vaults, name_suffix, plan

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def vault(number: int, key: str | None = None) -> dict[str, Any]:
    """Return the outputs of a vault."""
    return {"name": f"backup{name_suffix(number)}", "kmsKeyArn": key}


def test_first_vault_is_used_whatever_the_key() -> None:
    assert plan("create", {}, {}, lambda _: True) == Vaults(1, {"1": "create"}, {})


def test_vault_with_the_same_key_is_used_again() -> None:
    assert plan("aws_managed", {"1": "aws_managed"}, {1: vault(1)}, lambda _: False) == Vaults(
        1, {"1": "aws_managed"}, {}
    )


def test_another_key_gets_another_vault_next_to_one_with_contents() -> None:
    found = plan("create", {"1": "aws_managed"}, {1: vault(1)}, lambda _: False)
    assert found == Vaults(2, {"1": "aws_managed", "2": "create"}, {1: None})


def test_empty_vault_does_not_stay() -> None:
    assert plan("create", {"1": "aws_managed"}, {1: vault(1)}, lambda name: name == "backup") == Vaults(
        2, {"2": "create"}, {}
    )


def test_first_vault_is_used_again_with_its_key() -> None:
    previous = {1: vault(1), 2: vault(2, KEY)}
    found = plan("aws_managed", {"1": "aws_managed", "2": "create"}, previous, lambda _: False)
    assert found == Vaults(1, {"1": "aws_managed", "2": "former"}, {2: KEY})


def test_vault_of_a_former_key_is_never_used_again() -> None:
    previous = {1: vault(1), 2: vault(2, KEY)}
    found = plan("create", {"1": "aws_managed", "2": "former"}, previous, lambda _: False)
    assert found == Vaults(3, {"1": "aws_managed", "2": "former", "3": "create"}, {1: None, 2: KEY})


@pytest.mark.parametrize(("number", "suffix"), [(1, ""), (2, "-2"), (11, "-11")])
def test_names_are_numbered_from_the_second_on(number: int, suffix: str) -> None:
    assert name_suffix(number) == suffix
