"""Packages and data files of functions in a local run, whose workers import only what Lambda has."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from lib.assets import packages
from lib.local.emulator import Emulator
from lib.local.hot_reload import Watcher
from lib.local.provisioners import EXISTING_LAYER
from tests.support.wheels import LOCAL, Index

from .conftest import Run
from .test_worker_script import invoke

IMPORTS = """
import importlib

def handler(event, context):
    missing = []
    for name in {names!r}:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as exc:
            missing.append(exc.name)
    return missing
"""
HANDLER = """
import json
from pathlib import Path

import markupsafe
from tap_stack.runtime.event_handler import Response


def show(request):
    logo = Path(__file__).with_name("logo.png").read_bytes()
    found = [markupsafe._escape_inner.__module__, markupsafe.escape("<b>"), logo[0]]
    return Response(200, json.dumps(found))
"""
PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from lib.model import Function, Key, Route, Service, Table
from lib.tap_stack import TapStack, TapStackArgs

function = Function(
    name="api",
    handler="{name}.handler.operations",
    requirements="requirements.txt",
    files=("*.png",),
    routes=(Route(method="GET", path="/show", operation="show"),),
)
table = Table(name="table", variable="TABLE", hash_key=Key("id"))
service = Service(name="{name}", tables=(table,), functions=(function,))
stack = TapStack("s", TapStackArgs(service=service, split_functions={split}))
pulumi.export("name", stack.outputs["lambda_function_name"])
"""
REQUEST = {"httpMethod": "GET", "resource": "/show", "requestContext": {"requestId": "1"}}


def unique(name: str) -> str:
    return f"{name}{uuid.uuid4().hex[:8]}"


def test_worker_imports_the_packages_of_lambda(emulator: Emulator) -> None:
    names = ("json", "ctypes", "boto3", "botocore.session", "s3transfer", "dateutil.tz", "six", "urllib3", "jmespath")
    assert invoke(emulator, IMPORTS.format(names=names)) == []


def test_worker_does_not_import_other_packages_of_the_environment(emulator: Emulator) -> None:
    names = ["pulumi", "rich", "markupsafe", "ministack", "tap_stack", "lib"]
    assert invoke(emulator, IMPORTS.format(names=names)) == names


def test_archive_precedes_the_packages_of_lambda(emulator: Emulator) -> None:
    code = "import six\n\ndef handler(event, context):\n    return six.OWN\n"
    assert invoke(emulator, code, {"six.py": "OWN = 1\n"}) == 1


class Shop:
    """A deployed service with a package and a data file."""

    def __init__(self, run: Run, emulator: Emulator, folder: Path, *, split: bool = False) -> None:
        name = unique("shop")
        self.folder = folder / name / "handler"
        self.folder.mkdir(parents=True)
        (folder / name / "__init__.py").touch()
        (self.folder / "__init__.py").touch()
        (self.folder / "operations.py").write_text(HANDLER)
        (self.folder / "logo.png").write_bytes(b"\x89PNG\xff")
        (self.folder / "requirements.txt").write_text("markupsafe\n")
        self.name = run(PROGRAM.format(folder=str(folder), name=name, split=split))["name"]
        self._lambda = emulator.client("lambda")

    def show(self) -> Any:
        """Return the response of the function."""
        response = json.load(self._lambda.invoke(FunctionName=self.name, Payload=json.dumps(REQUEST))["Payload"])
        return json.loads(response["body"])


@pytest.mark.usefixtures("pypi")
def test_function_uses_a_package_of_pypi_and_reloads_a_data_file(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    shop = Shop(run, emulator, tmp_path)
    assert shop.show() == ["markupsafe._speedups", "&lt;b&gt;", 0x89]
    messages: list[str] = []
    watcher = Watcher(run.engine.archives, messages.append)
    watcher.poll()
    assert not messages
    (shop.folder / "logo.png").write_bytes(b"GIF")
    watcher.poll()
    assert [message.partition(" with ")[2] for message in messages] == [f"{shop.folder.parent.name}/handler/logo.png"]
    assert shop.show() == ["markupsafe._speedups", "&lt;b&gt;", ord("G")]


def test_common_layer_has_packages_for_the_local_interpreter(
    run: Run, emulator: Emulator, tmp_path: Path, index: Index
) -> None:
    index.add("markupsafe", tag="cp313-cp313-manylinux_2_34_x86_64")
    index.add("markupsafe", "def escape(text):\n    return text.upper()\n\n_escape_inner = escape\n", tag=LOCAL)
    shop = Shop(run, emulator, tmp_path, split=True)
    assert shop.show() == ["markupsafe", "<B>", 0x89]
    installed = {path.name for path in (index.cache / packages.FOLDER).glob("*/*")}
    assert "python3.13-x86_64" in installed


def test_layer_on_aws_is_reported(run: Run) -> None:
    arn, name = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3", unique("layered")
    run(
        f"""
        code = pulumi.AssetArchive({{"index.py": pulumi.StringAsset("#")}})
        role = aws.iam.Role("r", name="{name}", assume_role_policy="{{}}")
        aws.lambda_.Function(
            "f", name="{name}", role=role.arn, runtime="python3.13", handler="index.h", code=code, layers=["{arn}"]
        )
        """
    )
    assert run.engine.not_emulated == [(EXISTING_LAYER, arn)]
