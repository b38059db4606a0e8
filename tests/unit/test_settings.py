"""The figures: what they can be, and which layer decides."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from lib.settings import (
    AlarmSettings,
    ApiSettings,
    FunctionSettings,
    Layer,
    Settings,
    SiteSettings,
    TableSettings,
    between,
    check_domain,
)

FLAGS = ([True, False], ["yes", 1, 0])
UNITS = ([1, 40_000], [0, 40_001, 1.5, True])
COUNTS = ([0, 1_000_000_000], [-1, "1", 0.5])

ARN = "arn:aws"
PERIODS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]

VALUES: dict[type[Layer], dict[str, tuple[list[Any], list[Any]]]] = {
    FunctionSettings: {
        "runtime": (["python3.9", "python3.13"], ["ruby3.3", "python3", "Python3.13", 3.13]),
        "memory_mb": ([128, 10240], [127, 10241, "128", 128.5, True]),
        "timeout_seconds": ([1, 900], [0, 901, 2.5]),
        "reserved_concurrency": ([-1, 0, 100_000], [-2, 100_001]),
        "tracing": FLAGS,
        "log_retention_days": (PERIODS, [0, 2, 8, 3652, 3654, "14", 14.5]),
    },
    TableSettings: {
        "billing_mode": (["PAY_PER_REQUEST", "PROVISIONED"], ["on demand", "provisioned", 1]),
        "read_capacity": UNITS,
        "write_capacity": UNITS,
        "max_read_capacity": UNITS,
        "max_write_capacity": UNITS,
        "point_in_time_recovery": FLAGS,
        "deletion_protection": FLAGS,
        "retain_on_delete": FLAGS,
    },
    ApiSettings: {
        "stage_name": (["prod", "pr-123", "v" * 128], ["", "v" * 129, "a/b", 1]),
        "cors_origin": (
            ["*", "", "https://shop.example.com", "http://localhost:3000"],
            ["shop.example.com", "https://shop.example.com/", "https://a b", "ftp://x", "https://a'b", 1],
        ),
        "throttle_rate_per_second": ([0.1, 17, 1_000_000], [0, 0.05, 1_000_001, float("nan"), "17"]),
        "throttle_burst": ([1, 1_000_000], [0, 1.5, 1_000_001]),
        "api_key_required": FLAGS,
        "quota_per_month": ([1, 2_000_000_000], [0, 2_000_000_001, 1.5]),
        "access_log": FLAGS,
        "execution_log_level": (["OFF", "ERROR", "INFO"], ["info", "DEBUG", True]),
        "execution_log_bodies": FLAGS,
        "metrics": FLAGS,
        "log_role": (["made", "left", f"{ARN}:iam::123456789012:role/logs"], ["", "logs", f"{ARN}:iam::1:user/me"]),
        "domain_name": (
            ["", "api.example.com", "x-1.co.uk"],
            ["example", "https://api.example.com", "API.example.com", "a_b.com", "-a.com", 1],
        ),
        "certificate_arn": (
            ["", f"{ARN}:acm:us-east-1:123456789012:certificate/1-2"],
            ["1-2", f"{ARN}:iam::123456789012:server-certificate/x"],
        ),
        "base_path": (["", "v1", "shop.api_v-1"], ["/v1", "a/b", "a b", 1]),
    },
    SiteSettings: {"public": FLAGS},
    AlarmSettings: {
        "duration_ms": ([1, 900_000], [0, 900_001, 0.5]),
        "errors": COUNTS,
        "throttles": COUNTS,
        "period_seconds": ([60, 120, 86_400], [0, 10, 30, 61, 86_460, "60"]),
        "evaluation_periods": ([1, 1440], [0, 1441]),
        "notification_email": (["", "ops@example.com"], ["ops", "ops@example", "a b@example.com", "a@b.c, d@e.f", 1]),
    },
}
"""Every field with what it can be and what it cannot."""


def cases(bad: bool) -> list[tuple[type[Layer], str, Any]]:
    return [
        (cls, name, value) for cls, known in VALUES.items() for name, tried in known.items() for value in tried[bad]
    ]


@pytest.mark.parametrize("layer", VALUES, ids=lambda layer: layer.WHERE)
def test_every_field_is_tried_here(layer: type[Layer]) -> None:
    assert VALUES[layer].keys() == {field.name for field in fields(layer)} == layer.CHECKS.keys()


@pytest.mark.parametrize(("layer", "name", "value"), cases(bad=True))
def test_what_cannot_be_is_refused_with_field_value_and_remedy(layer: type[Layer], name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{layer.WHERE}\.{name} {re.escape(repr(value))}: give \S"):
        layer(**{name: value})


@pytest.mark.parametrize(("layer", "name", "value"), cases(bad=False))
def test_what_can_be_is_taken(layer: type[Layer], name: str, value: Any) -> None:
    assert getattr(layer(**{name: value}), name) == value


def contradicting(kind: str) -> TableSettings:
    figures: dict[str, Any] = {f"{kind}_capacity": 10, f"max_{kind}_capacity": 5}
    return TableSettings(**figures)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_scaling_cannot_end_below_where_it_begins(kind: str) -> None:
    with pytest.raises(ValueError, match=rf"^table\.max_{kind}_capacity 5: give at least {kind}_capacity, 10$"):
        contradicting(kind)


def test_scaling_may_end_where_it_begins() -> None:
    assert TableSettings(read_capacity=10, max_read_capacity=10).max_read_capacity == 10


@pytest.mark.parametrize(("check", "wanted"), [(between(1, 9, "eggs"), "1 to 9 eggs"), (between(0.5, 2), "0.5 to 2")])
def test_remedy_names_the_range(check: tuple[Any, str], wanted: str) -> None:
    assert check[1].endswith(wanted)


def test_upper_layer_decides_what_it_says_and_nothing_else() -> None:
    lower = Settings(
        function=FunctionSettings(memory_mb=128, tracing=True), alarms=AlarmSettings(errors=3, throttles=3)
    )
    upper = Settings(function=FunctionSettings(tracing=False), alarms=AlarmSettings(errors=0))
    assert lower.with_(upper) == Settings(
        function=FunctionSettings(memory_mb=128, tracing=False), alarms=AlarmSettings(errors=0, throttles=3)
    )


def test_layers_that_contradict_each_other_are_refused() -> None:
    lower, upper = (
        Settings(table=TableSettings(read_capacity=50)),
        Settings(table=TableSettings(max_read_capacity=20)),
    )
    with pytest.raises(ValueError, match=r"table\.max_read_capacity 20"):
        lower.with_(upper)


def test_settings_cannot_be_changed() -> None:
    settings: Any = FunctionSettings()
    with pytest.raises(FrozenInstanceError):
        settings.memory_mb = 256


CERTIFICATE = f"{ARN}:acm:us-east-1:123456789012:certificate/1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"domain_name": "a.example.com"}, r"^api\.domain_name 'a\.example\.com': give certificate_arn, too"),
        ({"base_path": "v1"}, r"^api\.base_path 'v1': give domain_name, too, or take this out$"),
        ({"certificate_arn": CERTIFICATE}, r"^api\.certificate_arn 'arn.*': give domain_name, too, or take this out$"),
    ],
)
def test_domain_and_what_belongs_to_it_come_together(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_domain(ApiSettings(**settings))


def test_domain_with_its_certificate_is_taken_and_so_is_none() -> None:
    check_domain(ApiSettings(domain_name="a.example.com", certificate_arn=CERTIFICATE, base_path="v1"))
    check_domain(ApiSettings())
