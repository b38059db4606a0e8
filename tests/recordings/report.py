"""The message of a test whose program differs from its recording."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import takewhile

from .recording import MISSING, Difference

MAX_DIFFERENCES = 5
MAX_LENGTH = 160
CONTEXT = 40
"""Characters listed before the first difference of two long values."""


def report(name: str, found: Sequence[Difference]) -> str:
    """Return the first differences of a program, and how to write its recording again."""
    listed = found[:MAX_DIFFERENCES]
    first = f"; the first {len(listed)}" if len(listed) < len(found) else ""
    number = f"{len(found)} value{'s' if len(found) > 1 else ''}"
    lines = [f"{name} differs from its recording in {number}{first}:"]
    for difference in listed:
        recorded, registered = _values(difference)
        path = difference.path or "the whole resource"
        lines += [
            f"  {difference.urn}",
            f"    {path}",
            f"      recorded:   {recorded}",
            f"      registered: {registered}",
        ]
    command = f"python -m tests.recordings.write {name}"
    return "\n".join([*lines, f"If the change is intended, write the recording again: {command}"])


def _values(difference: Difference) -> tuple[str, str]:
    before, after = (_text(value) for value in (difference.recorded, difference.registered))
    common = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))))
    start = max(0, common - CONTEXT)
    return _excerpt(before, start), _excerpt(after, start)


def _text(value: object) -> str:
    return "(missing)" if value is MISSING else json.dumps(value, ensure_ascii=False)


def _excerpt(text: str, start: int) -> str:
    if len(text) <= MAX_LENGTH:
        return text
    end = start + MAX_LENGTH
    return f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"
