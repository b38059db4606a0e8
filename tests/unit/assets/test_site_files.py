"""The files of a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.assets.site_files import IMMUTABLE, REVALIDATED, content_type, files
from lib.model import Site


@pytest.fixture(name="folder")
def built_files(tmp_path: Path) -> Path:
    """Create a folder with built files."""
    for path in ("a.css", "assets/app-1.js", "assets-old/b.js", "config.json", "index.html", "zoo/index.html"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path, encoding="utf-8")
    return tmp_path


def test_files_are_listed_without_the_config_and_with_the_index_last(folder: Path) -> None:
    built = files(Site(folder=folder))
    assert [file.key for file in built] == [
        "a.css",
        "assets-old/b.js",
        "assets/app-1.js",
        "zoo/index.html",
        "index.html",
    ]
    assert all(file.path.read_text(encoding="utf-8") == file.key for file in built)


def test_only_files_with_a_hash_in_their_name_are_immutable(folder: Path) -> None:
    caching = {file.key: file.cache_control for file in files(Site(folder=folder, hashed="assets/"))}
    assert [key for key, cache_control in caching.items() if cache_control == IMMUTABLE] == ["assets/app-1.js"]
    assert set(caching.values()) == {IMMUTABLE, REVALIDATED}
    assert {file.cache_control for file in files(Site(folder=folder))} == {REVALIDATED}


def test_site_that_is_not_built_has_no_files(tmp_path: Path) -> None:
    assert files(Site(folder=tmp_path / "dist")) == []


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("a/b.JS", "text/javascript; charset=utf-8"),
        ("a.js.map", "application/json"),
        ("LICENCE", "application/octet-stream"),
    ],
)
def test_content_type_follows_from_the_file_extension(key: str, expected: str) -> None:
    assert content_type(key) == expected
