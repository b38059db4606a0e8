"""Report of an audit as lines for a terminal and as JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from .control import Control
from .controls import CONTROLS
from .evaluate import STATES, Finding

AuditResult = Mapping[str, Sequence[Finding]]
"""Findings by deployment."""

WIDTH = 100


def lines(result: AuditResult) -> Iterator[str]:
    """Yield the waived findings with their reasons, the failed findings with their remediations, and a summary."""
    yield from _waived_lines(result)
    yield from _failed_lines(result)
    yield ""
    yield _summary(result)


def data(result: AuditResult) -> list[dict[str, str]]:
    """Return every finding with its deployment, as JSON data."""
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
            "remediation": finding.remediation,
        }
        for name, findings in result.items()
        for finding in findings
    ]


def has_failed(result: AuditResult) -> bool:
    """Return whether the result contains a failed finding."""
    return bool(_with_state(result, "failed"))


def _with_state(result: AuditResult, state: str) -> list[tuple[str, Finding]]:
    return [(name, finding) for name, findings in result.items() for finding in findings if finding.state == state]


def counts(result: AuditResult) -> list[Sequence[str]]:
    """Return a table of the number of findings by control and state, with a heading for each group of controls."""
    counted = {state: Counter(finding.control.name for _, finding in _with_state(result, state)) for state in STATES}
    rows: list[Sequence[str]] = [["control", "", *STATES]]
    for group, controls in CONTROLS.items():
        evaluated = [
            control for control in controls if any(by_control[control.name] for by_control in counted.values())
        ]
        if evaluated:
            rows.append([group, *[""] * (len(STATES) + 1)])
        for control in evaluated:
            numbers = (by_control[control.name] for by_control in counted.values())
            rows.append([f"  {control.name}", control.title, *(str(number or "-") for number in numbers)])
    return rows


def _waived_lines(result: AuditResult) -> Iterator[str]:
    by_reason: dict[str, list[tuple[str, Finding]]] = defaultdict(list)
    for name, finding in _with_state(result, "waived"):
        by_reason[finding.reason].append((name, finding))
    yield from ["", "waived"] if by_reason else []
    for reason, findings in by_reason.items():
        controls = dict.fromkeys(finding.control.name for _, finding in findings)
        names = dict.fromkeys(name for name, _ in findings)
        deployments = "all deployments" if len(names) == len(result) else ", ".join(names)
        yield from _wrap(f"{', '.join(controls)}: {len(findings)}, {deployments}", 2)
        yield from _wrap(reason, 6)


def _failed_lines(result: AuditResult) -> Iterator[str]:
    by_control: dict[Control, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, finding in _with_state(result, "failed"):
        by_control[finding.control][finding.remediation].append(f"{name}: {finding.resource.name}")
    yield from ["", "failed"] if by_control else []
    for control, by_remediation in by_control.items():
        yield from _wrap(f"{', '.join(control.ids)}, {control.severity}: {control.title}", 2)
        for remediation, resources in by_remediation.items():
            for line in (*resources, f"-> {remediation}"):
                yield from _wrap(line, 6)


def _wrap(paragraph: str, indent: int) -> list[str]:
    margin = " " * indent
    return wrap(paragraph, WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)


def _summary(result: AuditResult) -> str:
    evaluated = {finding.control.name for findings in result.values() for finding in findings}
    others = sum(map(len, CONTROLS.values())) - len(evaluated)
    totals = ", ".join(f"{len(_with_state(result, state))} {state}" for state in STATES)
    deployments = f"{len(result)} deployment{'s' if len(result) > 1 else ''}"
    return f"{deployments}, {len(evaluated)} controls with matching resources ({others} without). Findings: {totals}."
