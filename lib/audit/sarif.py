"""Audit report as SARIF 2.1.0, a format that code scanning services and editors import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .control import Control, Severity
from .controls import CONTROLS
from .evaluate import Finding

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Mapping[Severity, str] = {"low": "note", "medium": "warning", "high": "error", "critical": "error"}
SCORES: Mapping[Severity, str] = {"low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}
"""The middle of the range that GitHub assigns to each severity."""
RULES = [control for controls in CONTROLS.values() for control in controls]


def document(result: Mapping[str, Sequence[Finding]], program: Path) -> dict[str, Any]:
    """Return the failed findings of each deployment of `program`, and the waived findings as suppressed results."""
    uri = program.as_uri() if program.is_absolute() else quote(program.as_posix())
    all_findings = ((name, finding) for name, findings in result.items() for finding in findings)
    run = {
        "tool": {"driver": {"name": "tap-stack audit", "rules": [_rule(control) for control in RULES]}},
        "results": [_result(name, finding, uri) for name, finding in all_findings if finding.state != "passed"],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(control: Control) -> dict[str, Any]:
    return {
        "id": control.name,
        "shortDescription": {"text": control.title},
        "help": {"text": control.remediation},
        "defaultConfiguration": {"level": LEVELS[control.severity]},
        "properties": {"tags": [*control.ids, "security"], "security-severity": SCORES[control.severity]},
    }


def _result(deployment: str, finding: Finding, uri: str) -> dict[str, Any]:
    control, resource = finding.control, finding.resource
    suppression = {"kind": "external", "status": "accepted", "justification": finding.reason}
    location = {"name": resource.name, "fullyQualifiedName": f"{deployment}:{resource.urn}", "kind": "resource"}
    return {
        "ruleId": control.name,
        "ruleIndex": RULES.index(control),
        "level": LEVELS[control.severity],
        "message": {"text": f"{deployment}: {resource.name}: {control.title}. {finding.remediation}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}},
                "logicalLocations": [location],
            }
        ],
        "partialFingerprints": {"deploymentUrn/v1": f"{deployment}:{resource.urn}"},
        "suppressions": [suppression] if finding.state == "waived" else [],
    }
