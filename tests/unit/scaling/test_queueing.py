"""Queueing theory, compared with textbook values, laws and a simulation."""

from __future__ import annotations

import heapq
import random
from math import factorial, inf
from statistics import quantiles

import pytest

from lib.scaling import queueing
from lib.scaling.queueing import Lognormal, Mixture, Queue


def simulate(queue: Queue, arrivals: int) -> list[float]:
    """Simulate random arrivals at a first-come, first-served queue, and return their waiting times."""
    generator = random.Random(7)  # noqa: S311  # reproducible
    free_at = [0.0] * queue.servers
    now = 0.0
    waits: list[float] = []
    for _ in range(arrivals):
        now += generator.expovariate(queue.rate_per_second)
        start = max(now, heapq.heappop(free_at))
        heapq.heappush(free_at, start + generator.expovariate(1 / queue.service_seconds))
        waits.append(start - now)
    return waits


def test_littles_law_and_closed_loop_rate_are_inverse() -> None:
    assert queueing.in_flight(1000, 0.02) == 20
    assert queueing.closed_loop_rate(1000, 0.02, 0.98) == 1000
    assert queueing.in_flight(queueing.closed_loop_rate(1000, 0.25), 0.25) == 1000


@pytest.mark.parametrize(
    ("load", "servers", "probability"), [(1, 1, 0.5), (2, 2, 0.4), (10, 10, 0.2146), (20, 30, 0.0085)]
)
def test_erlang_b_has_textbook_values(load: float, servers: int, probability: float) -> None:
    assert queueing.blocking_probability(load, servers) == pytest.approx(probability, abs=5e-5)


@pytest.mark.parametrize("servers", [1, 5, 12])
def test_erlang_b_is_the_last_normalized_term_of_its_series(servers: int) -> None:
    terms = [4.5**number / factorial(number) for number in range(servers + 1)]
    assert queueing.blocking_probability(4.5, servers) == pytest.approx(terms[-1] / sum(terms))


def test_required_servers_is_the_minimum_for_the_blocking_probability() -> None:
    servers = queueing.required_servers(20, 0.001)
    assert queueing.blocking_probability(20, servers) <= 0.001 < queueing.blocking_probability(20, servers - 1)


def test_max_offered_load_has_the_maximum_blocking_probability() -> None:
    load = queueing.max_offered_load(100, 0.001)
    assert queueing.blocking_probability(load, 100) == pytest.approx(0.001)
    assert queueing.required_servers(load, 0.001) == 100


def test_peak_rate_exceeds_the_mean() -> None:
    assert queueing.peak_rate(1000, 0.5) == 1000
    assert queueing.peak_rate(1000, 0.001) == pytest.approx(1097.7, abs=0.1)


def test_single_server_queue_is_m_m_1() -> None:
    queue = Queue(rate_per_second=8, service_seconds=0.1, servers=1)
    assert queue.utilization == pytest.approx(0.8)
    assert queue.waiting_probability == pytest.approx(0.8)
    assert queue.mean_wait_seconds == pytest.approx(0.4)
    assert queue.wait_seconds(10) == 0
    assert queue.wait_seconds(99) == pytest.approx(0.5 * 4.382, rel=1e-3)


def test_constant_service_time_halves_the_mean_wait() -> None:
    constant = Queue(rate_per_second=8, service_seconds=0.1, servers=1, service_variation=0)
    assert constant.mean_wait_seconds == pytest.approx(0.2)


def test_bursts_increase_the_mean_wait() -> None:
    queue = Queue(rate_per_second=30, service_seconds=0.1, servers=4)
    bursts = Queue(rate_per_second=30, service_seconds=0.1, servers=4, arrival_variation=2)
    assert bursts.mean_wait_seconds == pytest.approx(2.5 * queue.mean_wait_seconds)


def test_several_servers_agree_with_the_simulation() -> None:
    queue = Queue(rate_per_second=85, service_seconds=0.1, servers=10)
    waits = simulate(queue, 200_000)
    assert sum(wait > 0 for wait in waits) / len(waits) == pytest.approx(queue.waiting_probability, rel=0.05)
    assert sum(waits) / len(waits) == pytest.approx(queue.mean_wait_seconds, rel=0.1)
    assert quantiles(waits, n=100)[94] == pytest.approx(queue.wait_seconds(95), rel=0.1)


def test_overloaded_queue_has_infinite_waits() -> None:
    queue = Queue(rate_per_second=100, service_seconds=0.1, servers=10)
    assert (queue.waiting_probability, queue.mean_wait_seconds, queue.wait_seconds(50)) == (1, inf, inf)


def test_lognormal_has_its_mean_and_variation() -> None:
    times = Lognormal(mean=30, variation=0.5)
    samples = [times.percentile((number + 0.5) / 100) for number in range(10_000)]
    mean = sum(samples) / len(samples)
    assert mean == pytest.approx(30, rel=0.01)
    assert (sum((sample - mean) ** 2 for sample in samples) / len(samples)) ** 0.5 / mean == pytest.approx(
        0.5, rel=0.02
    )
    assert times.cdf(times.percentile(95)) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("fraction", "percent", "kind"), [(0.005, 99, "usual"), (0.02, 99, "rare"), (0.005, 99.9, "rare")]
)
def test_rare_times_affect_only_percentiles_above_their_fraction(fraction: float, percent: float, kind: str) -> None:
    usual, rare = Lognormal(mean=30, variation=0.5), Lognormal(mean=900, variation=0.1)
    mixture = Mixture(usual=usual, rare=rare, rare_fraction=fraction)
    assert mixture.cdf(mixture.percentile(percent)) == pytest.approx(percent / 100)
    assert (mixture.percentile(percent) > 500) == (kind == "rare")


def test_mixture_without_rare_times_is_the_usual_distribution() -> None:
    usual = Lognormal(mean=30, variation=0.5)
    mixture = Mixture(usual=usual, rare=Lognormal(mean=900, variation=0.1), rare_fraction=0)
    assert mixture.percentile(99) == pytest.approx(usual.percentile(99))
