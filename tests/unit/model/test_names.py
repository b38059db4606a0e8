"""Physical names."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lib.model.names import (
    LIMITS,
    bucket_name_prefix,
    check_environment_suffix,
    parameter_name,
    physical_name,
    role_name_prefix,
    secret_name,
    user_pool_name,
)

PATTERN = "parcels-{type}-{environment}"


def function_name(environment: str, type_: str = "desk") -> str:
    return physical_name(PATTERN, "function", environment, type=type_)


def test_pattern_is_filled() -> None:
    assert function_name("pr-123") == "parcels-desk-pr-123"


def test_name_of_exactly_the_limit_stays_unchanged() -> None:
    environment = "e" * (64 - len("parcels-desk-"))
    assert function_name(environment) == f"parcels-desk-{environment}"


def test_name_one_longer_than_the_limit_is_cut() -> None:
    environment = "e" * (65 - len("parcels-desk-"))
    assert len(function_name(environment)) == 64


def test_long_environment_is_cut_to_the_limit_keeping_its_beginning() -> None:
    name = function_name("feature-" + "x" * 80)
    assert len(name) == 64
    assert re.fullmatch(r"parcels-desk-feature-x+-[0-9a-f]{6}", name)


def test_cut_names_are_deterministic_and_differ_between_environments() -> None:
    first, second = ("feature-" + "x" * 80 + end for end in "ab")
    assert function_name(first) == function_name(first)
    assert function_name(first) != function_name(second)


def test_environment_is_only_a_hash_if_the_name_has_no_more_room() -> None:
    name = function_name("e" * 30, "t" * 48)
    assert re.fullmatch(r"parcels-t{48}-[0-9a-f]{6}", name)


def test_type_too_long_for_any_environment_is_rejected() -> None:
    with pytest.raises(
        ValueError, match=r"function name must be at most 64 characters, got 'parcels-ttt.*'. Shorten the type"
    ):
        function_name("dev", "t" * 60)


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        ("table", 255),
        ("function", 64),
        ("api", 255),
        ("topic", 256),
        ("alarm", 255),
        ("rule", 64),
        ("layer", 140),
        ("parameter", 1011),
        ("queue", 80),
        ("bucket", 36),
        ("user-pool", 128),
    ],
)
def test_name_is_within_the_limit_of_aws(kind: str, limit: int) -> None:
    assert len(physical_name(PATTERN, kind, "e" * 2000, type="desk")) == limit


def test_path_of_a_parameter_starts_with_service_and_environment() -> None:
    assert parameter_name("parcels", "dev", "config") == "/parcels/dev/config"


def test_name_of_a_user_pool_has_service_and_environment() -> None:
    assert user_pool_name("parcels", "pr-123") == "parcels-pr-123"


@pytest.mark.parametrize(("store", "name"), [("ssm", "/parcels/dev/token"), ("secretsmanager", "parcels/dev/token")])
def test_secret_is_a_path_only_in_parameter_store(store: str, name: str) -> None:
    assert secret_name(store, "parcels", "dev", "token") == name


def test_secret_of_a_long_environment_is_within_the_limit_of_secrets_manager() -> None:
    assert len(secret_name("secretsmanager", "parcels", "e" * 2000, "token")) == LIMITS["secret"]


@pytest.mark.parametrize(("owner", "prefix"), [("desk", "desk-role-"), ("d" * 64, "d" * 32 + "-role-")])
def test_role_name_prefix_has_at_most_38_characters(owner: str, prefix: str) -> None:
    assert role_name_prefix(owner) == prefix
    assert len(prefix) <= 38


@pytest.mark.parametrize(
    ("environment", "prefix"),
    [("dev", "parcels-site-dev-"), ("PR_7", "parcels-site-pr-7-"), ("x_", "parcels-site-x-")],
)
def test_bucket_name_has_only_characters_that_s3_allows(environment: str, prefix: str) -> None:
    assert bucket_name_prefix(physical_name(PATTERN, "bucket", environment, type="site")) == prefix


def test_prefix_of_a_bucket_has_at_most_37_characters_and_no_hyphen_first() -> None:
    name = physical_name("{environment}-{type}", "bucket", "_" + "e" * 60, type="site")
    assert len(bucket_name_prefix(name)) <= 37
    assert bucket_name_prefix(name)[0] == "e"


@pytest.mark.parametrize("suffix", ["dev", "pr-123", "Feature_X", "0"])
def test_suffix_that_aws_allows_is_accepted(suffix: str) -> None:
    assert check_environment_suffix(suffix) == suffix


@pytest.mark.parametrize("suffix", ["feature/x", "a b", "dev.", "münchen", "!!", "dev\n"])
def test_other_suffix_is_rejected_with_a_valid_suggestion(suffix: str) -> None:
    message = rf"^environment_suffix must be .*, got {re.escape(repr(suffix))}\. Use '([\w-]+)', for example\.$"
    with pytest.raises(ValueError, match=message) as raised:
        check_environment_suffix(suffix)
    (suggestion,) = re.findall("Use '(.*)'", str(raised.value))
    assert check_environment_suffix(suggestion) == suggestion


@pytest.mark.parametrize(
    ("suffix", "suggestion"),
    [("-Feature/ABC x-", "Feature-ABC-x"), ("Prüfung", "Pr-fung"), ("XX PR 7", "XX-PR-7"), ("///", "dev"), (7, "7")],
)
def test_suggested_suffix_keeps_valid_characters(suffix: Any, suggestion: str) -> None:
    with pytest.raises(ValueError, match=rf"\. Use '{suggestion}', for example\.$"):
        check_environment_suffix(suffix)
