"""Generated documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.cli import main
from lib.docgen.generate import outdated, write
from lib.docgen.project_file import MARKER
from lib.services import SERVICES

pytestmark = pytest.mark.slow

PROJECT = "name: tap\nconfig:\n  tap:own: one\n"


@pytest.fixture(scope="module", name="written")
def written_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project, for which everything was generated."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text(f"{PROJECT}{MARKER}", encoding="utf-8")
    write(outdated(folder))
    return folder


def test_what_is_committed_is_up_to_date() -> None:
    assert main(["docs", "--check"]) == 0


def test_every_service_gets_its_documents(written: Path) -> None:
    folders = {path.name: {file.name for file in path.iterdir()} for path in (written / "docs/services").iterdir()}
    assert folders.keys() == {*SERVICES}
    for name in SERVICES:
        assert folders[name] == {"openapi.json", "architecture.md", "api.md", "permissions.md"}
    document = json.loads((written / "docs/services/items/openapi.json").read_text(encoding="utf-8"))
    assert document["info"]["title"] == "Items"


@pytest.mark.parametrize("page", ["costs.md", "capacity.md"])
def test_folder_without_a_program_gets_no_costs_and_no_capacity(written: Path, page: str) -> None:
    assert not (written / "docs/reference" / page).exists()


def test_config_of_a_project_is_declared_after_its_marker(written: Path) -> None:
    text = (written / "Pulumi.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"{PROJECT}{MARKER}  lambda_runtime:\n    type: string\n    description: ")


@pytest.mark.untraced
def test_project_without_a_marker_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    assert tmp_path / "Pulumi.yaml" not in outdated(tmp_path)


@pytest.mark.untraced
def test_changed_files_alone_are_outdated(written: Path) -> None:
    names = ("Pulumi.yaml", "docs/services/items/openapi.json", "docs/reference/outputs.md")
    paths = [written / name for name in names]
    generated = {path: path.read_text(encoding="utf-8") for path in paths}
    for path, text in generated.items():
        path.write_text(text + "  more\n", encoding="utf-8")
    assert outdated(written) == generated
    write(generated)
    assert not outdated(written)


def test_missing_files_are_outdated(tmp_path: Path) -> None:
    assert tmp_path / "docs/services/items/openapi.json" in outdated(tmp_path)
    assert not any(tmp_path.iterdir())
