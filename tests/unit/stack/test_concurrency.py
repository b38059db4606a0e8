"""Reserved concurrency within the quota of an account."""

from __future__ import annotations

import pytest

from lib.stack.concurrency import within_quota


@pytest.mark.parametrize(
    ("reserved", "quota", "expected"),
    [
        ({"api": 530}, 1_000, {"api": 530}),
        ({"api": 530}, 630, {"api": 530}),
        ({"api": 530}, 629, {"api": 529}),
        ({"api": 530}, 110, {"api": 10}),
        ({"api": 530}, 109, {"api": -1}),
        ({"api": 530}, 10, {"api": -1}),
        ({"api": 5}, 105, {"api": 5}),
        ({"api": -1, "sweep": 0}, 10, {"api": -1, "sweep": 0}),
        ({"api": 530, "watch": -1, "stopped": 0}, 300, {"api": 200, "watch": -1, "stopped": 0}),
        ({"api": 530, "watch": -1, "stopped": 0}, 50, {"api": -1, "watch": -1, "stopped": 0}),
        ({"desk": 530, "sweep": 530}, 1_000, {"desk": 450, "sweep": 450}),
        ({"desk": 600, "sweep": 1}, 200, {"desk": 99, "sweep": 1}),
        ({str(number): 50 for number in range(20)}, 119, {str(number): -1 for number in range(20)}),
        ({str(number): 50 for number in range(20)}, 120, {str(number): 1 for number in range(20)}),
        ({}, 10, {}),
    ],
)
def test_reservations_are_reduced_to_what_the_quota_allows(
    reserved: dict[str, int], quota: int, expected: dict[str, int]
) -> None:
    assert within_quota(reserved, quota) == expected


@pytest.mark.parametrize("quota", [110, 131, 250, 517, 1_000])
def test_reservations_never_exceed_what_aws_lets_a_stack_reserve(quota: int) -> None:
    reserved = {"a": 530, "b": 20, "c": 1, "d": 77, "e": 900}
    reduced = within_quota(reserved, quota)
    assert 0 < sum(reduced.values()) <= quota - 100
    assert all(0 < reduced[name] <= number for name, number in reserved.items())
