"""The message of a test that fails because a program differs from its recording."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import takewhile

from .recording import MISSING, Difference

MAX_DIFFERENCES = 5
MAX_LENGTH = 160
CONTEXT = 40
"""Characters shown before the first difference of two long values."""


def report(name: str, differences: Sequence[Difference]) -> str:
    """Return the first differences of a program, and the command that updates its recording."""
    listed = differences[:MAX_DIFFERENCES]
    first = f"; the first {len(listed)}" if len(listed) < len(differences) else ""
    number = f"{len(differences)} value{'s' if len(differences) > 1 else ''}"
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
    return "\n".join([*lines, f"If the change is intended, update the recording: {command}"])


def _values(difference: Difference) -> tuple[str, str]:
    before, after = (_serialize(value) for value in (difference.recorded, difference.registered))
    common = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))))
    start = max(0, common - CONTEXT)
    return _excerpt(before, start), _excerpt(after, start)


def _serialize(value: object) -> str:
    return "(missing)" if value is MISSING else json.dumps(value, ensure_ascii=False)


def _excerpt(value: str, start: int) -> str:
    if len(value) <= MAX_LENGTH:
        return value
    end = start + MAX_LENGTH
    return f"{'...' if start else ''}{value[start:end]}{'...' if end < len(value) else ''}"
