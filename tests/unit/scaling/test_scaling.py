"""The capacity model, and the numbers of docs/production/scaling.md."""

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
from lib.scaling.report import RATE, TARGET_MS, advised, measured
from lib.services import BUILT_IN, load
from lib.settings import ApiSettings, AuthorizationSettings, FunctionSettings, TableSettings
from lib.settings.environments import ENVIRONMENTS
from lib.stack.args import TapStackArgs

from ...support.builders import replace_service

pytestmark = pytest.mark.slow

PAGE = Path("docs/production/scaling.md").read_text(encoding="utf-8")
OPERATIONS = measured(BUILT_IN)
READ = Operation(
    name="read",
    trigger="GET /items/{ItemId}",
    table_read_units=1,
    round_trips=(ROUND_TRIP, ROUND_TRIP),
    processor_ms=1.5,
    cold_processor_ms=40,
)
WRITE = Operation(name="create", trigger="POST /items", table_write_units=4, partition_write_units=1, processor_ms=1.5)


def test_processor_time_comes_in_proportion_to_memory_up_to_one() -> None:
    assert processor_share(VCPU_MEMORY.value) == processor_share(2 * VCPU_MEMORY.value) == 1
    assert processor_share(VCPU_MEMORY.value / 8) == 0.125


def test_a_function_computes_by_its_memory_and_waits_all_the_same() -> None:
    waits = 2 * ROUND_TRIP.value
    assert READ.duration_ms(VCPU_MEMORY.value) == 1.5 + RUNTIME_OVERHEAD.value + waits
    assert READ.duration_ms(VCPU_MEMORY.value / 10) == pytest.approx(10 * (1.5 + RUNTIME_OVERHEAD.value) + waits)


def test_a_cold_start_imports_at_the_speed_of_its_memory() -> None:
    times = model.response_ms(READ, VCPU_MEMORY.value / 2)
    assert times.other.mean - times.usual.mean == ENVIRONMENT_START.value + 80


def test_few_cold_starts_are_seen_in_few_answers() -> None:
    warm, some_cold = model.response_ms(READ, 512), model.response_ms(READ, 512, 0.002)
    assert some_cold.percentile(95) == pytest.approx(warm.percentile(95), rel=0.02)
    assert some_cold.percentile(99.9) > warm.percentile(99.9) + 100


def test_short_requests_take_concurrency_for_their_rate_and_long_ones_for_their_time() -> None:
    assert model.offered(READ, VCPU_MEMORY.value, 1000) == pytest.approx(22)
    assert model.concurrency(READ, VCPU_MEMORY.value, 1000) == 110
    slow = replace(READ, round_trips=(ROUND_TRIP,) * 100)
    assert model.concurrency(slow, VCPU_MEMORY.value, 1000) > model.offered(slow, VCPU_MEMORY.value, 1000) > 500


def stops(operation: Operation, args: TapStackArgs) -> tuple[str, float]:
    most = model.limits(operation, args).at_first
    return min(most.items(), key=lambda limit: limit[1])


def test_a_deployment_stops_at_the_least_of_its_figures() -> None:
    api = ApiSettings(throttle_rate_per_second=100)
    busy = FunctionSettings(reserved_concurrency=7, memory_mb=1769)
    assert stops(READ, TapStackArgs()) == ("the stage's throttle", 17)
    assert stops(READ, TapStackArgs(api=api, function=busy)) == ("10 for each unit of concurrency", 70)
    slow = replace(READ, round_trips=(ROUND_TRIP,) * 100)
    what, rate = stops(slow, TapStackArgs(api=api, function=busy))
    assert (what, rate < 7 / 0.5) == ("concurrency", True)


def test_a_route_stops_at_its_own_throttle() -> None:
    read = Operation(name="read", trigger="GET /inventory/{productId}")
    assert stops(read, TapStackArgs(service="stock")) == ("the route's throttle", 250)
    keyed = replace(read, trigger="GET /inventory/{productId}/level")
    assert stops(keyed, TapStackArgs(service="stock")) == ("the stage's throttle", 10_000)


def test_tables_that_are_provisioned_begin_small_and_scale() -> None:
    table = TableSettings(billing_mode="PROVISIONED", read_capacity=3, write_capacity=20)
    found = model.limits(WRITE, TapStackArgs(service="inventory", table=table))
    assert (found.at_first["a table's writes"], found.scaled["a table's writes"]) == (5, 50)
    read = model.limits(READ, TapStackArgs(table=table))
    assert (read.at_first["a table's reads"], read.scaled["a table's reads"]) == (3, 30)
    assert "a table's writes" not in read.at_first


