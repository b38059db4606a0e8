"""The scaling model and docs/production/scaling.md."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lib.cli import main
from lib.components.data.table import SCALING_TARGET_PERCENT
from lib.model import Operation, Workload
from lib.model.aws_limits import (
    COLD_START_PERCENT,
    ENVIRONMENT_START,
    PARTITION_WRITES,
    QUANTITIES,
    ROUND_TRIP,
    RUNTIME_OVERHEAD,
    VCPU_MEMORY,
)
from lib.model.workload import processor_share
from lib.scaling import model
from lib.scaling.report import RATE, TARGET_MS, measured_operations, recommended_args
from lib.services import BUILT_IN, load
from lib.settings import ApiSettings, AuthorizationSettings, FunctionSettings, TableSettings
from lib.settings.environments import ENVIRONMENTS
from lib.stack.args import TapStackArgs

from ...support.builders import replace_service

pytestmark = pytest.mark.slow

PAGE = Path("docs/production/scaling.md").read_text(encoding="utf-8")
OPERATIONS = measured_operations(BUILT_IN)
READ = Operation(
    name="read",
    trigger="GET /items/{ItemId}",
    table_read_units=1,
    round_trips=(ROUND_TRIP, ROUND_TRIP),
    processor_ms=1.5,
    cold_processor_ms=40,
)
WRITE = Operation(name="create", trigger="POST /items", table_write_units=4, partition_write_units=1, processor_ms=1.5)


def test_cpu_is_proportional_to_memory_up_to_one_vcpu() -> None:
    assert processor_share(VCPU_MEMORY.value) == processor_share(2 * VCPU_MEMORY.value) == 1
    assert processor_share(VCPU_MEMORY.value / 8) == 0.125


def test_memory_affects_cpu_time_but_not_round_trips() -> None:
    round_trips = 2 * ROUND_TRIP.value
    assert READ.duration_ms(VCPU_MEMORY.value) == 1.5 + RUNTIME_OVERHEAD.value + round_trips
    assert READ.duration_ms(VCPU_MEMORY.value / 10) == pytest.approx(10 * (1.5 + RUNTIME_OVERHEAD.value) + round_trips)


def test_cold_start_cpu_time_depends_on_memory() -> None:
    times = model.response_ms(READ, VCPU_MEMORY.value / 2)
    assert times.rare.mean - times.usual.mean == ENVIRONMENT_START.value + 80


def test_rare_cold_starts_affect_only_high_percentiles() -> None:
    warm, some_cold = model.response_ms(READ, 512), model.response_ms(READ, 512, 0.002)
    assert some_cold.percentile(95) == pytest.approx(warm.percentile(95), rel=0.02)
    assert some_cold.percentile(99.9) > warm.percentile(99.9) + 100


def test_required_concurrency_depends_on_the_rate_or_the_duration() -> None:
    assert model.offered_load(READ, VCPU_MEMORY.value, 1000) == pytest.approx(22)
    assert model.required_concurrency(READ, VCPU_MEMORY.value, 1000) == 110
    slow = replace(READ, round_trips=(ROUND_TRIP,) * 100)
    assert (
        model.required_concurrency(slow, VCPU_MEMORY.value, 1000)
        > model.offered_load(slow, VCPU_MEMORY.value, 1000)
        > 500
    )


def lowest_limit(operation: Operation, args: TapStackArgs) -> tuple[str, float]:
    limits = model.deployment_limits(operation, args).initial
    return min(limits.items(), key=lambda limit: limit[1])


def test_lowest_limit_of_a_deployment_applies() -> None:
    api = ApiSettings(throttle_rate_per_second=100)
    function = FunctionSettings(reserved_concurrency=7, memory_mb=1769)
    assert lowest_limit(READ, TapStackArgs()) == ("stage throttle", 17)
    assert lowest_limit(READ, TapStackArgs(api=api, function=function)) == ("10 per unit of concurrency", 70)
    slow = replace(READ, round_trips=(ROUND_TRIP,) * 100)
    name, rate = lowest_limit(slow, TapStackArgs(api=api, function=function))
    assert (name, rate < 7 / 0.5) == ("concurrency", True)


def test_route_throttle_overrides_the_stage_throttle() -> None:
    read = Operation(name="read", trigger="GET /inventory/{productId}")
    assert lowest_limit(read, TapStackArgs(service="stock")) == ("route throttle", 250)
    with_key = replace(read, trigger="GET /inventory/{productId}/level")
    assert lowest_limit(with_key, TapStackArgs(service="stock")) == ("stage throttle", 10_000)


def test_provisioned_tables_have_an_initial_and_a_scaled_capacity() -> None:
    table = TableSettings(billing_mode="PROVISIONED", read_capacity=3, write_capacity=20)
    write = model.deployment_limits(WRITE, TapStackArgs(service="inventory", table=table))
    assert (write.initial["table writes"], write.scaled["table writes"]) == (5, 50)
    read = model.deployment_limits(READ, TapStackArgs(table=table))
    assert (read.initial["table reads"], read.scaled["table reads"]) == (3, 30)
    assert "table writes" not in read.initial


def test_partition_key_of_an_index_limits_writes() -> None:
    assert lowest_limit(WRITE, TapStackArgs(service="inventory"))[1] == 1000
    assert (
        model.deployment_limits(WRITE, TapStackArgs(service="inventory")).initial["one partition key of an index"]
        == 1000
    )


def test_quota_applies_only_to_routes_with_an_api_key() -> None:
    with_key = TapStackArgs(authorization=AuthorizationSettings(type="API_KEY"), api=ApiSettings(quota_per_month=5000))
    assert model.deployment_limits(READ, TapStackArgs()).quota is None
    assert model.deployment_limits(READ, with_key).quota == 5000
    assert model.deployment_limits(OPERATIONS[-1].operation, TapStackArgs(service="stock")).quota == 1_000_000_000


def test_monthly_cost_increases_with_memory() -> None:
    assert (
        model.lambda_monthly_usd(READ, 128, 1000)
        < model.lambda_monthly_usd(READ, 512, 1000)
        < model.lambda_monthly_usd(READ, 1769, 1000)
    )


def test_recommended_settings_support_the_rate_within_the_target() -> None:
    for each in OPERATIONS:
        limits = model.deployment_limits(each.operation, recommended_args(each.service))
        assert min(limits.initial.values()) >= RATE, each.name
        assert model.response_ms(each.operation, limits.memory_mb, 0.01).percentile(99) < TARGET_MS, each.name


def test_assumptions_have_a_source_and_a_measurement() -> None:
    assert all(each.source and (each.measure or each.kind == "published") for each in QUANTITIES)


IN_FLIGHT = 1_000
"""Concurrent requests for which the prod profile is sized."""
FRACTION_OF_READS = 0.9


def test_production_profile_meets_the_requirements_of_its_concurrent_requests() -> None:
    operations = {each.name: each.operation for each in OPERATIONS}
    mix = {
        operations["inventory: read, audited"]: FRACTION_OF_READS,
        operations["inventory: create"]: 1 - FRACTION_OF_READS,
    }
    rate = IN_FLIGHT / (TARGET_MS / 1_000)
    function, table = ENVIRONMENTS["prod"].function, ENVIRONMENTS["prod"].table
    required = model.requirements(mix, function.memory_mb or 0, rate)
    assert required.concurrency <= (function.reserved_concurrency or 0) < required.concurrency * 1.05
    for maximum, units in ((table.max_read_capacity, required.reads), (table.max_write_capacity, required.writes)):
        assert units <= (maximum or 0) * SCALING_TARGET_PERCENT / 100 < units * 1.05
    assert (table.read_capacity, table.write_capacity) == (50, 50)
    assert required.key_writes < PARTITION_WRITES.value
    for operation in mix:
        times = model.response_ms(operation, function.memory_mb or 0, COLD_START_PERCENT.value / 100)
        assert times.percentile(99) < TARGET_MS


def test_page_contains_the_reserved_concurrency_of_split_functions() -> None:
    args = TapStackArgs("prod", service="inventory", split_functions=True)
    reserved = [
        args.function_settings(function).reserved_concurrency or 0 for function in args.service_definition().functions
    ]
    assert f"a total of {sum(reserved)} executions" in PAGE
    shared = TapStackArgs(
        "prod", service="inventory", split_functions=True, function=FunctionSettings(reserved_concurrency=-1)
    )
    functions = shared.service_definition().functions
    assert {shared.function_settings(function).reserved_concurrency for function in functions} == {-1}


def test_command_prints_the_tables_of_some_services(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scaling", "--service", "items", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["recommended"]
    assert [(row["request"], row["environment"]) for row in rows] == [
        ("items: read", "prod"),
        ("items: create", "prod"),
    ]
    assert main(["scaling"]) == 0
    assert "\nrequest " in capsys.readouterr().out


def test_command_reports_services_without_a_workload(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_service(monkeypatch, load("items").default)
    assert main(["scaling", "--service", "items"]) == 1
    printed = capsys.readouterr()
    assert printed.err == (
        "items has no workload. Set workload=Workload(...) in its ServiceFactory, as described in "
        "docs/guides/own-service.md.\n"
    )
    assert not printed.out
    assert main(["scaling", "--service", "items", "--service", "stock"]) == 0
    assert "stock: reserve" in capsys.readouterr().out


def test_cold_start_time_of_a_workload_is_that_of_its_slowest_operation() -> None:
    assert Workload().cold_processor_ms == 0
    assert Workload(reads=(READ,), others=(replace(READ, cold_processor_ms=50),)).cold_processor_ms == 50
