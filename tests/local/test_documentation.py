"""Examples of the service pages and the tutorial."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lib.client import outputs_file as files
from lib.local.emulator import Emulator
from lib.services import SERVICES

from ..support.deployments import deploy_service

PAGES = "".join(path.read_text(encoding="utf-8") for path in sorted(Path("docs/services").glob("*/index.md")))
RESPONSES = [
    "created",
    "read",
    "reserved",
    "repeated",
    "short",
    "sold",
    "delivered",
    "counted",
    "conflict",
    "cart",
    "movements",
]
"""Names of the documents that the stock examples print, in order."""
BLOCK = re.compile(r"<!-- tested: .*? -->\n```sh\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module", name="folder")
def folder_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a virtual environment and the outputs of local deployments, as the examples require."""
    tmp_path = tmp_path_factory.mktemp("checkout")
    stacks = {service: deploy_service(emulator, service, "docs") for service in SERVICES}
    files.write(stacks, tmp_path / "cfn-outputs")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    return tmp_path


def documents(output: str) -> list[Any]:
    """Return the JSON objects in the output of a command."""
    decoder, result, position = json.JSONDecoder(), [], 0
    while (position := output.find("{", position)) >= 0:
        document, position = decoder.raw_decode(output, position)
        result.append(document)
    return result


def run(folder: Path, output: str) -> str:
    """Run the examples that use a stack output, and return their output."""
    if not shutil.which("curl"):
        pytest.skip("curl is required to run the examples")
    (example,) = (example for example in BLOCK.findall(PAGES) if output in example)
    process = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_inventory_examples_have_the_documented_results(folder: Path) -> None:
    printed = run(folder, "inventory_api_url")
    responses = documents(printed)
    assert len(responses) == 9
    created, changed, rejected, batch, page, item, first, deleted, history = responses  # pylint: disable=unbalanced-tuple-unpacking
    assert (created["version"], created["quantity"]) == (1, 30)
    assert (changed["version"], changed["quantity"]) == (2, 8)
    assert rejected["code"] == "PRECONDITION_FAILED"
    assert "412" in printed
    assert '"2"' in printed
    assert [result["status"] for result in batch["results"]] == [201, 201, 200]
    assert len(page["items"]) == 2
    assert page["next_page_token"]
    assert (item["version"], first) == (3, created)
    assert deleted["version"] == 4
    assert [version["version"] for version in history["versions"]] == [4, 3, 2, 1]


@pytest.mark.untraced
def test_stock_examples_have_the_documented_results(folder: Path) -> None:
    printed = run(folder, "stock_api_url")
    responses = documents(printed)
    by_name = dict(zip(RESPONSES, responses, strict=True))
    assert (by_name["created"]["version"], by_name["read"]["available"], by_name["read"]["status"]) == (
        1,
        10,
        "IN_STOCK",
    )
    assert by_name["reserved"] == by_name["repeated"]
    assert (by_name["short"]["code"], by_name["short"]["details"]) == (
        "INSUFFICIENT_STOCK",
        ["product_id ARC-LAMP", "available 2"],
    )
    assert (by_name["sold"]["reference"], by_name["sold"]["lines"][0]["stock_count"]) == ("order 1001", 2)
    assert (by_name["delivered"]["stock_count"], by_name["delivered"]["version"]) == (42, 3)
    assert (by_name["counted"]["stock_count"], by_name["counted"]["version"]) == (41, 4)
    assert by_name["conflict"]["code"] == "VERSION_CONFLICT"
    assert by_name["cart"]["quantity"] == 3
    assert "204\n" in printed
    assert [movement["type"] for movement in by_name["movements"]["movements"]] == ["RELEASED", "RESERVED", "UPDATED"]


FILE = re.compile(r'```(?:toml|python) title="([^"]+)"\n(.*?)```', re.DOTALL)


@pytest.mark.slow
def test_service_of_the_tutorial_is_deployed(tmp_path: Path) -> None:
    for name, content in FILE.findall(Path("docs/getting-started.md").read_text(encoding="utf-8")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    project = tmp_path / "bookmarks-service"
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = project / "bookmarks-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: bookmarks\nVersion: 0.1\n", encoding="utf-8")
    ((group, entries),) = metadata["entry-points"].items()
    lines = [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(project), str(Path.cwd())])}
    command = ["local", "--check", "--service", "bookmarks", "--outputs", str(tmp_path / "outputs")]
    ran = subprocess.run(
        [sys.executable, "-m", "lib", *command], env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "smoke test passed" in ran.stdout
