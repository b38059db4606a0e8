"""Settings: valid values, merging, and combinations."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from lib.settings import (
    SETTINGS_GROUPS,
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
    SettingsGroup,
    SiteSettings,
    TableSettings,
    between,
    merge,
)
from lib.settings.environments import ENVIRONMENTS

BOOLEANS = ([True, False], ["yes", 1, 0])
UNITS = ([1, 40_000], [0, 40_001, 1.5, True])
COUNTS = ([0, 1_000_000_000], [-1, "1", 0.5])

ARN = "arn:aws"
PERIODS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]

VALUES: dict[type[SettingsGroup], dict[str, tuple[list[Any], list[Any]]]] = {
    FunctionSettings: {
        "runtime": (
            ["python3.9", "python3.13", "python3.15"],
            ["ruby3.3", "python3", "Python3.13", 3.13, "python3.6", "python3.8", "python3.99"],
        ),
        "memory_mb": ([128, 10240], [127, 10241, "128", 128.5, True]),
        "architecture": (["x86_64", "arm64"], ["arm", "aarch64", "", 64]),
        "ephemeral_storage_mb": ([512, 10240], [511, 10241, "512", 1024.5]),
        "timeout_seconds": ([1, 900], [0, 901, 2.5]),
        "reserved_concurrency": ([-1, 0, 100_000], [-2, 100_001]),
        "provisioned_concurrency": ([0, 100_000], [-1, 100_001]),
        "snap_start": BOOLEANS,
        "tracing": BOOLEANS,
        "log_retention_days": (PERIODS, [0, 2, 8, 3652, 3654, "14", 14.5]),
    },
    TableSettings: {
        "billing_mode": (["PAY_PER_REQUEST", "PROVISIONED"], ["on demand", "provisioned", 1]),
        "read_capacity": UNITS,
        "write_capacity": UNITS,
        "max_read_capacity": UNITS,
        "max_write_capacity": UNITS,
        "point_in_time_recovery": BOOLEANS,
        "deletion_protection": BOOLEANS,
        "retain_on_delete": BOOLEANS,
        "replica_regions": (
            [(), ("us-west-2", "ap-southeast-1"), ("cn-northwest-1", "us-gov-east-1", "eusc-de-east-1")],
            ["us-west-2", ("west",), ("us-west-2", "us-west-2")],
        ),
        "existing": BOOLEANS,
    },
    ApiSettings: {
        "stage_name": (["prod", "pr-123", "v" * 128], ["", "v" * 129, "a/b", 1]),
        "cors_origin": (
            ["*", "", "https://shop.example.com", "http://localhost:3000", "site, https://a.example.com"],
            ["shop.example.com", "https://shop.example.com/", "https://a b", "ftp://x", "https://a'b", "*,*", 1],
        ),
        "throttle_rate_per_second": ([0.1, 17, 1_000_000], [0, 0.05, 1_000_001, float("nan"), "17"]),
        "throttle_burst": ([1, 1_000_000], [0, 1.5, 1_000_001]),
        "quota_per_month": ([1, 2_000_000_000], [0, 2_000_000_001, 1.5]),
        "cors_credentials": BOOLEANS,
        "access_log": BOOLEANS,
        "execution_log_level": (["OFF", "ERROR", "INFO"], ["info", "DEBUG", True]),
        "execution_log_bodies": BOOLEANS,
        "metrics": BOOLEANS,
        "log_role": (
            ["create", "unmanaged", f"{ARN}:iam::123456789012:role/logs"],
            ["", "logs", f"{ARN}:iam::1:user/me"],
        ),
        "health_route": BOOLEANS,
        "zone_id": (["", "Z0123456789ABC"], ["example.com", "z1", 1]),
        "domain_name": (
            ["", "api.example.com", "x-1.co.uk"],
            ["example", "https://api.example.com", "API.example.com", "a_b.com", "-a.com", 1],
        ),
        "certificate_arn": (
            ["", f"{ARN}:acm:us-east-1:123456789012:certificate/1-2"],
            ["1-2", f"{ARN}:iam::123456789012:server-certificate/x"],
        ),
        "base_path": (["", "v1", "shop.api_v-1"], ["/v1", "a/b", "a b", 1]),
        "disable_execute_api_endpoint": BOOLEANS,
    },
    SiteSettings: {"public": BOOLEANS},
    AuthorizationSettings: {
        "type": (["NONE", "API_KEY", "AWS_IAM", "COGNITO_USER_POOLS"], ["none", "", True]),
        "user_pool": (
            ["create", f"{ARN}:cognito-idp:us-east-1:123456789012:userpool/us-east-1_1"],
            ["", "us-east-1_1"],
        ),
        "user_group": (["", "admins", "shop/admins"], ["shop admins", "a,b", "[a]", "x" * 129, 1]),
        "mfa": (["OFF", "OPTIONAL", "ON"], ["on", False]),
        "callback_urls": (
            [(), ("https://a.example.com/", "http://localhost:3000/")],
            ["https://a.example.com/", ("http://a.example.com/",), ("https://a/", "https://a/")],
        ),
    },
    FirewallSettings: {
        "enabled": BOOLEANS,
        "rate_limit": ([10, 2_000_000_000], [9, 2_000_000_001, "10"]),
        "managed_rule_groups": ([(), ("AWSManagedRulesCommonRuleSet",)], [("SQLi",), "AWSManagedRulesCommonRuleSet"]),
        "count_only": BOOLEANS,
    },
    ObservationSettings: {"dashboard": BOOLEANS},
    NetworkSettings: {
        "vpc": (["none", "create", "vpc-0a1b2c3d"], ["", "default", "vpc-1"]),
        "cidr_block": (["10.0.0.0/16", "192.168.1.0/24"], ["10.0.0.0/15", "10.0.0.0/25", "10.0.0.1/16", "ten", 10]),
        "zones": ([2, 6], [1, 7]),
        "nat_gateways": (["none", "one", "per-zone"], ["two", 1]),
        "interface_endpoints": BOOLEANS,
        "flow_logs": BOOLEANS,
        "private_subnet_ids": ([(), ("subnet-0a1b2c3d",)], ["subnet-0a1b2c3d", ("a",)]),
        "security_group_ids": ([(), ("sg-0a1b2c3d",)], ["sg-0a1b2c3d", ("a",)]),
    },
    EncryptionSettings: {
        "key": (
            ["aws_managed", "aws_owned", "create", f"{ARN}:kms:us-east-1:123456789012:key/1-2"],
            ["", "1-2", f"{ARN}:kms:alias/x"],
        ),
        "rotation_days": ([90, 2560], [89, 2561]),
        "deletion_window_days": ([7, 30], [6, 31]),
    },
    BackupSettings: {
        "retention_days": ([0, 36_500], [-1, 36_501]),
        "schedule": (["cron(0 3 * * ? *)"], ["rate(1 day)", "cron()", "cron(0 3 * * *)", "", 3]),
        "cold_storage_after_days": ([0, 36_500], [-1, 36_501]),
        "copy_to_vault_arn": (["", f"{ARN}:backup:us-west-2:123456789012:backup-vault:far"], ["far"]),
    },
    RolloutSettings: {
        "strategy": (["none", "AllAtOnce", "Canary10Percent5Minutes", "Linear10PercentEvery1Minute"], ["Canary", ""]),
    },
    CostSettings: {"allocation_tags": BOOLEANS, "monthly_budget_usd": ([0.0, 12.5, 100], [-1, "1"])},
    AlarmSettings: {
        "duration_ms": ([1, 900_000], [0, 900_001, 0.5]),
        "errors": COUNTS,
        "throttles": COUNTS,
        "period_seconds": ([60, 120, 86_400], [0, 10, 30, 61, 86_460, "60"]),
        "evaluation_periods": ([1, 1440], [0, 1441]),
        "recommended": BOOLEANS,
        "api_5xx_share": ([0.0, 0.05, 1.0], [-0.1, 1.1, "5%"]),
        "api_4xx_share": ([0.0, 0.05, 1.0], [-0.1, 1.1, "5%"]),
        "api_latency_ms": ([1, 29_000], [0, 29_001, 0.5]),
        "iterator_age_seconds": ([1, 86_400], [0, 86_401]),
        "runbook_url": (
            ["", "https://wiki.example.com/run", "docs/runbook.md"],
            ["http://wiki.example.com", "wiki", "https://a b"],
        ),
        "notification_email": (["", "ops@example.com"], ["ops", "ops@example", "a b@example.com", "a@b.c, d@e.f", 1]),
    },
}
"""Valid and invalid values of every field."""


def cases(*, is_invalid: bool) -> list[tuple[type[SettingsGroup], str, Any]]:
    return [
        (group, name, value)
        for group, fields_of_group in VALUES.items()
        for name, values in fields_of_group.items()
        for value in values[is_invalid]
    ]


def test_every_settings_group_is_tested() -> None:
    assert set(VALUES) == set(SETTINGS_GROUPS.values())


@pytest.mark.parametrize("group", VALUES, ids=lambda group: group.SECTION)
def test_every_field_is_tested(group: type[SettingsGroup]) -> None:
    assert VALUES[group].keys() == {field.name for field in fields(group)} == group.checks().keys()


@pytest.mark.parametrize(("group", "name", "value"), cases(is_invalid=True))
def test_invalid_value_is_rejected_with_field_and_value(group: type[SettingsGroup], name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{group.SECTION}\.{name} must be \S.*, got {re.escape(repr(value))}\.$"):
        group(**{name: value})


@pytest.mark.parametrize(("group", "name", "value"), cases(is_invalid=False))
def test_valid_value_is_accepted(group: type[SettingsGroup], name: str, value: Any) -> None:
    assert getattr(group(**{name: value}), name) == value


def with_maximum_below_minimum(kind: str) -> TableSettings:
    values: dict[str, Any] = {f"{kind}_capacity": 10, f"max_{kind}_capacity": 5}
    return TableSettings(**values)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_maximum_capacity_below_the_minimum_is_rejected(kind: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^table\.max_{kind}_capacity must be at least {kind}_capacity, 10, got 5\. Raise it, "
    ):
        with_maximum_below_minimum(kind)


def test_maximum_capacity_can_equal_the_minimum() -> None:
    assert TableSettings(read_capacity=10, max_read_capacity=10).max_read_capacity == 10


@pytest.mark.parametrize(("check", "expected"), [(between(1, 9, "eggs"), "1 to 9 eggs"), (between(0.5, 2), "0.5 to 2")])
def test_check_of_a_range_names_its_limits(check: tuple[Any, str], expected: str) -> None:
    assert check[1].endswith(expected)


def test_merging_overrides_only_fields_that_are_set() -> None:
    base = Settings(function=FunctionSettings(memory_mb=128, tracing=True), alarms=AlarmSettings(errors=3, throttles=3))
    overrides = Settings(function=FunctionSettings(tracing=False), alarms=AlarmSettings(errors=0))
    assert base.merged_with(overrides) == Settings(
        function=FunctionSettings(memory_mb=128, tracing=False), alarms=AlarmSettings(errors=0, throttles=3)
    )


def test_merging_settings_that_contradict_each_other_is_rejected() -> None:
    base, overrides = (
        Settings(table=TableSettings(read_capacity=50)),
        Settings(table=TableSettings(max_read_capacity=20)),
    )
    with pytest.raises(ValueError, match=r"^table\.max_read_capacity must be at least read_capacity, 50, got 20\. Ra"):
        base.merged_with(overrides)


def test_settings_cannot_be_changed() -> None:
    settings: Any = FunctionSettings()
    with pytest.raises(FrozenInstanceError):
        settings.memory_mb = 256


CERTIFICATE = f"{ARN}:acm:us-east-1:123456789012:certificate/1"
DOMAIN = "a.example.com"


def settings_with(group: SettingsGroup) -> Settings:
    groups: dict[str, Any] = {group.SECTION: group}
    return Settings(**groups)


UNUSED = "must be unset unless domain_name is set, got"
POOL = f"{ARN}:cognito-idp:us-east-1:123456789012:userpool/us-east-1_1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ApiSettings(domain_name=DOMAIN),
            r"^api\.domain_name must be a domain with .*, got 'a\.example\.com'\. Set zone_id or",
        ),
        (ApiSettings(base_path="v1"), rf"^api\.base_path {UNUSED} 'v1'\. Set domain_name, or remove base_path\.$"),
        (ApiSettings(certificate_arn=CERTIFICATE), rf"^api\.certificate_arn {UNUSED} 'arn.*'\."),
        (ApiSettings(zone_id="Z1"), rf"^api\.zone_id {UNUSED} 'Z1'\."),
        (ApiSettings(disable_execute_api_endpoint=True), rf"^api\.disable_execute_api_endpoint {UNUSED} True\."),
        (
            AuthorizationSettings(type="AWS_IAM", user_pool=POOL),
            r"^authorization\.user_pool must be unset unless type is COGNITO_USER_POOLS, got 'arn.*'\. Set type",
        ),
        (
            AuthorizationSettings(callback_urls=("https://a.example.com",)),
            r"^authorization\.callback_urls must be unset .*, got \('https://a.example.com',\)\.",
        ),
        (AuthorizationSettings(mfa="ON"), r"^authorization\.mfa must be unset .*, got 'ON'\."),
        (AuthorizationSettings(user_group="a"), r"^authorization\.user_group must be unset .*, got 'a'\."),
        (
            AuthorizationSettings(type="COGNITO_USER_POOLS", user_group="admins"),
            r"^authorization\.user_group must be unset for .*, got 'admins'\. Set user_pool to the ARN",
        ),
        (
            AuthorizationSettings(type="COGNITO_USER_POOLS", user_pool=POOL, mfa="OFF"),
            r"^authorization\.mfa must be ON or OPTIONAL for an existing user pool, got 'OFF'\. The stack",
        ),
        (NetworkSettings(vpc="vpc-0a1b2c3d"), r"^network\.vpc must be .*, got 'vpc-0a1b2c3d'\. Set private_subnet_ids"),
        (
            NetworkSettings(private_subnet_ids=("subnet-0a1b2c3d",)),
            r"^network\.private_subnet_ids must be empty with network.vpc none, got \('subnet-0a1b2c3d',\)\. Set",
        ),
        (
            NetworkSettings(vpc="create", security_group_ids=("sg-0a1b2c3d",)),
            r"^network\.security_group_ids must be empty with network.vpc create, got \('sg-0a1b2c3d',\)\. Set",
        ),
    ],
)
def test_setting_that_requires_another_is_rejected_without_it(settings: SettingsGroup, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        settings_with(settings).check()


@pytest.mark.parametrize(
    "settings",
    [
        ApiSettings(),
        ApiSettings(domain_name=DOMAIN, certificate_arn=CERTIFICATE, base_path="v1"),
        ApiSettings(domain_name=DOMAIN, zone_id="Z1"),
        ApiSettings(domain_name=DOMAIN, zone_id="Z1", disable_execute_api_endpoint=True),
        ApiSettings(disable_execute_api_endpoint=False),
        AuthorizationSettings(type="API_KEY", user_pool="create", callback_urls=()),
        AuthorizationSettings(type="COGNITO_USER_POOLS", user_pool=POOL, callback_urls=("https://a.example.com",)),
        AuthorizationSettings(type="COGNITO_USER_POOLS", mfa="OFF"),
        AuthorizationSettings(type="COGNITO_USER_POOLS", user_pool=POOL, user_group="admins", mfa="ON"),
        NetworkSettings(vpc="create"),
        NetworkSettings(
            vpc="vpc-0a1b2c3d", private_subnet_ids=("subnet-0a1b2c3d",), security_group_ids=("sg-0a1b2c3d",)
        ),
    ],
)
def test_settings_that_belong_together_are_accepted(settings: SettingsGroup) -> None:
    settings_with(settings).check()


@pytest.mark.parametrize(
    ("base", "overrides", "message"),
    [
        (
            FunctionSettings(provisioned_concurrency=5),
            FunctionSettings(snap_start=True),
            r"^function\.provisioned_concurrency must be 0 with snap_start, got 5\. ",
        ),
        (
            FunctionSettings(snap_start=True),
            FunctionSettings(ephemeral_storage_mb=513),
            r"^function\.ephemeral_storage_mb must be 512 with snap_start, got 513\. ",
        ),
        (
            FunctionSettings(runtime="python3.9"),
            FunctionSettings(snap_start=True),
            r"^function\.snap_start must be False with runtime python3\.9, got True\. .* python3\.12 or later\.$",
        ),
        (
            TableSettings(existing=True),
            TableSettings(replica_regions=("us-west-2",)),
            r"^table\.replica_regions must be empty if table.existing is true, got \('us-west-2',\)\. The stack",
        ),
        (
            BackupSettings(retention_days=100),
            BackupSettings(cold_storage_after_days=30),
            r"^backup\.cold_storage_after_days must be at most 10 .*, got 30\. .* retention_days to at least 120\.$",
        ),
    ],
)
def test_merging_values_that_exclude_each_other_is_rejected(
    base: SettingsGroup, overrides: SettingsGroup, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        merge(base, overrides)


def test_values_that_do_not_exclude_each_other_are_accepted() -> None:
    assert BackupSettings(retention_days=120, cold_storage_after_days=30).retention_days == 120
    assert FunctionSettings(runtime="python3.12", snap_start=True).snap_start


EXISTING_KEY = EncryptionSettings(key=f"{ARN}:kms:us-east-1:123456789012:key/1-2")
MULTI_REGION = EncryptionSettings(key=f"{ARN}:kms:us-east-1:123456789012:key/mrk-1")
REPLICAS = TableSettings(replica_regions=("us-west-2",))


def merged(encryption: EncryptionSettings, table: TableSettings) -> Settings:
    return ENVIRONMENTS["dev"].merged_with(Settings(encryption=encryption, table=table))


def test_single_region_key_is_rejected_for_replicated_tables() -> None:
    message = (
        r"^encryption\.key must be a multi-Region key .* with replicas in us-west-2, got '.*key/1-2'\. Set the ARN"
    )
    with pytest.raises(ValueError, match=message):
        merged(EXISTING_KEY, REPLICAS).check()


@pytest.mark.parametrize(
    ("encryption", "table"),
    [
        (EXISTING_KEY, TableSettings()),
        (MULTI_REGION, REPLICAS),
        (EncryptionSettings(key="create"), REPLICAS),
        (EncryptionSettings(key="aws_managed"), REPLICAS),
    ],
)
def test_other_combinations_of_key_and_replicas_are_accepted(
    encryption: EncryptionSettings, table: TableSettings
) -> None:
    merged(encryption, table).check()


@pytest.mark.parametrize(
    ("key", "arn"), [("aws_managed", None), ("aws_owned", None), ("create", None), (EXISTING_KEY.key, EXISTING_KEY.key)]
)
def test_only_an_arn_is_an_existing_key(key: str, arn: str | None) -> None:
    assert EncryptionSettings(key=key).existing_key_arn() == arn
