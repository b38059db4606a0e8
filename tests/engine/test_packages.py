"""Packages and data files in archives that the engine builds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ..support.builders import a_function, a_service
from ..support.wheels import Index
from .programs import tap_stack
from .stack import Engine


@pytest.fixture(name="desk")
def desk_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: Index) -> Path:
    """Folder of the handler package `shop.desk`."""
    index.add("stamps", "PRICE = 1\n")
    folder = tmp_path / "sources" / "shop" / "desk"
    folder.mkdir(parents=True)
    for path in (folder.parent / "__init__.py", folder / "__init__.py"):
        path.touch()
    (folder / "operations.py").write_text("def list_parcels(request): ...\n")
    (folder / "logo.png").write_bytes(b"\x89PNG\xff")
    (folder / "requirements.txt").write_text("stamps\n")
    monkeypatch.delitem(sys.modules, "shop", raising=False)  # of an earlier test
    monkeypatch.syspath_prepend(str(tmp_path / "sources"))
    return folder


def test_archive_changes_with_the_files_but_not_with_the_cache_folder(
    engine: Engine, desk: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = a_function(handler="shop.desk.operations", requirements="requirements.txt", files=("*.png",))
    program = tap_stack(a_service(functions=(function,)))
    stack = engine.stack()
    stack.deploy(program)
    index.cache.rename(tmp_path / "of another machine")
    assert stack.deploy(program).operations.keys() == {"same"}
    monkeypatch.setenv("TAP_CACHE_DIR", str(tmp_path / "third"))
    (desk / "logo.png").write_bytes(b"\x89PNG\xfe")
    assert stack.deploy(program).names("update") == ["tap-desk-function"]
