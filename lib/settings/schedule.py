"""Schedule expressions of Amazon EventBridge and AWS Backup."""

from __future__ import annotations

import re
from typing import NamedTuple

CRON_EXAMPLE = "cron(0 3 * * ? *)"
EXPECTED = f"rate(<number> <unit>), such as rate(5 minutes), or cron(<six fields>), such as {CRON_EXAMPLE}"
RATE_UNITS = ("minute", "hour", "day")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
UNSPECIFIED = "?"


class CronField(NamedTuple):
    """A field of a cron expression."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    """Names of the values, from the lowest."""
    wildcards: str = ", - * /"
    special: str = "(?!)"
    """Pattern of elements with the wildcards L, W and #; `{value}` is a value of the field."""

    def is_valid(self, field: str) -> bool:
        """Return whether a field consists of values, ranges, steps and special elements."""
        value = f"(?:{'|'.join([f'0?{number}' for number in range(self.low, self.high + 1)] + [*self.names])})"
        step = f"(?:/(?:{'|'.join(map(str, range(1, self.high + 1)))}))?" if "/" in self.wildcards else ""
        element = rf"(?:(?:\*|{value}(?:-{value})?){step}|{self.special.replace('{value}', value)})"
        return re.fullmatch(f"{element}(?:,{element})*", field, re.IGNORECASE) is not None


CRON_FIELDS = (
    CronField("minutes", 0, 59),
    CronField("hours", 0, 23),
    CronField("day-of-month", 1, 31, wildcards=", - * ? / L W", special="LW?|{value}W"),
    CronField("month", 1, 12, names=MONTHS),
    CronField("day-of-week", 1, 7, WEEKDAYS, wildcards=", - * ? L #", special="{value}?L|{value}#[1-5]"),
    CronField("year", 1970, 2199),
)
DAY_FIELDS = (2, 4)
"""Positions of the day of the month and the day of the week."""


def schedule_problem(expression: str) -> str:
    """Return the remedy for an invalid rate or cron expression; empty if it is valid."""
    match = re.fullmatch(r"(rate|cron)\(([^()]*)\)", expression, re.ASCII)
    if not match:
        return "Use one of the two forms"
    return _rate_problem(match[2]) if match[1] == "rate" else _cron_problem(match[2])


def is_cron(expression: object) -> bool:
    """Return whether a value is a valid cron expression."""
    return isinstance(expression, str) and expression.startswith("cron(") and not schedule_problem(expression)


def check_schedule(field: str, expression: str) -> None:
    """Raise `ValueError` for an invalid rate or cron expression."""
    if problem := schedule_problem(expression):
        raise ValueError(f"{field} must be {EXPECTED}, got {expression!r}. {problem}.")


def _rate_problem(content: str) -> str:
    match = re.fullmatch(r"([1-9][0-9]*) ([a-z]+)", content)
    if not match or match[2].removesuffix("s") not in RATE_UNITS:
        return f"A rate is an integer from 1, a space, and one of {', '.join(RATE_UNITS)}, or its plural"
    number, unit = match[1], match[2].removesuffix("s")
    expected = unit if number == "1" else f"{unit}s"
    return "" if match[2] == expected else f"Use rate({number} {expected})"


def _cron_problem(content: str) -> str:
    fields = content.split()
    if len(fields) != len(CRON_FIELDS):
        names = ", ".join(field.name for field in CRON_FIELDS)
        return f"A cron expression has six fields ({names}), this one has {len(fields)}"
    if [fields[position] for position in DAY_FIELDS].count(UNSPECIFIED) != 1:
        return "Exactly one of day-of-month and day-of-week must be ?"
    for position, (known, field) in enumerate(zip(CRON_FIELDS, fields, strict=True)):
        if not (position in DAY_FIELDS and field == UNSPECIFIED) and not known.is_valid(field):
            names = f" or {known.names[0]} to {known.names[-1]}" if known.names else ""
            values = f"{known.low} to {known.high}{names}"
            return f"Use {values} and the wildcards {known.wildcards} in the field {known.name} instead of {field}"
    return ""
