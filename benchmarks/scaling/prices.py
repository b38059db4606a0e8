"""List prices of us-east-1, each as the page named with it says it."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

SECONDS = 730 * 3600
"""A month, as AWS counts one."""
MILLION = 1_000_000

_API_GATEWAY = "https://aws.amazon.com/api-gateway/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"


class Price(NamedTuple):
    """A price of one kind of use."""

    usd: float
    per: float
    """So many units cost that."""
    page: str
    above: tuple[tuple[float, float], ...] = ()
    """What as many cost above so many units a month."""

    def of(self, amount: float) -> float:
        """What `amount` units cost, each tier its own price."""
        starts = (0.0, *(start for start, _ in self.above), inf)
        prices = (self.usd, *(usd for _, usd in self.above))
        tiers = zip(starts, starts[1:], prices, strict=False)
        return sum(max(0.0, min(amount, end) - start) * usd for start, end, usd in tiers) / self.per


PRICES: Mapping[str, Price] = {
    "api.requests": Price(
        3.50, MILLION, _API_GATEWAY, ((333 * MILLION, 2.80), (1_000 * MILLION, 2.38), (20_000 * MILLION, 1.51))
    ),
    "lambda.requests": Price(0.20, MILLION, _LAMBDA),
    "lambda.x86": Price(0.0000166667, 1, _LAMBDA, ((6e9, 0.000015), (15e9, 0.0000133334))),
    "lambda.provisioned-x86": Price(0.0000041667, 1, _LAMBDA),
}
