"""Schedule expressions: the grammar of EventBridge."""

from __future__ import annotations

import re

import pytest

from lib.components.compute.function_target import FunctionTarget
from lib.components.compute.schedule import ScheduleArgs
from lib.settings.schedule import check_schedule, is_cron, schedule_problem

RATES = ["rate(1 minute)", "rate(5 minutes)", "rate(1 hour)", "rate(12 hours)", "rate(1 day)", "rate(365 days)"]
CRONS = [
    "cron(0 3 * * ? *)",
    "cron(00 03 * * ? *)",
    "cron(0/15 * * * ? *)",
    "cron(*/5 8-17 ? * MON-FRI *)",
    "cron(0,30 */6 1,15 JAN,jul ? 2026-2030)",
    "cron(10-50/20 9 ? 1-6 2,4 2026/2)",
    "cron(0 9 L * ? *)",
    "cron(0 9 3W * ? *)",
    "cron(0 10 ? * 6L *)",
    "cron(0 9 ? * L *)",
    "cron(0 9 ? * TUE#1 *)",
    "cron(59 23 31 12 ? 2199)",
    "cron(0  9\t? * 7 1970)",
]
NOT_A_RATE = r"A rate is an integer from 1, a space, and one of minute, hour, day, or its plural\."
SIX_FIELDS = r"A cron expression has six fields \(minutes, hours, day-of-month, month, day-of-week, year\)"
ONE_UNSPECIFIED = r"Exactly one of day-of-month and day-of-week must be \?\."


@pytest.mark.parametrize("expression", [*RATES, *CRONS])
def test_valid_expression_has_no_problem(expression: str) -> None:
    assert not schedule_problem(expression)
    check_schedule("rate", expression)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("daily", r"Use one of the two forms\."),
        ("at(2027-01-01T00:00:00)", "Use one of the two forms"),
        ("rate(1 minute)\n", "Use one of the two forms"),
        (" rate(1 minute)", "Use one of the two forms"),
        ("rate(5 minute)", r"Use rate\(5 minutes\)\."),
        ("rate(1 hours)", r"Use rate\(1 hour\)\."),
        ("rate()", NOT_A_RATE),
        ("rate(minutes)", NOT_A_RATE),
        ("rate(0 minutes)", NOT_A_RATE),
        ("rate(-5 minutes)", NOT_A_RATE),
        ("rate(1.5 hours)", NOT_A_RATE),
        ("rate(05 minutes)", NOT_A_RATE),
        ("rate(\u0665 minutes)", NOT_A_RATE),
        ("rate(5  minutes)", NOT_A_RATE),
        ("rate(5 Minutes)", NOT_A_RATE),
        ("rate(5 minutess)", NOT_A_RATE),
        ("rate(30 seconds)", NOT_A_RATE),
        ("rate(2 weeks)", NOT_A_RATE),
        ("cron()", f"{SIX_FIELDS}, this one has 0"),
        ("cron(0 3 * * *)", f"{SIX_FIELDS}, this one has 5"),
        ("cron(0 3 * * ? * *)", f"{SIX_FIELDS}, this one has 7"),
        ("cron(0 3 * * * *)", ONE_UNSPECIFIED),
        ("cron(0 3 1 * 2 *)", ONE_UNSPECIFIED),
        ("cron(0 3 ? * ? *)", ONE_UNSPECIFIED),
        ("cron(60 3 * * ? *)", r"Use 0 to 59 and the wildcards , - \* / in the field minutes instead of 60\."),
        ("cron(? 3 1 * * *)", ONE_UNSPECIFIED),
        ("cron(? 3 1 * ? *)", ".*in the field minutes instead of \\?"),
        ("cron(0 24 * * ? *)", "Use 0 to 23 .* in the field hours instead of 24"),
        ("cron(0 */24 * * ? *)", r".*in the field hours instead of \*/24"),
        ("cron(0 3 0 * ? *)", r"Use 1 to 31 and the wildcards , - \* \? / L W in the field day-of-month instead of 0"),
        ("cron(0 3 32W * ? *)", ".*in the field day-of-month instead of 32W"),
        ("cron(0 3 1# * ? *)", ".*in the field day-of-month instead of 1#"),
        ("cron(0 3 * 13 ? *)", "Use 1 to 12 or JAN to DEC .* in the field month instead of 13"),
        ("cron(0 3 * JANUARY ? *)", ".*in the field month instead of JANUARY"),
        ("cron(0 3 ? * 0 *)", r"Use 1 to 7 or SUN to SAT .* , - \* \? L # in the field day-of-week instead of 0"),
        ("cron(0 3 ? * 2/2 *)", ".*in the field day-of-week instead of 2/2"),
        ("cron(0 3 ? * 2#6 *)", ".*in the field day-of-week instead of 2#6"),
        ("cron(0 3 * * ? 1969)", "Use 1970 to 2199 .* in the field year instead of 1969"),
        ("cron(0 3, * * ? *)", ".*in the field hours instead of 3,"),
        ("cron(0 3- * * ? *)", ".*in the field hours instead of 3-"),
    ],
)
def test_invalid_expression_is_rejected_with_what_to_change(expression: str, problem: str) -> None:
    start = re.escape("rate must be rate(<number> <unit>), such as rate(5 minutes), or cron(<six fields>), such as ")
    with pytest.raises(ValueError, match=f"^{start}.*, got {re.escape(repr(expression))}\\. {problem}"):
        check_schedule("rate", expression)


@pytest.mark.parametrize("expression", CRONS)
def test_cron_expression_is_recognized(expression: str) -> None:
    assert is_cron(expression)


@pytest.mark.parametrize("value", [*RATES, "cron(0 3 * * *)", "", None, 3])
def test_other_values_are_no_cron_expression(value: object) -> None:
    assert not is_cron(value)


def test_schedule_component_rejects_an_invalid_expression() -> None:
    with pytest.raises(ValueError, match=r"^rate must be .*, got 'rate\(5 minute\)'\. Use rate\(5 minutes\)\.$"):
        ScheduleArgs(name="x", schedule="x", rate="rate(5 minute)", function=FunctionTarget(name="x", arn="arn:x"))
