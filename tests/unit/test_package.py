"""The package under its other name, as pip installs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tap_stack.assets.lambda_archive import sources
from tap_stack.tap_stack import TapStackArgs

service = TapStackArgs().description()
print(json.dumps(sources(service, service.functions[0])))
"""


def test_every_package_is_installed() -> None:
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    found = {path.parent.as_posix() for path in Path("lib").rglob("__init__.py")}
    assert settings["package-dir"] == {"tap_stack": "lib"}
    assert {name.replace("tap_stack", "lib").replace(".", "/") for name in settings["packages"]} == found


def test_lambda_code_runs_under_the_name_it_is_installed_by(tmp_path: Path) -> None:
    shutil.copytree("lib", tmp_path / "tap_stack", ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    code = tmp_path / "code"
    for name, text in json.loads(made).items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text(text, encoding="utf-8")
    event = {"httpMethod": "GET", "resource": "/x", "requestContext": {"requestId": "r"}}
    context = "type('Context', (), {'get_remaining_time_in_millis': lambda self: 5000})()"
    call = f"import index; print(index.handler({event!r}, {context})['statusCode'])"
    environment = {**os.environ, "AWS_REGION": "eu-west-1", "DYNAMODB_TABLE_NAME": "t"}
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=code, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "404"


def test_installed_command_is_the_module_under_its_installed_name(tmp_path: Path) -> None:
    scripts = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"tap": "tap_stack.cli:main"}
    (tmp_path / "tap_stack").symlink_to(Path("lib").absolute())
    command = [sys.executable, "-m", "tap_stack", "cost", "--service", "stok"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith("Did you mean 'stock'? Run 'python -m tap_stack cost --help' for help.\n")
