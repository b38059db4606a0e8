"""Arguments of a stack from Pulumi config."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws
import pytest
import yaml

from lib.model import Key, ServiceFactory, Table
from lib.program.recorder import Deployment, RegisteredResource, record
from lib.services import SERVICES, load, loadable
from lib.services.inventory.service import inventory
from lib.services.inventory.settings import InventorySettings
from lib.settings import SETTINGS_GROUPS, FunctionSettings, SettingsGroup, between, setting
from lib.settings.origins import EXPECTED
from lib.stack.config import (
    OTHER_KEYS,
    PLACEHOLDER,
    ConfigError,
    args_from_config,
    check_keys,
    check_stack_name,
    config_keys,
    secrets_from_config,
)
from lib.tap_stack import TapStackArgs

from ...support.builders import a_secret, a_service, replace_service, sharing

PROJECT = Path(__file__).parents[3] / "Pulumi.yaml"

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_1"
VAULT = "arn:aws:backup:us-west-2:123456789012:backup-vault:far"
KEYS = config_keys(loadable())
VALUES: dict[str, tuple[str, Any, list[str]]] = {
    "lambda_runtime": ("python3.12", "python3.12", ["ruby3.3"]),
    "lambda_architecture": ("arm64", "arm64", ["arm"]),
    "lambda_ephemeral_storage_mb": ("1024", 1024, ["large", "256"]),
    "lambda_memory_size": ("256", 256, ["large", "64", "1.5"]),
    "lambda_timeout_seconds": ("20", 20, ["20s", "901"]),
    "lambda_reserved_concurrency": ("-1", -1, ["none", "-2"]),
    "tracing": ("True", True, ["yes", "1", "0"]),
    "log_retention_days": ("60", 60, ["two", "61"]),
    "dynamodb_billing_mode": ("PROVISIONED", "PROVISIONED", ["provisioned"]),
    "dynamodb_read_capacity": ("7", 7, ["few", "-1"]),
    "dynamodb_write_capacity": ("8", 8, ["few", "-1"]),
    "deletion_protection": ("false", False, ["off"]),
    "retain_on_delete": ("true", True, ["on"]),
    "api_stage_name": ("live", "live", ["a/b"]),
    "cors_origin": (
        "https://shop.example.com, http://localhost:3000",
        "https://shop.example.com, http://localhost:3000",
        ["shop.example.com", "*,https://shop.example.com"],
    ),
    "cors_credentials": ("true", True, ["on"]),
    "throttle_rate_per_second": ("2.5", 2.5, ["fast", "-1", "0"]),
    "throttle_burst": ("9", 9, ["many", "-1"]),
    "authorization": ("AWS_IAM", "AWS_IAM", ["always"]),
    "user_pool": (POOL, POOL, ["none"]),
    "user_pool_group": ("admins", "admins", ["shop admins", "a,b"]),
    "user_pool_mfa": ("ON", "ON", ["on"]),
    "callback_urls": (
        "https://a.example.com/, http://localhost:3000/",
        ("https://a.example.com/", "http://localhost:3000/"),
        ["http://a.example.com", "https://a.example.com,"],
    ),
    "firewall_enabled": ("true", True, ["on"]),
    "firewall_rate_limit": ("500", 500, ["few", "9"]),
    "firewall_managed_rule_groups": ("none", (), ["SQLi", "AWSManagedRulesA,AWSManagedRulesA"]),
    "firewall_count_only": ("true", True, ["on"]),
    "alarms_errors": ("0", 0, ["none"]),
    "alarms_throttles": ("0", 0, ["none"]),
    "alarms_period_seconds": ("120", 120, ["61"]),
    "alarms_evaluation_periods": ("3", 3, ["1441"]),
    "alarms_api_5xx_share": ("0.01", 0.01, ["few", "1.1"]),
    "alarms_api_4xx_share": ("0.5", 0.5, ["few", "-0.1"]),
    "alarms_api_latency_ms": ("900", 900, ["slow", "30000"]),
    "alarms_iterator_age_seconds": ("30", 30, ["old", "-1"]),
    "recommended_alarms": ("true", True, ["on"]),
    "runbook_url": ("https://wiki.example.com/runbook", "https://wiki.example.com/runbook", ["wiki"]),
    "dashboard": ("true", True, ["on"]),
    "network_vpc": ("create", "create", ["mine", "vpc-1"]),
    "network_cidr_block": ("10.9.0.0/20", "10.9.0.0/20", ["10.0.0.0/8", "10.0.0.1/16", "ten"]),
    "network_zones": ("3", 3, ["1", "7"]),
    "network_nat_gateways": ("per-zone", "per-zone", ["two"]),
    "network_interface_endpoints": ("false", False, ["no"]),
    "network_flow_logs": ("false", False, ["no"]),
    "network_private_subnet_ids": ("subnet-0a1b2c3d,subnet-0a1b2c3e", ("subnet-0a1b2c3d", "subnet-0a1b2c3e"), ["a"]),
    "network_security_group_ids": ("sg-0a1b2c3d", ("sg-0a1b2c3d",), ["default"]),
    "encryption_key": ("create", "create", ["mine"]),
    "encryption_rotation_days": ("90", 90, ["89"]),
    "encryption_deletion_window_days": ("7", 7, ["6"]),
    "backup_retention_days": ("0", 0, ["-1"]),
    "backup_schedule": ("cron(0 5 * * ? *)", "cron(0 5 * * ? *)", ["daily"]),
    "backup_cold_storage_after_days": ("0", 0, ["-1"]),
    "backup_copy_to_vault_arn": (VAULT, VAULT, ["vault"]),
    "rollout": ("Canary10Percent5Minutes", "Canary10Percent5Minutes", ["slowly"]),
    "cost_allocation_tags": ("true", True, ["on"]),
    "monthly_budget_usd": ("12.5", 12.5, ["much", "-1"]),
    "lambda_provisioned_concurrency": ("0", 0, ["some", "-1"]),
    "lambda_snap_start": ("true", True, ["on"]),
    "dynamodb_max_read_capacity": ("70", 70, ["few", "-1"]),
    "dynamodb_max_write_capacity": ("80", 80, ["few", "-1"]),
    "point_in_time_recovery": ("false", False, ["off"]),
    "replica_regions": ("us-west-2,eu-west-1", ("us-west-2", "eu-west-1"), ["west", "us-west-2,us-west-2"]),
    "table_existing": ("true", True, ["on"]),
    "health_route": ("true", True, ["on"]),
    "zone_id": ("Z0123456789ABC", "Z0123456789ABC", ["example.com"]),
    "quota_per_month": ("1000", 1000, ["none", "-1"]),
    "access_log": ("true", True, ["on"]),
    "execution_log_level": ("ERROR", "ERROR", ["error", "0"]),
    "execution_log_bodies": ("false", False, ["off"]),
    "api_metrics": ("true", True, ["on"]),
    "api_log_role": ("create", "create", ["mine"]),
    "domain_name": ("api.example.com", "api.example.com", ["https://api.example.com", "example"]),
    "certificate_arn": (CERTIFICATE, CERTIFICATE, ["1234"]),
    "base_path": ("v1", "v1", ["/v1"]),
    "disable_execute_api_endpoint": ("true", True, ["on"]),
    "duration_alarm_ms": ("2500", 2500, ["slow", "900001"]),
    "notification_email": ("ops@example.com", "ops@example.com", ["ops"]),
    "site_public": ("true", True, ["on"]),
    "low_stock_threshold": ("0", 0, ["few", "-1"]),
    "default_page_size": ("5", 5, ["few", "51"]),
    "max_page_size": ("30", 30, ["many", "51"]),
    "audit_reads": ("false", False, ["no", "0"]),
    "anonymous_rate_per_second": ("2.5", 2.5, ["fast", "-1", "0"]),
    "anonymous_burst": ("9", 9, ["many", "-1"]),
    "anonymous_response": ("availability", "availability", ["none", "Full"]),
    "alert_rearm_percent": ("0", 0, ["some", "-1", "1001"]),
    "alert_rearm_minutes": ("60", 60, ["long", "-1", "10081"]),
    "max_held_units": ("5", 5, ["many", "-1", "2.5"]),
    "reservation_minutes": ("45", 45, ["long", "1441", "0.5"]),
}
"""For every key: a config value, the parsed value, and invalid config values."""
OWNERS = {
    name: owners
    for name, key in KEYS.items()
    if (owners := [service for service in SERVICES if load(service).settings in key.groups])
}
"""Services that have a setting for a key, for keys that not every stack has."""
SIGN_IN = {"authorization": "COGNITO_USER_POOLS"}
DOMAIN = {"domain_name": "api.example.com", "certificate_arn": CERTIFICATE}
EXISTING_VPC = {"network_vpc": "vpc-0a1b2c3d", "network_private_subnet_ids": "subnet-0a1b2c3d,subnet-0a1b2c3e"}
REQUIRED_KEYS = {
    "cors_credentials": {"cors_origin": "https://a.example.com"},
    **dict.fromkeys(("domain_name", "certificate_arn", "base_path", "zone_id", "disable_execute_api_endpoint"), DOMAIN),
    **dict.fromkeys(("network_private_subnet_ids", "network_security_group_ids"), EXISTING_VPC),
    **dict.fromkeys(("user_pool", "user_pool_mfa", "callback_urls"), SIGN_IN),
    "user_pool_group": {**SIGN_IN, "user_pool": POOL},
    "lambda_snap_start": {"lambda_runtime": "python3.12"},
}
"""Other config that a key requires."""


def args(**values: str) -> TapStackArgs:
    """Return the arguments that config specifies."""
    pulumi.runtime.set_all_config({f"tap:{name}": value for name, value in values.items()})
    return args_from_config(pulumi.Config("tap"))


@cache
def declared() -> dict[str, dict[str, Any]]:
    """Return the declaration of each key in `Pulumi.yaml`."""
    config: dict[str, dict[str, Any]] = yaml.safe_load(PROJECT.read_text(encoding="utf-8"))["config"]
    return {name: entry for name, entry in config.items() if ":" not in name}


@pytest.fixture(autouse=True)
def _no_suffix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVIRONMENT_SUFFIX", raising=False)


def settings_of(parsed: TapStackArgs) -> dict[str, Any]:
    """Return every setting that is set in the arguments, by group and field."""
    groups = [getattr(parsed, name) for name in SETTINGS_GROUPS]
    values = {f"{group.SECTION}.{name}": getattr(group, name) for group in groups for name in group.checks()}
    return {field: value for field, value in values.items() if value is not None}


def field_of(name: str) -> str:
    return f"{KEYS[name].group.SECTION}.{KEYS[name].field}"


def test_every_key_is_tested() -> None:
    assert VALUES.keys() == KEYS.keys()


@pytest.mark.parametrize("name", sorted(KEYS.keys() - OWNERS.keys()))
def test_key_sets_only_its_field(name: str) -> None:
    raw, value, _ = VALUES[name]
    required = REQUIRED_KEYS.get(name, {})
    settings = settings_of(args(**{**required, name: raw}))
    assert settings == {
        **{field_of(key): KEYS[key].parse(other) for key, other in required.items()},
        field_of(name): value,
    }
    assert type(settings[field_of(name)]) is type(value)


def test_services_share_the_key_of_the_low_stock_threshold() -> None:
    assert OWNERS["low_stock_threshold"] == ["inventory", "stock"]


@pytest.mark.parametrize(
    ("name", "service"), [(name, service) for name, services in OWNERS.items() for service in services]
)
def test_key_of_a_service_sets_only_its_field(name: str, service: str) -> None:
    raw, value, _ = VALUES[name]
    parsed = args(service=service, **{name: raw})
    factory = load(service)
    assert factory.settings
    assert parsed.service == factory.build(factory.settings(**{KEYS[name].field: value}))
    assert settings_of(parsed) == {}


def test_settings_of_a_service_that_contradict_each_other_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"^inventory\.default_page_size must be at most max_page_size, 20, got 30\.$"):
        args(service="inventory", default_page_size="30", max_page_size="20")


def test_settings_of_a_service_are_validated_together() -> None:
    parsed = args(service="inventory", default_page_size="10", max_page_size="10")
    assert parsed.service == inventory(InventorySettings(default_page_size=10, max_page_size=10))


@pytest.mark.parametrize("name", OWNERS)
def test_keys_of_other_services_are_ignored(name: str) -> None:
    assert args(service="items", **{name: VALUES[name][0]}) == args(service="items")


@pytest.mark.parametrize(("value", "is_split"), [("", False), ("true", True), ("False", False)])
def test_split_functions_is_read(value: str, is_split: bool) -> None:
    assert args(split_functions=value).split_functions is is_split


@pytest.mark.parametrize("name", ["split_functions", *KEYS])
def test_project_declares_an_integer_exactly_for_keys_whose_zero_is_unset(name: str) -> None:
    assert (declared()[name]["type"] == "integer") is (name in KEYS and KEYS[name].zero_is_unset)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in KEYS for value in VALUES[name][2]])
def test_invalid_value_is_rejected_with_key_and_value(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"^config {name} must be \S.*, got {re.escape(repr(value))}\.$"):
        args(service=OWNERS.get(name, ["items"])[0], **{name: value})


@pytest.mark.parametrize("name", ["cors_origin", "notification_email"])
def test_none_is_the_empty_string(name: str) -> None:
    assert settings_of(args(**{name: "none"}))[field_of(name)] == ""


def test_empty_config_is_the_items_service_in_dev() -> None:
    assert args() == TapStackArgs()


def test_environment_and_service_and_tags_are_read() -> None:
    parsed = args(environment="pr-7", service="items", tags='{"Owner": "me"}')
    assert (parsed.environment, parsed.service, parsed.all_tags["Owner"]) == ("pr-7", "items", "me")


@pytest.mark.parametrize(("configured", "suffix"), [({}, "pr-8"), ({"environment": "prod"}, "prod")])
def test_environment_variable_is_the_default_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, configured: Mapping[str, str], suffix: str
) -> None:
    monkeypatch.setenv("ENVIRONMENT_SUFFIX", "pr-8")
    assert args(**configured).environment == suffix


def test_empty_environment_variable_is_dev(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT_SUFFIX", "")
    assert args().environment == "dev"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"environment": "a b"}, r"environment\w* must be .*, got 'a b'\. Use 'a-b', for"),
        ({"service": "itmes"}, r"service must be one of items, .*, got 'itmes'\."),
        ({"split_functions": "yes"}, r"^config split_functions must be true or false, got 'yes'\.$"),
        ({"tags": '["Owner"]'}, r"tags must be .*, got \['Owner'\]\."),
    ],
)
def test_invalid_value_of_other_keys_is_rejected(config: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        args(**config)


TOKEN = json.dumps({"token": "correct horse", "other": "battery"})


def topics_named_by_secrets(secrets: str, name: str) -> list[RegisteredResource]:
    """Return a topic for each secret that config has for a service with one secret; the secret is its physical name."""

    def program() -> None:
        service = a_service(secrets=(a_secret(name=name),))
        for secret, value in secrets_from_config(service).items():
            aws.sns.Topic(secret, name=value)

    return [*record(program, config={"secrets": secrets}).by_kind("sns.Topic").values()]


def test_secrets_of_the_service_stay_secret_and_others_are_ignored() -> None:
    (topic,) = topics_named_by_secrets(TOKEN, "token")
    assert (topic.name, topic.inputs["name"], topic.serialized_inputs["name"]) == ("token", "correct horse", "[secret]")
    assert not topics_named_by_secrets(TOKEN, "seal")
    assert args(secrets=TOKEN).secrets == {}


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        (
            '["correct horse"]',
            r"^config secrets must be an object, got <class 'list'>\. Set each .* with pulumi config set --secret",
        ),
        ('{"token": {"correct": "horse"}}', r"^config secrets\.token must be a string, got <class 'dict'>\.$"),
    ],
)
def test_invalid_secrets_are_rejected_without_their_values(secrets: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        topics_named_by_secrets(secrets, "token")


ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/shop-orders"


def test_existing_resources_are_read_by_name_and_others_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_service(monkeypatch, sharing(name="items", topics=()))
    existing = json.dumps({"orders": ARN, "other": "arn:aws:sns:us-east-1:123456789012:other"})
    assert args(existing=existing).existing == {"orders": ARN}


@pytest.mark.parametrize("existing", ['["orders"]', "orders"])
def test_existing_resources_must_be_an_object(existing: str) -> None:
    with pytest.raises(ValueError, match=r"^config existing must be an object of ARNs, such as \{.*\}, got "):
        args(existing=existing)


def test_project_declares_every_key() -> None:
    assert declared().keys() == {*KEYS, *OTHER_KEYS} - {"tags", "secrets", "existing"}


@pytest.mark.parametrize("name", sorted({*KEYS, *OTHER_KEYS} - {"tags", "secrets", "existing"}))
def test_declaration_has_a_description_and_a_default_of_its_type(name: str) -> None:
    entry = declared()[name]
    assert entry["description"].strip()
    assert isinstance(entry["default"], {"string": str, "integer": int}[entry["type"]])


@pytest.mark.parametrize("service", SERVICES)
def test_defaults_of_the_project_set_nothing(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    defaults = {name: str(entry["default"]) for name, entry in declared().items()}
    monkeypatch.setenv("ENVIRONMENT_SUFFIX", "prod")
    assert args(**{**defaults, "service": service}) == TapStackArgs(environment_suffix="prod", service=service)


PASSWORD = "correct horse"


def secret_args(secret: tuple[str, ...], **values: str) -> TapStackArgs:
    """Return the arguments that config with secret keys specifies."""
    config = {f"tap:{name}": value for name, value in values.items()}
    pulumi.runtime.set_all_config(config, [f"tap:{name}" for name in secret])
    return args_from_config(pulumi.Config("tap"))


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    yield
    pulumi.runtime.set_all_config({}, [])


def recorded_topics(secret: tuple[str, ...], **values: str) -> Deployment:
    """Record a subscription and a tag from config with secret keys."""

    def program() -> None:
        parsed = secret_args(secret, **values)
        email = parsed.alarms.notification_email
        aws.sns.TopicSubscription("email", topic="t", protocol="email", endpoint=email or "")
        aws.sns.Topic("topic", tags=parsed.all_tags)

    return record(program)


def test_secret_email_address_and_tags_stay_secret() -> None:
    values = {"notification_email": "a@example.com", "tags": '{"Owner": "me"}'}
    parsed = recorded_topics(("notification_email", "tags"), **values)
    assert parsed.single("sns.TopicSubscription").inputs["endpoint"] == "a@example.com"
    assert parsed.single("sns.TopicSubscription").serialized_inputs["endpoint"] == "[secret]"
    assert parsed.single("sns.Topic").inputs["tags"] == {"Owner": "me", "Project": "IaC-Nova-Test"}
    assert parsed.single("sns.Topic").serialized_inputs["tags"] == {"Owner": "[secret]", "Project": "IaC-Nova-Test"}
    (warning,) = parsed.warnings
    assert "plain text in the state of the stack: tap:tags. " in warning, "the provider repeats them in tagsAll"
    plain = recorded_topics((), **values)
    assert plain.single("sns.TopicSubscription").serialized_inputs["endpoint"] == "a@example.com"
    assert plain.single("sns.Topic").serialized_inputs["tags"]["Owner"] == "me"


def test_secret_none_disables_email() -> None:
    assert secret_args(("notification_email",), notification_email="none").alarms.notification_email == ""


def test_one_warning_names_the_secret_keys_that_the_state_stores_in_plain_text() -> None:
    values = {"cors_origin": "https://a.example.com", "environment": "pr-7", "domain_name": "", "tracing": "true"}
    parsed = recorded_topics(("cors_origin", "environment", "domain_name"), **values)
    assert parsed.warnings == [
        "Secret config keys whose values are plain text in the state of the stack: tap:environment, tap:cors_origin. "
        "Do not use them for secrets, see docs/production/secrets.md."
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("notification_email", PASSWORD, "an email address, or none"),
        ("cors_origin", PASSWORD, EXPECTED.replace("empty", "none")),
        ("lambda_memory_size", PASSWORD, "an integer from 128 to 10240 MB"),
        ("split_functions", PASSWORD, "true or false"),
        ("tags", PASSWORD, 'an object of strings, such as {"Owner": "web-team"}'),
        ("tags", f'["{PASSWORD}"]', 'an object of strings, such as {"Owner": "web-team"}'),
        (
            "tags",
            f'{{"Owner": "{PASSWORD}!"}}',
            'an object of strings, such as {"Owner": "web-team"}, with names and values that AWS accepts',
        ),
        (
            "environment",
            PASSWORD,
            "letters, digits, '-' and '_', and spelled as in docs/concepts/settings.md if it is listed there",
        ),
        (
            "environment",
            "Prod",
            "letters, digits, '-' and '_', and spelled as in docs/concepts/settings.md if it is listed there",
        ),
    ],
)
def test_error_of_a_secret_value_names_the_key_and_what_is_expected(name: str, value: str, expected: str) -> None:
    with pytest.raises(ConfigError) as raised:
        secret_args((name,), **{name: value})
    assert str(raised.value) == f"config {name} must be {expected}, got a secret value."


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"service": PASSWORD}, "service must be one of items, inventory, stock, or a Service, got '[secret]'."),
        (
            {"certificate_arn": CERTIFICATE},
            "api.certificate_arn must be unset unless domain_name is set, got '[secret]'. "
            "Set domain_name, or remove certificate_arn.",
        ),
        (
            {"callback_urls": "https://a.example.com/, https://b.example.com/"},
            "authorization.callback_urls must be unset unless type is COGNITO_USER_POOLS, got ('[secret]', "
            "'[secret]'). Set type, or remove callback_urls.",
        ),
        (
            {"alarms_evaluation_periods": "01440", "alarms_period_seconds": "0120"},
            "alarms.evaluation_periods must be at most 86400 divided by period_seconds ([secret]), got [secret]. "
            "CloudWatch evaluates at most one day: lower it, or lower period_seconds.",
        ),
    ],
)
def test_error_of_contradicting_secret_values_hides_them(values: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        secret_args(tuple(values), **values)
    assert str(raised.value) == message


def test_errors_of_config_have_no_traceback_in_the_cli_and_no_cause() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"^config lambda_memory_size must be an integer .*, got 'large'\."
    ) as raised:
        args(lambda_memory_size="large")
    assert isinstance(raised.value, ValueError)
    assert raised.value.__suppress_context__


def test_tags_that_are_not_json_are_rejected() -> None:
    with pytest.raises(ConfigError, match=r"^config tags must be an object of strings, .*, got 'Owner=me'\.$"):
        args(tags="Owner=me")


@pytest.mark.parametrize("namespace", ["tap", "shop"])
def test_unknown_keys_are_rejected_together_with_their_nearest_keys(namespace: str) -> None:
    keys = ("rolout", "notification_mail", "cors_origin", "low_stock_threshold", *OTHER_KEYS)
    config = {f"{namespace}:{name}": "" for name in keys}
    pulumi.runtime.set_all_config({**config, "aws:region": "us-east-1", "other:thing": "1"})
    with pytest.raises(pulumi.RunError) as raised:
        check_keys(pulumi.Config(namespace))
    assert str(raised.value) == (
        f"config keys must be known, got '{namespace}:notification_mail' "
        f"(nearest key: '{namespace}:notification_email'), '{namespace}:rolout' (nearest key: '{namespace}:rollout'). "
        "Rename them, or remove them with pulumi config rm."
    )


def test_unknown_key_in_the_environment_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi.runtime.set_all_config({})
    monkeypatch.setenv("PULUMI_CONFIG", '{"tap:rolout": "none"}')
    with pytest.raises(ConfigError, match=r"'tap:rolout' \(nearest key: 'tap:rollout'\)"):
        check_keys(pulumi.Config("tap"))


def test_keys_that_the_program_reads_itself_are_known() -> None:
    pulumi.runtime.set_all_config({"tap:colour": "red"})
    check_keys(pulumi.Config("tap"), program_keys=["colour"])


def test_keys_of_other_services_are_known() -> None:
    pulumi.runtime.set_all_config({"tap:service": "items", "tap:reservation_minutes": "45"})
    check_keys(pulumi.Config("tap"))


def test_all_keys_of_the_project_are_known() -> None:
    pulumi.runtime.set_all_config({f"tap:{name}": "" for name in (*declared(), *OTHER_KEYS)})
    check_keys(pulumi.Config("tap"))


@pytest.mark.parametrize(
    ("stack", "config"),
    [
        ("items-dev", {}),
        ("stock-pr-123", {"service": "stock", "environment": "pr-123"}),
        ("stock-prod-us-west-2", {"service": "stock", "environment": "prod"}),
        ("items-prod-us-gov-west-1", {"environment": "prod"}),
        ("items-prod-eusc-de-east-1", {"environment": "prod"}),
        ("production", {}),
        ("itemsdev", {"environment": "prod"}),
    ],
)
def test_stack_name_that_matches_its_config_is_accepted(
    stack: str, config: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: stack)
    check_stack_name(args(**config))


@pytest.mark.parametrize(
    ("stack", "config"),
    [
        ("items-dev", {"environment": "prod"}),
        ("items-dev", {"service": "inventory"}),
        ("items-dev-2", {}),
        ("inventory-prod", {"environment": "prod"}),
    ],
)
def test_stack_name_of_another_deployment_is_rejected(
    stack: str, config: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: stack)
    with pytest.raises(pulumi.RunError, match=f"must match the name of the stack, '{stack}'.*pulumi stack init"):
        check_stack_name(args(**config))


def test_environment_profile_is_read() -> None:
    assert args(environment="pr-7").environment_profile is None
    assert args(environment="pr-7", environment_profile="").environment_profile is None
    parsed = args(environment="pr-7", environment_profile="staging")
    assert (parsed.environment, parsed.profile) == ("pr-7", "staging")


def test_unknown_environment_profile_is_rejected() -> None:
    with pytest.raises(
        ConfigError, match=r"^environment_profile must be one of dev, test, staging, prod, .*, got 'production'\.$"
    ):
        args(environment_profile="production")


def test_unknown_secret_environment_profile_stays_hidden() -> None:
    with pytest.raises(ConfigError, match=r"^environment_profile must be one of .*, got '\[secret\]'\.$"):
        secret_args(("environment_profile",), environment_profile=PASSWORD)


def test_warning_names_a_secret_environment_profile() -> None:
    (warning,) = recorded_topics(("environment_profile",), environment_profile="staging").warnings
    assert "in the state of the stack: tap:environment_profile. " in warning


@dataclass(frozen=True, kw_only=True)
class DeskSettings(SettingsGroup):
    """Settings of a service that is not registered."""

    weight: int = setting(between(1, 30, "kg"), default=5)
    """Maximum weight."""

    SECTION: ClassVar[str] = "desk"


DESK = ServiceFactory(
    name="desk",
    settings=DeskSettings,
    build=lambda settings: a_service(name="desk", description=f"Up to {settings.weight} kg."),
)


def program_args(config: Mapping[str, str], **arguments: Any) -> TapStackArgs:
    """Return the arguments of a program that passes arguments to `args_from_config`."""
    pulumi.runtime.set_all_config({f"tap:{name}": value for name, value in config.items()})
    return args_from_config(pulumi.Config("tap"), **arguments)


def test_arguments_of_the_program_override_config_field_by_field() -> None:
    config = {
        "service": "stock",
        "environment": "pr-7",
        "lambda_memory_size": "256",
        "lambda_timeout_seconds": "7",
        "split_functions": "true",
        "tags": '{"owner": "config", "Team": "web"}',
    }
    parsed = program_args(
        config, service=a_service(), function=FunctionSettings(memory_mb=512), tags={"Owner": "program"}
    )
    assert (parsed.service, parsed.environment, parsed.split_functions) == (a_service(), "pr-7", True)
    assert (parsed.function.memory_mb, parsed.function.timeout_seconds) == (512, 7)
    assert (parsed.all_tags["Owner"], parsed.all_tags["Team"]) == ("program", "web")
    assert program_args(config, environment_suffix="prod").environment == "prod"
    assert program_args(config, environment_suffix=None).environment == "pr-7"


def test_existing_resources_of_config_and_program_are_checked_together() -> None:
    tables = (Table(name=name, variable=name.upper(), hash_key=Key("id"), existing=True) for name in ("crm", "erp"))
    service = a_service(tables=(*a_service().tables, *tables))
    arns = {name: f"arn:aws:dynamodb:us-east-1:123456789012:table/{name}" for name in ("crm", "erp")}
    config = {"existing": json.dumps({"crm": arns["crm"]})}
    assert program_args(config, service=service, existing={"erp": arns["erp"]}).existing == arns
    with pytest.raises(ConfigError, match=r"^existing\['erp'\] must be the ARN of the existing table, got None\."):
        program_args(config, service=service)


def test_factory_of_the_program_is_built_with_its_settings() -> None:
    assert program_args({}, service=DESK).service == DESK.default
    configured = program_args({"desk_weight": "9"}, service=DESK).service_definition()
    assert configured.description == "Up to 9 kg."
    with pytest.raises(ConfigError, match=r"^config desk_weight must be .*, got '90'\.$"):
        program_args({"desk_weight": "90"}, service=DESK)


@pytest.mark.parametrize(
    ("config", "service", "messages"),
    [
        (
            {"lambda_memry_size": "512", "color": "red", "lambda_timeout_seconds": "5"},
            DESK,
            ["Unknown config key 'tap:lambda_memry_size'. Did you mean 'tap:lambda_memory_size'?"],
        ),
        ({"desk_weigth": "9"}, DESK, ["Unknown config key 'tap:desk_weigth'. Did you mean 'tap:desk_weight'?"]),
        ({"color": "red"}, DESK, []),
        ({"lambda_memry_size": "512"}, None, []),
    ],
)
def test_misspelled_keys_of_a_program_are_warnings(
    *, config: dict[str, str], service: ServiceFactory | None, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    program_args(config, service=service)
    assert warnings == messages


def test_misspelled_name_of_a_secret_is_rejected() -> None:
    service = a_service(secrets=(a_secret(name="carrier-token"),))
    with pytest.raises(
        ConfigError,
        match=r"^config secrets must be named 'carrier-token', got 'carrier-tokn'\. Did you mean 'carrier-token'\?$",
    ):
        program_args({"secrets": '{"carrier-tokn": "a"}'}, service=service)
    config = {"secrets": '{"carrier-tokens": "a", "carrier-token": "b", "other": "c"}'}
    assert [*program_args(config, service=service).secrets] == ["carrier-token"]
    assert not program_args({"secrets": '{"other": "c"}'}, service=service).secrets


@pytest.mark.parametrize(
    ("stack", "environment"), [("prod", "prod"), ("desk-pr-7", "pr-7"), ("items-dev", "items-dev")]
)
@pytest.mark.parametrize("service", [DESK, DESK.default])
def test_environment_of_a_service_of_the_program_is_the_stack(
    stack: str, environment: str, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: stack)
    assert program_args({}, service=service).environment == environment
    assert program_args({"environment": "test"}, service=service).environment == "test"
    assert program_args({}).environment == "dev"
    monkeypatch.setenv("ENVIRONMENT_SUFFIX", "pr-8")
    assert program_args({}, service=service).environment == "pr-8"


def test_registered_service_can_be_selected_by_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "stock-prod")
    parsed = program_args({"reservation_minutes": "9"}, service="stock")
    assert (parsed.service_definition().name, parsed.environment) == ("stock", "prod")


def test_only_missing_secrets_have_a_placeholder_and_only_without_a_deployment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = a_service(secrets=(a_secret(name="token", generated=False), a_secret(name="seal", variable="SEAL")))
    names: list[list[str]] = []

    def program() -> None:
        secrets = args_from_config(service=service).secrets
        names.append([*secrets])
        for name, value in secrets.items():
            aws.sns.Topic(name, name=value)

    topics = record(program).by_kind("sns.Topic")
    assert (names, topics["token"].inputs["name"]) == ([["token"]], PLACEHOLDER)
    topics = record(program, config={"secrets": '{"token": "mine"}'}).by_kind("sns.Topic")
    assert topics["token"].inputs["name"] == "mine"
    monkeypatch.setattr(import_module("lib.stack.config"), "get_monitor", lambda: None)
    with pytest.raises(ConfigError, match=r"^secrets\['token'\] must be set, got None\."):
        program_args({}, service=service)
