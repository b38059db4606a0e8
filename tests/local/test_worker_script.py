"""Script of the processes that run Lambda functions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from ministack.core import lambda_runtime

from lib.assets.lambda_archive import zip_files
from lib.local.emulator import Emulator
from lib.local.server.worker_logs import END_OF_LOG
from lib.local.server.worker_script import delimited_worker_script, detailed_worker_script, lazy_worker_script

IMPORTED = "import sys\n\ndef handler(event, context):\n    return 'botocore' in sys.modules\n"
INSTRUMENTED = """
import boto3

CLIENT = boto3.client("dynamodb")

def handler(event, context):
    import botocore.handlers
    handlers = botocore.handlers.BUILTIN_HANDLERS
    return sum(getattr(entry[1], "__name__", "") == "_ms_add_invoke_depth" for entry in handlers)
"""


def invoke(
    emulator: Emulator,
    code: str,
    files: Mapping[str, str] | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """Deploy a function with additional files and return its response."""
    name = f"worker-{uuid.uuid4().hex[:8]}"
    emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    functions = emulator.client("lambda")
    functions.create_function(
        FunctionName=name,
        Role=f"arn:aws:iam::000000000000:role/{name}",
        Runtime="python3.13",
        Handler="index.handler",
        Environment={"Variables": dict(variables)},
        Code={"ZipFile": zip_files({"index.py": code, **(files or {})})},
    )
    return json.load(functions.invoke(FunctionName=name)["Payload"])


def test_botocore_is_not_imported_for_other_functions(emulator: Emulator) -> None:
    assert invoke(emulator, IMPORTED) is False


def test_clients_of_a_function_are_instrumented(emulator: Emulator) -> None:
    assert invoke(emulator, INSTRUMENTED) == 1


def test_functions_do_not_inherit_the_log_level_of_the_emulator(emulator: Emulator) -> None:
    code = "import os\n\ndef handler(event, context):\n    return os.environ.get('LOG_LEVEL')\n"
    assert invoke(emulator, code) is None


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import os\n\nTABLE = os.environ['NOTE_TABLE']\n",
            r"KeyError: 'NOTE_TABLE' at /\S+/code/index\.py:3\. Variables of the function: NOTES_TABLE, NOTES_TOPIC$",
        ),
        ("def parse():\n    1 / 0\n\nparse()\n", r"ZeroDivisionError: division by zero at /\S+/code/index\.py:2$"),
        ("{}['a']\n", r"KeyError: 'a' at /\S+/code/index\.py:1$"),
        ("def other(event, context): ...\n", r"AttributeError: module 'index' has no attribute 'handler'$"),
        (
            "import tap_stack.tools\n",
            r"ValueError: no at /\S+/code/index\.py:1$",
        ),
    ],
)
def test_error_at_the_start_has_its_type_and_line(emulator: Emulator, code: str, message: str) -> None:
    variables = {"NOTES_TOPIC": "b", "NOTES_TABLE": "a"}
    response = invoke(emulator, code, {"tap_stack/tools.py": "raise ValueError('no')\n"}, variables)
    assert re.search(rf"Worker init failed: {message}", response["errorMessage"])


def test_worker_marks_the_end_of_the_log_of_each_invocation(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text("def handler(event, context):\n    print(1 / event, end='')\n", encoding="utf-8")
    init = {"code_dir": str(tmp_path), "module": "index", "handler": "handler"}
    messages = [init, *({"event": event} for event in (1, 0, 2))]
    script = delimited_worker_script(lambda_runtime._PYTHON_WORKER_SCRIPT)  # pylint: disable=protected-access  # it has no public name
    done = subprocess.run(
        [sys.executable, "-c", script],
        input="\n".join(map(json.dumps, messages)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["ready", "ok", "error", "ok"]
    assert done.stderr == f"1.0{END_OF_LOG}\n{END_OF_LOG}\n0.5{END_OF_LOG}\n"


@pytest.mark.parametrize("correct", [lazy_worker_script, detailed_worker_script, delimited_worker_script])
def test_unknown_worker_script_is_rejected(correct: Callable[[str], str]) -> None:
    with pytest.raises(RuntimeError, match="Install the pinned release"):
        correct("def run():\n    pass\n")
