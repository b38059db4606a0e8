"""What an audit found, as lines for a terminal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from .control import Control
from .controls import CONTROLS
from .evaluate import STATES, Finding

Audited = Mapping[str, Sequence[Finding]]
"""What was found of each deployment, by its name."""

WIDTH = 100


def lines(audited: Audited) -> Iterator[str]:
    """Yield the waived findings with the reasons, the failed findings with the remediation, and a summary."""
    yield from _waived(audited)
    yield from _failed(audited)
    yield ""
    yield _summary(audited)


def data(audited: Audited) -> list[dict[str, str]]:
    """Return every finding with its deployment, as JSON has it."""
    return [
        {
            "deployment": name,
            "control": finding.control.name,
            "title": finding.control.title,
            "severity": finding.control.severity,
            "resource": finding.resource.name,
            "urn": finding.resource.urn,
            "state": finding.state,
            "reason": finding.reason,
            "remediation": finding.control.remedy,
        }
        for name, findings in audited.items()
        for finding in findings
    ]


def failed(audited: Audited) -> bool:
    """Whether anything did."""
    return bool(_found(audited, "failed"))


def _found(audited: Audited, state: str) -> list[tuple[str, Finding]]:
    """Every finding of one state, with its deployment's name."""
    return [(name, finding) for name, findings in audited.items() for finding in findings if finding.state == state]


def counts(audited: Audited) -> list[Sequence[str]]:
    """Return a table of the findings of each control by state. Controls of the same part of AWS follow its name."""
    counted = {state: Counter(finding.control.name for _, finding in _found(audited, state)) for state in STATES}
    rows: list[Sequence[str]] = [["control", "", *STATES]]
    for part, controls in CONTROLS.items():
        evaluated = [
            control for control in controls if any(by_control[control.name] for by_control in counted.values())
        ]
        if evaluated:
            rows.append([part, *[""] * (len(STATES) + 1)])
        for control in evaluated:
            numbers = (by_control[control.name] for by_control in counted.values())
            rows.append([f"  {control.name}", control.title, *(str(number or "-") for number in numbers)])
    return rows


def _waived(audited: Audited) -> Iterator[str]:
    found: dict[str, list[tuple[str, Finding]]] = defaultdict(list)
    for name, finding in _found(audited, "waived"):
        found[finding.reason].append((name, finding))
    yield from ["", "waived"] if found else []
    for reason, findings in found.items():
        controls = dict.fromkeys(finding.control.name for _, finding in findings)
        names = dict.fromkeys(name for name, _ in findings)
        where = "everywhere" if len(names) == len(audited) else ", ".join(names)
        yield from _wrapped(f"{', '.join(controls)}: {len(findings)}, {where}", 2)
        yield from _wrapped(reason, 6)


def _failed(audited: Audited) -> Iterator[str]:
    found: dict[Control, list[str]] = defaultdict(list)
    for name, finding in _found(audited, "failed"):
        found[finding.control].append(f"{name}: {finding.resource.name}")
    yield from ["", "failed"] if found else []
    for control, where in found.items():
        yield from _wrapped(f"{', '.join(control.ids)}, {control.severity}: {control.title}", 2)
        for line in where:
            yield from _wrapped(line, 6)
        yield from _wrapped(f"-> {control.remedy}", 6)


def _wrapped(text: str, indent: int) -> list[str]:
    margin = " " * indent
    return wrap(text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)


def _summary(audited: Audited) -> str:
    judged = {finding.control.name for findings in audited.values() for finding in findings}
    idle = sum(map(len, CONTROLS.values())) - len(judged)
    totals = ", ".join(f"{len(_found(audited, state))} {state}" for state in STATES)
    deployments = f"{len(audited)} deployment{'s' if len(audited) > 1 else ''}"
    return f"{deployments}, {len(judged)} controls: {totals}; {idle} more had nothing to judge"
