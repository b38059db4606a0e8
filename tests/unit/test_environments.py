"""The rows of the environments."""

from __future__ import annotations

from typing import Any

import pytest

from lib.environments import ENVIRONMENTS, row_name


def figures(row: str) -> dict[str, Any]:
    """What the design's table lists of a row."""
    settings = ENVIRONMENTS[row]
    function, table, api = settings.function, settings.table, settings.api
    return {
        "billing": table.billing_mode,
        "memory": function.memory_mb,
        "logs": function.log_retention_days,
        "kept": (table.retain_on_delete, table.deletion_protection),
        "callers": settings.authorization.type,
        "concurrency": function.reserved_concurrency,
        "tracing": function.tracing,
        "cors": api.cors_origin,
        "api logs": (api.access_log, api.execution_log_level, api.metrics, api.log_role),
        "bodies": api.execution_log_bodies,
    }


DEV = {
    "billing": "PAY_PER_REQUEST",
    "memory": 128,
    "logs": 7,
    "kept": (False, False),
    "callers": "NONE",
    "concurrency": -1,
    "tracing": False,
    "cors": "*",
    "api logs": (False, "OFF", False, "left"),
    "bodies": True,
}
STAGING = {
    "billing": "PROVISIONED",
    "memory": 256,
    "logs": 30,
    "kept": (True, False),
    "callers": "API_KEY",
    "concurrency": 20,
    "tracing": True,
    "cors": "",
    "api logs": (False, "OFF", False, "left"),
    "bodies": False,
}
ROWS = {
    "dev": DEV,
    "test": {**DEV, "tracing": True},
    "staging": STAGING,
    "prod": {**STAGING, "memory": 512, "kept": (True, True), "concurrency": 100},
}


@pytest.mark.parametrize("row", ROWS)
def test_row_is_what_the_design_says(row: str) -> None:
    assert figures(row) == ROWS[row]


def test_there_are_no_other_rows() -> None:
    assert ENVIRONMENTS.keys() == ROWS.keys()


@pytest.mark.parametrize(("row", "units"), [("staging", 10), ("prod", 50)])
def test_guarded_rows_buy_their_capacity(row: str, units: int) -> None:
    table = ENVIRONMENTS[row].table
    assert (table.read_capacity, table.write_capacity) == (units, units)


@pytest.mark.parametrize("row", ROWS)
def test_every_table_can_be_restored_and_nobody_is_written_to_unasked(row: str) -> None:
    assert ENVIRONMENTS[row].table.point_in_time_recovery
    assert ENVIRONMENTS[row].alarms.notification_email == ""


@pytest.mark.parametrize("row", ROWS)
def test_no_api_has_a_domain_of_its_own_unasked(row: str) -> None:
    api = ENVIRONMENTS[row].api
    assert (api.domain_name, api.certificate_arn, api.zone_id, api.base_path) == ("", "", "", "")


@pytest.mark.parametrize("row", ROWS)
def test_what_costs_by_the_month_is_off_unasked(row: str) -> None:
    settings = ENVIRONMENTS[row]
    assert settings.network.vpc == "none"
    assert settings.encryption.key == "aws"
    assert not settings.firewall.enabled
    assert settings.backup.retention_days == 0
    assert settings.table.replica_regions == ()
    assert settings.function.provisioned_concurrency == 0
    assert settings.rollout.strategy == "none"
    assert settings.cost.monthly_budget_usd == 0


@pytest.mark.parametrize(("row", "watched"), [("dev", False), ("test", False), ("staging", True), ("prod", True)])
def test_guarded_rows_are_watched(row: str, watched: bool) -> None:
    assert (ENVIRONMENTS[row].alarms.recommended, ENVIRONMENTS[row].observation.dashboard) == (watched, watched)


@pytest.mark.parametrize(
    ("suffix", "row"),
    [
        ("dev", "dev"),
        ("test", "test"),
        ("staging", "staging"),
        ("prod", "prod"),
        ("development", "dev"),
        ("testing", "test"),
        ("production", "prod"),
        ("pr-123", "dev"),
        ("PR-123", "dev"),
        ("prod-eu", "dev"),
        ("Prod-EU", "dev"),
    ],
)
def test_suffix_picks_a_row(suffix: str, row: str) -> None:
    assert row_name(suffix) == row


@pytest.mark.parametrize("suffix", ["PROD", "Prod", "pROD", "Production", "DEV", "Testing"])
def test_suffix_that_differs_from_a_row_or_an_alias_in_case_alone_is_refused(suffix: str) -> None:
    with pytest.raises(ValueError, match=rf"^environment_suffix '{suffix}': give '{suffix.lower()}', "):
        row_name(suffix)
