"""The files of a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.assets.site_files import FOR_EVER, REVALIDATED, content_type, files
from lib.model import Site


@pytest.fixture(name="folder")
def built_files(tmp_path: Path) -> Path:
    """A folder of built files."""
    for path in ("a.css", "assets/app-1.js", "assets-old/b.js", "config.json", "index.html", "zoo/index.html"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path, encoding="utf-8")
    return tmp_path


def test_every_file_is_served_the_index_last_and_the_configs_place_is_kept_free(folder: Path) -> None:
    found = files(Site(folder=folder))
    assert [file.key for file in found] == [
        "a.css",
        "assets-old/b.js",
        "assets/app-1.js",
        "zoo/index.html",
        "index.html",
    ]
    assert all(file.path.read_text(encoding="utf-8") == file.key for file in found)


def test_only_what_changes_its_name_with_its_content_is_kept_for_ever(folder: Path) -> None:
    kept = {file.key: file.cache_control for file in files(Site(folder=folder, hashed="assets/"))}
    assert [key for key, caching in kept.items() if caching == FOR_EVER] == ["assets/app-1.js"]
    assert set(kept.values()) == {FOR_EVER, REVALIDATED}
    assert {file.cache_control for file in files(Site(folder=folder))} == {REVALIDATED}


def test_a_site_that_is_not_built_has_no_files(tmp_path: Path) -> None:
    assert files(Site(folder=tmp_path / "dist")) == []


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("a/b.JS", "text/javascript; charset=utf-8"),
        ("a.js.map", "application/json"),
        ("LICENCE", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_name_ends_with(key: str, kind: str) -> None:
    assert content_type(key) == kind
