"""The arithmetic of queues, against textbook figures, laws and a simulation."""

from __future__ import annotations

import heapq
import random
from math import factorial, inf
from statistics import quantiles

import pytest

from lib.scaling import queueing
from lib.scaling.queueing import Lognormal, Mixture, Queue


def simulated(queue: Queue, arrivals: int) -> list[float]:
    """Waits of arrivals at random, each served by the server that is free first."""
    chance = random.Random(7)  # noqa: S311  # the same every time is what is wanted
    free = [0.0] * queue.servers
    now = 0.0
    waits: list[float] = []
    for _ in range(arrivals):
        now += chance.expovariate(queue.rate_per_second)
        begins = max(now, heapq.heappop(free))
        heapq.heappush(free, begins + chance.expovariate(1 / queue.service_seconds))
        waits.append(begins - now)
    return waits


def test_littles_law_goes_both_ways() -> None:
    assert queueing.in_flight(1000, 0.02) == 20
    assert queueing.closed_rate(1000, 0.02, 0.98) == 1000
    assert queueing.in_flight(queueing.closed_rate(1000, 0.25), 0.25) == 1000


@pytest.mark.parametrize(
    ("offered", "servers", "share"), [(1, 1, 0.5), (2, 2, 0.4), (10, 10, 0.2146), (20, 30, 0.0085)]
)
def test_erlang_b_is_as_tables_have_it(offered: float, servers: int, share: float) -> None:
    assert queueing.refused(offered, servers) == pytest.approx(share, abs=5e-5)


@pytest.mark.parametrize("servers", [1, 5, 12])
def test_erlang_b_is_the_last_term_of_its_series(servers: int) -> None:
    terms = [4.5**number / factorial(number) for number in range(servers + 1)]
    assert queueing.refused(4.5, servers) == pytest.approx(terms[-1] / sum(terms))


def test_servers_are_the_fewest_that_refuse_so_few() -> None:
    servers = queueing.servers_for(20, 0.001)
    assert queueing.refused(20, servers) <= 0.001 < queueing.refused(20, servers - 1)


def test_the_most_that_servers_take_is_where_they_begin_to_refuse_more() -> None:
    most = queueing.most_offered(100, 0.001)
    assert queueing.refused(most, 100) == pytest.approx(0.001)
    assert queueing.servers_for(most, 0.001) == 100


def test_a_second_has_more_arrivals_than_the_mean() -> None:
    assert queueing.most_in_a_second(1000, 0.5) == 1000
    assert queueing.most_in_a_second(1000, 0.001) == pytest.approx(1097.7, abs=0.1)


def test_one_server_waits_as_an_m_m_1_does() -> None:
    queue = Queue(rate_per_second=8, service_seconds=0.1, servers=1)
    assert queue.busy == pytest.approx(0.8)
    assert queue.waiting == pytest.approx(0.8)
    assert queue.mean_wait_seconds == pytest.approx(0.4)
    assert queue.wait_seconds(10) == 0
    assert queue.wait_seconds(99) == pytest.approx(0.5 * 4.382, rel=1e-3)


def test_work_that_never_varies_waits_half_as_long() -> None:
    steady = Queue(rate_per_second=8, service_seconds=0.1, servers=1, service_variation=0)
    assert steady.mean_wait_seconds == pytest.approx(0.2)


def test_bursts_wait_longer() -> None:
    queue = Queue(rate_per_second=30, service_seconds=0.1, servers=4)
    bursts = Queue(rate_per_second=30, service_seconds=0.1, servers=4, arrival_variation=2)
    assert bursts.mean_wait_seconds == pytest.approx(2.5 * queue.mean_wait_seconds)


def test_several_servers_wait_as_a_simulation_of_them_does() -> None:
    queue = Queue(rate_per_second=85, service_seconds=0.1, servers=10)
    waits = simulated(queue, 200_000)
    assert sum(wait > 0 for wait in waits) / len(waits) == pytest.approx(queue.waiting, rel=0.05)
    assert sum(waits) / len(waits) == pytest.approx(queue.mean_wait_seconds, rel=0.1)
    assert quantiles(waits, n=100)[94] == pytest.approx(queue.wait_seconds(95), rel=0.1)


def test_too_few_servers_never_catch_up() -> None:
    queue = Queue(rate_per_second=100, service_seconds=0.1, servers=10)
    assert (queue.waiting, queue.mean_wait_seconds, queue.wait_seconds(50)) == (1, inf, inf)


def test_lognormal_times_have_their_mean_and_variation() -> None:
    times = Lognormal(mean=30, variation=0.5)
    drawn = [times.percentile((number + 0.5) / 100) for number in range(10_000)]
    mean = sum(drawn) / len(drawn)
    assert mean == pytest.approx(30, rel=0.01)
    assert (sum((one - mean) ** 2 for one in drawn) / len(drawn)) ** 0.5 / mean == pytest.approx(0.5, rel=0.02)
    assert times.below(times.percentile(95)) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("share", "percent", "kind"), [(0.005, 99, "usual"), (0.02, 99, "other"), (0.005, 99.9, "other")]
)
def test_a_rare_kind_of_time_is_seen_in_the_percentiles_beyond_its_share(
    share: float, percent: float, kind: str
) -> None:
    mixture = Mixture(usual=Lognormal(mean=30, variation=0.5), other=Lognormal(mean=900, variation=0.1), share=share)
    assert mixture.below(mixture.percentile(percent)) == pytest.approx(percent / 100)
    assert (mixture.percentile(percent) > 500) == (kind == "other")


def test_a_mixture_without_the_other_is_the_usual() -> None:
    usual = Lognormal(mean=30, variation=0.5)
    mixture = Mixture(usual=usual, other=Lognormal(mean=900, variation=0.1), share=0)
    assert mixture.percentile(99) == pytest.approx(usual.percentile(99))
