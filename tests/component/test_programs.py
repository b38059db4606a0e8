"""Programs as the Pulumi CLI runs them: without their folder on the module search path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from lib.program.recorder import record_file

from ..support import examples

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

RUN = """
import runpy, sys, pulumi

class Mocks(pulumi.runtime.Mocks):
    def call(self, args):
        return {"region": "us-east-1", "partition": "aws", "accountId": "123456789012", "names": ["a", "b", "c"]}

    def new_resource(self, args):
        print(args.typ)
        return f"{args.name}-id", args.inputs

pulumi.runtime.set_mocks(Mocks(), preview=True)
pulumi.runtime.test(lambda: runpy.run_path(sys.argv[1], run_name="__main__"))()
"""
PROGRAMS = {"tap": Path("tap.py"), **examples.PROGRAMS}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_program_imports_the_library_from_any_folder(program: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", "-c", RUN, str(program.absolute())]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "aws:lambda/function:Function" in run.stdout


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rolout", "none", "^config keys must be known, got 'tap:rolout' "),
        ("lambda_memory_size", "large", "^config lambda_memory_size must be an integer .*, got 'large'"),
        ("environment", "a b", "^environment_suffix must be .*, got 'a b'"),
    ],
)
def test_invalid_config_ends_the_program_without_a_traceback(name: str, value: str, message: str) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        record_file(Path("tap.py"), {name: value})
