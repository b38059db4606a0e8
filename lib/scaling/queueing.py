"""Queueing: how many are in flight, how many are refused or wait, and for how long.

Pure arithmetic.  Little's law; Erlang's B (who finds every server busy goes away) and C (waits), for arrivals at
random; Allen and Cunneen's correction of C for arrivals and work that vary more or less than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, inf, log, sqrt
from statistics import NormalDist

PRECISION = 1e-9


def in_flight(rate_per_second: float, seconds: float) -> float:
    """Little's law: how many there are at once, of what comes at a rate and stays so long."""
    return rate_per_second * seconds


def closed_rate(callers: int, response_seconds: float, pause_seconds: float = 0.0) -> float:
    """What so many callers ask a second who wait for each answer, and then pause: Little's law, turned round."""
    return callers / (response_seconds + pause_seconds)


def refused(offered: float, servers: int) -> float:
    """Erlang B: the share of arrivals that find all servers busy; `offered` is what would be in flight without limit.

    It goes by the mean of the work alone, whatever its distribution.
    """
    share = 1.0
    for number in range(1, servers + 1):
        share = offered * share / (number + offered * share)
    return share


def servers_for(offered: float, share: float) -> int:
    """The fewest servers that refuse at most that share."""
    blocked, number = 1.0, 0
    while blocked > share:
        number += 1
        blocked = offered * blocked / (number + offered * blocked)
    return number


def most_offered(servers: int, share: float) -> float:
    """The most that so many servers take and refuse at most that share of."""
    low, high = 0.0, float(servers) / (1 - share)
    while high - low > PRECISION * servers:
        middle = (low + high) / 2
        low, high = (middle, high) if refused(middle, servers) <= share else (low, middle)
    return low


def most_in_a_second(rate_per_second: float, share: float) -> float:
    """What a second of arrivals at random exceeds in that share of seconds, by the normal approximation."""
    return rate_per_second + NormalDist().inv_cdf(1 - share) * sqrt(rate_per_second)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Servers before which whoever finds all busy waits."""

    rate_per_second: float
    service_seconds: float
    servers: int
    service_variation: float = 1.0
    """Standard deviation over mean; 1 makes it M/M/c."""
    arrival_variation: float = 1.0
    """Of the times between arrivals; 1 is at random, more comes in bursts."""

    @property
    def busy(self) -> float:
        """The share of servers at work; from 1 on the queue grows without end."""
        return in_flight(self.rate_per_second, self.service_seconds) / self.servers

    @property
    def waiting(self) -> float:
        """Erlang C: the share of arrivals that wait."""
        if self.busy >= 1:
            return 1.0
        blocked = refused(self.busy * self.servers, self.servers)
        return blocked / (1 - self.busy * (1 - blocked))

    @property
    def mean_wait_seconds(self) -> float:
        """Of all arrivals: exact for M/M/c and, with one server, for M/G/1."""
        if self.busy >= 1:
            return inf
        variation = (self.arrival_variation**2 + self.service_variation**2) / 2
        return self.waiting * self.service_seconds / (self.servers * (1 - self.busy)) * variation

    def wait_seconds(self, percent: float) -> float:
        """The wait that so many percent do not exceed: who waits, waits exponentially, which M/M/c does exactly."""
        if self.busy >= 1:
            return inf
        beyond = 1 - percent / 100
        return 0.0 if beyond >= self.waiting else self.mean_wait_seconds / self.waiting * log(self.waiting / beyond)


@dataclass(frozen=True, kw_only=True)
class Lognormal:
    """Times that cannot be negative and are now and then much longer than their mean."""

    mean: float
    variation: float
    """Standard deviation over mean."""

    @property
    def _sigma(self) -> float:
        return sqrt(log(1 + self.variation**2))

    @property
    def _median(self) -> float:
        return self.mean / sqrt(1 + self.variation**2)

    def below(self, value: float) -> float:
        """The share of times under a value."""
        return (1 + erf(log(value / self._median) / (self._sigma * sqrt(2)))) / 2

    def percentile(self, percent: float) -> float:
        """The time that so many percent do not exceed."""
        return self._median * exp(self._sigma * NormalDist().inv_cdf(percent / 100))


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Mostly one kind of time, and a share of another."""

    usual: Lognormal
    other: Lognormal
    share: float
    """Of the other."""

    def below(self, value: float) -> float:
        """The share of times under a value."""
        return (1 - self.share) * self.usual.below(value) + self.share * self.other.below(value)

    def percentile(self, percent: float) -> float:
        """The time that so many percent do not exceed."""
        ends = (self.usual.percentile(percent), self.other.percentile(percent))
        low, high = min(ends), max(ends)
        while high - low > PRECISION * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < percent / 100 else (low, middle)
        return high
