"""Audits of Pulumi programs."""

from __future__ import annotations

from collections.abc import Sequence

from ..console import Terminal
from ..program.recorder import Deployment
from ..program.runs import ProgramRun
from .evaluate import Finding, audit
from .graph import graph_of


def audit_services(runs: Sequence[ProgramRun], terminal: Terminal) -> dict[str, list[Finding]]:
    """Audit the runs of the program of a project. Return the findings by deployment.

    The findings of a selected service are those of the resources of its stacks.
    """
    findings = {}
    for run in runs:
        name = f"{run.label}-{run.environment}"
        terminal.show_transient(f"  {name} ...")
        deployment = run.record()
        findings[name] = _findings(deployment, run)
    terminal.show_transient("")
    return findings


def audit_program(run: ProgramRun) -> dict[str, list[Finding]]:
    """Audit all resources of a custom program, which needs no `TapStack`. Return the findings by program path."""
    deployment = run.record()
    run.check_environment(deployment.stacks)
    return {run.program.path.as_posix(): list(audit(graph_of(deployment)))}


def _findings(deployment: Deployment, run: ProgramRun) -> list[Finding]:
    findings = list(audit(graph_of(deployment)))
    selected = run.select(deployment.stacks)
    if len(selected) == len(deployment.stacks):
        return findings
    urns = {resource.urn for stack in selected for resource in deployment.resources_of(stack)}
    return [finding for finding in findings if finding.resource.urn in urns]