def test_one_key_of_an_index_stops_what_writes_it() -> None:
    assert stops(WRITE, TapStackArgs(service="inventory"))[1] == 1000
    assert model.limits(WRITE, TapStackArgs(service="inventory")).at_first["one key of an index"] == 1000


def test_a_quota_counts_where_a_key_is_asked_for() -> None:
    keyed = TapStackArgs(authorization=AuthorizationSettings(type="API_KEY"), api=ApiSettings(quota_per_month=5000))
    assert model.limits(READ, TapStackArgs()).quota is None
    assert model.limits(READ, keyed).quota == 5000
    assert model.limits(OPERATIONS[-1].operation, TapStackArgs(service="stock")).quota == 1_000_000_000


def test_a_month_costs_the_more_the_more_memory_it_has() -> None:
    assert model.lambda_usd(READ, 128, 1000) < model.lambda_usd(READ, 512, 1000) < model.lambda_usd(READ, 1769, 1000)


def test_what_is_advised_takes_the_rate_within_the_target() -> None:
    for one in OPERATIONS:
        found = model.limits(one.operation, advised(one.service))
        assert min(found.at_first.values()) >= RATE, one.name
        assert model.response_ms(one.operation, found.memory_mb, 0.01).percentile(99) < TARGET_MS, one.name


def test_what_is_assumed_says_what_would_tell_it() -> None:
    assert all(one.source and (one.measure or one.kind == "published") for one in QUANTITIES)


IN_FLIGHT = 1_000
"""Concurrent requests that 000 requires."""
SHARE_OF_READS = 0.9


def test_production_profile_has_what_its_concurrent_requests_need() -> None:
    operations = {one.name: one.operation for one in OPERATIONS}
    mix = {
        operations["inventory: read, audited"]: SHARE_OF_READS,
        operations["inventory: create"]: 1 - SHARE_OF_READS,
    }
    rate = IN_FLIGHT / (TARGET_MS / 1_000)
    function, table = ENVIRONMENTS["prod"].function, ENVIRONMENTS["prod"].table
    needed = model.need(mix, function.memory_mb or 0, rate)
    assert needed.concurrency <= (function.reserved_concurrency or 0) < needed.concurrency * 1.05
    for ceiling, units in ((table.max_read_capacity, needed.reads), (table.max_write_capacity, needed.writes)):
        assert units <= (ceiling or 0) * SCALING_TARGET_PERCENT / 100 < units * 1.05
    assert (table.read_capacity, table.write_capacity) == (50, 50)
    assert needed.key_writes < PARTITION_WRITES.value
    for one in mix:
        assert (
            model.response_ms(one, function.memory_mb or 0, COLD_START_PERCENT.value / 100).percentile(99) < TARGET_MS
        )


def test_the_page_lists_what_split_functions_reserve() -> None:
    args = TapStackArgs("prod", service="inventory", split_functions=True)
    reserved = [args.function_settings(function).reserved_concurrency or 0 for function in args.description().functions]
    assert f"reserves its own number instead, {sum(reserved)}\n" in PAGE
    shared = TapStackArgs(
        "prod", service="inventory", split_functions=True, function=FunctionSettings(reserved_concurrency=-1)
    )
    functions = shared.description().functions
    assert {shared.function_settings(function).reserved_concurrency for function in functions} == {-1}


def test_command_prints_the_tables_of_some_services(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scaling", "--service", "items", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["advised"]
    assert [(row["request"], row["environment"]) for row in rows] == [
        ("items: read", "prod"),
        ("items: create", "prod"),
    ]
    assert main(["scaling"]) == 0
    assert "\nrequest " in capsys.readouterr().out


def test_command_names_services_without_a_workload(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_service(monkeypatch, load("items").default)
    assert main(["scaling", "--service", "items"]) == 1
    printed = capsys.readouterr()
    assert printed.err == (
        "items has no workload. Set workload=Workload(...) in its ServiceFactory: see CONTRIBUTING.md.\n"
    )
    assert not printed.out
    assert main(["scaling", "--service", "items", "--service", "stock"]) == 0
    assert "stock: reserve" in capsys.readouterr().out


def test_workload_starts_as_slowly_as_its_slowest_operation() -> None:
    assert Workload().cold_processor_ms == 0
    assert Workload(reads=(READ,), others=(replace(READ, cold_processor_ms=50),)).cold_processor_ms == 50
