"""The service of the README."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from lib.local.emulator import Emulator
from lib.local.engine import Engine

from ..support.deployments import deploy_file

README = Path("README.md").read_text(encoding="utf-8")
FILE = re.compile(r'```python title="([^"]+)"\n(.*?)```', re.DOTALL)


@pytest.mark.untraced
def test_first_service_stores_and_returns_notes(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in FILE.findall(README):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "notes", raising=False)
    program = tmp_path / "__main__.py"
    with program.open("a", encoding="utf-8") as file:
        file.write('\nimport pulumi\n\npulumi.export("url", stack.api_url)\n')
    engine = Engine(emulator, lambda type_, name: None)
    outputs = deploy_file(program, engine, project="notes", stack="dev", config={}, report=lambda line: None)
    url = f"{outputs['url']}/notes/milk"
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, json.dumps({"text": "two liters"}).encode(), headers, method="PUT")):
        pass
    with urlopen(url) as response:
        assert json.load(response) == {"id": "milk", "text": "two liters"}
