"""Locations of errors in the code of programs and definitions."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from lib.settings.error_location import located


@pytest.fixture(name="folder", autouse=True)
def folder_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working directory of a program."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def error_of(path: Path, source: str) -> Exception:
    """Return the error of a program, with the traceback from the program on."""
    path.write_text(source, encoding="utf-8")
    with pytest.raises(Exception) as caught:  # noqa: PT011  # the caller checks the message
        runpy.run_path(str(path))
    assert caught.value.__traceback__ is not None
    return caught.value.with_traceback(caught.value.__traceback__.tb_next)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "from lib.model import Route\n\nRoute(opration='a')",
            "shop.py:3: Route has no argument 'opration'. Did you mean operation?",
        ),
        ("def fail():\n    raise ValueError('a\\n  b')\nfail()", "shop.py:2: a b"),
        ("import json\njson.loads('{')", "shop.py:2: Expecting property name enclosed in double quotes: "),
        ("{}['x']", "shop.py:1: KeyError: 'x'"),
        ("assert 0", "shop.py:1: AssertionError"),
        (
            "import os\nTABLE = os.environ['NOTE_TABLE']",
            "shop.py:2: KeyError: 'NOTE_TABLE'. Read the environment variable in a function: only Lambda sets it, ",
        ),
    ],
)
def test_error_has_the_innermost_line_outside_of_libraries(folder: Path, source: str, message: str) -> None:
    assert located(error_of(folder / "shop.py", source)).startswith(message)


def test_file_outside_the_working_directory_has_an_absolute_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = error_of(folder / "shop.py", "1 / 0")
    (folder / "inner").mkdir()
    monkeypatch.chdir("inner")
    assert located(error) == f"{folder}/shop.py:1: ZeroDivisionError: division by zero"


def test_error_of_a_library_has_the_default_location() -> None:
    assert located(ValueError("no"), "tap.py: ") == "tap.py: no"


def test_error_in_an_installed_package_has_the_line_that_calls_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = folder / "site-packages"
    package.mkdir()
    (package / "installed_shop.py").write_text("def fail():\n    raise ValueError('no')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(package))
    assert located(error_of(folder / "shop.py", "import installed_shop\ninstalled_shop.fail()")) == "shop.py:2: no"
