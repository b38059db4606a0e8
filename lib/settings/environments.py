"""Environment profiles: one set of settings for each environment. Components never check the environment name."""

from __future__ import annotations

import difflib
import re

from . import (
    AlarmSettings,
    ApiSettings,
    AuthorizationSettings,
    BackupSettings,
    CostSettings,
    EncryptionSettings,
    FirewallSettings,
    FunctionSettings,
    NetworkSettings,
    ObservationSettings,
    RolloutSettings,
    Settings,
    SiteSettings,
    TableSettings,
    invalid_value,
)

RUNBOOK = "docs/runbook.md"
"""Path of the runbook of this repository, the default of `runbook_url`."""

_COMMON = Settings(
    function=FunctionSettings(
        runtime="python3.13",
        architecture="x86_64",
        ephemeral_storage_mb=512,
        timeout_seconds=10,
        reserved_concurrency=-1,
        provisioned_concurrency=0,
        snap_start=False,
        tracing=False,
    ),
    table=TableSettings(
        billing_mode="PAY_PER_REQUEST",
        read_capacity=5,
        write_capacity=5,
        point_in_time_recovery=True,
        deletion_protection=False,
        retain_on_delete=False,
        replica_regions=(),
        existing=False,
    ),
    api=ApiSettings(
        cors_origin="*",
        cors_credentials=False,
        throttle_rate_per_second=10_000,
        throttle_burst=5_000,
        quota_per_month=1_000_000,
        access_log=False,
        execution_log_level="OFF",
        execution_log_bodies=True,
        metrics=False,
        log_role="unmanaged",
        health_route=False,
        domain_name="",
        certificate_arn="",
        zone_id="",
        base_path="",
        disable_execute_api_endpoint=False,
    ),
    authorization=AuthorizationSettings(
        type="NONE", user_pool="create", user_group="", mfa="OPTIONAL", callback_urls=()
    ),
    firewall=FirewallSettings(
        enabled=False,
        rate_limit=2_000,
        managed_rule_groups=(
            "AWSManagedRulesAmazonIpReputationList",
            "AWSManagedRulesCommonRuleSet",
            "AWSManagedRulesKnownBadInputsRuleSet",
        ),
        count_only=False,
    ),
    alarms=AlarmSettings(
        errors=0,
        throttles=0,
        period_seconds=60,
        evaluation_periods=1,
        recommended=False,
        api_5xx_share=0.05,
        api_4xx_share=0.05,
        api_latency_ms=2_500,
        iterator_age_seconds=60,
        runbook_url="",
        notification_email="",
    ),
    observation=ObservationSettings(dashboard=False),
    network=NetworkSettings(
        vpc="none",
        cidr_block="10.0.0.0/16",
        zones=2,
        nat_gateways="none",
        interface_endpoints=True,
        flow_logs=True,
        private_subnet_ids=(),
        security_group_ids=(),
    ),
    encryption=EncryptionSettings(key="aws_managed", rotation_days=365, deletion_window_days=30),
    backup=BackupSettings(
        retention_days=0, schedule="cron(0 3 * * ? *)", cold_storage_after_days=0, copy_to_vault_arn=""
    ),
    rollout=RolloutSettings(strategy="none"),
    cost=CostSettings(allocation_tags=False, monthly_budget_usd=0.0),
    site=SiteSettings(public=False),
)

_PROTECTED = Settings(
    function=FunctionSettings(tracing=True, log_retention_days=30),
    table=TableSettings(billing_mode="PROVISIONED", retain_on_delete=True),
    api=ApiSettings(cors_origin="", execution_log_bodies=False),
    authorization=AuthorizationSettings(type="API_KEY"),
    alarms=AlarmSettings(recommended=True, runbook_url=RUNBOOK),
    observation=ObservationSettings(dashboard=True),
)
"""Settings that staging and prod have in common."""

ENVIRONMENTS: dict[str, Settings] = {
    "dev": _COMMON.merged_with(Settings(function=FunctionSettings(memory_mb=128, log_retention_days=7))),
    "test": _COMMON.merged_with(Settings(function=FunctionSettings(memory_mb=128, log_retention_days=7, tracing=True))),
    "staging": _COMMON.merged_with(_PROTECTED).merged_with(
        Settings(
            function=FunctionSettings(memory_mb=256, reserved_concurrency=20),
            table=TableSettings(read_capacity=10, write_capacity=10),
        )
    ),
    "prod": _COMMON.merged_with(_PROTECTED).merged_with(
        Settings(
            # For 1,000 concurrent requests of 200 ms with 90 % reads: see docs/production/scaling.md.
            function=FunctionSettings(memory_mb=512, reserved_concurrency=530),
            table=TableSettings(
                read_capacity=50,
                write_capacity=50,
                max_read_capacity=6_500,
                max_write_capacity=9_500,
                deletion_protection=True,
            ),
        )
    ),
}

ALIASES = {
    "development": "dev",
    "testing": "test",
    "stage": "staging",
    "production": "prod",
    "prd": "prod",
    "live": "prod",
}
"""Other names of the profiles."""
DEFAULT_PROFILE = "dev"
"""Profile if no part of the environment suffix selects one."""

BASIS = ENVIRONMENTS["dev"]
"""Defaults of components that are used without a `TapStack`."""

_PROFILES = {**{name: name for name in ENVIRONMENTS}, **ALIASES}
_STRICTNESS = [*ENVIRONMENTS]
_PART = re.compile("[A-Za-z]+|[0-9]+")


def matching_profile(environment_suffix: str) -> str | None:
    """Return the strictest profile that a part of a suffix selects; None if no part selects one.

    The parts end at `-`, `_` and between letters and digits: `prod-eu` and `prod2` have the part `prod`. Raise
    `ValueError` for a part that differs from a name only in case, because it would select no profile.
    """
    lowered = _PART.sub(lambda part: part[0].lower() if part[0].lower() in _PROFILES else part[0], environment_suffix)
    if lowered != environment_suffix:
        remedy = f"Profile names are case-sensitive: {environment_suffix!r} would use the {DEFAULT_PROFILE} settings."
        raise invalid_value("environment_suffix", environment_suffix, repr(lowered), remedy)
    matches = [_PROFILES[part] for part in _PART.findall(environment_suffix) if part in _PROFILES]
    return max(matches, key=_STRICTNESS.index, default=None)


def similar_name(environment_suffix: str) -> str | None:
    """Return the profile name or alias that a part of a suffix probably misspells; None if no part is similar."""
    parts = [part for part in _PART.findall(environment_suffix) if len(part) > 3]
    names = (difflib.get_close_matches(part.lower(), _PROFILES, n=1, cutoff=0.8) for part in parts)
    return next((name for matches in names for name in matches), None)


def profile_name(environment_suffix: str) -> str:
    """Return the profile that a suffix selects: `dev` if none of its parts selects one."""
    return matching_profile(environment_suffix) or DEFAULT_PROFILE
