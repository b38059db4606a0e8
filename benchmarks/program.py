"""What evaluating the program costs, beside importing the packages that no Pulumi program for AWS can do without."""

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
TITLE = f"program: tap.py under Pulumi's mocks, fresh processes, medians of {ROUNDS}, interleaved"
IMPORT = "import pulumi, pulumi_aws"
MODULES = "import pulumi, pulumi_aws, and load the AWS modules used"
PROGRAM = "tap.py"
_TELL = "import json, time; print(json.dumps({'cpu': time.process_time()}))"


class Cost(NamedTuple):
    """Seconds of a process, its interpreter's start included."""

    cpu: float
    wall: float


def report() -> str:
    """Measure the program and what it stands on, taking turns."""
    types = _run(["-m", f"{__package__}.evaluation"])[1]["types"]
    loads = "; ".join(f"pulumi_aws.{module}._utilities" for module in _modules(types))
    commands = {
        IMPORT: ["-c", f"{IMPORT}; {_TELL}"],
        MODULES: ["-c", f"{IMPORT}; {loads}; {_TELL}"],
        PROGRAM: ["-m", f"{__package__}.evaluation"],
    }
    runs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            runs[name].append(_run(command)[0])
    costs = {name: Cost(*(median(column) for column in zip(*found, strict=True))) for name, found in runs.items()}
    title = f"{TITLE}; it registers {len(types)} resources"
    return section(title, _table(costs), targets=_targets(costs))


def _run(command: list[str]) -> tuple[Cost, Any]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "ENVIRONMENT_SUFFIX": "dev"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    wall = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Cost(told["cpu"], wall), told


def _modules(types: list[str]) -> list[str]:
    """The modules of `pulumi_aws` that hold these types: `aws:lambda/function:Function` is in `lambda_`."""
    names = {type_.split(":")[1].split("/")[0] for type_ in types if type_.startswith("aws:")}
    return sorted("lambda_" if name == "lambda" else name for name in names)


def _table(costs: dict[str, Cost]) -> list[list[str]]:
    least = costs[IMPORT]
    head = ["", "cpu ms", "ratio", "wall ms", "ratio"]
    return [head] + [
        [name, f"{c.cpu * 1e3:.0f}", f"{c.cpu / least.cpu:.2f}", f"{c.wall * 1e3:.0f}", f"{c.wall / least.wall:.2f}"]
        for name, c in costs.items()
    ]


def _targets(costs: dict[str, Cost]) -> list[Target]:
    return [
        Target(label=f"cpu of {PROGRAM}, of {IMPORT}", limit=1.5, measured=costs[PROGRAM].cpu / costs[IMPORT].cpu),
    ]
