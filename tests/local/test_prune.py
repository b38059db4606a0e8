"""Deletion of unused function versions."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lib.client.outputs_file import ALL
from lib.local.emulator import Emulator
from lib.operations import rollout

ROLE = "arn:aws:iam::000000000000:role/pruned"


def archive(result: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("app.py", f"def handler(event, context):\n    return {result!r}\n")
    return content.getvalue()


def create_versions(client: Any, versions: int) -> str:
    """Create a function with a number of versions, and return its ARN."""
    name = f"pruned-{uuid.uuid4().hex[:8]}"
    arn = client.create_function(
        FunctionName=name, Role=ROLE, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": archive("0")}
    )["FunctionArn"]
    for number in range(versions):
        client.update_function_code(FunctionName=name, ZipFile=archive(str(number)))
        client.publish_version(FunctionName=name)
    return str(arn)


def versions_of(client: Any, arn: str) -> list[str]:
    """Return the versions of a function."""
    return [version["Version"] for version in client.list_versions_by_function(FunctionName=arn)["Versions"]]


@pytest.fixture(name="client")
def client_fixture(emulator: Emulator) -> Any:
    with suppress(emulator.client("iam").exceptions.EntityAlreadyExistsException):
        emulator.client("iam").create_role(RoleName=ROLE.rpartition("/")[2], AssumeRolePolicyDocument="{}")
    return emulator.client("lambda")


def test_versions_without_an_alias_are_deleted(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rollout, "regional_client", lambda _service, **_: client)
    with_alias, without_alias = create_versions(client, 5), create_versions(client, 2)
    client.create_alias(
        FunctionName=with_alias,
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"3": 0.1}},
    )
    outputs = {
        "function_arns": {"api": with_alias, "sweep": without_alias},
        "function_names": {"api": "desk-api", "sweep": "desk-sweep"},
    }
    (tmp_path / ALL).write_text(json.dumps({"desk-dev": outputs}), encoding="utf-8")
    assert not rollout.prune_stacks(tmp_path, rollout.Selection(), print)
    assert versions_of(client, with_alias) == ["$LATEST", "1", "3", "5"]
    assert versions_of(client, without_alias) == ["$LATEST", "2"]
    assert capsys.readouterr().out == "desk-api: 2 of 5 versions deleted\ndesk-sweep: 1 of 2 versions deleted\n"
    assert not rollout.prune_stacks(tmp_path, rollout.Selection(), print)
    assert versions_of(client, with_alias) == ["$LATEST", "1", "3", "5"]
