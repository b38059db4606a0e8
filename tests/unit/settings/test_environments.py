"""Environment profiles."""

from __future__ import annotations

from typing import Any

import pytest

from lib.settings.environments import ALIASES, ENVIRONMENTS, matching_profile, profile_name, similar_name


def summary(profile: str) -> dict[str, Any]:
    """Return the settings that differ between the profiles."""
    settings = ENVIRONMENTS[profile]
    function, table, api = settings.function, settings.table, settings.api
    return {
        "billing": table.billing_mode,
        "memory": function.memory_mb,
        "log retention": function.log_retention_days,
        "protection": (table.retain_on_delete, table.deletion_protection),
        "authorization": settings.authorization.type,
        "concurrency": function.reserved_concurrency,
        "tracing": function.tracing,
        "cors": api.cors_origin,
        "api logs": (api.access_log, api.execution_log_level, api.metrics, api.log_role),
        "logged bodies": api.execution_log_bodies,
    }


DEV = {
    "billing": "PAY_PER_REQUEST",
    "memory": 128,
    "log retention": 7,
    "protection": (False, False),
    "authorization": "NONE",
    "concurrency": -1,
    "tracing": False,
    "cors": "*",
    "api logs": (False, "OFF", False, "unmanaged"),
    "logged bodies": True,
}
STAGING = {
    "billing": "PROVISIONED",
    "memory": 256,
    "log retention": 30,
    "protection": (True, False),
    "authorization": "API_KEY",
    "concurrency": 20,
    "tracing": True,
    "cors": "",
    "api logs": (False, "OFF", False, "unmanaged"),
    "logged bodies": False,
}
PROFILES = {
    "dev": DEV,
    "test": {**DEV, "tracing": True},
    "staging": STAGING,
    "prod": {**STAGING, "memory": 512, "protection": (True, True), "concurrency": 530},
}


@pytest.mark.parametrize("profile", PROFILES)
def test_profile_has_the_specified_settings(profile: str) -> None:
    assert summary(profile) == PROFILES[profile]


def test_there_are_no_other_profiles() -> None:
    assert ENVIRONMENTS.keys() == PROFILES.keys()


@pytest.mark.parametrize(("profile", "units"), [("staging", 10), ("prod", 50)])
def test_provisioned_capacity_of_protected_profiles(profile: str, units: int) -> None:
    table = ENVIRONMENTS[profile].table
    assert (table.read_capacity, table.write_capacity) == (units, units)


def test_production_scales_far_beyond_its_minimum_capacity() -> None:
    table = ENVIRONMENTS["prod"].table
    assert (table.max_read_capacity, table.max_write_capacity) == (6_500, 9_500)
    assert ENVIRONMENTS["staging"].table.max_read_capacity is None


@pytest.mark.parametrize("profile", PROFILES)
def test_point_in_time_recovery_is_enabled_and_email_is_disabled(profile: str) -> None:
    assert ENVIRONMENTS[profile].table.point_in_time_recovery
    assert ENVIRONMENTS[profile].alarms.notification_email == ""


@pytest.mark.parametrize("profile", PROFILES)
def test_custom_domain_is_disabled_by_default(profile: str) -> None:
    api = ENVIRONMENTS[profile].api
    assert (api.domain_name, api.certificate_arn, api.zone_id, api.base_path) == ("", "", "", "")


@pytest.mark.parametrize("profile", PROFILES)
def test_settings_with_monthly_costs_are_disabled_by_default(profile: str) -> None:
    settings = ENVIRONMENTS[profile]
    assert settings.network.vpc == "none"
    assert settings.encryption.key == "aws_managed"
    assert not settings.firewall.enabled
    assert settings.backup.retention_days == 0
    assert settings.table.replica_regions == ()
    assert settings.function.provisioned_concurrency == 0
    assert settings.rollout.strategy == "none"
    assert settings.cost.monthly_budget_usd == 0


@pytest.mark.parametrize(
    ("profile", "is_enabled"), [("dev", False), ("test", False), ("staging", True), ("prod", True)]
)
def test_protected_profiles_have_recommended_alarms_and_a_dashboard(profile: str, is_enabled: bool) -> None:
    assert (ENVIRONMENTS[profile].alarms.recommended, ENVIRONMENTS[profile].observation.dashboard) == (
        is_enabled,
        is_enabled,
    )


@pytest.mark.parametrize(
    ("suffix", "profile"),
    [
        ("dev", "dev"),
        ("test", "test"),
        ("staging", "staging"),
        ("prod", "prod"),
        ("development", "dev"),
        ("testing", "test"),
        ("stage", "staging"),
        ("production", "prod"),
        ("prd", "prod"),
        ("live", "prod"),
        ("prod-eu", "prod"),
        ("eu_live", "prod"),
        ("eu-west-1-prod", "prod"),
        ("prod2", "prod"),
        ("staging2", "staging"),
        ("2test-3", "test"),
        ("pr-123-dev", "dev"),
        ("-prod_", "prod"),
    ],
)
def test_part_of_suffix_selects_profile(suffix: str, profile: str) -> None:
    assert matching_profile(suffix) == profile_name(suffix) == profile


@pytest.mark.parametrize(
    ("suffix", "profile"),
    [
        ("dev-test", "test"),
        ("test-stage", "staging"),
        ("staging-of-prod", "prod"),
        ("live-dev", "prod"),
        ("development-1-testing", "test"),
    ],
)
def test_strictest_of_several_matching_profiles_applies(suffix: str, profile: str) -> None:
    assert profile_name(suffix) == profile


@pytest.mark.parametrize(
    ("suffix", "name"),
    [("produciton", "production"), ("eu-stagin", "staging"), ("pr-123", None), ("alpha", None)],
)
def test_similar_name_is_that_of_a_misspelled_part(suffix: str, name: str | None) -> None:
    assert similar_name(suffix) == name


@pytest.mark.parametrize("suffix", ["pr-123", "PR-123", "products", "alive", "devel", "preprod", "prodEU", "7", "-"])
def test_suffix_without_a_known_part_has_the_dev_profile(suffix: str) -> None:
    assert matching_profile(suffix) is None
    assert profile_name(suffix) == "dev"


@pytest.mark.parametrize(
    ("suffix", "remedy"),
    [
        ("PROD", "prod"),
        ("Prod", "prod"),
        ("pROD", "prod"),
        ("Production", "production"),
        ("DEV", "dev"),
        ("Testing", "testing"),
        ("Prod-EU", "prod-EU"),
        ("EU_Live2", "EU_live2"),
    ],
)
def test_part_that_differs_from_a_name_only_in_case_is_rejected(suffix: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=rf"^environment_suffix must be '{remedy}', got '{suffix}'. .*dev settings\.$"):
        profile_name(suffix)


def test_every_alias_is_another_name_of_a_profile() -> None:
    assert {*ALIASES.values()} == {*ENVIRONMENTS}
    assert not {*ALIASES} & {*ENVIRONMENTS}
