"""The examples of the service pages and the tutorial."""

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
ANSWERS = ["made", "read", "held", "again", "short", "sold", "delivered", "counted", "overtaken", "cart", "moved"]
"""What the stock examples print, in their order."""
BLOCK = re.compile(r"<!-- tested: .*? -->\n```sh\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module", name="folder")
def folder_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout as the examples need it: an environment with this Python, and the outputs of a local run."""
    tmp_path = tmp_path_factory.mktemp("checkout")
    stacks = {service: deploy_service(emulator, service, "docs") for service in SERVICES}
    files.write(stacks, tmp_path / "cfn-outputs")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    return tmp_path


def documents(text: str) -> list[Any]:
    """The JSON objects among other text, in their order."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while (at := text.find("{", at)) >= 0:
        document, at = decoder.raw_decode(text, at)
        found.append(document)
    return found


def run(folder: Path, about: str) -> str:
    """What the examples of a service print."""
    if not shutil.which("curl"):
        pytest.skip("there is no curl to run the examples with")
    (example,) = (example for example in BLOCK.findall(PAGES) if about in example)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_inventory_examples_do_what_they_say(folder: Path) -> None:
    printed = run(folder, "inventory_api_url")
    answers = documents(printed)
    assert len(answers) == 9
    made, changed, refused, batch, page, item, old, gone, history = answers  # pylint: disable=unbalanced-tuple-unpacking
    assert (made["version"], made["quantity"]) == (1, 30)
    assert (changed["version"], changed["quantity"]) == (2, 8)
    assert refused["code"] == "PRECONDITION_FAILED"
    assert "412" in printed
    assert '"2"' in printed
    assert [result["status"] for result in batch["results"]] == [201, 201, 200]
    assert len(page["items"]) == 2
    assert page["next_page_token"]
    assert (item["version"], old) == (3, made)
    assert gone["version"] == 4
    assert [version["version"] for version in history["versions"]] == [4, 3, 2, 1]


@pytest.mark.untraced
def test_the_stock_examples_do_what_they_say(folder: Path) -> None:
    printed = run(folder, "stock_api_url")
    answers = documents(printed)
    told = dict(zip(ANSWERS, answers, strict=True))
    assert (told["made"]["version"], told["read"]["available"], told["read"]["status"]) == (1, 10, "IN_STOCK")
    assert told["held"] == told["again"]
    assert (told["short"]["code"], told["short"]["details"]) == (
        "INSUFFICIENT_STOCK",
        ["product_id ARC-LAMP", "available 2"],
    )
    assert (told["sold"]["reference"], told["sold"]["lines"][0]["stock_count"]) == ("order 1001", 2)
    assert (told["delivered"]["stock_count"], told["delivered"]["version"]) == (42, 3)
    assert (told["counted"]["stock_count"], told["counted"]["version"]) == (41, 4)
    assert told["overtaken"]["code"] == "VERSION_CONFLICT"
    assert told["cart"]["quantity"] == 3
    assert "204\n" in printed
    assert [movement["type"] for movement in told["moved"]["movements"]] == ["RELEASED", "RESERVED", "UPDATED"]


FILE = re.compile(r'```(?:toml|python) title="([^"]+)"\n(.*?)```', re.DOTALL)


@pytest.mark.slow
def test_service_of_the_tutorial_is_deployed(tmp_path: Path) -> None:
    files = FILE.findall(Path("docs/getting-started.md").read_text(encoding="utf-8"))
    for name, content in [*files, ("bookmarks-service/bookmarks/handler/__init__.py", "")]:
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
