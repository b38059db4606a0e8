"""Lambda workers import botocore only for functions that use it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from lib.assets.lambda_archive import zip_files
from lib.local.emulator import Emulator
from lib.local.server.worker_script import lazy_worker_script

IMPORTED = "import sys\n\ndef handler(event, context):\n    return 'botocore' in sys.modules\n"
INSTRUMENTED = """
import boto3

CLIENT = boto3.client("dynamodb")

def handler(event, context):
    import botocore.handlers
    handlers = botocore.handlers.BUILTIN_HANDLERS
    return sum(getattr(entry[1], "__name__", "") == "_ms_add_invoke_depth" for entry in handlers)
"""


def invoke(emulator: Emulator, code: str, files: Mapping[str, str] | None = None) -> Any:
    """Deploy a function with additional files and return its response."""
    name = f"worker-{uuid.uuid4().hex[:8]}"
    emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    functions = emulator.client("lambda")
    functions.create_function(
        FunctionName=name,
        Role=f"arn:aws:iam::000000000000:role/{name}",
        Runtime="python3.13",
        Handler="index.handler",
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


def test_unknown_worker_script_is_rejected() -> None:
    with pytest.raises(RuntimeError, match="Install the pinned release"):
        lazy_worker_script("def run():\n    pass\n")
