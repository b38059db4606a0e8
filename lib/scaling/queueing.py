"""Queueing theory: requests in flight, and the probability of blocking and waiting.

Implements Little's law, the Erlang B formula (arrivals that find all servers busy are blocked), the Erlang C formula
(they wait) and the Allen-Cunneen approximation for other variations of arrival and service times.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, inf, log, sqrt
from statistics import NormalDist

PRECISION = 1e-9


def in_flight(rate_per_second: float, seconds: float) -> float:
    """Return the mean number of requests in flight (Little's law)."""
    return rate_per_second * seconds


def closed_loop_rate(clients: int, response_seconds: float, pause_seconds: float = 0.0) -> float:
    """Return the request rate of clients that wait for each response and then pause (Little's law)."""
    return clients / (response_seconds + pause_seconds)


def blocking_probability(offered_load: float, servers: int) -> float:
    """Return the fraction of arrivals that find all servers busy (Erlang B).

    `offered_load` is the number of requests in flight without a limit. Only the mean of service times matters.
    """
    probability = 1.0
    for number in range(1, servers + 1):
        probability = offered_load * probability / (number + offered_load * probability)
    return probability


def required_servers(offered_load: float, max_blocking: float) -> int:
    """Return the minimum number of servers for a maximum blocking probability."""
    probability, number = 1.0, 0
    while probability > max_blocking:
        number += 1
        probability = offered_load * probability / (number + offered_load * probability)
    return number


def max_offered_load(servers: int, max_blocking: float) -> float:
    """Return the maximum offered load of servers for a maximum blocking probability."""
    low, high = 0.0, float(servers) / (1 - max_blocking)
    while high - low > PRECISION * servers:
        middle = (low + high) / 2
        low, high = (middle, high) if blocking_probability(middle, servers) <= max_blocking else (low, middle)
    return low


def peak_rate(rate_per_second: float, exceeded: float) -> float:
    """Return the arrivals per second that only a fraction `exceeded` of seconds exceeds (normal approximation)."""
    return rate_per_second + NormalDist().inv_cdf(1 - exceeded) * sqrt(rate_per_second)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Servers with an unlimited queue."""

    rate_per_second: float
    service_seconds: float
    servers: int
    service_variation: float = 1.0
    """Coefficient of variation (standard deviation divided by mean) of service times; 1 for M/M/c."""
    arrival_variation: float = 1.0
    """Coefficient of variation of the times between arrivals; 1 for random arrivals, more for bursts."""

    @property
    def utilization(self) -> float:
        """Fraction of busy servers. At 1 or more, the queue grows without limit."""
        return in_flight(self.rate_per_second, self.service_seconds) / self.servers

    @property
    def waiting_probability(self) -> float:
        """Fraction of arrivals that wait (Erlang C)."""
        if self.utilization >= 1:
            return 1.0
        blocking = blocking_probability(self.utilization * self.servers, self.servers)
        return blocking / (1 - self.utilization * (1 - blocking))

    @property
    def mean_wait_seconds(self) -> float:
        """Mean waiting time of all arrivals: exact for M/M/c and, with one server, for M/G/1."""
        if self.utilization >= 1:
            return inf
        variation = (self.arrival_variation**2 + self.service_variation**2) / 2
        idle_servers = self.servers * (1 - self.utilization)
        return self.waiting_probability * self.service_seconds / idle_servers * variation

    def wait_seconds(self, percent: float) -> float:
        """Return a percentile of the waiting time. Positive waiting times are exponential, which is exact for M/M/c."""
        if self.utilization >= 1:
            return inf
        beyond, waiting = 1 - percent / 100, self.waiting_probability
        return 0.0 if beyond >= waiting else self.mean_wait_seconds / waiting * log(waiting / beyond)


@dataclass(frozen=True, kw_only=True)
class Lognormal:
    """Lognormal distribution of times."""

    mean: float
    variation: float
    """Coefficient of variation: standard deviation divided by mean."""

    @property
    def _sigma(self) -> float:
        return sqrt(log(1 + self.variation**2))

    @property
    def _median(self) -> float:
        return self.mean / sqrt(1 + self.variation**2)

    def cdf(self, value: float) -> float:
        """Return the fraction of times below a value."""
        return (1 + erf(log(value / self._median) / (self._sigma * sqrt(2)))) / 2

    def percentile(self, percent: float) -> float:
        """Return the time that `percent` of all times do not exceed."""
        return self._median * exp(self._sigma * NormalDist().inv_cdf(percent / 100))


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Mixture of two distributions of times."""

    usual: Lognormal
    rare: Lognormal
    rare_fraction: float

    def cdf(self, value: float) -> float:
        """Return the fraction of times below a value."""
        return (1 - self.rare_fraction) * self.usual.cdf(value) + self.rare_fraction * self.rare.cdf(value)

    def percentile(self, percent: float) -> float:
        """Return the time that `percent` of all times do not exceed."""
        bounds = (self.usual.percentile(percent), self.rare.percentile(percent))
        low, high = min(bounds), max(bounds)
        while high - low > PRECISION * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self.cdf(middle) < percent / 100 else (low, middle)
        return high
