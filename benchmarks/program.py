"""Measure the time of running the program, compared with importing the packages that it requires."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from .tables import Target, section

ROUNDS = 9
TITLE = f"program: tap.py with Pulumi mocks in new processes, medians of {ROUNDS} interleaved runs"
IMPORT = "import pulumi, pulumi_aws"
MODULES = "import pulumi, pulumi_aws, and the AWS modules in use"
PROGRAM = "tap.py"
_PRINT_TIME = "import json, time; print(json.dumps({'cpu': time.process_time()}))"


class Cost(NamedTuple):
    """Seconds of a process, including the start of the interpreter."""

    cpu: float
    wall: float


def report() -> str:
    """Measure the program and its imports in interleaved runs."""
    types = _run(["-m", f"{__package__}.evaluation"])[1]["types"]
    imports = "; ".join(f"pulumi_aws.{module}._utilities" for module in _modules(types))
    commands = {
        IMPORT: ["-c", f"{IMPORT}; {_PRINT_TIME}"],
        MODULES: ["-c", f"{IMPORT}; {imports}; {_PRINT_TIME}"],
        PROGRAM: ["-m", f"{__package__}.evaluation"],
    }
    runs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            runs[name].append(_run(command)[0])
    costs = {name: Cost(*(median(column) for column in zip(*samples, strict=True))) for name, samples in runs.items()}
    title = f"{TITLE}; it registers {len(types)} resources"
    return section(title, _table(costs), targets=_targets(costs))


def _run(command: list[str]) -> tuple[Cost, Any]:
    started = time.perf_counter()
    process = subprocess.run(
        [sys.executable, *command],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "ENVIRONMENT_SUFFIX": "dev"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    wall = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{process.stderr}")
    result = json.loads(process.stdout.splitlines()[-1])
    return Cost(result["cpu"], wall), result


def _modules(types: list[str]) -> list[str]:
    """Return the modules of `pulumi_aws` that contain types: `lambda_` for `aws:lambda/function:Function`."""
    names = {type_.split(":")[1].split("/")[0] for type_ in types if type_.startswith("aws:")}
    return sorted("lambda_" if name == "lambda" else name for name in names)


def _table(costs: dict[str, Cost]) -> list[list[str]]:
    baseline = costs[IMPORT]
    head = ["", "cpu ms", "ratio", "wall ms", "ratio"]
    return [head] + [
        [
            name,
            f"{cost.cpu * 1e3:.0f}",
            f"{cost.cpu / baseline.cpu:.2f}",
            f"{cost.wall * 1e3:.0f}",
            f"{cost.wall / baseline.wall:.2f}",
        ]
        for name, cost in costs.items()
    ]


def _targets(costs: dict[str, Cost]) -> list[Target]:
    return [
        Target(
            label=f"cpu time of {PROGRAM}, ratio to {IMPORT}",
            limit=1.5,
            measured=costs[PROGRAM].cpu / costs[IMPORT].cpu,
        ),
    ]
